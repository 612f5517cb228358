import type { Memo } from "../cache/memo.ts";
import { type Whole, wholes } from "../cache/whole.ts";
import type { Key } from "../key/trie.ts";
import { entriesOf, Flight, isThenable, join, observe } from "./flight.ts";
import { FRAME } from "./frame.ts";
import { runRefused } from "./refused.ts";
import { hasRoom } from "./room.ts";
import type { Caller } from "./signal.ts";
import { outside, stack } from "./stack.ts";
import { noticeGrowth } from "./unbounded.ts";
import { runInside } from "./waiting.ts";

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
  let resolve!: (value: unknown) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise((onResult, onError) => {
    resolve = onResult;
    reject = onError;
  });
  flight.promise = promise;
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
  const begin = (): unknown => {
    // Everybody has left before it began.
    if (isAborted) return undefined;
    memo.whole.runs++;
    if (isRefresh) memo.whole.extraRuns++;
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
      flight.fail(error, true);
      reject(error);
      throw error;
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
          flight.fail(error);
          reject(error);
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
  entriesOf(memo).takeOff(key, promise, flight);
  const joined = join(flight, caller);
  if (isTooDeep(memo.whole)) {
    void Promise.resolve()
      .then(begin)
      // Whoever waits for the flight has it.
      .catch(() => {});
    return joined;
  }
  let value: unknown;
  try {
    value = begin();
  } catch (error) {
    // Thrown before there was a promise, as the function does.
    for (const each of [promise, joined]) (each as Promise<unknown>).catch(() => {});
    throw error;
  }
  return isAborted || isThenable(value) ? joined : value;
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
