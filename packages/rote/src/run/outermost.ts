import type { Memo } from "../cache/memo.ts";
import { wholes } from "../cache/whole.ts";
import { startClock, stopClock } from "./clock.ts";
import { cycleError } from "./cycle.ts";
import { drive, unmarkFrames, wasDisturbed, wasInterrupted } from "./drive.ts";
import { PENDING, pin } from "./pins.ts";
import { isSameKey, type Key } from "../key/trie.ts";
import { FRAME, keyAt, runFrame } from "./frame.ts";
import { failed, keepResult } from "./keep.ts";
import { warnAboutSelfCalls } from "./self-call.ts";
import {
  clearFrames,
  DEFAULT_DEPTH_LIMIT,
  push,
  reopen,
  reserve,
  Segment,
  stack,
} from "./stack.ts";
import { warmUp } from "./deep.ts";
import { requireRoom } from "./room.ts";

interface RunOptions {
  /** Run even if there is a result: a refresh. */
  isForced?: boolean;
  isCareful?: boolean;
  limit?: number;
}

const DEFAULTS: RunOptions = {};

/**
 * Runs a call with its own depth and its own drive: the first memoized run on the stack, or the
 * first below a callback of the library.
 *
 * Where the stack is nearly full it overflows before anything has changed. From then on there is
 * room for what has to be done at the end, whatever happens in between.
 */
export function runOutermost(
  memo: Memo,
  receiver: unknown,
  args: readonly unknown[],
  key: Key,
  {
    isForced = false,
    isCareful = memo.whole.isCareful,
    limit = memo.whole.depthLimit,
  }: RunOptions = DEFAULTS,
): unknown {
  requireRoom();
  const { ceiling, segment: outer, isOutside, slots, top: base } = stack;
  if (outer !== null) rejectInnerCycle(outer, memo, args, key);
  const segment = new Segment(outer, base, limit, isCareful);
  if (slots.length < base + FRAME * 8) reserve(base, limit + 2);
  // Pending calls of an outer drive are under way for this one too.
  if (outer !== null && outer.pendingEnd > 0) segment.hasPinned = true;
  if (isCareful) warmUp(memo);
  const watched = memo.whole.selfCallWatch > 0 ? memo.whole.hits + memo.whole.runs : -1;
  wholes.register(memo.whole);
  const startedAt =
    outer === null && !memo.whole.isTimed && --memo.whole.untilDue <= 0 ? startClock(memo) : -1;
  push(memo, receiver, args, key);
  memo.whole.runs++;
  if (isForced) {
    memo.whole.extraRuns++;
    memo.whole.isForced = true;
  }
  if (outer === null) stack.outermostRuns++;
  stack.segment = segment;
  stack.isOutside = false;
  stack.ceiling = segment.ceiling;
  try {
    if (isCareful) pin(segment, memo, key, PENDING);
    let value: unknown;
    try {
      value = runFrame(slots, base);
    } catch (error) {
      if (wasInterrupted(segment, error)) return drive(segment, isForced, error);
      // Its own frame is no run that might still need something.
      stack.top = base;
      const instead = failed(memo, args, key, error, isForced);
      if (instead === undefined) throw error;
      return instead.value;
    }
    if (wasDisturbed(segment, value)) return drive(segment, isForced, undefined);
    // The run is over: it is no part of a recursion that may still need something.
    stack.top = base;
    return keepResult(memo, receiver, args, key, value);
  } finally {
    if (segment.isCareful && outer !== null) unmark(segment);
    const depth = Math.max(segment.deepest, clearFrames(base));
    for (const pinning of segment.pinning) pinning.pinned = null;
    stack.top = base;
    stack.segment = outer;
    reopen(ceiling, isOutside);
    if (outer !== null) {
      outer.deepest = Math.max(outer.deepest, (base - outer.base) / FRAME + depth);
      outer.isUsed = true;
    } else {
      if (depth > memo.whole.deepest) memo.whole.deepest = depth;
      if (startedAt >= 0) stopClock(memo.whole, startedAt);
    }
    if (watched >= 0) warnAboutSelfCalls(memo, watched);
  }
}

/** What a drive or an exact stack leaves behind; the next run gets another segment. */
export function closeUsed({ pinning, deepest }: Segment, memo: Memo): void {
  for (const each of pinning) each.pinned = null;
  if (deepest > memo.whole.deepest) memo.whole.deepest = deepest;
  stack.spare = new Segment(null, 0, DEFAULT_DEPTH_LIMIT, false);
}

/** An inner segment ends, perhaps by an error: its calls are not under way any more. */
function unmark({ base, pending, pendingEnd }: Segment): void {
  unmarkFrames(pending, 0, pendingEnd);
  unmarkFrames(stack.slots, base, stack.slots.length);
}

/**
 * A callback of the library has called back into what waits for it. Under a careful segment the
 * stack is exact; otherwise a frame may be left over from a caught error, so only a repetition counts.
 */
function rejectInnerCycle(outer: Segment, memo: Memo, args: readonly unknown[], key: Key): void {
  if (outer.isSuspended) return;
  if (memo.pinned?.get(key) === PENDING) throw cycleError(memo, args, key);
  const enough = outer.isCareful ? 1 : 8;
  let met = 0;
  for (let at = stack.top - FRAME; at >= 0; at -= FRAME) {
    if (stack.slots[at] !== memo) continue;
    if (isSameKey(keyAt(stack.slots, at), key) && ++met === enough)
      throw cycleError(memo, args, key);
  }
}
