import type { AnyFunction, Memo } from "../cache/memo.ts";
import type { Whole } from "../cache/whole.ts";
import {
  endBelow,
  endOfThree,
  isDirect,
  slotOf,
  storeDirect,
  storePair,
  storeThree,
} from "../key/direct.ts";
import type { Node } from "../key/node.ts";
import { Key } from "../key/trie.ts";
import { enter, leave, runDirect } from "../run/direct.ts";
import { goesOn } from "../run/deep.ts";
import { isThenable, mayBeThenable } from "../run/thenable.ts";
import { FRAME } from "../run/frame.ts";
import { keepResult } from "../run/keep.ts";
import { CLOSED, type Stack, stack } from "../run/stack.ts";
import { settle } from "../run/suspend.ts";
import { anyOf, callAny, wrapAny, type Wrapper } from "./any.ts";
import { wrapEntry } from "./wrap-entry.ts";

/**
 * The call paths: what happens between a call and its result. One is chosen when wrapping.
 *
 * Each factory is written out, although the steps are the same, because V8 keeps type feedback per
 * place in the source: functions of one, two and three arguments each keep their own. The run comes
 * first in the source, because V8 reads through unoptimized code up to it whenever it unwinds a
 * frame. All of them are parameters, because V8 would check again and again whether constants have
 * been initialised. What that buys, and what it costs, is in docs/design/0003-call-paths.md.
 */
export function wrap(memo: Memo): Wrapper {
  const { arity, trie, whole } = memo;
  const { byIdentity, runner } = whole;
  if (arity === 0) return wrapAny(memo);
  if (memo.entries !== null) return wrapEntry(memo, memo.entries);
  const root = trie.root(arity);
  if (byIdentity && arity === 1) return identityPath1(memo, whole, root.weakChildren().ends, stack);
  if (byIdentity && arity === 2)
    return identityPath2(memo, whole, root.weakChildren().nodes, stack);
  return (arity === 1 ? path1 : arity === 2 ? path2 : path3)(memo, whole, root, runner, stack);
}

/** How many arguments a specialised call path takes, for a function that declares `length`; 0 for none. */
export function fastArity(length: number): number {
  return length >= 1 && length <= 3 ? length : 0;
}

/** A run that may not simply go ahead, and is perhaps none: memoization is off, or somebody listens. */
function runOther(memo: Memo, root: Node, a: unknown, b: unknown, c: unknown): unknown {
  return memo.epoch === stack.epoch
    ? runDirect(memo, root, a, b, c)
    : callAny(memo, undefined, [a, b, c].slice(0, memo.arity));
}

function keepPromise(memo: Memo, value: unknown, ...args: unknown[]): unknown {
  return keepResult(memo, undefined, args, new Key(args.length, null, args), value);
}

function path1(memo: Memo, whole: Whole, root: Node, fn: AnyFunction, state: Stack): Wrapper {
  return function (this: unknown, a: unknown): unknown {
    if (arguments.length === 1 && new.target === undefined) {
      const found = slotOf(root, a);
      if (found === undefined) {
        // As `enter` and `leave`, written out, which makes it faster by a tenth.
        const at = state.top;
        const { slots, ceiling } = state;
        if ((at < ceiling || (ceiling !== CLOSED && goesOn(memo))) && memo.epoch === state.epoch) {
          if (slots[at] !== memo) slots[at] = memo;
          slots[at + 1] = a;
          state.top = at + FRAME;
          whole.runs++;
          const value: unknown = fn(a);
          if (state.top !== at + FRAME) settle(at, value);
          state.top = at;
          if (mayBeThenable(value) && isThenable(value)) return keepPromise(memo, value, a);
          storeDirect(memo.trie, root, a, value);
          return value;
        }
        return runOther(memo, root, a, undefined, undefined);
      }
      if (typeof found !== "symbol" && memo.epoch === state.epoch) {
        whole.hits++;
        return found;
      }
      return callAny(memo, undefined, [a]);
    }
    return anyOf(memo, new.target).apply(this, arguments as never);
  };
}

function path2(memo: Memo, whole: Whole, root: Node, fn: AnyFunction, state: Stack): Wrapper {
  return function (this: unknown, a: unknown, b: unknown): unknown {
    if (arguments.length !== 2 || new.target !== undefined)
      return anyOf(memo, new.target).apply(this, arguments as never);
    const found = endBelow(slotOf(root, a), b);
    if (found !== undefined && typeof found !== "symbol" && memo.epoch === state.epoch) {
      whole.hits++;
      return found;
    }
    if (found !== undefined || !isDirect(a) || !isDirect(b))
      return callAny(memo, undefined, [a, b]);
    const at = enter(memo, state);
    if (at < 0) return runOther(memo, root, a, b, undefined);
    const { slots } = state;
    slots[at + 1] = a;
    slots[at + 2] = b;
    const value: unknown = fn(a, b);
    leave(at, state, value);
    if (mayBeThenable(value) && isThenable(value)) return keepPromise(memo, value, a, b);
    storePair(memo.trie, root, a, b, value);
    return value;
  };
}

function path3(memo: Memo, whole: Whole, root: Node, fn: AnyFunction, state: Stack): Wrapper {
  return function (this: unknown, a: unknown, b: unknown, c: unknown): unknown {
    if (arguments.length !== 3 || new.target !== undefined)
      return anyOf(memo, new.target).apply(this, arguments as never);
    const found = endOfThree(root, a, b, c);
    if (found !== undefined && typeof found !== "symbol" && memo.epoch === state.epoch) {
      whole.hits++;
      return found;
    }
    if (found !== undefined || !isDirect(a) || !isDirect(b) || !isDirect(c))
      return callAny(memo, undefined, [a, b, c]);
    const at = enter(memo, state);
    if (at < 0) return runOther(memo, root, a, b, c);
    const { slots } = state;
    slots[at + 1] = a;
    slots[at + 2] = b;
    slots[at + 3] = c;
    const value: unknown = fn(a, b, c);
    leave(at, state, value);
    if (mayBeThenable(value) && isThenable(value)) return keepPromise(memo, value, a, b, c);
    storeThree(memo.trie, a, b, c, value);
    return value;
  };
}

/** One argument by identity: a weak map is all there is to it. What it cannot hold, it has not. */
function identityPath1(
  memo: Memo,
  whole: Whole,
  ends: WeakMap<WeakKey, unknown>,
  state: Stack,
): Wrapper {
  return function (this: unknown, a: unknown): unknown {
    if (arguments.length !== 1 || new.target !== undefined)
      return anyOf(memo, new.target).apply(this, arguments as never);
    const found = ends.get(a as WeakKey);
    if (found === undefined || typeof found === "symbol" || memo.epoch !== state.epoch)
      return callAny(memo, undefined, [a]);
    whole.hits++;
    return found;
  };
}

function identityPath2(
  memo: Memo,
  whole: Whole,
  nodes: WeakMap<WeakKey, Node>,
  state: Stack,
): Wrapper {
  return function (this: unknown, a: unknown, b: unknown): unknown {
    if (arguments.length !== 2 || new.target !== undefined)
      return anyOf(memo, new.target).apply(this, arguments as never);
    const found = nodes.get(a as WeakKey)?.weak?.ends.get(b as WeakKey);
    if (found === undefined || typeof found === "symbol" || memo.epoch !== state.epoch)
      return callAny(memo, undefined, [a, b]);
    whole.hits++;
    return found;
  };
}
