/**
 * A memoized function looks like its original, refuses what it cannot do right, and says what it was worth.
 */
import {
  cacheOf,
  clearAll,
  configure,
  isMemoized,
  keySymbol,
  memoize,
  RoteError,
  tabulate,
} from "rote";
import type { MemoizeOptions } from "rote";
import { afterEach, describe, expect, test } from "vitest";
import { afterwards, thrownBy } from "../support/recursion.ts";
import * as namespace from "./shape-namespace.ts";

const anything = memoize as (...args: any[]) => any;

describe("the shape of the original", () => {
  const originals: Record<string, (...args: any[]) => unknown> = {
    "an arrow function": (a: number, b: number) => a + b,
    "a named function": function named(a: number, b: number, c: number) {
      return [a, b, c];
    },
    "a function with default and rest parameters": (a: number, b = 2, ...rest: number[]) =>
      a + b + rest.length,
    "a function without parameters": () => 1,
    "an async function": async (a: number) => a,
    "a function that destructures": ({ x }: { x: number }, [y]: number[]) => x + (y ?? 0),
    "a method": {
      method(n: number) {
        return n;
      },
    }.method,
    "a bound function": function bindMe(a: number, b: number) {
      return a + b;
    }.bind(null, 1),
    "a native function": Math.hypot,
    "a function of forty parameters": new Function(
      ...Array.from({ length: 40 }, (_, i) => `p${i}`),
      "return p0 + p39",
    ) as (...args: number[]) => number,
  };

  test.each(Object.keys(originals))("%s keeps its name, length and text", (kind) => {
    const original = originals[kind]!;
    const memoized = memoize(original);
    expect(typeof memoized).toBe("function");
    expect(memoized.name).toBe(original.name);
    expect(memoized.length).toBe(original.length);
    expect(memoized.toString()).toBe(original.toString());
    expect(String(memoized)).toBe(String(original));
    expect(memoized.original).toBe(original);
    for (const key of ["name", "length"] as const) {
      expect(Object.getOwnPropertyDescriptor(memoized, key)).toEqual(
        Object.getOwnPropertyDescriptor(original, key),
      );
    }
  });

  test("own properties and symbols are those of the original, down to their attributes", () => {
    const mark = Symbol("mark");
    let read = 0;
    const original = Object.assign((n: number) => n, { label: "x", [mark]: { deep: 1 } });
    Object.defineProperties(original, {
      hidden: { value: 1, enumerable: false, writable: true, configurable: true },
      fixed: { value: 2, enumerable: true, writable: false, configurable: false },
      computed: {
        get() {
          read++;
          return 3;
        },
        set() {},
        enumerable: true,
        configurable: true,
      },
      displayName: { value: "Shown", configurable: true },
    });

    const memoized = memoize(original);
    expect(read).toBe(0);
    for (const key of Reflect.ownKeys(original)) {
      expect(Object.getOwnPropertyDescriptor(memoized, key), String(key)).toEqual(
        Object.getOwnPropertyDescriptor(original, key),
      );
    }
    expect(memoized[mark]).toBe(original[mark]);
    expect(Object.keys(memoized)).toEqual(Object.keys(original));
    expect(memoized(1)).toBe(1);
  });

  test("what memoize adds is not enumerable", () => {
    const memoized = memoize((n: number) => n);
    expect(Object.keys(memoized)).toEqual([]);
    expect(Object.assign({}, memoized)).toEqual({});
  });

  test("the prototype of a function stays, so that instanceof does", () => {
    function Shape(): void {}
    const memoized = memoize(Shape);
    expect((memoized as unknown as { prototype: object }).prototype).toBe(Shape.prototype);
  });

  test("a name that was redefined is kept, and so is none at all", () => {
    const renamed = Object.defineProperty((n: number) => n, "name", {
      value: "renamed",
      configurable: true,
    });
    expect(memoize(renamed).name).toBe("renamed");
    const nameless = (
      () => (n: number) =>
        n
    )();
    expect(memoize(nameless).name).toBe("");
    const symbol = Symbol("tag");
    expect(memoize({ [symbol]: (n: number) => n }[symbol]).name).toBe("[tag]");
  });

  test("a property called cache or original is not hidden", () => {
    const original = Object.assign((n: number) => n * 2, {
      cache: "my own",
      original: "mine too",
    });
    const memoized = memoize(original);
    expect(memoized.cache).toBe("my own");
    expect(memoized.original).toBe("mine too");
    expect(memoized(4)).toBe(8);
    expect(cacheOf(memoized).peek(4)).toBe(8);
    expect(isMemoized(memoized)).toBe(true);
  });

  test("arguments reach the function as they were passed, in number and identity", () => {
    const memoized = memoize(function () {
      return [arguments.length, ...arguments];
    } as (...args: unknown[]) => unknown[]);
    const object = { a: 1 };
    for (let count = 0; count <= 12; count++) {
      const args = Array.from({ length: count }, () => object);
      const [length, ...rest] = memoized(...args);
      expect(length).toBe(count);
      for (const value of rest) expect(value).toBe(object);
    }
    expect(memoized()).toEqual([0]);
    expect(memoized(undefined)).toEqual([1, undefined]);
  });

  test("more arguments than the function declares are passed and told apart", () => {
    const memoized = memoize(function (_a: number) {
      return Array.from(arguments).join();
    }) as (...args: number[]) => string;
    expect(memoized(1)).toBe("1");
    expect(memoized(1, 2)).toBe("1,2");
    expect(memoized(1, 2, 3)).toBe("1,2,3");
    expect(memoized(1)).toBe("1");
  });

  test("default parameters see what was left out", () => {
    const memoized = memoize((a: number, b = 10) => a + b);
    expect(memoized(1)).toBe(11);
    expect(memoized(1, undefined)).toBe(11);
    expect(memoized(1, 2)).toBe(3);
    expect(memoized.cache.size).toBe(3);
  });

  test("this and new.target are what they would be", () => {
    const seen: unknown[] = [];
    const memoized = memoize(function (this: unknown) {
      seen.push(this, new.target);
      return seen.length;
    });
    const receiver = {};
    memoized.call(receiver);
    memoized();
    expect(seen).toEqual([receiver, undefined, undefined, undefined]);
  });
});

