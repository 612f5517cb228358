import type { Key } from "../key/trie.ts";
import type { Memo } from "./memo.ts";
import type { Bound, Policy, PolicyHooks } from "./policy/policy.ts";

/** What entries ask of the runs under way. */
export interface Runs {
  /** Whether a run of this function, or a drive, is under way that may ask for them again. */
  isNeeded(memo: Memo): boolean;
  /** Which outermost run is under way, or was last: another number for each. */
  outermost(): number;
  /** Keeps a result, or a failure, until the outermost run ends. */
  pin(memo: Memo, key: Key, state: number, value: unknown): void;
  /** Calls what is not part of any run. */
  outside<Result>(callback: () => Result): Result;
}

/** What entries are good for after they were fresh, in milliseconds. */
export interface StaleRules {
  /** How long a result may be returned while a run refreshes it. */
  readonly whileRevalidate: number;
  /** How long one may be returned because the run has failed. */
  readonly ifError: number;
  /** How long the function is left alone after that. */
  readonly pause: number;
  /** Runs what nobody waits for, after so many milliseconds. */
  readonly schedule: (callback: () => void, milliseconds: number) => unknown;
}

/** How entries come and go: what the options say, in milliseconds. */
export interface EntryRules {
  /** Makes the policy, where there is a bound. */
  readonly policy?: (hooks: PolicyHooks) => Policy;
  readonly bound: Bound;
  readonly weigh?: ((this: unknown, value: unknown, ...args: unknown[]) => unknown) | undefined;
  /** How long a result is fresh. */
  readonly ttl: number | ((receiver: unknown, value: unknown, args: readonly unknown[]) => number);
  /** Whether anything ever expires. */
  readonly expires: boolean;
  /** A hit starts the TTL again. */
  readonly touch: boolean;
  /** How long a failure is remembered; 0 for not at all. */
  readonly errorTtl: number;
  /** Where results may be returned that are not fresh any more. */
  readonly stale?: StaleRules | undefined;
  /** What invalidates a result, if anything does. */
  readonly tags?:
    | ((receiver: unknown, value: unknown, args: readonly unknown[]) => readonly string[])
    | undefined;
  /** A failing run has to be noticed. */
  readonly seesErrors: boolean;
}

/** Without any option: what functions get that turn out to return promises. */
export const NO_RULES: EntryRules = {
  bound: { maxEntries: Infinity, maxWeight: Infinity },
  ttl: Infinity,
  expires: false,
  touch: false,
  errorTtl: 0,
  seesErrors: false,
};
