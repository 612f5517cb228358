/**
 * How many letters must be inserted, deleted or replaced to turn one word into another. The recursion
 * says just that, over the lengths of the two beginnings that are still to be matched.
 *
 * Alone:     node examples/edit-distance.ts
 * Compared:  npx rote compare examples/edit-distance.ts editDistance '"characters"' '"antagonists"'
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { memoize } from "rote";

export const editDistance = memoize((left: string, right: string): number => {
  if (left === "") return right.length;
  if (right === "") return left.length;
  const restOfLeft = left.slice(0, -1);
  const restOfRight = right.slice(0, -1);
  const replaced = editDistance(restOfLeft, restOfRight);
  if (left.at(-1) === right.at(-1)) return replaced;
  return 1 + Math.min(replaced, editDistance(restOfLeft, right), editDistance(left, restOfRight));
});

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const pairs = [
    ["kitten", "sitting", 3],
    ["intention", "execution", 5],
    ["memoization", "memorization", 1],
  ] as const;
  for (const [left, right, expected] of pairs) {
    const distance = editDistance(left, right);
    console.log(`${left} → ${right}: ${distance}`);
    assert.equal(distance, expected);
  }

  const { runs } = editDistance.cache.stats();
  console.log(`${runs} pairs of beginnings were looked at, each once`);
  assert.equal(runs, editDistance.cache.size);
}
