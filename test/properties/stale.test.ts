/** Results past their TTL: who gets them, who refreshes them, and what happens when that fails. */
import { clearAll, configure, memoize, memoizeMethods, RoteError } from "rote";
import type { CacheEvents, Memoized, MemoizeOptions } from "rote";
import { afterEach, describe, expect, test, vi } from "vitest";

import {
  deferred,
  type Deferred,
  drained,
  expectNoUnhandledRejections,
  FakeTime,
  outcomeOf,
  reasonOf,
  valueOf,
} from "../support/async.ts";
import { runModule } from "../support/child.ts";
import { thrownBy } from "../support/recursion.ts";

expectNoUnhandledRejections();

afterEach(() => {
  configure({ enabled: true });
  vi.useRealTimers();
});

type Options = MemoizeOptions<(key: number) => number>;

/** A function that is not async: its n-th run returns n, or throws it. */
function counting(options: Options = {}) {
  const time = new FakeTime();
  const state = { runs: 0, isFailing: false };
  const fn = memoize(
    (_key: number): number => {
      state.runs++;
      if (state.isFailing) throw new Error(`run ${state.runs}`);
      return state.runs;
    },
    { ttl: 10, clock: time.clock, ...scheduled(options, time), ...options },
  );
  return { fn, time, state };
}

function scheduled(options: Options, time: FakeTime): Options {
  return options.staleWhileRevalidate === undefined && options.timeout === undefined
    ? {}
    : { schedule: time.schedule };
}

type Load = (key: number, signal?: AbortSignal) => Promise<string>;
type Kind = "async" | "async: true" | "returning a promise";

/** A function that returns promises; each run ends when told. */
function loading(kind: Kind, options: MemoizeOptions<Load> = {}) {
  const time = new FakeTime();
  const runs: Deferred<string>[] = [];
  const signals: (AbortSignal | undefined)[] = [];
  const start: Load = (_key, signal) => {
    const run = deferred<string>();
    runs.push(run);
    signals.push(signal);
    return run.promise;
  };
  const fn: Memoized<Load> = memoize<Load>(
    kind === "async" ? async (key, signal) => await start(key, signal) : start,
    {
      ttl: 10,
      clock: time.clock,
      ...(kind === "async: true" ? { async: true } : {}),
      ...scheduled(options as never, time),
      ...options,
    } as MemoizeOptions<Load>,
  );
  const end = async (run: number, value = `value ${run}`): Promise<void> => {
    (runs[run] as Deferred<string>).resolve(value);
    await drained();
  };
  const fail = async (run: number): Promise<void> => {
    (runs[run] as Deferred<string>).reject(new Error(`failure ${run}`));
    await drained();
  };
  /** With one result, which is stale from now on. */
  const stale = async (key = 1): Promise<void> => {
    const first = fn(key);
    await end(runs.length - 1);
    await first;
    time.pass(10);
  };
  return { fn, time, runs, signals, end, fail, stale };
}

const kinds: Kind[] = ["async", "async: true", "returning a promise"];

describe("options", () => {
  test.each(["staleWhileRevalidate", "staleIfError"])("%s needs a ttl", (option) => {
    const error = thrownBy(() => memoize((n: number) => n, { [option]: 5 })) as RoteError;
    expect(error).toMatchObject({ code: "ERR_INVALID_OPTION", option, value: 5 });
    expect(error.message).toBe(
      `${option} needs ttl: nothing is ever stale. Add ttl, or leave out ${option}.`,
    );
  });

  test.each(
    ["staleWhileRevalidate", "staleIfError"].flatMap((option) =>
      [-1, Number.NaN, "5 minutes", "", null, true, 5n, () => 5, {}].map(
        (value): [string, unknown] => [option, value],
      ),
    ),
  )("%s: %o is refused", (option, value) => {
    const error = thrownBy(() => memoize((n: number) => n, { ttl: 5, [option]: value } as never));
    expect(error).toMatchObject({ code: "ERR_INVALID_OPTION", option, value });
    expect((error as Error).message).toMatch(
      new RegExp(
        `^${option} must be milliseconds.+, or Infinity; received .+\\. Leave it out to .+\\.$`,
        "s",
      ),
    );
  });

  test("schedule needs a timeout or staleWhileRevalidate", () => {
    const schedule = (): (() => void) => () => {};
    const error = thrownBy(() => memoize((n: number) => n, { ttl: 5, staleIfError: 5, schedule }));
    expect((error as Error).message).toBe(
      "schedule needs timeout or staleWhileRevalidate: nothing else is scheduled. Add timeout, or leave out schedule.",
    );
    memoize((n: number) => n, { ttl: 5, staleWhileRevalidate: 5, schedule });
  });

  test("0 is as left out", () => {
    const { fn, time, state } = counting({ staleWhileRevalidate: 0, staleIfError: 0 });
    fn(1);
    time.pass(10);
    expect(fn(1)).toBe(2);
    state.isFailing = true;
    time.pass(10);
    expect(() => fn(1)).toThrow("run 3");
  });

  test("with a TTL of 0 nothing is kept, and with one of Infinity nothing is stale", () => {
    const none = counting({ ttl: 0, staleWhileRevalidate: 100, staleIfError: 100 });
    expect([none.fn(1), none.fn(1)]).toEqual([1, 2]);
    expect(none.fn.cache.size).toBe(0);
    const always = counting({ ttl: Infinity, staleWhileRevalidate: 100, staleIfError: 100 });
    always.fn(1);
    always.time.pass(1e15);
    expect(always.fn(1)).toBe(1);
    expect(always.fn.cache.explain(1)).toMatchObject({ outcome: "hit" });
    expect(always.time.timers).toBe(0);
  });

  test("a window of Infinity keeps a stale result for ever", () => {
    const { fn, time } = counting({ staleWhileRevalidate: Infinity });
    fn(1);
    time.now = 1e15;
    expect(fn(1)).toBe(1);
    expect(fn.cache.explain(1)).toMatchObject({ outcome: "stale", staleUntil: Infinity });
  });
});

