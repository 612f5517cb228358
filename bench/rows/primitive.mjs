/** One primitive: the call that memoizers are written for. */
import { mapFloor } from "./floors.mjs";
import { shuffled } from "./shuffle.mjs";

const shape = { parameters: 1, keys: "primitives" };
const keys = shuffled(1000);
const peers = {
  parameters: 1,
  kinds: ["integer", "string", "fraction", "bigint", "boolean", "object"],
};

export const primitive = [
  {
    id: "integer",
    title: "one small integer, 1000 keys",
    measures: "hit",
    shape,
    floor: { name: "Map.get", make: mapFloor, peers },
    fn: (n) => n + 1,
    inputs: () => keys.slice(),
    pass(f, inputs) {
      let sum = 0;
      for (let i = 0; i < inputs.length; i++) sum += f(inputs[i]);
      return sum;
    },
    runs: 1000,
    differ: [
      ["-0 and 0", [-0], [0]],
      ["1 and 1.5", [1], [1.5]],
      ["1 and 2³² + 1", [1], [2 ** 32 + 1]],
      ["-1 and 2³² - 1", [-1], [2 ** 32 - 1]],
      ["NaN and 0", [NaN], [0]],
      ["NaN and null", [NaN], [null]],
      ["undefined and null", [undefined], [null]],
      ["1 and true", [1], [true]],
      ['1 and "1"', [1], ["1"]],
      ["1 and 1n", [1], [1n]],
    ],
    reach: { isolated: 0.6, mixed: 1.2 },
    aim: { isolated: 0.4, mixed: 0.8 },
  },
  {
    id: "string",
    title: "one string",
    measures: "hit",
    shape,
    floor: { name: "Map.get", make: mapFloor, peers },
    fn: (text) => text.length,
    // Built anew: equal to the strings of the entries, but other objects, as text from outside would be.
    inputs: () => keys.map((i) => Buffer.from(`user:${i * 7919}`).latin1Slice()),
    pass(f, inputs) {
      let sum = 0;
      for (let i = 0; i < inputs.length; i++) sum += f(inputs[i]);
      return sum;
    },
    runs: 1000,
    differ: [
      ['"1" and "01"', ["1"], ["01"]],
      ['"" and "0"', [""], ["0"]],
      ['"__proto__" and "constructor"', ["__proto__"], ["constructor"]],
      ["lone surrogates", ["\ud800"], ["\udbff"]],
      ['"null" and null', ["null"], [null]],
      ['"undefined" and undefined', ["undefined"], [undefined]],
      ['"true" and true', ["true"], [true]],
      ['"1" and 1', ["1"], [1]],
    ],
    reach: { isolated: 1.0, mixed: 1.6 },
    aim: { isolated: 0.9, mixed: 1.2 },
  },
  {
    id: "fraction",
    title: "one fraction",
    measures: "hit",
    shape,
    floor: { name: "Map.get", make: mapFloor, peers },
    fn: (x) => Math.floor(x),
    inputs: () => keys.map((i) => i * 1.37 + 0.21),
    pass(f, inputs) {
      let sum = 0;
      for (let i = 0; i < inputs.length; i++) sum += f(inputs[i]);
      return sum;
    },
    runs: 1000,
    differ: [
      ["-0 and 0", [-0], [0]],
      ["neighbours", [0.1 + 0.2], [0.3]],
      ["NaN and undefined", [NaN], [undefined]],
      ["∞ and null", [Infinity], [null]],
      ["∞ and -∞", [Infinity], [-Infinity]],
      ['0.5 and "0.5"', [0.5], ["0.5"]],
    ],
    reach: { isolated: 1.3, mixed: 1.9 },
    aim: { isolated: 1.1, mixed: 1.3 },
  },
];
