import type { Key } from "../key/trie.ts";

/** What an entry is, as a small integer because every hit compares it. Up to `REJECTION` it has settled. */
export const RESULT = 0;
/** An error that is remembered and thrown again. */
export const FAILURE = 1;
/** The same for a promise that was rejected. */
export const REJECTION = 2;
/** A promise that has not settled; see run/flight.ts. */
export const FLIGHT = 3;
/** Evicted, but remembered by the policy. */
export const GHOST = 4;
/** Removed, or not yet there. */
export const GONE = 5;

/** What an entry knows of its promise while that is pending. */
export interface Pending {
  /** When the run began, in the time of the entries' clock. */
  readonly startedAt: number;
}

/** What a hit needs of an entry. */
export interface Settled {
  readonly state: number;
  readonly value: unknown;
  readonly freshUntil: number;
}

/**
 * What the trie holds for functions with a bound, a TTL, remembered errors or promises. No caller
 * can hold one, so it is never mistaken for a result.
 */
export class Entry {
  readonly key: Key;
  /** For policies that count how often keys are asked for. */
  readonly hash: number;
  state: number = GONE;
  /** The result, the promise, or the error. */
  value: unknown = undefined;
  /** Its place in the policy and among all entries; -1 for none. */
  slot = -1;
  weight = 1;
  /** It counts for the bound. */
  isCounted = false;
  /** From this time on it has expired. For a ghost: when it was evicted. */
  freshUntil: number = Infinity;
  /** How long it was to be fresh, for hits that start that again. */
  ttl: number = Infinity;
  flight: Pending | null = null;
  /** What was settled here when the flight began, to have it back should that fail. */
  previous: Settled | null = null;

  constructor(key: Key, hash: number) {
    this.key = key;
    this.hash = hash;
  }
}