describe("staleWhileRevalidate, for a function that is not async", () => {
  test("a stale hit returns the old result and schedules one refresh, however many ask", () => {
    const { fn, time, state } = counting({ staleWhileRevalidate: 100 });
    fn(1);
    time.pass(10);
    expect([fn(1), fn(1), fn(1)]).toEqual([1, 1, 1]);
    expect(state.runs).toBe(1);
    expect(time.timers).toBe(1);
    time.pass(0);
    expect(state.runs).toBe(2);
    expect(fn(1)).toBe(2);
    expect(time.timers).toBe(0);
    expect(fn.cache.stats()).toMatchObject({
      hits: 4,
      staleHits: 3,
      misses: 1,
      runs: 2,
      refreshes: 1,
      rescued: 0,
      entries: 1,
      removals: { replaced: 1, expired: 0 },
    });
  });

  test("each key has a refresh of its own", () => {
    const { fn, time, state } = counting({ staleWhileRevalidate: 100 });
    fn(1);
    fn(2);
    time.pass(10);
    expect([fn(1), fn(2), fn(1), fn(2)]).toEqual([1, 2, 1, 2]);
    expect(time.timers).toBe(2);
    time.pass(0);
    expect(state.runs).toBe(4);
    expect([fn(1), fn(2)]).toEqual([3, 4]);
  });

  test("the window begins when the TTL ends and ends to the millisecond", () => {
    const { fn, time, state } = counting({ staleWhileRevalidate: 100, schedule: () => () => {} });
    fn(1);
    time.pass(9);
    expect(fn.cache.explain(1).outcome).toBe("hit");
    time.pass(1);
    expect(fn.cache.explain(1).outcome).toBe("stale");
    time.pass(99);
    expect(fn(1)).toBe(1);
    time.pass(1);
    expect(fn(1)).toBe(2);
    expect(state.runs).toBe(2);
    expect(fn.cache.stats().removals).toMatchObject({ expired: 1, replaced: 0 });
  });

  test("the TTL of what a refresh brings counts from when that has finished", () => {
    const { fn, time } = counting({ staleWhileRevalidate: 100 });
    fn(1);
    time.pass(50);
    fn(1);
    time.pass(5);
    expect(fn(1)).toBe(2);
    time.pass(9);
    expect(fn.cache.explain(1)).toMatchObject({ outcome: "hit", freshUntil: 65 });
    time.pass(1);
    expect(fn.cache.explain(1)).toMatchObject({
      outcome: "stale",
      freshUntil: 65,
      staleUntil: 165,
    });
  });

  const overtaking: [string, (fn: Memoized<(key: number) => number>) => void][] = [
    ["set", (fn) => fn.cache.set([1], 77)],
    ["delete", (fn) => fn.cache.delete(1)],
    ["clear", (fn) => fn.cache.clear()],
    ["clearAll", () => clearAll()],
    ["refresh", (fn) => fn.cache.refresh(1)],
    ["switching memoization off", () => configure({ enabled: false })],
  ];

  test.each(overtaking)("a scheduled refresh that %s overtakes runs nothing", (_, overtake) => {
    const { fn, time, state } = counting({ staleWhileRevalidate: 100 });
    fn(1);
    time.pass(10);
    fn(1);
    overtake(fn);
    const { runs } = state;
    const before = fn.cache.peek(1);
    time.pass(0);
    expect(state.runs).toBe(runs);
    expect(fn.cache.peek(1)).toBe(before);
    expect(fn.cache.stats().refreshes).toBe(0);
  });

  test("after memoization was switched off and on again, the next stale hit schedules anew", () => {
    const { fn, time, state } = counting({ staleWhileRevalidate: 100 });
    fn(1);
    time.pass(10);
    fn(1);
    configure({ enabled: false });
    time.pass(0);
    configure({ enabled: true });
    expect([fn(1), state.runs]).toEqual([1, 1]);
    time.pass(0);
    expect([fn(1), state.runs]).toEqual([2, 2]);
  });

  test("a refresh whose entry was evicted runs nothing", () => {
    const { fn, time, state } = counting({
      staleWhileRevalidate: 100,
      maxEntries: 1,
      policy: "lru",
    });
    fn(1);
    time.pass(10);
    fn(1);
    fn(2);
    time.pass(0);
    expect(state.runs).toBe(2);
    expect(fn.cache.has(1)).toBe(false);
  });

  test("a refresh whose entry has expired runs nothing", () => {
    const late: (() => void)[] = [];
    const { fn, time, state } = counting({
      staleWhileRevalidate: 100,
      schedule: (callback) => (late.push(callback), () => {}),
    });
    fn(1);
    time.pass(10);
    fn(1);
    time.pass(100);
    late[0]?.();
    expect(state.runs).toBe(1);
    expect(fn(1)).toBe(2);
  });

  describe.each<[string, (fn: Memoized<(key: number) => number>) => void, number | undefined]>([
    ["set", (fn) => fn.cache.set([1], 77), 77],
    ["delete", (fn) => fn.cache.delete(1), undefined],
    ["clear", (fn) => fn.cache.clear(), undefined],
    ["clearAll", () => clearAll(), undefined],
  ])("during the run, %s wins over its result", (_, overtake, expected) => {
    test.each([{}, { recursion: "off" as const }, { maxEntries: 5 }])("with %o", (more) => {
      const time = new FakeTime();
      let runs = 0;
      const fn: Memoized<(key: number) => number> = memoize(
        (_key: number): number => {
          if (++runs === 2) overtake(fn);
          return runs;
        },
        { ttl: 10, staleWhileRevalidate: 100, clock: time.clock, schedule: time.schedule, ...more },
      );
      fn(1);
      time.pass(10);
      fn(1);
      time.pass(0);
      expect(runs).toBe(2);
      expect(fn.cache.peek(1)).toBe(expected);
      expect(fn.cache.size).toBe(expected === undefined ? 0 : 1);
    });

    test("and over its failure, which is not remembered", () => {
      const time = new FakeTime();
      let runs = 0;
      const fn: Memoized<(key: number) => number> = memoize(
        (_key: number): number => {
          if (++runs === 1) return 1;
          overtake(fn);
          throw new Error("no");
        },
        {
          ttl: 10,
          staleWhileRevalidate: 100,
          rememberErrors: 50,
          clock: time.clock,
          schedule: time.schedule,
        },
      );
      fn(1);
      time.pass(10);
      fn(1);
      time.pass(0);
      expect(runs).toBe(2);
      expect(fn.cache.peek(1)).toBe(expected);
      expect(fn.cache.explain(1).outcome).toBe(expected === undefined ? "run" : "hit");
    });
  });

  test("clear wins over all refreshes that are running, one inside another", () => {
    const time = new FakeTime();
    let isRefresh = false;
    const other = memoize(() => 0);
    const fn: Memoized<(key: number) => number> = memoize(
      (key: number): number => {
        if (isRefresh && key === 1) other();
        if (isRefresh && key === 2) fn.cache.clear();
        return key;
      },
      {
        ttl: 10,
        staleWhileRevalidate: 100,
        clock: time.clock,
        schedule: (callback) => (callback(), () => {}),
      },
    );
    fn(1);
    fn(2);
    time.pass(10);
    isRefresh = true;
    other.cache.on("miss", () => fn(2));
    expect(fn(1)).toBe(1);
    expect(fn.cache.stats()).toMatchObject({ entries: 0, refreshes: 2 });
  });

  test("a refresh that is scheduled again by a later stale hit after the key was set and went stale", () => {
    const { fn, time, state } = counting({ staleWhileRevalidate: 100, schedule: () => () => {} });
    const { schedule } = time;
    let scheduledTimes = 0;
    const other = memoize((_: number) => ++state.runs, {
      ttl: 10,
      staleWhileRevalidate: 100,
      clock: time.clock,
      schedule: (callback, milliseconds) => (scheduledTimes++, schedule(callback, milliseconds)),
    });
    fn(1);
    other(1);
    time.pass(10);
    other(1);
    other.cache.set([1], 50);
    time.now += 10;
    expect(other(1)).toBe(50);
    expect(scheduledTimes).toBe(2);
    time.pass(0);
    // The first callback finds nothing, the second refreshes.
    expect([other(1), other.cache.stats().refreshes]).toEqual([3, 1]);
  });

  test("a refresh that fails leaves the old entry, whose end stays where it was", () => {
    const { fn, time, state } = counting({ staleWhileRevalidate: 100 });
    const errors: unknown[] = [];
    fn.cache.on("error", ({ error }) => errors.push((error as Error).message));
    fn(1);
    time.pass(60);
    state.isFailing = true;
    expect(fn(1)).toBe(1);
    time.pass(0);
    expect(errors).toEqual(["run 2"]);
    expect(fn(1)).toBe(1);
    expect(fn.cache.explain(1)).toMatchObject({ outcome: "stale", staleUntil: 110 });
    time.pass(50);
    expect(fn.cache.has(1)).toBe(false);
    expect(() => fn(1)).toThrow();
  });

  test("without a pause, each stale hit after a failed refresh schedules another, one at a time", () => {
    const { fn, time, state } = counting({ staleWhileRevalidate: 100 });
    fn.cache.on("error", () => {});
    fn(1);
    time.pass(10);
    state.isFailing = true;
    for (let round = 0; round < 3; round++) {
      fn(1);
      fn(1);
      expect(time.timers).toBe(1);
      time.pass(0);
    }
    expect(state.runs).toBe(4);
    expect(fn.cache.stats()).toMatchObject({ refreshes: 3, rescued: 0, misses: 1, staleHits: 6 });
  });

  test("with rememberErrors, the pause after a failed refresh is as long, and the failure is no entry", () => {
    const { fn, time, state } = counting({ staleWhileRevalidate: 100, rememberErrors: 20 });
    fn(1);
    time.pass(10);
    state.isFailing = true;
    fn(1);
    time.pass(0);
    expect(state.runs).toBe(2);
    expect(fn(1)).toBe(1);
    expect(time.timers).toBe(0);
    expect(fn.cache.explain(1)).toMatchObject({ outcome: "stale", reason: "failed" });
    time.pass(19);
    fn(1);
    expect(time.timers).toBe(0);
    time.pass(1);
    fn(1);
    expect(time.timers).toBe(1);
  });

  test("a refresh runs outside of any run, with a depth and a clock reading of its own", () => {
    const time = new FakeTime();
    let version = 1;
    const late: (() => void)[] = [];
    const inner = memoize((n: number): number => n * version, {
      ttl: 10,
      staleWhileRevalidate: 100,
      clock: time.clock,
      schedule: (callback) => (late.push(callback), () => {}),
    });
    const outer = memoize((n: number): number => {
      const value = inner(n);
      for (const callback of late.splice(0)) callback();
      return value;
    });
    expect(inner(2)).toBe(2);
    time.now = 10;
    version = 10;
    expect(outer(2)).toBe(2);
    expect(inner(2)).toBe(20);
    expect(inner.cache.stats().refreshes).toBe(1);
  });

  test("a schedule that calls at once refreshes in the caller's time, who gets the old result", () => {
    const { fn, time, state } = counting({
      staleWhileRevalidate: 100,
      schedule: (callback) => (callback(), () => {}),
    });
    fn(1);
    time.pass(10);
    expect([fn(1), state.runs]).toEqual([1, 2]);
    expect([fn(1), state.runs]).toEqual([2, 2]);
  });

  test("a schedule that calls twice refreshes once", () => {
    const { fn, time, state } = counting({
      staleWhileRevalidate: 100,
      schedule: (callback) => (callback(), callback(), () => {}),
    });
    fn(1);
    time.pass(10);
    fn(1);
    expect(state.runs).toBe(2);
  });

  test("a schedule that throws costs a refresh, and no call; the next stale hit tries again", () => {
    let isBroken = true;
    const { fn, time, state } = counting({
      staleWhileRevalidate: 100,
      schedule: (callback) => {
        if (isBroken) throw new Error("no timers");
        callback();
        return () => {};
      },
    });
    fn(1);
    time.pass(10);
    expect([fn(1), fn(1), state.runs]).toEqual([1, 1, 1]);
    isBroken = false;
    expect([fn(1), state.runs]).toEqual([1, 2]);
  });

  test("a schedule that calls at once and throws afterwards costs nothing", async () => {
    let time = 0;
    let runs = 0;
    const fn = memoize(
      (_: number): number | Promise<number> => (++runs === 1 ? 1 : Promise.resolve(runs)),
      {
        ttl: 10,
        staleWhileRevalidate: 100,
        clock: () => time,
        schedule: (callback) => {
          callback();
          throw new Error("no timers");
        },
      },
    );
    void fn(1);
    time = 10;
    expect([fn(1), fn(1), runs]).toEqual([1, 1, 2]);
    await drained();
    expect([await fn(1), runs]).toEqual([2, 2]);
  });

  test("a clock that fails in a timer costs a refresh; the next stale hit tries again", () => {
    let isBroken = false;
    const time = new FakeTime();
    const { fn, state } = counting({
      staleWhileRevalidate: 100,
      schedule: time.schedule,
      clock: () => {
        if (isBroken) throw new Error("no clock");
        return time.now;
      },
    });
    fn(1);
    time.pass(10);
    fn(1);
    isBroken = true;
    time.pass(0);
    isBroken = false;
    expect([fn(1), state.runs]).toEqual([1, 1]);
    time.pass(0);
    expect([fn(1), state.runs]).toEqual([2, 2]);
  });

  test("with a schedule that never calls, a call runs itself when the window has ended", () => {
    const { fn, time } = counting({ staleWhileRevalidate: 100, schedule: () => () => {} });
    fn(1);
    time.pass(10);
    fn(1);
    time.pass(100);
    expect(fn(1)).toBe(2);
    expect(fn(1)).toBe(2);
  });

  test("the platform's timers are looked up late, so fake ones work", () => {
    vi.useFakeTimers({ now: 0 });
    let runs = 0;
    const fn = memoize((_: number) => ++runs, { ttl: 10, staleWhileRevalidate: 100 });
    fn(1);
    vi.advanceTimersByTime(50);
    expect(fn(1)).toBe(1);
    vi.advanceTimersByTime(1);
    expect(fn(1)).toBe(2);
  });

  test("a scheduled refresh does not keep a process alive", () => {
    const { out, status } = runModule(`
      let runs = 0;
      let time = 0;
      const fn = rote.memoize((_) => ++runs, { ttl: 10, staleWhileRevalidate: 1e9, clock: () => time });
      fn(1);
      time = 10;
      fn(1);
      process.on("exit", () => console.log(runs));
    `);
    expect([out, status]).toEqual(["1", 0]);
  });
});

