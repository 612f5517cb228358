import { Entry, FAILURE, FLIGHT, GHOST, REJECTION } from "../cache/entry.ts";
import type { Entries } from "../cache/entries.ts";
import type { Memo } from "../cache/memo.ts";
import { VOID } from "../key/node.ts";
import type { Key } from "../key/trie.ts";
import { type Flight, join } from "../run/flight.ts";
import { fly } from "../run/fly.ts";
import { Failure, PENDING } from "../run/pins.ts";
import { runUnguarded } from "../run/plain.ts";
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
    if (state === FLIGHT) {
      memo.whole.hits++;
      memo.whole.coalesced++;
      memo.whole.listeners?.emit({ type: "hit", args, value });
      // It is landing: the options' functions, or a listener, are asking.
      return (flight as Flight).isPending ? join(flight as Flight, caller) : value;
    }
    if (state <= REJECTION) {
      // The clock may be anything, even something that changes what it is asked about.
      const isUsable = entries.isUsable(found);
      if (found.state !== state)
        return callEntry(memo, receiver, args, undefined, found.key, caller);
      if (isUsable) {
        entries.touch(found);
        if (state !== FAILURE) return hit(memo, receiver, args, value);
        memo.whole.hits++;
        memo.whole.listeners?.emit({ type: "hit", args, value: undefined });
        throw value;
      }
      entries.remove(found, "expired");
    }
    key = found.key;
  } else if (found !== undefined) {
    return hit(memo, receiver, args, found === VOID ? undefined : found);
  }
  return miss(memo, receiver, args, key as Key, caller);
}

function hit(memo: Memo, receiver: unknown, args: readonly unknown[], value: unknown): unknown {
  memo.whole.hits++;
  memo.whole.listeners?.emit({ type: "hit", args, value });
  if (memo.whole.onHit !== undefined) memo.whole.onHit(value, receiver, args);
  return value;
}

function miss(
  memo: Memo,
  receiver: unknown,
  args: readonly unknown[],
  key: Key,
  caller: Caller | undefined,
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
    if (found !== undefined && !(found instanceof Entry && found.state === GHOST))
      return callEntry(memo, receiver, args, found, key, caller);
  }
  if (memo.whole.isAsync) return fly(memo, receiver, args, key, caller);
  memo.entries?.beginRun();
  if (!memo.whole.isGuarded) return runUnguarded(memo, receiver, args, key);
  return stack.top < stack.ceiling && !memo.whole.isCareful && pinned === null
    ? runQuickly(memo, receiver, args, key)
    : run(memo, receiver, args, key);
}
