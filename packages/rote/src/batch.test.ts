/**
 * `memoize.batch`. What DataLoader's own tests try is under headings with their names, "as DataLoader:
 * Primary API" for instance; where rote differs, the name of the test says how.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { getEventListeners } from "node:events";
import vm from "node:vm";

import { afterEach, describe, expect, test, vi } from "vitest";

import {
  deferred,
  drained,
  expectNoUnhandledRejections,
  FakeTime,
  reasonOf,
  valueOf,
  watch,
} from "../../../test/support/async.ts";
import { cacheOf, configure, isMemoized, memoize, RoteError, snapshot, tabulate } from "./index.ts";
import type { Batched, BatchOptions } from "./index.ts";

expectNoUnhandledRejections();

// What TypeScript would not let through.
const anything = memoize.batch as unknown as (...args: unknown[]) => any;

interface Recorder<Key, Value> {
  readonly load: Batched<Key, Value>;
  /** The keys of every call of `loadMany`. */
  readonly batches: (readonly Key[])[];
}

/** Gives each key back. */
function identity<Key>(options?: BatchOptions<Key, Key>): Recorder<Key, Key> {
  const batches: (readonly Key[])[] = [];
  const load = memoize.batch<Key, Key>(async (keys) => {
    batches.push(keys);
    return keys;
  }, options);
  return { load, batches };
}

/** Gives even keys back and fails for odd ones. */
function evenOnly(options?: BatchOptions<number, number>): Recorder<number, number> {
  const batches: (readonly number[])[] = [];
  const load = memoize.batch<number, number>(async (keys) => {
    batches.push(keys);
    return keys.map((key) => (key % 2 === 0 ? key : new Error(`odd: ${key}`)));
  }, options);
  return { load, batches };
}

/** A schedule that dispatches when told. */
function manual() {
  let waiting: (() => void)[] = [];
  return {
    scheduleBatch: (dispatch: () => void): void => void waiting.push(dispatch),
    dispatch(): void {
      const now = waiting;
      waiting = [];
      for (const each of now) each();
    },
    get count(): number {
      return waiting.length;
    },
  };
}

/** A loader whose batches are settled by hand. */
function byHand<Key>(options?: BatchOptions<Key, string>) {
  const calls: { keys: readonly Key[]; end: ReturnType<typeof deferred<(string | Error)[]>> }[] =
    [];
  const load = memoize.batch<Key, string>((keys) => {
    const end = deferred<(string | Error)[]>();
    calls.push({ keys, end });
    return end.promise;
  }, options);
  return { load, calls };
}

function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

afterEach(() => configure({ enabled: true }));

describe("as DataLoader: Primary API", () => {
  test("a call returns a promise of what loadMany has for its key", async () => {
    const { load } = identity<number>();
    const promise = load(1);
    expect(promise).toBeInstanceOf(Promise);
    expect(await promise).toBe(1);
  });

  test("loadMany has no this, and a key function has none", async () => {
    const receivers: unknown[] = [];
    const load = memoize.batch(
      async function (this: unknown, keys: readonly number[]) {
        receivers.push(this);
        return keys;
      },
      {
        key(this: unknown, key) {
          receivers.push(this);
          return key;
        },
      },
    );
    await load.call({}, 1);
    expect(receivers).toEqual([undefined, undefined]);
  });

  test("many keys are loaded by as many calls", async () => {
    const { load, batches } = identity<number>();
    expect(await Promise.all([1, 2].map((key) => load(key)))).toEqual([1, 2]);
    expect(await Promise.all([].map((key) => load(key)))).toEqual([]);
    expect(batches).toEqual([[1, 2]]);
  });

  test("many keys with errors among them are told apart by Promise.allSettled", async () => {
    const { load, batches } = evenOnly();
    const outcomes = await Promise.allSettled([2, 1, 4].map((key) => load(key)));
    expect(outcomes).toEqual([
      { status: "fulfilled", value: 2 },
      { status: "rejected", reason: new Error("odd: 1") },
      { status: "fulfilled", value: 4 },
    ]);
    expect(batches).toEqual([[2, 1, 4]]);
  });

  test("calls of one tick are one batch", async () => {
    const { load, batches } = identity<number>();
    const [one, two] = [load(1), load(2)];
    expect(batches).toEqual([]);
    expect(await Promise.all([one, two])).toEqual([1, 2]);
    expect(batches).toEqual([[1, 2]]);
  });

  test("a full batch is dispatched at once, and the next begins", async () => {
    const { load, batches } = identity<number>({ maxBatch: 2 });
    const promises = [load(1), load(2), load(3)];
    expect(batches).toEqual([[1, 2]]);
    expect(await Promise.all(promises)).toEqual([1, 2, 3]);
    expect(batches).toEqual([[1, 2], [3]]);
  });

  test("what is remembered does not wait for the batch, and is no part of it", async () => {
    const { load, calls } = byHand<number>();
    load.cache.set([1], Promise.resolve("set"));
    const [first, second] = [watch(load(1)), watch(load(2))];
    await drained();
    expect(first.outcome).toEqual({ state: "fulfilled", value: "set" });
    expect(second.outcome).toEqual({ state: "pending" });
    expect(calls.map(({ keys }) => keys)).toEqual([[2]]);
    calls[0]?.end.resolve(["two"]);
    await drained();
    expect(second.outcome).toEqual({ state: "fulfilled", value: "two" });
  });

  test("what is remembered takes no place in a batch", async () => {
    const { load, batches } = identity<number>({ maxBatch: 2 });
    load.cache.set([1], Promise.resolve(1));
    await Promise.all([load(1), load(2), load(3)]);
    expect(batches).toEqual([[2, 3]]);
  });

  test("calls for one key are one", async () => {
    const { load, batches } = identity<number>();
    const [first, second] = [load(1), load(1)];
    expect(first).toBe(second);
    expect(await first).toBe(1);
    expect(batches).toEqual([[1]]);
    expect(load.cache.stats()).toMatchObject({ hits: 1, misses: 1, coalesced: 1, runs: 1 });
  });

  test("calls for one key are one across batches", async () => {
    const { load, batches } = identity<number>({ maxBatch: 2 });
    const values = await Promise.all([load(1), load(2), load(1), load(3)]);
    expect(values).toEqual([1, 2, 1, 3]);
    expect(batches).toEqual([[1, 2], [3]]);
  });

  test("calls that come again are answered from memory", async () => {
    const { load, batches } = identity<string>();
    await Promise.all([load("a"), load("b")]);
    await Promise.all([load("a"), load("c")]);
    expect(await Promise.all([load("a"), load("b"), load("c")])).toEqual(["a", "b", "c"]);
    expect(batches).toEqual([["a", "b"], ["c"]]);
  });

  test("delete forgets one key", async () => {
    const { load, batches } = identity<string>();
    await Promise.all([load("a"), load("b")]);
    expect(load.cache.delete("a")).toBe(true);
    await Promise.all([load("a"), load("b")]);
    expect(batches).toEqual([["a", "b"], ["a"]]);
  });

  test("clear forgets all", async () => {
    const { load, batches } = identity<string>();
    await Promise.all([load("a"), load("b")]);
    load.cache.clear();
    await Promise.all([load("a"), load("b")]);
    expect(batches).toEqual([
      ["a", "b"],
      ["a", "b"],
    ]);
  });

  test("set primes a key", async () => {
    const { load, batches } = identity<string>();
    load.cache.set(["a"], Promise.resolve("primed"));
    expect(await Promise.all([load("a"), load("b")])).toEqual(["primed", "b"]);
    expect(batches).toEqual([["b"]]);
  });

  test("set replaces what is there; with has, it primes only what is not", async () => {
    const { load, batches } = identity<string>();
    const prime = (key: string, value: string): void => {
      if (!load.cache.has(key)) load.cache.set([key], Promise.resolve(value));
    };
    prime("a", "x");
    expect([await load("a"), await load("b")]).toEqual(["x", "b"]);
    prime("a", "y");
    prime("b", "y");
    expect([await load("a"), await load("b")]).toEqual(["x", "b"]);
    for (const key of ["a", "b"]) load.cache.set([key], Promise.resolve("y"));
    expect([await load("a"), await load("b")]).toEqual(["y", "y"]);
    expect(batches).toEqual([["b"]]);
  });
});

