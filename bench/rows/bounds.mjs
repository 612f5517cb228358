/** Functions that keep a limited number of results: a full cache that is hit, one that is always missed, and one in between. */
import { createRandom } from "../hit-ratio/random.mjs";
import { createZipf } from "../hit-ratio/zipf.mjs";
import { primitive } from "./primitive.mjs";
import { shuffled } from "./shuffle.mjs";

const {
  differ,
  fn,
  floor: { peers },
} = primitive.find(({ id }) => id === "string");

// Built anew: equal to the strings of the entries, but other objects.
const name = (i) => Buffer.from(`user:${i * 7919}`).latin1Slice();

const bounded = (maxEntries) => ({
  shape: { parameters: 1, keys: "primitives", options: { maxEntries } },
  floor: {
    name: "lru-cache memo",
    packageName: "lru-cache",
    load: async () => (await import("./lru-floor.mjs")).lruFloor(maxEntries),
    peers,
  },
  fn,
  differ,
});

const hit = (maxEntries) => ({
  id: `bounded-hit-${maxEntries}`,
  title: `a hit, ${maxEntries} strings in a full cache`,
  measures: "hit",
  ...bounded(maxEntries),
  inputs: () => shuffled(maxEntries).map(name),
  pass(f, inputs) {
    let sum = 0;
    for (let i = 0; i < inputs.length; i++) sum += f(inputs[i]);
    return sum;
  },
  runs: maxEntries,
  reach: { isolated: 1.15 },
  aim: { isolated: 1.0 },
});

const miss = (maxEntries) => ({
  id: `bounded-miss-${maxEntries}`,
  title: `a miss, ${maxEntries} strings in a full cache`,
  measures: "bounded",
  modes: ["isolated"],
  ...bounded(maxEntries),
  inputs: () => shuffled(10 * maxEntries).map(name),
  pass(f, inputs) {
    let sum = 0;
    for (let i = 0; i < inputs.length; i++) sum += f(inputs[i]);
    return sum;
  },
  calls: 10 * maxEntries,
  hitRatio: { least: 0, most: 0.001 },
  reach: { isolated: 1.6 },
  aim: { isolated: 1.3 },
});

const KEYS = 100_000;
const ACCESSES = 400_000;

const zipf = {
  id: "bounded-zipf",
  title: "Zipf(1.0) over 100 000 strings, 1000 kept",
  measures: "bounded",
  modes: ["isolated"],
  ...bounded(1000),
  inputs() {
    const names = shuffled(KEYS).map(name);
    const rank = createZipf(KEYS, 1, createRandom(1));
    return Array.from({ length: ACCESSES }, () => names[rank()]);
  },
  pass(f, inputs) {
    let sum = 0;
    for (let i = 0; i < inputs.length; i++) sum += f(inputs[i]);
    return sum;
  },
  calls: ACCESSES,
  hitRatio: { least: 0.59, most: 1 },
  reach: { isolated: 0.75 },
  aim: {},
};

export const bounds = [hit(1000), hit(10_000), miss(1000), miss(10_000), zipf];
