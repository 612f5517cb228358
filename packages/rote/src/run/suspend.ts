import type { Memo } from "../cache/memo.ts";
import type { Key } from "../key/trie.ts";
import { ignoreRejection, SUSPENSION } from "./drive.ts";
import { FRAME } from "./frame.ts";
import { hadRoom } from "./room.ts";
import { CLOSED, push, type Segment, stack } from "./stack.ts";

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
