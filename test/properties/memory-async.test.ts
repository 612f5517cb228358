/** Law 6 for promises: a million calls leave the heap as it was, and a flight that settled holds nothing. */
import { getEventListeners } from "node:events";

import { clearAll, memoize, type Memoized, type MemoizeOptions } from "rote";
import { describe, expect, test } from "vitest";

import {
  deferred,
  drained,
  expectNoUnhandledRejections,
  FakeTime,
  watch,
} from "../support/async.ts";
import { collected, settle } from "../support/collected.ts";

expectNoUnhandledRejections();

const { gc } = globalThis as { gc?: () => void };

async function heapUsed(): Promise<number> {
  await drained();
  gc?.();
  await drained();
  gc?.();
  return process.memoryUsage().heapUsed;
}

/** By how many bytes the heap has grown over the second half of so many calls. */
async function growth(calls: number, batch: (count: number) => Promise<void>): Promise<number> {
  await batch(calls / 10);
  const before = await heapUsed();
  for (let part = 0; part < 10; part++) await batch(calls / 10);
  return (await heapUsed()) - before;
}

/** A byte for each of a million calls is less than anything that is kept of each. */
const LIMIT = 2_000_000;

const nothing = (): void => {};

type Load = (n: number, signal?: AbortSignal) => Promise<number>;

describe("the heap is flat over", () => {
  test("a million callers of flights", async () => {
    const load = memoize<Load>(async (n) => (await null, n));
    const grown = await growth(1_000_000, async (count) => {
      for (let done = 0; done < count; done += 100) {
        const n = done % 1000;
        for (let caller = 0; caller < 100; caller++) load(n).then(nothing, nothing);
        await load(n);
        load.cache.delete(n);
      }
    });
    expect(grown).toBeLessThan(LIMIT);
    expect(load.cache.stats()).toMatchObject({ inFlight: 0 });
    expect(load.cache.stats().coalesced).toBeGreaterThan(900_000);
  });

  test("a million hits of a settled flight", async () => {
    const load = memoize<Load>(async (n) => n);
    const grown = await growth(1_000_000, async (count) => {
      for (let done = 0; done < count; done += 1000) {
        for (let caller = 0; caller < 1000; caller++) load(1).then(nothing, nothing);
        await load(1);
      }
    });
    expect(grown).toBeLessThan(LIMIT);
    expect(load.cache.stats().runs).toBe(1);
  });

  test("two hundred thousand rejections, of as many keys", async () => {
    const load = memoize<Load>(async (n) => {
      if (n % 2 === 0) await null;
      throw new Error("no");
    });
    let next = 0;
    const grown = await growth(200_000, async (count) => {
      for (let done = 0; done < count; done++) {
        load(next).catch(nothing);
        load(next++).catch(nothing);
        if (done % 100 === 0) await null;
      }
      await drained();
    });
    expect(grown).toBeLessThan(LIMIT);
    expect(load.cache.stats()).toMatchObject({ entries: 0, inFlight: 0 });
  });

  test("a hundred thousand calls with one long-lived signal", async () => {
    const load = memoize<Load>(async (n) => (await null, n), { maxEntries: 10 });
    const controller = new AbortController();
    let next = 0;
    const grown = await growth(100_000, async (count) => {
      for (let done = 0; done < count; done++) {
        const first = load(next, controller.signal);
        load(next++, controller.signal).catch(nothing);
        await first;
      }
    });
    expect(grown).toBeLessThan(LIMIT);
    expect(getEventListeners(controller.signal, "abort").length).toBe(0);
    expect(load.cache.stats()).toMatchObject({ inFlight: 0 });
  });

  test("fifty thousand calls that are left by all their callers", async () => {
    const load = memoize<Load>(async () => new Promise(() => {}));
    let next = 0;
    const grown = await growth(50_000, async (count) => {
      for (let done = 0; done < count; done++) {
        const controller = new AbortController();
        load(next++, controller.signal).catch(nothing);
        controller.abort();
        if (done % 100 === 0) await drained();
      }
    });
    expect(grown).toBeLessThan(LIMIT);
    expect(load.cache.stats()).toMatchObject({ inFlight: 0, entries: 0 });
  });

  test("fifty thousand callers that leave one flight, which stays", async () => {
    const end = deferred<number>();
    const load = memoize<Load>(async () => end.promise);
    const staying = watch(load(1));
    const grown = await growth(50_000, async (count) => {
      for (let done = 0; done < count; done++) {
        const controller = new AbortController();
        load(1, controller.signal).catch(nothing);
        controller.abort();
        if (done % 100 === 0) await drained();
      }
    });
    expect(grown).toBeLessThan(LIMIT);
    end.resolve(1);
    await drained();
    expect(staying.outcome).toEqual({ state: "fulfilled", value: 1 });
  });

  test.each<[string, () => MemoizeOptions]>([
    ["an injected schedule", () => ({ schedule: new FakeTime().schedule })],
    ["the platform's", () => ({})],
  ])(
    "a hundred thousand calls with a timeout that is not reached, by %s",
    async (_name, options) => {
      const load = memoize<Load>(async (n) => (await null, n), {
        timeout: "1h",
        maxEntries: 10,
        ...options(),
      });
      let next = 0;
      const grown = await growth(100_000, async (count) => {
        for (let done = 0; done < count; done++) {
          const first = load(next);
          load(next++).catch(nothing);
          await first;
        }
      });
      expect(grown).toBeLessThan(LIMIT);
    },
  );

  test("fifty thousand callers that time out of one flight, which stays", async () => {
    const time = new FakeTime();
    const end = deferred<number>();
    const load = memoize<Load>(async () => end.promise, {
      timeout: 1,
      schedule: time.schedule,
      clock: time.clock,
    });
    const grown = await growth(50_000, async (count) => {
      for (let done = 0; done < count; done++) {
        load(1).catch(nothing);
        time.pass(1);
        if (done % 100 === 0) await drained();
      }
    });
    expect(grown).toBeLessThan(LIMIT);
    expect(time.timers).toBe(0);
    end.resolve(1);
    await drained();
    await expect(load(1)).resolves.toBe(1);
  });

  test("two hundred thousand waits of runs for each other", async () => {
    const inner = memoize<Load>(async (n) => (await null, n), { maxEntries: 10 });
    const middle = memoize<Load>(async (n) => (await inner(n)) + (await inner(n)), {
      maxEntries: 10,
    });
    const outer = memoize<Load>(
      async (n) => {
        await null;
        const [a, b] = await Promise.all([middle(n), inner(n)]);
        return a + b;
      },
      { maxEntries: 10 },
    );
    let next = 0;
    const grown = await growth(50_000, async (count) => {
      for (let done = 0; done < count; done++) {
        const n = next++;
        const value = await outer(n);
        if (value !== 3 * n) throw new Error("wrong");
      }
    });
    expect(grown).toBeLessThan(LIMIT);
    for (const { cache } of [inner, middle, outer])
      expect(cache.stats()).toMatchObject({ inFlight: 0 });
  });

  test("a long loop of waits inside one run", async () => {
    const inner = memoize<Load>(async (n) => (await null, n), { maxEntries: 10 });
    let grown = Number.NaN;
    const outer = memoize<Load>(async () => {
      let next = 0;
      grown = await growth(100_000, async (count) => {
        for (let done = 0; done < count; done++) await inner(next++);
      });
      return next;
    });
    await expect(outer(1)).resolves.toBe(110_000);
    expect(grown).toBeLessThan(LIMIT);
  });

  test("cycles, one after the other", async () => {
    const f: Memoized<Load> = memoize<Load>(async (n) => (await null, await g(n)));
    const g: Memoized<Load> = memoize<Load>(async (n) => await f(n));
    let next = 0;
    const grown = await growth(20_000, async (count) => {
      for (let done = 0; done < count; done++) await f(next++).catch(nothing);
    });
    expect(grown).toBeLessThan(LIMIT);
    for (const { cache } of [f, g])
      expect(cache.stats()).toMatchObject({ inFlight: 0, entries: 0 });
  });

  test("thenables and promises of sync functions", async () => {
    const load = memoize((n: number): PromiseLike<number> =>
      n % 2 === 0
        ? Promise.resolve(n)
        : ({ then: (yes: (value: number) => void) => yes(n) } as PromiseLike<number>),
    );
    let next = 0;
    const grown = await growth(100_000, async (count) => {
      for (let done = 0; done < count; done++) {
        await load(next);
        load.cache.delete(next++);
      }
    });
    expect(grown).toBeLessThan(LIMIT);
  });
});

