import type { Trie } from "../key/trie.ts";
import type { Memo } from "./memo.ts";

/**
 * How the process finds its memoized functions again, to free the memory of all of them.
 *
 * Functions are often memoized inside functions, many in one turn of the event loop. So making one
 * registers nothing: `clearAll` and `configure` change the process's epoch, which every hit
 * compares. Only a function that is still used in a later turn can be found.
 */
let tries: WeakRef<Trie>[] = [];
let pruneAt = 256;

/** Counts turns, if only those in which a function was memoized; what ends one is the next microtask. */
export let turn = 0;
let isTurnCounted = false;

/** Called when a function is memoized. */
export function countTurn(): void {
  if (isTurnCounted) return;
  isTurnCounted = true;
  void Promise.resolve().then(() => {
    turn++;
    isTurnCounted = false;
  });
}

/** Called now and then, so that entries of a function that lives on can be found. */
export function register(memo: Memo): void {
  if (memo.isRegistered || memo.bornIn === turn) return;
  memo.isRegistered = true;
  if (tries.length >= pruneAt) {
    tries = tries.filter((ref) => ref.deref() !== undefined);
    pruneAt = Math.max(256, tries.length * 2);
  }
  tries.push(new WeakRef(memo.trie));
}

/** Frees the memory of every trie that can be found. */
export function clearTries(): void {
  for (const ref of tries) ref.deref()?.clear();
}
