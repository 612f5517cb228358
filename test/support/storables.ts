/** Values that can be stored, and such that cannot, each by itself. */
import fc from "fast-check";

import { anyRecipe } from "./arbitraries.ts";
import { hasTemporal, make, otherRealm, plainStyle, type Recipe, variedStyle } from "./recipe.ts";

/** What structured cloning keeps, made of any recipe. */
export function toStorable(recipe: Recipe): Recipe {
  const withoutSymbols = (entries: [PropertyKey, Recipe][]): [PropertyKey, Recipe][] =>
    entries
      .filter(([key]) => typeof key !== "symbol")
      .map(([key, value]): [PropertyKey, Recipe] => [key, toStorable(value)]);
  switch (recipe.kind) {
    case "primitive":
      return typeof recipe.value === "symbol" ? { kind: "primitive", value: "symbol" } : recipe;
    case "object":
      return { ...recipe, bare: false, entries: withoutSymbols(recipe.entries) };
    case "array":
      return {
        ...recipe,
        items: recipe.items.map((item) => (item.kind === "hole" ? item : toStorable(item))),
        extras: withoutSymbols(recipe.extras),
      };
    case "map":
      return {
        ...recipe,
        entries: recipe.entries.map(([key, value]): [Recipe, Recipe] => [
          toStorable(key),
          toStorable(value),
        ]),
      };
    case "set":
      return { ...recipe, items: recipe.items.map(toStorable) };
    case "date":
      return { ...recipe, extras: [] };
    case "regexp":
      return { ...recipe, lastIndex: 0 };
    case "boxed":
      return typeof recipe.value === "symbol" ? { kind: "boxed", value: -0 } : recipe;
    case "keyed":
      return toStorable(recipe.content);
    case "identity":
    case "url":
    case "temporal":
      return { kind: "primitive", value: recipe.kind };
    case "bytes":
    case "shared":
      return recipe;
  }
}

/** Further values that are kept, among them long ones, which are walked in another way. */
const kept: readonly (() => unknown)[] = [
  () => Array.from({ length: 200 }, (_, i) => (i % 50 === 0 ? { i } : i)),
  () => Object.assign(Array.from({ length: 100 }, String), { extra: [1] }),
  () => Object.assign([], { length: 1000, 7: {}, 900: [] }),
  () => Object.assign([], { length: 2 ** 32 - 1, 4_000_000_000: "far" }),
  () => Array.from({ length: 300 }, (_, i) => i / 2).fill(-0, 3, 9),
  () => Uint8Array.from({ length: 5000 }, (_, i) => i),
  () => Buffer.alloc(300, "rote").subarray(7, 290),
  () => new Float64Array([NaN, -0, 1.5]),
  () => new DataView(new ArrayBuffer(64), 3, 50),
  () => new Map(Array.from({ length: 90 }, (_, i) => [{ i }, i])),
  () => Object.freeze({ a: Object.seal([1]) }),
  () => Object.defineProperty({}, "a", { value: [1], enumerable: true }),
  () => JSON.parse('{"__proto__":{"a":1},"constructor":2}') as unknown,
  () => "\u0100".repeat(1000),
  () => "latin".repeat(1000),
  () => -(2n ** 200n),
  () => ["a".split(""), /(?<name>a)/.exec("b")],
  ...("resizable" in ArrayBuffer.prototype
    ? [() => Reflect.construct(ArrayBuffer, [3, { maxByteLength: 9 }]) as unknown]
    : []),
  ...("Float16Array" in globalThis
    ? [
        () =>
          new (globalThis as unknown as { Float16Array: typeof Float32Array }).Float16Array([1.5]),
      ]
    : []),
];

/** A value that can be stored; a seed decides about the order of keys and the realm. */
export const storable: fc.Arbitrary<unknown> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(fc.array(anyRecipe, { maxLength: 4 }), fc.nat()).map(([recipes, seed]) =>
      make(recipes.map(toStorable), {
        ...(seed % 3 === 0 ? plainStyle() : variedStyle(seed)),
        disguise: false,
      }),
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom(...kept).map((make) => make()) },
);

class Money {
  cents = 1;
}
class OwnMap extends Map<unknown, unknown> {}
class OwnList extends Array<unknown> {}
class OwnDate extends Date {}
class OwnBytes extends Uint8Array {}
class OwnExpression extends RegExp {}

