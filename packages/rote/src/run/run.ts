import type { Memo } from "../cache/memo.ts";
import { VOID } from "../key/node.ts";
import { Key } from "../key/trie.ts";
import { becomeCareful, runCarefully } from "./careful.ts";
import { cycleError } from "./cycle.ts";
import { isNearlyFull } from "./deep.ts";
import { Failure, PENDING } from "./pins.ts";
import { catchUp } from "./forget.ts";
import { FRAME } from "./frame.ts";
import { keepResult, runNoticing } from "./keep.ts";
import { runOutermost } from "./outermost.ts";
import { isOff, runPlainly } from "./plain.ts";
import { runRefused } from "./refused.ts";
import { DEEP, push, type Segment, stack } from "./stack.ts";
import { refuse, refuseFull, settle, suspend } from "./suspend.ts";

/** Every run that may not simply go ahead: outermost ones, too deep ones, and all in special segments. */
export function run(memo: Memo, receiver: unknown, args: readonly unknown[], key: Key): unknown {
  const segment = stack.segment;
  catchUp(memo);
  if (isOff()) return runPlainly(memo, receiver, args);
  if (segment === null || stack.isOutside) return runOutermost(memo, receiver, args, key);
  if (segment.isSuspended) return runRefused(segment, memo, receiver, args, key);
  const pinned = memo.pinned?.get(key);
  if (pinned instanceof Failure) throw pinned.error;
  if (pinned === PENDING) {
    if (segment.isCareful) throw cycleError(memo, args, key);
    return suspend(segment, "restart");
  }
  if (pinned !== undefined) return pinned === VOID ? undefined : pinned;
  if (stack.top >= segment.base + segment.limit * FRAME)
    return refuse(segment, memo, receiver, args, key);
  if (memo.whole.isCareful && !segment.isCareful) becomeCareful(segment);
  return segment.isCareful
    ? runCarefully(segment, memo, receiver, args, key)
    : runQuickly(memo, receiver, args, key);
}

/** The same steps as in the specialised call paths. */
export function runQuickly(
  memo: Memo,
  receiver: unknown,
  args: readonly unknown[],
  key: Key,
): unknown {
  const at = stack.top;
  if (at >= DEEP * FRAME && isNearlyFull(memo))
    return refuseFull(stack.segment as Segment, memo, receiver, args, key);
  push(memo, receiver, args, key);
  memo.whole.runs++;
  const value: unknown = memo.whole.seesErrors
    ? runNoticing(memo, receiver, args, key)
    : Reflect.apply(memo.whole.runner, receiver as never, args as never);
  if (stack.top !== at + FRAME) settle(at, value);
  stack.top = at;
  return keepResult(memo, receiver, args, key, value);
}
