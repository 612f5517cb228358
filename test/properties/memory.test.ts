/** Law 6: nothing is kept alive that the caller has let go of. */
import { describe, expect, test } from "vitest";

import { keySymbol, memoize } from "rote";

import { collected, settle } from "../support/collected.ts";

type AnyFunction = (...args: unknown[]) => unknown;

class Instance {
  name = "instance";
}

/** A result that only its entry keeps. */
class Result {
  name = "result";
}

const watch = (value: unknown): WeakRef<WeakKey> => new WeakRef(value as WeakKey);

function remembering(options: { key?: "value" | "identity" } = {}): AnyFunction & {
  cache: { size: number; entries(): Iterable<unknown>; clear(): void };
} {
  return memoize((..._args: unknown[]): unknown => new Result(), options) as never;
}

describe("an object that the caller has let go of is collected together with its entries", () => {
  const supportsSymbols = ((): boolean => {
    try {
      new WeakRef(Symbol("s") as unknown as object);
      return true;
    } catch {
      return false;
    }
  })();

  const makers: [kind: string, make: () => unknown][] = [
    ["a class instance", () => new Instance()],
    ["a function", () => (): number => 1],
    ["a class", () => class {}],
    ["an error", () => new Error("a")],
    ["a promise", () => Promise.resolve(1)],
    ["a subclass of a built-in", () => new (class Own extends Map {})()],
    ...(supportsSymbols ? ([["a symbol", () => Symbol("s")]] as [string, () => unknown][]) : []),
  ];
  const places: [place: string, place: (value: unknown) => unknown[]][] = [
    ["the only argument", (value) => [value]],
    ["the first argument", (value) => [value, 1]],
    ["the second argument", (value) => ["a", value]],
    ["the third argument", (value) => [1, 2, value]],
    ["the last of many arguments", (value) => [1, 2, 3, 4, 5, 6, value]],
    ["every argument", (value) => [value, value, value]],
    ["inside a plain object", (value) => [{ a: 1, value, z: 2 }]],
    ["deep inside", (value) => [{ a: [{ b: [value] }], c: 1 }, 5]],
    ["inside an array", (value) => [[0, value]]],
    ["inside many leaves", (value) => [[...Array.from({ length: 300 }, (_, i) => i), value]]],
    ["before many leaves", (value) => [value, Array.from({ length: 300 }, (_, i) => i)]],
    ["a key of a Map", (value) => [new Map([[value, 1]])]],
    ["an element of a Set", (value) => [new Set([value])]],
    ["inside a cycle", (value) => [cycleAround(value)]],
    ["inside something shared", (value) => [[value], [value]].flatMap((x) => [x, x])],
  ];

  function cycleAround(value: unknown): unknown {
    const object: Record<string, unknown> = { value };
    object["self"] = object;
    return object;
  }

  describe.each(makers)("%s", (_kind, make) => {
    test.each(places)("as, or at, %s", async (_place, place) => {
      const fn = remembering();
      const references = ((): WeakRef<WeakKey>[] => {
        const value = make();
        const result = fn(...place(value));
        fn(...place(value));
        return [watch(value), watch(result)];
      })();
      expect(await collected(...references)).toBe(true);
      expect([...fn.cache.entries()].length).toBe(0);
      fn(1);
    });
  });

  test("an object compared by identity because of the option", async () => {
    for (const shape of [
      (object: object): unknown[] => [object],
      (object: object): unknown[] => [1, object],
      (object: object): unknown[] => [object, {}],
      (object: object): unknown[] => [{}, object],
      (object: object): unknown[] => [1, 2, 3, 4, object],
    ]) {
      const fn = remembering({ key: "identity" });
      const references = ((): WeakRef<WeakKey>[] => {
        const object = { a: 1 };
        const args = shape(object);
        return [watch(object), watch(fn(...args)), watch(fn(...args))];
      })();
      expect(await collected(...references)).toBe(true);
    }
  });

  test("a receiver", async () => {
    const fn = memoize(function (this: Instance | undefined, _a: number): unknown {
      return this === undefined ? 1 : new Result();
    });
    const references = ((): WeakRef<WeakKey>[] => {
      const receiver = new Instance();
      const plain = { name: "plain" };
      return [
        watch(receiver),
        watch(fn.call(receiver, 1)),
        watch(plain),
        watch(fn.call(plain, 1)),
        watch(fn.cache.of(plain)),
      ];
    })();
    expect(await collected(...references)).toBe(true);
  });

  test("a class whose instances say what they are equal to", async () => {
    const fn = remembering();
    const references = ((): WeakRef<WeakKey>[] => {
      class Keyed {
        [keySymbol](): number {
          return 1;
        }
      }
      return [watch(Keyed), watch(new Keyed()), watch(fn(new Keyed(), 1))];
    })();
    expect(await collected(...references)).toBe(true);
  });

  test.runIf(supportsSymbols)("a symbol that is a key of an object", async () => {
    const fn = remembering();
    const references = ((): WeakRef<WeakKey>[] => {
      const symbol = Symbol("key");
      return [watch(symbol), watch(fn({ a: 1, [symbol]: 1 }))];
    })();
    expect(await collected(...references)).toBe(true);
  });

  test("even if the result refers to it", async () => {
    const fn = memoize((...args: unknown[]): unknown => ({ args }));
    for (const place of places.map(([, make]) => make)) {
      const references = ((): WeakRef<WeakKey>[] => {
        const value = new Instance();
        return [watch(value), watch(fn(...place(value)))];
      })();
      expect(await collected(...references)).toBe(true);
    }
  });

  test("even if another argument of the call lives on", async () => {
    const fn = remembering();
    const lasting = new Instance();
    const references = ((): WeakRef<WeakKey>[] => {
      const passing = new Instance();
      return [
        watch(passing),
        watch(fn(lasting, passing)),
        watch(fn(passing, lasting)),
        watch(fn({ lasting, passing })),
        watch(fn([passing, 1, lasting])),
      ];
    })();
    expect(await collected(...references)).toBe(true);
    expect(fn(lasting)).toBe(fn(lasting));
  });

  test("even if other entries of the same function live on", async () => {
    const fn = remembering();
    const kept: [Instance, unknown][] = Array.from({ length: 20 }, (_, index) => {
      const instance = new Instance();
      return [instance, fn(instance, index)];
    });
    const references = ((): WeakRef<WeakKey>[] => {
      const value = new Instance();
      return [watch(value), watch(fn(value, 1)), watch(fn(value, 2))];
    })();
    expect(await collected(...references)).toBe(true);
    for (const [index, [instance, result]] of kept.entries()) {
      expect(fn(instance, index)).toBe(result);
    }
    expect([...fn.cache.entries()].length).toBe(20);
  });

  test("even if the last thing that happened was a hit, has or peek", async () => {
    const fn = remembering() as ReturnType<typeof memoize<AnyFunction>>;
    for (const last of [
      (value: object): unknown => fn(value),
      (value: object): unknown => fn.cache.has(value),
      (value: object): unknown => fn.cache.peek(value),
      (value: object): unknown => fn.cache.has(value, "missing"),
      (value: object): unknown => fn.cache.delete(value),
      (value: object): unknown => [...fn.cache.entries()].length + Number(value === undefined),
    ]) {
      const references = ((): WeakRef<WeakKey>[] => {
        const value = new Instance();
        const result = watch(fn(value));
        last(value);
        return [watch(value), result];
      })();
      expect(await collected(...references)).toBe(true);
    }
  });

  test("even if the call threw", async () => {
    const fn = memoize((_a: unknown, _b: unknown): unknown => {
      throw new Error("no result");
    });
    const reference = ((): WeakRef<WeakKey> => {
      const value = new Instance();
      expect(() => fn(value, { value })).toThrow("no result");
      expect(() => fn(1, value)).toThrow("no result");
      return watch(value);
    })();
    expect(await collected(reference)).toBe(true);
  });

  test("even if the call went deep and was driven", async () => {
    const fn: (n: number, value: object) => number = memoize((n: number, value: object): number =>
      n === 0 ? 0 : 1 + fn(n - 1, value),
    );
    const reference = ((): WeakRef<WeakKey> => {
      const value = new Instance();
      expect(fn(10_000, value)).toBe(10_000);
      return watch(value);
    })();
    expect(await collected(reference)).toBe(true);
  });

  test("even if it was only asked for, set or deleted", async () => {
    const fn = remembering();
    const cache = (fn as ReturnType<typeof memoize<AnyFunction>>).cache;
    const references = ((): WeakRef<WeakKey>[] => {
      const value = new Instance();
      const result = new Result();
      cache.has(value, 1);
      cache.peek({ value });
      cache.set([value, 2], result);
      cache.set([[value], 2], result);
      cache.delete([value], 2);
      for (const entry of cache.entries()) expect(entry.length).toBe(2);
      return [watch(value), watch(result)];
    })();
    expect(await collected(...references)).toBe(true);
  });
});

