/** Several primitives: named parameters, and rest parameters. */
import { nestedMapFloor, restFloor, threeMapsFloor } from "./floors.mjs";
import { shuffled } from "./shuffle.mjs";

const order = shuffled(1000);
const kinds = ["integer", "string", "fraction", "boolean", "object", "bigint"];
const string = (text) => Buffer.from(text).latin1Slice();

export const several = [
  {
    id: "integers",
    title: "two small integers",
    measures: "hit",
    shape: { parameters: 2, keys: "primitives" },
    floor: { name: "nested Map", make: nestedMapFloor, peers: { parameters: 2, kinds } },
    fn: (a, b) => a * 25 + b + 1,
    inputs: () => ({ a: order.map((i) => Math.floor(i / 25)), b: order.map((i) => i % 25) }),
    pass(f, { a, b }) {
      let sum = 0;
      for (let i = 0; i < a.length; i++) sum += f(a[i], b[i]);
      return sum;
    },
    runs: 1000,
    differ: [
      ["their order", [1, 2], [2, 1]],
      ["(1, 23) and (12, 3)", [1, 23], [12, 3]],
      ["-0 and 0", [-0, 1], [0, 1]],
      ["NaN and null", [1, NaN], [1, null]],
      ["∞ and null", [1, Infinity], [1, null]],
      ["undefined and null", [1, undefined], [1, null]],
      ['1 and "1"', [1, 2], ["1", 2]],
    ],
    reach: { isolated: 0.55, mixed: 0.9 },
    aim: { isolated: 0.35, mixed: 0.6 },
  },
  {
    id: "primitives",
    title: "three primitives",
    measures: "hit",
    shape: { parameters: 3, keys: "primitives" },
    floor: { name: "nested Map", make: threeMapsFloor, peers: { parameters: 3, kinds } },
    fn: (count, name, flag) => count + name.length + (flag ? 1 : 0) + 1,
    inputs: () => ({
      a: order.map((i) => i % 20),
      b: order.map((i) => string(`item-${Math.floor(i / 20) % 25}`)),
      c: order.map((i) => i >= 500),
    }),
    pass(f, { a, b, c }) {
      let sum = 0;
      for (let i = 0; i < a.length; i++) sum += f(a[i], b[i], c[i]);
      return sum;
    },
    runs: 1000,
    differ: [
      ['("a", "b") and ("a,b")', [1, "a", "b,c"], [1, "a,b", "c"]],
      ["a separator", [1, "a\u0001b", "c"], [1, "a", "b\u0001c"]],
      ["-0 and 0", [-0, "a", true], [0, "a", true]],
      ["NaN and null", [NaN, "a", true], [null, "a", true]],
      ["undefined and null", [1, undefined, true], [1, null, true]],
      ['1 and "1"', [1, "a", true], ["1", "a", true]],
      ['true and "true"', [1, "a", true], [1, "a", "true"]],
    ],
    reach: { isolated: 0.9, mixed: 1.0 },
    aim: { isolated: 0.7, mixed: 0.8 },
  },
  {
    id: "rest",
    title: "five rest arguments",
    measures: "hit",
    shape: { parameters: "rest", keys: "primitives" },
    floor: { name: "rest array + trie of Maps", make: restFloor, peers: { parameters: 5, kinds } },
    fn: (...values) => values.reduce((sum, value) => sum + value, 1),
    inputs: () => ({
      a: order.map((i) => i % 10),
      b: order.map((i) => Math.floor(i / 10) % 10),
      c: order.map((i) => Math.floor(i / 100)),
      d: order.map((i) => i % 7),
      e: order.map((i) => i % 3),
    }),
    pass(f, { a, b, c, d, e }) {
      let sum = 0;
      for (let i = 0; i < a.length; i++) sum += f(a[i], b[i], c[i], d[i], e[i]);
      return sum;
    },
    runs: 1000,
    differ: [
      ["(1, 2) and (12)", [1, 2], [12]],
      ["(1) and (1, undefined)", [1], [1, undefined]],
      ["() and (undefined)", [], [undefined]],
      ["(1, 2) and ([1, 2])", [1, 2], [[1, 2]]],
      ["-0 and 0", [1, 2, 3, 4, -0], [1, 2, 3, 4, 0]],
      ["NaN and null", [1, 2, 3, 4, NaN], [1, 2, 3, 4, null]],
      ["undefined and null", [1, undefined], [1, null]],
      ['1 and "1"', [1, 2, 3, 4, 5], ["1", 2, 3, 4, 5]],
    ],
    reach: { isolated: 0.7, mixed: 0.6 },
    aim: { isolated: 0.5, mixed: 0.4 },
  },
];
