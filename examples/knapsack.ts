/**
 * The most valuable choice of things that a knapsack can carry: for each thing, take it or leave it.
 * Two numbers say all there is to know about what is left to decide, so they are the key.
 *
 * Alone:     node examples/knapsack.ts
 * Compared:  npx rote compare examples/knapsack.ts bestValue 20 100
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { memoize } from "rote";

interface Thing {
  readonly weight: number;
  readonly value: number;
}

/** Thirty things whose weights and values look like nothing in particular. */
const things: readonly Thing[] = Array.from({ length: 30 }, (_, index) => ({
  weight: 3 + ((index * 7) % 17),
  value: 10 + ((index * 31) % 53),
}));

/** The best value of the first `count` things within `capacity`. */
export const bestValue = memoize((count: number, capacity: number): number => {
  const thing = things[count - 1];
  if (thing === undefined) return 0;
  const without = bestValue(count - 1, capacity);
  if (thing.weight > capacity) return without;
  return Math.max(without, thing.value + bestValue(count - 1, capacity - thing.weight));
});

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const best = bestValue(things.length, 100);
  const { runs } = bestValue.cache.stats();
  console.log(`the best of ${2 ** things.length} choices is worth ${best}`);
  console.log(`found in ${runs} runs`);

  assert.equal(best, bottomUp(100));
  assert.ok(runs <= (things.length + 1) * 101);
}

/** The same by hand, as a table filled row by row: what memoization spares you. */
function bottomUp(capacity: number): number {
  const best = Array.from({ length: capacity + 1 }, () => 0);
  for (const { weight, value } of things) {
    for (let room = capacity; room >= weight; room -= 1) {
      best[room] = Math.max(best[room] ?? 0, value + (best[room - weight] ?? 0));
    }
  }
  return best[capacity] ?? 0;
}