describe("an entry that stays keeps no more than it must", () => {
  test("an argument compared by content is not kept itself", async () => {
    const fn = memoize((..._args: unknown[]): number => 1);
    const kinds: (() => unknown)[] = [
      () => ({ a: 1, b: { c: 2 } }),
      () => [1, 2, 3],
      () => Object.create(null) as unknown,
      () => new Date(5),
      () => /a/,
      () => new Map([[1, 2]]),
      () => new Set([1]),
      () => new Uint8Array(4),
      () => new URL("http://a"),
      () => Object(1) as unknown,
      () => Array.from({ length: 300 }, (_, index) => ({ index })),
    ];
    for (const make of kinds) {
      const reference = ((): WeakRef<WeakKey> => {
        const value = make();
        fn(value, 1);
        fn(1, [value]);
        fn(value, 1);
        return watch(value);
      })();
      expect(await collected(reference)).toBe(true);
    }
    expect(fn.cache.size).toBe(2 * kinds.length);
  });

  test("an instance that says what it is equal to is not kept itself", async () => {
    class Keyed {
      [keySymbol](): number {
        return 1;
      }
    }
    const fn = memoize((_a: unknown): number => 1);
    const reference = ((): WeakRef<WeakKey> => {
      const value = new Keyed();
      fn(value);
      return watch(value);
    })();
    expect(await collected(reference)).toBe(true);
    expect(fn.cache.has(new Keyed())).toBe(true);
  });

  test("the argument list that set was given is not kept", async () => {
    const fn = memoize((..._args: unknown[]): number => 1);
    const reference = ((): WeakRef<WeakKey> => {
      const args = [1, { a: 2 }];
      fn.cache.set(args, 3);
      return watch(args);
    })();
    expect(await collected(reference)).toBe(true);
    expect(fn(1, { a: 2 })).toBe(3);
  });

  test("an entry of a living object stays", async () => {
    const fn = remembering();
    const instance = new Instance();
    const reference = watch(fn(instance, { a: [instance] }));
    expect(await collected(reference)).toBe(false);
    expect(watch(fn(instance, { a: [instance] })).deref()).toBe(reference.deref());
  });

  test("an error that was thrown is not kept", async () => {
    const fn = memoize((_a: unknown): unknown => {
      throw new Error("passing");
    });
    const reference = ((): WeakRef<WeakKey> => {
      try {
        fn({ a: 1 });
      } catch (error) {
        return watch(error);
      }
      return watch({});
    })();
    expect(await collected(reference)).toBe(true);
  });
});

