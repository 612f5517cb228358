/** Programs that once went wrong with bounds, lifetimes, promises or listeners. */
import { clearAll, configure, memoize, type Memoized, snapshot, tabulate } from "rote";
import { describe, expect, test } from "vitest";

import { expectNoUnhandledRejections } from "../support/async.ts";

expectNoUnhandledRejections();

describe("nothing that has expired is returned", () => {
  test("by a recursion that begins long after the last run", () => {
    let time = 0;
    let world = "old";
    const f: (n: number) => string = memoize((n) => (n < 2 ? world : f(n - 1)), {
      ttl: 10,
      clock: () => time,
    });
    f(1);
    time = 1000;
    world = "new";
    expect(f(2)).toBe("new");
  });

  test.each([false, true])("in the drive of another function, async: %s", async (isAsync) => {
    let time = 0;
    let world = "old";
    const options = { ttl: 10, clock: () => time };
    const h = isAsync ? memoize(async () => world, options) : memoize(() => world, options);
    const f: (n: number) => unknown = memoize((n) => (n < 2 ? h() : f(n - 1)), { depthLimit: 2 });
    await h();
    time = 1e6;
    world = "new";
    expect(await f(20)).toBe("new");
  });

  test("because clear has kept it for a recursion", () => {
    let time = 0;
    let world = "old";
    let clears = false;
    const f: Memoized<(n: number) => string> = memoize(
      (n: number): string => {
        if (n !== 5 || !clears) return world;
        f.cache.clear();
        return f(1);
      },
      { ttl: 10, clock: () => time },
    );
    f(1);
    f(5);
    time = 2000;
    world = "new";
    clears = true;
    expect(f(5)).toBe("new");
  });

  test("later because a recursion has touched it", () => {
    let time = 0;
    const f: Memoized<(n: number) => number> = memoize(
      (n: number): number => {
        if (n === 0) return 0;
        f(0);
        time += 20;
        return f(0) + 1;
      },
      { ttl: 10, touch: true, clock: () => time },
    );
    f(1);
    time += 5;
    expect(f.cache.has(0)).toBe(false);
  });
});

describe("two runs for each call are enough", () => {
  test.each([1, 2, 3, undefined])(
    "in a careful function that keeps nothing, with a depth limit of %s",
    (depthLimit) => {
      let runs = 0;
      let ended = 0;
      const f: (n: number) => number = memoize(
        (n) => {
          runs++;
          try {
            return n < 1 ? 0 : f(n - 1) + 1;
          } finally {
            ended++;
          }
        },
        { ttl: 0, ...(depthLimit === undefined ? {} : { depthLimit }) },
      );
      const depth = depthLimit === undefined ? 20_000 : 30;
      expect(f(depth)).toBe(depth);
      expect(runs).toBeLessThanOrEqual(2 * (depth + 1));
      expect(ended).toBe(runs);
    },
  );

  test("in a ring of forty functions, each bounded", () => {
    let runs = 0;
    const ring: ((n: number) => number)[] = Array.from({ length: 40 }, (_, i) =>
      memoize(
        (n: number): number => {
          runs++;
          const next = ring[(i + 1) % 40] as (n: number) => number;
          return n < 2 ? n : next(n - 1) + next(n - 2);
        },
        { maxEntries: 2, policy: "lru", receiver: false },
      ),
    );
    expect((ring[0] as (n: number) => number)(60)).toBe(1548008755920);
    expect(runs).toBeLessThanOrEqual(2 * 61 * 40);
  });
});