describe("staleWhileRevalidate and recursion", () => {
  test("a refresh is made of fresh results: its own stale ones are run again", () => {
    const time = new FakeTime();
    let version = 1;
    let runs = 0;
    const sum: Memoized<(n: number) => number> = memoize(
      (n: number): number => (runs++, n === 0 ? version : sum(n - 1) + version),
      { ttl: 10, staleWhileRevalidate: 100, clock: time.clock, schedule: time.schedule },
    );
    expect(sum(5)).toBe(6);
    time.pass(10);
    version = 2;
    expect(sum(5)).toBe(6);
    time.pass(0);
    expect(runs).toBe(12);
    expect(sum(5)).toBe(12);
    expect(sum.cache.stats()).toMatchObject({ staleHits: 1, refreshes: 1, entries: 6 });
  });

  test("deeper than the stack, a refresh costs at most two runs for each call", () => {
    const time = new FakeTime();
    let version = 1;
    let runs = 0;
    const depth = 20_000;
    const sum: Memoized<(n: number) => number> = memoize(
      (n: number): number => (runs++, n === 0 ? version : sum(n - 1) + version),
      { ttl: 1e6, staleWhileRevalidate: 1e9, clock: time.clock, schedule: time.schedule },
    );
    sum(depth);
    runs = 0;
    time.pass(1e6);
    version = 2;
    sum(depth);
    time.pass(0);
    expect(runs).toBeLessThanOrEqual(2 * (depth + 1));
    expect(sum(depth)).toBe(2 * (depth + 1));
  });

  test("another function's stale result is returned inside a run, and refreshed afterwards", () => {
    const { fn, time, state } = counting({ staleWhileRevalidate: 100 });
    const twice = memoize((key: number) => 2 * fn(key), { ttl: 1, clock: time.clock });
    fn(1);
    time.pass(10);
    expect(twice(1)).toBe(2);
    expect(state.runs).toBe(1);
    time.pass(1);
    expect(twice(1)).toBe(4);
  });

  test.each(["total", "load"] as const)(
    "methods that ask other objects are a recursion, too: %s",
    async (method) => {
      const time = new FakeTime();
      let version = 1;
      class Folder {
        readonly inner: Folder | undefined;
        constructor(depth: number) {
          if (depth > 0) this.inner = new Folder(depth - 1);
        }
        total(): number {
          return version + (this.inner?.total() ?? 0);
        }
        async load(): Promise<number> {
          return version + ((await this.inner?.load()) ?? 0);
        }
      }
      const options = { ttl: 10, staleWhileRevalidate: 100, clock: time.clock };
      memoizeMethods(Folder, { total: { ...options, schedule: time.schedule }, load: options });
      const root = new Folder(4);
      expect(await root[method]()).toBe(5);
      time.pass(10);
      version = 2;
      expect(await root[method]()).toBe(5);
      time.pass(0);
      await drained();
      expect(await root[method]()).toBe(10);
    },
  );

  test("in an async recursion, the function's own stale results are refreshed and waited for", async () => {
    const time = new FakeTime();
    let version = 1;
    const sum: Memoized<(n: number) => Promise<number>> = memoize(
      async (n: number): Promise<number> => (n === 0 ? version : (await sum(n - 1)) + version),
      { ttl: 10, staleWhileRevalidate: 100, clock: time.clock },
    );
    expect(await valueOf(sum(5))).toBe(6);
    time.pass(10);
    version = 2;
    expect(await valueOf(sum(5))).toBe(6);
    await drained();
    expect(await valueOf(sum(5))).toBe(12);
  });
});