describe("results", () => {
  test("are released by delete, clear, and by being replaced", async () => {
    const fn = remembering() as ReturnType<typeof memoize<AnyFunction>>;
    for (const args of [[1], ["a"], [{ a: 1 }], [1, 2, 3], [], [[1, [2]]], [0.5]]) {
      const deleted = watch(fn(...args));
      expect(fn.cache.delete(...args)).toBe(true);
      expect(await collected(deleted)).toBe(true);
      const replaced = watch(fn(...args));
      fn.cache.set(args, 1);
      expect(await collected(replaced)).toBe(true);
      const refreshed = ((): WeakRef<WeakKey> => {
        fn.cache.set(args, new Result());
        const before = watch(fn(...args));
        fn.cache.refresh(...args);
        return before;
      })();
      expect(await collected(refreshed)).toBe(true);
      const cleared = watch(fn(...args));
      fn.cache.clear();
      expect(await collected(cleared)).toBe(true);
      expect(fn.cache.size).toBe(0);
    }
  });

  test("under living objects are released by clear", async () => {
    const fn = remembering();
    const instance = new Instance();
    const references = [watch(fn(instance)), watch(fn(1, instance)), watch(fn({ a: instance }))];
    fn.cache.clear();
    expect(await collected(...references)).toBe(true);
    expect([...fn.cache.entries()].length).toBe(0);
    expect(instance.name).toBe("instance");
  });
});