describe("as DataLoader: Represents Errors", () => {
  test("an Error among the results rejects the calls for its key", async () => {
    const { load, batches } = evenOnly();
    await expect(load(1)).rejects.toThrow("odd: 1");
    expect(await load(2)).toBe(2);
    expect(batches).toEqual([[1], [2]]);
  });

  test("failures and results come out of one batch", async () => {
    const { load, batches } = evenOnly();
    const [odd, even] = [load(1), load(2)];
    await expect(odd).rejects.toThrow("odd: 1");
    expect(await even).toBe(2);
    expect(batches).toEqual([[1, 2]]);
  });

  test("a failure is remembered only where rememberErrors says so", async () => {
    const forgetful = evenOnly();
    await reasonOf(forgetful.load(1));
    await reasonOf(forgetful.load(1));
    expect(forgetful.batches).toEqual([[1], [1]]);

    const time = new FakeTime();
    const remembering = evenOnly({ rememberErrors: 10, clock: time.clock });
    const reason = await reasonOf(remembering.load(1));
    expect(await reasonOf(remembering.load(1))).toBe(reason);
    expect(remembering.batches).toEqual([[1]]);
    time.pass(10);
    await reasonOf(remembering.load(1));
    expect(remembering.batches).toEqual([[1], [1]]);
  });

  test("a rejected promise primes a key where errors are remembered", async () => {
    const { load, batches } = identity<number>({ rememberErrors: Infinity });
    load.cache.set([1], Promise.reject(new Error("primed")));
    await drained();
    await expect(load(1)).rejects.toThrow("primed");
    expect(batches).toEqual([]);
  });

  test("a remembered failure is forgotten by delete", async () => {
    const { load, batches } = evenOnly({ rememberErrors: Infinity });
    for (let round = 0; round < 2; round++) {
      await expect(
        load(1).catch((error: unknown) => {
          load.cache.delete(1);
          throw error;
        }),
      ).rejects.toThrow("odd: 1");
    }
    expect(batches).toEqual([[1], [1]]);
  });

  test.each<[string, (error: Error) => Promise<number[]>]>([
    ["rejects", (error) => Promise.reject(error)],
    [
      "throws",
      (error) => {
        throw error;
      },
    ],
  ])("when loadMany %s, all calls are rejected with that error", async (_how, fail) => {
    const error = new Error("down");
    let runs = 0;
    const load = memoize.batch((_keys: readonly number[]) => (runs++, fail(error)));
    const outcomes = await Promise.allSettled([load(1), load(2)]);
    expect(outcomes.map((outcome) => (outcome as PromiseRejectedResult).reason)).toEqual([
      error,
      error,
    ]);
    expect(runs).toBe(1);
    expect(load.cache.stats()).toMatchObject({ entries: 0, inFlight: 0 });
    await reasonOf(load(1));
    expect(runs).toBe(2);
  });

  test("an error is handed on as it is, whatever it is", async () => {
    const load = memoize.batch<number, number>(() => Promise.reject("text"));
    expect(await reasonOf(load(1))).toBe("text");
  });

  test("errors of another realm are errors", async ({ skip }) => {
    if (!("isError" in Error)) skip("this engine cannot tell errors of another realm");
    const foreign = vm.runInNewContext("new Error('foreign')") as Error;
    expect(foreign).not.toBeInstanceOf(Error);
    const load = memoize.batch<number, string>(async () => [foreign]);
    expect(await reasonOf(load(1))).toBe(foreign);
  });
});

describe("as DataLoader: Accepts any kind of key", () => {
  test("instances are known by identity, and loadMany gets the objects themselves", async () => {
    class Thing {}
    const { load, batches } = identity<Thing>();
    const [a, b] = [new Thing(), new Thing()];
    expect(await Promise.all([load(a), load(b), load(a)])).toEqual([a, b, a]);
    expect(batches).toHaveLength(1);
    expect(batches[0]?.[0]).toBe(a);
    expect(batches[0]?.[1]).toBe(b);
    load.cache.delete(a);
    await Promise.all([load(a), load(b)]);
    expect(batches[1]).toHaveLength(1);
    expect(batches[1]?.[0]).toBe(a);
  });

  test.each<[string, () => unknown]>([
    ["a plain object", () => ({ id: 1, tags: ["a"] })],
    ["an array", () => [1, [2]]],
    ["a Date", () => new Date(0)],
    ["a Map", () => new Map([[1, { a: 1 }]])],
    ["a bigint", () => 10n],
    ["NaN", () => Number.NaN],
    ["null", () => null],
    ["undefined", () => undefined],
    ["an empty text", () => ""],
    ["0", () => 0],
  ])("%s is known by content", async (_what, make) => {
    const { load, batches } = identity<unknown>();
    const first = make();
    const values = await Promise.all([load(first), load(make()), load("another")]);
    expect(values[1]).toBe(values[0]);
    expect(values[0]).toBe(first);
    expect(batches).toEqual([[first, "another"]]);
  });

  test("keys that only look the same are different", async () => {
    const { load, batches } = identity<unknown>();
    await Promise.all([load(1), load("1"), load(0), load(-0), load([]), load({})]);
    expect(batches).toEqual([[1, "1", 0, -0, [], {}]]);
  });

  test("key: identity tells equal objects apart", async () => {
    const { load, batches } = identity<object>({ key: "identity" });
    await Promise.all([load({}), load({})]);
    expect(batches).toEqual([[{}, {}]]);
  });
});

