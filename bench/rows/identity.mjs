/** Objects told apart by what they are, not by what they contain. */
import { nestedWeakMapFloor, weakMapFloor } from "./floors.mjs";
import { shuffled } from "./shuffle.mjs";

const peers = { kinds: ["shaped"] };
const one = { id: 1 };
const other = { id: 1 };

export const identity = [
  {
    id: "object",
    title: "one object by identity",
    measures: "hit",
    shape: { parameters: 1, keys: "identity" },
    floor: { name: "WeakMap.get", make: weakMapFloor, peers: { ...peers, parameters: 1 } },
    fn: (object) => object.id + 1,
    inputs: keep(() => shuffled(1000).map((id) => ({ id, name: `n${id}` }))),
    pass(f, inputs) {
      let sum = 0;
      for (let i = 0; i < inputs.length; i++) sum += f(inputs[i]);
      return sum;
    },
    runs: 1000,
    differ: [
      ["equal objects", [one], [other]],
      ["equal arrays", [[1]], [[1]]],
      ["functions", [() => 1], [() => 1]],
    ],
    reach: { isolated: 1.15, mixed: 1.4 },
    aim: { isolated: 1.0, mixed: 1.2 },
  },
  {
    id: "objects",
    title: "two objects by identity",
    measures: "hit",
    shape: { parameters: 2, keys: "identity" },
    floor: { name: "nested WeakMap", make: nestedWeakMapFloor, peers: { ...peers, parameters: 2 } },
    fn: (a, b) => a.id + b.id,
    inputs: keep(() => {
      const left = Array.from({ length: 40 }, (_, id) => ({ id, name: `l${id}` }));
      const right = Array.from({ length: 25 }, (_, id) => ({ id, size: id * 2 }));
      const order = shuffled(1000);
      return { a: order.map((i) => left[i % 40]), b: order.map((i) => right[Math.floor(i / 40)]) };
    }),
    pass(f, { a, b }) {
      let sum = 0;
      for (let i = 0; i < a.length; i++) sum += f(a[i], b[i]);
      return sum;
    },
    runs: 1000,
    differ: [
      ["equal objects, first", [one, one], [other, one]],
      ["equal objects, second", [one, one], [one, other]],
      ["their order", [one, other], [other, one]],
    ],
    reach: { isolated: 1.25, mixed: 1.4 },
    aim: { isolated: 1.0, mixed: 1.1 },
  },
];

/** Identity means the very same objects at every call, and none at all in processes of other rows. */
function keep(make) {
  let kept;
  return () => (kept ??= make());
}
