import type { CacheStats } from "../handle.ts";

/** One number of `stats()`: what has been counted since the function was memoized, or a level there is now. */
export interface Reading {
  readonly isLevel: boolean;
  readonly read: (stats: CacheStats) => number;
}

/** A memoized function as it is now. `identity` is held weakly. */
export interface Reported {
  readonly identity: WeakKey;
  readonly name: string;
  readonly stats: CacheStats;
}

/**
 * Sums readings by name, since two series with the same attributes would be one too many. Rules:
 *
 * 1. A count never goes back, although functions are collected: what each has added is added to the
 *    total of its name, and stays there.
 * 2. What a function adds is what it is above its highest reading so far. Estimates may sink
 *    (`timeSaved` does when runs become shorter), and what rises again has been counted already.
 * 3. A level is the sum of the functions there are, 0 for a name of which all are gone.
 * 4. Nothing is kept of a function that is gone but its name and the totals of that.
 */
export class Tally {
  private readonly readings: readonly Reading[];
  private readonly highest = new WeakMap<WeakKey, number[]>();
  private readonly totals = new Map<string, number[]>();

  constructor(readings: readonly Reading[]) {
    this.readings = readings;
  }

  /** Takes the readings of every function there is; for each name so far, a total for each reading. */
  add(functions: Iterable<Reported>): ReadonlyMap<string, readonly number[]> {
    const { readings, totals } = this;
    for (const sums of totals.values())
      for (let i = 0; i < readings.length; i++) if (readings[i]?.isLevel === true) sums[i] = 0;
    for (const { identity, name, stats } of functions) {
      const sums = entryOf(totals, name, readings.length);
      const highest = entryOf(this.highest, identity, readings.length);
      readings.forEach(({ isLevel, read }, i) => {
        const value = read(stats);
        const before = isLevel ? 0 : (highest[i] as number);
        if (value <= before) return;
        (sums[i] as number) += value - before;
        highest[i] = value;
      });
    }
    return totals;
  }
}

function entryOf<Key>(
  map: { get(key: Key): number[] | undefined; set(key: Key, value: number[]): unknown },
  key: Key,
  length: number,
): number[] {
  let found = map.get(key);
  if (found === undefined) map.set(key, (found = new Array<number>(length).fill(0)));
  return found;
}
