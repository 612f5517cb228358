/** How long entries are fresh: durations, clocks, jitter, touch, remembered failures, and what is refused. */
import { memoize, RoteError } from "rote";
import type { Duration, MemoizeOptions } from "rote";
import { afterEach, describe, expect, test, vi } from "vitest";

import { nothingRemoved } from "../support/removals.ts";
import { runModule } from "../support/child.ts";
import { fakeClock } from "../support/fake-clock.ts";
import { thrownBy } from "../support/recursion.ts";

afterEach(() => {
  vi.useRealTimers();
});

/** Options as a program without types might give them. */
const memoizeAnyhow = (options: Record<string, unknown>): unknown =>
  memoize((n: number) => n, options as MemoizeOptions);

/** Counts runs; the result is how many there have been. */
function counting(options: MemoizeOptions<(n: number) => number>) {
  let runs = 0;
  return memoize((_n: number): number => ++runs, options);
}

describe("durations", () => {
  test.each<[Duration, number]>([
    [1, 1],
    [0.5, 0.5],
    [1500, 1500],
    ["5ms", 5],
    ["0.5ms", 0.5],
    ["1s", 1000],
    ["1.5s", 1500],
    ["30s", 30_000],
    ["5m", 300_000],
    ["0.5m", 30_000],
    ["2h", 7_200_000],
    ["7d", 604_800_000],
    ["60d", 5_184_000_000],
  ])("%j is %d milliseconds", (ttl, milliseconds) => {
    for (const given of [ttl, (): Duration => ttl]) {
      const clock = fakeClock(0);
      const fn = counting({ ttl: given, clock: clock.read });
      expect(fn(1)).toBe(1);
      clock.now = milliseconds * 0.999;
      expect(fn(1)).toBe(1);
      clock.now = milliseconds;
      expect(fn(1)).toBe(2);
    }
    const clock = fakeClock(0);
    let runs = 0;
    const failing = memoize(
      (): never => {
        throw new Error(`run ${++runs}`);
      },
      { rememberErrors: ttl, clock: clock.read },
    );
    expect(failing).toThrow("run 1");
    clock.now = milliseconds * 0.999;
    expect(failing).toThrow("run 1");
    clock.now = milliseconds;
    expect(failing).toThrow("run 2");
  });

  const invalid: unknown[] = [
    -1,
    -0.001,
    Number.NaN,
    -Infinity,
    "",
    "5",
    "ms",
    "5 minutes",
    "5 m",
    " 5m",
    "5m ",
    "5M",
    "5min",
    "5w",
    "-5s",
    "1m30s",
    "five minutes",
    "NaNms",
    "Infinityms",
    5n,
    true,
    null,
    {},
    [5],
    new Date(5),
  ];

  describe.each(["ttl", "rememberErrors", "timeout"])("as %s", (option) => {
    test.each(invalid)("%o is refused, with option, value, rule and remedy", (value) => {
      const error = thrownBy(() => memoizeAnyhow({ [option]: value })) as RoteError;
      expect(error).toBeInstanceOf(RoteError);
      expect(error).toMatchObject({ code: "ERR_INVALID_OPTION", option, value });
      expect(error.message).toMatch(
        new RegExp(`^${option} must be .+; received .+\\. .+\\.$`, "s"),
      );
      expect(error.message).toMatch(/milliseconds/);
      if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean")
        expect(error.message).toContain(`received ${String(value)}`);
    });
  });

  test("a timeout of 0 is refused, and a function is no duration but for ttl", () => {
    for (const options of [
      { timeout: 0 },
      { timeout: "0s" },
      { timeout: () => 5 },
      { rememberErrors: () => 5 },
    ])
      expect(thrownBy(() => memoizeAnyhow(options))).toMatchObject({ code: "ERR_INVALID_OPTION" });
    memoizeAnyhow({ ttl: () => 5 });
    memoizeAnyhow({ timeout: "5ms" });
  });

  test("a duration of another option says so in the message", () => {
    const error = thrownBy(() => memoizeAnyhow({ maxEntries: 5, ttl: "5 minutes" })) as Error;
    expect(error.message).toContain('received "5 minutes"');
    expect(error.message).toMatch(/"?5m"?|"30s"/);
  });
});

