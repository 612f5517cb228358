/** What a memoized function tells about itself: events, removal causes, explain, stats, snapshot, resize, a warning. */
import { clearAll, configure, memoize, RoteError, snapshot } from "rote";
import type { Memoized, MemoizeOptions } from "rote";
import { afterEach, describe, expect, test } from "vitest";

import { nothingRemoved } from "../support/removals.ts";
import { runModule } from "../support/child.ts";
import { settle } from "../support/collected.ts";
import { fakeClock } from "../support/fake-clock.ts";
import { afterwards, thrownBy } from "../support/recursion.ts";

const types = ["hit", "miss", "run", "remove", "error"] as const;

type Told = { type: string } & Record<string, unknown>;

/** Every event of a function, in order. */
function record(fn: { cache: Memoized<any>["cache"] }): { told: Told[]; stop: () => void } {
  const told: Told[] = [];
  const offs = types.map((type) =>
    (fn as Memoized<(...args: unknown[]) => unknown>).cache.on(type, (event) => {
      told.push(event);
    }),
  );
  return { told, stop: () => offs.forEach((off) => off()) };
}

/** Without what depends on time. */
const shown = (told: readonly Told[]): Record<string, unknown>[] =>
  told.map(({ duration: _, ...rest }) => rest);

afterEach(() => {
  configure({ enabled: true });
});

/** With and without what gives a function entries of the larger kind. */
const kinds: [name: string, options: Omit<MemoizeOptions, "key">][] = [
  ["no options", {}],
  ["a bound", { maxEntries: 100 }],
  ["an LRU bound", { maxEntries: 100, policy: "lru" }],
  ["a TTL", { ttl: "1h" }],
  ["remembered errors", { rememberErrors: "1h" }],
  ["timing", { timing: true }],
  ["no restarts", { recursion: "off" }],
];