describe("as DataLoader: Accepts options", () => {
  test("maxBatch: 1 gives each key a batch of its own, in the call itself", async () => {
    const { load, batches } = identity<number>({ maxBatch: 1 });
    const promises = [load(1), load(2)];
    expect(batches).toEqual([[1], [2]]);
    expect(await Promise.all(promises)).toEqual([1, 2]);
  });

  test("maxBatch: 1 asks no schedule", async () => {
    const scheduleBatch = vi.fn<() => void>();
    const { load } = identity<number>({ maxBatch: 1, scheduleBatch });
    await load(1);
    expect(scheduleBatch).not.toHaveBeenCalled();
  });

  test("ttl: 0 batches and remembers nothing; calls for one key still share a place", async () => {
    const { load, batches } = identity<string>({ ttl: 0 });
    await Promise.all([load("a"), load("b")]);
    await Promise.all([load("a"), load("c"), load("a")]);
    expect(batches).toEqual([
      ["a", "b"],
      ["a", "c"],
    ]);
  });

  test("with memoization switched off, every call has its own place in the batch", async () => {
    const { load, batches } = identity<string>();
    await load("a");
    configure({ enabled: false });
    const values = await Promise.all(["c", "d", "c", "a", "a"].map((key) => load(key)));
    expect(values).toEqual(["c", "d", "c", "a", "a"]);
    expect(batches).toEqual([["a"], ["c", "d", "c", "a", "a"]]);
  });

  test("loadMany may clear what its batch is part of", async () => {
    const batches: (readonly string[])[] = [];
    const load: Batched<string, string> = memoize.batch(async (keys: readonly string[]) => {
      load.cache.clear();
      batches.push(keys);
      return keys;
    });
    for (let round = 0; round < 2; round++)
      expect(await Promise.all([load("a"), load("b"), load("a")])).toEqual(["a", "b", "a"]);
    expect(batches).toEqual([
      ["a", "b"],
      ["a", "b"],
    ]);
  });

  describe("a key function", () => {
    interface Query {
      readonly id: number;
      readonly note?: string;
    }
    const byId = { key: ({ id }: Query) => id };

    test("gets the single key, and what it returns says which are equal", async () => {
      const keys: unknown[][] = [];
      const { load, batches } = identity<Query>({
        key: (...args) => {
          keys.push(args);
          return args[0].id;
        },
      });
      const [first, second] = await Promise.all([load({ id: 1 }), load({ id: 1, note: "again" })]);
      expect(second).toBe(first);
      expect(batches).toEqual([[{ id: 1 }]]);
      expect(keys).toEqual([[{ id: 1 }], [{ id: 1, note: "again" }]]);
    });

    test("says what delete and set mean", async () => {
      const { load, batches } = identity<Query>(byId);
      await load({ id: 1 });
      expect(load.cache.delete({ id: 1, note: "equal" })).toBe(true);
      load.cache.set([{ id: 2 }], Promise.resolve({ id: 3 }));
      expect(await load({ id: 2, note: "primed" })).toEqual({ id: 3 });
      await load({ id: 1 });
      expect(batches).toEqual([[{ id: 1 }], [{ id: 1 }]]);
    });

    test("the order of an object's keys does not count, with or without one", async () => {
      const { load, batches } = identity<object>();
      await Promise.all([load({ a: 1, b: 2 }), load({ b: 2, a: 1 })]);
      expect(batches).toEqual([[{ a: 1, b: 2 }]]);
    });
  });
});

