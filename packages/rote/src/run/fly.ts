import type { Entry } from "../cache/entry.ts";
import type { Memo } from "../cache/memo.ts";
import { type Whole, wholes } from "../cache/whole.ts";
import { Refresh } from "../cache/stale.ts";
import type { Key } from "../key/trie.ts";
import { entriesOf, Flight } from "./flight.ts";
import { isThenable, observe } from "./thenable.ts";
import { join } from "./join.ts";
import { FRAME } from "./frame.ts";
import { runRefused } from "./refused.ts";
import { hasRoom } from "./room.ts";
import type { Caller } from "./signal.ts";
import { outside, stack } from "./stack.ts";
import { noticeGrowth } from "./unbounded.ts";
import { runInside } from "./waiting.ts";
import { warnWhenRejected } from "./warn-refresh.ts";

/** Async runs inside each other, before their first `await`, from which on they start in a microtask. */
const LATER_FROM = 50;
/** The same for other memoized runs on the stack. */
const DEEP_FROM = 200;

/** Async runs on the stack. */
let depth = 0;

/**
 * Runs a function whose calls return promises. Such a run is outermost whatever calls it: a
 * suspension would be made a rejected promise by it. Too deep, it starts in a microtask, on an empty
 * stack; the promise is there at once.
 */
export function fly(
  memo: Memo,
  receiver: unknown,
  args: readonly unknown[],
  key: Key,
  caller: Caller | undefined,
  isRefresh = false,
): unknown {
  const { segment, isOutside } = stack;
  if (segment !== null && segment.isSuspended && !isOutside)
    return runRefused(segment, memo, receiver, args, key);
  const flight = new Flight(memo, receiver, args, key);
  let runArgs = args;
  let isAborted = false;
  if (caller !== undefined && caller.signals.length > 0) {
    const controller = new (globalThis as unknown as Platform).AbortController();
    runArgs = caller.replace(controller.signal);
    flight.abort = (reason) => {
      isAborted = true;
      outside(() => controller.abort(reason));
    };
  }
  const { promise, begin } = prepare(flight, receiver, runArgs, isRefresh);
  entriesOf(memo).takeOff(key, promise, flight);
  const joined = join(flight, caller, isRefresh);
  const beginUnlessLeft = (): unknown => (isAborted ? undefined : begin());
  if (isTooDeep(memo.whole)) {
    void Promise.resolve()
      .then(beginUnlessLeft)
      // Whoever waits for the flight has it.
      .catch(() => {});
    return joined;
  }
  let value: unknown;
  try {
    value = beginUnlessLeft();
  } catch (error) {
    // Thrown before there was a promise, as the function does.
    for (const each of [promise, joined]) (each as Promise<unknown>).catch(() => {});
    throw error;
  }
  return isAborted || isThenable(value) ? joined : value;
}

/**
 * Runs it again behind a stale entry, which stays until there is another result: nobody waits, so
 * nobody's signal ends it, and what goes wrong is told to listeners alone.
 */
export function flyBehind(
  memo: Memo,
  receiver: unknown,
  args: readonly unknown[],
  entry: Entry,
  caller: Caller | undefined,
): void {
  const hasSignals = caller !== undefined && caller.signals.length > 0;
  const runArgs = hasSignals
    ? caller.replace(new (globalThis as unknown as Platform).AbortController().signal)
    : args;
  const refresh = new Refresh(entry);
  const flight = new Flight(memo, receiver, runArgs, refresh.key, { isBehind: true });
  const { promise, begin } = prepare(flight, receiver, runArgs, true);
  const { stale } = entriesOf(memo);
  stale?.begin(refresh);
  stale?.takeOff(refresh, flight);
  memo.whole.refreshes++;
  warnWhenRejected(promise, memo.whole);
  if (isTooDeep(memo.whole)) {
    void Promise.resolve()
      .then(begin)
      .catch(() => {});
    return;
  }
  try {
    begin();
  } catch {
    // The flight has failed, which its promise says as well.
  }
}

/** The promise of a flight, and what begins its run. */
function prepare(
  flight: Flight,
  receiver: unknown,
  runArgs: readonly unknown[],
  isExtra: boolean,
): { promise: Promise<unknown>; begin: () => unknown } {
  const { memo } = flight;
  let resolve!: (value: unknown) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise((onResult, onError) => {
    resolve = onResult;
    reject = onError;
  });
  flight.promise = promise;
  const begin = (): unknown => {
    memo.whole.runs++;
    if (isExtra) memo.whole.extraRuns++;
    memo.whole.isForced = isExtra;
    wholes.register(memo.whole);
    noticeGrowth(memo);
    const run = (): unknown =>
      runInside(flight, () =>
        Reflect.apply(memo.whole.runner, receiver as never, runArgs as never),
      );
    let value: unknown;
    depth++;
    if (depth > memo.whole.deepest) memo.whole.deepest = depth;
    try {
      value = stack.segment === null ? run() : outside(run);
    } catch (error) {
      const instead = flight.fail(error, true);
      if (instead === undefined) reject(error);
      else resolve(instead.value);
      if (instead === undefined || !flight.isAwaited) throw error;
      return instead.value;
    } finally {
      depth--;
    }
    if (isThenable(value)) {
      observe(
        value,
        (result) => {
          try {
            flight.succeed(result);
            resolve(result);
          } catch (error) {
            reject(error);
          }
        },
        (error) => {
          const instead = flight.fail(error);
          if (instead === undefined) reject(error);
          else resolve(instead.value);
        },
      );
      return value;
    }
    try {
      flight.succeed(value, value);
      resolve(value);
    } catch (error) {
      reject(error);
      throw error;
    }
    return value;
  };
  return { promise, begin };
}

interface Platform {
  AbortController: new () => { readonly signal: unknown; abort(reason: unknown): void };
}

function isTooDeep({ isGuarded, depthLimit }: Whole): boolean {
  if (!isGuarded) return false;
  if (depth >= Math.min(depthLimit, LATER_FROM)) return true;
  const { segment, top } = stack;
  if (segment !== null && top - segment.base >= Math.min(depthLimit, DEEP_FROM) * FRAME)
    return true;
  return !hasRoom();
}