describe("promises", () => {
  test("a schedule that returns no function is said so", async () => {
    const f = memoize(async (n: number) => n, { timeout: 100, schedule: (() => 7) as never });
    await expect(f(1)).rejects.toMatchObject({ code: "ERR_INVALID_RESULT", option: "schedule" });
  });

  test("a timer that cannot be called off harms nobody", async () => {
    const cancel = (): never => {
      throw new Error("no");
    };
    const f = memoize(async (n: number) => n, { timeout: 100, schedule: () => cancel });
    expect(await Promise.all([f(1), f(1)])).toEqual([1, 1]);
  });

  test("a listener may clear what is in flight", async () => {
    const f = memoize(async (n: number) => n);
    f.cache.on("hit", () => f.cache.clear());
    expect(await Promise.all([f(1), f(1)])).toEqual([1, 1]);
  });

  test("a call from ttl with the same arguments gets a promise", async () => {
    let inner: unknown;
    const f: (n: number) => Promise<number> = memoize(async (n) => n, {
      ttl: (_value: number, n: number) => {
        inner = f(n);
        return 1000;
      },
    });
    expect(await f(1)).toBe(1);
    expect(await inner).toBe(1);
  });

  test("a thenable that throws, or answers twice, lands once", async () => {
    const broken = memoize(
      () => ({
        then(): never {
          throw new Error("broken");
        },
      }),
      { async: true },
    );
    await expect(broken() as unknown as Promise<unknown>).rejects.toThrow("broken");
    expect(broken.cache.stats().inFlight).toBe(0);
    const twice = memoize(
      () => ({
        then(tell: (value: number) => void): void {
          tell(1);
          tell(2);
        },
      }),
      { async: true },
    );
    let told = 0;
    twice.cache.on("run", () => told++);
    expect(await (twice() as unknown as Promise<number>)).toBe(1);
    expect(told).toBe(1);
  });

  test("set with a promise rejects nobody, waits for nobody and is no run", async () => {
    const f = memoize(async (n: number) => n, { timeout: 1 });
    const told: string[] = [];
    for (const type of ["run", "error"] as const) f.cache.on(type, () => told.push(type));
    const rejected = Promise.reject(new Error("mine"));
    rejected.catch(() => {});
    f.cache.set([1], rejected);
    f.cache.set([2], new Promise(() => {}));
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(f.cache.has(1)).toBe(false);
    expect(f.cache.has(2)).toBe(true);
    expect(told).toEqual([]);
    expect(f.cache.stats()).toMatchObject({ runs: 0, runTime: 0 });
  });

  test("an invalid ttl of a value that is no promise is thrown", () => {
    const f = memoize(((n: number) => n) as (n: number) => unknown, {
      async: true,
      ttl: () => "bad" as never,
    });
    expect(() => f(1)).toThrow("ttl of");
    expect(f.cache.size).toBe(0);
  });

  test("one that is thrown at once is remembered as thrown", () => {
    const f = memoize(
      (_n: number): Promise<number> => {
        throw new Error("at once");
      },
      { async: true, rememberErrors: 1000 },
    );
    expect(() => f(1)).toThrow("at once");
    expect(() => f(1)).toThrow("at once");
    expect(f.cache.stats().runs).toBe(1);
  });

  test("who has lost patience waits no more, and is in no cycle", async () => {
    let release = (): void => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const a: () => Promise<string> = memoize(async () => {
      const lost = await b().catch((error: { code: string }) => error.code);
      release();
      for (let i = 0; i < 50; i++) await null;
      return lost;
    });
    const b: () => Promise<string> = memoize(
      async () => {
        await held;
        return `b after ${await a()}`;
      },
      { timeout: 1 },
    );
    const alive = setTimeout(() => {}, 1000);
    expect(await a()).toBe("ERR_TIMEOUT");
    expect(await b()).toBe("b after ERR_TIMEOUT");
    clearTimeout(alive);
  });

  test("options with a signal, known by identity, are known", async () => {
    let runs = 0;
    const f = memoize(
      async (_options: { signal: AbortSignal }) => {
        runs++;
        await null;
      },
      { key: "identity" },
    );
    const options = { signal: new AbortController().signal };
    await Promise.all([f(options), f(options)]);
    expect(runs).toBe(1);
  });

  test("a refresh with a signal that has fired leaves a flight alone", async () => {
    let runs = 0;
    const f = memoize(async (n: number, _signal?: AbortSignal) => {
      runs++;
      await null;
      return n;
    });
    const first = f(1);
    await expect(f.cache.refresh(1, AbortSignal.abort("gone"))).rejects.toBe("gone");
    expect(await Promise.all([first, f(1)])).toEqual([1, 1]);
    expect(runs).toBe(1);
  });
});

describe("functions that turn out to return promises", () => {
  const sometimes = (n: number): unknown => (n < 0 ? Promise.reject(new Error("no")) : n);

  test("keep an earlier result when a refresh is rejected", async () => {
    let fails = false;
    const f = memoize((_n: number): unknown => (fails ? Promise.reject(new Error("no")) : 1));
    f(1);
    fails = true;
    await expect(f.cache.refresh(1)).rejects.toThrow("no");
    expect(f(1)).toBe(1);
  });

  test("count what replaces an earlier result, and tell what it was", async () => {
    const f = memoize(sometimes);
    f(1);
    const undefinedToo = memoize((n: number): unknown => (n < 0 ? Promise.resolve() : undefined));
    undefinedToo(1);
    await (undefinedToo(-1) as Promise<unknown>);
    const told: unknown[] = [];
    undefinedToo.cache.on("remove", ({ value }) => told.push(value));
    undefinedToo.cache.delete(-1);
    undefinedToo.cache.clear();
    expect(told.at(-1)).toBe(undefined);
    await expect(f(-1)).rejects.toThrow("no");
    f.cache.set([1], 2);
    expect(f.cache.stats().removals.replaced).toBe(1);
  });

  test("may store null in the middle of their own first run", () => {
    const f: Memoized<(n: number) => unknown> = memoize((n: number): unknown => {
      if (n === 2) return Promise.resolve(1);
      f.cache.set([1], null);
      void f(2);
      return 7;
    });
    expect(f(1)).toBe(7);
  });
});

