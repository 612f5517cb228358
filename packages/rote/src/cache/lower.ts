import type { Key } from "../key/trie.ts";
import type { Explanation, RunExplanation } from "./explanation.ts";
import type { Memo } from "./memo.ts";

/** What a store has done for one function. */
export interface StoreStats {
  /** Results and failures that were there, so that nothing was run. */
  hits: number;
  /** Results and failures that were written. */
  writes: number;
  /** Results that could not be stored as they are; they were returned all the same. */
  refused: number;
  /** Times the store could not do what it was asked. */
  errors: number;
  /** Calls that waited for another process to make their result. */
  waits: number;
  /** Of these, the ones that ran the function themselves because that took too long. */
  overdue: number;
  /**
   * What was not found, by reason: `"absent"`, `"expired"`, `"truncated"`, `"damaged"`, `"foreign"`, `"newer"`,
   * `"other arguments"`, `"other codec"`, `"decode"`, `"no room"`.
   */
  misses: { [reason: string]: number };
}

/** The store below the memory of a function, as what is above it sees it. */
export interface LowerTier {
  readonly counts: StoreStats;
  /** How many milliseconds pass at most until a removal by somebody else is seen. */
  readonly lookEvery: number;
  /** Whether anybody has removed something from the store since this was last asked. */
  hasChanged(): boolean;
  /** How long what is about to be kept in memory for a call is good for, if it came from the store or went there just now. */
  takeOver(key: Key): number | undefined;
  /** What `set` was given. */
  set(memo: Memo, key: Key, receiver: unknown, args: readonly unknown[], value: unknown): void;
  /** Whether there was an entry. */
  delete(memo: Memo, key: Key): boolean;
  clear(): void;
  /** What a call would do for which memory has nothing. */
  explain(memo: Memo, key: Key, found: RunExplanation): Explanation;
}