describe.each(kinds)("events of a function with %s", (_name, options) => {
  function mixed(): Memoized<(a: number, b?: { c: number }) => string> {
    return memoize((a: number, b?: { c: number }): string => {
      if (a < 0) throw new Error("negative");
      return `${a}${b?.c ?? ""}`;
    }, options as object);
  }

  test("miss, then run; hit alone; miss, then error", () => {
    const fn = mixed();
    const { told } = record(fn);
    fn(1);
    fn(1);
    fn(2, { c: 3 });
    fn(2, { c: 3 });
    const error = thrownBy(() => fn(-1));
    expect(shown(told)).toEqual([
      { type: "miss", args: [1] },
      { type: "run", args: [1], value: "1" },
      { type: "hit", isStale: false, args: [1], value: "1" },
      { type: "miss", args: [2, { c: 3 }] },
      { type: "run", args: [2, { c: 3 }], value: "23" },
      { type: "hit", isStale: false, args: [2, { c: 3 }], value: "23" },
      { type: "miss", args: [-1] },
      { type: "error", args: [-1], error },
    ]);
    for (const event of told) {
      if (event.type === "run" || event.type === "error") {
        expect(event["duration"]).toBeGreaterThanOrEqual(0);
        expect(event["duration"]).toBeLessThan(10_000);
      } else expect(event).not.toHaveProperty("duration");
    }
    expect(told.at(-1)?.["error"]).toBe(error);
  });

  test("a miss is told before the run, a run after it", () => {
    const order: string[] = [];
    const fn = memoize((n: number) => {
      order.push("body");
      return n;
    }, options as object);
    fn.cache.on("miss", () => order.push("miss"));
    fn.cache.on("run", () => order.push("run"));
    fn(1);
    expect(order).toEqual(["miss", "body", "run"]);
  });

  test("removals are told with arguments, value and cause, after the fact", () => {
    const fn = mixed();
    fn(1);
    fn(2, { c: 3 });
    fn(3);
    fn(4);
    const { told, stop } = record(fn);
    let has: boolean | undefined;
    const off = fn.cache.on("remove", ({ args }) => {
      has = args === undefined ? undefined : fn.cache.has(...args);
    });
    fn.cache.delete(2, { c: 3 });
    expect(shown(told)).toEqual([
      { type: "remove", args: [2, { c: 3 }], value: "23", cause: "deleted" },
    ]);
    expect(has).toBe(false);
    fn.cache.delete(2, { c: 3 });
    expect(told.length).toBe(1);
    fn.cache.set([1], "set");
    expect(shown(told.splice(0)).at(-1)).toEqual({
      type: "remove",
      args: [1],
      value: "1",
      cause: "replaced",
    });
    off();
    fn.cache.clear();
    expect(new Set(told.map(({ args, value, cause }) => [args, value, cause]))).toEqual(
      new Set([
        [[1], "set", "cleared"],
        [[3], "3", "cleared"],
        [[4], "4", "cleared"],
      ]),
    );
    stop();
    expect(fn.cache.stats().removals).toEqual({
      ...nothingRemoved,
      deleted: 1,
      replaced: 1,
      cleared: 3,
    });
  });

  test("set and a look around tell nothing", () => {
    const fn = mixed();
    const { told } = record(fn);
    fn.cache.set([1], "set");
    fn.cache.has(1);
    fn.cache.peek(1);
    fn.cache.explain(1);
    fn.cache.explain(2);
    expect([...fn.cache.entries()].length + fn.cache.size).toBe(2);
    fn.cache.stats();
    expect(told).toEqual([]);
  });

  test("a refresh is a run without a miss", () => {
    const fn = mixed();
    fn(1);
    const { told } = record(fn);
    fn.cache.refresh(1);
    expect(told.filter(({ type }) => type === "run")).toMatchObject([{ args: [1], value: "1" }]);
    expect(told.filter(({ type }) => type === "miss" || type === "hit")).toEqual([]);
    expect(told.filter(({ type }) => type === "remove")).toMatchObject([{ cause: "replaced" }]);
  });

  test("clearAll clears with events", () => {
    const fn = mixed();
    fn(1);
    fn(2);
    const { told } = record(fn);
    clearAll();
    expect(fn.cache.size).toBe(0);
    expect(told.map(({ type, cause }) => [type, cause])).toEqual([
      ["remove", "cleared"],
      ["remove", "cleared"],
    ]);
    expect(fn.cache.stats().removals).toEqual({ ...nothingRemoved, cleared: 2 });
  });

  test("a function behaves the same before, while and after it is listened to", () => {
    let bodies = 0;
    const fib: (n: number) => number = memoize((n: number): number => {
      bodies++;
      return n < 2 ? n : fib(n - 1) + fib(n - 2);
    }, options as object);
    const fn = fib as Memoized<typeof fib>;
    expect(fib(10)).toBe(55);
    expect(bodies).toBe(11);
    const { told, stop } = record(fn);
    expect(fib(12)).toBe(144);
    expect(bodies).toBe(13);
    // 12 and 11 run; 10 twice and 9... are hits: f(12) → f(11) → 10, 9; then 10.
    expect(told.map(({ type, args }) => `${type} ${(args as number[])[0]}`)).toEqual([
      "miss 12",
      "miss 11",
      "hit 10",
      "hit 9",
      "run 11",
      "hit 10",
      "run 12",
    ]);
    stop();
    const before = told.length;
    expect(fib(14)).toBe(377);
    expect(fib(14)).toBe(377);
    expect(bodies).toBe(15);
    expect(told.length).toBe(before);
    const again = record(fn);
    expect(fib(14)).toBe(377);
    expect(shown(again.told)).toEqual([{ type: "hit", isStale: false, args: [14], value: 377 }]);
    expect(fn.cache.stats()).toMatchObject({ misses: 15, runs: 15 });
  });

  test("receivers and keys of a function", () => {
    const receiver = { name: "receiver" };
    const method = memoize(function (this: { name: string }, a: number): string {
      return this.name + a;
    }, options as object);
    const ofMethod = record(method);
    method.call(receiver, 1);
    method.call(receiver, 1);
    method.cache.of(receiver).delete(1);
    expect(ofMethod.told.map(({ type, args }) => [type, args])).toEqual([
      ["miss", [1]],
      ["run", [1]],
      ["hit", [1]],
      ["remove", [1]],
    ]);

    const keyed = memoize((user: { id: number }, _extra: string) => user.id, {
      ...(options as object),
      key: (user: { id: number }) => user.id,
    });
    const ofKeyed = record(keyed);
    keyed({ id: 5 }, "a");
    keyed({ id: 5 }, "b");
    keyed.cache.clear();
    expect(shown(ofKeyed.told)).toEqual([
      { type: "miss", args: [{ id: 5 }, "a"] },
      { type: "run", args: [{ id: 5 }, "a"], value: 5 },
      { type: "hit", isStale: false, args: [{ id: 5 }, "b"], value: 5 },
      { type: "remove", args: [5], value: 5, cause: "cleared" },
    ]);
  });

  test("as many arguments as were given", () => {
    const rest = memoize((...all: unknown[]) => all.length, options as object);
    const { told } = record(rest);
    for (const args of [[], [undefined], [1, 2, 3, 4, 5], [[1], { a: [2] }]]) {
      rest(...args);
      rest(...args);
      rest.cache.delete(...args);
      expect(told.splice(0).map(({ type, args }) => [type, args])).toEqual([
        ["miss", args],
        ["run", args],
        ["hit", args],
        ["remove", args],
      ]);
    }
  });

  test("undefined is a value like any other", () => {
    const fn = memoize((_n: number) => undefined, options as object);
    const { told } = record(fn);
    fn(1);
    fn(1);
    fn.cache.delete(1);
    expect(shown(told).slice(1)).toEqual([
      { type: "run", args: [1], value: undefined },
      { type: "hit", isStale: false, args: [1], value: undefined },
      { type: "remove", args: [1], value: undefined, cause: "deleted" },
    ]);
  });

  test("a deep recursion tells one run of each call, innermost first", () => {
    if ("recursion" in options) return;
    for (const depth of [50, 5000]) {
      const chain: (n: number) => number = memoize(
        (n: number): number => (n === 0 ? 0 : chain(n - 1) + 1),
        { ...(options as object), ...(depth === 50 ? { depthLimit: 3 } : {}) },
      );
      const { told } = record(chain as never);
      expect(chain(depth)).toBe(depth);
      const runs = told.filter(({ type }) => type === "run").map(({ value }) => value);
      expect(runs).toEqual(Array.from({ length: depth + 1 }, (_, n) => n));
      const missed = told.filter(({ type }) => type === "miss").map(({ args }) => args);
      expect(new Set(missed.map((args) => (args as number[])[0])).size).toBe(depth + 1);
      expect(told.filter(({ type }) => type === "error")).toEqual([]);
      const { reruns, misses } = (chain as Memoized<typeof chain>).cache.stats();
      expect(reruns).toBeGreaterThan(0);
      expect(misses).toBe(depth + 1);
      afterwards();
    }
  });
});

