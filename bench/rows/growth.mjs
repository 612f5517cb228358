/** What an entry costs to make and to keep. */
import { mapFloor } from "./floors.mjs";
import { primitive } from "./primitive.mjs";
import { shuffled } from "./shuffle.mjs";

const shape = { parameters: 1, keys: "primitives" };
const [{ differ, floor }] = primitive;

export const growth = [
  {
    id: "miss",
    title: "a miss, 10 000 integers in no order",
    measures: "miss",
    modes: ["isolated"],
    shape,
    floor: { ...floor, name: "Map.set" },
    fn: (n) => n + 1,
    inputs: () => shuffled(10_000),
    pass(f, inputs) {
      let sum = 0;
      for (let i = 0; i < inputs.length; i++) sum += f(inputs[i]);
      return sum;
    },
    runs: 10_000,
    differ,
    reach: { isolated: 0.8 },
    aim: { isolated: 0.6 },
  },
  {
    id: "heap",
    title: "heap per integer entry, one million",
    measures: "heap",
    modes: ["isolated"],
    shape,
    floor: { name: "Map", make: mapFloor },
    fn: (n) => n & 1023,
    entries: 1_000_000,
    differ,
    reach: { isolated: 12 },
    aim: { isolated: 9 },
  },
];
