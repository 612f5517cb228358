import type { Memo } from "../cache/memo.ts";
import { Key } from "../key/trie.ts";
import { FRAME } from "./frame.ts";
import { isStackOverflow } from "./overflow.ts";
import { hasRoom } from "./room.ts";
import { clearFrames, Segment, stack } from "./stack.ts";
import { refuseFull } from "./suspend.ts";

/** How many runs one test of the room is for. */
const STEP = 4;

/**
 * At a ceiling that is not closed: whether it was only a stop on the way to the limit, there is room, and the next
 * few runs may go ahead.
 */
export function goesOn(memo: Memo): boolean {
  const { segment, top } = stack;
  // The first time the general path is taken, which warms up.
  if (segment === null || memo.whole.isCareful || memo.whole.isAsync || !isWarm) return false;
  const limit = segment.base + segment.limit * FRAME;
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
 * which takes more stack than there is when an overflow has to be dealt with. (Imported functions,
 * because where modules are transformed, an import may be a getter that has to be compiled, too.)
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
