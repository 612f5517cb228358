/**
 * Halve an even number, triple an odd one and add 1: how many steps until 1? Many numbers meet on their
 * way, so after the first ones most paths end in a hit. No ascending order exists here (27 climbs
 * to 9232 before it comes down), and top-down recursion needs none.
 *
 * Alone:     node examples/collatz.ts
 * Compared:  npx rote compare examples/collatz.ts longestPath 100000
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { memoize } from "rote";

/** Steps from `n` down to 1. */
export const steps = memoize((n: number): number =>
  n === 1 ? 0 : 1 + steps(n % 2 === 0 ? n / 2 : 3 * n + 1),
);

/** The number up to `limit` with the most steps. */
export const longestPath = memoize((limit: number): number => {
  let longest = 1;
  for (let n = 2; n <= limit; n += 1) if (steps(n) > steps(longest)) longest = n;
  return longest;
});

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const longest = longestPath(100_000);
  const { runs } = steps.cache.stats();
  console.log(`27 takes ${steps(27)} steps`);
  console.log(`up to 100 000, ${longest} takes the most: ${steps(longest)}`);
  console.log(`each of ${runs} numbers was met for the first time once`);

  assert.equal(steps(27), 111);
  assert.equal(longest, 77_031);
  assert.equal(steps(longest), 350);
  assert.equal(runs, steps.cache.size);
}
