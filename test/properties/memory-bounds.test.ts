/** Law 6 under bounds and TTLs: bounded means bounded, and nothing is kept alive that the caller has let go of. */
import { memoize, snapshot } from "rote";
import type { Memoized, MemoizeOptions } from "rote";
import { describe, expect, test } from "vitest";

import { collected, settle } from "../support/collected.ts";
import { fakeClock } from "../support/fake-clock.ts";
import { runs } from "../support/runs.ts";

type AnyFunction = (...args: any[]) => unknown;
type Options = Omit<MemoizeOptions<AnyFunction>, "key">;

class Instance {
  name = "instance";
}

/** A result that only its entry keeps. */
class Result {
  name = "result";
}

const watch = (value: unknown): WeakRef<WeakKey> => new WeakRef(value as WeakKey);

const policies = ["lru", "s3-fifo", "w-tinylfu"] as const;

/** Functions whose entries know more than a result. */
const kinds: [name: string, options: Options][] = [
  ...policies.map((policy): [string, Options] => [policy, { maxEntries: 100, policy }]),
  ...policies.map((policy): [string, Options] => [
    `weight, ${policy}`,
    { maxWeight: 1000, weigh: () => 1, policy },
  ]),
  ["a TTL", { ttl: "1h" }],
  ["a touched TTL", { ttl: "1h", touch: true }],
  ["a TTL from a function", { ttl: () => "1h" }],
  ["a bound and a TTL", { maxEntries: 100, ttl: "1h", jitter: 0.5 }],
  ["remembered errors", { rememberErrors: "1h" }],
];

function remembering(options: Options, key: "value" | "identity" = "value"): Memoized<AnyFunction> {
  return memoize((..._args: unknown[]): unknown => new Result(), { ...options, key });
}

describe.each(kinds)("with %s", (_name, options) => {
  const places: [place: string, place: (value: object) => unknown[]][] = [
    ["the only argument", (value) => [value]],
    ["the first argument", (value) => [value, 1]],
    ["the last argument", (value) => [1, "a", value]],
    ["every argument", (value) => [value, value]],
    ["a part of an argument", (value) => [{ a: [value], b: 1 }, 5]],
    ["a key of a Map", (value) => [new Map([[value, 1]])]],
  ];

  test("an object that the caller has let go of is collected, with its entries", async () => {
    for (const key of ["value", "identity"] as const) {
      const chosen = places.slice(0, key === "identity" ? 4 : places.length);
      const fn = remembering(options, key);
      const causes: unknown[] = [];
      fn.cache.on("remove", ({ cause }) => causes.push(cause));
      const references = ((): WeakRef<WeakKey>[] =>
        chosen.flatMap(([, place]) => {
          const value = new Instance();
          const result = fn(...place(value));
          expect(fn(...place(value))).toBe(result);
          return [watch(value), watch(result)];
        }))();
      fn("other", 1, 2);
      expect(await collected(...references)).toBe(true);
      for (let i = 0; i < 10 && fn.cache.stats().removals.collected < chosen.length; i++)
        await settle();
      const { entries, removals } = fn.cache.stats();
      expect(entries).toBe(1);
      expect(removals).toMatchObject({ collected: chosen.length, evicted: 0, expired: 0 });
      expect(causes).toEqual(chosen.map(() => "collected"));
      expect([...fn.cache.entries()].length).toBe(1);
      if (options.maxWeight !== undefined) expect(fn.cache.stats().weight).toBe(1);
    }
  });

  test("a receiver is collected with its entries", async () => {
    const fn = memoize(function (this: object, _n: number): unknown {
      return this === undefined ? undefined : new Result();
    }, options as MemoizeOptions);
    const references = ((): WeakRef<WeakKey>[] => {
      const receiver = new Instance();
      return [
        watch(receiver),
        watch(fn.call(receiver, 1)),
        watch(fn.call(receiver, 2)),
        watch(fn.cache.of(receiver)),
      ];
    })();
    fn.call({}, 1);
    expect(await collected(...references)).toBe(true);
  });

  test("an object that a removed entry was of is collected, although explain remembers removals", async () => {
    const fn = remembering(options);
    const references = ((): WeakRef<WeakKey>[] => {
      const values = Array.from({ length: 20 }, () => new Instance());
      for (const value of values) fn(value, { value });
      for (const value of values.slice(0, 10)) fn.cache.delete(value, { value });
      for (const value of values) fn.cache.explain(value, { value });
      fn.cache.clear();
      return values.map(watch);
    })();
    expect(await collected(...references)).toBe(true);
  });

  test("values are released by delete, clear and by being replaced", async () => {
    const fn = remembering(options);
    const instance = new Instance();
    for (const args of [[1], ["a"], [{ a: 1 }], [1, 2, 3], [], [instance], [1, { instance }]]) {
      const deleted = watch(fn(...args));
      fn.cache.delete(...args);
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
    }
    expect(instance.name).toBe("instance");
  });

  test("a function is collected with everything it remembers, and its listeners", async () => {
    const instance = new Instance();
    const references = ((): WeakRef<WeakKey>[] => {
      const original = (..._args: unknown[]): unknown => new Result();
      const fn = memoize(original, options as MemoizeOptions);
      const listener = (): void => {};
      for (const type of ["hit", "miss", "run", "remove", "error"] as const)
        fn.cache.on(type, listener);
      const results = [fn(1), fn("a"), fn({ a: 1 }), fn(instance), fn([instance]), fn()];
      for (let n = 0; n < 300; n++) fn(n);
      fn.cache.stats();
      expect(snapshot().length).toBeGreaterThan(0);
      return [fn, original, fn.cache, listener, ...results].map(watch);
    })();
    expect(await collected(...references)).toBe(true);
    expect(instance.name).toBe("instance");
  });
});

