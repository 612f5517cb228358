/**
 * What rote asks of a place that keeps results beyond the memory of one process. A store knows
 * nothing of functions, arguments or values: it keeps bytes under a name, and lets one process at a
 * time claim the right to make them. The suite in `rote/testing` shows whether one keeps these rules:
 *
 * 1. `read` returns bytes as they were last written, or nothing: never a mixture, never a part.
 * 2. What was written is a copy: later changes of the array that was given are not seen.
 * 3. A store may lose any entry at any time, and never returns another one in its place.
 * 4. Of several who claim one name, one at a time holds it. A later claim has a higher fence, and
 *    what is written with a fence whose claim is not held any more is refused.
 * 5. Removing ends claims: who is making what somebody has removed meanwhile is of before. With
 *    `invalidateTag`, it is the write that is refused, if it has the tag.
 * 6. Methods throw, or reject, when the store cannot do what it is asked. No call of a memoized function
 *    fails because of it: rote counts and reports it, and runs the function.
 */

/** Which entry. */
export interface StoreAddress {
  /** The function and its version, as in `render/3`: any text. */
  readonly namespace: string;
  /** The call: the SHA-256 digest of its canonical arguments, in lower-case hexadecimal. */
  readonly digest: string;
}

/** What a store is told of an entry besides its bytes. */
export interface StoreNote {
  /** From when on it is worth nothing, in epoch milliseconds; `Infinity` for never. A store may drop it then. */
  readonly expiresAt: number;
  /** How long the run took that made it, in milliseconds: what it is worth. */
  readonly runTime: number;
  /** What `invalidateTag` finds it by. */
  readonly tags: readonly string[];
}

/** One entry, as a store lists it. */
export interface StoreListing extends StoreAddress, StoreNote {
  /** Of the bytes that were written. */
  readonly size: number;
  /** In epoch milliseconds. */
  readonly writtenAt: number;
}

/** The right to make an entry, which one holder at a time has. */
export interface Claim {
  /** Above 0, and higher than that of any earlier claim to the same entry. */
  readonly fence: number;
  /** Whether there was certainly no entry when it was claimed, so that nobody has to look again. */
  readonly isAbsent: boolean;
}

/** A store whose methods return at once. */
export interface SyncStore {
  readonly isAsync: false;
  /** The bytes of an entry. */
  read(address: StoreAddress): Uint8Array | undefined;
  /**
   * Writes an entry, in the place of an earlier one; whether it did. With a `fence`, from `claim`, it does
   * so only while that claim is held, and gives it back with the writing. Where it does not write, the
   * claim may still be there, to be given back by `release`.
   */
  write(address: StoreAddress, bytes: Uint8Array, note: StoreNote, fence?: number): boolean;
  /**
   * Removes an entry that turned out to be worthless, if it is still these bytes. Nobody was given it, so
   * the revision stays, and so do claims.
   */
  discard(address: StoreAddress, bytes: Uint8Array): void;
  /** Removes an entry, and ends a claim to it; whether there was an entry. */
  remove(address: StoreAddress): boolean;
  /** Removes every entry of a namespace, and of no other, and ends all claims in it. */
  clear(namespace: string): void;
  /**
   * Removes every entry with this tag, in all namespaces; how many there were. What is written afterwards
   * with the tag and a claim from before is refused.
   */
  invalidateTag(tag: string): number;
  /**
   * A number that is another one after anybody, in any process, has removed, cleared or invalidated
   * something; writing does not change it.
   */
  revision(): number;
  /**
   * Claims the right to make an entry; `undefined` while another holder of the store has it. Whoever
   * has it may claim it again, and gets the same fence; after an `invalidateTag` a higher one, because
   * what is made from then on may have the tag.
   */
  claim(address: StoreAddress): Claim | undefined;
  /** Gives a claim back; nothing happens if it is held no more. */
  release(address: StoreAddress, fence: number): void;
  /** Every entry there is, perhaps expired, in no order; of one namespace if one is given. */
  list(namespace?: string): Iterable<StoreListing>;
  /** Waits until everything is written that was put off. */
  flush(): void;
  /** Gives back what it holds, claims included. It cannot be used afterwards. */
  close(): void;
}

/** A store whose methods return promises: each does what that of {@link SyncStore} does. */
export interface AsyncStore {
  readonly isAsync: true;
  read(address: StoreAddress): Promise<Uint8Array | undefined>;
  write(
    address: StoreAddress,
    bytes: Uint8Array,
    note: StoreNote,
    fence?: number,
  ): Promise<boolean>;
  discard(address: StoreAddress, bytes: Uint8Array): Promise<void>;
  remove(address: StoreAddress): Promise<boolean>;
  clear(namespace: string): Promise<void>;
  invalidateTag(tag: string): Promise<number>;
  revision(): Promise<number>;
  claim(address: StoreAddress): Promise<Claim | undefined>;
  release(address: StoreAddress, fence: number): Promise<void>;
  list(namespace?: string): AsyncIterable<StoreListing>;
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** Where results are kept beyond the memory of a process. */
export type Store = SyncStore | AsyncStore;
