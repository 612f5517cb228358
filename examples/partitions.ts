/**
 * In how many ways can a number be written as a sum? 4 = 3 + 1 = 2 + 2 = 2 + 1 + 1 = 1 + 1 + 1 + 1: five.
 * The answers soon exceed what a number can hold, so arguments and results are BigInts.
 *
 * Alone:     node examples/partitions.ts
 * Compared:  npx rote compare examples/partitions.ts partitions 50n
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { memoize } from "rote";

/** Ways to write `n` as a sum of parts no larger than `largest`. */
export const partitions = memoize((n: bigint, largest: bigint = n): bigint => {
  if (n === 0n) return 1n;
  if (n < 0n || largest === 0n) return 0n;
  // Either a part as large as that is used, or the largest part is smaller.
  return partitions(n - largest, largest) + partitions(n, largest - 1n);
});

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [n, expected] of [
    [4n, 5n],
    [100n, 190_569_292n],
    [300n, 9_253_082_936_723_602n],
  ] as const) {
    const ways = partitions(n);
    console.log(`${n} can be written as a sum in ${ways} ways`);
    assert.equal(ways, expected);
  }
}