describe.each(kinds)("staleWhileRevalidate, for a function %s", (kind) => {
  test("a stale hit returns the old promise at once and starts one refresh, however many ask", async () => {
    const { fn, stale, runs, end } = loading(kind, { staleWhileRevalidate: 100 });
    await stale();
    const old = fn.cache.peek(1);
    expect([fn(1), fn(1), fn(1)]).toEqual([old, old, old]);
    expect(fn(1)).toBe(old);
    expect(runs.length).toBe(2);
    expect(await valueOf(fn(1))).toBe("value 0");
    expect(fn.cache.stats()).toMatchObject({ inFlight: 1, entries: 1, refreshes: 1, staleHits: 5 });
    await end(1);
    expect(await valueOf(fn(1))).toBe("value 1");
    expect(runs.length).toBe(2);
    expect(fn.cache.stats()).toMatchObject({
      hits: 6,
      staleHits: 5,
      misses: 1,
      runs: 2,
      refreshes: 1,
      coalesced: 0,
      inFlight: 0,
      entries: 1,
      removals: { replaced: 1, deleted: 0, expired: 0 },
    });
  });

  test("after the window, calls join the refresh that is in flight", async () => {
    const { fn, stale, runs, end, time } = loading(kind, { staleWhileRevalidate: 100 });
    await stale();
    expect(await valueOf(fn(1))).toBe("value 0");
    time.pass(99);
    expect(await valueOf(fn(1))).toBe("value 0");
    time.pass(1);
    const joined = fn(1);
    expect((await outcomeOf(joined)).state).toBe("pending");
    expect(fn.cache.stats()).toMatchObject({ inFlight: 1, entries: 0, coalesced: 1 });
    await end(1);
    expect(await valueOf(joined)).toBe("value 1");
    expect(await valueOf(fn(1))).toBe("value 1");
    expect(runs.length).toBe(2);
  });

  test("the sweep, too, leaves a refresh in flight to be joined", async () => {
    const { fn, stale, runs, end, time } = loading(kind, { staleWhileRevalidate: 100 });
    await stale();
    void fn(1);
    time.pass(100);
    expect(fn.cache.size).toBe(0);
    expect(fn.cache.stats()).toMatchObject({ inFlight: 1, removals: { expired: 1 } });
    const joined = fn(1);
    await end(1);
    expect(await valueOf(joined)).toBe("value 1");
    expect(runs.length).toBe(2);
    expect(fn.cache.size).toBe(1);
  });

  test("a bound that drops the entry leaves a refresh in flight to be joined", async () => {
    const { fn, stale, runs, end } = loading(kind, {
      staleWhileRevalidate: 100,
      maxEntries: 1,
      policy: "lru",
    });
    await stale();
    void fn(1);
    const two = fn(2);
    await end(2);
    expect(await valueOf(two)).toBe("value 2");
    expect(fn.cache.stats()).toMatchObject({ entries: 1, inFlight: 1, removals: { evicted: 1 } });
    const joined = fn(1);
    await end(1);
    expect(await valueOf(joined)).toBe("value 1");
    expect(runs.length).toBe(3);
    expect(fn.cache.size).toBe(1);
  });

  test("a refresh that fails leaves the old entry until its own end, and rejects nothing", async () => {
    const { fn, stale, fail, time, runs } = loading(kind, { staleWhileRevalidate: 100 });
    const errors: unknown[] = [];
    fn.cache.on("error", ({ error }) => errors.push((error as Error).message));
    await stale();
    const old = fn(1);
    await fail(1);
    expect(errors).toEqual(["failure 1"]);
    expect(fn.cache.explain(1)).toMatchObject({
      outcome: "stale",
      staleUntil: 110,
      isRefreshing: false,
    });
    expect(fn(1)).toBe(old);
    await fail(2);
    expect(runs.length).toBe(3);
    time.pass(100);
    expect(fn.cache.size).toBe(0);
    const last = reasonOf(fn(1));
    await fail(3);
    expect(await last).toMatchObject({ message: "failure 3" });
    expect(fn.cache.stats()).toMatchObject({ refreshes: 2, rescued: 0 });
  });

  test.each<[string, (fn: Memoized<Load>) => void, string | undefined]>([
    ["set", (fn) => fn.cache.set([1], Promise.resolve("set")), "set"],
    ["delete", (fn) => fn.cache.delete(1), undefined],
    ["clear", (fn) => fn.cache.clear(), undefined],
    ["clearAll", () => clearAll(), undefined],
  ])(
    "a refresh that %s overtakes is dropped, whatever it comes to",
    async (_, overtake, expected) => {
      for (const outcome of ["end", "fail"] as const) {
        const subject = loading(kind, { staleWhileRevalidate: 100, staleIfError: 100 });
        const { fn, stale } = subject;
        await stale();
        void fn(1);
        overtake(fn);
        await drained();
        await subject[outcome](1);
        const found = fn.cache.peek(1);
        expect(found && (await valueOf(found))).toBe(expected);
        expect(fn.cache.stats()).toMatchObject({
          inFlight: 0,
          entries: expected === undefined ? 0 : 1,
        });
      }
    },
  );

  test("an explicit refresh overtakes one in the background", async () => {
    const { fn, stale, runs, end } = loading(kind, { staleWhileRevalidate: 100 });
    await stale();
    void fn(1);
    const asked = fn.cache.refresh(1);
    expect(runs.length).toBe(3);
    await end(1);
    expect((await outcomeOf(asked)).state).toBe("pending");
    await end(2);
    expect(await valueOf(asked)).toBe("value 2");
    expect(await valueOf(fn(1))).toBe("value 2");
  });

  test("a refresh whose ttl function throws leaves the old entry, and no flight", async () => {
    let isBroken = false;
    const { fn, stale, end } = loading(kind, {
      staleWhileRevalidate: 100,
      ttl: () => {
        if (isBroken) throw new Error("no idea");
        return 10;
      },
    });
    await stale();
    isBroken = true;
    void fn(1);
    await end(1);
    expect(fn.cache.stats()).toMatchObject({ inFlight: 0, entries: 1 });
    expect(await valueOf(fn(1))).toBe("value 0");
  });
});

describe("a refresh in the background", () => {
  test.each(["async", "async: true"] as const)(
    "of a function %s gets a signal that no caller fires",
    async (kind) => {
      const { fn, stale, signals, end } = loading(kind, { staleWhileRevalidate: 100 });
      await stale();
      const controller = new AbortController();
      const old = fn(1, controller.signal);
      expect(signals.length).toBe(2);
      expect(signals[1]).not.toBe(controller.signal);
      controller.abort(new Error("left"));
      expect(await valueOf(old)).toBe("value 0");
      expect(signals[1]?.aborted).toBe(false);
      await end(1);
      expect(await valueOf(fn(1))).toBe("value 1");
    },
  );

  test("is not aborted by callers who joined it after the window and left", async () => {
    const { fn, stale, signals, end, time } = loading("async", { staleWhileRevalidate: 100 });
    await stale();
    void fn(1, new AbortController().signal);
    time.pass(100);
    const controller = new AbortController();
    const joined = fn(1, controller.signal);
    controller.abort("left");
    expect(await reasonOf(joined)).toBe("left");
    expect(signals[1]?.aborted).toBe(false);
    await end(1);
    expect(await valueOf(fn(1))).toBe("value 1");
  });

  test("is timed for itself, whoever began it", async () => {
    const { fn, stale, end } = loading("async", { staleWhileRevalidate: 100 });
    await stale();
    const outer = memoize(async (): Promise<string> => await fn(1));
    const { runTime } = fn.cache.stats();
    expect(await valueOf(outer())).toBe("value 0");
    await end(1);
    expect(fn.cache.stats().runTime).toBeGreaterThan(runTime);
  });

  test("is no part of the flight that began it: it may wait for that", async () => {
    const time = new FakeTime();
    let isRefresh = false;
    const gate = deferred<void>();
    const slow: Memoized<() => Promise<string>> = memoize(async (): Promise<string> => {
      const got = await rate("EUR");
      await gate.promise;
      return `slow ${got}`;
    });
    const rate: Memoized<(currency: string) => Promise<string>> = memoize(
      async (currency: string): Promise<string> =>
        isRefresh ? `${currency} after ${await slow()}` : currency,
      { ttl: 10, staleWhileRevalidate: 100, clock: time.clock },
    );
    await rate("EUR");
    time.pass(10);
    isRefresh = true;
    const whole = slow();
    await drained();
    gate.resolve();
    expect(await valueOf(whole)).toBe("slow EUR");
    await drained();
    expect(await valueOf(rate("EUR"))).toBe("EUR after slow EUR");
  });

  test.each(["a promise", "a value"])(
    "is no part of it either where the function is not async, and the old result is %s",
    async (old) => {
      let time = 0;
      let isRefresh = false;
      const gate = deferred<void>();
      const slow: Memoized<() => Promise<string>> = memoize(async (): Promise<string> => {
        const got = await rate("EUR");
        await gate.promise;
        return `slow ${got}`;
      });
      const rate: Memoized<(currency: string) => string | Promise<string>> = memoize(
        (currency: string): string | Promise<string> => {
          if (isRefresh) return slow().then((got) => `${currency} after ${got}`);
          return old === "a promise" ? Promise.resolve(currency) : currency;
        },
        { ttl: 10, staleWhileRevalidate: 100, clock: () => time },
      );
      await rate("EUR");
      time = 10;
      isRefresh = true;
      const whole = slow();
      // By the platform's timers, which run as part of the flight in which they were begun.
      await new Promise((resolve) => setTimeout(resolve, 5));
      gate.resolve();
      expect(await valueOf(whole)).toBe("slow EUR");
      await drained();
      expect(await rate("EUR")).toBe("EUR after slow EUR");
    },
  );

  test("of a function that throws before there is a promise leaves the caller its old result", async () => {
    const time = new FakeTime();
    let isFailing = false;
    for (const options of [{ async: true }, {}]) {
      isFailing = false;
      const fn = memoize(
        (n: number): Promise<number> => {
          if (isFailing) throw new Error("at once");
          return Promise.resolve(n);
        },
        { ttl: 10, staleWhileRevalidate: 100, clock: time.clock, ...options },
      );
      const errors: unknown[] = [];
      fn.cache.on("error", ({ error }) => errors.push((error as Error).message));
      await fn(1);
      time.pass(10);
      isFailing = true;
      expect(await valueOf(fn(1))).toBe(1);
      expect(errors).toEqual(["at once"]);
      expect(fn.cache.stats()).toMatchObject({ inFlight: 0, entries: 1, refreshes: 1 });
    }
  });

  test("of a function that returns thenables hands out the old one, and then the new one", async () => {
    class Lazy {
      readonly promise: Promise<string>;
      constructor(promise: Promise<string>) {
        this.promise = promise;
      }
      then<A, B>(yes?: (value: string) => A, no?: (reason: unknown) => B): Promise<A | B> {
        return this.promise.then(yes, no);
      }
    }
    const time = new FakeTime();
    const runs: Lazy[] = [];
    const fn = memoize(
      (_: number): Lazy => {
        const lazy = new Lazy(Promise.resolve(`value ${runs.length}`));
        runs.push(lazy);
        return lazy;
      },
      { ttl: 10, staleWhileRevalidate: 100, clock: time.clock },
    );
    expect(fn(1)).toBe(runs[0]);
    await drained();
    time.pass(10);
    expect(fn(1)).toBe(runs[0]);
    expect(runs.length).toBe(2);
    await drained();
    expect(fn(1)).toBe(runs[1]);
  });

  test("fails with one warning in development, unless somebody listens", () => {
    const program = (listen: string): string => `
      let time = 0;
      let isFailing = false;
      const schedule = (callback) => (callback(), () => {});
      const fn = rote.memoize((n) => { if (isFailing) throw new TypeError("secret " + n); return n; },
        { name: "load", ttl: 10, staleWhileRevalidate: 100, clock: () => time, schedule });
      ${listen}
      fn(1);
      time = 10;
      isFailing = true;
      fn(1);
      fn(1);
    `;
    const { err } = runModule(program(""));
    expect(err.match(/ROTE_REFRESH/g)).toHaveLength(1);
    expect(err).toContain('A refresh of "load" in the background has failed: TypeError.');
    expect(err).not.toContain("secret");
    expect(runModule(program('fn.cache.on("error", () => {});')).err).toBe("");
    expect(runModule(program(""), { NODE_ENV: "production" }).err).toBe("");
  });

  test.each([
    "async (n) => { if (isFailing) throw new TypeError(); return n; }",
    "(n) => (isFailing ? Promise.reject(new TypeError()) : Promise.resolve(n))",
  ])("and so it does with staleIfError, for %s", (fn) => {
    const { err } = runModule(`
        let time = 0;
        let isFailing = false;
        const fn = rote.memoize(${fn},
          { name: "load", ttl: 10, staleWhileRevalidate: 100, staleIfError: 100, clock: () => time });
        await fn(1);
        time = 10;
        isFailing = true;
        await fn(1);
        await new Promise((resolve) => setTimeout(resolve, 5));
        await fn(1);
      `);
    expect(err.match(/ROTE_REFRESH/g)).toHaveLength(1);
  });
});

