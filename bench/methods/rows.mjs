/**
 * A row has the class that is memoized, the same written by hand as an expert would, and what is done
 * with objects of it. The classes are made from text, so that every call site sees its own.
 */
const OBJECTS = 16;
const CALLS = 1024;

const classes = {
  method: {
    member: "method",
    kind: "method",
    plain: "method(a) { return this.factor * a; }",
    // The hidden Map, made by the first call.
    floor: `#map;
      method(a) {
        const map = (this.#map ??= new Map());
        let value = map.get(a);
        if (value === undefined) map.set(a, (value = this.factor * a));
        return value;
      }`,
    weak: `
      method(a) {
        let map = maps.get(this);
        if (map === undefined) maps.set(this, (map = new Map()));
        let value = map.get(a);
        if (value === undefined) map.set(a, (value = this.factor * a));
        return value;
      }`,
  },
  pair: {
    member: "method",
    kind: "method",
    plain: "method(a, b) { return this.factor * a + b; }",
    floor: `#map;
      method(a, b) {
        const map = (this.#map ??= new Map());
        let below = map.get(a);
        if (below === undefined) map.set(a, (below = new Map()));
        let value = below.get(b);
        if (value === undefined) below.set(b, (value = this.factor * a + b));
        return value;
      }`,
    weak: undefined,
  },
  getter: {
    member: "got",
    kind: "getter",
    plain: "get got() { return this.factor * 3; }",
    floor: "#got; get got() { return (this.#got ??= this.factor * 3); }",
    weak: `
      get got() {
        let value = maps.get(this);
        if (value === undefined) maps.set(this, (value = this.factor * 3));
        return value;
      }`,
  },
};

const use = {
  method: "object.method(i & 7)",
  pair: "object.method(i & 7, i & 3)",
  getter: "object.got",
};

const row = (id, title, of, how, reach) => ({
  id,
  title,
  of,
  isFirst: how === "first",
  isApart: how === "apart",
  reach,
});

export const rows = [
  row("hit", "a hit of a method, one integer", "method", "mixed", 1.5),
  row("apart-hit", "the same where no first calls are made", "method", "apart", 1.5),
  row("pair-hit", "a hit of a method, two integers", "pair", "mixed"),
  row("getter-hit", "a hit of a getter; the floor is a hidden field", "getter", "mixed"),
  row("first", "a new object and the first call of a method", "method", "first", 1.5),
  row("getter-first", "a new object and the first call of a getter", "getter", "first"),
];

/** A class of the row: `form` is "plain", "floor" or "weak". */
export function makeClass({ of }, form, index) {
  const body = classes[of][form];
  if (body === undefined) return undefined;
  // oxlint-disable-next-line typescript/no-implied-eval -- each class is to have code of its own
  return new Function(
    `const maps = new WeakMap(); return class C${index} { x${index} = 1; factor = ${index + 2}; ${body} };`,
  )();
}

export const memberOf = ({ of }) => classes[of];

/** What is timed, for one class, and how many calls it makes. */
export function makePass({ of, isFirst, isApart }, type) {
  const loop = isFirst
    ? `for (let i = 0; i < ${CALLS}; i++) { const object = new type(); sum += ${use[of]}; }`
    : `for (let i = 0; i < ${CALLS}; i++) { const object = objects[i % ${OBJECTS}]; sum += ${use[of]}; }`;
  const objects = Array.from({ length: OBJECTS }, () => new type());
  if (isApart) for (let i = 0; i < 8 * OBJECTS; i++) objects[i >> 3].method(i & 7);
  return {
    calls: CALLS,
    // oxlint-disable-next-line typescript/no-implied-eval -- and each loop
    pass: new Function("type", "objects", `return () => { let sum = 0; ${loop} return sum; };`)(
      type,
      objects,
    ),
  };
}
