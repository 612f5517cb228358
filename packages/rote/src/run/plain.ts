import type { Memo } from "../cache/memo.ts";
import type { Key } from "../key/trie.ts";
import { wholes } from "../cache/whole.ts";
import { startClock, stopClock } from "./clock.ts";
import { failed, keepResult } from "./keep.ts";
import { runRefused } from "./refused.ts";
import { stack } from "./stack.ts";
import { rethrow } from "./suspend.ts";

/** Whether calls go to the original. What is under way when memoization is switched off ends as it began. */
export function isOff(): boolean {
  return !stack.isEnabled && (stack.segment === null || stack.isOutside);
}

/** Memoization is switched off: the original, counted. */
export function runPlainly(memo: Memo, receiver: unknown, args: readonly unknown[]): unknown {
  memo.whole.runs++;
  const depth = ++plainDepth;
  if (depth > memo.whole.deepest) memo.whole.deepest = depth;
  try {
    return Reflect.apply(memo.whole.original, receiver as never, args as never);
  } finally {
    plainDepth = depth - 1;
  }
}

let plainDepth = 0;

/** `recursion: "off"`: no frame, no restart; a suspension from outside still passes. */
export function runUnguarded(
  memo: Memo,
  receiver: unknown,
  args: readonly unknown[],
  key: Key,
): unknown {
  if (isOff()) return runPlainly(memo, receiver, args);
  const { segment, isOutside } = stack;
  if (segment !== null && segment.isSuspended && !isOutside)
    return runRefused(segment, memo, receiver, args, key);
  wholes.register(memo.whole);
  const startedAt =
    segment === null && !memo.whole.isTimed && --memo.whole.untilDue <= 0 ? startClock(memo) : -1;
  memo.whole.runs++;
  try {
    let value: unknown;
    try {
      value = Reflect.apply(memo.whole.runner, receiver as never, args as never);
    } catch (error) {
      const isOver = memo.whole.seesErrors && stack.segment?.isSuspended !== true;
      const instead = isOver ? failed(memo, args, key, error) : undefined;
      if (instead === undefined) throw error;
      return instead.value;
    }
    if (stack.segment?.isSuspended === true) rethrow(value);
    return keepResult(memo, receiver, args, key, value);
  } finally {
    if (startedAt >= 0) stopClock(memo.whole, startedAt);
  }
}
