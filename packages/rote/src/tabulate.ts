import type { AnyFunction } from "./cache/memo.ts";
import { RoteError } from "./errors.ts";
import { notMemoized, wholeOf } from "./memoized.ts";
import { show } from "./options.ts";
import { now } from "./run/clock.ts";
import { stack } from "./run/stack.ts";

/**
 * Fills a memoized function bottom-up: makes the calls in the order given and returns their results.
 *
 * With calls in ascending order, each finds the subproblems of its own as hits, so the recursion is
 * one level deep however large the problem. Any other order is right, too, only deeper.
 *
 * @param fn - A memoized function.
 * @param calls - The argument list of each call, smallest problem first.
 * @throws {RoteError} `ERR_NOT_MEMOIZED` if `fn` is not memoized, `ERR_INVALID_ARGUMENT` if a call
 * is no list; and whatever `fn` throws, with the results so far kept.
 *
 * @example
 * ```ts
 * import { memoize, tabulate } from "rote";
 *
 * const fib = memoize((n: number): number => (n < 2 ? n : fib(n - 1) + fib(n - 2)));
 * tabulate(fib, [[0], [1], [2], [3], [4]]); //=> [0, 1, 1, 2, 3]
 * ```
 */
export function tabulate<Fn extends AnyFunction>(
  fn: Fn,
  calls: Iterable<Readonly<Parameters<Fn>>>,
): ReturnType<Fn>[] {
  const whole = wholeOf(fn);
  if (whole === undefined) throw notMemoized("tabulate", fn);
  if (
    typeof (calls as Partial<Iterable<unknown>> | null | undefined)?.[Symbol.iterator] !==
    "function"
  )
    throw notCalls(calls);
  const results: ReturnType<Fn>[] = [];
  // One measurement for all calls: two clock readings cost more than a small run.
  const isTimed = whole.isTimed;
  const startedAt = now();
  const { runs } = whole;
  whole.isTimed = true;
  try {
    for (const args of calls) {
      if (!Array.isArray(args)) {
        throw notCalls(args, results.length + 1);
      }
      results.push(Reflect.apply(fn, undefined as never, args as never) as ReturnType<Fn>);
    }
  } finally {
    whole.isTimed = isTimed;
    if (!isTimed && stack.segment === null) {
      whole.runTime += now() - startedAt;
      whole.timedRuns += whole.runs - runs;
    }
  }
  return results;
}

function notCalls(value: unknown, call?: number): RoteError {
  const received =
    call === undefined ? `received ${show(value)}` : `call ${call} is ${show(value)}`;
  return new RoteError(
    "ERR_INVALID_ARGUMENT",
    `tabulate takes a list of arguments for every call, such as [[0], [1], [2]]; ${received}.`,
    { value },
  );
}
