/** Every sentence of the equality of keys (docs/design), one by one, and the counterexamples found. */
import vm from "node:vm";
import { describe, expect, test } from "vitest";

import { keySymbol, memoize } from "rote";

import { equalArguments } from "../support/equality.ts";
import { hasTemporal, otherRealm } from "../support/recipe.ts";

type AnyFunction = (...args: unknown[]) => unknown;
type Key = "value" | "identity";

function counted(key: Key = "value") {
  let runs = 0;
  const fn = memoize((..._args: unknown[]): number => ++runs, { key });
  return { fn, runs: (): number => runs };
}

/** Whether two calls share an entry, in both orders, and with the first one known before. */
function share(a: unknown[], b: unknown[], key: Key = "value"): boolean {
  const { fn, runs } = counted(key);
  const forth = fn(...a) === fn(...b);
  expect(fn(...a) === fn(...b)).toBe(forth);
  expect(runs()).toBe(forth ? 1 : 2);
  const other = counted(key);
  expect(other.fn(...b) === other.fn(...a)).toBe(forth);
  return forth;
}

function expectEqual(a: unknown[], b: unknown[], key: Key = "value"): void {
  expect(share(a, b, key)).toBe(true);
}

function expectDifferent(a: unknown[], b: unknown[], key: Key = "value"): void {
  expect(share(a, b, key)).toBe(false);
}

function once<T>(value: T): () => T {
  let reads = 0;
  return () => {
    if (++reads > 1) throw new Error("read twice");
    return value;
  };
}

describe("primitives", () => {
  test("NaN equals itself", () => {
    expectEqual([NaN], [0 / 0]);
    expectEqual([{ a: NaN }], [{ a: NaN }]);
  });

  test("0 and -0 differ", () => {
    expectDifferent([0], [-0]);
    expectDifferent([1, 0], [1, -0]);
    expectDifferent([1, 2, 0], [1, 2, -0]);
    expectDifferent([{ a: 0 }], [{ a: -0 }]);
    expectDifferent([[0]], [[-0]]);
    expectDifferent([new Set([0]), [0]], [new Set([0]), [-0]]);
    const inverse = memoize((x: number): number => 1 / x);
    expect([inverse(0), inverse(-0), inverse(0), inverse(-0)]).toEqual([
      Infinity,
      -Infinity,
      Infinity,
      -Infinity,
    ]);
  });

  test('1, "1", 1n and true differ', () => {
    const { fn } = counted();
    const ones: unknown[] = [1, "1", 1n, true, Object(1), [1], ["1"]];
    expect(new Set(ones.map((one) => fn(one))).size).toBe(ones.length);
    expect(new Set(ones.map((one) => fn({ one }))).size).toBe(ones.length);
  });

  test("undefined, null, false, empty text and zeros differ", () => {
    const { fn } = counted();
    const nothings: unknown[] = [undefined, null, false, "", 0, -0, 0n, NaN, "undefined", "null"];
    expect(new Set(nothings.map((nothing) => fn(nothing))).size).toBe(nothings.length);
    expect(new Set(nothings.map((nothing) => fn(1, nothing))).size).toBe(nothings.length);
    expect(new Set(nothings.map((nothing) => fn([nothing]))).size).toBe(nothings.length);
  });

  test("f() and f(undefined) differ", () => {
    for (const make of [
      (run: () => number) => () => run(),
      (run: () => number) => (_a?: unknown) => run(),
      (run: () => number) => (_a?: unknown, _b?: unknown) => run(),
      (run: () => number) => (_a?: unknown, _b?: unknown, _c?: unknown) => run(),
      (run: () => number) => (_a?: unknown, _b?: unknown, _c?: unknown, _d?: unknown) => run(),
      (run: () => number) =>
        (..._args: unknown[]) =>
          run(),
    ]) {
      let runs = 0;
      const fn = memoize(make(() => ++runs)) as AnyFunction;
      const lists: unknown[][] = [[], [undefined], [undefined, undefined]];
      lists.push([1], [1, undefined], [1, 2], [1, 2, undefined], [1, 2, 3], [1, 2, 3, undefined]);
      lists.push([1, 2, 3, 4], [1, 2, 3, 4, undefined]);
      const results = lists.map((args) => fn(...args));
      expect(new Set(results).size).toBe(lists.length);
      expect(lists.map((args) => fn(...args))).toEqual(results);
    }
  });

  test("a function with default parameters sees how many arguments there were", () => {
    const fn = memoize((a: number = 1, ...rest: number[]): string => `${a} ${rest.length}`);
    expect([fn(), fn(1), fn(1, 1), fn()]).toEqual(["1 0", "1 0", "1 1", "1 0"]);
    expect(fn.cache.size).toBe(3);
  });

  test("integers of every size, fractions and infinities are told apart", () => {
    const numbers = [
      -(2 ** 53),
      -(2 ** 31) - 1,
      -(2 ** 31),
      -2,
      -1,
      -0.5,
      -0,
      0,
      5e-324,
      0.5,
      1,
      2,
    ];
    numbers.push(
      1e3,
      1e6,
      2 ** 24,
      2 ** 30,
      2 ** 31 - 1,
      2 ** 31,
      2 ** 32 - 2,
      2 ** 32 - 1,
      2 ** 32,
    );
    numbers.push(2 ** 53, 2 ** 53 - 1, 1e300, Infinity, -Infinity, NaN);
    for (const order of [numbers, [...numbers].reverse()]) {
      const { fn, runs } = counted();
      const results = order.map((number) => fn(number));
      expect(new Set(results).size).toBe(numbers.length);
      expect(order.map((number) => fn(number))).toEqual(results);
      expect(runs()).toBe(numbers.length);
      expect(fn.cache.size).toBe(numbers.length);
    }
  });

  test("integers met in any order and density stay apart", () => {
    for (const step of [1, 3, 7, 1000, 100_003, -1, -5]) {
      const { fn, runs } = counted();
      const numbers = Array.from({ length: 2000 }, (_, index) => 500 + index * step);
      const results = numbers.map((number) => fn(number));
      expect(numbers.map((number) => fn(number))).toEqual(results);
      expect(new Set(results).size).toBe(numbers.length);
      expect(runs()).toBe(numbers.length);
      expect(new Set([...fn.cache.entries()].map(([args]) => args[0]))).toEqual(new Set(numbers));
    }
  });

  test("text is compared by its code units", () => {
    expectDifferent(["\u00e9"], ["e\u0301"]);
    expectDifferent(["\ud800"], ["\ud801"]);
    expectDifferent(["a\u0000b"], ["a"]);
    expectEqual(["ab".repeat(2)], ["abab"]);
    expectDifferent(["__proto__"], ["constructor"]);
  });

  test("nothing collides by being joined", () => {
    expectDifferent(["a,b"], ["a", "b"]);
    expectDifferent([["a", "b"]], [["a,b"]]);
    expectDifferent([["a"], "b"], [["a", "b"]]);
    expectDifferent([[], []], [[[]]]);
    expectDifferent([{ a: { b: 1 } }], [{ a: {}, b: 1 }]);
    expectDifferent([{ a: {}, b: 1 }], [{ a: { b: 1 }, c: undefined }]);
    expectDifferent([[1, [2]]], [[1, 2]]);
    expectDifferent([[[1], 2]], [[[1, 2]]]);
    expectDifferent(['{"a":1}'], [{ a: 1 }]);
    expectDifferent([{ a: 1 }, { b: 2 }], [{ a: 1, b: 2 }]);
    expectDifferent([{ a: 1 }, 2], [{ a: 1, b: 2 }]);
  });
});

