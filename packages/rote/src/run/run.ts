import type { Memo } from "../cache/memo.ts";
import { RoteError } from "../errors.ts";
import { setChild, VOID } from "../key/node.ts";
import { Key, type Trie } from "../key/trie.ts";
import { now } from "./clock.ts";
import { cycleError } from "./cycle.ts";
import {
  drive,
  Failure,
  ignoreRejection,
  PENDING,
  pin,
  unmarkFrames,
  SUSPENSION,
  wasDisturbed,
  wasInterrupted,
} from "./drive.ts";
import { FRAME, isSameKey, keyAt, runFrame, storeFrame } from "./frame.ts";
import { isStackOverflow } from "./overflow.ts";
import { claimRoom, hadRoom, hasRoom, requireRoom, ROOM } from "./room.ts";
import { warnAboutSelfCalls } from "./self-call.ts";
import { CLOSED, clearFrames, DEEP, push, pushDirect, reserve, Segment, stack } from "./stack.ts";

/**
 * Memoized runs on the stack before a restart. Node's default stack holds about twice as many of
 * the smallest frames; larger ones overflow earlier, which lowers the limit for that drive.
 */
export const DEFAULT_DEPTH_LIMIT = 1800;
/** How often one call is refused in a row while a suspension is on its way up, before it is run there and then. */
const MAX_REPEATS = 8;

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
    return suspend(segment, { wantsRestart: true });
  }
  if (pinned !== undefined) return pinned === VOID ? undefined : pinned;
  if (stack.top >= segment.base + segment.limit * FRAME)
    return refuse(segment, memo, receiver, args, key);
  if (memo.isCareful && !segment.isCareful) becomeCareful(segment);
  return segment.isCareful
    ? runCarefully(segment, memo, receiver, args, key)
    : runQuickly(memo, receiver, args, key);
}

/** Runs a call with its own depth and its own drive. */
export function runAsOutermost(
  memo: Memo,
  receiver: unknown,
  args: readonly unknown[],
  key: Key,
  options?: RunOptions,
): unknown {
  if (stack.segment !== null) rejectInnerCycle(stack.segment, memo, args, key);
  push(memo, receiver, args, key);
  memo.tally.runs++;
  return runOutermost(memo, options);
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
  if (top >= limit || !hasRoom()) return false;
  stack.ceiling = Math.min(limit, top + STEP * FRAME);
  return true;
}

function isNearlyFull(memo: Memo, key: Key): boolean {
  if (!isWarm) warmUp(memo, key);
  return !hasRoom();
}

/** The stack is full: as if the engine had said so, but where no user code can catch it unseen. */
function refuseFull(
  segment: Segment,
  memo: Memo,
  receiver: unknown,
  args: readonly unknown[],
  key: Key,
): never {
  segment.hasOverflowed = true;
  return refuse(segment, memo, receiver, args, key);
}

/** The same steps as in the specialised call paths. */
export function runQuickly(
  memo: Memo,
  receiver: unknown,
  args: readonly unknown[],
  key: Key,
): unknown {
  const at = stack.top;
  if (at >= DEEP * FRAME && isNearlyFull(memo, key))
    return refuseFull(stack.segment as Segment, memo, receiver, args, key);
  push(memo, receiver, args, key);
  memo.tally.runs++;
  const value: unknown = Reflect.apply(memo.runner, receiver as never, args as never);
  if (stack.top !== at + FRAME) settle(at, value);
  stack.top = at;
  memo.trie.set(key, value === undefined ? VOID : value);
  return value;
}

/**
 * After a run whose frame is not the last one any more: something came up from below and user code
 * has caught it. A suspension is thrown again. An error may have been the engine's overflow, which
 * no wrapper has seen: where the stack was nearly full, the run is repeated in a careful segment.
 */
export function settle(at: number, value: unknown): void {
  const segment = stack.segment as Segment;
  if (segment.isSuspended) rethrow(value);
  if (!hadRoom(at)) suspend(segment, { wantsCare: true });
}

/** User code has caught the suspension and returned something. */
function rethrow(value: unknown): never {
  ignoreRejection(value);
  throw SUSPENSION;
}

function suspend(segment: Segment, { wantsCare = false, wantsRestart = false } = {}): never {
  segment.wantsCare ||= wantsCare;
  segment.wantsRestart ||= wantsRestart;
  segment.isSuspended = segment.isUsed = true;
  stack.ceiling = CLOSED;
  // Above every frame under way, so that each of them sees that it was interrupted.
  if (segment.wantsCare || segment.wantsRestart) stack.top += FRAME;
  throw SUSPENSION;
}