describe("as DataLoader: It allows custom schedulers", () => {
  test("a batch is dispatched by hand", async () => {
    const schedule = manual();
    const { load, batches } = identity<string>({ scheduleBatch: schedule.scheduleBatch });
    const promises = [load("a"), load("b")];
    await drained();
    expect(batches).toEqual([]);
    schedule.dispatch();
    expect(batches).toEqual([["a", "b"]]);
    promises.push(load("a"), load("c"));
    schedule.dispatch();
    expect(await Promise.all(promises)).toEqual(["a", "b", "a", "c"]);
    const never = watch(load("d"));
    await drained();
    expect(batches).toEqual([["a", "b"], ["c"]]);
    expect(never.outcome.state).toBe("pending");
    expect(load.cache.stats().inFlight).toBe(1);
  });

  test("each batch is scheduled once", async () => {
    const schedule = manual();
    const { load } = identity<number>({ scheduleBatch: schedule.scheduleBatch, maxBatch: 2 });
    void load(1);
    void load(1);
    void load(2);
    expect(schedule.count).toBe(1);
    void load(3);
    expect(schedule.count).toBe(2);
  });

  test("what was dispatched because it was full is not dispatched again", async () => {
    const schedule = manual();
    const { load, batches } = identity<number>({
      scheduleBatch: schedule.scheduleBatch,
      maxBatch: 2,
    });
    const promises = [load(1), load(2), load(3)];
    expect(batches).toEqual([[1, 2]]);
    schedule.dispatch();
    expect(batches).toEqual([[1, 2], [3]]);
    expect(await Promise.all(promises)).toEqual([1, 2, 3]);
  });

  test("a schedule that dispatches at once loses nothing", async () => {
    const { load, batches } = identity<number>({ scheduleBatch: (dispatch) => dispatch() });
    const promises = [load(1), load(2)];
    expect(batches).toEqual([[1], [2]]);
    expect(await Promise.all(promises)).toEqual([1, 2]);
  });

  test("a dispatch that is called again does nothing, also while another batch is open", async () => {
    const dispatches: (() => void)[] = [];
    const { load, batches } = identity<number>({
      scheduleBatch: (dispatch) => void dispatches.push(dispatch),
    });
    const first = load(1);
    dispatches[0]?.();
    const second = load(2);
    dispatches[0]?.();
    expect(batches).toEqual([[1]]);
    dispatches[1]?.();
    dispatches[1]?.();
    expect(await Promise.all([first, second])).toEqual([1, 2]);
    expect(batches).toEqual([[1], [2]]);
  });

  test("a schedule that throws rejects the batch, and the next call begins another", async () => {
    let isBroken = true;
    const { load, batches } = identity<number>({
      scheduleBatch(dispatch) {
        if (isBroken) throw new Error("no timer");
        dispatch();
      },
    });
    expect(await reasonOf(load(1))).toEqual(new Error("no timer"));
    isBroken = false;
    expect(await load(1)).toBe(1);
    expect(batches).toEqual([[1]]);
  });

  test("a schedule that throws although it will dispatch: once is enough", async () => {
    const schedule = manual();
    const { load, batches } = identity<number>({
      scheduleBatch(dispatch) {
        schedule.scheduleBatch(dispatch);
        throw new Error("late");
      },
    });
    expect(await reasonOf(load(1))).toEqual(new Error("late"));
    schedule.dispatch();
    expect(batches).toEqual([]);
  });

  test("a schedule that throws after it has dispatched does not spoil the results, and is warned about", async () => {
    const warnings = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    const { load } = identity<number>({
      scheduleBatch(dispatch) {
        dispatch();
        throw new TypeError("late");
      },
    });
    expect(await load(1)).toBe(1);
    expect(warnings.mock.calls.map(([message]) => message)).toEqual([
      expect.stringMatching(/scheduleBatch of "anonymous" has failed.*TypeError/),
    ]);
    warnings.mockRestore();
  });

  test("an async schedule dispatches later, or rejects the batch", async () => {
    const end = deferred<void>();
    const { load, batches } = identity<number>({
      scheduleBatch: async (dispatch) => {
        await end.promise;
        dispatch();
      },
    });
    const first = load(1);
    await drained();
    expect(batches).toEqual([]);
    end.resolve();
    expect(await valueOf(first)).toBe(1);

    const failing = identity<number>({
      scheduleBatch: async () => {
        throw new Error("no timer");
      },
    });
    expect(await reasonOf(failing.load(1))).toEqual(new Error("no timer"));
  });

  test("a schedule may load, itself too", async () => {
    let isFirst = true;
    const schedule = manual();
    const { load, batches } = identity<number>({
      scheduleBatch(dispatch) {
        schedule.scheduleBatch(dispatch);
        if (isFirst) void load(2);
        isFirst = false;
      },
    });
    const first = load(1);
    schedule.dispatch();
    expect(await valueOf(first)).toBe(1);
    expect(batches).toEqual([[1, 2]]);
  });

  test("a schedule has no this", async () => {
    let receiver: unknown = "none";
    const { load } = identity<number>({
      scheduleBatch(this: unknown, dispatch) {
        receiver = this;
        dispatch();
      },
    });
    await load(1);
    expect(receiver).toBe(undefined);
  });

  test("a dispatch from the depth of a recursion does not end in loadMany", async () => {
    const schedule = manual();
    const sum = memoize((n: number): number => (n === 0 ? 0 : n + sum(n - 1)));
    const load = memoize.batch((keys: readonly number[]) => keys.map((key) => sum(key)), {
      scheduleBatch: schedule.scheduleBatch,
    });
    const promise = load(20_000);
    const deep = memoize(
      (n: number): number => {
        if (n === 0) schedule.dispatch();
        return n === 0 ? 0 : 1 + deep(n - 1);
      },
      { depthLimit: 50 },
    );
    expect(deep(1000)).toBe(1000);
    expect(await promise).toBe(200_010_000);
  });
});

describe("as DataLoader: It is resilient to job queue ordering", () => {
  test("calls made by promises that settle meanwhile join the batch", async () => {
    const { load, batches } = identity<string>();
    const later = (): Promise<void> => Promise.resolve().then(() => Promise.resolve());
    await Promise.all([
      load("a"),
      later().then(() => {
        void load("b");
        void later().then(() => {
          void load("c");
          void later().then(() => void load("d"));
        });
      }),
    ]);
    expect(batches).toEqual([["a", "b", "c", "d"]]);
  });

  test("so do they outside of promise jobs, where Node's queue comes before them", async () => {
    const { load, batches } = identity<string>();
    await new Promise<void>((resolve) => {
      setImmediate(() => {
        void load("a");
        void Promise.resolve().then(() => load("b"));
        resolve();
      });
    });
    await drained();
    expect(batches).toEqual([["a", "b"]]);
  });

  test("loaders call loaders, and their batches meet", async () => {
    const deep = identity<readonly string[]>();
    const outer = (): Recorder<string, string> => {
      const batches: (readonly string[])[] = [];
      const load = memoize.batch<string, string>((keys) => {
        batches.push(keys);
        return deep.load(keys);
      });
      return { load, batches };
    };
    const [a, b] = [outer(), outer()];
    const values = await Promise.all([a.load("a1"), b.load("b1"), a.load("a2"), b.load("b2")]);
    expect(values).toEqual(["a1", "b1", "a2", "b2"]);
    expect(a.batches).toEqual([["a1", "a2"]]);
    expect(b.batches).toEqual([["b1", "b2"]]);
    expect(deep.batches).toEqual([
      [
        ["a1", "a2"],
        ["b1", "b2"],
      ],
    ]);
  });

  test("a loader calls itself for other keys", async () => {
    const batches: (readonly number[])[] = [];
    const depthOf: Batched<number, number> = memoize.batch(async (keys: readonly number[]) => {
      batches.push(keys);
      return Promise.all(keys.map(async (key) => (key === 0 ? 0 : 1 + (await depthOf(key - 1)))));
    });
    expect(await Promise.all([depthOf(2), depthOf(2)])).toEqual([2, 2]);
    expect(batches).toEqual([[2], [1], [0]]);
  });

  test("calls of later ticks are later batches", async () => {
    const { load, batches } = identity<number>();
    await load(1);
    await drained();
    await load(2);
    expect(batches).toEqual([[1], [2]]);
  });
});

