import type { Runs } from "../cache/rules.ts";
import type { Whole } from "../cache/whole.ts";
import { FAILURE } from "../cache/entry.ts";
import type { Memo } from "../cache/memo.ts";
import { VOID } from "../key/node.ts";
import { type Key, Trie } from "../key/trie.ts";
import { FRAME } from "./frame.ts";
import { outside, type Segment, stack } from "./stack.ts";

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

/** A recursion comes back to a function within so many runs. */
const NEAR = 64;

/**
 * Whether what is removed now may be asked for again before the outermost run ends, and then again
 * and again: without it, a recursion wider than its bound would never end. Either another run of the
 * function is near on the stack, or there is a drive, which runs bodies twice.
 */
function isNeeded(memo: Memo): boolean {
  const { segment } = stack;
  for (let each = segment; each !== null; each = each.outer) if (each.pendingEnd > 0) return true;
  return segment !== null && isUnderWay(memo);
}

/**
 * Whether a run of the function is near on the stack, on whatever receiver: what is asked for now is
 * asked for by its own recursion.
 */
export function isUnderWay({ whole }: Memo): boolean {
  return isAmong(stack.slots, 0, stack.top, whole);
}

/** Whether one of the last frames between `start` and `end` is of the function. */
export function isAmong(
  frames: readonly unknown[],
  start: number,
  end: number,
  whole: Whole,
): boolean {
  const first = Math.max(start, end - NEAR * FRAME);
  for (let at = end - FRAME; at >= first; at -= FRAME)
    if ((frames[at] as Memo | undefined)?.whole === whole) return true;
  return false;
}

/** What entries ask of runs. */
export const runs: Runs = {
  isNeeded,
  outermost: () => stack.outermostRuns,
  pin(memo, key, state, value) {
    const segment = stack.segment as Segment;
    segment.isUsed = true;
    const kept = state === FAILURE ? new Failure(value) : value;
    pin(segment, memo, key, kept === undefined ? VOID : kept);
  },
  outside,
};