describe("the other options", () => {
  test.each<[option: string, value: unknown, rest: Record<string, unknown>]>([
    ...[0, -1, 1.5, Number.NaN, "10", null, true, 10n, -Infinity].map(
      (value): [string, unknown, Record<string, unknown>] => ["maxEntries", value, {}],
    ),
    ...[0, -1, Number.NaN, "10", null, true, 10n].map(
      (value): [string, unknown, Record<string, unknown>] => [
        "maxWeight",
        value,
        { weigh: () => 1 },
      ],
    ),
    ["weigh", 5, { maxWeight: 5 }],
    ["weigh", null, { maxWeight: 5 }],
    ["policy", "fifo", { maxEntries: 5 }],
    ["policy", "LRU", { maxEntries: 5 }],
    ["policy", null, { maxEntries: 5 }],
    ...[-0.1, 1.1, Number.NaN, "0.5", true].map(
      (value): [string, unknown, Record<string, unknown>] => ["jitter", value, { ttl: 5 }],
    ),
    ["touch", 1, { ttl: 5 }],
    ["touch", "yes", { ttl: 5 }],
    ["async", 1, {}],
    ["clock", 5, { ttl: 5 }],
    ["clock", { now: () => 5 }, { ttl: 5 }],
    ["random", 0.5, { ttl: 5, jitter: 0.1 }],
    ["schedule", true, { timeout: 5 }],
  ])("%s: %o is refused", (option, value, rest) => {
    const error = thrownBy(() => memoizeAnyhow({ ...rest, [option]: value })) as RoteError;
    expect(error).toBeInstanceOf(RoteError);
    expect(error).toMatchObject({ code: "ERR_INVALID_OPTION", option, value });
    expect(error.message).toMatch(new RegExp(`^${option} must be .+; received .+\\. .+\\.$`, "s"));
  });

  test.each<[names: [string, string], options: Record<string, unknown>]>([
    [["maxWeight", "weigh"], { maxWeight: 10 }],
    [["weigh", "maxWeight"], { weigh: () => 1 }],
    [["weigh", "maxWeight"], { weigh: () => 1, maxEntries: 10 }],
    [["policy", "maxEntries"], { policy: "lru" }],
    [["policy", "maxEntries"], { policy: "lru", ttl: 5 }],
    [["policy", "maxEntries"], { policy: "s3-fifo" }],
    [["jitter", "ttl"], { jitter: 0.1 }],
    [["jitter", "ttl"], { jitter: 0.1, rememberErrors: 5 }],
    [["touch", "ttl"], { touch: true }],
    [["touch", "ttl"], { touch: true, rememberErrors: 5 }],
  ])("%j: one needs the other, and the message names both", ([one, other], options) => {
    const error = thrownBy(() => memoizeAnyhow(options)) as RoteError;
    expect(error).toBeInstanceOf(RoteError);
    expect(error).toMatchObject({ code: "ERR_INVALID_OPTION" });
    expect(error.message).toContain(one);
    expect(error.message).toContain(other);
  });

  test("what goes together is accepted, and undefined is as left out", () => {
    for (const options of [
      { maxEntries: Infinity },
      { maxEntries: 1, maxWeight: 0.5, weigh: () => 1, policy: "lru" },
      { maxWeight: Infinity, weigh: () => 1, policy: "w-tinylfu" },
      { ttl: 0 },
      { ttl: Infinity, touch: true },
      { ttl: "5m", jitter: 0, touch: false },
      { ttl: "5m", jitter: 1 },
      { rememberErrors: 0 },
      { rememberErrors: Infinity },
      { maxEntries: undefined, policy: undefined, ttl: undefined, jitter: undefined },
      { weigh: undefined, maxWeight: undefined, touch: undefined, rememberErrors: undefined },
      { async: true, timeout: "1s", schedule: () => () => {} },
    ])
      expect(memoizeAnyhow(options)).toBeTypeOf("function");
  });
});