describe("as DataLoader: Provides descriptive error messages for API abuse", () => {
  test.each([[undefined], [null], [{}], [5], ["users"], [[1]]])(
    "%s is no function that loads keys",
    (value) => {
      const error = thrownBy(() => anything(value)) as RoteError;
      expect(error).toBeInstanceOf(RoteError);
      expect(error).toMatchObject({ code: "ERR_INVALID_ARGUMENT", value });
      expect(error.message).toMatch(/memoize\.batch takes a function.*received/);
    },
  );

  test("options in the place of the function are pointed out", () => {
    const error = thrownBy(() => anything({ maxBatch: 2 }, () => [])) as RoteError;
    expect(error.message).toMatch(/The function comes first: memoize\.batch\(loadMany, options\)/);
  });

  test("what keys.map(load) would pass is refused, and remembered by nobody", async () => {
    const { load, batches } = identity<number>({ name: "user" });
    const [error] = await Promise.all(
      [1].map(load as never).map((promise) => reasonOf(promise as Promise<unknown>)),
    );
    expect(error).toMatchObject({ code: "ERR_INVALID_ARGUMENT" });
    expect((error as Error).message).toMatch(
      /"user" takes a key and.*received 3 arguments.*keys\.map\(\(key\) => user\(key\)\)/,
    );
    expect(batches).toEqual([]);
    expect(load.cache.stats()).toMatchObject({ runs: 0, entries: 0 });
  });

  test.each<[string, unknown[], RegExp]>([
    ["a second key", [1, 2], /received 2 in the place of the signal/],
    ["null for a signal", [1, null], /received null in the place of the signal/],
    ["an options object", [1, { signal: undefined }], /received an object in the place of/],
    ["a signal alone", [new AbortController().signal], /received a signal in the place of the key/],
    ["two signals", [1, undefined, undefined], /received 3 arguments/],
  ])("%s is refused", async (_what, args, message) => {
    const { load } = identity<unknown>();
    const error = await reasonOf((load as (...args: unknown[]) => Promise<unknown>)(...args));
    expect(error).toMatchObject({ code: "ERR_INVALID_ARGUMENT", value: args });
    expect((error as Error).message).toMatch(message);
  });

  test.each<[string, unknown, string]>([
    ["null", null, "null"],
    ["undefined", undefined, "undefined"],
    ["a text as long as the keys are many", "ab", "a value of type string"],
    ["an object", { length: 2, 0: 1, 1: 2 }, "a value of type object"],
    ["a Map", new Map(), "a value of type object"],
    ["a typed array", new Uint8Array(2), "a value of type object"],
    ["no result", [], "0 results"],
    ["one result", [1], "1 result"],
    ["too many", [1, 2, 3], "3 results"],
  ])("%s is not a result for each key", async (_what, value, received) => {
    for (const wrapped of [value, Promise.resolve(value)]) {
      const load = anything(() => wrapped, { name: "users" });
      const [first, second] = await Promise.all([reasonOf(load(1)), reasonOf(load("text"))]);
      expect(first).toBe(second);
      expect(first).toBeInstanceOf(RoteError);
      expect(first).toMatchObject({ code: "ERR_INVALID_RESULT", value });
      const { message } = first as RoteError;
      expect(message).toContain(
        `loadMany of "users" must return an array, or a promise of one, with a result for each key, in the order of the keys; it was given 2 keys and returned ${received}.`,
      );
      expect(message).toMatch(/put undefined, null or an Error|Return keys\.map/);
      expect(load.cache.stats()).toMatchObject({ entries: 0, inFlight: 0 });
    }
  });

  test("one key is one key", async () => {
    const { message } = (await reasonOf(anything(() => [])(1))) as Error;
    expect(message).toContain('loadMany of "anonymous" must return');
    expect(message).toContain("given 1 key and returned 0 results");
  });

  test.each<[string, unknown]>([
    ["maxBatch", 0],
    ["maxBatch", -1],
    ["maxBatch", 1.5],
    ["maxBatch", Number.NaN],
    ["maxBatch", "2"],
    ["maxBatch", null],
    ["maxBatch", 2n],
    ["scheduleBatch", null],
    ["scheduleBatch", 10],
    ["scheduleBatch", "10ms"],
    ["key", null],
    ["key", "id"],
    ["ttl", "5 minutes"],
    ["maxEntries", 0],
  ])("%s: %s is refused when wrapping", (option, value) => {
    const error = thrownBy(() => anything(async () => [], { [option]: value })) as RoteError;
    expect(error).toBeInstanceOf(RoteError);
    expect(error).toMatchObject({ code: "ERR_INVALID_OPTION", option });
    expect(Object.is(error.value, value)).toBe(true);
    expect(error.message).toMatch(new RegExp(`^${option} must be .*; received .*\\. \\S`));
  });

  test.each(["async", "receiver", "recursion", "depthLimit", "maxBatchSize", "cacheKeyFn"])(
    "%s is no option of memoize.batch",
    (option) => {
      const error = thrownBy(() => anything(async () => [], { [option]: true })) as RoteError;
      expect(error).toMatchObject({ code: "ERR_INVALID_OPTION", option, value: true });
      expect(error.message).toContain(`"${option}" is not an option of memoize.batch.`);
      expect(error.message).toContain("maxBatch, scheduleBatch");
    },
  );

  test("maxBatch and scheduleBatch are no options of memoize", () => {
    for (const option of [{ maxBatch: 2 }, { scheduleBatch: () => {} }])
      expect(() => memoize((n: number) => n, option as never)).toThrow(
        /is not an option of memoize\. /,
      );
  });

  test("options that contradict each other are refused as ever", () => {
    expect(thrownBy(() => anything(async () => [], { jitter: 0.1 }))).toMatchObject({
      code: "ERR_INVALID_OPTION",
      option: "jitter",
    });
    for (const options of [null, 5, [], () => 1])
      expect(thrownBy(() => anything(async () => [], options))).toBeInstanceOf(RoteError);
  });

  test("undefined means the default", async () => {
    const load = memoize.batch(async (keys: readonly number[]) => keys, {
      maxBatch: undefined,
      scheduleBatch: undefined,
      ttl: undefined,
      name: undefined,
    } as never);
    expect(await load(1)).toBe(1);
  });
});