describe("what is collected", () => {
  class Thing {
    name = "thing";
  }

  test("the waiters of a flight, their signals and what they wait with, once it has settled", async () => {
    const end = deferred<Thing>();
    const load = memoize(async (_n: number, _options?: { signal?: AbortSignal }) => end.promise);
    const references = await (async (): Promise<WeakRef<WeakKey>[]> => {
      const found: WeakRef<WeakKey>[] = [];
      for (let caller = 0; caller < 3; caller++) {
        const controller = new AbortController();
        const held = new Thing();
        const options = { signal: controller.signal };
        const promise = load(1, options);
        found.push(new WeakRef(controller.signal), new WeakRef(held), new WeakRef(options));
        promise.then(() => held.name, nothing);
      }
      end.resolve(new Thing());
      await drained();
      return found;
    })();
    expect(await collected(...references)).toBe(true);
    expect(load.cache.size).toBe(1);
  });

  test("a caller that has left, while the flight goes on", async () => {
    const load = memoize(async (_n: number, _signal?: AbortSignal) => new Promise<Thing>(() => {}));
    const staying = load(1);
    const references = await (async (): Promise<WeakRef<WeakKey>[]> => {
      const controller = new AbortController();
      const held = new Thing();
      const promise = load(1, controller.signal);
      promise.catch(() => held.name);
      controller.abort();
      await drained();
      return [controller, controller.signal, held, promise].map((x) => new WeakRef<WeakKey>(x));
    })();
    expect(await collected(...references)).toBe(true);
    expect(load(1)).toBe(staying);
  });

  test("the result of a run whose entry was deleted, and the error of one that failed", async () => {
    const load = memoize(async (n: number): Promise<Thing> => {
      await null;
      if (n === 0) throw new Thing();
      return new Thing();
    });
    const references = await (async (): Promise<WeakRef<WeakKey>[]> => {
      const value = await load(1);
      load.cache.delete(1);
      const error = (await load(0).catch((reason: unknown) => reason)) as Thing;
      return [new WeakRef(value), new WeakRef(error)];
    })();
    expect(await collected(...references)).toBe(true);
  });

  const removals: [string, (load: Memoized<(n: number) => Promise<Thing>>) => unknown][] = [
    ["deleted", (load) => load.cache.delete(1)],
    ["cleared", (load) => load.cache.clear()],
    ["cleared with all others", () => clearAll()],
    ["replaced by set", (load) => load.cache.set([1], Promise.resolve(new Thing()))],
    ["replaced by refresh", async (load) => await load.cache.refresh(1)],
    ["evicted", async (load) => [await load(2), await load(3)]],
  ];
  test.each(removals)("a result that was %s", async (_how, remove) => {
    for (const options of [{ maxEntries: 1, policy: "lru" as const }, { ttl: "1h" as const }]) {
      if (_how === "evicted" && !("maxEntries" in options)) continue;
      const load = memoize(async (_n: number) => (await null, new Thing()), options);
      const references = await (async (): Promise<WeakRef<WeakKey>[]> => {
        const promise = load(1);
        return [new WeakRef(promise), new WeakRef(await promise)];
      })();
      await remove(load);
      await drained();
      // Explained it can be, but not from what it was.
      expect(load.cache.stats().entries).toBeLessThan(2);
      expect(await collected(...references)).toBe(true);
    }
  });

  test.each(["delete", "clear", "abort"])("a flight that never settles, after %s", async (how) => {
    const load = memoize(async (_n: number, _signal?: AbortSignal) => new Promise(() => {}));
    const references = ((): WeakRef<WeakKey>[] => {
      const controller = new AbortController();
      const promises = [load(1, controller.signal), load(2, controller.signal)];
      for (const promise of promises) promise.catch(nothing);
      if (how === "clear") load.cache.clear();
      else if (how === "abort") controller.abort();
      else for (const n of [1, 2]) load.cache.delete(n);
      return promises.map((promise) => new WeakRef(promise));
    })();
    await drained();
    expect(load.cache.stats().inFlight).toBe(0);
    expect(await collected(...references)).toBe(true);
  });

  test("the result of a run that has left something running, such as an interval", async () => {
    const intervals: NodeJS.Timeout[] = [];
    const load = memoize(async (_n: number) => {
      intervals.push(setInterval(nothing, 1_000_000));
      await null;
      return new Thing();
    });
    const references = await (async (): Promise<WeakRef<WeakKey>[]> => {
      const promise = load(1);
      const found = [new WeakRef<WeakKey>(promise), new WeakRef<WeakKey>(await promise)];
      load.cache.delete(1);
      return found;
    })();
    const isCollected = await collected(...references);
    for (const interval of intervals) clearInterval(interval);
    expect(isCollected).toBe(true);
  });

  test("an object that is an argument, with its settled flight", async () => {
    const load = memoize(async (thing: Thing) => (await null, [thing]));
    const references = await (async (): Promise<WeakRef<WeakKey>[]> => {
      const thing = new Thing();
      const promise = load(thing);
      const value = await promise;
      return [thing, promise, value].map((x) => new WeakRef<WeakKey>(x));
    })();
    await settle();
    expect(await collected(...references)).toBe(true);
    expect(load.cache.size).toBe(0);
  });

  test("a run that has settled, though a run that waited for it goes on", async () => {
    const end = deferred<number>();
    const references: WeakRef<WeakKey>[] = [];
    const inner = memoize(async (_n: number) => (await null, new Thing()), {
      maxEntries: 1,
      policy: "lru",
    });
    const outer = memoize(async (n: number) => {
      references.push(new WeakRef(await inner(n)));
      await inner(n + 1);
      return end.promise;
    });
    const waiting = watch(outer(1));
    await drained();
    expect(await collected(...references)).toBe(true);
    end.resolve(1);
    await drained();
    expect(waiting.outcome.state).toBe("fulfilled");
  });

  test("a function with everything it remembers, though it had flights, signals and cycles", async () => {
    const references = await (async (): Promise<WeakRef<WeakKey>[]> => {
      const f = memoize(async (n: number, _signal?: AbortSignal): Promise<number> => {
        await null;
        return n === 0 ? 0 : n === 1 ? await f(1) : await f(n - 1);
      });
      await f(3, new AbortController().signal).catch(nothing);
      await f(0);
      return [new WeakRef(f)];
    })();
    expect(await collected(...references)).toBe(true);
  });
});
