import { argumentsOf } from "../cache/arguments.ts";
import type { Memo } from "../cache/memo.ts";
import { FEW } from "../cache/removal.ts";
import type { RemovalCause } from "../cache/removal.ts";
import { sharedClock } from "../cache/time.ts";
import { VOID } from "../key/node.ts";
import type { Key, Stored } from "../key/trie.ts";
import { pin } from "./pins.ts";
import { CLOSED, type Segment, stack } from "./stack.ts";

/** Drops the entries if `clearAll` has asked for it. */
export function catchUp(memo: Memo): void {
  if (memo.entriesEpoch === stack.entriesEpoch) return;
  forgetAll(memo);
  memo.enter(stack.entriesEpoch);
}

/** Drops the entries. */
export function forgetAll(memo: Memo): void {
  if (memo.entries !== null) {
    memo.entries.clear();
    return;
  }
  const { trie, whole } = memo;
  keepForDrives(memo, () => trie.entries());
  if (whole.listeners === null && trie.strongSize > FEW) {
    whole.removals.cleared += trie.strongSize;
    trie.clear();
    return;
  }
  const stored = trie.entries();
  trie.clear();
  for (const { key, value } of stored) noteRemoved(memo, key, value, "cleared");
}

/** A result is gone that was in the trie as it is. */
export function noteRemoved(memo: Memo, key: Key, value: unknown, cause: RemovalCause): void {
  memo.whole.removals[cause]++;
  if (cause !== "replaced")
    memo.removals.remember(undefined, key, cause, (memo.whole.clock ?? sharedClock()).now());
  if (memo.whole.listeners?.has("remove") !== true) return;
  const args = argumentsOf(memo, key);
  memo.whole.listeners.emit({
    type: "remove",
    args,
    value: value === VOID ? undefined : value,
    cause,
  });
}

/** Entries are about to be removed: recursions under way that rely on them keep them for themselves. */
export function keepForDrives(memo: Memo, entries: () => Iterable<Stored>): void {
  const { segment } = stack;
  if (segment === null) return;
  for (const { key, value } of entries())
    if (memo.pinned?.get(key) === undefined) pin(segment, memo, key, value);
  for (let each: Segment | null = segment; each !== null; each = each.outer)
    each.hasPinned = each.isUsed = true;
  stack.ceiling = CLOSED;
}
