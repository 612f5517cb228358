import type { Memo } from "../cache/memo.ts";
import type { Key } from "../key/trie.ts";
import { FRAME, writeFrame } from "./frame.ts";

/**
 * The side stack: which memoized runs are under way, as frames (frame.ts).
 *
 * 1. A wrapper pushes its frame, runs, and pops by putting `top` back to where *it* found it. There
 *    is no `try` around the run: unwinding is four times as fast without. So after an error that
 *    user code has caught, `top` is too high until the next run returns, which sees that and says so.
 * 2. `ceiling` is compared with `top` before every run. It is below every `top` whenever a run may
 *    not simply go ahead: outside every run, while a suspension is on its way up, in careful
 *    segments, and where something is pinned.
 */
export interface Stack {
  top: number;
  ceiling: number;
  slots: unknown[];
  segment: Segment | null;
  /** As new, for the next outermost run; most of them leave it so. */
  spare: Segment;
  /** How many outermost runs there have been; no other way tells one from the next. */
  outermostRuns: number;
  /** A callback of the library is running (a getter, `[keySymbol]`, `key`): calls from it are outermost. */
  isOutside: boolean;
  isEnabled: boolean;
  /** Entries of another epoch do not count; `NaN`, which none has, while memoization is switched off. */
  epoch: number;
  /** The epoch whether or not memoization is switched off. */
  entriesEpoch: number;
}

/**
 * Memoized runs on the stack before a restart. Node's default stack holds about twice as many of
 * the smallest frames; larger ones overflow earlier, which lowers the limit for that drive.
 */
export const DEFAULT_DEPTH_LIMIT = 1800;

/** Memoized runs on the stack from which on every next few have to be sure of their room: so many fit into what the outermost one has made sure of. */
export const DEEP = 16;

/** A ceiling that every `top` has reached. */
export const CLOSED: number = -1;

/** What lies between an outermost call and the end of the side stack, and the outermost call's drive. */
export class Segment {
  readonly outer: Segment | null;
  readonly base: number;
  limit: number;
  /** Something below is not as it was at first: the segment is not used again. */
  isUsed = false;
  /** A suspension is on its way up; nothing below it counts. */
  isSuspended = false;
  /** The run in progress has to be repeated with an exact stack. */
  wantsCare = false;
  /** The whole outermost call has to be repeated: its pending calls may not be what they seem. */
  wantsRestart = false;
  /** The engine's stack has overflowed below. */
  hasOverflowed = false;
  /** Where the frame is that was refused rather than run. */
  refusedAt = -1;
  /** How often user code has called on although a suspension is on its way up. */
  refusals = 0;
  /** The call refused last, and how often in a row. */
  refusedKey: Key | null = null;
  repeats = 0;
  /** There was no stack left to run a refused call; there will be none. */
  isExhausted = false;
  /** Runs keep the stack exact, with `try`, and know which calls are under way. */
  isCareful: boolean;
  /** Care was taken only from here on: frames below may be left over from caught errors, and have no marks. */
  exactFrom = 0;
  /** Something is pinned that runs must see: every run asks the pinned results first. */
  hasPinned = false;
  deepest = 0;
  /** The drive's pending calls as frames, outermost first; empty before there is a drive. */
  pending: unknown[] = [];
  /** Where they end; what lies beyond is left over, and goes with the drive. */
  pendingEnd = 0;
  /** The pending call with which new ones are compared, to find cycles. */
  anchor = 0;
  /** Memos whose `pinned` this segment made. */
  readonly pinning: Memo[] = [];

  constructor(outer: Segment | null, base: number, limit: number, isCareful: boolean) {
    this.outer = outer;
    this.base = base;
    this.limit = limit;
    this.isCareful = isCareful;
  }

  /** Where runs of this segment must not go ahead. */
  get ceiling(): number {
    // The first stop is where room begins to be tested: see deep.ts.
    return this.isCareful || this.hasPinned
      ? CLOSED
      : this.base + Math.min(this.limit, DEEP) * FRAME;
  }
}

export const stack: Stack = {
  top: 0,
  ceiling: CLOSED,
  slots: [],
  segment: null,
  spare: new Segment(null, 0, DEFAULT_DEPTH_LIMIT, false),
  outermostRuns: 0,
  isOutside: false,
  isEnabled: true,
  epoch: 0,
  entriesEpoch: 0,
};

export function push(memo: Memo, receiver: unknown, args: readonly unknown[], key: Key): void {
  writeFrame(stack.slots, stack.top, memo, receiver, args, key);
  stack.top += FRAME;
}

/** Makes sure that `count` frames fit above `base` without the list growing by and by. */
export function reserve(base: number, count: number): void {
  const { slots } = stack;
  const needed = base + Math.min(count, 4000) * FRAME + FRAME;
  while (slots.length < needed) slots.push(undefined);
}

/** Empties the slots from `base` up, so that no argument is kept alive; how many frames there were. */
export function clearFrames(base: number): number {
  const { slots } = stack;
  let at = base;
  for (; slots[at] !== undefined; at += FRAME) {
    slots[at] = slots[at + 1] = undefined;
    // Frames of one argument leave these as they are.
    if (slots[at + 2] !== undefined || slots[at + 3] !== undefined)
      slots[at + 2] = slots[at + 3] = undefined;
  }
  if (base === 0 && at > 100_000) slots.length = 20_000;
  return (at - base) / FRAME;
}

/** Calls from inside `callback` count as outermost: a suspension never passes through it. */
export function outside<Result>(callback: () => Result): Result {
  const { ceiling, isOutside } = stack;
  stack.ceiling = CLOSED;
  stack.isOutside = true;
  try {
    return callback();
  } finally {
    reopen(ceiling, isOutside);
  }
}

/** After a callback, or a run from one: as before, unless something has been pinned meanwhile that runs must see. */
export function reopen(ceiling: number, isOutside: boolean): void {
  const { segment } = stack;
  stack.ceiling = segment !== null && segment.hasPinned ? CLOSED : ceiling;
  stack.isOutside = isOutside;
}

/** Whether nothing is under way: what must hold between two outermost calls. */
export function isIdle(): boolean {
  return (
    stack.top === 0 &&
    stack.ceiling === CLOSED &&
    stack.segment === null &&
    !stack.isOutside &&
    stack.slots.every((slot) => slot === undefined)
  );
}
