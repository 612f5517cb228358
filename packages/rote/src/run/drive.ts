import { VOID } from "../key/node.ts";
import { argsAt, copyFrame, FRAME, isSameFrame, keyAt, memoAt, runFrame } from "./frame.ts";
import { failed, findFrame, keepFrame } from "./keep.ts";
import { isStackOverflow } from "./overflow.ts";
import { Failure, PENDING, pin } from "./pins.ts";
import { hadRoom } from "./room.ts";
import { clearFrames, type Segment, stack } from "./stack.ts";

/**
 * The drive: recursion deeper than the stack allows. Rules:
 *
 * 1. When `limit` runs lie on the stack, the next one throws a *suspension*. It unwinds everything
 *    down to the outermost call; the frames on the side stack become pending calls on the heap.
 * 2. The drive runs the last pending call on the empty stack, keeps its result and pops it; the one
 *    before then finds its subproblem as a hit. A pending call that goes too deep adds its frames.
 * 3. A frame is unwound only when `limit` new frames lie under it, so N distinct calls cost at most
 *    2 N runs, whatever the shape of the recursion.
 * 4. While a drive lasts, nothing that it relies on may disappear: failures of pending calls, and
 *    results that are removed meanwhile, are kept in `memo.pinned`, which is dropped at its end.
 * 5. The fast stack is not exact after an error that user code caught (rule 2 in stack.ts). Whatever
 *    looks wrong with it, a pending call met again or an error seen only by its traces, is therefore
 *    repeated with an exact stack, in a *careful* segment, before anything is concluded.
 */
export const SUSPENSION: { readonly message: string } = Object.freeze({
  message: "rote is unwinding a deep recursion; let this pass",
});

/** Runs the outermost call, whose frame is at the base, and everything it needs; the stack has just been unwound to it. */
export function drive(segment: Segment, isForced: boolean, error: unknown): unknown {
  segment.isUsed = true;
  const { base, pending } = segment;
  const { slots } = stack;
  copyFrame(slots, base, pending, 0);
  segment.pendingEnd = FRAME;
  takeOver(segment, error);
  for (;;) {
    const last = segment.pendingEnd - FRAME;
    const memo = memoAt(pending, last);
    // Another branch may have had the result in the meantime.
    const known = last === 0 && isForced ? undefined : findFrame(pending, last);
    if (known !== undefined) {
      finish(segment, known);
      if (last === 0) return known === VOID ? undefined : known;
      continue;
    }
    copyFrame(pending, last, slots, base);
    stack.top = base + FRAME;
    stack.ceiling = segment.ceiling;
    memo.whole.runs++;
    memo.whole.isForced = last === 0 && isForced;
    let value: unknown;
    try {
      value = runFrame(pending, last);
    } catch (thrown) {
      if (wasInterrupted(segment, thrown)) {
        takeOver(segment, thrown);
        continue;
      }
      segment.deepest = Math.max(segment.deepest, last / FRAME + clearFrames(base));
      const args = argsAt(pending, last);
      const instead = failed(memo, args, keyAt(pending, last), thrown, last === 0 && isForced);
      if (last === 0 && instead === undefined) throw thrown;
      // As with a failure, it is what the caller meets when it is run again.
      if (instead !== undefined) segment.hasPinned = true;
      const { value } = instead ?? { value: new Failure(thrown) };
      finish(segment, value === undefined ? VOID : value);
      if (last === 0) return value;
      continue;
    }
    if (wasDisturbed(segment, value)) {
      takeOver(segment, undefined);
      continue;
    }
    segment.deepest = Math.max(segment.deepest, last / FRAME + clearFrames(base));
    stack.top = base;
    try {
      value = keepFrame(pending, last, value);
    } catch (thrown) {
      // What the options' functions throw is an error of the call.
      if (last === 0) throw thrown;
      finish(segment, new Failure(thrown));
      continue;
    }
    finish(segment, value === undefined ? VOID : value);
    if (last === 0) return value;
  }
}

/**
 * Whether a run at the base that has returned was suspended below, or an error was caught below it
 * on a stack so full that the error may have been its overflow.
 */
export function wasDisturbed(segment: Segment, value: unknown): boolean {
  if (segment.isSuspended) ignoreRejection(value);
  return stack.top !== segment.base + FRAME && (segment.isSuspended || !hadRoom(segment.base));
}

/** A promise that was made while a suspension passed has caught it, and is dropped with its run. */
export function ignoreRejection(value: unknown): void {
  if (value instanceof Promise) value.catch(() => {});
}

