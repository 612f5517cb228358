import type { Memo } from "../cache/memo.ts";
import type { Whole } from "../cache/whole.ts";

/**
 * A request, or whatever else was begun with `runInScope`: what functions with `scope: "request"` keep
 * for it. Everything of it can be reached through it alone, so a scope that is never ended goes with
 * the code that runs in it.
 */
export class Scope {
  /** `null` once it has ended: what still runs in it then keeps nothing. */
  caches: Map<Whole, Memo> | null = new Map();
}

/** Finds the scope in which the code is running that asks; the first call of `runInScope` says how. */
let find: () => Scope | undefined = () => undefined;

export function findScopesWith(finder: () => Scope | undefined): void {
  find = finder;
}

/** The caches of the scope that is open. */
export function currentCaches(): Map<Whole, Memo> | null {
  return find()?.caches ?? null;
}