describe("a TTL", () => {
  test("counts from when the run finished, not from when it began", () => {
    const clock = fakeClock(0);
    let runs = 0;
    const fn = memoize(
      (_n: number) => {
        clock.advance(1000);
        return ++runs;
      },
      { ttl: 10, clock: clock.read },
    );
    expect(fn(1)).toBe(1);
    clock.advance(9);
    expect(fn(1)).toBe(1);
    clock.advance(1);
    expect(fn(1)).toBe(2);
    expect(fn.cache.stats()).toMatchObject({ hits: 1, misses: 2, removals: { expired: 1 } });
  });

  test("counts from set, and from refresh, anew", () => {
    const clock = fakeClock(0);
    const fn = counting({ ttl: 10, clock: clock.read });
    fn.cache.set([1], 77);
    clock.advance(9);
    fn.cache.set([1], 88);
    clock.advance(9);
    expect(fn(1)).toBe(88);
    fn.cache.refresh(1);
    clock.advance(9);
    expect(fn(1)).toBe(1);
    clock.advance(1);
    expect(fn(1)).toBe(2);
  });

  test("of 0 keeps nothing, of Infinity everything", () => {
    const clock = fakeClock(0);
    const never = counting({ ttl: 0, clock: clock.read });
    expect([never(1), never(1), never(1)]).toEqual([1, 2, 3]);
    expect(never.cache.size).toBe(0);
    expect(never.cache.has(1)).toBe(false);
    never.cache.set([1], 5);
    expect(never(1)).toBe(4);
    expect(never.cache.stats()).toMatchObject({ hits: 0, misses: 4, entries: 0 });
    expect(never.cache.stats().removals).toEqual(nothingRemoved);

    const always = counting({ ttl: Infinity, clock: clock.read });
    expect(always(1)).toBe(1);
    clock.advance(1e15);
    expect(always(1)).toBe(1);
    expect(always.cache.explain(1)).toMatchObject({ reason: "fresh", freshUntil: Infinity });
  });

  test("from a function is given the value, the arguments and the receiver, once for each result", () => {
    const clock = fakeClock(0);
    const seen: unknown[] = [];
    const receiver = { name: "receiver" };
    const fn = memoize(
      function (this: object, a: number, b: string): string {
        return `${a}${b}${Object.keys(this).length}`;
      },
      {
        clock: clock.read,
        ttl: function (this: unknown, value, ...args) {
          seen.push([this, value, args]);
          return args[0];
        },
      },
    );
    expect(fn.call(receiver, 10, "x")).toBe("10x1");
    expect(fn.call(receiver, 10, "x")).toBe("10x1");
    expect(seen).toEqual([[receiver, "10x1", [10, "x"]]]);
    expect((seen[0] as unknown[])[0]).toBe(receiver);
    clock.advance(9);
    expect(fn.cache.of(receiver).has(10, "x")).toBe(true);
    clock.advance(1);
    expect(fn.cache.of(receiver).has(10, "x")).toBe(false);
    fn.cache.of(receiver).set([5, "y"], "set");
    expect(seen.at(-1)).toEqual([receiver, "set", [5, "y"]]);
  });

  test("expires entries for every way to look at them", () => {
    const looks: ((fn: ReturnType<typeof counting>) => unknown)[] = [
      (fn) => fn.cache.has(1),
      (fn) => fn.cache.peek(1) !== undefined,
      (fn) => fn.cache.size > 0,
      (fn) => [...fn.cache.entries()].length > 0,
      (fn) => fn.cache.stats().entries > 0,
      (fn) => fn.cache.delete(1),
      (fn) => fn.cache.explain(1).outcome === "hit",
      (fn) => fn(1) === 1,
    ];
    for (const look of looks) {
      const clock = fakeClock(0);
      const fn = counting({ ttl: 10, clock: clock.read });
      fn(1);
      clock.advance(9.99);
      expect(look(fn)).toBe(true);
      fn.cache.clear();
      fn.cache.set([1], 1);
      clock.advance(10);
      expect(look(fn)).toBe(false);
    }
  });

  test("that has passed explains itself, and is counted once", () => {
    const clock = fakeClock(5000);
    const fn = counting({ ttl: 10, clock: clock.read });
    fn(1);
    expect(fn.cache.explain(1)).toMatchObject({ reason: "fresh", freshUntil: 5010 });
    clock.advance(100);
    const explained = fn.cache.explain(1);
    expect(explained).toMatchObject({ outcome: "run", reason: "expired" });
    for (let i = 0; i < 3; i++) {
      expect(fn.cache.size).toBe(0);
      expect(fn.cache.stats().removals).toEqual({ ...nothingRemoved, expired: 1 });
    }
    expect(fn.cache.explain(1)).toMatchObject({ outcome: "run", reason: "expired" });
  });
});

