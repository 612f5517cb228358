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
  /** What callers get. */
  readonly promise: PromiseLike<unknown> | undefined;
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
  /** The clock's tick in which a hit has last found it fresh. */
  tick = -1;
  /** For policies that count how often keys are asked for. */
  hash: number;
  flight: Pending | null = null;
  /** What was settled here when the flight began, to have it back should that fail. */
  previous: Settled | null = null;
  /** The one token that is all of its key, if there is no other. */
  token: unknown;
  /** `null` for one token: such a key is made only if somebody asks. */
  readonly longKey: Key | null;

  constructor(token: unknown, longKey: Key | null, hash: number) {
    this.token = token;
    this.longKey = longKey;
    this.hash = hash;
  }

  get key(): Key {
    return this.longKey ?? new Key(1, null, [this.token]);
  }

  /** It has a result or a failure, which counts for the bound; in flight, one that was put aside. */
  get isCounted(): boolean {
    return this.state <= REJECTION || this.previous !== null;
  }
}
