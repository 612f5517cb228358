import { Entry } from "../cache/entry.ts";
import type { Memo } from "../cache/memo.ts";
import type { Refresh } from "../cache/stale.ts";
import { isSameKey, type Key } from "../key/trie.ts";
import { entriesOf, Flight } from "./flight.ts";
import { join } from "./join.ts";
import { observe } from "./thenable.ts";

/** Promises that are there already: what a run has returned, or `set` was given. */

/**
 * A run has returned a promise. An ordinary one is handed out as another, which settles after the
 * entry has: to wait for the promise itself would make it look as if somebody had handled its
 * rejection. Others, which may have methods of their own, are handed out as they are.
 */
export function watch(
  memo: Memo,
  receiver: unknown,
  args: readonly unknown[],
  key: Key,
  value: PromiseLike<unknown>,
): unknown {
  const refresh = refreshUnderWay(memo, key);
  // One whose entry had to go, for space for instance, is a run as any other.
  const isBehind = refresh?.isOvertaken === true || memo.entries?.stale?.isOf(refresh) === true;
  if (refresh !== undefined && isBehind)
    return handOut(new Flight(memo, receiver, args, key, { isBehind: true }), value, refresh);
  const flight = new Flight(memo, receiver, args, key);
  const promise = handOut(flight, value);
  return flight.isPending ? join(flight, undefined) : promise;
}

/** What a `refresh` returns that has run a function and got a promise: the run's own outcome, without an old result in the place of an error. */
export function insist(memo: Memo, key: Key, promise: PromiseLike<unknown>): unknown {
  const found = memo.trie.get(key);
  const flight = found instanceof Entry ? (found.flight as Flight | null) : null;
  if (memo.entries?.stale === null || flight?.isPending !== true) return promise;
  if (!(promise instanceof Promise) || promise.constructor !== Promise) return promise;
  // Where calls lose patience, the run has been joined as if by one. Nobody has that promise; a listener may have joined before.
  const [own, ...others] = [...flight.waiting].reverse();
  own?.resolve(undefined);
  flight.isAwaited = others.length > 0;
  return join(flight, undefined, true);
}

/** The refresh whose run has returned just now, where it is one that nobody waits for. */
export function refreshUnderWay({ entries }: Memo, key: Key): Refresh | undefined {
  const refresh = entries?.stale?.running;
  return refresh?.key !== undefined && isSameKey(refresh.key, key) ? refresh : undefined;
}

/** The same for a promise that `set` was given: nobody waits for it yet. */
export function watchSet(
  memo: Memo,
  receiver: unknown,
  args: readonly unknown[],
  key: Key,
  value: PromiseLike<unknown>,
): void {
  const promise = handOut(new Flight(memo, receiver, args, key, { isSet: true }), value);
  if (promise !== value) (promise as Promise<unknown>).catch(() => {});
}

/** Lets a flight take off whose promise is there already, if only as the `refresh` of an entry; the promise that callers get. */
function handOut(
  flight: Flight,
  value: PromiseLike<unknown>,
  refresh?: Refresh,
): PromiseLike<unknown> {
  if (value instanceof Promise && value.constructor === Promise) {
    const promise = value.then(
      (result: unknown) => {
        flight.succeed(result);
        return result;
      },
      (error: unknown) => {
        const instead = flight.fail(error);
        if (instead === undefined) throw error;
        return instead.value;
      },
    );
    takeOff(flight, promise, refresh);
    return promise;
  }
  takeOff(flight, value, refresh);
  observe(
    value,
    (result) => {
      try {
        flight.succeed(result);
      } catch {
        // Those who wait have the thenable itself, and nothing to do with the options' functions.
      }
    },
    (error) => void flight.fail(error),
  );
  return value;
}

function takeOff(
  flight: Flight,
  promise: PromiseLike<unknown>,
  refresh: Refresh | undefined,
): void {
  const { memo, key } = flight;
  const entries = entriesOf(memo);
  flight.promise = promise;
  if (refresh === undefined) entries.takeOff(key, promise, flight);
  else entries.stale?.takeOff(refresh, flight);
}
