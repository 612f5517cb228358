/** Law 6 for stale results: a refresh that was dropped, never ends or is never begun keeps nothing alive. */
import { memoize, type Memoized } from "rote";
import { describe, expect, test } from "vitest";

import {
  deferred,
  type Deferred,
  drained,
  expectNoUnhandledRejections,
  FakeTime,
} from "../support/async.ts";
import { collected } from "../support/collected.ts";

expectNoUnhandledRejections();

const KEYS = 2000;

class Big {
  readonly content: number[];
  constructor(key: number) {
    this.content = Array.from({ length: 100 }, () => key);
  }
}

type Kind = "not async" | "async" | "returning a promise";

/** A function with a stale result for each key, and a refresh under way for each that never comes to its end. */
async function refreshing(kind: Kind, windows: { ifError?: number } = {}) {
  const time = new FakeTime();
  /** Whatever was scheduled is held for ever, and never called. */
  const timers: (() => void)[] = [];
  const runs: Deferred<Big>[] = [];
  const values: WeakRef<Big>[] = [];
  let isSlow = false;
  const make = (key: number): Big => {
    const value = new Big(key);
    values.push(new WeakRef(value));
    return value;
  };
  const load = (key: number): Big | Promise<Big> => {
    if (kind === "not async") return make(key);
    if (!isSlow) return Promise.resolve(make(key));
    const run = deferred<Big>();
    runs.push(run);
    return run.promise;
  };
  const fn: Memoized<(key: number) => unknown> = memoize<(key: number) => unknown>(
    kind === "async" ? async (key) => await load(key) : load,
    {
      ttl: 10,
      staleWhileRevalidate: 100,
      staleIfError: windows.ifError ?? 0,
      clock: time.clock,
      schedule: (callback) => (timers.push(callback), () => {}),
    },
  );
  for (let key = 0; key < KEYS; key++) void fn(key);
  await drained();
  time.now = 10;
  isSlow = true;
  for (let key = 0; key < KEYS; key++) void fn(key);
  await drained();
  expect(fn.cache.stats()).toMatchObject({
    entries: KEYS,
    staleHits: KEYS,
    inFlight: kind === "not async" ? 0 : KEYS,
  });
  expect(timers.length).toBe(kind === "not async" ? KEYS : 0);
  return { fn, time, timers, runs, values };
}

describe.each<Kind>(["not async", "async", "returning a promise"])(
  "of a function %s, thousands of refreshes that do not end",
  (kind) => {
    test.each<[string, (fn: Memoized<(key: number) => unknown>) => void]>([
      ["clear", (fn) => fn.cache.clear()],
      [
        "delete",
        (fn) => {
          for (let key = 0; key < KEYS; key++) fn.cache.delete(key);
        },
      ],
    ])("keep nothing alive after %s", async (_, forget) => {
      const { fn, timers, runs, values } = await refreshing(kind);
      forget(fn);
      expect(await collected(...values)).toBe(true);
      expect(fn.cache.stats()).toMatchObject({ entries: 0, inFlight: 0 });
      // They have been held all the time, and still come to nothing.
      const before = fn.cache.stats().runs;
      for (const timer of timers) timer();
      for (const run of runs) run.resolve(new Big(0));
      await drained();
      expect(fn.cache.stats()).toMatchObject({ entries: 0, inFlight: 0, runs: before });
    });

    test("keep no old result alive past its end, and are joined from then on", async () => {
      const { fn, time, values, runs } = await refreshing(kind);
      time.now = 110;
      expect(fn.cache.size).toBe(0);
      expect(await collected(...values)).toBe(true);
      if (kind === "not async") return;
      expect(fn.cache.stats().inFlight).toBe(KEYS);
      const joined = fn(7) as Promise<Big>;
      (runs[7] as Deferred<Big>).resolve(new Big(7));
      expect((await joined).content[0]).toBe(7);
      expect(fn.cache.stats()).toMatchObject({ entries: 1, inFlight: KEYS - 1 });
    });

    test("do not keep the function alive", async () => {
      const held: unknown[] = [];
      const reference = await (async () => {
        const { fn, timers, runs } = await refreshing(kind);
        held.push(timers);
        // The runs themselves are the program's, and know their flights.
        expect(runs.length).toBe(kind === "not async" ? 0 : KEYS);
        return new WeakRef(fn);
      })();
      expect(await collected(reference)).toBe(true);
      expect(held.length).toBe(1);
    });
  },
);

test.each<Kind>(["not async", "async", "returning a promise"])(
  "an argument known by identity goes with its refresh, of a function %s",
  async (kind) => {
    const time = new FakeTime();
    const timers: (() => void)[] = [];
    class Account {}
    const load = (_account: Account): unknown =>
      kind === "not async" ? {} : time.now < 10 ? Promise.resolve({}) : new Promise(() => {});
    const fn: Memoized<(account: Account) => unknown> = memoize<(account: Account) => unknown>(
      kind === "async" ? async (account) => await load(account) : load,
      {
        ttl: 10,
        staleWhileRevalidate: 1000,
        clock: time.clock,
        schedule: (callback) => (timers.push(callback), () => {}),
      },
    );
    const references = await (async () => {
      const accounts = Array.from({ length: 100 }, () => new Account());
      for (const account of accounts) void fn(account);
      await drained();
      time.now = 10;
      for (const account of accounts) void fn(account);
      await drained();
      expect(fn.cache.stats()).toMatchObject({ refreshes: kind === "not async" ? 0 : 100 });
      return accounts.map((account) => new WeakRef(account));
    })();
    expect(await collected(...references)).toBe(true);
    await drained();
    expect(fn.cache.stats()).toMatchObject({ entries: 0, inFlight: 0 });
    for (const timer of timers) timer();
    expect(fn.cache.stats().entries).toBe(0);
  },
);

test("the heap is flat over two hundred thousand stale hits whose refreshes fail, succeed or are overtaken", async () => {
  const { gc } = globalThis as { gc?: () => void };
  const time = new FakeTime();
  let runs = 0;
  const fn = memoize(
    async (key: number): Promise<number[]> => {
      if (++runs % 3 === 0) throw new Error("no");
      return Array.from({ length: 10 }, () => key);
    },
    { ttl: 1, staleWhileRevalidate: 1e9, staleIfError: 5, clock: time.clock },
  );
  const use = async (hits: number): Promise<void> => {
    for (let at = 0; at < hits; at++) {
      time.now += 2;
      fn(at % 10).catch(() => {});
      if (at % 7 === 0) fn.cache.delete(at % 10);
      if (at % 20 === 0) await drained();
    }
    await drained();
    gc?.();
  };
  await use(20_000);
  const before = process.memoryUsage().heapUsed;
  await use(200_000);
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(1_000_000);
  expect(fn.cache.stats().staleHits).toBeGreaterThan(50_000);
  expect(fn.cache.stats().inFlight).toBe(0);
});
