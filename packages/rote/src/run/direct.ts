import type { AnyFunction, Memo } from "../cache/memo.ts";
import { storeDirect, storeNone, storePair, storeThree } from "../key/direct.ts";
import type { Node } from "../key/node.ts";
import { Key } from "../key/trie.ts";
import { startClock, stopClock } from "./clock.ts";
import { goesOn } from "./deep.ts";
import { drive, wasDisturbed, wasInterrupted } from "./drive.ts";
import { isThenable, mayBeThenable } from "./thenable.ts";
import { FRAME } from "./frame.ts";
import { keepResult, keepSingle } from "./keep.ts";
import { closeUsed } from "./outermost.ts";
import { requireRoom } from "./room.ts";
import { run } from "./run.ts";
import { CLOSED, clearFrames, DEEP, type Stack, stack } from "./stack.ts";
import { settle } from "./suspend.ts";

/**
 * Runs of calls whose arguments are all tokens as they stand: the steps that the specialised call
 * paths take around a run.
 */

/** Begins the frame of a run that may go ahead; where, or -1 if only `runDirect` can tell. The arguments are left to the caller. */
export function enter(memo: Memo, state: Stack): number {
  const at = state.top;
  const { ceiling, slots } = state;
  // At most ceilings there is nothing to ask for: a call not made here is one that V8 does not inline.
  if (at >= ceiling && (ceiling === CLOSED || !goesOn(memo))) return -1;
  if (memo.epoch !== state.epoch) return -1;
  // To compare is cheaper than to write a young object into an old list.
  if (slots[at] !== memo) slots[at] = memo;
  state.top = at + FRAME;
  memo.whole.runs++;
  return at;
}

/** Pops the frame of a run that has returned. */
export function leave(at: number, state: Stack, value: unknown): void {
  if (state.top !== at + FRAME) settle(at, value);
  state.top = at;
}

/** Calls a method with as many arguments as its frames hold. */
export function apply(
  fn: AnyFunction,
  receiver: unknown,
  arity: number,
  a: unknown,
  b: unknown,
  c: unknown,
): unknown {
  if (arity === 0) return fn.call(receiver);
  if (arity === 1) return fn.call(receiver, a);
  return arity === 2 ? fn.call(receiver, a, b) : fn.call(receiver, a, b, c);
}

/**
 * A run that may not simply go ahead. In most cases it is an outermost one, and nothing special is
 * asked for: then this is `runOutermost` without what that does not need. One large function, so
 * that V8 has room to inline what matters.
 */
export function runDirect(memo: Memo, root: Node, a: unknown, b: unknown, c: unknown): unknown {
  const state = stack;
  const { arity, trie, receiver, whole } = memo;
  const { depthLimit: limit, runner } = whole;
  if (
    state.segment !== null ||
    state.isOutside ||
    whole.isCareful ||
    whole.isTimed ||
    whole.selfCallWatch > 0
  ) {
    const args = [a, b, c].slice(0, arity);
    return run(memo, receiver, args, new Key(arity, null, args));
  }
  requireRoom();
  const segment = state.spare;
  // As `startClock`: most short runs are not due.
  const startedAt = --whole.untilDue > 0 ? -1 : startClock(memo);
  const { slots } = state;
  slots[0] = memo;
  slots[1] = a;
  if (arity > 1) slots[2] = b;
  if (arity > 2) slots[3] = c;
  state.top = FRAME;
  whole.runs++;
  state.outermostRuns++;
  segment.limit = limit;
  state.segment = segment;
  state.ceiling = (limit < DEEP ? limit : DEEP) * FRAME;
  try {
    let value: unknown;
    try {
      if (receiver !== undefined) value = apply(runner, receiver, arity, a, b, c);
      else value = arity === 1 ? runner(a) : arity === 2 ? runner(a, b) : runner(a, b, c);
    } catch (error) {
      if (!wasInterrupted(segment, error)) throw error;
      return drive(segment, false, error);
    }
    if (state.top !== FRAME && wasDisturbed(segment, value))
      return drive(segment, false, undefined);
    if (memo.entries !== null || (mayBeThenable(value) && isThenable(value))) {
      state.top = 0;
      if (arity === 1 && memo.entries !== null) return keepSingle(memo, root, a, value);
      const args = [a, b, c].slice(0, arity);
      return keepResult(memo, receiver, args, new Key(arity, null, args), value);
    }
    if (arity === 1) storeDirect(trie, root, a, value);
    else if (arity === 2) storePair(trie, root, a, b, value);
    else if (arity === 3) storeThree(trie, a, b, c, value);
    else storeNone(trie, root, value);
    return value;
  } finally {
    // A run that calls nothing memoized has left one frame.
    let depth = 1;
    if (slots[FRAME] === undefined && slots[0] === memo) {
      slots[0] = slots[1] = undefined;
      if (arity > 1) slots[2] = slots[3] = undefined;
    } else depth = clearFrames(0);
    state.top = 0;
    state.ceiling = CLOSED;
    state.segment = null;
    if (depth > whole.deepest) whole.deepest = depth;
    if (startedAt >= 0) stopClock(whole, startedAt);
    if (segment.isUsed) closeUsed(segment, memo);
  }
}