describe("staleIfError, for a function that is not async", () => {
  test("a run that throws returns the old result, tells the error, and the function is left alone for a second", () => {
    const { fn, time, state } = counting({ staleIfError: 5000 });
    const told: CacheEvents["error"][] = [];
    fn.cache.on("error", (event) => told.push(event as CacheEvents["error"]));
    fn(1);
    time.pass(10);
    state.isFailing = true;
    expect(fn(1)).toBe(1);
    expect(told.map(({ error }) => (error as Error).message)).toEqual(["run 2"]);
    expect(fn.cache.stats()).toMatchObject({ hits: 0, misses: 2, rescued: 1, staleHits: 0 });
    time.pass(999);
    expect([fn(1), state.runs]).toEqual([1, 2]);
    expect(fn.cache.stats()).toMatchObject({ hits: 1, staleHits: 1, rescued: 1 });
    time.pass(1);
    expect([fn(1), state.runs]).toEqual([1, 3]);
    state.isFailing = false;
    time.pass(1000);
    expect([fn(1), state.runs]).toEqual([4, 4]);
  });

  test("the window ends to the millisecond, also for the pause", () => {
    const { fn, time, state } = counting({ staleIfError: 100 });
    fn(1);
    time.pass(109);
    state.isFailing = true;
    expect(fn(1)).toBe(1);
    expect(fn.cache.explain(1)).toMatchObject({
      outcome: "stale",
      reason: "failed",
      staleUntil: 110,
    });
    time.pass(1);
    expect(() => fn(1)).toThrow("run 3");
    expect(fn.cache.size).toBe(0);
  });

  test("a run that fails after the window has ended meanwhile reaches its caller", () => {
    const time = new FakeTime();
    let isFailing = false;
    const fn = memoize(
      (n: number): number => {
        time.now += 50;
        if (isFailing) throw new Error("too late");
        return n;
      },
      { ttl: 10, staleIfError: 100, clock: time.clock },
    );
    fn(1);
    time.now += 80;
    isFailing = true;
    expect(() => fn(1)).toThrow("too late");
  });

  test("also one that has called itself before", () => {
    const time = new FakeTime();
    let isFailing = false;
    const fn: Memoized<(n: number) => number> = memoize(
      (n: number): number => {
        if (n > 0) fn(n - 1);
        time.now += 30;
        if (isFailing && n > 0) throw new Error("too late");
        return n;
      },
      { ttl: 10, staleIfError: 100, clock: time.clock },
    );
    fn(1);
    time.now += 60;
    isFailing = true;
    expect(() => fn(1)).toThrow("too late");
  });

  test("a chain deeper than the stack meets the failure once, also without a pause", () => {
    for (let length = 1; length < 30; length++) {
      const time = new FakeTime();
      let failures = 0;
      let isFailing = false;
      const sum: Memoized<(n: number) => number> = memoize(
        (n: number): number => {
          if (n > 0) return sum(n - 1) + 1;
          if (!isFailing) return 0;
          failures++;
          throw new Error("no");
        },
        { ttl: 10, staleIfError: 1000, rememberErrors: 0, clock: time.clock, depthLimit: 5 },
      );
      sum(length);
      time.pass(10);
      isFailing = true;
      expect([sum(length), failures]).toEqual([length, 1]);
    }
  });

  test("in a chain deeper than the stack, whoever else asks for what has failed gets the old result, too", () => {
    for (let length = 1; length < 30; length++) {
      const time = new FakeTime();
      let version = 1;
      const sum: Memoized<(n: number) => number> = memoize(
        (n: number): number => {
          if (n > 0) return sum(n - 1) + sum(0) + sum(0) + version;
          if (version === 1) return 0;
          throw new Error("no");
        },
        { ttl: 10, staleIfError: 1000, rememberErrors: 0, clock: time.clock, depthLimit: 5 },
      );
      sum(length);
      time.pass(10);
      version = 2;
      expect(sum(length)).toBe(2 * length);
    }
  });

  test("that there is no stack left is no failure, and reaches the caller", () => {
    const time = new FakeTime();
    let isFailing = false;
    const fn = memoize(
      (n: number): number => {
        if (isFailing) throw new RoteError("ERR_DEPTH", "no stack left");
        return n;
      },
      { ttl: 10, staleIfError: 1000, clock: time.clock },
    );
    fn(1);
    time.pass(10);
    isFailing = true;
    expect(() => fn(1)).toThrow("no stack left");
    isFailing = false;
    expect(fn(1)).toBe(1);
  });

  test("rememberErrors says how long the pause is, 0 that there is none", () => {
    const { fn, time, state } = counting({ staleIfError: 100, rememberErrors: 20 });
    fn(1);
    time.pass(10);
    state.isFailing = true;
    fn(1);
    time.pass(19);
    fn(1);
    expect(state.runs).toBe(2);
    time.pass(1);
    fn(1);
    expect(state.runs).toBe(3);
    const none = counting({ staleIfError: 100, rememberErrors: 0 });
    none.fn(1);
    none.time.pass(10);
    none.state.isFailing = true;
    expect([none.fn(1), none.fn(1), none.state.runs]).toEqual([1, 1, 3]);
  });

  test("without an old result a failure is as ever: thrown, and remembered if that is asked for", () => {
    const { fn, time, state } = counting({ staleIfError: 100, rememberErrors: 20 });
    state.isFailing = true;
    expect(() => fn(1)).toThrow("run 1");
    expect(() => fn(1)).toThrow("run 1");
    time.pass(20);
    expect(() => fn(1)).toThrow("run 2");
    const plain = counting({ staleIfError: 100 });
    plain.state.isFailing = true;
    expect(() => plain.fn(1)).toThrow("run 1");
    expect(() => plain.fn(1)).toThrow("run 2");
  });

  test("after the window the failure is remembered again", () => {
    const { fn, time, state } = counting({ staleIfError: 100, rememberErrors: 1000 });
    fn(1);
    time.pass(10);
    state.isFailing = true;
    expect(fn(1)).toBe(1);
    time.pass(100);
    expect(() => fn(1)).toThrow("run 3");
    expect(() => fn(1)).toThrow("run 3");
  });

  test("refresh throws all the same, leaves the old result, and begins the pause", () => {
    const { fn, time, state } = counting({ staleIfError: 100 });
    fn(1);
    time.pass(10);
    state.isFailing = true;
    expect(() => fn.cache.refresh(1)).toThrow("run 2");
    expect([fn(1), state.runs]).toEqual([1, 2]);
    expect(fn.cache.stats().rescued).toBe(0);
  });

  test("undefined and null are results like any other", () => {
    for (const value of [undefined, null]) {
      const time = new FakeTime();
      let isFailing = false;
      const fn: Memoized<(n: number) => unknown> = memoize(
        (n: number): unknown => {
          if (n > 0) return [fn(n - 1)];
          if (isFailing) throw new Error("no");
          return value;
        },
        { ttl: 10, staleIfError: 100, clock: time.clock, depthLimit: 2 },
      );
      fn(0);
      time.pass(10);
      isFailing = true;
      expect(fn(0)).toBe(value);
      expect(fn(1)).toEqual([value]);
      time.pass(10);
      expect(fn.cache.refresh(5)).toEqual([[[[[value]]]]]);
    }
  });

  test.each([
    {},
    { recursion: "off" as const },
    { depthLimit: 1 },
    { depthLimit: 3 },
    { maxEntries: 2 },
  ])(
    "inside a recursion, with %o, the one that fails is replaced and those above it are run",
    (options) => {
      const time = new FakeTime();
      let version = 1;
      const failing = new Set<number>();
      let failures = 0;
      const sum: Memoized<(n: number) => number> = memoize(
        (n: number): number => {
          if (failing.has(n)) {
            failures++;
            throw new Error(`no ${n}`);
          }
          return n === 0 ? version : sum(n - 1) + version;
        },
        { ttl: 1000, staleIfError: 1e6, clock: time.clock, ...options },
      );
      expect(sum(6)).toBe(7);
      const isKept = options.maxEntries === undefined;
      time.pass(1000);
      version = 10;
      failing.add(4);
      if (isKept) {
        // 4 stands for 5 as it was, and two more levels are new.
        expect(sum(6)).toBe(25);
        expect(failures).toBe(1);
        expect(sum.cache.stats().rescued).toBe(1);
      } else {
        // 4 was evicted and cannot stand in, so its error goes up to 5, of which there is an old result.
        expect(sum(6)).toBe(16);
      }
    },
  );

  test("a suspension is no failure: deep recursion goes on", () => {
    const time = new FakeTime();
    let runs = 0;
    const depth = 20_000;
    let version = 1;
    const sum: Memoized<(n: number) => number> = memoize(
      (n: number): number => (runs++, n === 0 ? version : sum(n - 1) + version),
      { ttl: 1000, staleIfError: 1e6, clock: time.clock },
    );
    sum(depth);
    time.pass(1000);
    version = 2;
    runs = 0;
    expect(sum(depth)).toBe(2 * (depth + 1));
    expect(runs).toBeLessThanOrEqual(2 * (depth + 1));
    expect(sum.cache.stats().rescued).toBe(0);
  });

  test("a genuine stack overflow is no failure: it reaches the caller", () => {
    const time = new FakeTime();
    let isDeep = false;
    const plunge = (): number => 1 + plunge();
    for (const recursion of ["restart", "off"] as const) {
      isDeep = false;
      const fn = memoize((n: number): number => (isDeep ? plunge() : n), {
        ttl: 10,
        staleIfError: 100,
        clock: time.clock,
        recursion,
      });
      fn(1);
      time.pass(10);
      isDeep = true;
      expect(() => fn(1)).toThrow(RangeError);
      expect(fn.cache.stats().rescued).toBe(0);
      isDeep = false;
      expect(fn(1)).toBe(1);
    }
  });

  test("a call that needs its own result fails, whatever is in hand", async () => {
    const time = new FakeTime();
    const options = { ttl: 10, staleIfError: 100, clock: time.clock };
    let isRound = false;
    const round = memoize((n: number): number => (isRound ? round(3 - n) : n), options);
    const later = memoize(
      async (n: number): Promise<number> => (isRound ? await later(3 - n) : n),
      options,
    );
    for (const n of [1, 2]) expect([round(n), await later(n)]).toEqual([n, n]);
    time.pass(10);
    isRound = true;
    expect(() => round(1)).toThrow(expect.objectContaining({ code: "ERR_CYCLE" }));
    await expect(later(1)).rejects.toMatchObject({ code: "ERR_CYCLE" });
    expect(round.cache.stats().rescued + later.cache.stats().rescued).toBe(0);
  });
});

