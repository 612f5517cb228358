import type { Memo } from "../cache/memo.ts";
import { VOID } from "../key/node.ts";
import type { Key } from "../key/trie.ts";
import { SUSPENSION } from "./drive.ts";
import { Failure, PENDING, pin } from "./pins.ts";
import { failed, keepResult } from "./keep.ts";
import { isStackOverflow } from "./overflow.ts";
import { requireRoom } from "./room.ts";
import { CLOSED, push, type Segment, stack } from "./stack.ts";
import { rethrow, suspend } from "./suspend.ts";

/**
 * A function that catches errors is called under functions that do not: from here on, care is taken.
 * The frames below stay as they are, unmarked: some may be left over from errors that were caught.
 */
export function becomeCareful(segment: Segment): void {
  segment.isCareful = segment.isUsed = true;
  segment.exactFrom = stack.top;
  stack.ceiling = CLOSED;
}

/** With an exact stack: every way out of the run is seen. */
export function runCarefully(
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
    memo.whole.runs++;
    value = Reflect.apply(memo.whole.runner, receiver as never, args as never);
  } catch (error) {
    if (segment.isSuspended) throw SUSPENSION;
    // The worst is assumed before anything is called: where the stack is full, even to ask what the
    // error is may overflow, and user code would catch that as an error of its own.
    segment.isSuspended = segment.hasOverflowed = true;
    if (isStackOverflow(error) && at > segment.base) {
      if (stack.top === at) {
        segment.refusedAt = at;
        push(memo, receiver, args, key);
      }
      return suspend(segment);
    }
    segment.isSuspended = segment.hasOverflowed = false;
    stack.top = at;
    if (segment.pendingEnd > 0) {
      segment.hasPinned = true;
      pin(segment, memo, key, new Failure(error));
    } else {
      memo.pinned?.delete(key);
    }
    const instead = failed(memo, args, key, error);
    if (instead === undefined) throw error;
    if (segment.hasPinned)
      pin(segment, memo, key, instead.value === undefined ? VOID : instead.value);
    return instead.value;
  }
  if (segment.isSuspended) rethrow(value);
  stack.top = at;
  // The mark goes first: what is kept may be pinned.
  memo.pinned?.delete(key);
  value = keepResult(memo, receiver, args, key, value);
  if (segment.hasPinned) pin(segment, memo, key, value === undefined ? VOID : value);
  return value;
}