const detached = (): ArrayBuffer => {
  const buffer = new ArrayBuffer(8);
  structuredClone(buffer, { transfer: [buffer] });
  return buffer;
};
const long = (): unknown[] => Array.from({ length: 200 }, (_, i) => i);

/** What V8 changes or refuses, and what the refusal says of it. */
export const oddities: readonly (readonly [says: string, make: () => unknown])[] = [
  [
    "result is an instance of Money: stored, it would come back as a plain object",
    () => new Money(),
  ],
  ["result is an instance of OwnMap: stored, it would come back as a Map", () => new OwnMap()],
  ["result is an instance of OwnList: stored, it would come back as an Array", () => new OwnList()],
  ["result is an instance of OwnDate: stored, it would come back as a Date", () => new OwnDate(1)],
  [
    "result is an instance of OwnBytes: stored, it would come back as a Uint8Array",
    () => new OwnBytes(1),
  ],
  ["result is an instance of OwnExpression", () => new OwnExpression("a")],
  ["result is an instance of a class without a name", () => new (class {})()],
  ["result is an instance of URL: stored", () => new URL("http://a/")],
  ["result is an instance of URLSearchParams", () => new URLSearchParams("a=1")],
  ["result is an instance of Headers", () => new Headers()],
  ["result is an instance of AbortController", () => new AbortController()],
  ["result has no prototype", () => Object.assign(Object.create(null) as object, { a: 1 })],
  ["result is an instance of a class without a name", () => Object.create({ a: 1 }) as unknown],
  [
    "result.a is an accessor",
    () => Object.defineProperty({}, "a", { get: () => 1, enumerable: true }),
  ],
  ["result.a is an accessor", () => Object.defineProperty({}, "a", { set() {}, enumerable: true })],
  [
    "result[1] is an accessor",
    () => Object.defineProperty([1], 1, { get: () => 1, enumerable: true }),
  ],
  ["result[9] is an accessor", () => Object.defineProperty(long(), 9, { get: () => 1 })],
  ["result.a is not enumerable", () => Object.defineProperty({ b: 1 }, "a", { value: 1 })],
  ["result[0] is not enumerable", () => Object.defineProperty([], 0, { value: 1 })],
  ["result[9] is not enumerable", () => Object.defineProperty(long(), 9, { enumerable: false })],
  ["result.a is not enumerable", () => Object.defineProperty(long(), "a", { value: 1 })],
  ["result has a property whose name is a symbol", () => ({ [Symbol("a")]: 1 })],
  [
    "result has a property whose name is a symbol",
    () => Object.assign([1], { [Symbol.for("a")]: 1 }),
  ],
  [
    "result has a property whose name is a symbol",
    () => Object.assign(long(), { [Symbol("a")]: 1 }),
  ],
  [
    "result has a property whose name is a symbol",
    () => Object.defineProperty({}, Symbol.toStringTag, { get: () => 1 }),
  ],
  ["result is a Map with a property of its own", () => Object.assign(new Map(), { a: 1 })],
  ["result is a Set with a property of its own", () => Object.assign(new Set(), { a: 1 })],
  ["result is a Date with a property of its own", () => Object.assign(new Date(0), { a: 1 })],
  ["result is a RegExp with a property of its own", () => Object.assign(/a/, { a: 1 })],
  [
    "result is a Number with a property of its own",
    () => Object.assign(Object(1) as object, { a: 1 }),
  ],
  [
    "result is a String with a property of its own",
    () => Object.assign(Object("a") as object, { a: 1 }),
  ],
  ["result is an ArrayBuffer with a property", () => Object.assign(new ArrayBuffer(1), { a: 1 })],
  ["result is a Uint8Array with a property", () => Object.assign(new Uint8Array(1), { a: 1 })],
  ["result is a Uint8Array with a property", () => Object.assign(new Uint8Array(500), { a: 1 })],
  [
    "result is a Uint8Array with a property",
    () => Object.defineProperty(new Uint8Array(500), "a", { value: 1 }),
  ],
  ["result is a Buffer with a property", () => Object.assign(Buffer.alloc(500), { a: 1 })],
  [
    "result is a DataView with a property",
    () => Object.assign(new DataView(new ArrayBuffer(1)), { a: 1 }),
  ],
  ["result has a lastIndex other than 0", () => Object.assign(/a/g, { lastIndex: 1 })],
  ["result is a view of shared memory", () => new Uint8Array(new SharedArrayBuffer(4))],
  ["result is a view of shared memory", () => new DataView(new SharedArrayBuffer(4))],
  ["result has been transferred", detached],
  ["result is a SharedArrayBuffer, which cannot be stored", () => new SharedArrayBuffer(4)],
  ["result is a function, which cannot be stored", () => () => 1],
  ["result is a function, which cannot be stored", () => class {}],
  ["result is a symbol, which cannot be stored", () => Symbol("a")],
  ["result is a symbol, which cannot be stored", () => Symbol.for("a")],
  ["result is a Symbol, which cannot be stored", () => Object(Symbol("a")) as unknown],
  ["result is a Promise, which cannot be stored", () => Promise.resolve(1)],
  ["result is a WeakMap, which cannot be stored", () => new WeakMap()],
  ["result is a WeakRef, which cannot be stored", () => new WeakRef({})],
  ["result is an instance of a class without a name", () => [1].values()],
  ["result is a NumberFormat, which cannot be stored", () => new Intl.NumberFormat("en")],
  ["result is a proxy, which cannot be stored", () => new Proxy({}, {})],
  ["result is a proxy, which cannot be stored", () => new Proxy([], {})],
  [
    "result is an arguments object, which cannot be stored",
    (...args: unknown[]) =>
      (function () {
        return arguments;
      })(...(args as [])),
  ],
  [
    "result is a Map with another prototype",
    () => Object.setPrototypeOf(new Map(), Object.prototype),
  ],
  [
    "result is a Set with another prototype",
    () => Object.setPrototypeOf(new Set(), Object.prototype) as unknown,
  ],
  [
    "result is a Set with another prototype",
    () => Object.setPrototypeOf(new Set(), Array.prototype),
  ],
  [
    "result is a Date with another prototype",
    () => Object.setPrototypeOf(new Date(0), Object.prototype),
  ],
  ["result is an Array with another prototype", () => Object.setPrototypeOf([1], Object.prototype)],
  [
    "result is a Number with another prototype",
    () => Object.setPrototypeOf(Object(1), Object.prototype),
  ],
  [
    "result is a Uint8Array with another",
    () => Object.setPrototypeOf(new Uint8Array(1), Object.prototype),
  ],
  [
    "result is a Uint8Array with another",
    () => Object.setPrototypeOf(new Uint8Array(1), Int8Array.prototype),
  ],
  [
    "result is an Error with another prototype",
    () => Object.setPrototypeOf(Error("a"), Object.prototype),
  ],
  [
    "result is an object with the prototype of a Map",
    () => Object.create(Map.prototype) as unknown,
  ],
  [
    "result is an object with the prototype of an Array",
    () => Object.create(Array.prototype) as unknown,
  ],
  ["result is an error", () => new Error("a")],
  ["result is an error", () => new TypeError("a", { cause: 1 })],
  ["result is an error", () => new (class OwnError extends Error {})("a")],
  ["result is an error", () => new otherRealm.Error("a")],
  ...("resizable" in ArrayBuffer.prototype
    ? ([
        [
          "result is a view of resizable memory",
          () => new Uint8Array(Reflect.construct(ArrayBuffer, [3, { maxByteLength: 9 }]) as never),
        ],
      ] as const)
    : []),
  ...(hasTemporal
    ? ([
        [
          "result is a PlainDate, which cannot be stored",
          () => make([{ kind: "temporal", index: 2 }], plainStyle())[0],
        ],
      ] as const)
    : []),
];

/** Something that can be stored but for one place, which is one of the oddities or any disguised value. */
export const odd: fc.Arbitrary<unknown> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc
      .tuple(storable, fc.constantFrom(...oddities), fc.nat(3))
      .map(([value, [, makeOdd], where]) => {
        const oddity = makeOdd();
        return [
          [value, oddity],
          { value, oddity },
          new Map([[value, oddity]]),
          new Set([[oddity], value]),
        ][where];
      }),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.array(anyRecipe, { maxLength: 3 }), fc.nat())
      .map(([recipes, seed]) => make(recipes, variedStyle(seed))),
  },
);
