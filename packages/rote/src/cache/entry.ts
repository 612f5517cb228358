import { Key } from "../key/trie.ts";

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
}

/**
 * What the trie holds for functions with a bound, a TTL, remembered errors or promises. No caller
 * can hold one, so it is never mistaken for a result.
 */
export class Entry {
  state: number = GONE;
  /** The result, the promise, or the error. */
  value: unknown = undefined;
  /** Its place in the policy and among all entries; -1 for none. */
  slot = -1;
  /** For policies that count how often keys are asked for. */
  readonly hash: number;
  flight: Pending | null = null;
  /** What was settled here when the flight began, to have it back should that fail. */
  previous: Settled | null = null;
  /** The key, or the one token that is all of it: most keys are made only if somebody asks. */
  private identity: unknown;

  constructor(identity: unknown, hash: number) {
    this.identity = identity;
    this.hash = hash;
  }

  /** Whether one token, which no caller's `Key` can be, is all of its key. */
  get isSingle(): boolean {
    return !(this.identity instanceof Key);
  }

  get token(): unknown {
    return this.identity;
  }

  get key(): Key {
    if (this.identity instanceof Key) return this.identity;
    return (this.identity = new Key(1, null, [this.identity]));
  }

  /** It has a result or a failure, which counts for the bound; in flight, one that was put aside. */
  get isCounted(): boolean {
    return this.state <= REJECTION || this.previous !== null;
  }
}