describe("a memoized function", () => {
  test("is collected with everything it remembers", async () => {
    const instance = new Instance();
    const references = ((): WeakRef<WeakKey>[] => {
      const original = (..._args: unknown[]): unknown => new Result();
      const fn = memoize(original);
      const results = [fn(1), fn("a"), fn({ a: 1 }), fn(instance), fn([instance]), fn()];
      return [fn, original, fn.cache, ...results].map(watch);
    })();
    expect(await collected(...references)).toBe(true);
    expect(instance.name).toBe("instance");
  });

  test("is collected if it recursed, warned or failed", async () => {
    const references = ((): WeakRef<WeakKey>[] => {
      const chain: (n: number) => number = memoize((n: number): number => {
        if (n < 0) throw new Error("negative");
        return n === 0 ? 0 : 1 + chain(n - 1);
      });
      chain(5000);
      expect(() => chain(-1)).toThrow("negative");
      return [watch(chain)];
    })();
    expect(await collected(...references)).toBe(true);
  });

  test("is collected though its receiver lives on", async () => {
    const receiver = new Instance();
    const references = ((): WeakRef<WeakKey>[] => {
      const fn = memoize(function (this: Instance): unknown {
        return [this, new Result()];
      });
      return [watch(fn), watch(fn.call(receiver))];
    })();
    expect(await collected(...references)).toBe(true);
    expect(receiver.name).toBe("instance");
  });
});

test("collected entries are not yielded, and the others are", async () => {
  const fn = remembering() as ReturnType<typeof memoize<AnyFunction>>;
  const kept = new Instance();
  fn(kept);
  fn(1);
  fn([1, kept]);
  (() => {
    fn(new Instance());
    fn({ a: new Instance() });
    fn(kept, new Instance());
  })();
  await settle();
  const yielded = [...fn.cache.entries()].map(([args]) => args);
  expect(yielded.length).toBe(3);
  expect(yielded.some((args) => args[0] === kept && args.length === 1)).toBe(true);
  expect(yielded.some((args) => args[0] === 1)).toBe(true);
});

test("objects passing by in their ten thousands do not pile up", async () => {
  const fn = memoize((_a: unknown, _b: unknown): Uint8Array => new Uint8Array(64));
  await settle();
  const before = process.memoryUsage().heapUsed;
  for (let round = 0; round < 20; round++) {
    for (let index = 0; index < 10_000; index++)
      fn(new Instance(), { a: index, b: new Instance() });
    await settle();
  }
  await settle();
  const grown = process.memoryUsage().heapUsed - before;
  // Two hundred thousand entries would take more than 40 MB.
  expect(grown).toBeLessThan(20e6);
});