describe("what has been evicted", () => {
  test.each(policies)("is released, and a ghost holds no value: %s", async (policy) => {
    for (const args of [
      (n: number): unknown[] => [n],
      (n: number): unknown[] => [`text ${n}`, n],
      (n: number): unknown[] => [{ n }],
    ]) {
      const fn = remembering({ maxEntries: 50, policy });
      const references = Array.from({ length: 400 }, (_, n) => watch(fn(...args(n))));
      const gone = references.filter((_, n) => !fn.cache.has(...args(n)));
      expect(gone.length).toBe(350);
      expect(await collected(...gone)).toBe(true);
      const there = references.filter((reference) => reference.deref() !== undefined);
      expect(there.length).toBe(50);
    }
  });

  test.each(policies)("under living objects is released, too: %s", async (policy) => {
    const fn = remembering({ maxEntries: 10, policy });
    const instances = Array.from({ length: 100 }, () => new Instance());
    const references = instances.map((instance) => watch(fn(instance)));
    const gone = references.filter((_, index) => !fn.cache.has(instances[index]));
    expect(gone.length).toBe(90);
    expect(await collected(...gone)).toBe(true);
    expect(instances.length).toBe(100);
  });

  test.each(policies)("a key in a ghost keeps no object alive: %s", async (policy) => {
    const fn = remembering({ maxEntries: 10, policy });
    const references = ((): WeakRef<WeakKey>[] =>
      Array.from({ length: 100 }, (_, n) => {
        const instance = new Instance();
        fn(instance, n);
        return watch(instance);
      }))();
    expect(await collected(...references)).toBe(true);
    for (let i = 0; i < 10 && fn.cache.size > 0; i++) await settle();
    expect(fn.cache.size).toBe(0);
    const { removals } = fn.cache.stats();
    expect(removals.evicted + removals.collected).toBe(100);
  });

  test("by weight, by resize, and what was too heavy to come in", async () => {
    for (const policy of policies) {
      const fn = memoize((_n: number): unknown => new Result(), {
        maxWeight: 100,
        weigh: (_value, n) => n,
        policy,
      });
      const oversized = watch(fn(101));
      const small = [1, 2, 3, 4].map((n) => watch(fn(n)));
      fn(99.5);
      const gone = small.filter((_, index) => !fn.cache.has(index + 1));
      fn.cache.resize({ maxWeight: 0.5 });
      expect(fn.cache.size).toBe(0);
      expect(await collected(oversized, ...gone, ...small)).toBe(true);
    }
  });

  test("and was pinned by a recursion is released when that has ended", async () => {
    const results: WeakRef<WeakKey>[] = [];
    const fn: (n: number) => Result[] = memoize(
      (n: number): Result[] => {
        if (n > 0) fn(n - 1);
        const result = [new Result()];
        results.push(watch(result));
        return result;
      },
      { maxEntries: 1 },
    );
    for (const depth of [100, 5000]) {
      fn(depth);
      const last = watch(fn(depth));
      expect(await collected(...results.filter((each) => each.deref() !== last.deref()))).toBe(
        true,
      );
    }
  });
});