describe("jitter", () => {
  test.each([
    [0, 0.99, 100],
    [0.5, 0, 100],
    [0.5, 0.5, 75],
    [0.1, 0.5, 95],
    [1, 0, 100],
    [1, 0.75, 25],
  ])("of %d shortens a TTL of 100 at random %d to %d", (jitter, drawn, wanted) => {
    const clock = fakeClock(0);
    const fn = counting({ ttl: 100, jitter, clock: clock.read, random: () => drawn });
    fn(1);
    clock.now = wanted - 0.001;
    expect(fn(1)).toBe(1);
    clock.now = wanted + 0.001;
    expect(fn(1)).toBe(2);
  });

  test("never lengthens a TTL, nor shortens it by more than its share, without a random of ours", () => {
    const clock = fakeClock(0);
    const fn = counting({ ttl: 1000, jitter: 0.3, clock: clock.read });
    for (let n = 0; n < 500; n++) fn(n);
    const until = Array.from(
      { length: 500 },
      (_, n) => (fn.cache.explain(n) as { freshUntil: number }).freshUntil,
    );
    for (const instant of until) {
      expect(instant).toBeGreaterThan(700);
      expect(instant).toBeLessThanOrEqual(1000);
    }
    expect(new Set(until).size).toBeGreaterThan(100);
    clock.now = 699.9;
    expect(fn.cache.size).toBe(500);
    clock.now = 1000;
    expect(fn.cache.size).toBe(0);
  });

  test("of a TTL from a function, for every entry anew, but not for failures", () => {
    const clock = fakeClock(0);
    let drawn = 0;
    const fn = memoize(
      (n: number): number => {
        if (n < 0) throw new Error("negative");
        return n;
      },
      {
        ttl: (_value, n) => n,
        jitter: 1,
        clock: clock.read,
        random: () => drawn,
        rememberErrors: 100,
      },
    );
    drawn = 0.5;
    fn(100);
    expect(() => fn(-1)).toThrow("negative");
    drawn = 0.25;
    fn(200);
    expect(fn.cache.explain(100)).toMatchObject({ freshUntil: 50 });
    expect(fn.cache.explain(200)).toMatchObject({ freshUntil: 150 });
    expect(fn.cache.explain(-1)).toMatchObject({ freshUntil: 100, reason: "failed" });
  });
});

describe("touch", () => {
  test("starts the TTL again on a hit, and on nothing else", () => {
    const clock = fakeClock(0);
    const fn = counting({ ttl: 10, touch: true, clock: clock.read });
    fn(1);
    for (let i = 0; i < 20; i++) {
      clock.advance(9);
      expect(fn(1)).toBe(1);
    }
    clock.advance(5);
    expect(fn.cache.has(1)).toBe(true);
    expect(fn.cache.peek(1)).toBe(1);
    expect([...fn.cache.entries()].length).toBe(1);
    expect(fn.cache.explain(1)).toMatchObject({ reason: "fresh" });
    clock.advance(4.9);
    expect(fn.cache.has(1)).toBe(true);
    clock.advance(0.1);
    expect(fn.cache.has(1)).toBe(false);
    expect(fn(1)).toBe(2);
  });

  test("starts the same jittered TTL again, and draws no new one", () => {
    const clock = fakeClock(0);
    const draws: number[] = [];
    const fn = counting({
      ttl: 100,
      touch: true,
      jitter: 1,
      clock: clock.read,
      random: () => {
        draws.push(0.5);
        return 0.5;
      },
    });
    fn(1);
    for (let i = 0; i < 5; i++) {
      clock.advance(49);
      expect(fn(1)).toBe(1);
    }
    clock.advance(50);
    expect(fn(1)).toBe(2);
    expect(draws.length).toBe(2);
  });

  test("asks a function for the TTL once", () => {
    const clock = fakeClock(0);
    let asked = 0;
    const fn = counting({
      touch: true,
      clock: clock.read,
      ttl: () => {
        asked++;
        return 10;
      },
    });
    for (let i = 0; i < 10; i++) {
      expect(fn(1)).toBe(1);
      clock.advance(9);
    }
    expect(asked).toBe(1);
  });

  test("without it, a hit changes nothing", () => {
    const clock = fakeClock(0);
    const fn = counting({ ttl: 10, clock: clock.read });
    fn(1);
    clock.advance(6);
    expect(fn(1)).toBe(1);
    clock.advance(4);
    expect(fn(1)).toBe(2);
  });
});

