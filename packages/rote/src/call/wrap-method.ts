import type { Entries } from "../cache/entries.ts";
import { type Entry, RESULT } from "../cache/entry.ts";
import type { Memo } from "../cache/memo.ts";
import { ownOf } from "../cache/receivers.ts";
import type { Whole } from "../cache/whole.ts";
import { endBelow, endOfThree, slotOf } from "../key/direct.ts";
import type { Node } from "../key/node.ts";
import { type Stack, stack } from "../run/stack.ts";
import type { Wrapper } from "./any.ts";
import { callMethod, missed } from "./method.ts";

/**
 * The call paths of methods, for hits: as those in wrap.ts and wrap-entry.ts, in the cache of the
 * receiver, and written out for the same reason. They are methods themselves, so that `new` refuses them as it does the original.
 */
export function wrapMethod(whole: Whole, isQuick: boolean): Wrapper {
  if (!isQuick) return pathAny(whole);
  const { memo } = whole;
  return [path0, path1, path2, path3][memo.arity]?.(whole, memo, stack) as Wrapper;
}

function pathAny(whole: Whole): Wrapper {
  return {
    method(this: unknown, ...args: unknown[]): unknown {
      return callMethod(whole, this, args);
    },
  }.method;
}

/** Whether an entry is a hit as it is; everything else is for `callMethod`. */
function isHit(entries: Entries, entry: Entry): boolean {
  const { rules, policy } = entries;
  if (entry.state !== RESULT || rules.touch || (rules.expires && !entries.isFresh(entry)))
    return false;
  if (policy !== null) policy.touch(entry.slot, entry.hash);
  return true;
}

function path0(whole: Whole, memo: Memo, state: Stack): Wrapper {
  return {
    method(this: unknown): unknown {
      if (arguments.length !== 0) return callMethod(whole, this, [...arguments] as unknown[]);
      const own = ownOf(this, whole);
      let found: unknown;
      if (own !== undefined && memo.epoch === state.epoch) {
        found = (own.root as Node).nested;
        if (found !== undefined && typeof found !== "symbol") {
          const { entries } = own;
          if (entries === null) {
            whole.hits++;
            return found;
          }
          if (isHit(entries, found as Entry)) {
            whole.hits++;
            return (found as Entry).value;
          }
        }
      }
      return missed(whole, this, own, found, undefined, undefined, undefined);
    },
  }.method;
}

function path1(whole: Whole, memo: Memo, state: Stack): Wrapper {
  return {
    method(this: unknown, a: unknown): unknown {
      if (arguments.length !== 1) return callMethod(whole, this, [...arguments] as unknown[]);
      const own = ownOf(this, whole);
      let found: unknown;
      if (own !== undefined && memo.epoch === state.epoch) {
        found = slotOf(own.root as Node, a);
        if (found !== undefined && typeof found !== "symbol") {
          const { entries } = own;
          if (entries === null) {
            whole.hits++;
            return found;
          }
          if (isHit(entries, found as Entry)) {
            whole.hits++;
            return (found as Entry).value;
          }
        }
      }
      return missed(whole, this, own, found, a, undefined, undefined);
    },
  }.method;
}

function path2(whole: Whole, memo: Memo, state: Stack): Wrapper {
  return {
    method(this: unknown, a: unknown, b: unknown): unknown {
      if (arguments.length !== 2) return callMethod(whole, this, [...arguments] as unknown[]);
      const own = ownOf(this, whole);
      let found: unknown;
      if (own !== undefined && memo.epoch === state.epoch) {
        found = endBelow(slotOf(own.root as Node, a), b);
        if (found !== undefined && typeof found !== "symbol") {
          const { entries } = own;
          if (entries === null) {
            whole.hits++;
            return found;
          }
          if (isHit(entries, found as Entry)) {
            whole.hits++;
            return (found as Entry).value;
          }
        }
      }
      return missed(whole, this, own, found, a, b, undefined);
    },
  }.method;
}

function path3(whole: Whole, memo: Memo, state: Stack): Wrapper {
  return {
    method(this: unknown, a: unknown, b: unknown, c: unknown): unknown {
      if (arguments.length !== 3) return callMethod(whole, this, [...arguments] as unknown[]);
      const own = ownOf(this, whole);
      let found: unknown;
      if (own !== undefined && memo.epoch === state.epoch) {
        found = endOfThree(own.root as Node, a, b, c);
        if (found !== undefined && typeof found !== "symbol") {
          const { entries } = own;
          if (entries === null) {
            whole.hits++;
            return found;
          }
          if (isHit(entries, found as Entry)) {
            whole.hits++;
            return (found as Entry).value;
          }
        }
      }
      return missed(whole, this, own, found, a, b, c);
    },
  }.method;
}