describe("what has expired", () => {
  test.each<[name: string, options: Options]>([
    ["a TTL", { ttl: 10 }],
    ["a TTL from a function", { ttl: (_value, n) => (typeof n === "number" ? 5 + (n % 10) : 5) }],
    ["a touched TTL", { ttl: 10, touch: true }],
    ["a bound and a TTL", { ttl: 10, maxEntries: 5000, policy: "lru" }],
  ])(
    "is released though never read again, by calls with other arguments: %s",
    async (_, options) => {
      const clock = fakeClock();
      const fn = remembering({ ...options, clock: clock.read });
      const references = Array.from({ length: 500 }, (_, n) => watch(fn(n, "old")));
      clock.advance(20);
      for (let n = 0; n < 1000; n++) fn(n, "new");
      expect(await collected(...references)).toBe(true);
    },
  );

  test("is released by any look of the handle", async () => {
    for (const look of [
      (fn: Memoized<AnyFunction>) => fn.cache.size,
      (fn: Memoized<AnyFunction>) => fn.cache.stats(),
      (fn: Memoized<AnyFunction>) => [...fn.cache.entries()],
    ]) {
      const clock = fakeClock();
      const fn = remembering({ ttl: 10, clock: clock.read });
      const instance = new Instance();
      const references = Array.from({ length: 100 }, (_, n) => watch(fn(n, instance)));
      clock.advance(10);
      look(fn);
      expect(await collected(...references)).toBe(true);
      expect(instance.name).toBe("instance");
    }
  });

  test("errors, too", async () => {
    const clock = fakeClock();
    const fn = memoize(
      (n: number): number => {
        throw Object.assign(new Error("fails"), { n });
      },
      { rememberErrors: 10, clock: clock.read },
    );
    const fail = (n: number): WeakRef<WeakKey> => {
      try {
        fn(n);
      } catch (error) {
        return watch(error);
      }
      return expect.unreachable("expected a throw");
    };
    const references = Array.from({ length: 200 }, (_, n) => fail(n));
    clock.advance(10);
    for (let n = 1000; n < 1500; n++) fail(n);
    expect(await collected(...references)).toBe(true);
  });
});

describe("listeners", () => {
  test("that were removed are released", async () => {
    const fn = memoize((n: number) => n);
    for (const type of ["hit", "miss", "run", "remove", "error"] as const) {
      const reference = ((): WeakRef<WeakKey> => {
        const listener = (): void => {};
        const off = fn.cache.on(type, listener);
        fn(1);
        fn.cache.delete(1);
        off();
        return watch(listener);
      })();
      expect(await collected(reference)).toBe(true);
    }
    expect(fn(1)).toBe(1);
  });

  test("keep none of the values that they were told of", async () => {
    const fn = remembering({ maxEntries: 5 });
    let heard = 0;
    for (const type of ["hit", "miss", "run", "remove"] as const) fn.cache.on(type, () => heard++);
    const references = ((): WeakRef<WeakKey>[] => {
      const value = new Instance();
      const result = watch(fn(value));
      fn(value);
      fn.cache.delete(value);
      return [watch(value), result];
    })();
    expect(await collected(...references)).toBe(true);
    expect(heard).toBe(4);
  });
});