describe("causes", () => {
  test("evicted, for every policy, each with its value", () => {
    for (const policy of ["lru", "s3-fifo", "w-tinylfu"] as const) {
      const fn = memoize((n: number) => ({ n }), { maxEntries: 3, policy });
      const { told } = record(fn);
      for (let n = 0; n < 50; n++) fn(n);
      const removed = told.filter(({ type }) => type === "remove");
      expect(removed.length).toBe(47);
      for (const { args, value, cause } of removed) {
        expect(cause).toBe("evicted");
        expect(value).toEqual({ n: (args as number[])[0] });
        expect(fn.cache.has((args as [number])[0])).toBe(false);
      }
      expect(new Set(removed.map(({ args }) => (args as number[])[0])).size).toBe(47);
      expect(fn.cache.stats().removals).toEqual({ ...nothingRemoved, evicted: 47 });
    }
  });

  test("expired, when it is noticed: on a call, on a look, or in a sweep", () => {
    const looks: Record<string, (fn: Memoized<(n: number) => number>) => unknown> = {
      call: (fn) => fn(1),
      delete: (fn) => fn.cache.delete(1),
      size: (fn) => fn.cache.size,
      stats: (fn) => fn.cache.stats(),
      entries: (fn) => [...fn.cache.entries()],
    };
    for (const look of Object.values(looks)) {
      const clock = fakeClock();
      const fn = memoize((n: number) => n, { ttl: 10, clock: clock.read });
      fn(1);
      const { told } = record(fn);
      clock.advance(10);
      // These may leave it where it is.
      expect(fn.cache.has(1)).toBe(false);
      expect(fn.cache.peek(1)).toBe(undefined);
      look(fn);
      const removed = told.filter(({ type }) => type === "remove");
      expect(shown(removed)[0]).toEqual({ type: "remove", args: [1], value: 1, cause: "expired" });
      expect(removed.length).toBe(1);
    }
  });

  test("replaced, by set and refresh, also where the new result is not kept", () => {
    const fn = memoize((n: number) => n, { maxWeight: 10, weigh: (value) => value });
    const { told } = record(fn);
    fn.cache.set([1], 5);
    fn.cache.set([1], 6);
    fn.cache.set([1], 11);
    expect(fn.cache.has(1)).toBe(false);
    expect(shown(told)).toEqual([
      { type: "remove", args: [1], value: 5, cause: "replaced" },
      { type: "remove", args: [1], value: 6, cause: "replaced" },
    ]);
    expect(fn.cache.stats()).toMatchObject({ oversized: 1, weight: 0, entries: 0 });
  });

  test("collected, once the arguments are", async () => {
    const causes: unknown[] = [];
    for (const options of [{ maxEntries: 10 }, { ttl: "1h" }, { maxEntries: 10, policy: "lru" }]) {
      const fn = memoize((object: object) => Object.keys(object).length, {
        ...(options as object),
        key: "identity",
      });
      fn.cache.on("remove", ({ cause }) => causes.push(cause));
      (() => {
        fn({ a: 1 });
        fn({ a: 1 });
      })();
      for (let i = 0; i < 5 && fn.cache.stats().removals.collected < 2; i++) await settle();
      expect(fn.cache.stats()).toMatchObject({
        entries: 0,
        removals: { ...nothingRemoved, collected: 2 },
      });
      expect(causes.splice(0)).toEqual(["collected", "collected"]);
    }
  });

  test("a remembered failure is removed without a value", () => {
    const fn = memoize(
      (_n: number): number => {
        throw new Error("fails");
      },
      { rememberErrors: 1000 },
    );
    expect(() => fn(1)).toThrow("fails");
    const { told } = record(fn);
    fn.cache.delete(1);
    expect(told).toMatchObject([{ type: "remove", args: [1], cause: "deleted" }]);
  });

  test("a hit of a remembered failure is told as a hit, not as an error", () => {
    const fn = memoize(
      (_n: number): number => {
        throw new Error("fails");
      },
      { rememberErrors: 1000 },
    );
    const { told } = record(fn);
    for (let i = 0; i < 3; i++) expect(() => fn(1)).toThrow("fails");
    expect(told.map(({ type }) => type)).toEqual(["miss", "error", "hit", "hit"]);
  });

  test("the bound holds at every moment that a listener or callback can see", () => {
    for (const policy of ["lru", "s3-fifo", "w-tinylfu"] as const) {
      let most = 0;
      let heaviest = 0;
      const look = (): void => {
        most = Math.max(most, fn.cache.size);
        heaviest = Math.max(heaviest, fn.cache.stats().weight ?? 0);
      };
      const fn: Memoized<(n: number) => number> = memoize(
        (n: number) => {
          look();
          return n;
        },
        {
          maxEntries: 4,
          maxWeight: 10,
          policy,
          weigh: (value) => {
            look();
            return value % 6;
          },
          ttl: () => {
            look();
            return "1h";
          },
        },
      );
      for (const type of types) fn.cache.on(type, look);
      for (let n = 0; n < 300; n++) {
        fn((n * 7) % 23);
        if (n % 5 === 0) fn.cache.set([n], n);
      }
      expect(most).toBe(4);
      expect(heaviest).toBeLessThanOrEqual(10);
      expect(heaviest).toBeGreaterThan(0);
    }
  });
});

