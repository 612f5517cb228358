import type { Memo } from "../cache/memo.ts";
import { Key } from "../key/trie.ts";
import { ignoreRejection, SUSPENSION } from "./drive.ts";
import { FRAME } from "./frame.ts";
import { isStackOverflow } from "./overflow.ts";
import { hadRoom, hasRoom } from "./room.ts";
import { CLOSED, clearFrames, push, Segment, stack } from "./stack.ts";

/** Unwinds the segment to its outermost call, which goes on with a drive. */
export function suspend(segment: Segment, wants?: "care" | "restart"): never {
  if (wants === "care") segment.wantsCare = true;
  if (wants === "restart") segment.wantsRestart = true;
  segment.isSuspended = segment.isUsed = true;
  stack.ceiling = CLOSED;
  // Above every frame under way, so that each of them sees that it was interrupted.
  if (segment.wantsCare || segment.wantsRestart) stack.top += FRAME;
  throw SUSPENSION;
}

/** Too deep: the call joins the pending ones without having been run. */
export function refuse(
  segment: Segment,
  memo: Memo,
  receiver: unknown,
  args: readonly unknown[],
  key: Key,
): never {
  segment.refusedAt = stack.top;
  push(memo, receiver, args, key);
  return suspend(segment);
}

/** The stack is full: as if the engine had said so, but where no user code can catch it unseen. */
export function refuseFull(
  segment: Segment,
  memo: Memo,
  receiver: unknown,
  args: readonly unknown[],
  key: Key,
): never {
  segment.hasOverflowed = true;
  return refuse(segment, memo, receiver, args, key);
}

/** User code has caught the suspension and returned something. */
export function rethrow(value: unknown): never {
  ignoreRejection(value);
  throw SUSPENSION;
}

/**
 * After a run whose frame is not the last one any more: something came up from below and user code
 * has caught it. A suspension is thrown again. An error may have been the engine's overflow, which
 * no wrapper has seen: where the stack was nearly full, the run is repeated in a careful segment.
 */
export function settle(at: number, value: unknown): void {
  const segment = stack.segment as Segment;
  if (segment.isSuspended) rethrow(value);
  if (!hadRoom(at)) suspend(segment, "care");
}

/** How many runs one test of the room is for. */
const STEP = 4;

/**
 * At a ceiling that is not closed: whether it was only a stop on the way to the limit, there is room, and the next
 * few runs may go ahead.
 */
export function goesOn(memo: Memo): boolean {
  const { segment, top } = stack;
  if (segment === null || memo.isCareful) return false;
  const limit = segment.base + segment.limit * FRAME;
  warmUp(memo);
  if (top >= limit || !hasRoom()) return false;
  stack.ceiling = Math.min(limit, top + STEP * FRAME);
  return true;
}

export function isNearlyFull(memo: Memo): boolean {
  warmUp(memo);
  return !hasRoom();
}

let isWarm = false;

/**
 * Has the engine compile what a suspension needs: it compiles functions when they are first called,
 * which takes more stack than there is when an overflow has to be dealt with.
 */
export function warmUp(memo: Memo): void {
  if (isWarm) return;
  isWarm = true;
  const { top, ceiling } = stack;
  try {
    refuseFull(new Segment(null, top, 1, true), memo, undefined, [], new Key(0, null, []));
  } catch (error) {
    isStackOverflow(error);
  }
  stack.top = top;
  stack.ceiling = ceiling;
  clearFrames(top);
}
