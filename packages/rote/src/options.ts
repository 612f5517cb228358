import type { AnyFunction, Callable, ParametersOf, ResultOf } from "./cache/memo.ts";
import { type Duration, DURATION_RULE, toMilliseconds } from "./duration.ts";
import { RoteError } from "./errors.ts";
import type { Store } from "./tier/store.ts";

/** How a memoized function behaves. Every option is checked when wrapping. */
export interface MemoizeOptions<Fn extends Callable = AnyFunction> {
  /**
   * What identifies a call: `"value"` compares plain data and built-ins by content, `"identity"`
   * compares every object by identity, a function of the arguments gives what is compared by value.
   * @defaultValue `"value"`
   */
  key?:
    | "value"
    | "identity"
    | ((this: ThisParameterType<Fn>, ...args: ParametersOf<Fn>) => unknown);
  /**
   * Whether `this` is part of what identifies a call.
   * @defaultValue by the function's text: if it contains `this`, `super` or `eval`, or is native and not bound
   */
  receiver?: boolean;
  /**
   * Whether recursion deeper than the stack is restarted from the heap (`"restart"`), or left to the engine (`"off"`).
   * @defaultValue `"restart"`
   */
  recursion?: "restart" | "off";
  /**
   * How many memoized runs may lie on the stack before a restart; that of the outermost call counts.
   * @defaultValue 1800, less for a drive in which the engine overflows earlier
   */
  depthLimit?: number;
  /**
   * Deep-freezes plain objects and arrays in results, but nothing that is reachable from the arguments.
   * @defaultValue `false`
   */
  freeze?: boolean;
  /**
   * The share of hits, from 0 to 1, that run the function again and compare the results by content.
   * @defaultValue `0`
   */
  verify?: number;
  /**
   * Measures every run rather than outermost ones only; `stats().runTime` is then their sum.
   * @defaultValue `false`
   */
  timing?: boolean;
  /**
   * How many results are kept at most; `Infinity` is a bound, too, which can be lowered later.
   * @defaultValue none
   */
  maxEntries?: number;
  /**
   * What the results that are kept weigh together at most, in whatever `weigh` measures.
   * @defaultValue none
   */
  maxWeight?: number;
  /**
   * What a result weighs: a finite number, 0 or more, from the result and the arguments.
   * @defaultValue 1 for each
   */
  weigh?: (
    this: ThisParameterType<Fn>,
    value: Awaited<ResultOf<Fn>>,
    ...args: ParametersOf<Fn>
  ) => number;
  /**
   * What has to go when the bound is reached: `"s3-fifo"` adapts to most programs, `"lru"` drops what
   * was used longest ago, `"w-tinylfu"` keeps what is asked for most often.
   * @defaultValue `"s3-fifo"`
   */
  policy?: "s3-fifo" | "lru" | "w-tinylfu";
  /**
   * How long a result is fresh, counted from when the run finished: a duration, or a function of the
   * result and the arguments that gives one. 0 means that it is not kept.
   * @defaultValue `Infinity`
   */
  ttl?:
    | Duration
    | ((
        this: ThisParameterType<Fn>,
        value: Awaited<ResultOf<Fn>>,
        ...args: ParametersOf<Fn>
      ) => Duration);
  /**
   * The share of the TTL, from 0 to 1, by which each entry's is shortened at random at most, so that not all expire at once.
   * @defaultValue `0`
   */
  jitter?: number;
  /**
   * Whether a hit starts the TTL again.
   * @defaultValue `false`
   */
  touch?: boolean;
  /**
   * How long past its TTL a result may still be returned at once, while one run refreshes it: of an
   * async function in the background, of another as `schedule` says. A refresh that fails leaves it.
   * `Infinity` for as long as it is there.
   * @defaultValue `0`: not at all
   */
  staleWhileRevalidate?: Duration;
  /**
   * How long past its TTL a result may still be returned because the run has failed; after that, the
   * function is not asked again for as long as `rememberErrors` says, or for a second. Calls whose
   * `timeout` is over get it, too.
   * @defaultValue `0`: not at all
   */
  staleIfError?: Duration;
  /**
   * How long a failure is remembered: calls meet the same error, or rejected promise, without a run.
   * @defaultValue `0`: not at all
   */
  rememberErrors?: Duration;
  /**
   * How long a caller waits for a promise at most, before it gets the stale result, if there is one,
   * or `ERR_TIMEOUT`; the run goes on and its result is kept.
   * @defaultValue `Infinity`
   */
  timeout?: Duration;
  /**
   * How long results are kept at most: as long as the process, or until the request ends that
   * `runInScope` of `rote/scope` was begun for. Every scope has a cache of its own, for which all options count.
   * @defaultValue `"process"`
   */
  scope?: "process" | "request";
  /**
   * Where results are kept beyond the memory of the process: `disk()` of `rote/disk`, or what
   * `defineStore` of `rote/store` was given. Memory stays the first tier.
   * @defaultValue none
   */
  store?: Store;
  /**
   * Which revision of the function a stored result belongs to. A result of another version is not found; back at
   * the older version, its results are there.
   * @defaultValue what `@rote/compiler` knows of all that the function reaches, else a digest of its text; with `dependsOn` and `env`
   */
  version?: string;
  /**
   * What a stored result depends on besides the function's own text: other functions, known by their
   * text, and texts, numbers and booleans.
   * @defaultValue nothing
   */
  dependsOn?: readonly (AnyFunction | string | number | boolean)[];
  /**
   * Variables of the environment that the function reads, by name: a stored result depends on their values.
   * @defaultValue none
   */
  env?: readonly string[];
  /**
   * What `invalidateTag` finds a result by, in memory and in the store: texts, or a function of the result and the arguments that gives them.
   * @defaultValue none
   */
  tags?:
    | readonly string[]
    | ((
        this: ThisParameterType<Fn>,
        value: Awaited<ResultOf<Fn>>,
        ...args: ParametersOf<Fn>
      ) => readonly string[]);
  /**
   * Turns a result into plain data to be stored.
   * @defaultValue it is stored as it is
   */
  encode?: (value: Awaited<ResultOf<Fn>>) => unknown;
  /**
   * Turns what `encode` has returned, and the store has kept, into a result again.
   * @defaultValue nothing is changed
   */
  decode?: (stored: any) => Awaited<ResultOf<Fn>>;
  /**
   * How long a call waits for another process that is making its result, before it runs the function
   * itself. A synchronous function blocks meanwhile; 0 does not wait.
   * @defaultValue `"1m"`
   */
  wait?: Duration;
  /**
   * How long it takes at most until memory notices that another process has deleted, cleared or
   * invalidated something in the store; `"always"` asks at every hit.
   * @defaultValue `"1s"`
   */
  revalidate?: Duration | "always";
  /**
   * Whether calls return a promise at once and are told to stop by an `AbortSignal`.
   * @defaultValue whether it is a native async function
   */
  async?: boolean;
  /**
   * The time in milliseconds, for tests; read at every call that depends on it.
   * @defaultValue `Date.now`, looked up late
   */
  clock?: () => number;
  /**
   * Calls a function after so many milliseconds and returns what calls that off, for tests: what
   * `timeout` and the refreshes of functions that are not async wait for.
   * @defaultValue `setTimeout`, looked up late
   */
  schedule?: (callback: () => void, milliseconds: number) => () => void;
  /**
   * A number from 0 up to 1 at random, for tests.
   * @defaultValue `Math.random`
   */
  random?: () => number;
  /**
   * What the function is called in messages and statistics.
   * @defaultValue the function's own name
   */
  name?: string;
}