describe("a remembered failure", () => {
  function failing(options: MemoizeOptions<(n: number) => number>) {
    let runs = 0;
    return memoize((n: number): number => {
      runs++;
      if (n < 0) throw new Error(`run ${runs}`);
      return runs;
    }, options);
  }

  test("is the same error for as long as it was asked for, and a hit", () => {
    const clock = fakeClock(0);
    const fn = failing({ rememberErrors: "1s", ttl: "1h", clock: clock.read });
    const error = thrownBy(() => fn(-1));
    clock.advance(999);
    expect(thrownBy(() => fn(-1))).toBe(error);
    expect(fn.cache.stats()).toMatchObject({ hits: 1, misses: 1, runs: 1, entries: 1 });
    clock.advance(1);
    const next = thrownBy(() => fn(-1));
    expect(next).not.toBe(error);
    expect(next).toMatchObject({ message: "run 2" });
    expect(fn.cache.stats()).toMatchObject({ misses: 2, removals: { expired: 1 } });
  });

  test("may be anything that can be thrown", () => {
    for (const thrown of [undefined, null, 0, "", Number.NaN, { error: 1 }, Symbol("error")]) {
      let runs = 0;
      const fn = memoize(
        () => {
          runs++;
          throw thrown;
        },
        { rememberErrors: 1000 },
      );
      for (let i = 0; i < 3; i++) {
        let caught: unknown = "nothing";
        try {
          fn();
        } catch (error) {
          caught = error;
        }
        expect(caught).toBe(thrown);
      }
      expect(runs).toBe(1);
      expect(fn.cache.has()).toBe(true);
      expect(fn.cache.peek()).toBe(undefined);
      expect([...fn.cache.entries()]).toEqual([]);
      expect(fn.cache.size).toBe(1);
    }
  });

  test("is not touched by hits, and is independent of the TTL of results", () => {
    const clock = fakeClock(0);
    const fn = failing({ rememberErrors: 10, ttl: 5, touch: true, clock: clock.read });
    const error = thrownBy(() => fn(-1));
    clock.advance(9);
    expect(thrownBy(() => fn(-1))).toBe(error);
    clock.advance(1);
    expect(thrownBy(() => fn(-1))).not.toBe(error);

    const forever = failing({ rememberErrors: Infinity, ttl: 5, clock: clock.read });
    const first = thrownBy(() => forever(-1));
    clock.advance(1e12);
    expect(thrownBy(() => forever(-1))).toBe(first);
  });

  test("of 0 is none: every call runs", () => {
    const fn = failing({ rememberErrors: 0 });
    expect(thrownBy(() => fn(-1))).not.toBe(thrownBy(() => fn(-1)));
    expect(fn.cache.size).toBe(0);
    expect(fn.cache.has(-1)).toBe(false);
  });

  test("gives way to set, delete, clear and a refresh that returns", () => {
    const clock = fakeClock(0);
    let fails = true;
    const fn = memoize(
      (_n: number): string => {
        if (fails) throw new Error("fails");
        return "run";
      },
      { rememberErrors: 1000, clock: clock.read },
    );
    const fail = (): void => {
      fails = true;
      expect(() => fn(1)).toThrow("fails");
      fails = false;
      expect(() => fn(1)).toThrow("fails");
    };
    fail();
    fn.cache.set([1], "set");
    expect(fn(1)).toBe("set");
    expect(fn.cache.delete(1)).toBe(true);
    fail();
    expect(fn.cache.delete(1)).toBe(true);
    expect(fn(1)).toBe("run");
    fn.cache.clear();
    fail();
    fn.cache.clear();
    expect(fn(1)).toBe("run");
    fn.cache.clear();
    fail();
    expect(fn.cache.refresh(1)).toBe("run");
    expect(fn(1)).toBe("run");
    expect(fn.cache.stats().removals).toEqual({
      ...nothingRemoved,
      replaced: 2,
      deleted: 2,
      cleared: 3,
    });
  });

  test("leaves the result that a failing refresh was to replace", () => {
    let fails = false;
    let runs = 0;
    const fn = memoize(
      (_n: number): number => {
        runs++;
        if (fails) throw new Error("fails");
        return runs;
      },
      { rememberErrors: 1000 },
    );
    fn(1);
    fails = true;
    expect(() => fn.cache.refresh(1)).toThrow("fails");
    expect(fn(1)).toBe(1);
    expect(fn.cache.stats()).toMatchObject({ removals: nothingRemoved, runs: 2, misses: 1 });
  });

  test("is met by a recursion, and by its callers in turn", () => {
    const bodies: number[] = [];
    const fn: (n: number) => number = memoize(
      (n: number): number => {
        bodies.push(n);
        if (n === 0) throw new Error("leaf");
        return fn(n - 1) + 1;
      },
      { rememberErrors: 1000 },
    );
    const error = thrownBy(() => fn(5));
    expect(thrownBy(() => fn(3))).toBe(error);
    expect(thrownBy(() => fn(6))).toBe(error);
    expect(bodies).toEqual([5, 4, 3, 2, 1, 0, 6]);
  });
});