describe("listeners", () => {
  test("on refuses unknown types and what is no function", () => {
    const fn = memoize((n: number) => n);
    const on = fn.cache.on.bind(fn.cache) as (type: unknown, listener: unknown) => unknown;
    for (const [type, listener] of [
      ["removed", () => {}],
      ["", () => {}],
      [undefined, () => {}],
      ["toString", () => {}],
      [Symbol("hit"), () => {}],
      ["hit", undefined],
      ["hit", {}],
      ["hit", "listener"],
      ["hit", { handleEvent: () => {} }],
    ]) {
      const error = thrownBy(() => on(type, listener));
      expect(error).toBeInstanceOf(RoteError);
      expect(error).toMatchObject({ code: "ERR_INVALID_ARGUMENT" });
    }
    expect(fn(1)).toBe(1);
  });

  test("that throw harm nobody: neither results nor other listeners", () => {
    for (const options of kinds.map(([, options]) => options as object)) {
      let bodies = 0;
      const fn = memoize((n: number): number => {
        bodies++;
        if (n < 0) throw new Error("negative");
        return n;
      }, options);
      let heard = 0;
      for (const type of types) {
        fn.cache.on(type, () => {
          throw new Error("from the listener");
        });
        fn.cache.on(type, () => {
          heard++;
        });
        fn.cache.on(type, () => {
          throw undefined;
        });
      }
      expect(fn(1)).toBe(1);
      expect(fn(1)).toBe(1);
      expect(() => fn(-1)).toThrow("negative");
      expect(fn.cache.delete(1)).toBe(true);
      expect([heard, bodies]).toEqual([6, 2]);
      expect(fn(1)).toBe(1);
    }
  });

  test("that throw are reported once, in development only, without what was passed", () => {
    const source = `
      const f = rote.memoize((text) => text.length, { name: "lengthOf" });
      f.cache.on("hit", () => { throw new Error("from the listener"); });
      f.cache.on("miss", () => { throw new TypeError("also"); });
      for (let i = 0; i < 5; i++) f("secret argument");
      console.log(f("secret argument"));
    `;
    const { status, out, err } = runModule(source);
    expect({ status, out }).toEqual({ status: 0, out: "15" });
    expect(err.match(/Warning/g), err).toHaveLength(1);
    expect(err).toContain("lengthOf");
    expect(err).not.toContain("secret");
    expect(runModule(source, { NODE_ENV: "production" })).toEqual({
      status: 0,
      out: "15",
      err: "",
    });
  });

  test("may be removed by themselves and by others while an event is told", () => {
    const fn = memoize((n: number) => n);
    const heard: string[] = [];
    const offs: (() => void)[] = [];
    const first = fn.cache.on("hit", () => {
      heard.push("first");
      first();
      offs[0]?.();
    });
    offs.push(fn.cache.on("hit", () => heard.push("second")));
    fn.cache.on("hit", () => heard.push("third"));
    fn(1);
    fn(1);
    expect(heard).toContain("first");
    expect(heard).toContain("third");
    heard.length = 0;
    fn(1);
    expect(heard).toEqual(["third"]);
    first();
    first();
    fn(1);
    expect(heard).toEqual(["third", "third"]);
  });

  test("that are added while an event is told hear the next one", () => {
    const fn = memoize((n: number) => n);
    let late = 0;
    fn.cache.on("hit", () => {
      if (late === 0) fn.cache.on("hit", () => late++);
    });
    fn(1);
    fn(1);
    expect(late).toBe(0);
    fn(1);
    expect(late).toBe(1);
  });

  test("added twice hear twice, and are removed one by one", () => {
    const fn = memoize((n: number) => n);
    let heard = 0;
    const listener = (): void => {
      heard++;
    };
    const off = fn.cache.on("miss", listener);
    const other = fn.cache.on("miss", listener);
    fn(1);
    expect(heard).toBe(2);
    off();
    off();
    fn(2);
    expect(heard).toBe(3);
    other();
    fn(3);
    expect(heard).toBe(3);
  });

  test("may call the function, from every event", () => {
    for (const [, options] of kinds) {
      const fn: Memoized<(n: number) => number> = memoize((n: number): number => {
        if (n === 50) throw new Error("fifty");
        return n * 2;
      }, options as object);
      let calls = 0;
      for (const type of types) {
        fn.cache.on(type, () => {
          if (calls > 20) return;
          calls++;
          expect(fn(1000 + calls)).toBe(2000 + 2 * calls);
          expect(fn(1)).toBe(2);
          fn.cache.delete(1000 + calls);
        });
      }
      expect(fn(2)).toBe(4);
      expect(fn(2)).toBe(4);
      expect(() => fn(50)).toThrow("fifty");
      expect(calls).toBeGreaterThan(10);
      const { hits, misses, runs, pinned } = fn.cache.stats();
      expect(runs).toBe(misses);
      expect(hits).toBeGreaterThan(0);
      expect(pinned).toBe(0);
      afterwards();
    }
  });

  test("a call from a remove listener sees the entry gone, and may bring it back", () => {
    for (const options of [{}, { maxEntries: 10 }, { ttl: "1h" }] as const) {
      let runs = 0;
      const fn: Memoized<(n: number) => number> = memoize((_n: number) => ++runs, options);
      fn(1);
      const off = fn.cache.on("remove", ({ args, cause }) => {
        expect(cause).toBe("deleted");
        expect(fn.cache.has(1)).toBe(false);
        if (args !== undefined) expect(fn(...args)).toBe(2);
      });
      expect(fn.cache.delete(1)).toBe(true);
      off();
      expect(fn(1)).toBe(2);
      expect(fn.cache.size).toBe(1);
    }
  });

  test("a listener that brings back what is evicted does not loop", () => {
    for (const policy of ["lru", "s3-fifo", "w-tinylfu"] as const) {
      const fn: Memoized<(n: number) => number> = memoize((n: number) => n, {
        maxEntries: 2,
        policy,
      });
      let depth = 0;
      fn.cache.on("remove", ({ args }) => {
        if (depth >= 3 || args === undefined) return;
        depth++;
        expect(fn(...args)).toBe(args[0]);
        depth--;
      });
      for (let n = 0; n < 30; n++) {
        expect(fn(n)).toBe(n);
        expect(fn.cache.size).toBeLessThanOrEqual(2);
      }
      const { entries, removals, misses } = fn.cache.stats();
      expect(entries + removals.evicted).toBe(misses);
    }
  });

  test("may clear, delete, set, resize and refresh within every event", () => {
    const clock = fakeClock();
    for (const change of [
      (fn: Memoized<(n: number) => number>) => fn.cache.clear(),
      (fn: Memoized<(n: number) => number>) => void fn.cache.delete(1),
      (fn: Memoized<(n: number) => number>) => fn.cache.set([1], 2),
      (fn: Memoized<(n: number) => number>) => fn.cache.resize({ maxEntries: 1 }),
      (fn: Memoized<(n: number) => number>) => void fn.cache.refresh(1),
      () => clock.advance(100),
    ]) {
      const fn = memoize((n: number) => n * 2, { maxEntries: 3, ttl: 50, clock: clock.read });
      let isIn = false;
      for (const type of types) {
        fn.cache.on(type, () => {
          if (isIn) return;
          isIn = true;
          change(fn);
          isIn = false;
        });
      }
      for (let n = 0; n < 40; n++) {
        expect(fn((n * 3) % 7)).toBe(((n * 3) % 7) * 2);
        expect(fn.cache.size).toBeLessThanOrEqual(3);
      }
      expect([...fn.cache.entries()].length).toBe(fn.cache.size);
      expect(fn.cache.stats().pinned).toBe(0);
    }
    afterwards();
  });

  test("deep recursion within a listener has a depth of its own", () => {
    const chain: (n: number) => number = memoize((n: number): number =>
      n === 0 ? 0 : chain(n - 1) + 1,
    );
    const fn: Memoized<(n: number) => number> = memoize((n: number): number =>
      n === 0 ? 0 : fn(n - 1) + 1,
    );
    let answer = 0;
    fn.cache.on("run", ({ args }) => {
      if (args[0] === 0) answer = chain(10_000);
    });
    expect(fn(5000)).toBe(5000);
    expect(answer).toBe(10_000);
    afterwards();
  });

  test("hear events of all receivers, whichever handle they were added to", () => {
    const fn = memoize(function (this: { n: number }): number {
      return this.n;
    });
    const { told } = record(fn);
    fn.call({ n: 1 });
    fn.call({ n: 2 });
    expect(told.map(({ type }) => type)).toEqual(["miss", "run", "miss", "run"]);
  });

  test("hear of promises once they have settled", async () => {
    const fn = memoize(async (n: number) => {
      await Promise.resolve();
      if (n < 0) throw new Error("negative");
      return n * 2;
    });
    const { told } = record(fn);
    const promise = fn(1);
    expect(told.map(({ type }) => type)).toEqual(["miss"]);
    await promise;
    await settle();
    expect(shown(told).slice(1)).toMatchObject([{ type: "run", args: [1] }]);
    await fn(1);
    await expect(fn(-1)).rejects.toThrow("negative");
    await settle();
    expect(told.map(({ type }) => type)).toEqual(["miss", "run", "hit", "miss", "error"]);
    expect((told.at(-1) as { error: Error } | undefined)?.error.message).toBe("negative");
  });
});

