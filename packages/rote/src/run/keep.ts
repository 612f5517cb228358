import { Entry, FAILURE, FLIGHT, REJECTION, RESULT, type Settled } from "../cache/entry.ts";
import type { Entries } from "../cache/entries.ts";
import type { Memo } from "../cache/memo.ts";
import { storeDirect } from "../key/direct.ts";
import { childOf, type Node, VOID } from "../key/node.ts";
import { Key } from "../key/trie.ts";
import { isThenable, mayBeThenable } from "./thenable.ts";
import { refreshUnderWay, watch, watchSet } from "./watch.ts";
import { argsAt, keyAt, memoAt, receiverAt } from "./frame.ts";
import { isRefusal, isStackOverflow } from "./overflow.ts";
import { Failure, PENDING } from "./pins.ts";
import { stack } from "./stack.ts";

/** What happens to the result of a run, and where the result of an earlier one is. */

/** Keeps the result of a run; what its caller gets. */
export function keepResult(
  memo: Memo,
  receiver: unknown,
  args: readonly unknown[],
  key: Key,
  value: unknown,
): unknown {
  if (mayBeThenable(value) && isThenable(value)) return watch(memo, receiver, args, key, value);
  if (memo.entries !== null) {
    // A refresh that was overtaken while it ran has lost.
    if (refreshUnderWay(memo, key)?.isOvertaken !== true)
      memo.entries.keep(key, receiver, args, value);
  } else memo.trie.set(key, value === undefined ? VOID : value);
  if (memo.whole.listeners !== null)
    memo.whole.listeners.emit({ type: "run", args, value, duration: memo.whole.lastDuration });
  return value;
}

/** The same for a call that is a frame. */
export function keepFrame(slots: readonly unknown[], at: number, value: unknown): unknown {
  const memo = memoAt(slots, at);
  const { arity, trie } = memo;
  if (
    arity !== 1 ||
    slots[at + 1] instanceof Key ||
    memo.entries !== null ||
    memo.whole.listeners !== null ||
    (mayBeThenable(value) && isThenable(value))
  )
    return keepResult(memo, receiverAt(slots, at), argsAt(slots, at), keyAt(slots, at), value);
  storeDirect(trie, trie.root(1), slots[at + 1], value);
  return value;
}

/** The same for a function with entries, called with one token as it stands. */
export function keepSingle(memo: Memo, root: Node, token: unknown, value: unknown): unknown {
  if (memo.whole.listeners !== null || (mayBeThenable(value) && isThenable(value)))
    return keepResult(memo, memo.receiver, [token], new Key(1, null, [token]), value);
  (memo.entries as Entries).keepSingle(root, token, value);
  return value;
}

/** What `set` was given for a function that has entries, or that was given a promise. */
export function setEntry(
  memo: Memo,
  receiver: unknown,
  args: readonly unknown[],
  key: Key,
  value: unknown,
): void {
  if (isThenable(value)) watchSet(memo, receiver, args, key, value);
  else memo.entries?.keep(key, receiver, args, value);
}

/**
 * A run has failed, and not because of a suspension or a full stack. What its callers get instead of
 * the error, if there is an old result that may be returned for it; nothing if the run was asked for.
 */
export function failed(
  memo: Memo,
  args: readonly unknown[],
  key: Key,
  error: unknown,
  isForced = false,
): Settled | undefined {
  if (!memo.whole.seesErrors || isStackOverflow(error)) return undefined;
  const { entries } = memo;
  const { listeners } = memo.whole;
  let instead: Settled | undefined;
  if (entries !== null && entries.rules.seesErrors) {
    const found = memo.trie.get(key);
    const isOld = found instanceof Entry && found.state === RESULT && entries.isKept(found);
    // A result that was to be replaced is better than a failure.
    if (isOld && !isRefusal(error)) instead = entries.stale?.rescue(found);
    const isDropped = refreshUnderWay(memo, key)?.isOvertaken === true;
    if (!isOld && !isDropped && entries.rules.errorTtl > 0)
      entries.keepFailure(key, FAILURE, error);
  }
  listeners?.emit({ type: "error", args, error, duration: memo.whole.lastDuration });
  if (instead === undefined || isForced) return undefined;
  memo.whole.rescued++;
  return instead;
}

/** What a run of this call would return, in the form in which it is stored; `undefined` if that is not known. */
export function findResult(memo: Memo, key: Key): unknown {
  const found = memo.trie.get(key);
  if (found !== undefined && !(found instanceof Entry)) return found;
  if (found instanceof Entry) {
    const { state, value } = found;
    const isUsable =
      state === FLIGHT ||
      ((state === RESULT || state === REJECTION) && memo.entries?.isUsable(found) === true);
    if (isUsable) return value === undefined ? VOID : value;
  }
  const pinned = memo.entries === null ? undefined : memo.pinned?.get(key);
  return pinned === PENDING || pinned instanceof Failure ? undefined : pinned;
}

/** The same for the call of a frame. */
export function findFrame(slots: readonly unknown[], at: number): unknown {
  const { arity, trie, entries } = memoAt(slots, at);
  return arity === 1 && entries === null && !(slots[at + 1] instanceof Key)
    ? childOf(trie.root(1), slots[at + 1])
    : findResult(memoAt(slots, at), keyAt(slots, at));
}

/** Runs a function of which errors are noticed; where the run is not seen to its end otherwise. */
export function runNoticing(
  memo: Memo,
  receiver: unknown,
  args: readonly unknown[],
  key: Key,
): unknown {
  try {
    return Reflect.apply(memo.whole.runner, receiver as never, args as never);
  } catch (error) {
    if (stack.segment?.isSuspended !== true) failed(memo, args, key, error);
    throw error;
  }
}