describe("an injected clock", () => {
  test.each([2 ** 31, 2 ** 32, 2 ** 53 - 2 ** 20, 0, -5000])("may cross %d", (edge) => {
    const clock = fakeClock(edge - 5);
    const fn = counting({ ttl: 10, clock: clock.read });
    expect(fn(1)).toBe(1);
    clock.now = edge;
    expect(fn(1)).toBe(1);
    clock.now = edge + 4;
    expect(fn(1)).toBe(1);
    clock.now = edge + 5;
    expect(fn(1)).toBe(2);
    clock.now = edge + 14;
    expect(fn(1)).toBe(2);
  });

  test.each([2 ** 31 - 1, 2 ** 31, 2 ** 31 + 1, 2 ** 32, 2 ** 32 + 1])(
    "a TTL of %d milliseconds is neither shorter nor longer",
    (ttl) => {
      const clock = fakeClock();
      const fn = counting({ ttl, clock: clock.read });
      const failing = memoize(
        (): never => {
          throw new Error("fails");
        },
        { rememberErrors: ttl, clock: clock.read },
      );
      expect(fn(1)).toBe(1);
      const error = thrownBy(failing);
      for (const part of [0.3, 0.6, 1]) {
        clock.now = 1_700_000_000_000 + Math.floor(ttl * part) - 1;
        expect(fn(1)).toBe(1);
        expect(thrownBy(failing)).toBe(error);
      }
      clock.advance(1);
      expect(fn(1)).toBe(2);
      expect(thrownBy(failing)).not.toBe(error);
    },
  );

  test("that goes back lets nothing expire, and nothing come back to life", () => {
    const clock = fakeClock(1_000_000);
    const fn = counting({ ttl: 10, clock: clock.read });
    expect(fn(1)).toBe(1);
    clock.now = 0;
    expect(fn(1)).toBe(1);
    clock.now = 1_000_000;
    clock.now = 2_000_000;
    expect(fn(1)).toBe(2);
    clock.now = 2_000_010;
    expect(fn.cache.has(1)).toBe(false);
    clock.now = 2_000_000;
    expect(fn.cache.has(1)).toBe(false);
    expect(fn(1)).toBe(3);
  });

  test("that stays back does not keep entries for ever", () => {
    const clock = fakeClock(1_000_000);
    const fn = counting({ ttl: 10, clock: clock.read });
    fn(1);
    clock.now = 500;
    expect(fn(1)).toBe(1);
    expect(fn(2)).toBe(2);
    clock.now = 509;
    expect(fn(2)).toBe(2);
    clock.now = 510;
    expect(fn(1)).toBe(3);
    expect(fn(2)).toBe(4);
  });

  test("shows instants in its own time, also after it went back", () => {
    const clock = fakeClock(1_000_000);
    const fn = counting({ ttl: 10, clock: clock.read });
    clock.now = 500;
    fn(1);
    expect(fn.cache.explain(1)).toMatchObject({ freshUntil: 510 });
  });

  test("is read for every call, however many there are in one turn", () => {
    const clock = fakeClock(0);
    const fn = counting({ ttl: 10, clock: clock.read });
    for (let n = 0; n < 2000; n++) {
      expect(fn(1)).toBe(Math.floor(n / 10) + 1);
      clock.advance(1);
    }
  });
});

