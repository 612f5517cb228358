/**
 * The nine other functions of the mixed mode. They are made by the same contender and called before
 * the measured function exists, so whatever code they share has seen every kind of argument by then.
 */
const CALLS = 100;

const objects = Array.from({ length: CALLS }, (_, id) => ({ id, name: `n${id}` }));
const receiver = { base: 1 };
const string = (i) => Buffer.from(`key-${i}`).latin1Slice();

const primitives = (parameters) => ({ parameters, keys: "primitives" });

/** For contenders: nine functions as one program might have them, all with the options of the row. */
export const ownCompanions = (options) =>
  companions.map((companion) => ({ ...companion, shape: { ...companion.shape, options } }));

const companions = [
  { shape: primitives(1), fn: (n) => n + 1, args: (i) => [i] },
  { shape: primitives(1), fn: (text) => text.length, args: (i) => [string(i)] },
  { shape: primitives(1), fn: (x) => Number(x) + 1, args: (i) => [i % 2 ? i + 0.5 : BigInt(i)] },
  { shape: { parameters: 1, keys: "identity" }, fn: (o) => o.id + 1, args: (i) => [objects[i]] },
  { shape: primitives(2), fn: (a, b) => a + b + 1, args: (i) => [i % 10, i] },
  {
    shape: primitives(3),
    fn: (a, b, c) => a + b.length + (c ? 1 : 0),
    args: (i) => [i, string(i % 10), i % 2 === 0],
  },
  { shape: primitives("rest"), fn: (...all) => all.length, args: (i) => [i % 10, string(i), i] },
  {
    shape: { parameters: 1, keys: "content" },
    fn: ({ id, tags }) => id + tags.length,
    args: (i) => [{ id: i, tags: ["a", string(i)], range: { from: i, to: i + 0.5 } }],
  },
  {
    shape: primitives(1),
    fn: function (n) {
      return n + (this?.base ?? 1); // some peers do not pass the receiver on
    },
    receiver,
    args: (i) => [i],
  },
];

const kinds = {
  integer: (i) => i,
  string,
  fraction: (i) => i + 0.5,
  bigint: (i) => BigInt(i),
  boolean: (i) => i % 2 === 0,
  object: (i) => objects[i],
};

const shapes = Array.from({ length: 9 }, (_, j) =>
  Array.from({ length: CALLS }, (_, i) => ({ [`p${j}`]: i, [`q${j}`]: string(i), rest: j })),
);

/**
 * For a floor, which fits one arity only: the same factory nine times, each with other kinds of
 * arguments ("shaped" objects have other properties for each of the nine).
 */
export const floorCompanions = ({ parameters, kinds: names }) =>
  Array.from({ length: 9 }, (_, j) => ({
    fn:
      [(a) => count(a), (a, b) => count(a, b), (a, b, c) => count(a, b, c)][parameters - 1] ??
      count,
    args: (i) =>
      Array.from({ length: parameters }, (_, at) => {
        const name = names[(j + at) % names.length];
        return name === "shaped" ? shapes[j][i] : kinds[name](i);
      }),
  }));

const count = (...all) => all.length;

/**
 * Wraps the companions; the function returned calls each of them a hundred times, in turn. One that a
 * contender cannot serve (a BigInt turned into JSON throws) is left out for that contender.
 */
export function startCompanions(companions, wrap) {
  const running = companions.map((companion) => ({
    ...companion,
    memoized: wrap(companion.fn, companion.shape),
  }));
  const callAll = ({ memoized, receiver, args }) => {
    for (let i = 0; i < CALLS; i++) memoized.apply(receiver, args(i));
  };
  const able = running.filter((companion) => {
    try {
      callAll(companion);
      return true;
    } catch {
      return false;
    }
  });
  return () => able.forEach(callAll);
}
