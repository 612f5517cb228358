import { hasSubscribers, subscribe, unsubscribe } from "node:diagnostics_channel";

import { clearAll, configure, memoize, RoteError } from "rote";
import type { Memoized } from "rote";
import { publishEvents } from "rote/metrics";
import { afterEach, describe, expect, test, vi } from "vitest";

import { FakeTime } from "../../../../test/support/async.ts";
import { collected } from "../../../../test/support/collected.ts";
import { runModule } from "../../../../test/support/child.ts";
import { thrownBy } from "../../../../test/support/recursion.ts";
import { wholeOf } from "../memoized.ts";
import { stack } from "../run/stack.ts";

const types = ["hit", "miss", "run", "remove", "error"] as const;
type Type = (typeof types)[number];
type Message = { readonly type: Type; readonly name: string } & Record<string, unknown>;

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0).toReversed()) end();
  configure({ enabled: true });
  expect(types.filter((type) => hasSubscribers(`rote:${type}`))).toEqual([]);
});

/** Subscribes to channels, of functions whose names begin so. */
function subscribed(
  prefix: string,
  wanted: readonly Type[] = types,
): { told: Message[]; end: () => void } {
  const told: Message[] = [];
  const note = (message: unknown): void => {
    if ((message as Message).name.startsWith(prefix)) told.push(message as Message);
  };
  for (const type of wanted) subscribe(`rote:${type}`, note);
  let isOver = false;
  const end = (): void => {
    if (!isOver) for (const type of wanted) unsubscribe(`rote:${type}`, note);
    isOver = true;
  };
  ends.push(end);
  return { told, end };
}

/** Publishes; time passes when told. */
function published(options: Parameters<typeof publishEvents>[0] = {}): {
  time: FakeTime;
  stop: () => void;
} {
  const time = new FakeTime();
  const stop = publishEvents({ schedule: time.schedule, ...options });
  ends.push(stop);
  return { time, stop };
}

/** Whether calls of a function take the path that knows of no listeners. */
function isQuick(fn: (...args: never[]) => unknown): boolean {
  const whole = wholeOf(fn);
  if (whole?.listeners !== null) return false;
  return whole.memo.epoch === stack.epoch && whole.runner === whole.original;
}

const shown = (told: readonly Message[]): unknown[] => told.map(({ duration: _, ...rest }) => rest);

describe("what is published", () => {
  test("each event on its channel, with the function's name", () => {
    const { told } = subscribed("each");
    published();
    const error = new Error("negative");
    const fn = memoize(
      (n: number) => {
        if (n < 0) throw error;
        return { n };
      },
      { name: "each event" },
    );
    const value = fn(1);
    fn(1);
    fn.cache.delete(1);
    thrownBy(() => fn(-1));
    const name = "each event";
    expect(shown(told)).toEqual([
      { name, type: "miss", args: [1] },
      { name, type: "run", args: [1], value: { n: 1 } },
      { name, type: "hit", args: [1], value: { n: 1 }, isStale: false },
      { name, type: "remove", args: [1], value: { n: 1 }, cause: "deleted" },
      { name, type: "miss", args: [-1] },
      { name, type: "error", args: [-1], error },
    ]);
    // By reference.
    expect(told[1]?.["value"]).toBe(value);
    expect(told[1]?.["duration"]).toBeGreaterThanOrEqual(0);
  });

  test("only what somebody has subscribed to", () => {
    const { told } = subscribed("only", ["run"]);
    published();
    const fn = memoize((n: number) => n, { name: "only runs" });
    fn(1);
    fn(1);
    expect(told.map(({ type }) => type)).toEqual(["run"]);
  });

  test("async functions, once they have settled", async () => {
    const { told } = subscribed("async");
    published();
    const fn = memoize(async (n: number) => n * 2, { name: "async" });
    const first = fn(2);
    expect(told.map(({ type }) => type)).toEqual(["miss"]);
    await first;
    expect(shown(told).at(-1)).toEqual({ name: "async", type: "run", args: [2], value: 4 });
  });

  test("a deep recursion ends as it would otherwise", () => {
    const { told } = subscribed("deep", ["run"]);
    published();
    const sum = memoize((n: number): number => (n === 0 ? 0 : n + sum(n - 1)), { name: "deep" });
    expect(sum(5000)).toBe(12_502_500);
    expect(new Set(told.map(({ args }) => (args as number[])[0])).size).toBe(5001);
  });

  test("listeners of the function itself are told as well, and stay", () => {
    const { end } = subscribed("own");
    const { time } = published();
    const fn = memoize((n: number) => n, { name: "own" });
    const hits: number[] = [];
    fn.cache.on("hit", ({ value }) => hits.push(value));
    fn(1);
    fn(1);
    end();
    time.pass(1000);
    fn(1);
    expect(hits).toEqual([1, 1]);
  });

  test("nothing while memoization is switched off", () => {
    const { told } = subscribed("off");
    published();
    const fn = memoize((n: number) => n, { name: "off" });
    configure({ enabled: false });
    fn(1);
    expect(told).toEqual([]);
  });
});

