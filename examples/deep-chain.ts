/**
 * A recursion one million deep, plainly written. Without memoization it overflows the stack after some
 * ten thousand calls; memoized, it is limited by memory only.
 *
 * Alone:     node examples/deep-chain.ts
 * Compared:  npx rote compare examples/deep-chain.ts sumUpTo 1000000
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { memoize } from "rote";

/** 1 + 2 + … + n. */
export const sumUpTo = memoize((n: number): number => (n === 0 ? 0 : n + sumUpTo(n - 1)));

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const plain = (n: number): number => (n === 0 ? 0 : n + plain(n - 1));
  assert.throws(() => plain(1_000_000), RangeError);
  console.log("plain:    the stack overflows");

  const sum = sumUpTo(1_000_000);
  const { runs } = sumUpTo.cache.stats();
  console.log(`memoized: 1 + 2 + … + 1 000 000 = ${sum}, in ${runs} runs`);
  assert.equal(sum, 500_000_500_000);
  // Deep frames may run twice, and never more often than that.
  assert.ok(runs <= 2 * 1_000_001);
}
