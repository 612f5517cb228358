import type { Trie } from "../key/trie.ts";

/**
 * What is counted of one memoized function, and whether its entries still count.
 *
 * Functions are often memoized inside functions, many in one turn of the event loop. So making one
 * registers nothing: `clearAll` and `configure` change the process's epoch, which every hit
 * compares. Only a function that is still used in a later turn can be found, to free its memory at once.
 */
export class Tally {
  readonly name: string;
  hits = 0;
  runs = 0;
  reruns = 0;
  /** Runs that no call asked for: refreshes and verifications. */
  extraRuns = 0;
  /** Milliseconds. */
  runTime = 0;
  /** Every how many-th outermost run is measured, and how many are left until then. */
  private stride = 1;
  private untilDue = 1;
  deepest = 0;
  /** The epoch of its entries: in any other, they do not count. */
  epoch: number;
  private isRegistered = false;
  private readonly bornIn: number = turn;

  constructor(name: string, epoch: number) {
    this.name = name;
    this.epoch = epoch;
  }

  /** Whether this outermost run is to be measured. */
  isDue(): boolean {
    return --this.untilDue <= 0;
  }

  /**
   * Adds the time of an outermost run, for those that were not measured, too. Two clock readings
   * take longer than a short run, so of short runs every second, fourth, … 64th is measured.
   */
  addTime(took: number): void {
    this.runTime += took * this.stride;
    this.stride = took < SHORT ? Math.min(this.stride * 2, MAX_STRIDE) : 1;
    this.untilDue = this.stride;
  }

  /** Called now and then, so that entries of a function that lives on can be found. */
  settle(trie: Trie): void {
    if (this.isRegistered || this.bornIn === turn) return;
    this.isRegistered = true;
    register(trie);
  }
}

/** Milliseconds up to which a run is short. */
const SHORT = 0.005;
const MAX_STRIDE = 64;

/** Counts turns of the event loop, if only those in which a function was memoized. */
let turn = 0;
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

let tries: WeakRef<Trie>[] = [];
let pruneAt = 256;

function register(trie: Trie): void {
  if (tries.length >= pruneAt) {
    tries = tries.filter((ref) => ref.deref() !== undefined);
    pruneAt = Math.max(256, tries.length * 2);
  }
  tries.push(new WeakRef(trie));
}

/** Frees the memory of every trie that can be found. */
export function clearTries(): void {
  for (const ref of tries) ref.deref()?.clear();
}
