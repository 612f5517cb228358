import { isSameKey, type Key } from "../key/trie.ts";
import { afterJobs } from "../run/after-jobs.ts";

/** What is about to be kept in memory has these TTLs, as in the store, whatever the options say. */
export class Handed {
  private handed: { readonly key: Key; readonly ttl: number }[] = [];
  private willForget = false;

  put(key: Key, ttl: number): void {
    this.handed.push({ key, ttl });
    if (this.willForget) return;
    this.willForget = true;
    // What nobody has taken over by then was not kept.
    afterJobs(() => {
      this.willForget = false;
      this.handed = [];
    });
  }

  /** The TTL of what was handed over just now, perhaps with others: promises settle a few jobs later, in order. */
  take(key: Key): number | undefined {
    const { handed } = this;
    const last = handed.at(-1);
    if (last !== undefined && isSameKey(last.key, key)) return handed.pop()?.ttl;
    const at = handed.findIndex((each) => isSameKey(each.key, key));
    return at < 0 ? undefined : handed.splice(at, 1)[0]?.ttl;
  }
}