describe("explain", () => {
  test("never seen, fresh, deleted, cleared", () => {
    for (const [, options] of kinds) {
      const clock = fakeClock(5000);
      const fn = memoize((n: number) => n, { ...(options as object), clock: clock.read });
      const never = fn.cache.explain(1);
      expect(never).toMatchObject({ outcome: "run", reason: "never seen" });
      fn(1);
      expect(fn.cache.explain(1)).toMatchObject({
        outcome: "hit",
        reason: "fresh",
        freshUntil: "ttl" in options ? 3_605_000 : Infinity,
      });
      clock.advance(10);
      fn.cache.delete(1);
      expect(fn.cache.explain(1)).toMatchObject({
        outcome: "run",
        reason: "deleted",
        removedAt: 5010,
      });
      fn(1);
      expect(fn.cache.explain(1)).toMatchObject({ outcome: "hit", reason: "fresh" });
      clock.advance(10);
      fn.cache.clear();
      expect(fn.cache.explain(1)).toMatchObject({
        outcome: "run",
        reason: "cleared",
        removedAt: 5020,
      });
      expect(fn.cache.explain(2)).toMatchObject({ outcome: "run", reason: "never seen" });
      expect(fn.cache.stats()).toMatchObject({ hits: 0, misses: 2, runs: 2 });
    }
  });

  test("expired and evicted", () => {
    for (const policy of ["lru", "s3-fifo", "w-tinylfu"] as const) {
      const clock = fakeClock(5000);
      const fn = memoize((n: number) => n, { maxEntries: 20, policy, ttl: 10, clock: clock.read });
      fn(1);
      clock.advance(10);
      expect(fn.cache.explain(1)).toMatchObject({ outcome: "run", reason: "expired" });
      for (let n = 100; n < 140; n++) fn(n);
      const gone = Array.from({ length: 40 }, (_, n) => n + 100).filter((n) => !fn.cache.has(n));
      expect(gone.length).toBe(20);
      for (const n of gone)
        expect(fn.cache.explain(n)).toMatchObject({
          outcome: "run",
          reason: "evicted",
          removedAt: 5010,
        });
    }
  });

  test("failed, with the error", () => {
    const clock = fakeClock(5000);
    const error = new Error("fails");
    const fn = memoize(
      (_n: number): number => {
        throw error;
      },
      { rememberErrors: 100, clock: clock.read },
    );
    expect(() => fn(1)).toThrow("fails");
    const explained = fn.cache.explain(1);
    expect(explained).toMatchObject({ outcome: "throw", reason: "failed", freshUntil: 5100 });
    expect((explained as { error?: unknown }).error).toBe(error);
    clock.advance(100);
    expect(fn.cache.explain(1)).toMatchObject({ outcome: "run", reason: "expired" });
  });

  test("in flight, since when and for how long", async () => {
    const clock = fakeClock(5000);
    const release: (() => void)[] = [];
    const fn = memoize(
      (_n: number) =>
        new Promise<void>((resolve) => {
          release.push(resolve);
        }),
      { async: true, clock: clock.read },
    );
    const promise = fn(1);
    clock.advance(30);
    expect(fn.cache.explain(1)).toMatchObject({
      outcome: "wait",
      reason: "in flight",
      startedAt: 5000,
      duration: 30,
    });
    release[0]?.();
    await promise;
    await settle();
    expect(fn.cache.explain(1)).toMatchObject({ outcome: "hit", reason: "fresh" });
  });

  test("off, while memoization is", () => {
    const fn = memoize((n: number) => n);
    fn(1);
    configure({ enabled: false });
    expect(fn.cache.explain(1)).toMatchObject({ outcome: "run", reason: "off" });
    configure({ enabled: true });
  });

  test("says so in a sentence, which shows no text that was passed", () => {
    const clock = fakeClock(5000);
    const fn = memoize((text: string) => text.length, {
      name: "lengthOf",
      maxEntries: 1,
      ttl: 10,
      clock: clock.read,
    });
    const messages = new Set<string>();
    const explain = (): void => {
      const { message } = fn.cache.explain("secret");
      expect(message).toMatch(/\S/);
      expect(message).not.toContain("secret");
      messages.add(message);
    };
    explain();
    fn("secret");
    explain();
    clock.advance(10);
    explain();
    fn("secret");
    fn.cache.delete("secret");
    explain();
    fn("secret");
    fn.cache.clear();
    explain();
    expect(messages.size).toBe(5);
  });

  test("changes nothing: neither the order of an LRU, nor a touched TTL, nor counts", () => {
    const clock = fakeClock(0);
    const fn = memoize((n: number) => n, {
      maxEntries: 2,
      policy: "lru",
      ttl: 10,
      touch: true,
      clock: clock.read,
    });
    fn(1);
    fn(2);
    clock.advance(5);
    const before = fn.cache.stats();
    fn.cache.explain(1);
    expect(fn.cache.stats()).toEqual(before);
    fn(3);
    expect(fn.cache.has(1)).toBe(false);
    expect(fn.cache.has(2)).toBe(true);
    fn.cache.explain(2);
    clock.advance(5);
    expect(fn.cache.has(2)).toBe(false);
  });

  test("per receiver", () => {
    const fn = memoize(function (this: object, n: number): number {
      return n + Object.keys(this).length;
    });
    const one = {};
    fn.call(one, 1);
    expect(fn.cache.of(one).explain(1)).toMatchObject({ outcome: "hit" });
    expect(fn.cache.of({}).explain(1)).toMatchObject({ outcome: "run", reason: "never seen" });
  });
});