describe("plain objects and arrays", () => {
  test("are equal by content", () => {
    expectEqual([{ a: 1, b: { c: [1, "2"] } }], [{ a: 1, b: { c: [1, "2"] } }]);
    expectDifferent([{ a: 1, b: { c: [1, "2"] } }], [{ a: 1, b: { c: [1, 2] } }]);
    expectEqual([[]], [[]]);
    expectEqual([{}], [{}]);
    expectDifferent([[]], [{}]);
  });

  test("null prototype and Object.prototype differ", () => {
    expectDifferent([Object.create(null)], [{}]);
    expectEqual([Object.create(null)], [Object.create(null)]);
    const bare = Object.assign(Object.create(null) as object, { a: 1 });
    expectDifferent([bare], [{ a: 1 }]);
    expectEqual([bare], [Object.assign(Object.create(null) as object, { a: 1 })]);
  });

  test("any realm's plain objects and arrays are plain", () => {
    const run = (code: string): unknown => vm.runInContext(code, vm.createContext({}));
    expectEqual([{ a: [1] }], [run("({ a: [1] })")]);
    expectEqual([run("({ a: [1] })")], [run("({ a: [1] })")]);
    expectDifferent([run("({ a: [1] })")], [{ a: [2] }]);
    expectEqual([run("[,1]")], [[, 1]]); // eslint-disable-line no-sparse-arrays
    expectDifferent([run("Object.create(null)")], [{}]);
    expectEqual([run("Object.create(null)")], [Object.create(null)]);
  });

  test("any realm's built-ins are built-ins", () => {
    const run = (code: string): unknown => vm.runInContext(code, vm.createContext({}));
    expectEqual([run("new Date(5)")], [new Date(5)]);
    expectEqual([run("/a/g")], [/a/g]);
    expectEqual([run("new Map([[1, {}]])")], [new Map([[1, {}]])]);
    expectEqual([run("new Set([1])")], [new Set([1])]);
    expectEqual([run("new Uint8Array([1])")], [new Uint8Array([1])]);
    expectEqual([run("Object(1n)")], [Object(1n)]);
    expectDifferent([run("new (class A extends Map {})")], [new Map()]);
  });

  test("any realm's class instances are compared by identity", () => {
    const run = (code: string): unknown => vm.runInContext(code, vm.createContext({}));
    expectDifferent([run("new (class A {})")], [{}]);
    expectDifferent([run("new Error()")], [run("new Error()")]);
    expectDifferent([run("() => 1")], [run("() => 1")]);
    const one = run("new (class A {})");
    expectEqual([one], [one]);
  });

  test("the order of keys does not count", () => {
    expectEqual([{ a: 1, b: 2, c: 3 }], [{ c: 3, a: 1, b: 2 }]);
    expectDifferent([{ a: 1, b: 2 }], [{ a: 2, b: 1 }]);
    const s = Symbol("s");
    const t = Symbol("t");
    expectEqual([{ [s]: 1, [t]: 2 }], [{ [t]: 2, [s]: 1 }]);
    expectEqual([{ a: { x: 1 }, b: [1] }], [{ b: [1], a: { x: 1 } }]);
    const names = Array.from({ length: 100 }, (_, index) => `key${index}`);
    const forth = Object.fromEntries(names.map((name) => [name, name.length]));
    const back = Object.fromEntries([...names].reverse().map((name) => [name, name.length]));
    expectEqual([forth], [back]);
  });

  test("own symbol keys count, by the symbol's identity", () => {
    const s = Symbol("s");
    expectEqual([{ [s]: 1 }], [{ [s]: 1 }]);
    expectDifferent([{ [s]: 1 }], [{ [Symbol("s")]: 1 }]);
    expectDifferent([{ [s]: 1 }], [{ [s]: 2 }]);
    expectDifferent([{ [s]: 1 }], [{}]);
    expectDifferent([{ [s]: 1 }], [{ s: 1 }]);
    expectEqual([{ [Symbol.for("k")]: 1 }], [{ [Symbol.for("k")]: 1 }]);
    expectDifferent([Object.assign([1], { [s]: 1 })], [[1]]);
  });

  test("inherited and non-enumerable properties do not count", () => {
    const s = Symbol("s");
    const hiding = Object.defineProperties({ a: 1 }, { b: { value: 2 }, [s]: { value: 3 } });
    expectEqual([hiding], [{ a: 1 }]);
    expectEqual([Object.defineProperty({}, "b", { value: 2 })], [{}]);
    expectEqual([Object.defineProperty({}, s, { value: 2 })], [{}]);
    expectEqual([Object.defineProperty([], "b", { value: 2 })], [[]]);
    expectEqual([Object.defineProperty([1], s, { value: 2 })], [[1]]);
    expectEqual([Object.defineProperty([1], 1, { value: 2 })], [Object.assign([1], { length: 2 })]);
  });

  test("undefined and a missing key differ", () => {
    expectDifferent([{ a: undefined }], [{}]);
    expectDifferent([{ a: undefined }], [{ b: undefined }]);
    expectDifferent([{ a: 1, b: undefined }], [{ a: 1 }]);
  });

  test("a hole and undefined differ", () => {
    expectDifferent([[,]], [[undefined]]); // eslint-disable-line no-sparse-arrays
    expectEqual([[, 1]], [[, 1]]); // eslint-disable-line no-sparse-arrays
    expectDifferent([[, 1]], [[1]]); // eslint-disable-line no-sparse-arrays
    expectDifferent([new Array(3)], [new Array(4)]);
    expectDifferent([new Array(3)], [[]]);
    expectEqual([new Array(3)], [new Array(3)]);
    const far: unknown[] = [];
    far[4_000_000_000] = 1;
    const again: unknown[] = [];
    again[4_000_000_000] = 1;
    expectEqual([far], [again]);
    again[4_000_000_000] = 2;
    expectDifferent([far], [again]);
    expectDifferent([far], [[1]]);
  });

  test("extra properties of arrays count", () => {
    expectDifferent([Object.assign([1], { a: 1 })], [[1]]);
    expectEqual([Object.assign([1], { a: 1 })], [Object.assign([1], { a: 1 })]);
    expectDifferent([Object.assign([1], { a: 1 })], [Object.assign([1], { a: 2 })]);
    expectDifferent([Object.assign([1], { a: undefined })], [[1]]);
    expectDifferent([Object.assign([1], { "-1": 0 })], [[1]]);
    expectDifferent([Object.assign([1], { "01": 2 })], [[1, 2]]);
    expectDifferent([Object.assign([], { 4294967295: 1 })], [[]]);
  });

  test("frozen, sealed and read-only content is the same content", () => {
    expectEqual([Object.freeze({ a: Object.freeze([1]) })], [{ a: [1] }]);
    expectEqual([Object.preventExtensions([1])], [[1]]);
  });

  test("a key named __proto__ is content as any other", () => {
    const own = JSON.parse('{"__proto__":{"a":1}}') as object;
    expectDifferent([own], [{}]);
    expectEqual([own], [JSON.parse('{"__proto__":{"a":1}}')]);
    expectDifferent([own], [JSON.parse('{"__proto__":{"a":2}}')]);
    const { fn } = counted();
    fn(own);
    const [entry] = [...fn.cache.entries()];
    expect(equalArguments(entry?.[0] ?? [], [own], "value")).toBe(true);
  });

  test("integer-like keys of objects are no array", () => {
    expectDifferent([{ 0: 1 }], [[1]]);
    expectDifferent([{ 0: 1, length: 1 }], [[1]]);
    expectEqual([{ 1: 1, 0: 0, a: 2 }], [{ a: 2, 0: 0, 1: 1 }]);
  });

  test("objects of many different keys stay apart", () => {
    const { fn, runs } = counted();
    const objects = Array.from({ length: 3000 }, (_, index) => ({ [`key${index}`]: index % 2 }));
    const results = objects.map((object) => fn(object));
    expect(objects.map((object) => fn({ ...object }))).toEqual(results);
    expect(runs()).toBe(3000);
  });
});