describe("counts, bounds and events", () => {
  test("a failing drive tells one miss for each run", () => {
    const told: string[] = [];
    const f: Memoized<(n: number) => number> = memoize(
      (n: number): number => {
        if (n === 0) throw new Error("leaf");
        return f(n - 1);
      },
      { depthLimit: 2 },
    );
    f.cache.on("miss", () => told.push("miss"));
    f.cache.on("error", () => told.push("error"));
    expect(() => f(20)).toThrow("leaf");
    expect(told.filter((type) => type === "error").length).toBe(21);
    expect(told.filter((type) => type === "miss").length).toBeLessThanOrEqual(2 * 21);
    expect(f.cache.stats().misses).toBe(21);
  });

  test("a miss listener that makes the call makes the only run", () => {
    let runs = 0;
    const f = memoize((n: number) => {
      runs++;
      return n;
    });
    const off = f.cache.on("miss", () => {
      off();
      f(1);
    });
    expect(f(1)).toBe(1);
    expect(runs).toBe(1);
  });

  test("time saved after tabulate is that of one run for each hit", () => {
    const f: Memoized<(n: number) => number> = memoize((n: number): number =>
      n === 0 ? 0 : f(n - 1) + 1,
    );
    tabulate(
      f,
      Array.from({ length: 200 }, (_, n): [number] => [n]),
    );
    const before = f.cache.stats();
    f(1);
    const after = f.cache.stats();
    expect(after.timeSaved - before.timeSaved).toBeLessThanOrEqual(after.runTime / 100);
  });

  test("resize leaves alone what it is not given, and refuses a list", () => {
    const f = memoize((n: number) => n, { maxEntries: 2 });
    f.cache.resize({ maxEntries: undefined as never });
    for (let n = 0; n < 50; n++) f(n);
    expect(f.cache.size).toBe(2);
    expect(() => f.cache.resize([] as never)).toThrow("resize takes a bound");
  });

  test("a clock that changes what it is asked about does no harm", () => {
    let isMean = false;
    const f: Memoized<(n: number) => number> = memoize((n: number) => n + 1, {
      maxEntries: 2,
      ttl: 10,
      clock: () => {
        if (isMean) {
          isMean = false;
          f.cache.delete(1);
        }
        return 0;
      },
    });
    f(1);
    isMean = true;
    expect(f(1)).toBe(2);
    for (let n = 0; n < 5; n++) f(n);
    expect(f.cache.size).toBe(2);
    expect(f.cache.stats().weight).toBe(2);
  });

  test("a clock that clears many entries in the middle of a hit leaves none behind", () => {
    let isMean = false;
    const f: Memoized<(n: number) => number> = memoize((n: number) => n + 1, {
      maxEntries: 100,
      policy: "lru",
      ttl: 10,
      clock: () => {
        if (isMean) {
          isMean = false;
          f.cache.clear();
        }
        return 0;
      },
    });
    for (let n = 0; n < 100; n++) f(n);
    isMean = true;
    expect(f(1)).toBe(2);
    expect([...f.cache.entries()]).toEqual([[[1], 2]]);
    for (let n = 0; n < 300; n++) f(n);
    expect(f.cache.size).toBe(100);
  });

  test("what only says that it is a signal is an argument", async () => {
    let runs = 0;
    const f = memoize(async (_fake: object) => ++runs);
    const fake = { [Symbol.toStringTag]: "AbortSignal", aborted: true };
    const made = Object.create(AbortSignal.prototype) as object;
    expect(await Promise.all([f(fake), f(fake), f(made), f(made)])).toEqual([1, 1, 2, 2]);
  });

  test("a clock or lot that is none is said so, and breaks no bound", () => {
    expect(() => memoize((n: number) => n, { ttl: 1, clock: () => undefined as never })).toThrow(
      "clock of",
    );
    const f = memoize((n: number) => n, { ttl: 10, jitter: 0.5, random: () => 3 });
    expect(() => f(1)).toThrow("random of");
    const g = memoize((n: number) => n, {
      maxEntries: 4,
      policy: "w-tinylfu",
      random: () => {
        throw new Error("no lot");
      },
    });
    for (let n = 0; n < 500; n++) g(n % 50);
    expect(g.cache.size).toBeLessThanOrEqual(4);
  });

  test("a refresh that fails over a remembered failure leaves the later one", () => {
    let error = new Error("first");
    const f = memoize(
      (_n: number) => {
        throw error;
      },
      { rememberErrors: 1000 },
    );
    expect(() => f(1)).toThrow("first");
    error = new Error("second");
    expect(() => f.cache.refresh(1)).toThrow("second");
    expect(() => f(1)).toThrow("second");
  });

  test("verify draws its lots where the option says", () => {
    let drawn = 0;
    const f = memoize((n: number) => n, { verify: 0.5, random: () => ++drawn / 1000 });
    f(1);
    f(1);
    expect(drawn).toBe(1);
  });

  test("who listened while memoization was off is listened to no more", () => {
    const f = memoize((n: number) => n);
    f(1);
    configure({ enabled: false });
    f.cache.on("hit", () => {})();
    configure({ enabled: true });
    expect(f(1)).toBe(1);
    expect(f.cache.stats()).toMatchObject({ hits: 1, runs: 1 });
    clearAll();
    expect(snapshot().length).toBeGreaterThan(0);
  });
});