describe("what cannot be memoized", () => {
  test.each([
    ["class", class Account {}],
    ["class", class {}],
    ["class", class Derived extends Map {}],
    ["generator", function* count() {}],
    ["generator", { *method() {} }.method],
    ["async generator", async function* stream() {}],
    ["async generator", { async *method() {} }.method],
  ])("a %s is refused, with the remedy", (kind, value) => {
    for (const wrap of [() => anything(value), () => anything({})(value)]) {
      const error = thrownBy(wrap) as RoteError;
      expect(error).toBeInstanceOf(RoteError);
      expect(error.code).toMatch(/^ERR_/);
      expect(error.message.toLowerCase()).toContain(kind.replace("async ", ""));
      // What is wrong, and what to do.
      expect(error.message.split(/[.:;] /).length).toBeGreaterThan(1);
    }
  });

  test.each([[undefined], [null], [42], ["text"], [Symbol("s")], [true]])(
    "%s is no function",
    (value) => {
      const error = thrownBy(() => anything(value)) as RoteError;
      expect(error).toBeInstanceOf(RoteError);
      expect(error.code).toBe("ERR_INVALID_ARGUMENT");
    },
  );

  test.each([[undefined], [null], [42], ["text"], [{}]])(
    "%s is no function, in the curried form",
    (value) => {
      expect(thrownBy(() => anything({ depthLimit: 5 })(value))).toMatchObject({
        code: "ERR_INVALID_ARGUMENT",
      });
    },
  );

  test("new on a memoized function throws, with the remedy", () => {
    let runs = 0;
    function Point(): void {
      runs++;
    }
    for (const wrapped of [memoize(Point), memoize(() => ({}))] as unknown[]) {
      const Constructor = wrapped as new () => unknown;
      const error = thrownBy(() => new Constructor()) as RoteError;
      expect(error).toBeInstanceOf(RoteError);
      expect(error.code).toBe("ERR_NEW");
      expect(error.message).toMatch(/new/);
      expect(() => Reflect.construct(Constructor, [])).toThrow(RoteError);
    }
    expect(runs).toBe(0);
  });
});

