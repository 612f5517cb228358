import { argumentsOf } from "../cache/arguments.ts";
import type { Memo } from "../cache/memo.ts";
import type { Whole } from "../cache/whole.ts";
import { FEW } from "../cache/removal.ts";
import type { RemovalCause } from "../cache/removal.ts";
import { sharedClock } from "../cache/time.ts";
import { VOID } from "../key/node.ts";
import type { Key, Stored } from "../key/trie.ts";
import { pin } from "./pins.ts";
import { CLOSED, type Segment, stack } from "./stack.ts";

/** Drops the entries if `clearAll` has asked for it, or `clear` for all caches of a function. */
export function catchUp(memo: Memo): void {
  const { whole } = memo;
  if (memo.entriesEpoch === stack.entriesEpoch && memo.generation === whole.generation) return;
  if (memo === whole.memo) renew(whole);
  // First what is known for all: otherwise it would be found out later, and what came in meanwhile dropped.
  else catchUp(whole.memo);
  forgetAll(memo);
  memo.generation = whole.generation;
  memo.enter(stack.entriesEpoch);
}

/** Lets all caches of a function with several be out of date: each drops its entries when it is next used. */
export function renew(whole: Whole): void {
  if (whole.generation !== null) whole.generation = whole.memo.generation = {};
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