/** Too deep: the call joins the pending ones without having been run. */
function refuse(
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

/** User code has caught a suspension and goes on calling. */
function runRefused(
  segment: Segment,
  memo: Memo,
  receiver: unknown,
  args: readonly unknown[],
  key: Key,
): unknown {
  if (!isSpinning(segment, key)) throw SUSPENSION;
  if (segment.isExhausted) throw depthError(memo, undefined);
  // Calls that are being unwound are pending, but what is run here does not wait for them.
  const hidden = hidePinned(segment);
  try {
    claimRoom(4 * ROOM);
    // As deep as the stack goes: another suspension would be caught like this one. Careful, so that
    // an overflow is seen before code that catches everything sees it.
    return runAsOutermost(memo, receiver, args, key, { isCareful: true, limit: Infinity });
  } catch (error) {
    if (!isStackOverflow(error)) throw error;
    segment.isExhausted = true;
    throw depthError(memo, error);
  } finally {
    for (const [each, pinned] of hidden) each.pinned = pinned;
  }
}

/**
 * Whether the same call is made again and again: a loop that retries. Code in `finally` and `catch`
 * makes some calls while it is unwound, each frame its own; only very many of those are a loop, too.
 */
function isSpinning(segment: Segment, key: Key): boolean {
  const isRepeated = segment.refusedKey !== null && isSameKey(segment.refusedKey, key);
  segment.repeats = isRepeated ? segment.repeats + 1 : 1;
  segment.refusedKey = key;
  const frames = (stack.top - segment.base) / FRAME;
  return segment.repeats > MAX_REPEATS || ++segment.refusals > 64 + 8 * frames;
}

function hidePinned(segment: Segment): [Memo, Trie | null][] {
  const hidden: [Memo, Trie | null][] = [];
  for (let each: Segment | null = segment; each !== null; each = each.outer) {
    for (const memo of each.pinning) {
      if (memo.pinned === null) continue;
      hidden.push([memo, memo.pinned]);
      memo.pinned = null;
    }
  }
  return hidden;
}

function depthError(memo: Memo, cause: unknown): RoteError {
  return new RoteError(
    "ERR_DEPTH",
    `"${memo.name}" was called again and again while rote unwinds a deep recursion, and there is no stack left to run it. ` +
      "Let errors that the code did not expect pass through its catch, or lower options.depthLimit.",
    { cause },
  );
}

/**
 * A function that catches errors is called under functions that do not: from here on, care is taken.
 * The frames below stay as they are, unmarked: some may be left over from errors that were caught.
 */
function becomeCareful(segment: Segment): void {
  segment.isCareful = segment.isUsed = true;
  segment.exactFrom = stack.top;
  stack.ceiling = CLOSED;
}

let isWarm = false;

/**
 * Has the engine compile what a suspension needs: it compiles functions when they are first called,
 * which takes more stack than there is when an overflow has to be dealt with.
 */
function warmUp(memo: Memo, key: Key): void {
  isWarm = true;
  const { top, ceiling } = stack;
  try {
    refuseFull(new Segment(null, top, 1, true), memo, undefined, [], key);
  } catch (error) {
    isStackOverflow(error);
  }
  stack.top = top;
  stack.ceiling = ceiling;
  clearFrames(top);
}

/** With an exact stack: every way out of the run is seen. */
function runCarefully(
  segment: Segment,
  memo: Memo,
  receiver: unknown,
  args: readonly unknown[],
  key: Key,
): unknown {
  const at = stack.top;
  let value: unknown;
  try {
    requireRoom();
    pin(segment, memo, key, PENDING);
    push(memo, receiver, args, key);
    memo.tally.runs++;
    value = Reflect.apply(memo.runner, receiver as never, args as never);
  } catch (error) {
    if (segment.isSuspended) throw SUSPENSION;
    if (isStackOverflow(error) && at > segment.base) {
      if (stack.top === at) {
        segment.refusedAt = at;
        push(memo, receiver, args, key);
      }
      segment.hasOverflowed = true;
      return suspend(segment);
    }
    stack.top = at;
    if (segment.pendingEnd > 0) {
      segment.hasPinned = true;
      pin(segment, memo, key, new Failure(error));
    } else {
      memo.pinned?.delete(key);
    }
    throw error;
  }
  if (segment.isSuspended) rethrow(value);
  stack.top = at;
  memo.trie.set(key, value === undefined ? VOID : value);
  if (segment.hasPinned) pin(segment, memo, key, value === undefined ? VOID : value);
  else memo.pinned?.delete(key);
  return value;
}

interface RunOptions {
  /** Run even if there is a result. */
  isForced?: boolean;
  isCareful?: boolean;
  limit?: number;
}

const DEFAULTS: RunOptions = {};

/** A segment that was used and left as it was; most outermost runs need no other. */
let spare: Segment | null = null;

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
  const segment = spare;
  if (segment === null || memo.isCareful || memo.isTimed || memo.selfCallWatch > 0)
    return runOutermost(memo);
  const { tally, trie, runner } = memo;
  const limit = memo.depthLimit ?? DEFAULT_DEPTH_LIMIT;
  const startedAt = tally.isDue() ? now() : -1;
  spare = null;
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
    if (depth > tally.deepest) tally.deepest = depth;
    if (startedAt >= 0) tally.addTime(now() - startedAt);
    tally.settle(trie);
    if (segment.isUsed) closeUsed(segment, memo);
    else spare = segment;
  }
}

