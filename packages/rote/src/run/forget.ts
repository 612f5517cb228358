import type { Memo } from "../cache/memo.ts";
import type { Entry } from "../key/trie.ts";
import { pin } from "./drive.ts";
import { CLOSED, type Segment, stack } from "./stack.ts";

/** Drops the entries if `clearAll` has asked for it. */
export function catchUp(memo: Memo): void {
  if (memo.epoch === stack.entriesEpoch) return;
  forgetAll(memo);
  memo.epoch = stack.entriesEpoch;
}

/** Drops the entries. */
export function forgetAll(memo: Memo): void {
  keepForDrives(memo, () => memo.trie.entries());
  memo.trie.clear();
}

/** Entries are about to be removed: drives under way that rely on them keep them for themselves. */
export function keepForDrives(memo: Memo, entries: () => Iterable<Entry>): void {
  const { segment } = stack;
  if (segment === null) return;
  for (const { key, value } of entries())
    if (memo.pinned?.get(key) === undefined) pin(segment, memo, key, value);
  for (let each: Segment | null = segment; each !== null; each = each.outer)
    each.hasPinned = each.isUsed = true;
  stack.ceiling = CLOSED;
}
