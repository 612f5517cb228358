/**
 * The classic. Written as in the textbook, fibonacci(36) calls itself 48 315 632 times;
 * memoized, every number is worked out once.
 *
 * Alone:     node examples/fibonacci.ts
 * Compared:  npx rote compare examples/fibonacci.ts fibonacci 36
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { memoize } from "rote";

export const fibonacci = memoize((n: number): number =>
  n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2),
);

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  // The same function with nothing around it, to count what it does.
  let plainCalls = 0;
  const plain = (n: number): number => {
    plainCalls += 1;
    return n < 2 ? n : plain(n - 1) + plain(n - 2);
  };

  const result = fibonacci(36);
  const { hits, misses, runs } = fibonacci.cache.stats();
  console.log(`fibonacci(36) = ${result}`);
  console.log(`memoized: ${hits + misses} calls, ${runs} runs`);
  console.log(`plain:    ${plain(36) === result ? plainCalls : "another result"} calls`);

  assert.equal(result, 14_930_352);
  assert.equal(plainCalls, 48_315_633);
  assert.equal(hits + misses, 71);
  assert.equal(runs, 37);
}
