/** What a TTL costs at a hit, fresh or stale: the floor is rote itself, the same function without one. */
import { primitive } from "./primitive.mjs";
import { shuffled } from "./shuffle.mjs";

const HOUR_MS = 3_600_000;
const [integer, string] = primitive;

/** A row with a TTL, from one without; each has its own `pass`, since call sites have to differ. */
const fresh = ({ fn, inputs, differ, runs }, row, bound = {}) => ({
  measures: "hit",
  modes: ["isolated"],
  shape: { parameters: 1, keys: "primitives", options: { ...bound, ttl: HOUR_MS } },
  floor: {
    name: "rote without a TTL",
    packageName: "rote",
    async load() {
      const { wrap } = await import("../contenders/rote.mjs");
      return (fn) => wrap(fn, { parameters: 1, keys: "primitives", options: bound });
    },
  },
  fn,
  inputs,
  runs,
  differ,
  reach: { isolated: 1.3 },
  aim: {},
  ...row,
});

export const freshness = [
  fresh(integer, {
    id: "ttl-hit-integer",
    title: "a hit with a TTL, one small integer",
    pass(f, inputs) {
      let sum = 0;
      for (let i = 0; i < inputs.length; i++) sum += f(inputs[i]);
      return sum;
    },
  }),
  fresh(string, {
    id: "ttl-hit-string",
    title: "a hit with a TTL, one string",
    pass(f, inputs) {
      let sum = 0;
      for (let i = 0; i < inputs.length; i++) sum += f(inputs[i]);
      return sum;
    },
  }),
  fresh(
    string,
    {
      id: "ttl-hit-bounded",
      title: "a hit with a TTL, 1000 strings in a full cache",
      inputs: () => shuffled(1000).map((i) => Buffer.from(`user:${i * 7919}`).latin1Slice()),
      pass(f, inputs) {
        let sum = 0;
        for (let i = 0; i < inputs.length; i++) sum += f(inputs[i]);
        return sum;
      },
    },
    { maxEntries: 1000 },
  ),
  fresh(string, {
    id: "stale-hit",
    title: "a stale hit, one string",
    // Its refreshes are never begun.
    shape: {
      parameters: 1,
      keys: "primitives",
      options: { ttl: 1, staleWhileRevalidate: HOUR_MS, schedule: () => () => {} },
    },
    pass(f, inputs) {
      let sum = 0;
      for (let i = 0; i < inputs.length; i++) sum += f(inputs[i]);
      return sum;
    },
    reach: {},
  }),
];
