import type { Memo } from "../cache/memo.ts";
import { warnOnce } from "../development.ts";

/** The share of calls that has to be hits for so many entries to be worth it. */
const ENOUGH = 0.25;

/** A function without a bound has so many entries that it may be meant to have one. Asked now and then. */
export function noticeGrowth(memo: Memo): void {
  const { whole, trie } = memo;
  const { hits, runs, name } = whole;
  if (trie.strongSize <= memo.whole.growthAt) return;
  memo.whole.growthAt *= 2;
  if (hits >= (hits + runs) * ENOUGH) return;
  memo.whole.growthAt = Infinity;
  warnOnce(
    "ROTE_UNBOUNDED",
    `"${name}" remembers more than a million results, and of its calls only ${Math.round((100 * hits) / (hits + runs))} % were hits. ` +
      "Results that are not asked for again take memory for nothing: give it a bound with maxEntries, or a ttl.",
  );
}