describe("results", () => {
  test("are read before anybody is told: a result that throws when it is read fails the batch", async () => {
    const load = memoize.batch<number, number>((keys) => {
      const results = [...keys];
      Object.defineProperty(results, 1, {
        get() {
          throw new Error("unreadable");
        },
      });
      return results;
    });
    for (const reason of await Promise.all([reasonOf(load(1)), reasonOf(load(2))]))
      expect(reason).toEqual(new Error("unreadable"));
  });

  test("may be undefined, and holes are", async () => {
    // oxlint-disable-next-line no-sparse-arrays
    const load = memoize.batch<number, number | undefined>(() => [undefined, , 3] as number[]);
    expect(await Promise.all([load(1), load(2), load(3)])).toEqual([undefined, undefined, 3]);
    expect(load.cache.has(1)).toBe(true);
  });

  test("may be promises: each key waits for its own", async () => {
    const slow = deferred<string>();
    const load = anything((keys: string[]) =>
      keys.map((key) =>
        key === "slow"
          ? slow.promise
          : key === "bad"
            ? Promise.reject(new Error("bad"))
            : Promise.resolve(key),
      ),
    );
    const [first, second] = [watch(load("slow")), watch(load("fast"))];
    expect(await reasonOf(load("bad"))).toEqual(new Error("bad"));
    expect(first.outcome.state).toBe("pending");
    expect(second.outcome).toEqual({ state: "fulfilled", value: "fast" });
    slow.resolve("done");
    await drained();
    expect(first.outcome).toEqual({ state: "fulfilled", value: "done" });
  });

  test("may come from a thenable that is no promise", async () => {
    const load = memoize.batch<number, number>((keys) => ({
      // A query builder, for instance.
      then: ((resolve: (values: readonly number[]) => void) => resolve(keys)) as never,
    }));
    expect(await Promise.all([load(1), load(2)])).toEqual([1, 2]);
  });

  test("keys cannot be put in another order by loadMany, which would mix up the results", async () => {
    const load = memoize.batch(async (keys: readonly number[]) =>
      (keys as number[]).sort((a, b) => a - b),
    );
    for (const reason of await Promise.all([reasonOf(load(2)), reasonOf(load(1))]))
      expect(reason).toBeInstanceOf(TypeError);
  });
});

describe("each key is memoized by itself, with all options", () => {
  test("maxEntries", async () => {
    const { load, batches } = identity<number>({ maxEntries: 2, policy: "lru" });
    await Promise.all([load(1), load(2), load(3)]);
    expect(load.cache.size).toBe(2);
    await Promise.all([load(1), load(3)]);
    expect(batches).toEqual([[1, 2, 3], [1]]);
  });

  test("maxWeight with weigh, which gets the value and the key", async () => {
    const seen: unknown[] = [];
    const { load } = identity<number>({
      maxWeight: 5,
      policy: "lru",
      weigh: (value, ...key) => {
        seen.push([value, ...key]);
        return value;
      },
    });
    await Promise.all([load(2), load(3), load(4)]);
    expect(load.cache.stats()).toMatchObject({ weight: 4, entries: 1 });
    expect(seen).toEqual([
      [2, 2],
      [3, 3],
      [4, 4],
    ]);
  });

  test("ttl, of each key its own", async () => {
    const time = new FakeTime();
    const { load, batches } = identity<number>({ ttl: (value) => value, clock: time.clock });
    await Promise.all([load(10), load(20)]);
    time.pass(10);
    await Promise.all([load(10), load(20)]);
    time.pass(10);
    await Promise.all([load(10), load(20)]);
    expect(batches).toEqual([[10, 20], [10], [10, 20]]);
  });

  test("timeout: a caller loses patience, also before the dispatch, and the result is kept", async () => {
    const time = new FakeTime();
    const { load, calls } = byHand<number>({ timeout: 10, schedule: time.schedule });
    const first = watch(load(1));
    await drained();
    time.pass(10);
    await drained();
    expect(first.outcome).toMatchObject({ state: "rejected", reason: { code: "ERR_TIMEOUT" } });
    calls[0]?.end.resolve(["one"]);
    await drained();
    expect(await load(1)).toBe("one");
    expect(calls).toHaveLength(1);
  });

  test("freeze", async () => {
    const load = memoize.batch(async (keys: readonly number[]) => keys.map((id) => ({ id })), {
      freeze: true,
    });
    expect(Object.isFrozen(await load(1))).toBe(true);
  });

  test("verify loads again, in a batch, and compares", async () => {
    const warnings = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    let round = 0;
    const batches: (readonly number[])[] = [];
    const load = memoize.batch(
      async (keys: readonly number[]) => {
        batches.push(keys);
        round++;
        return keys.map((key) => (key === 1 ? { key } : { key, round }));
      },
      { verify: 1 },
    );
    await Promise.all([load(1), load(2)]);
    await Promise.all([load(1), load(2)]);
    await drained();
    expect(batches).toEqual([
      [1, 2],
      [1, 2],
    ]);
    expect(load.cache.stats()).toMatchObject({ hits: 2, misses: 2, runs: 4 });
    expect(warnings.mock.calls.map(([message]) => message)).toEqual([
      expect.stringMatching(/\(2\) gave another result/),
    ]);
    warnings.mockRestore();
  });

  test("a verification that a schedule causes is of its own key", async () => {
    const schedule = manual();
    const { load, batches } = identity<number>({
      verify: 1,
      scheduleBatch(dispatch) {
        schedule.scheduleBatch(dispatch);
        if (load.cache.has(9)) void load(9);
      },
    });
    const first = load(9);
    schedule.dispatch();
    await first;
    const second = load(1);
    schedule.dispatch();
    expect(await second).toBe(1);
    expect(batches).toEqual([[9], [1, 9]]);
  });

  test("timing counts the wait for the batch, for each key", async () => {
    const { load } = identity<number>({ timing: true });
    await Promise.all([load(1), load(2)]);
    expect(load.cache.stats().runTime).toBeGreaterThan(0);
  });

  test("events tell of each key", async () => {
    const { load } = evenOnly();
    const told: unknown[] = [];
    for (const type of ["hit", "miss", "run", "error", "remove"] as const)
      load.cache.on(type, ({ args }) => told.push([type, ...(args ?? [])]));
    await Promise.allSettled([load(2), load(1), load(2)]);
    load.cache.delete(2);
    expect(told).toEqual([
      ["miss", 2],
      ["miss", 1],
      ["hit", 2],
      ["run", 2],
      ["error", 1],
      ["remove", 2],
    ]);
  });

  test("the handle looks into it", async () => {
    const { load } = identity<string>({ name: "batch.test handle" });
    const promise = load("a");
    expect(load.cache.has("a")).toBe(true);
    expect(load.cache.peek("a")).toBe(promise);
    expect(load.cache.explain("a")).toMatchObject({ outcome: "wait" });
    await promise;
    expect(load.cache.size).toBe(1);
    expect([...load.cache.entries()]).toEqual([[["a"], promise]]);
    expect(cacheOf(load)).toBe(load.cache);
    expect(snapshot().filter(({ name }) => name === "batch.test handle")).toHaveLength(1);
  });

  test("refresh loads again, in a batch with others", async () => {
    const { load, batches } = identity<string>();
    await load("a");
    await Promise.all([load.cache.refresh("a"), load("b")]);
    expect(batches).toEqual([["a"], ["a", "b"]]);
  });

  test("a key that is asked for again after a delete, or by refresh, is in the open batch once", async () => {
    const { load, batches } = identity<string>();
    const first = load("a");
    load.cache.delete("a");
    const second = load("a");
    const third = load.cache.refresh("a");
    load.cache.clear();
    expect(await Promise.all([first, second, third, load("a")])).toEqual(["a", "a", "a", "a"]);
    expect(batches).toEqual([["a"]]);
    expect(load.cache.stats()).toMatchObject({ runs: 4, misses: 3, entries: 1, inFlight: 0 });
  });

  test("what is set while its key waits in a batch wins", async () => {
    const { load } = identity<string>();
    const waiting = load("a");
    load.cache.set(["a"], Promise.resolve("set"));
    expect(await waiting).toBe("a");
    expect(await load("a")).toBe("set");
  });
});