describe("resize", () => {
  test("evicts at once, tells it, and holds from then on", () => {
    for (const policy of ["lru", "s3-fifo", "w-tinylfu"] as const) {
      const fn = memoize((n: number) => n, { maxEntries: 10, policy });
      for (let n = 0; n < 10; n++) fn(n);
      const { told } = record(fn);
      expect(fn.cache.resize({ maxEntries: 4 })).toBe(undefined);
      expect(fn.cache.size).toBe(4);
      expect(told.map(({ type, cause }) => [type, cause])).toEqual(
        Array.from({ length: 6 }, () => ["remove", "evicted"]),
      );
      for (let n = 0; n < 100; n++) {
        fn(n);
        expect(fn.cache.size).toBeLessThanOrEqual(4);
      }
      fn.cache.resize({ maxEntries: 50 });
      for (let n = 200; n < 300; n++) fn(n);
      expect(fn.cache.size).toBe(50);
      fn.cache.resize({ maxEntries: Infinity });
      for (let n = 300; n < 1000; n++) fn(n);
      expect(fn.cache.size).toBe(750);
      fn.cache.resize({ maxEntries: 1 });
      expect(fn.cache.size).toBe(1);
    }
  });

  test("of an LRU keeps what was used last", () => {
    const fn = memoize((n: number) => n, { maxEntries: Infinity, policy: "lru" });
    for (let n = 0; n < 10; n++) fn(n);
    fn(3);
    fn(0);
    fn.cache.resize({ maxEntries: 3 });
    expect(new Set([...fn.cache.entries()].map(([[n]]) => n))).toEqual(new Set([0, 3, 9]));
  });

  test("of a weight", () => {
    for (const policy of ["lru", "s3-fifo", "w-tinylfu"] as const) {
      const fn = memoize((n: number) => n, { maxWeight: 100, weigh: (value) => value, policy });
      for (let n = 1; n <= 10; n++) fn(n);
      expect(fn.cache.stats().weight).toBe(55);
      fn.cache.resize({ maxWeight: 20 });
      expect(fn.cache.stats().weight).toBeLessThanOrEqual(20);
      expect(fn(21)).toBe(21);
      expect(fn.cache.has(21)).toBe(false);
      expect(fn.cache.stats().oversized).toBe(1);
      fn.cache.resize({ maxWeight: 21 });
      fn(21);
      expect(fn.cache.has(21)).toBe(true);
    }
  });

  test("refuses what is no bound, and functions without one", () => {
    const bounded = memoize((n: number) => n, { maxEntries: 5 });
    const weighed = memoize((n: number) => n, { maxWeight: 5, weigh: () => 1 });
    for (const [fn, limits] of [
      [memoize((n: number) => n), { maxEntries: 5 }],
      [memoize((n: number) => n, { ttl: 5 }), { maxEntries: 5 }],
      [bounded, { maxWeight: 5 }],
      [bounded, { maxEntries: 0 }],
      [bounded, { maxEntries: 1.5 }],
      [bounded, { maxEntries: "5" }],
      [bounded, { maxEntries: Number.NaN }],
      [bounded, 5],
      [bounded, null],
      [weighed, { maxWeight: 0 }],
      [weighed, { maxWeight: -1 }],
      [weighed, { maxWeight: Number.NaN }],
    ] as const) {
      const resize = fn.cache.resize.bind(fn.cache) as (limits: unknown) => void;
      const error = thrownBy(() => resize(limits));
      expect(error).toBeInstanceOf(RoteError);
      expect((error as RoteError).code).toMatch(/^ERR_INVALID_(ARGUMENT|OPTION)$/);
    }
    for (let n = 0; n < 10; n++) bounded(n);
    expect(bounded.cache.size).toBe(5);
  });
});

