import type { Entries } from "../cache/entries.ts";
import { type Entry, GHOST, RESULT } from "../cache/entry.ts";
import type { Memo } from "../cache/memo.ts";
import { STRIDE } from "../cache/time.ts";
import type { Whole } from "../cache/whole.ts";
import { endBelow, endOfThree, isDirect, slotOf } from "../key/direct.ts";
import type { Node } from "../key/node.ts";
import { runDirect } from "../run/direct.ts";
import { type Stack, stack } from "../run/stack.ts";
import { anyOf, callAny, type Wrapper } from "./any.ts";

/**
 * The call paths of functions whose trie holds entries: as those in wrap.ts, for hits on results.
 * Written out for the same reason. Everything else is for the path of any call, or for `runDirect`.
 */
export function wrapEntry(memo: Memo, entries: Entries): Wrapper {
  const root = memo.trie.root(memo.arity);
  return (memo.arity === 1 ? path1 : memo.arity === 2 ? path2 : path3)(
    memo,
    memo.whole,
    root,
    entries,
    stack,
  );
}

/** Every few hundred hits, the clock is read again. Nothing else is asked here: each question costs a tenth of a hit. */
function isStillGood(whole: Whole): boolean {
  return (whole.hits & (STRIDE - 1)) !== 0;
}

/** Whether a miss is an ordinary outermost run. What there is of an entry may be a ghost. */
function mayRun(memo: Memo, entries: Entries, found: unknown): boolean {
  if (
    stack.segment !== null ||
    memo.whole.isAsync ||
    memo.whole.seesErrors ||
    memo.epoch !== stack.epoch ||
    !(found === undefined || (typeof found !== "symbol" && (found as Entry).state === GHOST))
  )
    return false;
  entries.lookedUp = found as Entry | undefined;
  entries.lookedUpAt = entries.changes;
  return true;
}

function path1(memo: Memo, whole: Whole, root: Node, entries: Entries, state: Stack): Wrapper {
  const { policy, clock } = entries;
  const { expires } = entries.rules;
  return function (this: unknown, a: unknown): unknown {
    if (arguments.length !== 1 || new.target !== undefined)
      return anyOf(memo, new.target).apply(this, arguments as never);
    const found = slotOf(root, a);
    if (found !== undefined && typeof found !== "symbol" && memo.epoch === state.epoch) {
      const entry = found as Entry;
      const isFresh =
        !expires || (entry.tick === clock.tick && isStillGood(whole)) || entries.isFresh(entry);
      if (isFresh && entry.state === RESULT) {
        whole.hits++;
        if (policy !== null) policy.touch(entry.slot, entry.hash);
        return entry.value;
      }
    }
    return mayRun(memo, entries, found)
      ? runDirect(memo, root, a, undefined, undefined)
      : callAny(memo, undefined, [a]);
  };
}

function path2(memo: Memo, whole: Whole, root: Node, entries: Entries, state: Stack): Wrapper {
  const { policy, clock } = entries;
  const { expires } = entries.rules;
  return function (this: unknown, a: unknown, b: unknown): unknown {
    if (arguments.length !== 2 || new.target !== undefined)
      return anyOf(memo, new.target).apply(this, arguments as never);
    const found = endBelow(slotOf(root, a), b);
    if (found !== undefined && typeof found !== "symbol" && memo.epoch === state.epoch) {
      const entry = found as Entry;
      const isFresh =
        !expires || (entry.tick === clock.tick && isStillGood(whole)) || entries.isFresh(entry);
      if (isFresh && entry.state === RESULT) {
        whole.hits++;
        if (policy !== null) policy.touch(entry.slot, entry.hash);
        return entry.value;
      }
    }
    return mayRun(memo, entries, found) && isDirect(a) && isDirect(b)
      ? runDirect(memo, root, a, b, undefined)
      : callAny(memo, undefined, [a, b]);
  };
}

function path3(memo: Memo, whole: Whole, root: Node, entries: Entries, state: Stack): Wrapper {
  const { policy, clock } = entries;
  const { expires } = entries.rules;
  return function (this: unknown, a: unknown, b: unknown, c: unknown): unknown {
    if (arguments.length !== 3 || new.target !== undefined)
      return anyOf(memo, new.target).apply(this, arguments as never);
    const found = endOfThree(root, a, b, c);
    if (found !== undefined && typeof found !== "symbol" && memo.epoch === state.epoch) {
      const entry = found as Entry;
      const isFresh =
        !expires || (entry.tick === clock.tick && isStillGood(whole)) || entries.isFresh(entry);
      if (isFresh && entry.state === RESULT) {
        whole.hits++;
        if (policy !== null) policy.touch(entry.slot, entry.hash);
        return entry.value;
      }
    }
    return mayRun(memo, entries, found) && isDirect(a) && isDirect(b) && isDirect(c)
      ? runDirect(memo, root, a, b, c)
      : callAny(memo, undefined, [a, b, c]);
  };
}
