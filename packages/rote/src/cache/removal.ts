import { isSameKey, type Key } from "../key/trie.ts";

/** Why an entry was removed. */
export type RemovalCause =
  | "evicted"
  | "expired"
  | "deleted"
  | "invalidated"
  | "replaced"
  | "cleared"
  | "collected";

/** What is known of an entry that is not there any more. */
export interface Removal {
  /** Whatever has the key. */
  readonly of: { readonly key: Key };
  readonly cause: RemovalCause;
  /** In the time of the entries' clock. */
  readonly at: number;
}

/** So many removals can be explained. */
const REMEMBERED = 64;

/** Removals of one function: how many of each cause, and the last ones. */
export class Removals {
  readonly counts: { [Cause in RemovalCause]: number } = {
    evicted: 0,
    expired: 0,
    deleted: 0,
    invalidated: 0,
    replaced: 0,
    cleared: 0,
    collected: 0,
  };
  private readonly last: Removal[] = [];
  private next = 0;

  /** Lets a removal be explained; not one whose key has objects, which nothing may keep alive. */
  remember(removal: Removal): void {
    this.last[this.next] = removal;
    this.next = (this.next + 1) % REMEMBERED;
  }

  /** The last removal of this call that is remembered. */
  find(key: Key): Removal | undefined {
    for (let i = 1; i <= this.last.length; i++) {
      const removal = this.last[(this.next - i + REMEMBERED) % REMEMBERED];
      if (removal !== undefined && isSameKey(removal.of.key, key)) return removal;
    }
    return undefined;
  }
}