describe.each(kinds)("staleIfError, for a function %s", (kind) => {
  test("callers wait for the run and get the old result if it fails, then at once for a second", async () => {
    const { fn, stale, fail, end, runs, time } = loading(kind, { staleIfError: 5000 });
    const errors: unknown[] = [];
    fn.cache.on("error", ({ error }) => errors.push((error as Error).message));
    await stale();
    const callers = [fn(1), fn(1)];
    expect((await outcomeOf(callers[0] as Promise<string>)).state).toBe("pending");
    await fail(1);
    expect(await Promise.all(callers.map(valueOf))).toEqual(["value 0", "value 0"]);
    expect(errors).toEqual(["failure 1"]);
    expect(fn.cache.stats()).toMatchObject({ rescued: 1, misses: 2, coalesced: 1, staleHits: 0 });
    time.pass(999);
    expect(await valueOf(fn(1))).toBe("value 0");
    expect(runs.length).toBe(2);
    time.pass(1);
    const again = fn(1);
    expect(runs.length).toBe(3);
    await end(2);
    expect(await valueOf(again)).toBe("value 2");
  });

  test("a stack overflow is no failure: it reaches the caller, and begins no pause", async () => {
    const { fn, runs, stale } = loading(kind, { staleIfError: 1000 });
    await stale();
    const reason = reasonOf(fn(1));
    const overflow = thrownBy(function deeper(): void {
      deeper();
    });
    runs[1]?.reject(overflow);
    expect(await reason).toBe(overflow);
    expect(fn.cache.explain(1)).toMatchObject({ outcome: "run", reason: "stale" });
  });

  test("a clock that fails as the run does hides neither its error nor its end", async () => {
    let isBroken = false;
    const time = new FakeTime();
    const { fn, runs, fail, stale } = loading(kind, {
      staleIfError: 100,
      clock: () => {
        if (isBroken) throw new Error("no clock");
        return time.now;
      },
    });
    await stale();
    time.pass(10);
    const reason = reasonOf(fn(1));
    expect(runs.length).toBe(2);
    isBroken = true;
    await fail(1);
    expect(await reason).toEqual(new Error("failure 1"));
    isBroken = false;
    expect(fn.cache.stats()).toMatchObject({ inFlight: 0, entries: 1 });
  });

  test("a run that fails after the window has ended meanwhile rejects", async () => {
    const { fn, stale, fail, time } = loading(kind, { staleIfError: 100 });
    await stale();
    const refused = reasonOf(fn(1));
    time.pass(100);
    await fail(1);
    expect(await refused).toMatchObject({ message: "failure 1" });
    expect(fn.cache.size).toBe(0);
  });

  test("refresh rejects all the same; calls that have joined it get the old result", async () => {
    const { fn, stale, fail, runs } = loading(kind, { staleIfError: 100 });
    await stale();
    const asked = fn.cache.refresh(1);
    const joined = fn(1);
    const refused = reasonOf(asked);
    await fail(1);
    expect(await refused).toMatchObject({ message: "failure 1" });
    expect(await valueOf(joined)).toBe("value 0");
    expect(await valueOf(fn(1))).toBe("value 0");
    expect(runs.length).toBe(2);
  });

  test("those who have joined a refresh that fails get its error from the end of staleIfError on", async () => {
    for (const [passed, state] of [
      [19, "fulfilled"],
      [20, "rejected"],
    ] as const) {
      const { fn, stale, fail, time } = loading(kind, {
        staleWhileRevalidate: 100,
        staleIfError: 20,
      });
      await stale();
      const asked = outcomeOf(fn.cache.refresh(1));
      const joined = outcomeOf(fn(1));
      time.pass(passed);
      await fail(1);
      expect((await asked).state).toBe("rejected");
      expect((await joined).state).toBe(state);
    }
  });

  test("a promise that was set and rejects is no run: it rejects, and the old result is back", async () => {
    const { fn, stale } = loading(kind, { staleIfError: 100 });
    await stale();
    const promised = deferred<string>();
    fn.cache.set([1], promised.promise);
    const joined = fn(1);
    promised.reject(new Error("not set"));
    expect(await reasonOf(joined)).toMatchObject({ message: "not set" });
    expect(fn.cache.explain(1)).toMatchObject({ outcome: "run", reason: "stale" });
  });

  test("with rememberErrors, the old result is better than the failure, until it has ended", async () => {
    const { fn, stale, fail, runs, time } = loading(kind, {
      staleIfError: 100,
      rememberErrors: 500,
    });
    await stale();
    const first = fn(1);
    await fail(1);
    expect(await valueOf(first)).toBe("value 0");
    time.pass(99);
    expect(await valueOf(fn(1))).toBe("value 0");
    time.pass(1);
    const second = reasonOf(fn(1));
    await fail(2);
    expect(await second).toMatchObject({ message: "failure 2" });
    expect(await reasonOf(fn(1))).toMatchObject({ message: "failure 2" });
    expect(runs.length).toBe(3);
  });

  test("past staleWhileRevalidate, callers who joined the refresh get the old result if it fails", async () => {
    const { fn, stale, fail, time, runs } = loading(kind, {
      staleWhileRevalidate: 50,
      staleIfError: 200,
    });
    await stale();
    void fn(1);
    time.pass(50);
    const joined = fn(1);
    expect((await outcomeOf(joined)).state).toBe("pending");
    await fail(1);
    expect(await valueOf(joined)).toBe("value 0");
    expect(await valueOf(fn(1))).toBe("value 0");
    expect(runs.length).toBe(2);
    expect(fn.cache.stats()).toMatchObject({ rescued: 1, refreshes: 1 });
  });

  test("a failed refresh in the background pauses the next one", async () => {
    const { fn, stale, fail, time, runs } = loading(kind, {
      staleWhileRevalidate: 5000,
      staleIfError: 5000,
    });
    await stale();
    void fn(1);
    await fail(1);
    time.pass(999);
    expect(await valueOf(fn(1))).toBe("value 0");
    expect(runs.length).toBe(2);
    expect(fn.cache.stats().rescued).toBe(0);
    time.pass(1);
    expect(await valueOf(fn(1))).toBe("value 0");
    expect(runs.length).toBe(3);
  });
});