describe("fake timers", () => {
  const expectFaked = (fn: ReturnType<typeof counting>): void => {
    let before = fn(1);
    for (let i = 0; i < 5; i++) {
      vi.advanceTimersByTime(999);
      expect(fn(1)).toBe(before);
      expect(fn.cache.has(1)).toBe(true);
      vi.advanceTimersByTime(1);
      expect(fn.cache.has(1)).toBe(false);
      expect(fn(1)).toBe(before + 1);
      before++;
    }
  };

  test("installed before wrapping, and moved several times within one turn", () => {
    vi.useFakeTimers();
    expectFaked(counting({ ttl: "1s" }));
  });

  test("installed after wrapping", () => {
    const fn = counting({ ttl: "1s" });
    vi.useFakeTimers();
    expectFaked(fn);
  });

  test("installed after wrapping and many calls, in the same turn", () => {
    const fn = counting({ ttl: "1s" });
    for (let n = 0; n < 100; n++) fn(2);
    vi.useFakeTimers();
    expectFaked(fn);
  });

  test("installed and removed again", () => {
    const fn = counting({ ttl: "1h" });
    vi.useFakeTimers();
    const before = fn(1);
    vi.advanceTimersByTime(3_600_000);
    expect(fn(1)).toBe(before + 1);
    vi.useRealTimers();
    expect(fn(1)).toBe(before + 1);
    expect(fn(2)).toBe(before + 2);
    expect(fn(2)).toBe(before + 2);
  });

  test("for failures and touched entries", () => {
    vi.useFakeTimers();
    let runs = 0;
    const failing = memoize(
      (): never => {
        throw new Error(`run ${++runs}`);
      },
      { rememberErrors: "1s" },
    );
    expect(failing).toThrow("run 1");
    vi.advanceTimersByTime(999);
    expect(failing).toThrow("run 1");
    vi.advanceTimersByTime(1);
    expect(failing).toThrow("run 2");

    const touched = counting({ ttl: "1s", touch: true });
    for (let i = 0; i < 5; i++) {
      expect(touched(1)).toBe(1);
      vi.advanceTimersByTime(900);
    }
    vi.advanceTimersByTime(100);
    expect(touched(1)).toBe(2);
  });

  test("leave no timer of ours to run", () => {
    vi.useFakeTimers();
    const fn = counting({ ttl: "1s", rememberErrors: "1s", maxEntries: 5 });
    for (let n = 0; n < 10; n++) fn(n);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("the platform's clock", () => {
  const turn = (milliseconds: number): Promise<void> =>
    new Promise((resolve) => setTimeout(resolve, milliseconds));

  test("is read again in the next turn: an entry is stale within one that blocks at most", async () => {
    const fn = counting({ ttl: 2 });
    for (let round = 1; round <= 3; round++) {
      expect(fn(1)).toBe(round);
      for (const end = Date.now() + 4; Date.now() < end;);
      // Whether the entry has been seen to expire by now is left open.
      await turn(0);
      expect(fn.cache.has(1)).toBe(false);
    }
  });

  test("is read again after a wait, also by hits alone", async () => {
    const fn = counting({ ttl: 2 });
    const before = fn(1);
    await turn(5);
    expect(fn(1)).toBe(before + 1);
    await turn(5);
    expect(fn(1)).toBe(before + 2);
  });

  test("is read every few hundred hits of a turn that blocks", () => {
    const fn = counting({ ttl: 2 });
    fn(1);
    for (const end = Date.now() + 4; Date.now() < end;);
    for (let hit = 0; hit < 1000; hit++) fn(1);
    expect(fn.cache.stats().runs).toBeGreaterThan(1);
  });

  test("counts from the end of a run that blocks", () => {
    let runs = 0;
    const fn = memoize(
      () => {
        for (const end = Date.now() + 5; Date.now() < end;);
        return ++runs;
      },
      { ttl: "1h" },
    );
    fn();
    const now = Date.now();
    const { freshUntil } = fn.cache.explain() as { freshUntil: number };
    expect(freshUntil - now - 3_600_000).toBeGreaterThan(-3);
    expect(freshUntil - now - 3_600_000).toBeLessThanOrEqual(1);
  });

  test("keeps no process alive", () => {
    const { status, out, err } = runModule(`
      const fails = () => { throw new Error("fails"); };
      const functions = [
        rote.memoize((n) => n, { ttl: "1h" }),
        rote.memoize((n) => n, { ttl: "1h", touch: true, maxEntries: 10 }),
        rote.memoize((n) => n, { ttl: () => "1d", jitter: 0.5 }),
        rote.memoize(async (n) => n, { ttl: "1h", rememberErrors: "1h" }),
        rote.memoize(async (n) => n, { ttl: "1h", timeout: "1h" }),
      ];
      for (const f of functions) for (let n = 0; n < 100; n++) await f(n);
      const failing = rote.memoize(fails, { rememberErrors: "1h" });
      try { failing(); } catch {}
      const begun = Date.now();
      process.on("exit", () => console.log(
        process.getActiveResourcesInfo().filter((name) => name === "Timeout").length,
        Date.now() - begun < 5000,
        functions.map((f) => f.cache.size).join(),
      ));
    `);
    expect({ status, out, err }).toEqual({ status: 0, out: "0 true 100,10,100,100,100", err: "" });
  });
});

describe("what weigh and ttl give", () => {
  const wrong: unknown[] = [-1, Number.NaN, "soon", undefined, null, true, {}, 5n];

  test.each([...wrong, -Infinity])("a ttl of %o fails the call, and nothing is kept", (given) => {
    let ttl: unknown = given;
    let runs = 0;
    const fn = memoize((_n: number) => ++runs, {
      ttl: () => ttl as number,
      rememberErrors: 1000,
      maxEntries: 5,
    });
    expectRefused(
      () => fn(1),
      () => fn.cache.set([1], 5),
      () => fn.cache.refresh(1),
      () => runs,
    );
    expect(fn.cache.size).toBe(0);
    expect(fn.cache.has(1)).toBe(false);
    ttl = "5m";
    expect(fn(1)).toBe(4);
    expect(fn(1)).toBe(4);
  });

  test.each([...wrong, Infinity, "5"])("a weight of %o fails the call", (given) => {
    let weight: unknown = given;
    let runs = 0;
    const fn = memoize((_n: number) => ++runs, {
      weigh: () => weight as number,
      maxWeight: 5,
      rememberErrors: 1000,
    });
    expectRefused(
      () => fn(1),
      () => fn.cache.set([1], 5),
      () => fn.cache.refresh(1),
      () => runs,
    );
    expect(fn.cache.size).toBe(0);
    expect(fn.cache.stats().weight).toBe(0);
    weight = 1;
    expect(fn(1)).toBe(4);
    expect(fn(1)).toBe(4);
  });

  /** Twice by calls, by set and by refresh; each but set has run. */
  function expectRefused(
    call: () => unknown,
    set: () => unknown,
    refresh: () => unknown,
    runs: () => number,
  ): void {
    for (const [index, attempt] of [call, call, set, refresh].entries()) {
      const error = thrownBy(attempt) as RoteError;
      expect(error).toBeInstanceOf(RoteError);
      expect(error.code).toBe("ERR_INVALID_RESULT");
      expect(error.message).toMatch(/ttl|weigh/);
      expect(runs()).toBe([1, 2, 2, 3][index]);
    }
  }

  test.each(["ttl", "weigh"] as const)("what %s throws reaches the caller as it is", (which) => {
    const error = new Error("from the callback");
    let isThrowing = true;
    let runs = 0;
    const callback = (): number => {
      if (isThrowing) throw error;
      return 1;
    };
    const fn = memoize(
      (_n: number) => ++runs,
      which === "ttl"
        ? { ttl: callback, rememberErrors: 1000, clock: () => 0 }
        : { weigh: callback, maxWeight: 5, rememberErrors: 1000 },
    );
    for (let i = 1; i <= 3; i++) {
      expect(thrownBy(() => fn(1))).toBe(error);
      expect(runs).toBe(i);
      expect(fn.cache.size).toBe(0);
    }
    expect(thrownBy(() => fn.cache.set([1], 5))).toBe(error);
    expect(thrownBy(() => fn.cache.refresh(1))).toBe(error);
    isThrowing = false;
    expect(fn(1)).toBe(5);
    expect(fn(1)).toBe(5);
  });

  test("a failure is neither weighed by weigh nor given a TTL by ttl", () => {
    const fn = memoize(
      (): number => {
        throw new Error("fails");
      },
      {
        ttl: () => expect.unreachable("asked for the ttl of a failure"),
        maxWeight: 5,
        weigh: () => expect.unreachable("asked for the weight of a failure"),
        rememberErrors: 1000,
      },
    );
    expect(fn).toThrow("fails");
    expect(fn).toThrow("fails");
    expect(fn.cache.stats().runs).toBe(1);
  });

  test.each(["ttl", "weigh"] as const)(
    "of an async function, what %s throws rejects the promise",
    async (which) => {
      const error = new Error("from the callback");
      let runs = 0;
      const callback = (value: number, n: number): number => {
        expect([value, n]).toEqual([runs, 7]);
        if (runs < 3) throw error;
        return 1;
      };
      const fn = memoize(
        async (_n: number) => ++runs,
        which === "ttl" ? { ttl: callback, clock: () => 0 } : { weigh: callback, maxWeight: 5 },
      );
      for (let i = 1; i <= 2; i++) {
        await expect(fn(7)).rejects.toBe(error);
        expect(fn.cache.has(7)).toBe(false);
      }
      expect(await fn(7)).toBe(3);
      expect(await fn(7)).toBe(3);
      expect(fn.cache.size).toBe(1);
    },
  );

  test("callbacks may call the function, and other memoized functions", () => {
    const clock = fakeClock(0);
    const other: (n: number) => number = memoize((n: number): number =>
      n === 0 ? 0 : other(n - 1) + 1,
    );
    const fn: (n: number) => number = memoize((n: number) => n, {
      maxWeight: 1e6,
      weigh: (value) => (value > 0 ? fn(value - 1) + 1 : other(5000)),
      ttl: (value) => other(value) + 10,
      clock: clock.read,
    });
    expect(fn(20)).toBe(20);
    expect(fn(20)).toBe(20);
    clock.advance(30);
    expect(fn(20)).toBe(20);
  });
});