/** One rule of an option table: what is valid, and what to do about a value that is not. */
export interface Rule {
  readonly isValid: (value: unknown) => boolean;
  readonly rule: string;
  readonly remedy: string;
}

const isBoolean = (value: unknown): boolean => typeof value === "boolean";

const isFunction = (value: unknown): boolean => typeof value === "function";
const isShare = (value: unknown): boolean => typeof value === "number" && value >= 0 && value <= 1;
const isStore = (value: unknown): boolean =>
  typeof value === "object" && value !== null && isFunction((value as { read?: unknown }).read);
const isDuration = (value: unknown): boolean => toMilliseconds(value) >= 0;

export const rules: { readonly [Option in keyof Required<MemoizeOptions>]: Rule } = {
  key: {
    isValid: (value) => value === "value" || value === "identity" || typeof value === "function",
    rule: '"value", "identity", or a function of the arguments',
    remedy: "Leave it out to compare arguments by content.",
  },
  receiver: {
    isValid: isBoolean,
    rule: "true or false",
    remedy: "Leave it out to decide by the function's text.",
  },
  recursion: {
    isValid: (value) => value === "restart" || value === "off",
    rule: '"restart" or "off"',
    remedy: "Leave it out for recursion of any depth.",
  },
  depthLimit: {
    isValid: (value) => Number.isInteger(value) && (value as number) >= 1,
    rule: "a whole number of runs, 1 or more",
    remedy: 'To leave recursion to the engine, use recursion: "off".',
  },
  freeze: {
    isValid: isBoolean,
    rule: "true or false",
    remedy: "Leave it out to share results as they are.",
  },
  verify: {
    isValid: isShare,
    rule: "a share of hits between 0 and 1",
    remedy: "To verify one hit in a hundred, use 0.01.",
  },
  timing: {
    isValid: isBoolean,
    rule: "true or false",
    remedy: "Leave it out to time outermost runs only.",
  },
  maxEntries: {
    isValid: (value) => value === Infinity || (Number.isInteger(value) && (value as number) >= 1),
    rule: "a whole number, 1 or more, or Infinity",
    remedy: "Infinity keeps every result; to keep none, leave the function as it is.",
  },
  maxWeight: {
    isValid: (value) => typeof value === "number" && value > 0,
    rule: "a number above 0, or Infinity",
    remedy: "Infinity keeps every result; to keep none, leave the function as it is.",
  },
  weigh: {
    isValid: isFunction,
    rule: "a function of the result and the arguments that returns a number",
    remedy: "To count results rather than weigh them, use maxEntries.",
  },
  policy: {
    isValid: (value) => value === "s3-fifo" || value === "lru" || value === "w-tinylfu",
    rule: '"s3-fifo", "lru" or "w-tinylfu"',
    remedy: 'Leave it out for "s3-fifo", which suits most programs.',
  },
  ttl: {
    isValid: (value) => isFunction(value) || isDuration(value),
    rule: `${DURATION_RULE}, Infinity, or a function that returns one`,
    remedy: "To keep results for ever, leave it out; 0 keeps none.",
  },
  jitter: {
    isValid: isShare,
    rule: "a share of the TTL between 0 and 1",
    remedy: "To shorten each TTL by up to a tenth, use 0.1.",
  },
  touch: {
    isValid: isBoolean,
    rule: "true or false",
    remedy: "Leave it out to count the TTL from when the run finished.",
  },
  staleWhileRevalidate: {
    isValid: isDuration,
    rule: `${DURATION_RULE}, or Infinity`,
    remedy: "Leave it out to wait for a run when the TTL has ended.",
  },
  staleIfError: {
    isValid: isDuration,
    rule: `${DURATION_RULE}, or Infinity`,
    remedy: "Leave it out to let every failure reach its callers.",
  },
  rememberErrors: {
    isValid: isDuration,
    rule: `${DURATION_RULE}, or Infinity`,
    remedy: "Leave it out to run the function again after a failure.",
  },
  timeout: {
    isValid: (value) => toMilliseconds(value) > 0,
    rule: 'a number of milliseconds above 0, or a text such as "250ms", "30s", "5m", "2h" or "7d"',
    remedy: "Leave it out to wait as long as it takes.",
  },
  scope: {
    isValid: (value) => value === "process" || value === "request",
    rule: '"process" or "request"',
    remedy: "Leave it out to keep results from request to request.",
  },
  store: {
    isValid: isStore,
    rule: "a store",
    remedy: 'Use disk() of "rote/disk", or defineStore() of "rote/store" for one of your own.',
  },
  version: {
    isValid: (value) => typeof value === "string" && value !== "",
    rule: "a text that is not empty",
    remedy: "Leave it out for a digest of the function's text.",
  },
  dependsOn: {
    isValid: (value) =>
      Array.isArray(value) &&
      value.every((each) => ["function", "string", "number", "boolean"].includes(typeof each)),
    rule: "a list of functions, texts, numbers and booleans",
    remedy: "For anything else, put a text that changes with it.",
  },
  env: {
    isValid: (value) =>
      Array.isArray(value) && value.every((each) => typeof each === "string" && each !== ""),
    rule: "a list of names",
    remedy: 'Name the variables that the function reads: ["REGION"].',
  },
  tags: {
    isValid: (value) =>
      isFunction(value) ||
      (Array.isArray(value) && value.every((each) => typeof each === "string")),
    rule: "a list of texts, or a function that returns one",
    remedy: "To find results by user, use (value, id) => [`user:${id}`].",
  },
  encode: {
    isValid: isFunction,
    rule: "a function of the result",
    remedy: "Leave it out to store results as they are.",
  },
  decode: {
    isValid: isFunction,
    rule: "a function of what encode has returned",
    remedy: "Leave it out to read results as they were stored.",
  },
  wait: {
    isValid: isDuration,
    rule: `${DURATION_RULE}, or Infinity`,
    remedy: "Leave it out for a minute; 0 does not wait.",
  },
  revalidate: {
    isValid: (value) => value === "always" || isDuration(value),
    rule: `"always", or ${DURATION_RULE}, or Infinity`,
    remedy: "Leave it out to ask the store once a second.",
  },
  async: {
    isValid: isBoolean,
    rule: "true or false",
    remedy: "Leave it out to decide by whether it is a native async function.",
  },
  clock: {
    isValid: isFunction,
    rule: "a function that returns milliseconds",
    remedy: "Leave it out for the time of the platform.",
  },
  schedule: {
    isValid: isFunction,
    rule: "a function of a callback and milliseconds that returns a function to cancel it",
    remedy: "Leave it out for the timers of the platform.",
  },
  random: {
    isValid: isFunction,
    rule: "a function that returns a number from 0 up to 1",
    remedy: "Leave it out for Math.random.",
  },
  name: {
    isValid: (value) => typeof value === "string" && value !== "",
    rule: "a text that is not empty",
    remedy: "Leave it out to use the function's own name.",
  },
};

