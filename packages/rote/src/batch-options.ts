import { checkOptions, type MemoizeOptions, type Rule, rules } from "./options.ts";

/** What each key is memoized as. */
type Load<Key, Value> = (key: Key) => Promise<Value>;

/** Options that make no sense for keys which share a run: it is always async, and has no `this` of any one call. */
type Unfit = "async" | "receiver" | "recursion" | "depthLimit";

/**
 * How a function made by `memoize.batch` behaves: the options of `memoize` for each key, but for
 * `async`, `receiver`, `recursion` and `depthLimit`; and two of its own. The functions among them get the single key.
 */
export interface BatchOptions<Key = any, Value = any> extends Omit<
  MemoizeOptions<Load<Key, Value>>,
  Unfit
> {
  /**
   * How many keys a batch has at most; a full one is dispatched at once, and the next begins.
   * @defaultValue `Infinity`
   */
  maxBatch?: number;
  /**
   * Called when a batch begins, with what dispatches it: the first call counts, and so does one that is made at once.
   * What it throws, also as a rejected promise, rejects the calls that wait for the batch.
   * @defaultValue once the promise jobs of this turn are done, so that calls made by promises that settle meanwhile join; in browsers, the next timer
   */
  scheduleBatch?: (dispatch: () => void) => unknown;
}

const ownRules: Readonly<Record<"maxBatch" | "scheduleBatch", Rule>> = {
  maxBatch: {
    isValid: (value) => value === Infinity || (Number.isInteger(value) && (value as number) >= 1),
    rule: "a whole number of keys, 1 or more, or Infinity",
    remedy: "Leave it out for batches of any size; 1 gives each key a batch of its own.",
  },
  scheduleBatch: {
    isValid: (value) => typeof value === "function",
    rule: "a function that is given what dispatches the batch",
    remedy:
      "Leave it out to dispatch at the end of the turn; to wait longer, use (dispatch) => setTimeout(dispatch, 10).",
  },
};

/** Throws for options that are unknown, of the wrong type, or contradict each other. */
export function checkBatchOptions(options: BatchOptions): void {
  const { async, receiver, recursion, depthLimit, ...shared } = rules;
  checkOptions(options, "memoize.batch", { ...shared, ...ownRules });
}
