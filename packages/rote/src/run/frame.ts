import type { Memo } from "../cache/memo.ts";
import { isSameToken } from "../key/token.ts";
import { isSameKey, Key } from "../key/trie.ts";

/**
 * A frame is one call, as four slots of a list: its memo, and either up to three arguments, all
 * primitive, or its `Key`, its argument list and its receiver. Which of the two: whether the second
 * slot is a `Key`. Slots beyond a function's arguments may hold what was there before. Deep recursions have millions of them, so they are no objects of their own.
 */
export const FRAME = 4;

export function writeFrame(
  slots: unknown[],
  at: number,
  memo: Memo,
  receiver: unknown,
  args: readonly unknown[],
  key: Key,
): void {
  slots[at] = memo;
  slots[at + 1] = key;
  slots[at + 2] = args;
  slots[at + 3] = receiver;
}

export function copyFrame(from: readonly unknown[], at: number, to: unknown[], toAt: number): void {
  to[toAt] = from[at];
  to[toAt + 1] = from[at + 1];
  to[toAt + 2] = from[at + 2];
  to[toAt + 3] = from[at + 3];
}

export function memoAt(slots: readonly unknown[], at: number): Memo {
  return slots[at] as Memo;
}

export function argsAt(slots: readonly unknown[], at: number): readonly unknown[] {
  return slots[at + 1] instanceof Key
    ? (slots[at + 2] as unknown[])
    : slots.slice(at + 1, at + 1 + memoAt(slots, at).arity);
}

export function receiverAt(slots: readonly unknown[], at: number): unknown {
  return slots[at + 1] instanceof Key ? slots[at + 3] : memoAt(slots, at).receiver;
}

export function keyAt(slots: readonly unknown[], at: number): Key {
  const key = slots[at + 1];
  return key instanceof Key ? key : new Key(memoAt(slots, at).arity, null, argsAt(slots, at));
}

export function runFrame(slots: readonly unknown[], at: number): unknown {
  const memo = memoAt(slots, at);
  const { arity, receiver } = memo;
  const { runner } = memo.whole;
  if (slots[at + 1] instanceof Key)
    return Reflect.apply(runner, slots[at + 3], slots[at + 2] as unknown[]) as unknown;
  if (arity === 1 && receiver === undefined)
    return (runner as unknown as (a: unknown) => unknown)(slots[at + 1]);
  return Reflect.apply(runner, receiver as never, argsAt(slots, at) as never);
}

/** Whether two frames are of one call. */
export function isSameFrame(
  a: readonly unknown[],
  at: number,
  b: readonly unknown[],
  bt: number,
): boolean {
  if (a[at] !== b[bt]) return false;
  if (a[at + 1] instanceof Key || b[bt + 1] instanceof Key)
    return isSameKey(keyAt(a, at), keyAt(b, bt));
  for (let i = memoAt(a, at).arity; i > 0; i--)
    if (!isSameToken(a[at + i], b[bt + i])) return false;
  return true;
}