describe("stats", () => {
  test("of a function that has done nothing", () => {
    expect(memoize((n: number) => n).cache.stats()).toMatchObject({
      hits: 0,
      misses: 0,
      runs: 0,
      reruns: 0,
      entries: 0,
      pinned: 0,
      inFlight: 0,
      coalesced: 0,
      oversized: 0,
      timeSaved: 0,
      removals: nothingRemoved,
    });
  });

  test("are a copy", () => {
    const fn = memoize((n: number) => n, { maxEntries: 1 });
    const stats = fn.cache.stats();
    (stats.removals as { evicted: number }).evicted = 77;
    fn(1);
    fn(2);
    expect(stats.removals.evicted).toBe(77);
    expect(stats.misses).toBe(0);
    expect(fn.cache.stats().removals.evicted).toBe(1);
  });

  test("flights and those that joined them", async () => {
    const release: (() => void)[] = [];
    const fn = memoize(async (n: number) => {
      await new Promise<void>((resolve) => release.push(resolve));
      return n;
    });
    const promises = [fn(1), fn(1), fn(1), fn(2)];
    expect(fn.cache.stats()).toMatchObject({
      hits: 2,
      misses: 2,
      coalesced: 2,
      inFlight: 2,
      entries: 0,
    });
    expect(fn.cache.size).toBe(0);
    expect(fn.cache.has(1)).toBe(true);
    release.forEach((each) => each());
    expect(await Promise.all(promises)).toEqual([1, 1, 1, 2]);
    await settle();
    await fn(1);
    expect(fn.cache.stats()).toMatchObject({
      hits: 3,
      misses: 2,
      coalesced: 2,
      inFlight: 0,
      entries: 2,
    });
  });

  test("time saved grows with hits, by what runs took", () => {
    const fn = memoize((_n: number) => {
      for (const end = performance.now() + 2; performance.now() < end;);
      return 1;
    });
    fn(1);
    expect(fn.cache.stats().timeSaved).toBe(0);
    for (let i = 0; i < 10; i++) fn(1);
    const { timeSaved, runTime, runs } = fn.cache.stats();
    expect(timeSaved).toBeGreaterThanOrEqual(19.9);
    expect(timeSaved).toBeCloseTo((10 * runTime) / runs, 3);
  });

  test("weights add up", () => {
    const fn = memoize((text: string) => text, {
      maxWeight: 100,
      weigh: (value) => value.length / 2,
    });
    for (const text of ["a", "bcd", "", "efghij"]) fn(text);
    expect(fn.cache.stats().weight).toBe(5);
    fn.cache.delete("bcd");
    expect(fn.cache.stats().weight).toBe(3.5);
    fn.cache.clear();
    expect(fn.cache.stats().weight).toBe(0);
  });

  test("weights that no sum can hold exactly come to 0 when nothing is left", () => {
    const fn = memoize((n: number) => n, { maxWeight: 1, weigh: () => 0.1, policy: "lru" });
    for (let n = 0; n < 100; n++) {
      fn(n);
      expect(fn.cache.stats().weight).toBeLessThanOrEqual(1);
    }
    for (let n = 0; n < 100; n++) fn.cache.delete(n);
    expect(fn.cache.size).toBe(0);
    expect(fn.cache.stats().weight).toBe(0);
  });
});

