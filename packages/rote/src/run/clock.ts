import type { AnyFunction, Memo } from "../cache/memo.ts";

interface Platform {
  performance?: { now(): number };
}

/** Milliseconds from the platform's monotonic clock, looked up late so that fake timers work. */
export function now(): number {
  const { performance } = globalThis as Platform;
  return performance === undefined ? Date.now() : performance.now();
}

/** `fn`, every run of it measured. */
export function timing(fn: AnyFunction, memo: () => Memo): AnyFunction {
  return function (this: unknown, ...args: unknown[]): unknown {
    const startedAt = now();
    try {
      return Reflect.apply(fn, this as never, args as never);
    } finally {
      memo().tally.runTime += now() - startedAt;
    }
  } as AnyFunction;
}
