import type { Memo } from "../cache/memo.ts";
import { VOID } from "../key/node.ts";
import { type Key, Trie } from "../key/trie.ts";
import { isStackOverflow } from "./overflow.ts";
import { clearFrames, Frame, FRAME, frameAt, push, type Segment, stack } from "./stack.ts";

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

/** In `pinned`: the call is pending, or under way in a careful segment. */
export const PENDING: { readonly isPending: true } = { isPending: true };

/** In `pinned`: the call has failed; its caller, when it is run again, meets the error where it calls. */
export class Failure {
  readonly error: unknown;
  constructor(error: unknown) {
    this.error = error;
  }
}

/** Keeps `value` for the time of the drive. */
export function pin(segment: Segment, memo: Memo, key: Key, value: unknown): void {
  if (memo.pinned === null) {
    memo.pinned = new Trie();
    segment.pinning.push(memo);
  }
  memo.pinned.set(key, value);
}

/** Runs `first` and everything it needs; the stack has just been unwound to it. */
export function drive(segment: Segment, first: Frame, isForced: boolean, error: unknown): unknown {
  const pending = segment.pending;
  pending.push(first);
  pin(segment, first.memo, first.key, PENDING);
  takeOver(segment, error);
  for (;;) {
    const frame = pending[pending.length - 1] as Frame;
    const { memo, key } = frame;
    // Another branch may have had the result in the meantime.
    if (pending.length > 1 || !isForced) {
      const known = memo.trie.get(key);
      if (known !== undefined) {
        finish(segment, frame, known);
        if (pending.length === 0) return known === VOID ? undefined : known;
        continue;
      }
    }
    clearFrames(segment.base);
    stack.top = segment.base;
    segment.refusals = 0;
    push(memo, frame.receiver, frame.args, key);
    stack.ceiling = segment.ceiling;
    if (frame.hasRun) memo.reruns++;
    frame.hasRun = true;
    memo.runs++;
    let value: unknown;
    try {
      value = Reflect.apply(memo.runner, frame.receiver, frame.args);
    } catch (thrown) {
      if (!wasInterrupted(segment, thrown)) {
        if (pending.length === 1) throw thrown;
        pending.pop();
        segment.hasPinned = true;
        pin(segment, memo, key, new Failure(thrown));
        continue;
      }
      takeOver(segment, thrown);
      continue;
    }
    if (stack.top !== segment.base + FRAME) {
      takeOver(segment, undefined);
      continue;
    }
    const stored = value === undefined ? VOID : value;
    memo.trie.set(key, stored);
    finish(segment, frame, stored);
    if (pending.length === 0) return value;
  }
}

/** Pops a pending call whose result is known. */
function finish(segment: Segment, frame: Frame, stored: unknown): void {
  segment.pending.pop();
  if (segment.hasPinned) pin(segment, frame.memo, frame.key, stored);
  else frame.memo.pinned?.delete(frame.key);
}

/** Whether what came up is a suspension, or an overflow from which there is something to gain. */
export function wasInterrupted(segment: Segment, error: unknown): boolean {
  if (segment.isSuspended) return true;
  if (!isStackOverflow(error)) return false;
  const depth = (stack.top - segment.base) / FRAME - 1;
  // An inner segment leaves it to the outer one to make room, unless it has much to give itself.
  return depth >= (segment.outer === null ? 1 : 64);
}

/** After unwinding: makes the frames on the side stack pending. */
function takeOver(segment: Segment, error: unknown): void {
  const { base, pending } = segment;
  const depth = (stack.top - base) / FRAME;
  segment.deepest = Math.max(segment.deepest, pending.length + depth - 1);
  if (!segment.isSuspended && error === undefined) segment.wantsCare = true;
  const { wantsCare, wantsRestart, refusedAt } = segment;
  if (segment.hasOverflowed || (!segment.isSuspended && isStackOverflow(error))) lowerLimit(segment, depth);
  segment.refusedAt = -1;
  segment.isSuspended = segment.wantsCare = segment.wantsRestart = segment.hasOverflowed = false;
  if (wantsCare || wantsRestart) {
    beCareful(segment, wantsRestart);
    return;
  }
  for (let at = base + FRAME; at < stack.top; at += FRAME) {
    const frame = frameAt(at, at !== refusedAt);
    if (!segment.isCareful && frame.memo.pinned?.get(frame.key) === PENDING) {
      beCareful(segment, true);
      return;
    }
    pin(segment, frame.memo, frame.key, PENDING);
    pending.push(frame);
  }
}

/** From here on the segment keeps an exact stack; all over again if its pending calls may be wrong. */
function beCareful(segment: Segment, isRestart: boolean): void {
  const { pending } = segment;
  for (const frame of pending) frame.memo.isCareful = true;
  segment.isCareful = true;
  if (!isRestart) return;
  while (pending.length > 1) {
    const frame = pending.pop() as Frame;
    if (frame.memo.pinned?.get(frame.key) === PENDING) frame.memo.pinned.delete(frame.key);
  }
  const first = pending[0] as Frame;
  pin(segment, first.memo, first.key, PENDING);
}

/** The engine had no room for `depth` runs: allow fewer, here and for later calls of the same process. */
function lowerLimit(segment: Segment, depth: number): void {
  segment.limit = Math.max(1, Math.min(segment.limit, Math.floor(depth * 0.75)));
}
