import { memoize } from "rote";
import type { Memoized } from "rote";
import { expect } from "vitest";
import { isIdle } from "../../packages/rote/src/run/stack.ts";

/** Counts how often a body was entered, in all and by label. */
export interface Tally {
  enter(label: string | number): void;
  of(label: string | number): number;
  readonly total: number;
  readonly distinct: number;
}

export function tally(): Tally {
  const entered = new Map<string | number, number>();
  let total = 0;
  return {
    enter(label) {
      total++;
      entered.set(label, (entered.get(label) ?? 0) + 1);
    },
    of: (label) => entered.get(label) ?? 0,
    get total() {
      return total;
    },
    get distinct() {
      return entered.size;
    },
  };
}

type Any = Memoized<(...args: any[]) => unknown>;

/**
 * The 2 N bound, for calls that all returned and whose entries were not removed: every entry is one distinct
 * call, and the bodies behind them were entered at most twice as often. What `stats()` says agrees with the count.
 */
export function expectBound(bodies: number, ...functions: Any[]): void {
  const { entries, runs, reruns, pinned } = total(functions);
  expect(bodies).toBeLessThanOrEqual(2 * entries);
  expect(runs).toBe(bodies);
  expect(reruns).toBe(bodies - entries);
  expect(pinned).toBe(0);
}

/** The same where the engine's stack overflows: that may happen between the start of a run and its body. */
export function expectBoundOnOverflow(bodies: number, ...functions: Any[]): void {
  const { entries, runs, reruns, pinned } = total(functions);
  expect(bodies).toBeLessThanOrEqual(2 * entries);
  expect(runs).toBeGreaterThanOrEqual(bodies);
  expect(runs).toBeLessThanOrEqual(bodies + 100);
  expect(reruns).toBe(runs - entries);
  expect(pinned).toBe(0);
}

function total(functions: Any[]) {
  let entries = 0;
  let runs = 0;
  let reruns = 0;
  let pinned = 0;
  for (const fn of functions) {
    const stats = fn.cache.stats();
    entries += stats.entries;
    runs += stats.runs;
    reruns += stats.reruns;
    pinned += stats.pinned;
    expect(stats.entries).toBe(fn.cache.size);
  }
  return { entries, runs, reruns, pinned };
}

function chain(depthLimit: number): Memoized<(n: number) => number> {
  const f = memoize((n: number): number => (n === 0 ? 0 : f(n - 1) + 1), { depthLimit });
  return f;
}

/**
 * Whatever happened before: depth and side stack are as if nothing had. A depth that had leaked upwards would make
 * the first chain restart; one that had leaked downwards would keep the second from it.
 */
export function afterwards(): void {
  expect(isIdle()).toBe(true);

  const fits = chain(5);
  expect(fits(4)).toBe(4);
  expect(fits.cache.stats()).toMatchObject({ runs: 5, reruns: 0, entries: 5, depth: 5, pinned: 0 });

  const tooDeep = chain(5);
  expect(tooDeep(5)).toBe(5);
  expect(tooDeep.cache.stats().reruns).toBeGreaterThan(0);
  expect(tooDeep.cache.stats()).toMatchObject({ entries: 6, depth: 6, pinned: 0 });

  const deep = chain(7);
  expect(deep(500)).toBe(500);
  expectBound(deep.cache.stats().runs, deep);

  const ordinary = memoize((a: number, b: number) => a * b);
  expect(ordinary(6, 7)).toBe(42);
  expect(ordinary(6, 7)).toBe(42);
  expect(ordinary.cache.stats()).toMatchObject({ hits: 1, runs: 1, reruns: 0, entries: 1 });
}

/** Calls `inner` under `frames` plain frames. */
export function under<T>(frames: number, inner: () => T): T {
  if (frames === 0) return inner();
  const value = under(frames - 1, inner);
  return value;
}

/** Calls `inner` where the stack has room left for about `margin` small frames. */
export function nearOverflow<T>(margin: number, inner: () => T): T {
  let outcome: { value: T } | { error: unknown } | undefined;
  const down = (): number => {
    let left: number;
    try {
      left = down();
    } catch {
      left = 0;
    }
    if (left === margin) {
      try {
        outcome = { value: inner() };
      } catch (error) {
        outcome = { error };
      }
    }
    return left + 1;
  };
  down();
  if (outcome === undefined) throw new Error(`The stack has fewer than ${margin} frames.`);
  if ("error" in outcome) throw outcome.error;
  return outcome.value;
}

export function isStackOverflow(error: unknown): boolean {
  return error instanceof RangeError && /maximum call stack size exceeded/i.test(error.message);
}

/** What `inner` throws; fails if it returns. */
export function thrownBy(inner: () => unknown): unknown {
  try {
    inner();
  } catch (error) {
    return error;
  }
  return expect.unreachable("expected a throw");
}