test("what a subscriber throws is an uncaught exception, and nothing to the call", () => {
  const library = new URL("index.ts", import.meta.url).href;
  const { out, err } = runModule(`
    import { subscribe } from "node:diagnostics_channel";
    const { publishEvents } = await import(${JSON.stringify(library)});
    process.on("uncaughtException", ({ message }) => console.log(message));
    subscribe("rote:run", () => { throw new Error("subscriber"); });
    publishEvents();
    console.log(rote.memoize((n) => n * n)(3));
  `);
  expect({ out, err }).toEqual({ out: "9\nsubscriber", err: "" });
});

describe("nothing is paid until somebody has subscribed", () => {
  const kinds = {
    "no options": {},
    "a bound": { maxEntries: 10 },
    "a TTL": { ttl: "1h" },
  } as const;

  test.each(Object.entries(kinds))("with %s, calls take the quick path", (_kind, options) => {
    const before = memoize((n: number) => n, options);
    const { time } = published();
    const after = memoize((n: number) => n, options);
    for (const fn of [before, after]) {
      fn(1);
      fn(1);
      expect(isQuick(fn)).toBe(true);
    }
    time.pass(5000);
    expect(isQuick(before) && isQuick(after)).toBe(true);

    const { end } = subscribed("", ["hit"]);
    time.pass(1000);
    expect(isQuick(before) || isQuick(after)).toBe(false);
    end();
    time.pass(1000);
    expect(isQuick(before) && isQuick(after)).toBe(true);
  });

  test("a function that was memoized under subscribers is as any other once they have left", () => {
    const { end } = subscribed("");
    const { time } = published();
    const measured: boolean[] = [];
    const fn = memoize((n: number): number => {
      // What measures runs for listeners is in clock.ts.
      measured.push(new Error("where").stack?.includes("clock.ts") === true);
      return n === 0 ? 0 : fn(n - 1);
    });
    fn(1);
    end();
    time.pass(1000);
    fn(3);
    expect(isQuick(fn)).toBe(true);
    expect(measured).toEqual([true, true, false, false]);
  });

  test("an event that finds no subscriber ends the listening at once", () => {
    const { told, end } = subscribed("at once");
    published();
    const fn = memoize((n: number) => n, { name: "at once" });
    fn(1);
    end();
    const count = told.length;
    fn(1);
    expect(told.length).toBe(count);
    expect(isQuick(fn)).toBe(true);
  });

  test("importing alone starts nothing", () => {
    const fn = memoize((n: number) => n);
    subscribed("");
    fn(1);
    expect(isQuick(fn)).toBe(true);
  });
});

