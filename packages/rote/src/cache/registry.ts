import type { Memo } from "./memo.ts";

/**
 * How the process finds its memoized functions again, holding none of them alive.
 *
 * Functions are often memoized inside functions, many in one turn of the event loop, and a WeakRef
 * keeps its target until the turn ends. So making one only notes it until then, and not more than
 * `MANY` of them: further ones are found when they are used in a later turn.
 */
let refs: WeakRef<Memo>[] = [];
let pruneAt = 256;

/** Counts turns, if only those in which a function was memoized; what ends one is the next microtask. */
export let turn = 0;
/** The functions of this turn. */
let born: Memo[] = [];
const MANY = 64;

/** Who hears of every function that is memoized, if anybody does. */
let hearer: ((memo: Memo) => void) | null = null;

/** From now on `listener`, and nobody else, hears of every function that is memoized. */
export function hearBirths(listener: ((memo: Memo) => void) | null): void {
  hearer = listener;
}

/** Called when a function has been memoized: who hears of it may listen to it, which changes its runner. */
export function noteBirth(memo: Memo): void {
  if (born.length === 0) {
    void Promise.resolve().then(() => {
      turn++;
      const before = born;
      born = [];
      for (const each of before) register(each);
    });
  }
  if (born.length < MANY) born.push(memo);
  if (hearer !== null) hearer(memo);
}

/** Called now and then when a function is used. */
export function register(memo: Memo): void {
  if (memo.isRegistered || memo.bornIn === turn) return;
  memo.isRegistered = true;
  if (refs.length >= pruneAt) {
    refs = refs.filter((ref) => ref.deref() !== undefined);
    pruneAt = Math.max(256, refs.length * 2);
  }
  refs.push(new WeakRef(memo));
}

/** Every memoized function that can be found. */
export function findMemos(): Memo[] {
  const found = new Set(born);
  for (const ref of refs) {
    const memo = ref.deref();
    if (memo !== undefined) found.add(memo);
  }
  return [...found];
}