describe("options", () => {
  const f = (n: number): number => n;

  const wrong: [option: string, value: unknown][] = [
    ["key", "values"],
    ["key", 3],
    ["key", null],
    ["key", {}],
    ["receiver", 1],
    ["receiver", "yes"],
    ["receiver", null],
    ["recursion", "on"],
    ["recursion", true],
    ["recursion", null],
    ["depthLimit", 0],
    ["depthLimit", -1],
    ["depthLimit", 1.5],
    ["depthLimit", Number.NaN],
    ["depthLimit", Number.POSITIVE_INFINITY],
    ["depthLimit", "5"],
    ["depthLimit", 5n],
    ["depthLimit", null],
    ["freeze", 1],
    ["freeze", "deep"],
    ["verify", -0.1],
    ["verify", 1.1],
    ["verify", Number.NaN],
    ["verify", "1"],
    ["verify", true],
    ["timing", 1],
    ["timing", "on"],
    ["env", "HOME"],
    ["env", [""]],
    ["env", [1]],
    ["name", 3],
    ["name", null],
    ["name", Symbol("name")],
  ];

  test.each(wrong)("%s: %s is refused when wrapping", (option, value) => {
    const options = { [option]: value };
    const error = thrownBy(() => anything(f, options)) as RoteError;
    expect(error).toBeInstanceOf(RoteError);
    expect(error).toBeInstanceOf(Error);
    expect(error.name).toBe("RoteError");
    expect(error.code).toBe("ERR_INVALID_OPTION");
    expect(error).toMatchObject({ option });
    expect(Object.is((error as unknown as { value: unknown }).value, value)).toBe(true);
    expect(error.message).toContain(option);
    expect(error.message).toMatch(/must|is (not )?one of|needs/);
    expect(error.message).toMatch(/received/);
    expect(() => anything(options)(f)).toThrow(error.message);
  });

  test("what was received is printed for numbers", () => {
    expect((thrownBy(() => anything(f, { depthLimit: -5 })) as Error).message).toContain("-5");
    expect((thrownBy(() => anything(f, { verify: 1.25 })) as Error).message).toContain("1.25");
  });

  test("an unknown option is refused by name, with those that exist", () => {
    const error = thrownBy(() => anything(f, { depthlimit: 5 })) as RoteError;
    expect(error).toMatchObject({ code: "ERR_INVALID_OPTION", option: "depthlimit", value: 5 });
    expect(error.message).toContain("depthlimit");
    expect(error.message).toContain("depthLimit");
  });

  test("an option with a symbol for a name is unknown", () => {
    expect(thrownBy(() => anything(f, { [Symbol("ttl")]: 5 }))).toMatchObject({
      code: "ERR_INVALID_OPTION",
    });
  });

  test("a depth limit without restarts has no effect, so both are named", () => {
    const error = thrownBy(() => anything(f, { recursion: "off", depthLimit: 5 })) as RoteError;
    expect(error).toMatchObject({ code: "ERR_INVALID_OPTION" });
    expect(error.message).toContain("recursion");
    expect(error.message).toContain("depthLimit");
  });

  test.each([[null], [5], ["value"], [[]], [() => 1]])("%s are no options", (options) => {
    expect(thrownBy(() => anything(f, options))).toBeInstanceOf(RoteError);
  });

  test("undefined means the default", () => {
    const options = {
      key: undefined,
      receiver: undefined,
      recursion: undefined,
      depthLimit: undefined,
      freeze: undefined,
      verify: undefined,
      timing: undefined,
      name: undefined,
    };
    const memoized = anything(f, options);
    expect(memoized(3)).toBe(3);
    expect(anything(f, undefined)(4)).toBe(4);
    expect(anything(f, {})(4)).toBe(4);
  });

  test("every position takes the same options", () => {
    let runs = 0;
    const options: MemoizeOptions<(a: object) => number> = { key: "identity" };
    const count = (_a: object): number => ++runs;
    const wrapped = [memoize(count, options), memoize(options)(count)];
    for (const memoized of wrapped) {
      const object = {};
      const first = memoized(object);
      expect(memoized(object)).toBe(first);
      expect(memoized({})).toBe(first + 1);
    }
  });

  test("the curried form makes a cache for each function", () => {
    const wrap = memoize({ freeze: true });
    const one = wrap((n: number) => [n]);
    const two = wrap((n: number) => [n, n]);
    expect(one(1)).toEqual([1]);
    expect(two(1)).toEqual([1, 1]);
  });

  test("options that are changed afterwards change nothing", () => {
    const options: { key: "identity" | "value" } = { key: "identity" };
    let runs = 0;
    const memoized = memoize((_: object) => ++runs, options);
    options.key = "value";
    expect(memoized({})).toBe(1);
    expect(memoized({})).toBe(2);
  });
});

