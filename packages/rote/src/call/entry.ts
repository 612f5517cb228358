import { Entry, FAILURE, FLIGHT, GHOST, REJECTION, RESULT } from "../cache/entry.ts";
import type { Entries } from "../cache/entries.ts";
import type { Memo } from "../cache/memo.ts";
import type { Stale } from "../cache/stale.ts";
import { VOID } from "../key/node.ts";
import type { Key } from "../key/trie.ts";
import type { Flight } from "../run/flight.ts";
import { join } from "../run/join.ts";
import { fly } from "../run/fly.ts";
import { Failure, PENDING } from "../run/pins.ts";
import { runUnguarded } from "../run/plain.ts";
import { isRecursive, revalidate } from "../run/revalidate.ts";
import { run, runQuickly } from "../run/run.ts";
import type { Caller } from "../run/signal.ts";
import { stack } from "../run/stack.ts";

/**
 * A call of a function that has entries, or listeners: everything that the specialised call paths
 * leave out. `found` is what the trie has for the call; with nothing there, `key` is the call's key.
 */
export function callEntry(
  memo: Memo,
  receiver: unknown,
  args: readonly unknown[],
  found: unknown,
  key: Key | undefined,
  caller: Caller | undefined,
): unknown {
  const entries = memo.entries as Entries;
  if (found instanceof Entry) {
    const { state, value, flight } = found;
    if (state === FLIGHT) return coalesce(memo, args, flight as Flight, value, caller);
    if (state <= REJECTION) {
      // The clock may be anything, even something that changes what it is asked about.
      const isUsable = entries.isUsable(found);
      if (found.state !== state)
        return callEntry(memo, receiver, args, undefined, found.key, caller);
      if (isUsable) {
        entries.touch(found);
        if (state !== FAILURE) return hit(memo, receiver, args, value);
        memo.whole.hits++;
        memo.whole.listeners?.emit({ type: "hit", args, value: undefined, isStale: false });
        throw value;
      }
      if (entries.stale !== null && state === RESULT && !entries.isInvalid(found))
        return callStale(memo, receiver, args, found, caller);
      entries.remove(found, entries.endingOf(found));
    }
    key = found.key;
  } else if (found !== undefined) {
    return hit(memo, receiver, args, found === VOID ? undefined : found);
  }
  return miss(memo, receiver, args, key as Key, caller);
}

/** A call whose entry is not fresh any more, and may be good for something. */
function callStale(
  memo: Memo,
  receiver: unknown,
  args: readonly unknown[],
  found: Entry,
  caller: Caller | undefined,
): unknown {
  const entries = memo.entries as Entries;
  const stale = entries.stale as Stale;
  const { whole } = memo;
  if (stale.mayReturn(found)) {
    const { value } = found;
    if (stale.isPaused(found) || !isRecursive(memo)) {
      entries.touch(found);
      whole.hits++;
      whole.staleHits++;
      whole.listeners?.emit({ type: "hit", args, value, isStale: true });
      revalidate(memo, receiver, args, found, caller);
      return value;
    }
    // Calls that are not its own go on getting the old result.
    if (whole.isAsync) revalidate(memo, receiver, args, found, caller);
  }
  const flight = stale.flightOf(found) as Flight | null;
  if (!entries.isKept(found)) entries.expire(found);
  return flight === null
    ? miss(memo, receiver, args, found.key, caller, found)
    : coalesce(memo, args, flight, flight.promise ?? found.value, caller);
}

/** A call that joins a run. */
function coalesce(
  memo: Memo,
  args: readonly unknown[],
  flight: Flight,
  value: unknown,
  caller: Caller | undefined,
): unknown {
  memo.whole.hits++;
  memo.whole.coalesced++;
  memo.whole.listeners?.emit({ type: "hit", args, value, isStale: false });
  // It is landing: the options' functions, or a listener, are asking.
  return flight.isPending ? join(flight, caller) : value;
}

function hit(memo: Memo, receiver: unknown, args: readonly unknown[], value: unknown): unknown {
  memo.whole.hits++;
  memo.whole.listeners?.emit({ type: "hit", args, value, isStale: false });
  if (memo.whole.onHit !== undefined) memo.whole.onHit(value, receiver, args);
  return value;
}

function miss(
  memo: Memo,
  receiver: unknown,
  args: readonly unknown[],
  key: Key,
  caller: Caller | undefined,
  old?: Entry,
): unknown {
  const { pinned } = memo;
  if (pinned !== null && !memo.whole.isAsync) {
    const known = pinned.get(key);
    if (known instanceof Failure) throw known.error;
    if (known !== undefined && known !== PENDING)
      return hit(memo, receiver, args, known === VOID ? undefined : known);
  }
  if (memo.whole.listeners !== null) {
    memo.whole.listeners.emit({ type: "miss", args });
    // A listener may have made this very call.
    const found = memo.trie.get(key);
    if (found !== undefined && !isNothing(memo, found, old))
      return callEntry(memo, receiver, args, found, key, caller);
  }
  if (memo.whole.isAsync) return fly(memo, receiver, args, key, caller);
  memo.entries?.beginRun();
  if (!memo.whole.isGuarded) return runUnguarded(memo, receiver, args, key);
  return stack.top < stack.ceiling && !memo.whole.isCareful && pinned === null
    ? runQuickly(memo, receiver, args, key)
    : run(memo, receiver, args, key);
}

/** Whether a call has to run although there is something: a ghost, or an `old` result that is not fresh. */
function isNothing({ entries }: Memo, found: unknown, old: Entry | undefined): boolean {
  if (!(found instanceof Entry) || entries === null) return false;
  if (found.state === GHOST) return true;
  return (
    found === old &&
    found.state === RESULT &&
    !entries.isUsable(found) &&
    !entries.stale?.isPaused(found)
  );
}