describe("many calls leave a flat heap", () => {
  const { gc } = globalThis as { gc?: () => void };

  async function heap(): Promise<number> {
    for (let round = 0; round < 3; round++) {
      await new Promise((resolve) => setImmediate(resolve));
      gc?.();
    }
    return process.memoryUsage().heapUsed + process.memoryUsage().external;
  }

  /** A million in a nightly run; fewer are enough to see a leak of few bytes. */
  const CALLS = Math.min(runs(100_000), 1_000_000);

  /** What the heap grows by for each call, in bytes, after a warm-up. */
  async function growth(call: (n: number) => void): Promise<number> {
    let n = 0;
    for (; n < CALLS / 5; n++) call(n);
    const before = await heap();
    // In several turns, as a server would.
    while (n < CALLS) {
      for (const end = n + CALLS / 10; n < end; n++) call(n);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return ((await heap()) - before) / (CALLS * 0.8);
  }

  /** An array that grew by one slot for each call would be at 8. */
  const ALLOWED = 3;

  const keys: [name: string, args: (n: number) => unknown][] = [
    ["integers", (n) => n],
    ["texts", (n) => `text ${n}`],
  ];

  describe.each(policies)("%s", (policy) => {
    test.each(keys)("over ever new %s", async (_name, args) => {
      const fn = memoize((value: unknown) => [value], { maxEntries: 1000, policy });
      expect(await growth((n) => fn(args(n)))).toBeLessThan(ALLOWED);
      expect(fn.cache.size).toBe(1000);
    });

    test("over integers with gaps, and some that stay", async () => {
      for (const step of [2, 10, 40]) {
        const fn = memoize((n: number) => [n], { maxEntries: 100, policy });
        const grown = await growth((n) => {
          fn(n * step);
          fn(n % 5);
        });
        expect([step, grown < ALLOWED, grown]).toEqual([step, true, grown]);
      }
    });

    test("over two arguments, a few of them hot", async () => {
      const fn = memoize((a: number, b: number) => [a, b], { maxEntries: 1000, policy });
      expect(await growth((n) => fn(n % 7, n % 3 === 0 ? n % 50 : n))).toBeLessThan(ALLOWED);
      expect(fn.cache.size).toBe(1000);
    });

    test("by weight", async () => {
      const fn = memoize((n: number) => [n], { maxWeight: 1000, weigh: (_, n) => n % 5, policy });
      // What weighs nothing is bounded by nothing.
      expect(await growth((n) => fn(n % 5 === 0 ? 1 : n))).toBeLessThan(ALLOWED);
      expect(fn.cache.stats().weight).toBeLessThanOrEqual(1000);
    });
  });

  test("over objects by content, and by identity", async () => {
    const byContent = memoize((value: object) => [value], { maxEntries: 1000 });
    expect(await growth((n) => byContent({ n, list: [n] }))).toBeLessThan(ALLOWED);
    const byIdentity = memoize((value: object) => [Object.keys(value)], {
      maxEntries: 1000,
      key: "identity",
    });
    expect(await growth((n) => byIdentity({ n }))).toBeLessThan(ALLOWED);
  });

  test.each<[name: string, options: Options]>([
    ["a TTL", { ttl: 1000 }],
    ["a TTL from a function", { ttl: (_value, n) => 500 + (Number(n) % 500) }],
    ["a touched TTL", { ttl: 1000, touch: true }],
    ["a TTL with jitter", { ttl: 1000, jitter: 0.5 }],
    ["a TTL of 0", { ttl: 0 }],
    ["a TTL and a bound", { ttl: 1000, maxEntries: 100 }],
  ])("with %s", async (_name, options) => {
    const clock = fakeClock();
    const fn = memoize((n: number) => [n], { ...options, clock: clock.read } as MemoizeOptions);
    const grown = await growth((n) => {
      clock.advance(1);
      fn(n);
      if (n % 2 === 0) fn(n - 10);
    });
    expect(grown).toBeLessThan(ALLOWED);
    expect(fn.cache.size).toBeLessThanOrEqual(1100);
  });

  test("with remembered errors", async () => {
    const clock = fakeClock();
    const error = new Error("fails");
    const fn = memoize(
      (_n: number): number => {
        throw error;
      },
      { rememberErrors: 1000, clock: clock.read },
    );
    const grown = await growth((n) => {
      clock.advance(1);
      try {
        fn(n);
      } catch {
        // Expected.
      }
    });
    expect(grown).toBeLessThan(ALLOWED);
    expect(fn.cache.size).toBeLessThanOrEqual(1000);
  });

  test("with listeners that come and go", async () => {
    const fn = memoize((n: number) => [n], { maxEntries: 100 });
    let heard = 0;
    fn.cache.on("remove", () => heard++);
    const grown = await growth((n) => {
      const off = n % 10 === 0 ? fn.cache.on("miss", () => heard++) : undefined;
      fn(n);
      off?.();
    });
    expect(grown).toBeLessThan(ALLOWED);
    expect(heard).toBe(CALLS / 10 + CALLS - 100);
  });

  test("with deletes and clears", async () => {
    for (const options of [{ maxEntries: 1000 }, { ttl: "1h" }, {}] as const) {
      const fn = memoize((n: number) => [n], options);
      const grown = await growth((n) => {
        fn(n);
        if (n % 1000 === 999) fn.cache.clear();
        else if (n % 2 === 0) fn.cache.delete(n);
      });
      expect(grown).toBeLessThan(ALLOWED);
      expect(fn.cache.size).toBe(0);
    }
  });

  test("with keys that are explained after they were removed", async () => {
    const fn = memoize((n: number) => [n], { maxEntries: 100 });
    const grown = await growth((n) => {
      fn(n);
      if (n % 10 === 0) fn.cache.explain(n - 200);
      if (n % 10 === 5) fn.cache.has(n - 200);
    });
    expect(grown).toBeLessThan(ALLOWED);
  });
});