describe("results and failures", () => {
  test.each([
    [undefined],
    [null],
    [0],
    [-0],
    [Number.NaN],
    [""],
    [false],
    [0n],
    [Symbol("result")],
    [() => 1],
  ])("%s is an entry", (result) => {
    let runs = 0;
    const memoized = memoize((_: string) => {
      runs++;
      return result;
    });
    expect(memoized("a")).toBe(result);
    expect(memoized("a")).toBe(result);
    expect(runs).toBe(1);
    expect(memoized.cache.has("a")).toBe(true);
    expect(memoized.cache.peek("a")).toBe(result);
    expect(memoized.cache.size).toBe(1);
  });

  test("results are shared by reference", () => {
    const memoized = memoize((n: number) => ({ n }));
    expect(memoized(1)).toBe(memoized(1));
    expect(memoized(1)).not.toBe(memoized(2));
  });

  test.each([
    [new Error("plain")],
    [new TypeError("typed")],
    [new RangeError("range")],
    [undefined],
    [null],
    [0],
    ["text"],
    [Object.freeze({})],
    [Symbol("thrown")],
  ])("%s thrown reaches the caller as it is and is no entry", (thrown) => {
    let runs = 0;
    const memoized = memoize((_: number): number => {
      runs++;
      throw thrown;
    });
    for (let attempt = 1; attempt <= 3; attempt++) {
      let caught: unknown = "nothing";
      try {
        memoized(1);
      } catch (error) {
        caught = error;
      }
      expect(caught).toBe(thrown);
      expect(runs).toBe(attempt);
    }
    expect(memoized.cache.size).toBe(0);
    expect(memoized.cache.has(1)).toBe(false);
    afterwards();
  });

  test("a failure does not keep a later success from being an entry", () => {
    let fail = true;
    const memoized = memoize((n: number) => {
      if (fail) throw new Error("not yet");
      return n;
    });
    expect(() => memoized(1)).toThrow("not yet");
    fail = false;
    expect(memoized(1)).toBe(1);
    fail = true;
    expect(memoized(1)).toBe(1);
  });
});

describe("which functions are memoized", () => {
  test("isMemoized tells memoized functions from all other values", () => {
    const memoized = memoize((n: number) => n);
    expect(isMemoized(memoized)).toBe(true);
    for (const other of [memoized.original, () => 1, undefined, null, 1, "f", {}, { cache: 1 }]) {
      expect(isMemoized(other)).toBe(false);
    }
  });

  test("cacheOf gives the handle, and refuses what is not memoized", () => {
    const memoized = memoize((n: number) => n);
    expect(cacheOf(memoized)).toBe(memoized.cache);
    const error = thrownBy(() =>
      (cacheOf as (fn: unknown) => unknown)((n: number) => n),
    ) as RoteError;
    expect(error).toBeInstanceOf(RoteError);
    expect(error.code).toBe("ERR_NOT_MEMOIZED");
    expect(thrownBy(() => (cacheOf as (fn: unknown) => unknown)(undefined))).toBeInstanceOf(
      RoteError,
    );
  });

  test("a memoized function may be memoized", () => {
    let runs = 0;
    const twice = memoize(
      memoize((n: number) => {
        runs++;
        return n * 2;
      }),
    );
    expect(twice(4)).toBe(8);
    expect(twice(4)).toBe(8);
    expect(runs).toBe(1);
    expect(isMemoized(twice)).toBe(true);
    expect(twice.cache.has(4)).toBe(true);
  });

  test("one original may be memoized twice, each with entries of its own", () => {
    let runs = 0;
    const original = (n: number): number => {
      runs++;
      return n;
    };
    const one = memoize(original);
    const two = memoize(original);
    one(1);
    two(1);
    expect(runs).toBe(2);
    one.cache.clear();
    expect(two.cache.size).toBe(1);
  });

  test("clearAll empties every memoized function", () => {
    const one = memoize((n: number) => n);
    const two = memoize((n: number) => n);
    const bound = memoize(function (this: object, n: number) {
      return [this, n];
    });
    const receiver = {};
    one(1);
    two(2);
    bound.call(receiver, 3);
    clearAll();
    expect(one.cache.size).toBe(0);
    expect(two.cache.size).toBe(0);
    expect(bound.cache.of(receiver).has(3)).toBe(false);
  });
});

