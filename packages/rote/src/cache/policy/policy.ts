/**
 * What decides which entry has to go. A policy knows no keys and no values, only slots: integers from 0,
 * dense, given out and used again by the owner of the entries.
 *
 * 1. After `admit`, `reweigh` and `resize` the bound holds. The owner admits no entry which alone is
 *    heavier than `maxWeight`, so the entry just admitted or weighed again is never the one to go.
 * 2. A slot belongs to the owner until it is admitted, and again from `evicted(slot, false)`,
 *    `forgotten(slot)`, `remove(slot)` or `clear()` on.
 * 3. Hooks are called in the middle of a change: they must not call the policy.
 */
export interface Policy {
  /** Whether `touch` and `admit` want the hash of the key; otherwise any number will do. */
  readonly needsHash: boolean;
  /** Live entries. */
  readonly count: number;
  /** Their weights together. */
  readonly weight: number;
  /** Slots of entries without a value, which are remembered for a while. */
  readonly ghosts: number;
  /** A hit. */
  touch(slot: number, hash: number): void;
  /** A new entry, or a ghost that has come back. */
  admit(slot: number, weight: number, hash: number): void;
  /** The entry's value was replaced. */
  reweigh(slot: number, weight: number): void;
  /** A live entry or a ghost is gone for another reason: deleted, expired, collected. Calls no hook. */
  remove(slot: number): void;
  resize(bound: Bound): void;
  /** Forgets everything. Calls no hook. */
  clear(): void;
}

/** How much may live at once; `Infinity` where there is no bound. Without `maxWeight` every weight is 1. */
export interface Bound {
  readonly maxEntries: number;
  readonly maxWeight: number;
}

/** What the owner of the entries has to do. */
export interface PolicyHooks {
  /** The entry loses its value. A ghost keeps its slot; otherwise the slot is free. */
  evicted(slot: number, isGhost: boolean): void;
  /** A ghost is forgotten: its slot is free. */
  forgotten(slot: number): void;
}