type Option = keyof MemoizeOptions;

/** An option, those of which it needs one, and why. */
const DEPENDENCIES: readonly (readonly [Option, readonly Option[], string])[] = [
  ["weigh", ["maxWeight"], "a weight without a bound has no effect"],
  ["maxWeight", ["weigh"], "nothing says what a result weighs"],
  ["policy", ["maxEntries", "maxWeight"], "without a bound, nothing has to go"],
  ["jitter", ["ttl"], "there is no time to vary"],
  ["touch", ["ttl"], "there is no time to start again"],
  ["staleWhileRevalidate", ["ttl"], "nothing is ever stale"],
  ["staleIfError", ["ttl"], "nothing is ever stale"],
  ["version", ["store"], "only stored results have one"],
  ["dependsOn", ["store"], "only stored results depend on it"],
  ["env", ["store"], "only stored results depend on it"],
  ["encode", ["decode"], "nothing says how to read a result again"],
  ["decode", ["encode"], "nothing says how a result is stored"],
  ["encode", ["store"], "nothing is stored"],
  ["revalidate", ["store"], "there is nothing to ask"],
  ["wait", ["store"], "there is nobody to wait for"],
  ["schedule", ["timeout", "staleWhileRevalidate"], "nothing else is scheduled"],
];

/** Shows the refused value of an option: short texts quoted, all else as an argument is shown. */
function showOption(value: unknown): string {
  return typeof value === "string" && value.length <= 40 ? JSON.stringify(value) : show(value);
}

