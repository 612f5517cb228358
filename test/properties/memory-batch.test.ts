/** Law 6 for batches: the heap stays as it was, and a batch that has ended holds nothing. */
import { getEventListeners } from "node:events";

import { memoize, type BatchOptions } from "rote";
import { describe, expect, test } from "vitest";

import { deferred, drained, expectNoUnhandledRejections } from "../support/async.ts";
import { collected } from "../support/collected.ts";

expectNoUnhandledRejections();

const { gc } = globalThis as { gc?: () => void };

async function heapUsed(): Promise<number> {
  for (let round = 0; round < 2; round++) {
    await drained();
    gc?.();
  }
  return process.memoryUsage().heapUsed;
}

/** By how many bytes the heap grows over ten parts, after one to warm up. */
async function growth(part: () => Promise<void>): Promise<number> {
  await part();
  const before = await heapUsed();
  for (let round = 0; round < 10; round++) await part();
  return (await heapUsed()) - before;
}

/** Less than twenty bytes for each call: whatever is kept of one is more. */
const LIMIT = 2_000_000;

const nothing = (): void => {};

describe("the heap is flat over", () => {
  test("a hundred thousand keys in batches, every third of which fails", async () => {
    const load = memoize.batch(
      async (keys: readonly number[]) =>
        keys.map((key) => (key % 3 === 0 ? new Error("no") : { key })),
      { maxEntries: 100 },
    );
    let next = 0;
    const grown = await growth(async () => {
      for (let batch = 0; batch < 100; batch++) {
        for (let key = 0; key < 100; key++) load(next++).catch(nothing);
        await drained();
      }
    });
    expect(grown).toBeLessThan(LIMIT);
    expect(load.cache.stats()).toMatchObject({ entries: 100, inFlight: 0 });
  });

  test("a hundred thousand callers that leave one batch which is never dispatched", async () => {
    const load = memoize.batch(async (keys: readonly object[]) => keys, {
      scheduleBatch: nothing,
    });
    const grown = await growth(async () => {
      for (let call = 0; call < 10_000; call++) {
        const controller = new AbortController();
        load({ call }, controller.signal).catch(nothing);
        controller.abort();
        if (call % 100 === 0) await drained();
      }
    });
    expect(grown).toBeLessThan(LIMIT);
    expect(load.cache.stats()).toMatchObject({ entries: 0, inFlight: 0 });
  });

  test("fifty thousand batches that lose patience with a run which never ends", async () => {
    const never = memoize(async () => deferred<number>().promise);
    const load = memoize.batch(
      async (keys: readonly number[]) => {
        await Promise.race([never(), null]);
        return keys;
      },
      { maxBatch: 1, ttl: 0 },
    );
    // What a race leaves with the promise that lost is the platform's: beside the same without batches.
    const plain = memoize(
      async (key: number) => {
        await Promise.race([never(), null]);
        return key;
      },
      { ttl: 0 },
    );
    let next = 0;
    const growthOf = (call: (key: number) => Promise<number>): Promise<number> =>
      growth(async () => {
        for (let batch = 0; batch < 5000; batch++) await call(next++);
      });
    const grown = (await growthOf(load)) - (await growthOf(plain));
    expect(grown).toBeLessThan(LIMIT);
  });

  test("a hundred thousand calls with one long-lived signal", async () => {
    const load = memoize.batch(async (keys: readonly number[]) => keys, { maxEntries: 10 });
    const { signal } = new AbortController();
    let next = 0;
    const grown = await growth(async () => {
      for (let batch = 0; batch < 100; batch++) {
        for (let key = 0; key < 100; key++) load(next++, signal).catch(nothing);
        await drained();
      }
    });
    expect(grown).toBeLessThan(LIMIT);
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });
});