describe("when subscribers are noticed", () => {
  test("at once by functions that are memoized later, within an interval by all", () => {
    const { time } = published({ interval: "5s" });
    const before = memoize((n: number) => n, { name: "when before" });
    const { told } = subscribed("when", ["miss"]);
    const after = memoize((n: number) => n, { name: "when after" });
    before(1);
    after(1);
    expect(told.map(({ name }) => name)).toEqual(["when after"]);
    time.pass(4999);
    before(2);
    expect(told.length).toBe(1);
    time.pass(1);
    before(3);
    expect(told.map(({ name }) => name)).toEqual(["when after", "when before"]);
  });

  test("at once by all when they came before", () => {
    const fn = memoize((n: number) => n, { name: "came before" });
    const { told } = subscribed("came", ["miss"]);
    published();
    fn(1);
    expect(told.length).toBe(1);
  });

  test("again and again", () => {
    const { time } = published({ interval: 10 });
    const fn = memoize((n: number) => n, { name: "again" });
    for (let round = 0; round < 3; round++) {
      const { told, end } = subscribed("again", ["miss"]);
      time.pass(10);
      fn(round);
      expect(told.length).toBe(1);
      end();
      time.pass(10);
      expect(isQuick(fn)).toBe(true);
    }
  });

  test("once, also where to listen makes events itself", () => {
    const removals = subscribed("itself", ["remove"]);
    const { time } = published();
    const fn = memoize((n: number) => n, { name: "itself" });
    fn(1);
    let hits: ReturnType<typeof subscribed> | undefined;
    const inner = memoize(() => {
      // In the middle of a run, entries stay until the function is next needed: by who listens to it, here.
      clearAll();
      removals.end();
      hits = subscribed("itself", ["hit"]);
      time.pass(1000);
    });
    inner();
    fn(1);
    fn(1);
    expect(hits?.told.length).toBe(1);
    hits?.end();
    time.pass(1000);
    expect(isQuick(fn)).toBe(true);
  });

  test("an interval of Infinity asks for no timer", () => {
    const { time } = published({ interval: Infinity });
    expect(time.timers).toBe(0);
  });

  test("by default a timer that does not keep the process alive", () => {
    const library = new URL("index.ts", import.meta.url).href;
    const { status, out, err } = runModule(`
      const { publishEvents } = await import(${JSON.stringify(library)});
      publishEvents();
      console.log("over");
    `);
    expect({ status, out, err }).toEqual({ status: 0, out: "over", err: "" });
  });

  test("by default within a second of fake timers", () => {
    vi.useFakeTimers();
    try {
      ends.push(publishEvents());
      const fn = memoize((n: number) => n, { name: "by default" });
      const { told } = subscribed("by default", ["miss"]);
      vi.advanceTimersByTime(1000);
      fn(1);
      expect(told.length).toBe(1);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe("how it ends", () => {
  test("nothing is published any more, no timer is left, functions are as before", () => {
    const { told } = subscribed("ended");
    const { time, stop } = published();
    const fn = memoize((n: number) => n, { name: "ended" });
    fn(1);
    const count = told.length;
    stop();
    expect(time.timers).toBe(0);
    expect(isQuick(fn)).toBe(true);
    fn(2);
    const later = memoize((n: number) => n, { name: "ended later" });
    later(1);
    expect(told.length).toBe(count);
    expect(isQuick(later)).toBe(true);
  });

  test("asked for twice, events are published once, until both have stopped", () => {
    const { told } = subscribed("twice", ["miss"]);
    const first = published();
    const second = published();
    const fn = memoize((n: number) => n, { name: "twice" });
    fn(1);
    expect(told.length).toBe(1);
    first.stop();
    first.stop();
    fn(2);
    expect(told.length).toBe(2);
    second.stop();
    fn(3);
    expect(told.length).toBe(2);
    expect(isQuick(fn)).toBe(true);
  });

  test("a timer that was not called off changes nothing", () => {
    const callbacks: (() => void)[] = [];
    const end = publishEvents({
      schedule: (callback) => {
        callbacks.push(callback);
        return () => {};
      },
    });
    end();
    for (const callback of callbacks.splice(0)) callback();
    expect(callbacks).toEqual([]);
  });

  test("functions that are gone are collected, with subscribers and without", async () => {
    const { time } = published();
    const make = (): WeakRef<object>[] => {
      const fn = memoize((n: number) => n, { name: "collected" });
      fn(1);
      return [fn, fn.original, wholeOf(fn) as object].map((each) => new WeakRef(each));
    };
    const without = make();
    const { told } = subscribed("collected");
    const beneath = make();
    await null;
    time.pass(1000);
    expect(told.length).toBeGreaterThan(0);
    told.length = 0;
    expect(await collected(...without, ...beneath)).toBe(true);
  });

  test("many functions of one turn are published, and quick again when used after all have left", async () => {
    const { told, end } = subscribed("many", ["hit"]);
    const { time } = published();
    const fns: Memoized<(n: number) => number>[] = [];
    for (let i = 0; i < 100; i++) fns.push(memoize((n: number) => n, { name: "many" }));
    await null;
    for (const fn of fns) {
      fn(1);
      fn(1);
    }
    expect(told.length).toBe(100);
    end();
    time.pass(1000);
    for (const fn of fns) fn(1);
    expect(fns.every(isQuick)).toBe(true);
  });
});

describe("what is refused", () => {
  test.each([
    [null, "ERR_INVALID_ARGUMENT", 'such as { interval: "1s" }; received null'],
    ["1s", "ERR_INVALID_ARGUMENT", "received a text of 2 characters"],
    [{ every: "1s" }, "ERR_INVALID_OPTION", "Known options: interval, schedule."],
    [{ interval: 0 }, "ERR_INVALID_OPTION", "interval must be a number of milliseconds above 0"],
    [{ interval: "1 second" }, "ERR_INVALID_OPTION", 'received "1 second"'],
    [{ interval: "0s" }, "ERR_INVALID_OPTION", 'received "0s"'],
    [{ schedule: 1 }, "ERR_INVALID_OPTION", "schedule must be a function"],
    [{ schedule: () => 7 }, "ERR_INVALID_RESULT", "it returned 7"],
  ])("%o", (options, code, part) => {
    subscribed("");
    const error = thrownBy(() => publishEvents(options as never)) as RoteError;
    expect(error).toBeInstanceOf(RoteError);
    expect(error.code).toBe(code);
    expect(error.message).toContain(part);
    expect(isQuick(memoize((n: number) => n))).toBe(true);
  });
});

test("where there is no node:diagnostics_channel it says so, and metrics are there all the same", () => {
  const library = new URL("index.ts", import.meta.url).href;
  const { out, err } = runModule(`
    process.getBuiltinModule = undefined;
    const { observeMetrics, publishEvents } = await import(${JSON.stringify(library)});
    const fn = rote.memoize((n) => n, { name: "here" });
    fn(1);
    const told = [];
    const make = (name) => name;
    observeMetrics({
      createObservableCounter: make,
      createObservableUpDownCounter: make,
      addBatchObservableCallback: (callback) =>
        callback({ observe: (name, value) => told.push(name + " " + value) }),
      removeBatchObservableCallback: () => {},
    });
    console.log(told.includes("rote.entries 1"));
    try {
      publishEvents();
    } catch (error) {
      console.log(error instanceof rote.RoteError, error.code, error.message);
    }
  `);
  expect(err).toBe("");
  expect(out).toBe(
    "true\ntrue ERR_UNSUPPORTED publishEvents needs node:diagnostics_channel, which this platform does not have: Node 20.16 or newer has it. Use fn.cache.on to listen to one function, or observeMetrics, which works everywhere.",
  );
});
