/** Fresh objects with equal contents. Making them is part of both sides: it happens inside the loop. */
import { jsonFloor } from "./floors.mjs";
import { shuffled } from "./shuffle.mjs";

const shape = { parameters: 1, keys: "content" };
const order = shuffled(1000);
const peers = { parameters: 1, kinds: ["integer", "string", "fraction", "boolean", "shaped"] };
const day = new Date(0);
const string = (text) => Buffer.from(text).latin1Slice();

const optionsOf = (n, tag, size) => ({
  page: { number: n, size },
  filter: { tags: ["open", tag], since: n + 0.5, author: { name: tag, active: true } },
  sort: "created",
});

export const content = [
  {
    id: "fresh",
    title: "fresh `{ a, b, c }`, nothing lost",
    measures: "hit",
    shape,
    floor: { name: "JSON.stringify + Map", make: jsonFloor, peers },
    fn: ({ a, b, c }) => a + b.length + (c ? 1 : 0),
    inputs: () => ({
      a: order.map((i) => i + 1),
      b: order.map((i) => string(`name-${i % 50}`)),
      c: order.map((i) => i % 2 === 0),
    }),
    pass(f, { a, b, c }) {
      let sum = 0;
      for (let i = 0; i < a.length; i++) sum += f({ a: a[i], b: b[i], c: c[i] });
      return sum;
    },
    runs: 1000,
    differ: differences((value) => ({ a: 1, b: value, c: true })),
    same: [["key order", [{ a: 1, b: 2, c: 3 }], [{ c: 3, b: 2, a: 1 }]]],
    reach: { isolated: 0.4, mixed: 0.7 },
    aim: { isolated: 0.2, mixed: 0.35 },
  },
  {
    id: "nested",
    title: "fresh nested options object, nothing lost",
    measures: "hit",
    shape,
    floor: { name: "JSON.stringify + Map", make: jsonFloor, peers },
    fn: ({ page, filter }) => page.number + page.size + filter.tags.length,
    inputs: () => ({
      a: order.map((i) => i + 1),
      b: order.map((i) => string(`tag-${i % 50}`)),
      c: order.map((i) => 10 + (i % 4)),
    }),
    pass(f, { a, b, c }) {
      let sum = 0;
      for (let i = 0; i < a.length; i++) sum += f(optionsOf(a[i], b[i], c[i]));
      return sum;
    },
    runs: 1000,
    differ: [
      ...differences((value) => ({ ...optionsOf(1, "a", 2), filter: { tags: [value], since: 1 } })),
      ["depth", [{ a: { b: {} } }], [{ a: {}, b: {} }]],
      ["[] and {}", [{ a: [] }], [{ a: {} }]],
    ],
    same: [["key order", [{ a: { x: 1, y: 2 } }], [{ a: { y: 2, x: 1 } }]]],
    reach: { isolated: 0.8, mixed: 1.2 },
    aim: { isolated: 0.35, mixed: 0.5 },
  },
];

/** What gets lost on the way through text, at a place inside an argument. */
function differences(at) {
  return [
    ["undefined and a missing key", [{ a: 1, b: undefined }], [{ a: 1 }]],
    ["undefined and null", [at(undefined)], [at(null)]],
    ["NaN and null", [at(NaN)], [at(null)]],
    ["-0 and 0", [at(-0)], [at(0)]],
    ["∞ and null", [at(Infinity)], [at(null)]],
    ['1 and "1"', [at(1)], [at("1")]],
    ["1n and 2n", [at(1n)], [at(2n)]],
    ["a Date and its text", [at(day)], [at(day.toJSON())]],
    ["two Dates", [at(new Date(1))], [at(new Date(2))]],
    ["two Maps", [at(new Map([[1, 2]]))], [at(new Map([[1, 3]]))]],
    ["two RegExps", [at(/a/)], [at(/b/)]],
  ];
}
