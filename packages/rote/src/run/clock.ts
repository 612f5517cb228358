import { type Whole, wholes } from "../cache/whole.ts";
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
  const { whole } = memo;
  wholes.register(whole);
  noticeGrowth(memo);
  whole.runsBefore = whole.runs;
  return now();
}

/**
 * Adds the time of a measured outermost run, for those that were not measured, too. Two clock
 * readings take longer than a short run, so of short runs every second, fourth, … 64th is measured.
 */
export function stopClock(whole: Whole, startedAt: number): void {
  const took = now() - startedAt;
  whole.runTime += took * whole.stride;
  whole.timedRuns += (whole.runs - whole.runsBefore) * whole.stride;
  whole.untilDue = whole.stride = took < SHORT ? Math.min(whole.stride * 2, MAX_STRIDE) : 1;
}

/** `fn`, every run of it measured. */
export function timing(fn: AnyFunction, whole: Whole): AnyFunction {
  return function (this: unknown, ...args: unknown[]): unknown {
    const startedAt = now();
    try {
      return Reflect.apply(fn, this as never, args as never);
    } finally {
      whole.runTime += now() - startedAt;
      whole.timedRuns++;
    }
  } as AnyFunction;
}

/** The same for those who listen, who are told of each run how long it took. */
export function observing(fn: AnyFunction, whole: Whole): AnyFunction {
  return function (this: unknown, ...args: unknown[]): unknown {
    const startedAt = now();
    try {
      return Reflect.apply(fn, this as never, args as never);
    } finally {
      whole.lastDuration = now() - startedAt;
    }
  } as AnyFunction;
}