describe("cycles and shared references", () => {
  function loop(): { self?: unknown } {
    const object: { self?: unknown } = {};
    object.self = object;
    return object;
  }

  test("a cycle equals a cycle of the same shape", () => {
    expectEqual([loop()], [loop()]);
    const a: unknown[] = [];
    a.push(a);
    const b: unknown[] = [];
    b.push(b);
    expectEqual([a], [b]);
    expectDifferent([a], [loop()]);
  });

  test("a cycle of one and a cycle of two differ", () => {
    const two: { self?: unknown } = { self: {} };
    (two.self as { self?: unknown }).self = two;
    expectDifferent([loop()], [two]);
    expectDifferent([loop()], [{ self: loop() }]);
    expectDifferent([loop()], [{ self: undefined }]);
  });

  test("a cycle differs by the place it leads back to", () => {
    const toRoot = { a: { b: {} as unknown } };
    toRoot.a.b = toRoot;
    const toMiddle = { a: { b: {} as unknown } };
    toMiddle.a.b = toMiddle.a;
    expectDifferent([toRoot], [toMiddle]);
    const again = { a: { b: {} as unknown } };
    again.a.b = again;
    expectEqual([toRoot], [again]);
  });

  test("a shared object and two equal ones differ", () => {
    const x = { a: 1 };
    expectDifferent([[x, x]], [[x, { a: 1 }]]);
    expectDifferent([[x, x]], [[{ a: 1 }, { a: 1 }]]);
    const y = { a: 1 };
    expectEqual([[x, x]], [[y, y]]);
    expectDifferent([{ a: x, b: x }], [{ a: x, b: y }]);
    expectEqual([{ a: x, b: x }], [{ b: y, a: y }]);
    const empty = {};
    expectDifferent([[empty, empty]], [[{}, {}]]);
    const list: unknown[] = [];
    expectDifferent([[list, list]], [[[], []]]);
  });

  test("sharing is seen across arguments", () => {
    const x = { a: 1 };
    const y = { a: 1 };
    expectDifferent([x, x], [x, y]);
    expectEqual([x, x], [y, y]);
    expectEqual([x, y], [y, x]);
    expectDifferent([[x], { b: x }], [[x], { b: y }]);
    expectDifferent([x, 1, [[x]]], [x, 1, [[y]]]);
    const isSame = memoize((a: object, b: object): boolean => a === b);
    expect([isSame(x, x), isSame(x, y), isSame(y, y), isSame({}, {})]).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });

  test("which object is shared counts", () => {
    const x = { a: 1 };
    const y = { a: 1 };
    expectDifferent([x, y, x], [x, y, y]);
    expectDifferent([[x, y, x, y]], [[x, y, y, x]]);
    expectEqual([x, y, x], [y, x, y]);
  });

  test("sharing does not depend on the order of keys", () => {
    const x = { v: 1 };
    const y = { v: 1 };
    expectEqual([{ a: x, b: y, c: x }], [{ c: y, b: x, a: y }]);
    expectDifferent([{ a: x, b: y, c: x }], [{ a: x, b: x, c: y }]);
    const s = Symbol("s");
    expectEqual([{ [s]: x, a: x, b: y }], [{ b: x, a: y, [s]: y }]);
  });

  test("cycles through Map, Set and keyed instances end", () => {
    const map = (): unknown => {
      const made = new Map<unknown, unknown>();
      return made.set("self", made);
    };
    expectEqual([map()], [map()]);
    const set = (): unknown => {
      const made = new Set<unknown>();
      return made.add(made);
    };
    expectEqual([set()], [set()]);
    expectDifferent([map()], [set()]);
    const key = (): unknown => {
      const made = new Map<unknown, unknown>();
      return made.set(made, 1);
    };
    expectEqual([key()], [key()]);
    class Node {
      next: unknown = this;
      [keySymbol](): unknown {
        return [this.next];
      }
    }
    expectEqual([new Node()], [new Node()]);
  });

  test("a wide share is not walked once per path", () => {
    const tower = (): unknown => {
      let object: object = {};
      for (let level = 0; level < 60; level++) object = { left: object, right: object };
      return object;
    };
    expectEqual([tower()], [tower()]);
  });

  test("other kinds of content are shared or not as objects are", () => {
    const date = new Date(0);
    expectDifferent([date, date], [new Date(0), new Date(0)]);
    expectEqual([date, date], [date, date]);
    const map = new Map();
    expectDifferent([map, map], [new Map(), new Map()]);
    const bytes = new Uint8Array(1);
    expectDifferent([bytes, bytes], [bytes, new Uint8Array(1)]);
  });
});