/** Shows a refused argument: numbers and the like as they are, all else by type, since messages end up in logs. */
export function show(value: unknown): string {
  if (typeof value === "string") return `a text of ${value.length} characters`;
  if (typeof value === "bigint") return `${value}n`;
  if (value === null || ["number", "boolean", "undefined"].includes(typeof value))
    return Object.is(value, -0) ? "-0" : String(value);
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** Throws for an option that the table of `where` does not have, or whose rule its value breaks. */
export function checkEach(
  options: object,
  table: { readonly [option: string]: Rule },
  where: string,
): void {
  for (const name of Reflect.ownKeys(options)) {
    const option = String(name);
    const value: unknown = (options as Record<PropertyKey, unknown>)[name];
    if (typeof name !== "string" || !Object.hasOwn(table, option)) {
      throw new RoteError(
        "ERR_INVALID_OPTION",
        `"${option}" is not an option of ${where}. Known options: ${Object.keys(table).join(", ")}.`,
        { option, value },
      );
    }
    const { isValid, rule, remedy } = table[option] as Rule;
    if (value !== undefined && !isValid(value)) {
      throw new RoteError(
        "ERR_INVALID_OPTION",
        `${option} must be ${rule}; received ${showOption(value)}. ${remedy}`,
        { option, value },
      );
    }
  }
}

/** Throws unless the bound of a function can be changed to this; `given` is what it was memoized with. */
export function checkBound(
  bound: object,
  given: { readonly isBounded: boolean; readonly isWeighed: boolean },
  name: string,
): void {
  if (typeof bound !== "object" || bound === null || Array.isArray(bound)) {
    throw new RoteError(
      "ERR_INVALID_ARGUMENT",
      `resize takes a bound such as { maxEntries: 1000 }; received ${show(bound)}.`,
      { value: bound },
    );
  }
  const { maxEntries, maxWeight } = rules;
  checkEach(bound, { maxEntries, maxWeight }, "resize");
  const isLacking = !given.isBounded || (!given.isWeighed && "maxWeight" in bound);
  if (!isLacking) return;
  throw new RoteError(
    "ERR_INVALID_ARGUMENT",
    given.isBounded
      ? `"${name}" was memoized without maxWeight and weigh, so nothing is known to weigh. Memoize it with both.`
      : `"${name}" was memoized without a bound, so there is none to change. Memoize it with a bound: maxEntries: Infinity is one that can be lowered later.`,
    { value: bound },
  );
}

/** Throws for options that are unknown, of the wrong type, or contradict each other. */
export function checkOptions(
  options: MemoizeOptions,
  where = "memoize",
  table: { readonly [option: string]: Rule } = rules,
): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new RoteError(
      "ERR_INVALID_ARGUMENT",
      `options must be an object such as { key: "identity" }; received ${show(options)}.` +
        (typeof options === "function" ? " A function that gives the key is { key: … }." : ""),
      { value: options },
    );
  }
  checkEach(options, table, where);
  for (const [option, other, why] of DEPENDENCIES) {
    if (options[option] === undefined || other.some((each) => options[each] !== undefined))
      continue;
    throw new RoteError(
      "ERR_INVALID_OPTION",
      `${option} needs ${other.join(" or ")}: ${why}. Add ${other[0]}, or leave out ${option}.`,
      { option, value: options[option] },
    );
  }
  if (options.recursion === "off" && options.depthLimit !== undefined) {
    throw new RoteError(
      "ERR_INVALID_OPTION",
      'depthLimit says when a recursion is restarted, and recursion: "off" says never. Leave out one of them.',
      { option: "depthLimit", value: options.depthLimit },
    );
  }
}