describe.each(kinds)("timeout with a stale result in hand, for a function %s", (kind) => {
  test("the caller gets that instead of ERR_TIMEOUT; the run goes on and its result is kept", async () => {
    const { fn, stale, end, time } = loading(kind, { staleIfError: 1000, timeout: 30 });
    await stale();
    const caller = fn(1);
    time.pass(29);
    expect((await outcomeOf(caller)).state).toBe("pending");
    time.pass(1);
    expect(await valueOf(caller)).toBe("value 0");
    expect(fn.cache.stats().rescued).toBe(1);
    await end(1);
    expect(await valueOf(fn(1))).toBe("value 1");
  });

  test("also past staleWhileRevalidate, where staleIfError is longer", async () => {
    const { fn, stale, time } = loading(kind, {
      staleWhileRevalidate: 10,
      staleIfError: 1000,
      timeout: 30,
    });
    await stale();
    void fn(1);
    time.pass(10);
    const caller = fn(1);
    time.pass(30);
    expect(await valueOf(caller)).toBe("value 0");
  });

  test("without one, or with one that has ended or was deleted, it is ERR_TIMEOUT", async () => {
    const nothing = (): void => {};
    for (const [ifError, between] of [
      [20, nothing],
      [1000, (fn: Memoized<Load>) => void fn.cache.delete(1)],
      [1000, (fn: Memoized<Load>) => fn.cache.clear()],
    ] as const) {
      const { fn, stale, time } = loading(kind, { staleIfError: ifError, timeout: 30 });
      await stale();
      const refused = reasonOf(fn(1));
      between(fn);
      time.pass(30);
      expect(await refused).toMatchObject({ code: "ERR_TIMEOUT" });
      expect(fn.cache.stats().rescued).toBe(0);
    }
    const { fn, time } = loading(kind, { staleIfError: 1000, timeout: 30 });
    const refused = reasonOf(fn(1));
    time.pass(30);
    expect(await refused).toMatchObject({ code: "ERR_TIMEOUT" });
  });

  test("where the clock fails, it is ERR_TIMEOUT", async () => {
    let isBroken = false;
    const time = new FakeTime();
    const { fn, stale } = loading(kind, {
      staleIfError: 100,
      timeout: 5,
      schedule: time.schedule,
      clock: () => {
        if (isBroken) throw new Error("no clock");
        return time.now;
      },
    });
    await stale();
    time.pass(10);
    const call = fn(1);
    isBroken = true;
    time.pass(5);
    expect(await reasonOf(call)).toMatchObject({ code: "ERR_TIMEOUT" });
  });

  test("refresh insists: it gets ERR_TIMEOUT", async () => {
    const { fn, stale, time } = loading(kind, { staleIfError: 1000, timeout: 30 });
    await stale();
    const asked = fn.cache.refresh(1);
    const refused = reasonOf(asked);
    // Seed -438455170: a function that only returns promises had joined it as a call as well.
    expect(time.timers).toBe(1);
    time.pass(30);
    expect(await refused).toMatchObject({ code: "ERR_TIMEOUT" });
    expect(fn.cache.stats().rescued).toBe(0);
  });

  test("a listener that joins a refresh as it begins gets what that brings", async () => {
    const { fn, runs, end } = loading(kind, { staleWhileRevalidate: 50, timeout: 5 });
    const first = fn.cache.refresh(1);
    const joined: Promise<string>[] = [];
    fn.cache.on("remove", () => joined.push(fn(1)));
    const second = fn.cache.refresh(1);
    await end(0);
    await end(1);
    expect(runs.length).toBe(2);
    expect(await Promise.all([first, second, ...joined])).toEqual([
      "value 0",
      "value 1",
      "value 1",
    ]);
  });

  test("a refresh that nobody waits for has no timer", async () => {
    const { fn, stale, time, end } = loading(kind, { staleWhileRevalidate: 1000, timeout: 30 });
    await stale();
    expect(time.timers).toBe(0);
    void fn(1);
    expect(time.timers).toBe(0);
    await end(1);
  });
});