describe("turned off", () => {
  afterEach(() => {
    configure({ enabled: true });
  });

  test("configure({ enabled: false }) makes every function a pass-through, and true brings it back", () => {
    let runs = 0;
    const memoized = memoize((n: number) => {
      runs++;
      return n;
    });
    memoized(1);
    configure({ enabled: false });
    expect([memoized(1), memoized(1), memoized(2)]).toEqual([1, 1, 2]);
    expect(runs).toBe(4);
    configure({ enabled: true });
    memoized(3);
    memoized(3);
    expect(runs).toBe(5);
  });

  test("a function wrapped while turned off is memoized once turned on", () => {
    configure({ enabled: false });
    let runs = 0;
    const memoized = memoize((n: number) => {
      runs++;
      return n;
    });
    memoized(1);
    memoized(1);
    expect(runs).toBe(2);
    expect(memoized.cache.size).toBe(0);
    configure({ enabled: true });
    memoized(1);
    memoized(1);
    expect(runs).toBe(3);
  });

  test("a pass-through counts its runs and throws what the function throws", () => {
    configure({ enabled: false });
    const fib = memoize((n: number): number => (n < 2 ? n : fib(n - 1) + fib(n - 2)));
    expect(fib(15)).toBe(610);
    expect(fib.cache.stats()).toMatchObject({
      hits: 0,
      runs: 1973,
      misses: 1973,
      entries: 0,
      depth: 15,
    });
    const fails = memoize((): number => {
      throw "as it is";
    });
    expect(thrownBy(() => fails())).toBe("as it is");
  });

  test.each([[{ enabled: 1 }], [{ enabled: "false" }], [{ on: true }], [undefined], [null]])(
    "configure(%s) is refused",
    (settings) => {
      expect(thrownBy(() => (configure as (settings: unknown) => void)(settings))).toBeInstanceOf(
        RoteError,
      );
    },
  );
});

describe("freeze", () => {
  test("plain objects and arrays in the result are frozen, however deep", () => {
    const memoized = memoize((n: number) => ({ n, list: [{ deep: [n] }], map: { a: { b: 1 } } }), {
      freeze: true,
    });
    const result = memoized(1);
    expect(Object.isFrozen(result)).toBe(true);
    expect(Object.isFrozen(result.list)).toBe(true);
    expect(Object.isFrozen(result.list[0])).toBe(true);
    expect(Object.isFrozen(result.list[0]!.deep)).toBe(true);
    expect(Object.isFrozen(result.map.a)).toBe(true);
    expect(() => {
      result.n = 2;
    }).toThrow(TypeError);
    expect(memoized(1)).toBe(result);
  });

  test("nothing reachable from the arguments is frozen", () => {
    const argument = { inner: { list: [1] }, other: {} as object };
    argument.other = argument;
    const memoized = memoize((a: typeof argument) => ({ own: [1], a, inner: a.inner }), {
      freeze: true,
    });
    const result = memoized(argument);
    expect(Object.isFrozen(result)).toBe(true);
    expect(Object.isFrozen(result.own)).toBe(true);
    expect(Object.isFrozen(argument)).toBe(false);
    expect(Object.isFrozen(argument.inner)).toBe(false);
    expect(Object.isFrozen(argument.inner.list)).toBe(false);
  });

  test("class instances, functions, maps and typed arrays are left alone; cycles end", () => {
    class Account {
      balance = 1;
    }
    const memoized = memoize(
      () => {
        const result: Record<string, unknown> = {
          account: new Account(),
          fn: () => 1,
          map: new Map([[1, {}]]),
          bytes: new Uint8Array(4),
          date: new Date(0),
        };
        result["self"] = result;
        return result;
      },
      { freeze: true },
    );
    const result = memoized();
    expect(Object.isFrozen(result)).toBe(true);
    for (const key of ["account", "fn", "map", "bytes", "date"]) {
      expect(Object.isFrozen(result[key]), key).toBe(false);
    }
  });

  test("a result 200 000 levels deep is frozen without overflowing", () => {
    const memoized = memoize(
      () => {
        let list: unknown = null;
        for (let i = 0; i < 200_000; i++) list = { list };
        return list as { list: object };
      },
      { freeze: true },
    );
    expect(Object.isFrozen(memoized().list)).toBe(true);
  });

  test("without the option results stay as they are", () => {
    expect(Object.isFrozen(memoize(() => ({}))())).toBe(false);
  });
});