describe("built-ins with content", () => {
  test("dates are compared by time, invalid dates equal each other", () => {
    expectEqual([new Date(1)], [new Date(1)]);
    expectDifferent([new Date(1)], [new Date(2)]);
    expectDifferent([new Date(1)], [1]);
    expectDifferent([new Date(1)], [{}]);
    expectEqual([new Date(NaN)], [new Date("no date")]);
    expectDifferent([new Date(NaN)], [new Date(0)]);
    expectDifferent([new Date(0)], [new Date(0).toISOString()]);
  });

  test("regular expressions are compared by source, flags and lastIndex", () => {
    expectEqual([/a/g], [new RegExp("a", "g")]);
    expectDifferent([/a/g], [/a/]);
    expectDifferent([/a/], [/b/]);
    expectDifferent([/a/y], [/a/g]);
    const moved = /a/g;
    moved.lastIndex = 1;
    expectDifferent([moved], [/a/g]);
    expectDifferent([/a/], ["/a/"]);
    expectDifferent([/a/], [{}]);
    expectEqual([/\//], [new RegExp("/")]);
  });

  test("URLs are compared by address", () => {
    expectEqual([new URL("http://a")], [new URL("http://A/")]);
    expectDifferent([new URL("http://a")], [new URL("http://a/b")]);
    expectDifferent([new URL("http://a")], [new URL("http://a/#")]);
    expectDifferent([new URL("http://a")], ["http://a/"]);
    const address = new URL("http://a");
    address.searchParams.set("b", "1");
    expectEqual([address], [new URL("http://a/?b=1")]);
  });

  test("Maps and Sets are compared in order", () => {
    expectEqual([new Map([[1, "a"]])], [new Map([[1, "a"]])]);
    expectDifferent([new Map([[1, "a"]])], [new Map([[1, "b"]])]);
    const forth = new Map<unknown, unknown>([
      [1, 2],
      [3, 4],
    ]);
    const back = new Map<unknown, unknown>([
      [3, 4],
      [1, 2],
    ]);
    expectDifferent([forth], [back]);
    expectDifferent([new Map([[1, undefined]])], [new Map()]);
    expectEqual([new Set([1, 2])], [new Set([1, 2])]);
    expectDifferent([new Set([1, 2])], [new Set([2, 1])]);
    expectDifferent([new Set()], [new Map()]);
    expectDifferent([new Set([1])], [[1]]);
    expectDifferent([new Map([[1, 2]])], [new Set([1, 2])]);
    expectDifferent([new Map([[1, 2]])], [[[1, 2]]]);
  });

  test("keys and values of Maps, and elements of Sets, are compared by content", () => {
    expectEqual([new Map([[{ a: 1 }, [2]]])], [new Map([[{ a: 1 }, [2]]])]);
    expectDifferent([new Map([[{ a: 1 }, [2]]])], [new Map([[{ a: 1 }, [3]]])]);
    expectEqual([new Set([{ a: 1 }])], [new Set([{ a: 1 }])]);
    expectDifferent([new Set([{ a: 1 }])], [new Set([{ a: 2 }])]);
    const x = {};
    expectDifferent([new Map([[x, x]])], [new Map([[x, {}]])]);
  });

  test("buffers are compared by their bytes", () => {
    const buffer = (...bytes: number[]): ArrayBuffer => new Uint8Array(bytes).buffer;
    expectEqual([buffer(1, 2)], [buffer(1, 2)]);
    expectDifferent([buffer(1, 2)], [buffer(2, 1)]);
    expectDifferent([buffer(0)], [buffer(0, 0)]);
    expectDifferent([buffer()], [{}]);
    expectDifferent([buffer(1)], [new Uint8Array([1])]);
  });

  test("typed arrays are compared by kind and by the bytes they view, over any buffer", () => {
    const wide = new Uint8Array([9, 9, 1, 2, 9]).buffer;
    expectEqual([new Uint8Array(wide, 2, 2)], [new Uint8Array([1, 2])]);
    expectDifferent([new Uint8Array(wide, 1, 2)], [new Uint8Array([1, 2])]);
    expectDifferent([new Uint8Array([1])], [new Int8Array([1])]);
    expectDifferent([new Uint8Array([1])], [new Uint8ClampedArray([1])]);
    expectDifferent([new Uint8Array([1])], [[1]]);
    expectDifferent([new Uint16Array([1])], [new Uint8Array([1, 0])]);
    expectDifferent([new Float64Array(1)], [new BigInt64Array(1)]);
    expectEqual([new BigInt64Array([5n])], [new BigInt64Array([5n])]);
    expectDifferent([new BigInt64Array([-1n])], [new BigUint64Array([2n ** 64n - 1n])]);
    expectEqual([new Uint8Array(0)], [new Uint8Array(0)]);
  });

  test("floats in typed arrays are compared bit by bit", () => {
    expectDifferent([new Float64Array([0])], [new Float64Array([-0])]);
    expectEqual([new Float64Array([NaN])], [new Float64Array([NaN])]);
    expectDifferent([new Float32Array([0])], [new Float32Array([-0])]);
  });

  test("a Buffer is no Uint8Array, and where it lies in its pool does not count", () => {
    expectEqual([Buffer.from("abc")], [Buffer.from("abc")]);
    expectDifferent([Buffer.from("abc")], [Buffer.from("abd")]);
    expectDifferent([Buffer.from("abc")], [new Uint8Array(Buffer.from("abc"))]);
    expectEqual([Buffer.from("xabc").subarray(1)], [Buffer.from("abc")]);
  });

  test("DataViews are compared by the bytes they view", () => {
    const wide = new Uint8Array([9, 1, 2]).buffer;
    expectEqual([new DataView(wide, 1)], [new DataView(new Uint8Array([1, 2]).buffer)]);
    expectDifferent([new DataView(wide)], [new DataView(new Uint8Array([1, 2]).buffer)]);
    expectDifferent([new DataView(wide)], [wide]);
    expectDifferent([new DataView(wide)], [new Uint8Array(wide)]);
  });

  test("large typed arrays are compared to the last byte", () => {
    const one = new Uint8Array(1_000_000);
    const other = new Uint8Array(1_000_000);
    expectEqual([one], [other]);
    other[999_999] = 1;
    expectDifferent([one], [other]);
  });

  test("views over detached or shrunken buffers are arguments as any other", () => {
    const detach = (buffer: ArrayBuffer): void =>
      void structuredClone(null, { transfer: [buffer] });
    const resizable = new (ArrayBuffer as unknown as new (
      length: number,
      options: object,
    ) => ArrayBuffer & { resize(length: number): void })(8, { maxByteLength: 16 });
    const shrunken = new DataView(resizable, 4, 4);
    const shrunkenBytes = new Uint8Array(resizable, 4, 4);
    const tracking = new Uint8Array(resizable);
    const { fn } = counted();
    expect(fn(tracking)).not.toBe(fn(new Uint8Array(4)));
    expect(fn(tracking)).toBe(fn(new Uint8Array(8)));
    resizable.resize(4);
    expect(fn(tracking)).toBe(fn(new Uint8Array(4)));
    for (const view of [shrunken, shrunkenBytes]) expect(fn(view)).toBe(fn(view));

    const buffer = new ArrayBuffer(8);
    const views = [new DataView(buffer), new Uint8Array(buffer), new Float64Array(buffer), buffer];
    const before = views.map((view) => fn(view));
    detach(buffer);
    for (const [index, view] of views.entries()) {
      expect(fn(view)).toBe(fn(view));
      expect(fn(view)).not.toBe(before[index]);
    }
  });

  test("boxed primitives are compared by kind and primitive", () => {
    expectEqual([Object(1)], [Object(1)]);
    expectDifferent([Object(1)], [1]);
    expectDifferent([Object(1)], [Object(2)]);
    expectDifferent([Object(1)], [Object("1")]);
    expectDifferent([Object(1)], [Object(1n)]);
    expectDifferent([Object(1)], [Object(true)]);
    expectDifferent([Object(0)], [Object(-0)]);
    expectEqual([Object(NaN)], [Object(NaN)]);
    expectEqual([Object("ab")], [Object("ab")]);
    expectDifferent([Object("ab")], [Object("ac")]);
    expectDifferent([Object("")], [{}]);
    expectEqual([Object(false)], [Object(false)]);
    expectDifferent([Object(false)], [Object(true)]);
    const s = Symbol("s");
    expectEqual([Object(s)], [Object(s)]);
    expectDifferent([Object(s)], [Object(Symbol("s"))]);
    expectEqual([Object(Symbol.for("s"))], [Object(Symbol.for("s"))]);
  });

  test("own extra properties of built-ins count", () => {
    const tagged = (tag: unknown): unknown => Object.assign(new Date(0), { tag });
    expectDifferent([tagged(1)], [new Date(0)]);
    expectDifferent([tagged(1)], [tagged(2)]);
    expectEqual([tagged(1)], [tagged(1)]);
    expectDifferent([Object.assign(new Map(), { tag: 1 })], [new Map()]);
    expectDifferent([Object.assign(/a/, { tag: 1 })], [/a/]);
    expectDifferent([Object.assign(new Uint8Array(1), { tag: 1 })], [new Uint8Array(1)]);
    expectDifferent([Object.assign(Object(1) as object, { tag: 1 })], [Object(1)]);
    const raw = Object.assign(["a"], { raw: ["a"] });
    expectDifferent([raw], [["a"]]);
  });

  test.runIf(hasTemporal)("Temporal values are compared by content, field by field", () => {
    interface Type {
      new (...fields: unknown[]): object;
      from(text: unknown): object;
    }
    const temporal = (globalThis as unknown as { Temporal: Record<string, Type> }).Temporal;
    const from = (name: string, text: unknown): object => temporal[name]?.from(text) as object;
    const same: [string, string][] = [
      ["Instant", "2020-01-01T00:00:00Z"],
      ["PlainDate", "2020-01-01"],
      ["PlainTime", "12:00"],
      ["PlainDateTime", "2020-01-01T12:00"],
      ["PlainYearMonth", "2020-01"],
      ["PlainMonthDay", "01-01"],
      ["ZonedDateTime", "2020-01-01T00:00+00:00[UTC]"],
      ["Duration", "PT1H"],
    ];
    for (const [name, text] of same) {
      expectEqual([from(name, text)], [from(name, text)]);
      expectDifferent([from(name, text)], [text]);
      expectDifferent([from(name, text)], [JSON.parse(JSON.stringify(from(name, text)))]);
      expectDifferent([from(name, text)], [{}]);
    }
    const { fn } = counted();
    expect(new Set(same.map(([name, text]) => fn(from(name, text)))).size).toBe(same.length);
    expectDifferent([from("Duration", "PT60M")], [from("Duration", "PT1H")]);
    const inSeconds = from("Duration", { seconds: 1 });
    expectDifferent([inSeconds], [from("Duration", { milliseconds: 1000 })]);
    expectDifferent([from("PlainDate", "2020-01-01")], [from("PlainDate", "2020-01-02")]);
    const gregorian = from("PlainDate", "2020-01-01[u-ca=gregory]");
    expectDifferent([from("PlainDate", "2020-01-01")], [gregorian]);
    const year = from("PlainYearMonth", "2020-01");
    const YearMonth = temporal["PlainYearMonth"] as Type;
    expectDifferent([year], [new YearMonth(2020, 1, "iso8601", 15)]);
    const nanosecond = from("Instant", "2020-01-01T00:00:00.000000001Z");
    expectDifferent([from("Instant", "2020-01-01T00:00:00Z")], [nanosecond]);
  });
});

describe("what has no content of its own is compared by identity", () => {
  class A {
    value = 1;
  }
  const own = <T>(make: () => T): [T, T] => [make(), make()];
  const pairs: [kind: string, pair: [unknown, unknown]][] = [
    ["functions", own(() => () => 1)],
    ["classes", own(() => class {})],
    ["symbols", own(() => Symbol("a"))],
    ["class instances", own(() => new A())],
    ["instances without fields", own(() => new (class B {})())],
    ["objects that inherit from an object", own(() => Object.create({ a: 1 }) as unknown)],
    ["objects that inherit from a bare object", own(() => Object.create(Object.create(null)))],
    ["errors", own(() => new Error("a"))],
    ["errors of another realm", own(() => new otherRealm.Error("a"))],
    ["aggregate errors", own(() => new AggregateError([]))],
    ["promises", own(() => Promise.resolve(1))],
    ["WeakMaps", own(() => new WeakMap())],
    ["WeakSets", own(() => new WeakSet())],
    ["WeakRefs", own(() => new WeakRef({}))],
    ["finalization registries", own(() => new FinalizationRegistry(() => {}))],
    ["shared memory", own(() => new SharedArrayBuffer(1))],
    ["Date subclasses", own(() => new (class D extends Date {})(0))],
    ["generators", own(() => (function* () {})())],
    ["iterators", own(() => [1].values())],
    ["search parameters", own(() => new URLSearchParams("a=1"))],
    ["abort signals", own(() => new AbortController().signal)],
    ["objects that only inherit from Date", own(() => Object.create(Date.prototype) as unknown)],
    ["objects that only inherit from Map", own(() => Object.create(Map.prototype) as unknown)],
    ["objects that only inherit from Array", own(() => Object.create(Array.prototype) as unknown)],
    ["proxies of functions", own(() => new Proxy(() => 1, {}))],
    ["proxies of instances", own(() => new Proxy(new A(), {}))],
    ["proxies of Dates", own(() => new Proxy(new Date(0), {}))],
    ["proxies of Maps", own(() => new Proxy(new Map(), {}))],
    ["text segmenters", own(() => new Intl.Segmenter("en"))],
  ];
  test.each(pairs)("%s", (_, [a, b]) => {
    expectDifferent([a], [b]);
    expectEqual([a], [a]);
    expectDifferent([1, a], [1, b]);
    expectEqual([1, a], [1, a]);
    expectDifferent([{ a }], [{ a: b }]);
    expectEqual([{ a }], [{ a }]);
    expectEqual([[a], a], [[a], a]);
    expectDifferent([new Map([[a, 1]])], [new Map([[b, 1]])]);
  });

  test("subclasses of built-ins, each", () => {
    class OwnArray extends Array<unknown> {}
    class OwnMap extends Map<unknown, unknown> {}
    class OwnSet extends Set<unknown> {}
    class OwnRegExp extends RegExp {}
    class OwnBytes extends Uint8Array {}
    const OwnURL = class extends URL {};
    class OwnNumber extends Number {}
    class OwnView extends (DataView as new (buffer: ArrayBuffer) => object) {}
    class OwnBuffer extends ArrayBuffer {}
    for (const make of [
      () => new OwnArray(),
      () => new OwnMap(),
      () => new OwnSet(),
      () => new OwnRegExp("a"),
      () => new OwnBytes(1),
      () => new OwnURL("http://a"),
      () => new OwnNumber(1),
      () => new OwnView(new ArrayBuffer(1)),
      () => new OwnBuffer(1),
    ]) {
      expectDifferent([make()], [make()]);
      const one = make();
      expectEqual([one, { one }], [one, { one }]);
    }
    expectDifferent([new OwnArray()], [[]]);
    expectDifferent([new OwnMap()], [new Map()]);
  });

  test("a built-in with a foreign prototype is not taken for its content", () => {
    const make = (time: number): unknown =>
      Object.setPrototypeOf(new Date(time), { getTime: () => 1 }) as unknown;
    expectDifferent([make(1)], [make(2)]);
    expectDifferent([make(1)], [new Date(1)]);
  });

  test("objects that are namespaces of functions", async () => {
    const { fn } = counted();
    const module: unknown = await import("../support/tries.ts");
    const other: unknown = await import("../support/naive.ts");
    const namespaces = [Math, JSON, Reflect, Atomics, Intl, globalThis, module, other, {}];
    expect(new Set(namespaces.map((namespace) => fn(namespace))).size).toBe(namespaces.length);
    expect(namespaces.map((namespace) => fn(namespace))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test("registered symbols are compared by value", () => {
    expectEqual([Symbol.for("a")], [Symbol.for("a")]);
    expectDifferent([Symbol.for("a")], [Symbol.for("b")]);
    expectDifferent([Symbol.for("a")], [Symbol("a")]);
    expectDifferent([Symbol.for("a")], ["a"]);
    expectEqual([Symbol.iterator], [Symbol.iterator]);
  });

  test("a mutated instance keeps its entry", () => {
    const { fn, runs } = counted();
    const instance = new A();
    fn(instance);
    instance.value = 2;
    fn(instance);
    expect(runs()).toBe(1);
  });
});

describe("[keySymbol]()", () => {
  class Point {
    x: number;
    y: number;
    constructor(x: number, y: number) {
      this.x = x;
      this.y = y;
    }
    [keySymbol](): unknown {
      return [this.x, this.y];
    }
  }
  class Vector extends Point {}

  test("is the symbol registered as rote.key", () => {
    expect(keySymbol).toBe(Symbol.for("rote.key"));
  });

  test("says what an instance is equal to", () => {
    expectEqual([new Point(1, 2)], [new Point(1, 2)]);
    expectDifferent([new Point(1, 2)], [new Point(2, 1)]);
    expectEqual([{ at: [new Point(1, 2)] }], [{ at: [new Point(1, 2)] }]);
    expectDifferent([new Point(1, 2)], [[1, 2]]);
  });

  test("tells classes apart", () => {
    expectDifferent([new Point(1, 2)], [new Vector(1, 2)]);
    expectEqual([new Vector(1, 2)], [new Vector(1, 2)]);
    class Other {
      [keySymbol](): unknown {
        return [1, 2];
      }
    }
    expectDifferent([new Point(1, 2)], [new Other()]);
  });

  test("works for subclasses of built-ins", () => {
    class Id extends String {
      [keySymbol](): string {
        return this.valueOf().toLowerCase();
      }
    }
    expectEqual([new Id("A")], [new Id("a")]);
    expectDifferent([new Id("A")], [new Id("b")]);
  });

  test("may return primitives, instances with a key, or identities", () => {
    class Wrapped {
      inner: unknown;
      constructor(inner: unknown) {
        this.inner = inner;
      }
      [keySymbol](): unknown {
        return this.inner;
      }
    }
    expectEqual([new Wrapped(1)], [new Wrapped(1)]);
    expectDifferent([new Wrapped(0)], [new Wrapped(-0)]);
    expectEqual([new Wrapped(undefined)], [new Wrapped(undefined)]);
    expectEqual([new Wrapped(new Wrapped(1))], [new Wrapped(new Wrapped(1))]);
    expectDifferent([new Wrapped(new Wrapped(1))], [new Wrapped(1)]);
    expectEqual([new Wrapped(new Point(1, 2))], [new Wrapped(new Point(1, 2))]);
    expectDifferent([new Wrapped(() => 1)], [new Wrapped(() => 1)]);
    const identity = new Error("a");
    expectEqual([new Wrapped(identity)], [new Wrapped(identity)]);
  });

  test("is called once a walk", () => {
    let calls = 0;
    class Watched {
      [keySymbol](): unknown {
        calls++;
        return 1;
      }
    }
    const { fn } = counted();
    const watched = new Watched();
    fn([watched]);
    expect(calls).toBe(1);
    fn([watched]);
    expect(calls).toBe(2);
  });

  test("stands for the instance in entries(), at every depth", () => {
    class Holder {
      content: unknown;
      constructor(content: unknown) {
        this.content = content;
      }
      [keySymbol](): unknown {
        return this.content;
      }
    }
    const { fn } = counted();
    fn({ a: new Holder({ x: 1 }) });
    fn([new Holder(new Holder([2]))]);
    const itself = new Holder(0);
    itself.content = itself;
    fn(itself);
    expect([...fn.cache.entries()].map(([[argument]]) => argument)).toEqual(
      expect.arrayContaining([{ a: { x: 1 } }, [[2]], undefined]),
    );
  });

  test("is not asked when everything is compared by identity", () => {
    expectDifferent([new Point(1, 2)], [new Point(1, 2)], "identity");
  });
});

describe('key: "identity"', () => {
  test("treats every object so", () => {
    for (const make of [
      () => ({}),
      () => [],
      () => new Date(0),
      () => /a/,
      () => new Map(),
      () => Object(1) as unknown,
      () => new Uint8Array(1),
      () => new URL("http://a"),
    ]) {
      expectDifferent([make()], [make()], "identity");
      expectDifferent([1, make()], [1, make()], "identity");
      const one = make();
      expectEqual([one, one], [one, one], "identity");
    }
  });

  test("compares primitives by value and type all the same", () => {
    expectEqual([NaN, "a", 1n], [NaN, "a", 1n], "identity");
    expectDifferent([0], [-0], "identity");
    expectDifferent([1], ["1"], "identity");
    expectDifferent([], [undefined], "identity");
    expectEqual([Symbol.for("a")], [Symbol.for("a")], "identity");
    expectDifferent([Symbol("a")], [Symbol("a")], "identity");
  });

  test("never reads the objects", () => {
    const { fn } = counted("identity");
    const untouchable = new Proxy(
      {},
      new Proxy({}, { get: () => () => expect.unreachable("an argument was read") }),
    );
    expect(fn(untouchable)).toBe(fn(untouchable));
  });
});

describe("a key function", () => {
  test("is given the arguments, and its result is keyed by value", () => {
    let runs = 0;
    const fn = memoize((a: { id: number; at: number }, b: string) => `${a.id} ${b} ${++runs}`, {
      key: (a: { id: number }, b: string) => ({ id: a.id, b }),
    });
    expect(fn({ id: 1, at: 1 }, "x")).toBe("1 x 1");
    expect(fn({ id: 1, at: 2 }, "x")).toBe("1 x 1");
    expect(fn({ id: 2, at: 2 }, "x")).toBe("2 x 2");
    expect(fn({ id: 1, at: 2 }, "y")).toBe("1 y 3");
    expect(fn.cache.has({ id: 1, at: 9 }, "y")).toBe(true);
  });

  test("may return undefined, NaN or an array, which is no argument list", () => {
    let runs = 0;
    const fn = memoize((key: unknown) => [key, ++runs], { key: (key: unknown) => key });
    for (const key of [undefined, NaN, [1, 2], [1], 1, -0, 0, {}]) {
      const first = fn(key);
      expect(fn(key)).toBe(first);
    }
    expect(runs).toBe(8);
  });

  test("is yielded as the key by entries()", () => {
    const fn = memoize((a: number) => a * 2, { key: (a: number) => ({ half: Math.floor(a / 2) }) });
    fn(4);
    fn(5);
    expect([...fn.cache.entries()]).toEqual([[{ half: 2 }, 8]]);
  });

  test("throws what it throws, without a run, and the next call works", () => {
    let runs = 0;
    const problem = new Error("no key");
    const fn = memoize((a: number) => a + ++runs, {
      key: (a: number) => {
        if (a < 0) throw problem;
        return a;
      },
    });
    expect(() => fn(-1)).toThrow(problem);
    expect(runs).toBe(0);
    expect(fn(1)).toBe(2);
    expect(fn.cache.size).toBe(1);
  });
});

describe("the walk", () => {
  test.each([
    ["arrays", (inner: unknown): unknown => [inner]],
    ["objects", (inner: unknown): unknown => ({ inner })],
    ["arrays with company", (inner: unknown): unknown => [1, inner, "b"]],
    ["objects with company", (inner: unknown): unknown => ({ a: 1, inner, z: 2 })],
    ["Maps", (inner: unknown): unknown => new Map([["inner", inner]])],
    ["Sets", (inner: unknown): unknown => new Set([inner])],
    ["lists", (inner: unknown): unknown => ({ head: 0, tail: inner })],
  ])("is iterative: arguments nested 100 000 deep in %s hit", (_, wrap) => {
    const deep = (bottom: unknown): unknown => {
      let value = bottom;
      for (let level = 0; level < 100_000; level++) value = wrap(value);
      return value;
    };
    const { fn, runs } = counted();
    const first = fn(deep(1));
    expect(fn(deep(1))).toBe(first);
    expect(fn(deep(2))).not.toBe(first);
    expect(fn(deep(1), 1)).not.toBe(first);
    expect(runs()).toBe(3);
    expect(fn.cache.has(deep(2))).toBe(true);
    expect(fn.cache.delete(deep(1))).toBe(true);
    const [entry] = [...fn.cache.entries()].filter(([args]) => args.length === 1);
    expect(equalArguments(entry?.[0] ?? [], [deep(2)], "value")).toBe(true);
  });

  test("a class of deep nesting with keys of its own ends as well", () => {
    class Link {
      next: unknown;
      constructor(next: unknown) {
        this.next = next;
      }
      [keySymbol](): unknown {
        return this.next;
      }
    }
    const deep = (bottom: unknown): unknown => {
      let value = bottom;
      for (let level = 0; level < 100_000; level++) value = new Link(value);
      return value;
    };
    const { fn, runs } = counted();
    expect(fn(deep(1))).toBe(fn(deep(1)));
    fn(deep(2));
    expect(runs()).toBe(2);
  });

  test("handles wide arguments, and many of them", () => {
    const wide = (last: unknown): unknown => [
      ...Array.from({ length: 100_000 }, (_, i) => i),
      last,
    ];
    expectEqual([wide(1)], [wide(1)]);
    expectDifferent([wide(1)], [wide("1")]);
    const many = Array.from({ length: 5000 }, (_, index) => index);
    expectEqual(many, [...many]);
    expectDifferent(many, [...many, undefined]);
    const object = (last: unknown): unknown =>
      Object.fromEntries(
        Array.from({ length: 20_000 }, (_, i) => [`k${i}`, i === 19_999 ? last : i]),
      );
    expectEqual([object(1)], [object(1)]);
    expectDifferent([object(1)], [object(2)]);
  });

  test("many leaves of content are as exact as few", () => {
    for (const length of [10, 30, 50, 100, 1000]) {
      const list = (at: number, value: unknown): unknown[] =>
        Array.from({ length }, (_, index) => (index === at ? value : index));
      const { fn, runs } = counted();
      const values: unknown[] = [0, -0, "0", 0n, NaN, null, undefined, true, "", "1,2", [1], {}];
      values.push({ a: 1 }, new Date(0), new Date(NaN), /a/, [[]], [{}], "\u0000", "\ud800", 0.1);
      const all = [0, length >> 1, length - 1].flatMap((at) =>
        values.map((value) => list(at, value)),
      );
      const distinct = all.filter(
        (args, index) =>
          all.findIndex((other) => equalArguments([other], [args], "value")) === index,
      );
      const results = all.map((args) => fn(args));
      expect(runs()).toBe(distinct.length);
      expect(all.map((args) => fn(structuredClone(args)))).toEqual(results);
      expect(runs()).toBe(distinct.length);
      expect(all.map((args) => fn(...args)).length).toBe(all.length);
      expect(runs()).toBe(2 * distinct.length);
    }
  });

  test("many leaves with an identity among them are compared by that identity", () => {
    const list = (identity: unknown): unknown[] => [
      ...Array.from({ length: 200 }, (_, i) => i),
      identity,
    ];
    const one = (): number => 1;
    expectEqual([list(one)], [list(one)]);
    expectDifferent([list(one)], [list(() => 1)]);
    expectDifferent([list(Symbol("a"))], [list(Symbol("a"))]);
    expectEqual([list(Symbol.for("a"))], [list(Symbol.for("a"))]);
  });

  test("many leaves share by shape as few do", () => {
    const x = { a: 1 };
    const filler = Array.from({ length: 200 }, (_, index) => index);
    expectDifferent([[...filler, x, x]], [[...filler, x, { a: 1 }]]);
    expectEqual([[...filler, x, x]], [[...filler, ...[{ a: 1 }].flatMap((y) => [y, y])]]);
  });

  test("reads an accessor once", () => {
    const { fn, runs } = counted();
    const make = (value: unknown): object =>
      Object.defineProperty({ b: 2 }, "a", { get: once(value), enumerable: true });
    const first = fn(make(1));
    expect(fn(make(1))).toBe(first);
    expect(fn({ a: 1, b: 2 })).toBe(first);
    expect(fn(make(2))).not.toBe(first);
    const inList = Object.defineProperty([0, 0], 0, { get: once(1), enumerable: true });
    expect(fn(inList)).toBe(fn([1, 0]));
    expect(runs()).toBe(3);
  });

  test("keeps the entry under the one value that it read", () => {
    let reads = 0;
    const changing = {
      get value(): number {
        return ++reads;
      },
    };
    const { fn, runs } = counted();
    fn(changing);
    expect(fn.cache.has({ value: 1 })).toBe(true);
    fn({ value: 1 });
    expect(runs()).toBe(1);
    fn(changing);
    expect(fn.cache.has({ value: 2 })).toBe(true);
    expect(runs()).toBe(2);
    expect([...fn.cache.entries()].map(([args]) => args)).toEqual(
      expect.arrayContaining([[{ value: 1 }], [{ value: 2 }]]),
    );
  });

  test("reads a shared object with accessors once in all", () => {
    const shared = Object.defineProperty({}, "a", { get: once(1), enumerable: true });
    const { fn } = counted();
    const first = fn(shared, [shared, { shared }]);
    const plain = { a: 1 };
    expect(fn(plain, [plain, { shared: plain }])).toBe(first);
  });

  test("reads a proxy once, as the plain object that it shows", () => {
    const traps: string[] = [];
    const watch = <T extends object>(target: T): T =>
      new Proxy(target, {
        get(object, key, receiver) {
          traps.push(`get ${String(key)}`);
          return Reflect.get(object, key, receiver) as unknown;
        },
        ownKeys(object) {
          traps.push("ownKeys");
          return Reflect.ownKeys(object);
        },
        getPrototypeOf(object) {
          traps.push("getPrototypeOf");
          return Reflect.getPrototypeOf(object);
        },
      });
    for (const make of [() => ({ a: 1, b: [2] }), () => [1, 2, 3]]) {
      const { fn } = counted();
      const plain = fn(make());
      traps.length = 0;
      expect(fn(watch(make()))).toBe(plain);
      const reads = traps.filter((trap) => /^get [ab\d]/.test(trap));
      expect(reads).toEqual([...new Set(reads)]);
      // Names are asked for once as strings and once as symbols: an engine has no cheap way to both.
      expect(traps.filter((trap) => trap === "ownKeys").length).toBeLessThanOrEqual(2);
      expect(traps).toContain(Array.isArray(make()) ? "get 0" : "get a");
    }
  });

  test("takes a proxy that changes with every reading at its first word", () => {
    let reads = 0;
    const changing = new Proxy({ a: 0 }, { get: (_, key) => (key === "a" ? ++reads : undefined) });
    const { fn, runs } = counted();
    fn(changing);
    expect(fn.cache.has({ a: 1 })).toBe(true);
    expect(fn({ a: 1 })).toBe(1);
    fn(changing);
    expect(runs()).toBe(2);
    expect(fn.cache.size).toBe(2);
  });

  test("lets the error of an accessor through, keeps nothing, and works again", () => {
    const problem = new Error("unreadable");
    const unreadable = {
      a: 1,
      get b(): number {
        throw problem;
      },
    };
    const { fn, runs } = counted();
    for (const args of [
      [unreadable],
      [1, unreadable],
      [{ a: [unreadable] }],
      [{ a: 1 }, unreadable],
    ]) {
      expect(() => fn(...args)).toThrow(problem);
    }
    expect(runs()).toBe(0);
    expect(fn.cache.size).toBe(0);
    expect(fn({ a: 1, b: 2 })).toBe(1);
    expect(fn({ a: 1, b: 2 })).toBe(1);
    expect(() => fn(unreadable)).toThrow(problem);
    expect(fn({ a: 1, b: 2 })).toBe(1);
    const x = { a: 1 };
    expectDifferent([x, x], [x, { a: 1 }]);
  });

  test("lets the error of a [keySymbol]() through, keeps nothing, and works again", () => {
    const problem = new Error("no key");
    class Broken {
      isBroken = true;
      [keySymbol](): unknown {
        if (this.isBroken) throw problem;
        return 1;
      }
    }
    const { fn, runs } = counted();
    const broken = new Broken();
    expect(() => fn({ a: 1, broken })).toThrow(problem);
    expect(runs()).toBe(0);
    broken.isBroken = false;
    expect(fn({ a: 1, broken })).toBe(1);
    expect(fn({ a: 1, broken })).toBe(1);
    expect(fn.cache.size).toBe(1);
  });

  test("lets an accessor call the memoized function itself", () => {
    let runs = 0;
    const fn: AnyFunction = memoize((...args: unknown[]): string => `${args.length} ${++runs}`);
    const asking = {
      a: [1, 2],
      get b(): unknown {
        return fn({ a: [1, 2], b: fn(7, [8]) });
      },
      c: { d: 3 },
    };
    expect(fn(asking, [4])).toBe("2 3");
    expect(fn(7, [8])).toBe("2 1");
    expect(fn({ a: [1, 2], b: "2 1" })).toBe("1 2");
    expect(fn({ c: { d: 3 }, b: "1 2", a: [1, 2] }, [4])).toBe("2 3");
    expect(runs).toBe(3);
  });

  test("lets a [keySymbol]() call the memoized function itself", () => {
    let runs = 0;
    const fn: AnyFunction = memoize((...args: unknown[]): string => `${args.length} ${++runs}`);
    class Asking {
      [keySymbol](): unknown {
        const shared = { x: 1 };
        return [fn(shared, shared), fn({ x: 1 }, { x: 1 })];
      }
    }
    const again = { y: 1 };
    const first = fn(again, new Asking(), again);
    expect(first).toBe("3 3");
    expect(fn(again, new Asking(), again)).toBe(first);
    expect(fn({ y: 1 }, new Asking(), { y: 1 })).toBe("3 4");
  });

  test("lets an accessor go as deep as an outermost call may", () => {
    const chain: (n: number) => number = memoize((n: number): number =>
      n === 0 ? 0 : 1 + chain(n - 1),
    );
    const asking = {
      get depth(): number {
        return chain(20_000);
      },
    };
    const { fn } = counted();
    expect(fn(asking)).toBe(fn({ depth: 20_000 }));
  });

  test("finishes before the run: what fn does to its arguments moves no entry", () => {
    let runs = 0;
    const fn = memoize((list: number[]): number => {
      runs++;
      list.push(4);
      return list.length;
    });
    expect(fn([1, 2, 3])).toBe(4);
    expect(fn([1, 2, 3])).toBe(4);
    expect(runs).toBe(1);
    expect(fn.cache.has([1, 2, 3])).toBe(true);
    expect(fn.cache.has([1, 2, 3, 4])).toBe(false);
  });

  test("finishes before the run: later mutation moves no entry", () => {
    const { fn, runs } = counted();
    const options: { a: { b: number }; c?: number } = { a: { b: 1 } };
    const map = new Map([[1, options]]);
    const bytes = new Uint8Array([1]);
    const first = fn(options, map, bytes);
    options.a.b = 2;
    options.c = 3;
    map.set(2, options);
    bytes[0] = 9;
    expect(fn(options, map, bytes)).not.toBe(first);
    const same: { a: { b: number } } = { a: { b: 1 } };
    expect(fn(same, new Map([[1, same]]), new Uint8Array([1]))).toBe(first);
    expect(runs()).toBe(2);
  });

  test("is not misled by mutation between calls with one and the same object", () => {
    const { fn } = counted();
    const options = { a: 1 };
    const results = [1, 2, 1, 2].map((value) => {
      options.a = value;
      return fn(options);
    });
    expect(results).toEqual([1, 2, 1, 2]);
    const object: Record<string, number> = { a: 1, b: 2 };
    const { fn: other } = counted();
    other(object);
    delete object["b"];
    expect(other(object)).toBe(2);
    object["b"] = 2;
    expect(other(object)).toBe(1);
  });
});

describe("the receiver", () => {
  /** Returns how often the function ran; its text shows `this`. */
  function seeing() {
    let runs = 0;
    const fn = memoize(function (this: unknown, _a?: unknown): unknown {
      runs++;
      return [this];
    });
    return { fn, runs: (): number => runs };
  }

  test("is part of the key if the function's text contains this", () => {
    const { fn, runs } = seeing();
    const a = {};
    const b = {};
    expect(fn.call(a, 1)).toBe(fn.call(a, 1));
    expect(fn.call(a, 1)).not.toBe(fn.call(b, 1));
    expect(runs()).toBe(2);
  });

  test("is not looked at by other functions", () => {
    const { fn, runs } = counted();
    expect(fn.call({}, 1)).toBe(fn.call({}, 1));
    expect(runs()).toBe(1);
  });

  test("is compared by identity, even where it is plain", () => {
    const { fn, runs } = seeing();
    fn.call({ a: 1 }, 1);
    fn.call({ a: 1 }, 1);
    fn.call([], 1);
    fn.call([], 1);
    expect(runs()).toBe(4);
  });

  test("is compared by value where it is a primitive", () => {
    const { fn, runs } = seeing();
    for (const receiver of [
      "a",
      "a",
      1,
      1,
      -0,
      0,
      NaN,
      NaN,
      true,
      1n,
      Symbol.for("a"),
      Symbol.for("a"),
    ]) {
      fn.call(receiver, 1);
    }
    expect(runs()).toBe(8);
    expect((fn.call("a", 1) as unknown[])[0]).toBe("a");
  });

  test("module namespaces, globalThis and undefined are no receiver", async () => {
    const { fn, runs } = seeing();
    const namespace: unknown = await import("../support/recipe.ts");
    fn(1);
    fn.call(undefined, 1);
    fn.call(globalThis, 1);
    fn.call(namespace, 1);
    expect(runs()).toBe(1);
    fn.call(null, 1);
    fn.call({}, 1);
    expect(runs()).toBeGreaterThanOrEqual(2);
  });

  test("is told from the first argument", () => {
    const { fn, runs } = seeing();
    const a = new (class A {})();
    fn.call(a);
    fn(a);
    fn.call(a, a);
    expect(runs()).toBe(3);
    fn.call(a);
    fn(a);
    expect(runs()).toBe(3);
  });

  test("has a handle of its own through of()", () => {
    class Account {
      rate: number;
      constructor(rate: number) {
        this.rate = rate;
      }
    }
    const times = memoize(function (this: Account, amount: number): number {
      return amount * this.rate;
    });
    const double = new Account(2);
    const triple = new Account(3);
    expect(times.call(double, 5)).toBe(10);
    expect(times.call(triple, 5)).toBe(15);
    expect(times.cache.of(double).peek(5)).toBe(10);
    expect(times.cache.of(triple).peek(5)).toBe(15);
    expect(times.cache.of(double).delete(5)).toBe(true);
    expect(times.cache.of(double).has(5)).toBe(false);
    expect(times.cache.of(triple).has(5)).toBe(true);
  });

  test("counts for text with super or eval, and for native functions that are not bound", () => {
    const bound = memoize(Array.prototype.slice.bind([1, 2]));
    expect(bound.call({}, 1)).toBe(bound.call({}, 1));
    const native = memoize(Array.prototype.join);
    expect(native.call([1, 2], "-")).toBe("1-2");
    expect(native.call([3, 4], "-")).toBe("3-4");
    let runs = 0;
    const child = {
      greet(): number {
        return typeof super.toString === "function" ? ++runs : 0;
      },
    };
    const viaSuper = memoize(child.greet);
    expect([child, child, {}].map((receiver) => viaSuper.call(receiver))).toEqual([1, 1, 2]);
  });

  test("follows the option receiver where it is given", () => {
    let runs = 0;
    const blind = memoize(
      function (this: unknown): number {
        return typeof this === "string" ? ++runs : ++runs;
      },
      { receiver: false },
    );
    expect(blind.call({})).toBe(blind.call({}));
    const keyed = memoize((..._args: unknown[]): number => ++runs, { receiver: true });
    expect(keyed.call({})).not.toBe(keyed.call({}));
  });
});

describe("entries()", () => {
  function entriesOf(calls: unknown[][], key: Key = "value"): [unknown[], unknown][] {
    const { fn } = counted(key);
    for (const args of calls) fn(...args);
    return [...fn.cache.entries()] as [unknown[], unknown][];
  }

  test("rebuilds primitives and argument counts", () => {
    const calls: unknown[][] = [[], [undefined], [null], [0], [-0], [NaN], ["a"], [1n], [true]];
    calls.push([1, 2], [1, 2, 3], [1, undefined], ["a", 1n, false], [Symbol.for("a")]);
    const entries = entriesOf(calls);
    expect(entries.length).toBe(calls.length);
    for (const [index, args] of calls.entries()) {
      const found = entries.find(([known]) => equalArguments(known, args, "value"));
      expect(found?.[1]).toBe(index + 1);
    }
  });

  test("rebuilds content", () => {
    const shared = { a: 1 };
    const cyclic: Record<string, unknown> = { list: [1, , 3] }; // eslint-disable-line no-sparse-arrays
    cyclic["self"] = cyclic;
    const calls: unknown[][] = [
      [{ a: 1, b: { c: [1, "2"] } }],
      [shared, shared],
      [{ a: 1 }, { a: 1 }],
      [cyclic],
      [Object.create(null)],
      [Object.assign([1], { extra: 2 })],
      [new Date(5), new Date(NaN)],
      [/a/gi],
      [new URL("http://a/b")],
      [new Map<unknown, unknown>([[{ a: 1 }, [2]]])],
      [new Set([1, { b: 2 }])],
      [new Uint8Array([1, 2]).buffer],
      [new Float64Array([-0, NaN])],
      [Buffer.from("abc")],
      [new DataView(new ArrayBuffer(2))],
      [Object(1), Object("a"), Object(1n), Object(false), Object(Symbol.for("a"))],
      [Array.from({ length: 300 }, (_, index) => ({ index }))],
      [JSON.parse('{"__proto__":1}')],
      [{ [Symbol.for("s")]: 1 }],
    ];
    const entries = entriesOf(calls);
    expect(entries.length).toBe(calls.length);
    for (const [index, args] of calls.entries()) {
      const found = entries.filter(([known]) => equalArguments(known, args, "value"));
      expect(found.map(([, value]) => value)).toEqual([index + 1]);
    }
  });

  test("gives copies, which can be mutated without moving an entry", () => {
    const { fn, runs } = counted();
    const original = { a: [1] };
    fn(original);
    for (const [args] of fn.cache.entries()) {
      expect(args[0]).not.toBe(original);
      (args[0] as { a: number[] }).a.push(2);
      args.push(1);
    }
    fn({ a: [1] });
    expect(runs()).toBe(1);
    expect([...fn.cache.entries()].map(([args]) => args)).toEqual([[{ a: [1] }]]);
  });

  test("gives identity objects themselves", () => {
    const instance = new (class A {})();
    const fn1 = (): number => 1;
    const symbol = Symbol("s");
    const entries = entriesOf([[instance], [1, fn1], [{ a: [instance] }], [symbol]]);
    expect(entries.length).toBe(4);
    const all = entries.map(([args]) => args);
    expect(all.some((args) => args[0] === instance)).toBe(true);
    expect(all.some((args) => args[1] === fn1)).toBe(true);
    expect(all.some((args) => args[0] === symbol)).toBe(true);
    expect(all.some((args) => (args[0] as { a?: unknown[] }).a?.[0] === instance)).toBe(true);
  });

  test("gives the objects themselves where everything is compared by identity", () => {
    const plain = { a: 1 };
    const [entry] = entriesOf([[plain, 1]], "identity");
    expect(entry?.[0][0]).toBe(plain);
    expect(entry?.[0][1]).toBe(1);
  });

  test("may be iterated while entries are removed and added", () => {
    const { fn } = counted();
    for (let index = 0; index < 10; index++) fn(index, `${index}`);
    let seen = 0;
    for (const [args] of fn.cache.entries()) {
      fn.cache.delete(...args);
      if (++seen > 100) break;
    }
    expect(seen).toBeLessThanOrEqual(10);
    expect(fn.cache.size).toBe(10 - seen);
  });
});

describe("a Map that reaches the engine's limit", () => {
  test.runIf(process.env["ROTE_RUNS"] !== undefined)("continues in another", () => {
    let runs = 0;
    const fn = memoize((_key: number): number => ++runs);
    const count = 2 ** 24 + 10;
    for (let index = 0; index < count; index++) fn(index + 0.5);
    expect(fn(0.5)).toBe(1);
    expect(fn(count - 0.5)).toBe(count);
    expect(fn.cache.size).toBe(count);
    expect(runs).toBe(count);
  });
});

describe("counterexamples once found", () => {
  test("an object with nothing but hidden properties is the empty object", () => {
    expectEqual([Object.defineProperty({}, "hidden", { value: 1 })], [{}]);
    expectEqual([[Object.defineProperty({}, "hidden", { value: 1 })]], [[{}]]);
  });

  test.runIf(hasTemporal)("another realm's Temporal values are compared by content", () => {
    const run = (code: string): unknown => vm.runInContext(code, vm.createContext({}));
    const code = "Temporal.PlainDate.from('2020-01-01')";
    expectEqual([run(code)], [run(code)]);
    expectEqual([run(code)], [vm.runInThisContext(code)]);
    expectDifferent([run(code)], [run("Temporal.PlainDate.from('2020-01-02')")]);
    expectDifferent([run("new (class A extends Temporal.PlainDate {})(2020, 1, 1)")], [run(code)]);
  });

  test.runIf(hasTemporal)(
    "entries() rebuilds the reference day of a month, and year of a day",
    () => {
      for (const code of [
        "new Temporal.PlainYearMonth(2020, 1, 'iso8601', 15)",
        "new Temporal.PlainMonthDay(1, 1, 'iso8601', 1999)",
        "Temporal.Duration.from({ milliseconds: 1000 })",
        "Temporal.PlainDate.from('2020-01-01[u-ca=gregory]')",
        "Temporal.PlainYearMonth.from('2020-01-01[u-ca=gregory]')",
        "Temporal.ZonedDateTime.from('2020-10-25T02:30:00+01:00[Europe/Berlin]')",
        "Temporal.Instant.from('2020-01-01T00:00:00.000000001Z')",
      ]) {
        const value: unknown = vm.runInThisContext(code);
        const { fn, runs } = counted();
        fn(value);
        for (const [args] of fn.cache.entries()) {
          expect(equalArguments(args, [value], "value")).toBe(true);
          fn(...args);
        }
        expect(runs()).toBe(1);
      }
    },
  );

  test("an entry under an identity counts once after it was deleted, seed -295008231", () => {
    for (const key of ["value", "identity"] as const) {
      for (const identity of [new Error("a"), (): number => 1, Symbol("a")]) {
        const { fn } = counted(key);
        fn(identity);
        expect(fn.cache.delete(identity)).toBe(true);
        expect(fn.cache.size).toBe(0);
        fn(identity);
        expect([...fn.cache.entries()].length).toBe(1);
        expect(fn.cache.size).toBe(1);
        fn.cache.set([identity], 5);
        expect(fn.cache.size).toBe(1);
        expect(fn.cache.delete(identity)).toBe(true);
        fn.cache.set([identity], 6);
        expect(fn.cache.size).toBe(1);
        expect(fn.cache.delete(identity)).toBe(true);
        expect(fn.cache.delete(identity)).toBe(false);
        expect(fn.cache.size).toBe(0);
      }
    }
  });
});
