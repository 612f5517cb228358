/** Tags: what has one goes when it is invalidated, wherever it is, and nothing else does. */
import fc from "fast-check";
import { cacheOf, invalidateTag, memoize, memoizeMethods, RoteError } from "rote";
import { runInScope } from "rote/scope";
import { defineStore } from "rote/store";
import { memoryStore } from "rote/testing";
import { describe, expect, test } from "vitest";

import { collected } from "../support/collected.ts";

const byNumber = { tags: (_value: unknown, n: number) => [`n:${n}`, n % 2 === 0 ? "even" : "odd"] };

function counting(options: object = {}) {
  const runs: number[] = [];
  const fn = memoize(
    (n: number) => {
      runs.push(n);
      return { n };
    },
    { ...byNumber, ...options },
  );
  return { fn, runs };
}

describe("in memory", () => {
  test("what has the tag is run again, and nothing else", () => {
    const { fn, runs } = counting();
    for (const n of [1, 2, 3, 4]) fn(n);
    invalidateTag("even");
    for (const n of [1, 2, 3, 4]) fn(n);
    expect(runs).toEqual([1, 2, 3, 4, 2, 4]);
    expect(fn.cache.stats().removals).toMatchObject({ invalidated: 2, expired: 0 });
    for (let i = 0; i < 600; i++) fn(2);
    invalidateTag("n:2");
    fn(2);
    invalidateTag("n:");
    invalidateTag("");
    fn(2);
    expect(runs.length).toBe(7);
  });

  test("under any sequence of calls and invalidations, beside a naive model", () => {
    const step = fc.record({
      n: fc.nat(7),
      tag: fc.constantFrom("even", "odd", "n:1", "n:2", "none", undefined, undefined, undefined),
    });
    const options = fc.constantFrom(
      {},
      { maxEntries: 3, policy: "lru" as const },
      { ttl: "1h" as const },
      { ttl: "1h" as const, staleWhileRevalidate: "1h" as const },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 50 }), options, (steps, extra) => {
        const { fn, runs } = counting(extra);
        const isBounded = "maxEntries" in extra;
        const fresh = new Set<number>();
        for (const { n, tag } of steps) {
          if (tag === undefined) {
            const before = runs.length;
            fn(n);
            const hasRun = runs.length > before;
            if (!isBounded || !fresh.has(n)) expect(hasRun).toBe(!fresh.has(n));
            fresh.add(n);
            continue;
          }
          invalidateTag(tag);
          for (const each of fresh)
            if (byNumber.tags(undefined, each).includes(tag)) fresh.delete(each);
        }
        for (const n of [0, 1, 2, 3, 4, 5, 6, 7])
          if (!isBounded || !fresh.has(n)) expect(fn.cache.has(n)).toBe(fresh.has(n));
      }),
    );
  });

  test("methods on every object, and functions of a request, are reached", () => {
    let runs = 0;
    class Shape {
      area(n: number): number {
        runs++;
        return n;
      }
    }
    memoizeMethods(Shape, { area: { tags: ["shapes"] } });
    const shapes = Array.from({ length: 200 }, () => new Shape());
    const all = (): void => shapes.forEach((shape) => shape.area(1));
    all();
    all();
    invalidateTag("shapes");
    all();
    expect(runs).toBe(400);
    const scoped = memoize((n: number) => ++runs + n, { scope: "request", tags: ["scoped"] });
    runInScope(() => {
      const first = scoped(1);
      expect(scoped(1)).toBe(first);
      invalidateTag("scoped");
      expect(scoped(1)).not.toBe(first);
    });
  });

  test("a run that began before it leaves nothing", async () => {
    let runs = 0;
    let go = (): void => {};
    const load = memoize(
      async (id: string) => {
        runs++;
        await new Promise<void>((resolve) => (go = resolve));
        return id;
      },
      { tags: (_value, id) => [id] },
    );
    const first = load("a");
    invalidateTag("a");
    go();
    expect(await first).toBe("a");
    const second = load("a");
    expect(runs).toBe(2);
    go();
    await second;
    await load("a");
    expect(runs).toBe(2);
  });

  test("a stale result is none either, and a refresh under way is dropped", async () => {
    let time = 0;
    let run = 0;
    const load = memoize(async () => ++run, {
      ttl: 10,
      staleWhileRevalidate: 1000,
      clock: () => time,
      tags: ["all"],
    });
    expect(await load()).toBe(1);
    time = 15;
    invalidateTag("all");
    expect(load.cache.peek()).toBe(undefined);
    expect(await load()).toBe(2);
  });

  test("listeners are told, and what is swept is counted", () => {
    const { fn } = counting({ maxEntries: 100 });
    const told: unknown[] = [];
    fn.cache.on("remove", ({ args, cause }) => told.push([args?.[0], cause]));
    for (const n of [1, 2]) fn(n);
    invalidateTag("odd");
    expect(fn.cache.size).toBe(1);
    expect(told).toEqual([[1, "invalidated"]]);
    expect([...fn.cache.entries()]).toEqual([[[2], { n: 2 }]]);
  });

  test("keeps nothing alive", async () => {
    const watched = (() => {
      const { fn } = counting();
      const value = fn(1);
      invalidateTag("odd");
      return [new WeakRef<WeakKey>(fn), new WeakRef<WeakKey>(value)];
    })();
    expect(await collected(...watched)).toBe(true);
  });
});

describe("in a store", () => {
  test("what has the tag goes, in every process", () => {
    let time = 5000;
    const first = memoryStore();
    let runs = 0;
    const make = () =>
      memoize((n: number) => (runs++, n), {
        ...byNumber,
        store: defineStore(first.again()),
        name: "f",
        version: "1",
        clock: () => time,
      });
    const [here, there] = [make(), make()];
    for (const n of [1, 2]) expect([here(n), there(n), there(n)]).toEqual([n, n, n]);
    expect(runs).toBe(2);
    invalidateTag("even");
    expect([here(1), here(2)]).toEqual([1, 2]);
    expect(runs).toBe(3);
    time += 1001;
    expect([there(1), there(2)]).toEqual([1, 2]);
    expect(runs).toBe(3);
  });

  test("one that fails is left out", () => {
    const store = Object.assign(memoryStore(), {
      invalidateTag: () => {
        throw new Error("disk full");
      },
    });
    const fn = memoize((n: number) => n, {
      store: defineStore(store),
      name: "f",
      version: "1",
      tags: ["t"],
    });
    fn(1);
    invalidateTag("t");
    expect(fn(1)).toBe(1);
  });
});

describe("what is refused", () => {
  test("tags that are none", () => {
    expect(() => memoize(() => 1, { tags: [1] as never })).toThrow(/tags must be a list of texts/);
    const fn = memoize(() => 1, { tags: () => "a" as never });
    expect(() => fn()).toThrow(/tags of "\w+" must return a list of texts; it returned a text/);
    expect(() => invalidateTag(["a"] as never)).toThrow(RoteError);
  });

  test("a handle of a method knows of it", () => {
    class Shape {
      area(): number {
        return 1;
      }
    }
    memoizeMethods(Shape, { area: { tags: ["a"] } });
    const shape = new Shape();
    shape.area();
    expect(cacheOf(shape, "area").explain().outcome).toBe("hit");
    invalidateTag("a");
    expect(cacheOf(shape, "area").has()).toBe(false);
  });
});
