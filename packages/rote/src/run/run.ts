import type { Memo } from "../cache/memo.ts";
import { setChild, VOID } from "../key/node.ts";
import { Key } from "../key/trie.ts";
import { becomeCareful, runCarefully } from "./careful.ts";
import { register } from "../cache/registry.ts";
import { startClock, stopClock } from "./clock.ts";
import { cycleError } from "./cycle.ts";
import { isNearlyFull } from "./deep.ts";
import { drive, Failure, PENDING, wasDisturbed, wasInterrupted } from "./drive.ts";
import { catchUp } from "./forget.ts";
import { FRAME, storeFrame } from "./frame.ts";
import { closeUsed, runAsOutermost, runOutermost } from "./outermost.ts";
import { isOff, runPlainly } from "./plain.ts";
import { runRefused } from "./refused.ts";
import { CLOSED, clearFrames, DEEP, push, pushDirect, type Segment, stack } from "./stack.ts";
import { refuse, refuseFull, settle, suspend } from "./suspend.ts";

/** Every run that may not simply go ahead: outermost ones, too deep ones, and all in special segments. */
export function run(memo: Memo, receiver: unknown, args: readonly unknown[], key: Key): unknown {
  const segment = stack.segment;
  catchUp(memo);
  if (isOff()) return runPlainly(memo, receiver, args);
  if (segment === null || stack.isOutside) return runAsOutermost(memo, receiver, args, key);
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
  if (memo.isCareful && !segment.isCareful) becomeCareful(segment);
  return segment.isCareful
    ? runCarefully(segment, memo, receiver, args, key)
    : runQuickly(memo, receiver, args, key);
}

/**
 * A run, of a call whose arguments are all tokens as they stand, that may not simply go ahead. In
 * most cases it is an outermost one, and nothing special is asked for: then this is `runOutermost`
 * without what that does not need. One large function, so that V8 has room to inline what matters.
 */
export function runDirect(memo: Memo, a: unknown, b: unknown, c: unknown): unknown {
  const state = stack;
  const { arity } = memo;
  if (!state.isEnabled || state.segment !== null) {
    const args = [a, b, c].slice(0, arity);
    return run(memo, undefined, args, new Key(arity, null, args));
  }
  catchUp(memo);
  pushDirect(memo, a, b, c);
  const segment = state.spare;
  if (segment === null || memo.isCareful || memo.isTimed || memo.selfCallWatch > 0)
    return runOutermost(memo);
  const { trie, runner } = memo;
  const limit = memo.depthLimit;
  const startedAt = startClock(memo);
  state.spare = null;
  segment.limit = limit;
  segment.deepest = 0;
  state.segment = segment;
  state.ceiling = Math.min(limit, DEEP) * FRAME;
  try {
    let value: unknown;
    try {
      value = arity === 1 ? runner(a) : arity === 2 ? runner(a, b) : runner(a, b, c);
    } catch (error) {
      if (!wasInterrupted(segment, error)) throw error;
      return drive(segment, false, error);
    }
    if (state.top !== FRAME && wasDisturbed(segment, value))
      return drive(segment, false, undefined);
    if (arity !== 1) storeFrame(state.slots, 0, value);
    else if (setChild(trie.root(1), a, value === undefined ? VOID : value)) trie.strongSize++;
    return value;
  } finally {
    const depth = clearFrames(0);
    state.top = 0;
    state.ceiling = CLOSED;
    state.segment = null;
    if (depth > memo.deepest) memo.deepest = depth;
    if (startedAt >= 0) stopClock(memo, startedAt);
    register(memo);
    if (segment.isUsed) closeUsed(segment, memo);
    else state.spare = segment;
  }
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
  memo.runs++;
  const value: unknown = Reflect.apply(memo.runner, receiver as never, args as never);
  if (stack.top !== at + FRAME) settle(at, value);
  stack.top = at;
  memo.trie.set(key, value === undefined ? VOID : value);
  return value;
}