describe("what is collected", () => {
  class Thing {
    name = "thing";
  }

  /** What a batch has had to do with, once it has come to an end and its keys are forgotten. */
  async function afterwards(
    options: BatchOptions<object, Thing>,
    loadMany: (things: readonly object[]) => Promise<(Thing | Error)[]>,
  ): Promise<WeakRef<WeakKey>[]> {
    const references: WeakRef<WeakKey>[] = [];
    const load = memoize.batch<object, Thing>((things) => {
      const results = loadMany(things);
      references.push(new WeakRef(things), new WeakRef(results));
      return results;
    }, options);
    await (async () => {
      const keys = [new Thing(), { id: 1 }, [new Thing()]];
      const calls = keys.map((key, at) =>
        at === 2 ? load(key, new AbortController().signal) : load(key),
      );
      await Promise.allSettled(calls);
      references.push(...[...keys, ...calls].map((each) => new WeakRef<WeakKey>(each)));
    })();
    load.cache.clear();
    await drained();
    kept.push(load);
    return references;
  }
  const kept: unknown[] = [];

  test.each<[string, BatchOptions<object, Thing>]>([
    ["that was dispatched by itself", {}],
    ["that was full", { maxBatch: 3 }],
  ])("keys and results of a batch %s", async (_how, options) => {
    const references = await afterwards(options, async (things) => things.map(() => new Thing()));
    expect(await collected(...references)).toBe(true);
  });

  test("though the schedule keeps what dispatches it, and loadMany has left an interval running", async () => {
    const dispatches: (() => void)[] = [];
    const intervals: NodeJS.Timeout[] = [];
    const references = await afterwards(
      {
        scheduleBatch(dispatch) {
          dispatches.push(dispatch);
          setImmediate(dispatch);
        },
      },
      async (things) => {
        intervals.push(setInterval(nothing, 1_000_000));
        await null;
        return things.map(() => new Thing());
      },
    );
    const isCollected = await collected(...references);
    for (const interval of intervals) clearInterval(interval);
    expect(isCollected).toBe(true);
    expect(dispatches).toHaveLength(1);
  });

  test("though something that loadMany has waited for goes on", async () => {
    const never = memoize(async () => deferred<Thing>().promise);
    const references = await afterwards({}, async (things) => {
      await Promise.race([never(), null]);
      return things.map(() => new Thing());
    });
    expect(await collected(...references)).toBe(true);
    expect(never.cache.stats().inFlight).toBe(1);
  });

  test.each<[string, () => Promise<never>]>([
    ["rejects", () => Promise.reject(new Error("no"))],
    [
      "throws",
      () => {
        throw new Error("no");
      },
    ],
    ["returns too few results", async () => [] as never],
  ])("a batch whose loadMany %s", async (_how, loadMany) => {
    const references = await (async () => {
      const load = memoize.batch<object, Thing>(loadMany);
      const key = new Thing();
      const call = load(key);
      const error = (await call.catch((reason: unknown) => reason)) as Error;
      kept.push(load);
      return [key, call, error].map((x) => new WeakRef<WeakKey>(x));
    })();
    expect(await collected(...references)).toBe(true);
  });

  test("a caller that has left a batch which is never dispatched, with its key", async () => {
    const load = memoize.batch(async (things: readonly object[]) => things, {
      scheduleBatch: nothing,
    });
    const references = await (async () => {
      const controller = new AbortController();
      const keys = [new Thing(), [new Thing()]];
      const calls = keys.map((key) => load(key, controller.signal));
      for (const call of calls) call.catch(nothing);
      controller.abort();
      await drained();
      return [controller, ...keys, ...calls].map((x) => new WeakRef<WeakKey>(x));
    })();
    expect(await collected(...references)).toBe(true);
    kept.push(load);
  });

  test("the function, with the batch that it was waiting for", async () => {
    const references = (() => {
      const load = memoize.batch(async (things: readonly object[]) => things, {
        scheduleBatch: nothing,
      });
      load(new Thing()).catch(nothing);
      return [new WeakRef<WeakKey>(load)];
    })();
    expect(await collected(...references)).toBe(true);
  });
});