/** What a drive or an exact stack leaves behind. */
function closeUsed({ pinning, deepest }: Segment, { tally }: Memo): void {
  for (const memo of pinning) memo.pinned = null;
  if (deepest > tally.deepest) tally.deepest = deepest;
}

function openSegment(
  outer: Segment | null,
  base: number,
  limit: number,
  isCareful: boolean,
): Segment {
  const segment = spare;
  if (segment === null || base !== 0 || isCareful)
    return new Segment(outer, base, limit, isCareful);
  spare = null;
  segment.limit = limit;
  segment.deepest = 0;
  return segment;
}

/**
 * The first memoized run on the stack, or the first below a callback of the library. Its frame has
 * just been pushed.
 */
function runOutermost(
  memo: Memo,
  {
    isForced = false,
    isCareful = memo.isCareful,
    limit = memo.depthLimit ?? DEFAULT_DEPTH_LIMIT,
  }: RunOptions = DEFAULTS,
): unknown {
  const { ceiling, segment: outer, isOutside, slots } = stack;
  const base = stack.top - FRAME;
  const { tally } = memo;
  const segment = openSegment(outer, base, limit, isCareful);
  if (slots.length < base + FRAME * 8) reserve(base, limit + 2);
  // Pending calls of an outer drive are under way for this one too.
  if (outer !== null && outer.pendingEnd > 0) segment.hasPinned = true;
  if (isCareful && !isWarm) warmUp(memo, keyAt(slots, base));
  const watched = memo.selfCallWatch > 0 ? tally.hits + tally.runs : -1;
  const startedAt = outer === null && !memo.isTimed && tally.isDue() ? now() : -1;
  stack.segment = segment;
  stack.isOutside = false;
  stack.ceiling = segment.ceiling;
  try {
    if (isCareful) pin(segment, memo, keyAt(slots, base), PENDING);
    let value: unknown;
    try {
      value = runFrame(slots, base);
    } catch (error) {
      if (!wasInterrupted(segment, error)) throw error;
      return drive(segment, isForced, error);
    }
    if (wasDisturbed(segment, value)) return drive(segment, isForced, undefined);
    storeFrame(slots, base, value);
    return value;
  } finally {
    if (segment.isCareful && outer !== null) unmark(segment);
    const depth = Math.max(segment.deepest, clearFrames(base));
    for (const pinning of segment.pinning) pinning.pinned = null;
    stack.top = base;
    stack.ceiling = ceiling;
    stack.segment = outer;
    stack.isOutside = isOutside;
    if (outer !== null) {
      outer.deepest = Math.max(outer.deepest, (base - outer.base) / FRAME + depth);
      outer.isUsed = true;
    } else {
      if (depth > tally.deepest) tally.deepest = depth;
      if (startedAt >= 0) tally.addTime(now() - startedAt);
      tally.settle(memo.trie);
      if (!segment.isUsed) spare = segment;
    }
    if (watched >= 0) warnAboutSelfCalls(memo, watched);
  }
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

/** Whether calls go to the original. What is under way when memoization is switched off ends as it began. */
export function isOff(): boolean {
  return !stack.isEnabled && (stack.segment === null || stack.isOutside);
}

/** Memoization is switched off: the original, counted. */
export function runPlainly(memo: Memo, receiver: unknown, args: readonly unknown[]): unknown {
  memo.tally.runs++;
  const depth = ++plainDepth;
  if (depth > memo.tally.deepest) memo.tally.deepest = depth;
  try {
    return Reflect.apply(memo.original, receiver as never, args as never);
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
  const startedAt = stack.segment === null && !memo.isTimed ? now() : -1;
  memo.tally.runs++;
  try {
    const value: unknown = Reflect.apply(memo.runner, receiver as never, args as never);
    if (stack.segment?.isSuspended === true) rethrow(value);
    memo.trie.set(key, value === undefined ? VOID : value);
    return value;
  } finally {
    if (startedAt >= 0) memo.tally.runTime += now() - startedAt;
  }
}

/** Drops the entries if `clearAll` has asked for it. */
export function catchUp(memo: Memo): void {
  if (memo.tally.epoch === stack.entriesEpoch) return;
  keepForDrives(memo, () => memo.trie.entries());
  memo.trie.clear();
  memo.tally.epoch = stack.entriesEpoch;
}

/** Entries are about to be removed: drives under way that rely on them keep them for themselves. */
export function keepForDrives(
  memo: Memo,
  entries: () => Iterable<{ key: Key; value: unknown }>,
): void {
  const { segment } = stack;
  if (segment === null) return;
  for (const { key, value } of entries())
    if (memo.pinned?.get(key) === undefined) pin(segment, memo, key, value);
  for (let each: Segment | null = segment; each !== null; each = each.outer)
    each.hasPinned = each.isUsed = true;
  stack.ceiling = CLOSED;
}