/** Pops the last pending call, whose outcome is known: a stored result, or a failure. */
function finish(segment: Segment, outcome: unknown): void {
  const { pending } = segment;
  const last = segment.pendingEnd - FRAME;
  if (outcome instanceof Failure) segment.hasPinned = true;
  if (segment.hasPinned) pin(segment, memoAt(pending, last), keyAt(pending, last), outcome);
  else if (segment.isCareful) unmarkFrames(pending, last, last + FRAME);
  segment.pendingEnd = last;
}

/** Whether what came up is a suspension, or an overflow from which there is something to gain. */
export function wasInterrupted(segment: Segment, error: unknown): boolean {
  if (segment.isSuspended) return true;
  if (!isStackOverflow(error)) return false;
  const depth = (stack.top - segment.base) / FRAME - 1;
  // An inner segment leaves it to the outer one to make room, unless it has much to give itself.
  return depth >= (segment.outer === null ? 1 : 64);
}

/** After unwinding: decides how to go on, and makes the frames on the side stack pending. */
function takeOver(segment: Segment, error: unknown): void {
  const { base, wantsCare, wantsRestart, refusedAt, hasOverflowed, isSuspended } = segment;
  const { slots, top } = stack;
  const depth = (top - base) / FRAME - 1;
  segment.deepest = Math.max(segment.deepest, segment.pendingEnd / FRAME + depth);
  segment.refusedAt = -1;
  segment.refusals = segment.repeats = 0;
  segment.refusedKey = null;
  segment.isSuspended = segment.wantsCare = segment.wantsRestart = segment.hasOverflowed = false;
  if (hasOverflowed || (!isSuspended && isStackOverflow(error))) lowerLimit(segment, depth);
  memoAt(slots, base).whole.reruns++;
  if (wantsCare || wantsRestart || (!isSuspended && !isStackOverflow(error))) {
    beCareful(segment, wantsRestart);
    return;
  }
  appendFrames(segment, refusedAt, top);
  segment.exactFrom = 0;
  clearFrames(base);
}

/**
 * The frames above the base become pending.
 *
 * An infinite recursion makes pending calls without end. Each new one is compared with an earlier
 * one, which is moved up whenever there are twice as many (Brent, "An improved Monte Carlo
 * factorization algorithm", BIT 1980): a cycle is met before three times its length.
 */
function appendFrames(segment: Segment, refusedAt: number, top: number): void {
  const { pending } = segment;
  const { slots } = stack;
  for (let at = segment.base + FRAME; at < top; at += FRAME) {
    const next = segment.pendingEnd;
    // What was unwound will be run again; what was refused will be run.
    if (at !== refusedAt) memoAt(slots, at).whole.reruns++;
    copyFrame(slots, at, pending, next);
    segment.pendingEnd = next + FRAME;
    if (segment.isCareful) {
      if (at >= segment.exactFrom) pin(segment, memoAt(slots, at), keyAt(slots, at), PENDING);
    } else if (next > segment.anchor && isSameFrame(pending, segment.anchor, pending, next)) {
      beCareful(segment, true);
      return;
    }
    if (next >= 2 * segment.anchor || next < segment.anchor) segment.anchor = next;
  }
}

/** Calls that are not under way any more: their marks go, and nothing else does. */
export function unmarkFrames(slots: readonly unknown[], from: number, to: number): void {
  for (let at = from; at < to && slots[at] !== undefined; at += FRAME) {
    const { pinned } = memoAt(slots, at);
    if (pinned?.get(keyAt(slots, at)) === PENDING) pinned.delete(keyAt(slots, at));
  }
}

/** From here on the segment keeps an exact stack; all over again if its pending calls may be wrong. */
function beCareful(segment: Segment, isRestart: boolean): void {
  const { pending } = segment;
  segment.isCareful = true;
  // What was unwound is dropped, not pending.
  unmarkFrames(stack.slots, segment.base + FRAME, stack.slots.length);
  if (isRestart) unmarkFrames(pending, FRAME, segment.pendingEnd);
  if (isRestart) segment.pendingEnd = FRAME;
  segment.anchor = 0;
  for (let at = 0; at < segment.pendingEnd; at += FRAME) memoAt(pending, at).whole.isCareful = true;
  // Only the outermost call is certain to be under way; the others are marked as they run.
  pin(segment, memoAt(pending, 0), keyAt(pending, 0), PENDING);
}

/** The engine had no room for this many runs: allow fewer. */
function lowerLimit(segment: Segment, depth: number): void {
  segment.limit = Math.max(1, Math.min(segment.limit, Math.floor(depth / 2)));
}