describe("snapshot", () => {
  test("lists every function that has been used, by name", () => {
    const names = ["snapshot b", "snapshot a", "snapshot c"];
    const functions = names.map((name, index) => {
      const fn = memoize((n: number) => n, { name, ...(index === 1 ? { maxEntries: 1 } : {}) });
      for (let n = 0; n <= index; n++) fn(n);
      return fn;
    });
    const listed = snapshot().filter(({ name }) => name.startsWith("snapshot "));
    expect(listed.map(({ name }) => name)).toEqual(["snapshot a", "snapshot b", "snapshot c"]);
    expect(listed.map(({ stats }) => stats.misses)).toEqual([2, 1, 3]);
    expect(listed[0]?.stats).toEqual(functions[1]?.cache.stats());
    const all = snapshot().map(({ name }) => name);
    expect(all).toEqual([...all].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)));
  });

  test("holds no function alive, and lists none that is gone", async () => {
    const use = (name: string): WeakRef<object> => {
      const fn = memoize((n: number) => n, { name, maxEntries: 5 });
      fn(1);
      return new WeakRef(fn);
    };
    const reference = use("snapshot passing");
    expect(snapshot().some(({ name }) => name === "snapshot passing")).toBe(true);
    for (let i = 0; i < 10 && reference.deref() !== undefined; i++) await settle();
    expect(reference.deref()).toBe(undefined);
    expect(snapshot().some(({ name }) => name === "snapshot passing")).toBe(false);
  });
});

describe("the warning about a function that grows without bound", () => {
  const source = (options: string, calls: string): string => `
    const grows = rote.memoize((n) => n, { name: "growing"${options} });
    ${calls}
  `;
  const misses = "for (let n = 0; n < 1_000_100; n++) grows(n);";

  test("comes once, names the function, and says what to do", () => {
    const { status, err } = runModule(
      source("", `${misses} ${misses}`).concat(`
      const other = rote.memoize((n) => n, { name: "other" });
      for (let n = 0; n < 1_000_100; n++) other(n);
    `),
    );
    expect(status).toBe(0);
    expect(err.match(/Warning/g), err).toHaveLength(1);
    expect(err).toContain("ROTE_UNBOUNDED");
    expect(err).toContain("growing");
    expect(err).toMatch(/maxEntries/);
  });

  test.each<[name: string, options: string, calls: string, environment?: Record<string, string>]>([
    ["with a bound", ", maxEntries: 2_000_000", misses],
    ["with a TTL", ', ttl: "1h"', misses],
    ["below a million entries", "", "for (let n = 0; n < 999_000; n++) grows(n);"],
    ["whose calls are hits", "", `for (let n = 0; n < 1_000_100; n++) { grows(n); grows(n); }`],
    ["in production", "", misses, { NODE_ENV: "production" }],
  ])("does not come for one %s", (_name, options, calls, environment) => {
    expect(runModule(source(options, calls), environment)).toEqual({ status: 0, out: "", err: "" });
  });
});
