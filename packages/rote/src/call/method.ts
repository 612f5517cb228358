import type { Memo } from "../cache/memo.ts";
import { canOwn, type Receivers } from "../cache/receivers.ts";
import type { Whole } from "../cache/whole.ts";
import { isDirect, storeDirect, storeNone, storePair, storeThree } from "../key/direct.ts";
import type { Node } from "../key/node.ts";
import { Key } from "../key/trie.ts";
import { apply, enter, leave, runDirect } from "../run/direct.ts";
import { isThenable, mayBeThenable } from "../run/thenable.ts";
import { catchUp } from "../run/forget.ts";
import { keepResult } from "../run/keep.ts";
import { isOff, runPlainly } from "../run/plain.ts";
import { stack } from "../run/stack.ts";
import { callAny } from "./any.ts";

/** Any call of a method: as `callAny`, with the cache of the receiver. */
export function callMethod(whole: Whole, receiver: unknown, args: readonly unknown[]): unknown {
  if (whole.memo.epoch !== stack.epoch && isOff()) return runPlainly(whole.memo, receiver, args);
  return callAny(memoOf(whole, receiver), receiver, args);
}

/**
 * A call with as many arguments as declared that is no hit: in most cases a run that may simply go
 * ahead. `found` is what is there of it in `own`, the cache of the receiver, which it may not have yet.
 */
export function missed(
  whole: Whole,
  receiver: unknown,
  own: Memo | undefined,
  found: unknown,
  a: unknown,
  b: unknown,
  c: unknown,
): unknown {
  const { memo, isCareful } = whole;
  if (found === undefined && memo.epoch === stack.epoch && !isCareful && canOwn(receiver)) {
    const each = own ?? memoOf(whole, receiver);
    if (own !== undefined) (whole.receivers as Receivers).noteUse(own);
    const isNew = own !== undefined || each.trie.strongSize === 0;
    if (isNew && each.entries === null && isDirect(a) && isDirect(b) && isDirect(c))
      return runMethod(each, each.root as Node, a, b, c);
  }
  return callMethod(whole, receiver, [a, b, c].slice(0, whole.memo.arity));
}

function runMethod(memo: Memo, root: Node, a: unknown, b: unknown, c: unknown): unknown {
  const at = enter(memo, stack);
  if (at < 0) return runDirect(memo, root, a, b, c);
  const { arity, receiver, trie, whole } = memo;
  const { slots } = stack;
  // Not a key, which would mean another kind of frame.
  slots[at + 1] = a;
  if (arity > 1) slots[at + 2] = b;
  if (arity > 2) slots[at + 3] = c;
  const value = apply(whole.runner, receiver, arity, a, b, c);
  leave(at, stack, value);
  if (mayBeThenable(value) && isThenable(value)) {
    const args = [a, b, c].slice(0, arity);
    return keepResult(memo, receiver, args, new Key(arity, null, args), value);
  }
  if (arity === 0) storeNone(trie, root, value);
  else if (arity === 1) storeDirect(trie, root, a, value);
  else if (arity === 2) storePair(trie, root, a, b, value);
  else storeThree(trie, a, b, c, value);
  return value;
}

/** The cache of a receiver, up to date. */
export function memoOf(whole: Whole, receiver: unknown): Memo {
  const own = (whole.receivers as Receivers).of(receiver);
  if (own.generation !== whole.generation || own.entriesEpoch !== stack.entriesEpoch) catchUp(own);
  // Caught up while somebody listened, and now nobody does.
  else if (own.epoch !== own.entriesEpoch && whole.listeners === null) own.enter(own.entriesEpoch);
  return own;
}
