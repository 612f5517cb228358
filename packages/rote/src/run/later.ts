import type { Memo } from "../cache/memo.ts";
import { isSameKey, type Key } from "../key/trie.ts";
import { FRAME, keyAt } from "./frame.ts";
import { runOutermost } from "./outermost.ts";
import { type Segment, stack } from "./stack.ts";

/** Runs on the stack from which on they start in a microtask. */
const LATER_FROM = 200;

/** Whether a call of a native async function is so deep that it starts in a microtask instead, on an empty stack. */
export function startsLater(segment: Segment, memo: Memo, key: Key): boolean {
  if (!memo.isAsync) return false;
  const { slots, top } = stack;
  const { base, limit } = segment;
  if (top < base + Math.min(limit, LATER_FROM) * FRAME) return false;
  // A call that waits for itself would be its own promise: that is for the drive to find.
  for (let at = base; at < top; at += FRAME)
    if (slots[at] === memo && isSameKey(keyAt(slots, at), key)) return false;
  return true;
}

/**
 * The promise of a run that starts in a microtask. No suspension has to pass through functions that
 * would make rejected promises of it. The promise is the entry from now on, unless it is removed or
 * replaced before the run has begun.
 */
export function runLater(
  memo: Memo,
  receiver: unknown,
  args: readonly unknown[],
  key: Key,
): Promise<unknown> {
  const promise = Promise.resolve().then(() => {
    const before = memo.trie.get(key);
    const value = runOutermost(memo, receiver, args, key, { isForced: true });
    if (before === undefined) memo.trie.delete(key);
    else memo.trie.set(key, before);
    return value;
  });
  memo.trie.set(key, promise);
  return promise;
}