describe("verify", () => {
  test("a hit that differs from a new run is an error", () => {
    let n = 0;
    const impure = memoize((_: string) => ({ n: n++ }), { verify: 1, name: "impure" });
    expect(impure("a")).toEqual({ n: 0 });
    const error = thrownBy(() => impure("a")) as RoteError;
    expect(error).toBeInstanceOf(RoteError);
    expect(error.code).toBe("ERR_VERIFY");
    expect(error.message).toContain("impure");
    afterwards();
  });

  test("results are compared by content, and the first is returned", () => {
    let runs = 0;
    const pure = memoize(
      (n: number) => {
        runs++;
        return { list: [n, { n }] };
      },
      { verify: 1 },
    );
    const first = pure(1);
    expect(pure(1)).toBe(first);
    expect(pure(1)).toBe(first);
    expect(runs).toBe(3);
  });

  test("no verification inside a verification", () => {
    let runs = 0;
    const fib = memoize(
      (n: number): number => {
        runs++;
        return n < 2 ? n : fib(n - 1) + fib(n - 2);
      },
      { verify: 1 },
    );
    expect(fib(40)).toBe(102_334_155);
    expect(runs).toBeLessThan(200);
    const before = runs;
    fib(40);
    expect(runs).toBe(before + 1);
  });

  test("deep recursion is verified like any other", () => {
    const f = memoize((n: number): number => (n === 0 ? 0 : f(n - 1) + 1), {
      verify: 1,
      depthLimit: 10,
    });
    expect(f(1000)).toBe(1000);
    expect(f(1000)).toBe(1000);
    afterwards();
  });

  test("0 verifies nothing", () => {
    let runs = 0;
    const impure = memoize(() => ++runs, { verify: 0 });
    expect([impure(), impure(), impure()]).toEqual([1, 1, 1]);
  });
});

describe("stats", () => {
  const spend = (ms: number): void => {
    const end = performance.now() + ms;
    while (performance.now() < end);
  };

  test("hits, misses, runs and entries are counted", () => {
    const fib = memoize((n: number): number => (n < 2 ? n : fib(n - 1) + fib(n - 2)));
    expect(fib.cache.stats()).toMatchObject({
      hits: 0,
      misses: 0,
      runs: 0,
      reruns: 0,
      entries: 0,
      depth: 0,
      pinned: 0,
    });
    fib(36);
    // 71 calls in 37 runs.
    expect(fib.cache.stats()).toMatchObject({
      hits: 34,
      misses: 37,
      runs: 37,
      reruns: 0,
      entries: 37,
      depth: 36,
      pinned: 0,
    });
    fib(36);
    expect(fib.cache.stats().hits).toBe(35);
  });

  test("has, peek, set and entries are neither hits nor misses", () => {
    const f = memoize((n: number) => n);
    f.cache.set([1], 1);
    f.cache.has(1);
    f.cache.has(2);
    f.cache.peek(1);
    f.cache.peek(2);
    expect([...f.cache.entries()]).toEqual([[[1], 1]]);
    expect(f.cache.stats()).toMatchObject({ hits: 0, misses: 0, runs: 0, entries: 1 });
  });

  test("a run that throws is a run and a miss", () => {
    const f = memoize((): number => {
      throw new Error("no");
    });
    expect(() => f()).toThrow("no");
    expect(f.cache.stats()).toMatchObject({ misses: 1, runs: 1, entries: 0, hits: 0 });
  });

  test("the time of outermost runs is their sum, and nothing is counted twice", () => {
    const inner = memoize((_: number) => spend(4));
    const outer = memoize((n: number) => {
      inner(n);
      spend(4);
    });
    outer(1);
    expect(outer.cache.stats().runTime).toBeGreaterThanOrEqual(7.9);
    expect(outer.cache.stats().runTime).toBeLessThan(1000);
    expect(inner.cache.stats().runTime).toBe(0);
    inner(2);
    expect(inner.cache.stats().runTime).toBeGreaterThanOrEqual(3.9);
    const before = outer.cache.stats().runTime;
    outer(1);
    expect(outer.cache.stats().runTime).toBe(before);
  });

  test("timing measures every run", () => {
    const inner = memoize((_: number) => spend(4), { timing: true });
    const outer = memoize((n: number) => inner(n));
    outer(1);
    outer(2);
    expect(inner.cache.stats().runTime).toBeGreaterThanOrEqual(7.9);
  });

  test("a run that throws took its time too", () => {
    const f = memoize(() => {
      spend(4);
      throw new Error("no");
    });
    expect(() => f()).toThrow("no");
    expect(f.cache.stats().runTime).toBeGreaterThanOrEqual(3.9);
  });
});

