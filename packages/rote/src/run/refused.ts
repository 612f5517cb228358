import type { Memo } from "../cache/memo.ts";
import { RoteError } from "../errors.ts";
import { isSameKey, type Key, type Trie } from "../key/trie.ts";
import { SUSPENSION } from "./drive.ts";
import { FRAME } from "./frame.ts";
import { runOutermost } from "./outermost.ts";
import { isStackOverflow } from "./overflow.ts";
import { claimRoom, ROOM } from "./room.ts";
import { type Segment, stack } from "./stack.ts";

/** How often one call is refused in a row while a suspension is on its way up, before it is run there and then. */
const MAX_REPEATS = 8;

/** User code has caught a suspension and goes on calling. */
export function runRefused(
  segment: Segment,
  memo: Memo,
  receiver: unknown,
  args: readonly unknown[],
  key: Key,
): unknown {
  if (!isSpinning(segment, key)) throw SUSPENSION;
  if (segment.isExhausted) {
    // A loop that swallows this error, too, is ended by a value, which nobody keeps: whatever the run
    // above returns is dropped, because a suspension is on its way up.
    if (segment.repeats > 2 * MAX_REPEATS) return undefined;
    throw depthError(memo, undefined);
  }
  // Calls that are being unwound are pending, but what is run here does not wait for them.
  const hidden = hidePinned(segment);
  try {
    claimRoom(2 * ROOM);
    // As deep as the stack goes: another suspension would be caught like this one. Careful, so that
    // an overflow is seen before code that catches everything sees it.
    return runOutermost(memo, receiver, args, key, { isCareful: true, limit: Infinity });
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
    `"${memo.whole.name}" was called again and again while rote unwinds a deep recursion, and there is no stack left to run it. ` +
      "Let errors that the code did not expect pass through its catch, or lower options.depthLimit.",
    { cause },
  );
}
