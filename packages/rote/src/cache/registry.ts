import type { Whole } from "./whole.ts";

/**
 * How the process finds its memoized functions again, holding none of them alive.
 *
 * Functions are often memoized inside functions, many in one turn of the event loop, and a WeakRef
 * keeps its target until the turn ends. So making one only notes it until then, and not more than
 * `MANY` of them: further ones are found when they are used in a later turn.
 */
let refs: WeakRef<Whole>[] = [];
let pruneAt = 256;

/** Counts turns, if only those in which a function was memoized; what ends one is the next microtask. */
export let turn = 0;
/** The functions of this turn. */
let born: Whole[] = [];
const MANY = 64;

/** Called when a function is memoized. */
export function noteBirth(whole: Whole): void {
  if (born.length === 0) {
    void Promise.resolve().then(() => {
      turn++;
      const before = born;
      born = [];
      for (const each of before) register(each);
    });
  }
  if (born.length < MANY) born.push(whole);
}

/** Called now and then when a function is used. */
export function register(whole: Whole): void {
  if (whole.isRegistered || whole.bornIn === turn) return;
  whole.isRegistered = true;
  if (refs.length >= pruneAt) {
    refs = refs.filter((ref) => ref.deref() !== undefined);
    pruneAt = Math.max(256, refs.length * 2);
  }
  refs.push(new WeakRef(whole));
}

/** Every memoized function that can be found. */
export function findWholes(): Whole[] {
  const found = new Set(born);
  for (const ref of refs) {
    const whole = ref.deref();
    if (whole !== undefined) found.add(whole);
  }
  return [...found];
}