describe("refresh", () => {
  test("always runs, replaces the entry and returns the new value", () => {
    let runs = 0;
    const f = memoize((n: number) => n * 10 + runs++);
    expect(f(1)).toBe(10);
    expect(f.cache.refresh(1)).toBe(11);
    expect(f(1)).toBe(11);
    expect(f.cache.refresh(2)).toBe(22);
    expect(f(2)).toBe(22);
    expect(f.cache.size).toBe(2);
  });

  test("throws what the function throws", () => {
    let problem = "";
    const f = memoize((n: number) => {
      if (problem !== "") throw problem as unknown;
      return n;
    });
    f(1);
    problem = "broken";
    expect(thrownBy(() => f.cache.refresh(1))).toBe("broken");
    afterwards();
  });

  test("of a deep recursion", () => {
    const f = memoize((n: number): number => (n === 0 ? 0 : f(n - 1) + 1), { depthLimit: 10 });
    expect(f.cache.refresh(1000)).toBe(1000);
    expect(f.cache.refresh(1000)).toBe(1000);
    afterwards();
  });
});

describe("entries", () => {
  test("are the arguments and the value", () => {
    const f = memoize((a: { x: number }, b: string) => a.x + b.length);
    f({ x: 1 }, "abc");
    f({ x: 2 }, "");
    const entries = [...f.cache.entries()];
    expect(entries).toHaveLength(2);
    expect(entries).toContainEqual([[{ x: 1 }, "abc"], 4]);
    expect(entries).toContainEqual([[{ x: 2 }, ""], 2]);
  });

  test("are the key and the value where there is a key function", () => {
    const f = memoize((user: { id: number; name: string }) => user.name, {
      key: (user) => [user.id],
    });
    f({ id: 1, name: "Ada" });
    f({ id: 1, name: "Grace" });
    expect([...f.cache.entries()]).toEqual([[[1], "Ada"]]);
  });

  test("may be changed without changing the cache", () => {
    const f = memoize((list: number[]) => list.length);
    f([1, 2]);
    for (const [[list]] of f.cache.entries()) list.push(3);
    expect(f.cache.has([1, 2])).toBe(true);
    expect(f.cache.has([1, 2, 3])).toBe(false);
  });
});

describe("tabulate", () => {
  test("fills the cache in the order given and returns the results", () => {
    const order: number[] = [];
    const f = memoize((n: number): number => {
      order.push(n);
      return n < 2 ? n : f(n - 1) + f(n - 2);
    });
    const results = tabulate(
      f,
      Array.from({ length: 30 }, (_, n): [number] => [n]),
    );
    expect(results).toHaveLength(30);
    expect(results[29]).toBe(514_229);
    expect(order).toEqual(Array.from({ length: 30 }, (_, n) => n));
    expect(f.cache.stats()).toMatchObject({ runs: 30, reruns: 0 });
    expect(f.cache.stats().depth).toBe(1);
  });

  test("takes any iterable, once, and needs no stack", () => {
    const f = memoize((n: number): number => (n === 0 ? 0 : f(n - 1) + 1));
    function* calls(): Generator<[number]> {
      for (let n = 0; n <= 100_000; n++) yield [n];
    }
    const results = tabulate(f, calls());
    expect(results[100_000]).toBe(100_000);
    expect(f.cache.stats()).toMatchObject({ runs: 100_001, reruns: 0, depth: 1 });
  });

  test("calls that are entries already are not run again", () => {
    let runs = 0;
    const f = memoize((a: number, b: number) => {
      runs++;
      return a * b;
    });
    f(2, 3);
    expect(
      tabulate(f, [
        [2, 3],
        [2, 4],
        [2, 3],
      ]),
    ).toEqual([6, 8, 6]);
    expect(runs).toBe(2);
  });

  test("throws what the function throws, and keeps what came before", () => {
    const f = memoize((n: number) => {
      if (n === 2) throw new Error("two");
      return n;
    });
    expect(() => tabulate(f, [[0], [1], [2], [3]])).toThrow("two");
    expect(f.cache.size).toBe(2);
  });

  test("refuses a function that is not memoized, and calls that are no argument lists", () => {
    const wrong = tabulate as (...args: unknown[]) => unknown;
    expect(thrownBy(() => wrong((n: number) => n, [[1]]))).toMatchObject({
      code: "ERR_NOT_MEMOIZED",
    });
    const f = memoize((n: number) => n);
    for (const calls of [undefined, 5, {}, [1, 2]]) {
      expect(thrownBy(() => wrong(f, calls))).toMatchObject({ code: "ERR_INVALID_ARGUMENT" });
    }
  });
});

