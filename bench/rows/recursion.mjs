/**
 * Whole recursions with an empty cache: create the memoized function, call it, drop it. The recursion
 * goes through the memoized function, as users write it.
 */
import { mapFloor, nestedMapFloor } from "./floors.mjs";

const one = { parameters: 1, keys: "primitives" };
const two = { parameters: 2, keys: "primitives" };
const memoMap = { name: "hand-written Map memo", make: mapFloor };

const fibonacci = (n, reach, aim) => ({
  id: `fib-${n}`,
  title: `\`fib(${n})\` cold, wrapper included`,
  measures: "cold",
  modes: ["isolated"],
  shape: one,
  floor: memoMap,
  unit(wrap) {
    const fib = wrap((k) => (k < 2 ? k : fib(k - 1) + fib(k - 2)));
    return fib(n);
  },
  answer: fibonacciByLoop(n),
  reach: { isolated: reach },
  aim: { isolated: aim },
});

// Four letters, so that some match and some do not; all cells are visited either way.
const left = Array.from({ length: 300 }, (_, i) => "acgt"[(i * i + (i >> 3)) % 4]).join("");
const right = Array.from({ length: 300 }, (_, i) => "acgt"[(i * 5 + (i >> 2)) % 4]).join("");

const length = 1_000_000;

export const recursion = [
  fibonacci(36, 1.1, 0.9),
  fibonacci(90, 1.3, 1.1),
  fibonacci(1400, 1.05, 0.8),
  {
    id: "edit-distance",
    title: "edit distance 300 × 300 cold",
    measures: "cold",
    modes: ["isolated"],
    shape: two,
    floor: { name: "hand-written nested-Map memo", make: nestedMapFloor },
    unit(wrap) {
      const distance = wrap((i, j) => {
        if (i === 0) return j;
        if (j === 0) return i;
        const replace = distance(i - 1, j - 1) + (left[i - 1] === right[j - 1] ? 0 : 1);
        return Math.min(replace, distance(i - 1, j) + 1, distance(i, j - 1) + 1);
      });
      return distance(left.length, right.length);
    },
    answer: distanceByTable(left, right),
    reach: { isolated: 0.8 },
    aim: { isolated: 0.5 },
  },
  {
    id: "chain",
    title: "chain of 1 000 000, cold",
    measures: "cold",
    modes: ["isolated"],
    shape: one,
    floor: {
      name: "the same chain bottom-up into a Map",
      unit() {
        const map = new Map([[0, 0]]);
        for (let n = 1; n <= length; n++) map.set(n, map.get(n - 1) + 1);
        return map.get(length);
      },
    },
    unit(wrap) {
      const depth = wrap((n) => (n === 0 ? 0 : depth(n - 1) + 1));
      return depth(length);
    },
    answer: length,
    reach: { isolated: 3 },
    aim: { isolated: 1.5 },
  },
];

function fibonacciByLoop(n) {
  let [a, b] = [0, 1];
  for (let i = 0; i < n; i++) [a, b] = [b, a + b];
  return a;
}

function distanceByTable(a, b) {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      next[j] = Math.min(replace, row[j] + 1, next[j - 1] + 1);
    }
    row = next;
  }
  return row[b.length];
}