describe("leaving", () => {
  test("a key that its only caller has left before the dispatch is not loaded", async () => {
    const { load, batches } = identity<number>();
    const controller = new AbortController();
    const [left, stays] = [watch(load(1, controller.signal)), load(2)];
    controller.abort("enough");
    expect(await stays).toBe(2);
    expect(left.outcome).toEqual({ state: "rejected", reason: "enough" });
    expect(batches).toEqual([[2]]);
    expect(load.cache.stats()).toMatchObject({ entries: 1, inFlight: 0 });
  });

  test("a batch that everybody has left is not loaded, and the next call finds one that is", async () => {
    const schedule = manual();
    const { load, batches } = identity<number>({ scheduleBatch: schedule.scheduleBatch });
    const controller = new AbortController();
    const left = [watch(load(1, controller.signal)), watch(load(2, controller.signal))];
    controller.abort("enough");
    schedule.dispatch();
    await drained();
    expect(left.map(({ outcome }) => outcome.state)).toEqual(["rejected", "rejected"]);
    expect(batches).toEqual([]);
    const next = load(1);
    schedule.dispatch();
    expect(await next).toBe(1);
    expect(batches).toEqual([[1]]);
  });

  test("who comes after all have left, and before the dispatch, is in the same batch", async () => {
    const { load, batches } = identity<number>();
    const controller = new AbortController();
    const left = watch(load(1, controller.signal));
    controller.abort("enough");
    expect(await Promise.all([load(2), load(1)])).toEqual([2, 1]);
    expect(left.outcome.state).toBe("rejected");
    expect(batches).toEqual([[2, 1]]);
  });

  test("a key that somebody else wants is loaded", async () => {
    const { load, batches } = identity<number>();
    const controller = new AbortController();
    const left = watch(load(1, controller.signal));
    const stays = load(1);
    controller.abort("enough");
    expect(await stays).toBe(1);
    expect(left.outcome).toEqual({ state: "rejected", reason: "enough" });
    expect(batches).toEqual([[1]]);
  });

  test("so is one that was asked for again after a delete, though the first caller leaves", async () => {
    const { load, batches } = identity<number>();
    const [first, second] = [new AbortController(), new AbortController()];
    const left = watch(load(1, first.signal));
    load.cache.delete(1);
    const stays = load(1, second.signal);
    first.abort("enough");
    expect(await stays).toBe(1);
    expect(left.outcome.state).toBe("rejected");
    expect(batches).toEqual([[1]]);
  });

  test("what leaves makes room in a batch", async () => {
    const schedule = manual();
    const { load, batches } = identity<number>({
      maxBatch: 2,
      scheduleBatch: schedule.scheduleBatch,
    });
    const controller = new AbortController();
    const left = watch(load(1, controller.signal));
    controller.abort("enough");
    const second = load(2);
    expect(batches).toEqual([]);
    const third = load(3);
    expect(batches).toEqual([[2, 3]]);
    expect(await Promise.all([second, third])).toEqual([2, 3]);
    expect(left.outcome.state).toBe("rejected");
  });

  test("after the dispatch the caller leaves, and the batch goes on for the others", async () => {
    const { load, calls } = byHand<number>();
    const controller = new AbortController();
    const left = watch(load(1, controller.signal));
    const stays = load(2);
    await drained();
    controller.abort("enough");
    await drained();
    expect(left.outcome).toEqual({ state: "rejected", reason: "enough" });
    expect(load.cache.has(1)).toBe(false);
    calls[0]?.end.resolve(["one", "two"]);
    expect(await stays).toBe("two");
  });

  test("a signal that has fired before the call rejects it, and nothing is loaded", async () => {
    const { load, batches } = identity<number>();
    expect(await reasonOf(load(1, AbortSignal.abort("before")))).toBe("before");
    expect(batches).toEqual([]);
  });

  test("a signal, or undefined in its place, is no part of the key", async () => {
    const { load, batches } = identity<number>();
    const { signal } = new AbortController();
    await Promise.all([load(1), load(1, undefined), load(1, signal)]);
    expect(await load(1, undefined)).toBe(1);
    expect(batches).toEqual([[1]]);
    expect(load.cache.stats()).toMatchObject({ entries: 1, runs: 1, hits: 3 });
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  test("nor do the functions among the options see it", async () => {
    const seen: unknown[][] = [];
    const { load } = identity<number>({
      key: (...args) => (seen.push(["key", ...args]), args),
      maxWeight: 10,
      weigh: (...args) => (seen.push(["weigh", ...args]), 1),
      ttl: (...args) => (seen.push(["ttl", ...args]), "1h"),
    });
    await load(5, new AbortController().signal);
    await load(5);
    expect(seen.toSorted((a, b) => (String(a) < String(b) ? -1 : 1))).toEqual([
      ["key", 5],
      ["key", 5],
      ["ttl", 5, 5],
      ["weigh", 5, 5],
    ]);
    expect(load.cache.stats()).toMatchObject({ hits: 1, runs: 1 });
  });

  test("without memoization, a caller leaves all the same", async () => {
    const { load, calls } = byHand<number>();
    configure({ enabled: false });
    const [first, second] = [new AbortController(), new AbortController()];
    const [before, after] = [watch(load(1, first.signal)), watch(load(1, second.signal))];
    const stays = load(2);
    first.abort("before");
    await drained();
    expect(calls.map(({ keys }) => keys)).toEqual([[1, 2]]);
    second.abort("after");
    await drained();
    expect(before.outcome).toEqual({ state: "rejected", reason: "before" });
    expect(after.outcome).toEqual({ state: "rejected", reason: "after" });
    calls[0]?.end.resolve(["one", "two"]);
    expect(await stays).toBe("two");
    expect(await reasonOf(load(3, AbortSignal.abort("gone")))).toBe("gone");
    await drained();
    expect(calls).toHaveLength(1);
    const stayed = new AbortController();
    const settled = load(4, stayed.signal);
    await drained();
    calls[1]?.end.resolve(["four"]);
    expect(await settled).toBe("four");
    for (const { signal } of [first, second, stayed])
      expect(getEventListeners(signal, "abort")).toEqual([]);
  });
});

describe("cycles", () => {
  test.each<[string, BatchOptions]>([
    ["by itself", {}],
    ["because it was full", { maxBatch: 2 }],
    ["at once", { scheduleBatch: (dispatch) => dispatch() }],
  ])(
    "a batch, dispatched %s, that waits for a key of its own is refused",
    async (_how, options) => {
      for (const wanted of [1, 2]) {
        const load: Batched<number, number> = memoize.batch(
          async (keys: readonly number[]) => {
            await null;
            const value = keys.includes(wanted) ? await load(wanted) : 0;
            return keys.map(() => value);
          },
          { ...options, name: "users" },
        );
        const outcomes = await Promise.allSettled([load(1), load(2)]);
        const reason = (outcomes[wanted - 1] as PromiseRejectedResult).reason as Error;
        expect(reason).toMatchObject({ code: "ERR_CYCLE" });
        expect(reason.message).toContain(`users(array) → users(${wanted}) → users(array)`);
      }
    },
  );

  test("so is one that returns that promise without waiting for it", async () => {
    const load: Batched<number, number> = memoize.batch(
      (_keys: readonly number[]) => load(1) as never,
    );
    expect(await reasonOf(load(1))).toMatchObject({ code: "ERR_CYCLE" });
  });

  test("and one that waits for itself through another function", async () => {
    const users: Batched<number, number> = memoize.batch(
      async (keys: readonly number[]) => Promise.all(keys.map((key) => team(key))),
      { name: "users" },
    );
    const team: (id: number) => Promise<number> = memoize(async (id) => users(id), {
      name: "team",
    });
    const reason = await reasonOf(users(1));
    expect(reason).toMatchObject({ code: "ERR_CYCLE" });
    expect((reason as RoteError).cycle).toEqual([
      "users(array)",
      "team(1)",
      "users(1)",
      "users(array)",
    ]);
  });

  test("to wait for a key of another batch is no cycle", async () => {
    const inner = identity<number>();
    const load = memoize(async (id: number) => inner.load(id));
    const outer = memoize.batch(async (ids: readonly number[]) =>
      Promise.all(ids.map((id) => load(id))),
    );
    expect(await Promise.all([valueOf(outer(1)), valueOf(outer(2))])).toEqual([1, 2]);
  });

  test("nor is to wait for the function that has dispatched the batch", async () => {
    const schedule = manual();
    const load = memoize.batch(
      async (ids: readonly number[]) => {
        const value = await flush();
        return ids.map((id) => id + value);
      },
      { scheduleBatch: schedule.scheduleBatch },
    );
    const flush = memoize(async (): Promise<number> => {
      schedule.dispatch();
      await null;
      return 10;
    });
    const waiting = load(1);
    expect(await valueOf(flush())).toBe(10);
    expect(await valueOf(waiting)).toBe(11);
  });
});

describe("the function", () => {
  test("has the name of loadMany, takes one argument, and is memoized", async () => {
    const load = memoize.batch(async function users(ids: readonly number[]) {
      return ids;
    });
    expect(load.name).toBe("users");
    expect(load.length).toBe(1);
    expect(isMemoized(load)).toBe(true);
    expect(await tabulate(load, [[1]])[0]).toBe(1);
    expect(snapshot().some(({ name }) => name === "users")).toBe(true);
    expect(memoize.batch(async (ids: readonly number[]) => ids, { name: "people" }).name).toBe("");
  });

  test("memoize is what it was", () => {
    expect(memoize.name).toBe("memoize");
    expect(memoize.batch.name).toBe("batch");
    expect(isMemoized(memoize)).toBe(false);
  });

  test("original loads every time, in the same batches", async () => {
    const { load, batches } = identity<number>();
    await Promise.all([load.original(1), load(1), load.original(1)]);
    await load.original(1);
    expect(batches).toEqual([[1, 1, 1], [1]]);
  });

  test("original has a place for each call, also inside a run of another function", async () => {
    const { load, batches } = identity<number>();
    const sum = memoize(async (a: number, b: number) => {
      const values = await Promise.all([load.original(a), load.original(b)]);
      return values.join();
    });
    expect(await sum(1, 2)).toBe("1,2");
    expect(batches).toEqual([[1, 2]]);
  });

  test("runs loadMany in the async context of the call that began the batch", async () => {
    const context = new AsyncLocalStorage<string>();
    let seen: string | undefined;
    const load = memoize.batch(async (keys: readonly number[]) => {
      seen = context.getStore();
      return keys;
    });
    await Promise.all([context.run("first", () => load(1)), context.run("second", () => load(2))]);
    expect(seen).toBe("first");
  });

  test("of which there are two keeps two batches", async () => {
    const [one, two] = [identity<number>(), identity<number>()];
    await Promise.all([one.load(1), two.load(2), one.load(3)]);
    expect([one.batches, two.batches]).toEqual([[[1, 3]], [[2]]]);
  });
});

describe("where there is no process.nextTick", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  test("the next timer dispatches", async () => {
    const timers: [() => void, number][] = [];
    vi.stubGlobal("process", undefined);
    vi.stubGlobal("setTimeout", (callback: () => void, milliseconds: number) =>
      timers.push([callback, milliseconds]),
    );
    const { load, batches } = identity<number>();
    const promises = [load(1), Promise.resolve().then(() => load(2))];
    await null;
    await null;
    expect(batches).toEqual([]);
    expect(timers.map(([, milliseconds]) => milliseconds)).toEqual([0]);
    timers[0]?.[0]();
    expect(await Promise.all(promises)).toEqual([1, 2]);
    expect(batches).toEqual([[1, 2]]);
  });

  test("nor timers, a promise job does", async () => {
    vi.stubGlobal("process", undefined);
    vi.stubGlobal("setTimeout", undefined);
    const { load, batches } = identity<number>();
    expect(await Promise.all([load(1), load(2)])).toEqual([1, 2]);
    expect(batches).toEqual([[1, 2]]);
  });
});