describe("the receiver", () => {
  /** Runs `fn` on receiver 1, receiver 2 and receiver 1 again; how many runs? */
  function countRuns(
    make: (count: () => number) => (...args: any[]) => unknown,
    options?: { receiver: boolean },
  ): number {
    let runs = 0;
    const memoized = anything(
      make(() => ++runs),
      ...(options === undefined ? [] : [options]),
    );
    const one = {};
    const two = {};
    for (const receiver of [one, two, one, two]) memoized.call(receiver, 1);
    return runs;
  }

  test("is part of the key of a function that mentions this", () => {
    expect(
      countRuns(
        (count) =>
          function (this: unknown) {
            return [this, count()];
          },
      ),
    ).toBe(2);
  });

  test("is part of the key of a function that mentions super or eval", () => {
    const base = { describe: () => "base" };
    expect(
      countRuns((count) => {
        const method = {
          __proto__: base,
          describe(): string {
            return super.describe() + count();
          },
        };
        return method.describe;
      }),
    ).toBe(2);
    expect(
      countRuns(
        (count) =>
          function () {
            count();
            return (0, eval)("1");
          },
      ),
    ).toBe(2);
  });

  test("is not looked at by a function that does not", () => {
    expect(countRuns((count) => () => count())).toBe(1);
    expect(
      countRuns(
        (count) =>
          function () {
            return count();
          },
      ),
    ).toBe(1);
  });

  test("is not looked at by a bound function", () => {
    expect(
      countRuns((count) =>
        function (this: unknown) {
          return [this, count()];
        }.bind({}),
      ),
    ).toBe(1);
  });

  test("is part of the key of a native function", () => {
    const upper = memoize(String.prototype.toUpperCase);
    expect(upper.call("abc")).toBe("ABC");
    expect(upper.call("xyz")).toBe("XYZ");
    expect(upper.call("abc")).toBe("ABC");
    expect(upper.cache.stats().runs).toBe(2);
  });

  test("can be turned on and off", () => {
    const plain = (count: () => number) =>
      function () {
        return count();
      };
    const looking = (count: () => number) =>
      function (this: unknown) {
        return [this, count()];
      };
    expect(countRuns(plain, { receiver: true })).toBe(2);
    expect(countRuns(looking, { receiver: false })).toBe(1);
  });

  test("an object is compared by identity, a primitive by value", () => {
    let runs = 0;
    const f = memoize(function (this: unknown) {
      runs++;
      return typeof this;
    });
    f.call({ a: 1 });
    f.call({ a: 1 });
    expect(runs).toBe(2);
    f.call(5);
    f.call(5);
    expect(runs).toBe(3);
    f.call("5");
    f.call("5");
    expect(runs).toBe(4);
  });

  test("undefined, globalThis and a module namespace are no receiver", () => {
    const before = namespace.counted.cache.stats().runs;
    namespace.counted(1);
    const { counted } = namespace;
    counted(1);
    counted.call(globalThis, 1);
    counted.call(undefined, 1);
    expect(counted.cache.stats().runs).toBe(before + 1);
    counted.call({}, 1);
    expect(counted.cache.stats().runs).toBe(before + 2);
  });

  test("of() is the handle for one receiver", () => {
    class Account {
      readonly rate: number;
      constructor(rate: number) {
        this.rate = rate;
      }
      declare interest: (years: number) => number;
    }
    const interest = memoize(function (this: Account, years: number) {
      return this.rate * years;
    });
    Account.prototype.interest = interest;
    const one = new Account(2);
    const two = new Account(3);
    expect([one.interest(5), two.interest(5)]).toEqual([10, 15]);

    expect(interest.cache.of(one).peek(5)).toBe(10);
    expect(interest.cache.of(two).peek(5)).toBe(15);
    expect(interest.cache.of(one).has(6)).toBe(false);
    expect(interest.cache.of(one).size).toBe(1);
    interest.cache.of(one).set([6], 99);
    expect(one.interest(6)).toBe(99);
    expect(two.interest(6)).toBe(18);
    const entries = [...interest.cache.of(one).entries()];
    expect(entries).toHaveLength(2);
    expect(entries).toContainEqual([[5], 10]);
    expect(entries).toContainEqual([[6], 99]);
    expect(interest.cache.of(one).refresh(6)).toBe(12);
    expect(interest.cache.of(one).delete(5)).toBe(true);
    expect(interest.cache.of(one).delete(5)).toBe(false);
    interest.cache.of(one).clear();
    expect(interest.cache.of(one).size).toBe(0);
    expect(interest.cache.of(two).has(5)).toBe(true);
  });
});

test("keySymbol is registered, so that classes need not import it", () => {
  expect(keySymbol).toBe(Symbol.for("rote.key"));
});
