/**
 * Plain declared functions, one line more: the compiler memoizes them, and the calls they make of themselves.
 *
 * In Node:    node --import @rote/compiler/register examples/use-memoize.ts, or npx rote run examples/use-memoize.ts
 * In builds:  plugins: [rote()], with rote from "@rote/compiler/vite", and so on
 */
import assert from "node:assert/strict";
import { assertMemoized, configureMemoized } from "rote";

function fibonacci(n: number): bigint {
  "use memoize";
  return n < 2 ? BigInt(n) : fibonacci(n - 1) + fibonacci(n - 2);
}

/** How many letters must be inserted, deleted or replaced to turn one word into another. */
function editDistance(left: string, right: string): number {
  "use memoize";
  if (left === "" || right === "") return left.length + right.length;
  const restOfLeft = left.slice(0, -1);
  const restOfRight = right.slice(0, -1);
  const replaced = editDistance(restOfLeft, restOfRight);
  if (left.at(-1) === right.at(-1)) return replaced;
  return 1 + Math.min(replaced, editDistance(restOfLeft, right), editDistance(left, restOfRight));
}
configureMemoized(editDistance, { maxEntries: 10_000 });

/** A million deep: without the directive, this overflows the stack. */
function sum(n: number): number {
  "use memoize";
  return n === 0 ? 0 : n + sum(n - 1);
}

// Throws if nobody has read the directive.
const { cache } = assertMemoized(fibonacci);
const letters = assertMemoized(editDistance).cache;

const hundredth = fibonacci(100);
const { hits, misses, runs } = cache.stats();
console.log(`fibonacci(100) = ${hundredth}: ${hits + misses} calls, ${runs} runs`);
assert.equal(hundredth, 354_224_848_179_261_915_075n);
assert.equal(hits + misses, 199);
assert.equal(runs, 101);

const distance = editDistance("memoization", "memorization");
console.log(`memoization → memorization: ${distance}`);
assert.equal(distance, 1);
editDistance("characters", "antagonists");
const pairs = letters.stats();
console.log(`${pairs.runs} pairs of beginnings were looked at, each once`);
assert.equal(pairs.runs, letters.size);

console.log(`sum(1000000) = ${sum(1_000_000)}`);
assert.equal(sum(1_000_000), 500_000_500_000);
