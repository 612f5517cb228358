import { isSameKey, Key } from "../key/trie.ts";

/** Why an entry was removed. */
export type RemovalCause =
  | "evicted"
  | "expired"
  | "deleted"
  | "invalidated"
  | "replaced"
  | "cleared"
  | "collected";

/** How many entries were removed for each cause. */
export type RemovalCounts = { [Cause in RemovalCause]: number };

/** None for any cause. */
export function noRemovals(): RemovalCounts {
  return {
    evicted: 0,
    expired: 0,
    deleted: 0,
    invalidated: 0,
    replaced: 0,
    cleared: 0,
    collected: 0,
  };
}

/** What is known of an entry that is not there any more. */
export interface Removal {
  readonly cause: RemovalCause;
  /** In the time of the entries' clock. */
  readonly at: number;
}

/** So many removals can be explained. */
const REMEMBERED = 64;
/** So many entries are worth a look at each when all are dropped. */
export const FEW: number = REMEMBERED;

/** The last removals. */
export class Removals {
  // Lists of parts, because in a full cache every run makes one be remembered.
  private readonly tokens: unknown[] = [];
  private readonly longKeys: (Key | null)[] = [];
  private readonly causes: RemovalCause[] = [];
  private readonly times: number[] = [];
  private next = 0;

  /**
   * Lets a removal be explained: of a key of one token, or of a longer one. Not of one with objects,
   * which nothing may keep alive.
   */
  remember(token: unknown, longKey: Key | null, cause: RemovalCause, at: number): void {
    if (longKey !== null && longKey.objects !== null) return;
    const { next } = this;
    this.tokens[next] = token;
    this.longKeys[next] = longKey;
    this.causes[next] = cause;
    this.times[next] = at;
    this.next = next + 1 === REMEMBERED ? 0 : next + 1;
  }

  /** The last removal of this call that is remembered. */
  find(key: Key): Removal | undefined {
    const { causes, longKeys, tokens, times } = this;
    for (let i = 1; i <= causes.length; i++) {
      const at = (this.next - i + REMEMBERED) % REMEMBERED;
      const other = longKeys[at] ?? new Key(1, null, [tokens[at]]);
      if (causes[at] !== undefined && isSameKey(other, key))
        return { cause: causes[at], at: times[at] as number };
    }
    return undefined;
  }
}
