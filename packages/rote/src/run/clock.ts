import { register } from "../cache/registry.ts";
import type { AnyFunction, Memo } from "../cache/memo.ts";
import { noticeGrowth } from "./unbounded.ts";

interface Platform {
  performance?: { now(): number };
}

/** Milliseconds from the platform's monotonic clock, looked up late so that fake timers work. */
export function now(): number {
  const { performance } = globalThis as Platform;
  return performance === undefined ? Date.now() : performance.now();
}

/** Milliseconds up to which a run is short. */
const SHORT = 0.005;
const MAX_STRIDE = 64;

/** When an outermost run of this function begins that is due to be measured: `--untilDue` is not above 0 any more. */
export function startClock(memo: Memo): number {
  register(memo);
  noticeGrowth(memo);
  memo.runsBefore = memo.runs;
  return now();
}

/**
 * Adds the time of a measured outermost run, for those that were not measured, too. Two clock
 * readings take longer than a short run, so of short runs every second, fourth, … 64th is measured.
 */
export function stopClock(memo: Memo, startedAt: number): void {
  const took = now() - startedAt;
  memo.runTime += took * memo.stride;
  memo.timedRuns += (memo.runs - memo.runsBefore) * memo.stride;
  memo.untilDue = memo.stride = took < SHORT ? Math.min(memo.stride * 2, MAX_STRIDE) : 1;
}

/** `fn`, every run of it measured. */
export function timing(fn: AnyFunction, memo: Memo): AnyFunction {
  return function (this: unknown, ...args: unknown[]): unknown {
    const startedAt = now();
    try {
      return Reflect.apply(fn, this as never, args as never);
    } finally {
      memo.runTime += now() - startedAt;
      memo.timedRuns++;
    }
  } as AnyFunction;
}

/** The same for those who listen, who are told of each run how long it took. */
export function observing(fn: AnyFunction, memo: Memo): AnyFunction {
  return function (this: unknown, ...args: unknown[]): unknown {
    const startedAt = now();
    try {
      return Reflect.apply(fn, this as never, args as never);
    } finally {
      memo.lastDuration = now() - startedAt;
    }
  } as AnyFunction;
}