describe("the handle and stale results", () => {
  test("has and peek say what a call would get without a run of its own", () => {
    const { fn, time, state } = counting({ staleWhileRevalidate: 50, staleIfError: 100 });
    fn(1);
    time.pass(10);
    expect([fn.cache.has(1), fn.cache.peek(1)]).toEqual([true, 1]);
    expect(time.timers).toBe(0);
    time.pass(50);
    expect([fn.cache.has(1), fn.cache.peek(1), fn.cache.size]).toEqual([false, undefined, 1]);
    state.isFailing = true;
    fn(1);
    expect([fn.cache.has(1), fn.cache.peek(1)]).toEqual([true, 1]);
    expect([...fn.cache.entries()]).toEqual([[[1], 1]]);
    time.pass(50);
    expect([fn.cache.has(1), fn.cache.peek(1), fn.cache.size]).toEqual([false, undefined, 0]);
    expect(fn.cache.stats().removals.expired).toBe(1);
  });

  test("past staleWhileRevalidate with a refresh in flight, they know its promise", async () => {
    const { fn, stale, end, time } = loading("async", {
      staleWhileRevalidate: 50,
      staleIfError: 100,
    });
    await stale();
    void fn(1);
    time.pass(50);
    expect(fn.cache.has(1)).toBe(true);
    const peeked = fn.cache.peek(1) as Promise<string>;
    expect((await outcomeOf(peeked)).state).toBe("pending");
    expect(fn.cache.explain(1)).toMatchObject({ outcome: "wait", duration: 50 });
    await end(1);
    expect(await valueOf(peeked)).toBe("value 1");
  });

  test("delete says that a stale entry was there, and one past its end was not", () => {
    const { fn, time } = counting({ staleWhileRevalidate: 50, staleIfError: 100 });
    fn(1);
    time.pass(109);
    expect(fn.cache.delete(1)).toBe(true);
    fn(1);
    time.pass(110);
    expect(fn.cache.delete(1)).toBe(false);
    expect(fn.cache.stats().removals).toMatchObject({ deleted: 1, expired: 1 });
  });

  test("explain tells each case", () => {
    const { fn, time, state } = counting({ staleWhileRevalidate: 50, staleIfError: 100 });
    fn(1);
    time.pass(10);
    expect(fn.cache.explain(1)).toEqual({
      outcome: "stale",
      reason: "revalidated",
      freshUntil: 10,
      staleUntil: 60,
      isRefreshing: false,
      message:
        "The call would return the stale result, and have it refreshed, until 1970-01-01T00:00:00.060Z.",
    });
    fn(1);
    expect(fn.cache.explain(1)).toMatchObject({
      isRefreshing: true,
      message:
        "The call would return the stale result, while a refresh is under way, until 1970-01-01T00:00:00.060Z.",
    });
    state.isFailing = true;
    time.pass(0);
    expect(fn.cache.explain(1)).toMatchObject({
      reason: "failed",
      staleUntil: 110,
      message:
        "The call would return the stale result, because the last run has failed, until 1970-01-01T00:00:00.110Z.",
    });
    const other = counting({ staleIfError: 100 });
    other.fn(1);
    other.time.pass(10);
    expect(other.fn.cache.explain(1)).toEqual({
      outcome: "run",
      reason: "stale",
      removedAt: 10,
      message: "The call would run: its entry has been stale since 1970-01-01T00:00:00.010Z.",
    });
    other.time.pass(100);
    expect(other.fn.cache.explain(1)).toMatchObject({ reason: "expired", removedAt: 110 });
  });

  test("hit events tell which are stale", () => {
    const { fn, time } = counting({ staleWhileRevalidate: 50 });
    const told: [number, boolean][] = [];
    fn.cache.on("hit", ({ value, isStale }) => told.push([value, isStale]));
    fn(1);
    fn(1);
    time.pass(10);
    fn(1);
    time.pass(0);
    fn(1);
    expect(told).toEqual([
      [1, false],
      [1, true],
      [2, false],
    ]);
  });

  test("a refresh is no miss, also while it runs", () => {
    const { fn, time } = counting({ staleWhileRevalidate: 100 });
    const seen: unknown[] = [];
    fn(1);
    time.pass(10);
    fn.cache.on("run", () => {
      const { runs, misses } = fn.cache.stats();
      seen.push([runs, misses]);
    });
    fn(1);
    time.pass(0);
    fn.cache.refresh(1);
    expect(seen).toEqual([
      [2, 1],
      [3, 1],
    ]);
  });

  test("a listener may overtake the refresh of the hit that it is told of", () => {
    const { fn, time, state } = counting({ staleWhileRevalidate: 50 });
    fn.cache.on("hit", () => fn.cache.delete(1));
    fn(1);
    time.pass(10);
    expect(fn(1)).toBe(1);
    time.pass(0);
    expect([state.runs, fn.cache.size]).toEqual([1, 0]);
  });

  test("a listener to misses may call again, where the old result is kept for errors", () => {
    const { fn, time, state } = counting({ staleIfError: 100 });
    let isCalling = false;
    fn.cache.on("miss", () => {
      if (isCalling) return;
      isCalling = true;
      fn(1);
      isCalling = false;
    });
    fn(1);
    time.pass(10);
    expect(fn(1)).toBe(2);
    expect(state.runs).toBe(2);
  });
});

describe("stale results together with", () => {
  test("touch: a hit on a fresh entry starts the TTL again, a stale hit does not", () => {
    const { fn, time } = counting({
      staleWhileRevalidate: 50,
      touch: true,
      schedule: () => () => {},
    });
    fn(1);
    time.pass(9);
    fn(1);
    time.pass(9);
    expect(fn.cache.explain(1)).toMatchObject({ outcome: "hit", freshUntil: 19 });
    time.pass(10);
    fn(1);
    expect(fn.cache.explain(1)).toMatchObject({ outcome: "stale", freshUntil: 19, staleUntil: 69 });
  });

  test("jitter: the TTL is shortened, the windows are not", () => {
    const { fn, time } = counting({ staleWhileRevalidate: 50, jitter: 0.5, random: () => 0.8 });
    fn(1);
    time.pass(6);
    expect(fn.cache.explain(1)).toMatchObject({ outcome: "stale", freshUntil: 6, staleUntil: 56 });
  });

  test("verify: a stale hit is not compared with a run, which may well differ", () => {
    const { fn, time, state } = counting({ staleWhileRevalidate: 50, verify: 1 });
    fn(1);
    expect(() => fn(1)).toThrow("another result");
    time.pass(10);
    const { runs } = state;
    expect([fn(1), state.runs]).toEqual([1, runs]);
  });

  test("freeze: what a refresh brings is frozen, too", () => {
    const time = new FakeTime();
    const fn = memoize((n: number) => ({ n, deep: [n] }), {
      ttl: 10,
      staleWhileRevalidate: 50,
      freeze: true,
      clock: time.clock,
      schedule: time.schedule,
    });
    const old = fn(1);
    time.pass(10);
    expect(fn(1)).toBe(old);
    time.pass(0);
    const fresh = fn(1);
    expect(fresh).not.toBe(old);
    expect([Object.isFrozen(fresh), Object.isFrozen(fresh.deep)]).toEqual([true, true]);
  });

  test.each(["s3-fifo", "lru", "w-tinylfu"] as const)(
    "a bound with %s: stale entries count, and what does not fit goes",
    (policy) => {
      const { fn, time } = counting({ staleWhileRevalidate: 1000, maxEntries: 4, policy });
      for (let key = 0; key < 4; key++) fn(key);
      time.pass(10);
      for (let key = 0; key < 4; key++) fn(key);
      expect([fn.cache.size, fn.cache.stats().staleHits]).toEqual([4, 4]);
      for (let key = 10; key < 14; key++) fn(key);
      expect(fn.cache.size).toBe(4);
      time.pass(0);
      expect(fn.cache.size).toBe(4);
      fn.cache.resize({ maxEntries: 1 });
      expect(fn.cache.size).toBe(1);
    },
  );

  test("a weight: a refresh weighs its result anew, and one that is too heavy takes the old one away", () => {
    const time = new FakeTime();
    let weight = 1;
    const fn = memoize((n: number) => n * weight, {
      ttl: 10,
      staleWhileRevalidate: 1000,
      maxWeight: 5,
      weigh: () => weight,
      clock: time.clock,
      schedule: time.schedule,
    });
    fn(1);
    time.pass(10);
    weight = 4;
    fn(1);
    time.pass(0);
    expect(fn.cache.stats().weight).toBe(4);
    time.pass(10);
    weight = 6;
    expect(fn(1)).toBe(4);
    time.pass(0);
    expect(fn.cache.stats()).toMatchObject({ entries: 0, weight: 0, oversized: 1 });
  });

  test("a ttl function that says 0 for a refresh: nothing is kept", () => {
    const time = new FakeTime();
    let ttl = 10;
    const fn = memoize((n: number) => n, {
      ttl: () => ttl,
      staleWhileRevalidate: 1000,
      clock: time.clock,
      schedule: time.schedule,
    });
    fn(1);
    time.pass(10);
    ttl = 0;
    fn(1);
    time.pass(0);
    expect(fn.cache.size).toBe(0);
  });

  test("receivers: each has its own", () => {
    const time = new FakeTime();
    let runs = 0;
    class Account {
      readonly owner: string;
      declare balance: (day: number) => string;
      constructor(owner: string) {
        this.owner = owner;
      }
    }
    Account.prototype.balance = memoize(
      function (this: Account, day: number): string {
        return `${this.owner} ${day} ${++runs}`;
      },
      { ttl: 10, staleWhileRevalidate: 100, clock: time.clock, schedule: time.schedule },
    );
    const [a, b] = [new Account("a"), new Account("b")];
    a.balance(1);
    b.balance(1);
    time.pass(10);
    expect([a.balance(1), a.balance(1)]).toEqual(["a 1 1", "a 1 1"]);
    expect(time.timers).toBe(1);
    time.pass(0);
    expect([a.balance(1), b.balance(1)]).toEqual(["a 1 3", "b 1 2"]);
  });

  test("a function that returns now a promise and now none", async () => {
    const time = new FakeTime();
    let runs = 0;
    const fn = memoize(
      (_: number): number | Promise<number> => (++runs % 2 === 0 ? Promise.resolve(runs) : runs),
      {
        ttl: 10,
        staleWhileRevalidate: 100,
        clock: time.clock,
        schedule: time.schedule,
      },
    );
    expect(fn(1)).toBe(1);
    time.pass(10);
    expect(fn(1)).toBe(1);
    time.pass(0);
    await drained();
    expect(await fn(1)).toBe(2);
    time.pass(10);
    expect(await fn(1)).toBe(2);
    expect(fn(1)).toBe(3);
  });
});
