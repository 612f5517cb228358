/** `scope: "request"`: what is remembered for the time of a scope, and no longer. */
import fc from "fast-check";
import { cacheOf, clearAll, memoize, memoizeMethods } from "rote";
import type { CacheHandle } from "rote";
import { runInScope } from "rote/scope";
import { describe, expect, test } from "vitest";

import { runModule } from "../support/child.ts";
import { collected, settle } from "../support/collected.ts";

const request = { scope: "request" } as const;

/** A function that counts its runs. */
function counting(options = {}): ((n: number) => { n: number }) & {
  runs: () => number;
  cache: CacheHandle<(n: number) => { n: number }>;
} {
  let runs = 0;
  const fn = memoize(
    (n: number) => {
      runs++;
      return { n };
    },
    { ...request, ...options },
  );
  return Object.assign(fn, { runs: () => runs }) as never;
}

describe("in a scope", () => {
  test("equal calls share one result, in another scope another one", () => {
    const fn = counting();
    const first = runInScope(() => [fn(1), fn(1)]);
    const second = runInScope(() => [fn(1), fn(1)]);
    expect(first[0]).toBe(first[1]);
    expect(second[0]).toBe(second[1]);
    expect(first[0]).not.toBe(second[0]);
    expect(fn.runs()).toBe(2);
  });

  test("what it returns or throws is returned or thrown", async () => {
    expect(runInScope(() => 1)).toBe(1);
    expect(() =>
      runInScope(() => {
        throw new RangeError("a");
      }),
    ).toThrow(RangeError);
    await expect(runInScope(() => Promise.resolve(2))).resolves.toBe(2);
    await expect(runInScope(() => Promise.reject(new RangeError("b")))).rejects.toThrow(RangeError);
    let asked = 0;
    const lazy = {
      then(resolve: (value: number) => void) {
        asked++;
        resolve(3);
      },
    };
    expect(await runInScope(() => lazy as PromiseLike<number>)).toBe(3);
    expect(asked).toBe(1);
  });

  test("everything asynchronous that it starts is part of it until it ends", async () => {
    const fn = counting();
    await runInScope(async () => {
      fn(1);
      await null;
      fn(1);
      await new Promise((resolve) => setImmediate(resolve));
      await Promise.all([Promise.resolve().then(() => fn(1)), fn(1)]);
      expect(fn.cache.size).toBe(1);
    });
    expect(fn.runs()).toBe(1);
  });

  test("what it returns may begin its work only when somebody waits for it", async () => {
    const fn = counting();
    const query: PromiseLike<boolean> = {
      then: (resolve) => Promise.resolve(fn(1) === fn(1)).then(resolve),
    };
    expect(await runInScope(() => query)).toBe(true);
    expect(fn.runs()).toBe(1);
  });

  test("async functions share their promises", async () => {
    let runs = 0;
    const load = memoize(async (id: string) => {
      runs++;
      await null;
      return id;
    }, request);
    const all = await runInScope(() => Promise.all([load("a"), load("a"), load("b")]));
    expect(all).toEqual(["a", "a", "b"]);
    expect(runs).toBe(2);
    await runInScope(() => load("a"));
    expect(runs).toBe(3);
  });

  test("recursion memoizes its own calls, as deep as memory goes", () => {
    let runs = 0;
    const fib: (n: number) => bigint = memoize((n) => {
      runs++;
      return n < 2 ? BigInt(n) : fib(n - 1) + fib(n - 2);
    }, request);
    expect(runInScope(() => fib(90))).toBe(2880067194370816120n);
    expect(runs).toBe(91);
    const sum: (n: number) => number = memoize((n) => (n === 0 ? 0 : sum(n - 1) + n), request);
    expect(runInScope(() => sum(50_000))).toBe(1_250_025_000);
    const loop: (n: number) => number = memoize((n) => loop(n), request);
    expect(() => runInScope(() => loop(1))).toThrow(/ERR_CYCLE|needs its own result|cycle/i);
  });

  test("batches are loaded for each scope by itself, and so is every key", async () => {
    const batches: (readonly number[])[] = [];
    const load = memoize.batch(async (keys: readonly number[]) => {
      batches.push(keys);
      return keys.map((n) => ({ n }));
    }, request);
    const handle = async (): Promise<object[]> => [
      ...(await Promise.all([load(1), load(2), load(1)])),
      await load(2),
    ];
    const [first, second] = await Promise.all([runInScope(handle), runInScope(handle)]);
    expect(batches).toEqual([
      [1, 2],
      [1, 2],
    ]);
    expect(first?.[0]).toBe(first?.[2]);
    expect(first?.[1]).toBe(first?.[3]);
    expect(first?.[0]).not.toBe(second?.[0]);
    expect(load.cache.has(1)).toBe(false);
  });

  test("all options count for each scope", () => {
    const bounded = counting({ maxEntries: 2, policy: "lru" });
    runInScope(() => {
      for (const n of [1, 2, 3]) bounded(n);
      expect(bounded.cache.size).toBe(2);
      expect(bounded.cache.has(1)).toBe(false);
      runInScope(() => {
        expect(bounded.cache.size).toBe(0);
        bounded(9);
      });
      expect(bounded.cache.size).toBe(2);
    });
    const keyed = memoize(({ id }: { id: number; at?: number }) => [id], {
      ...request,
      key: ({ id }) => id,
    });
    runInScope(() => expect(keyed({ id: 1, at: 1 })).toBe(keyed({ id: 1, at: 2 })));
  });

  test("the receiver is part of the key of a method", () => {
    let runs = 0;
    class User {
      id: number;
      constructor(id: number) {
        this.id = id;
      }
      load(field: string): string {
        runs++;
        return `${this.id}${field}`;
      }
      get label(): string {
        runs++;
        return `user ${this.id}`;
      }
      set label(text: string) {
        this.id = Number(text.split(" ")[1]);
      }
    }
    memoizeMethods(User, { load: request, label: request });
    const [a, b] = [new User(1), new User(2)];
    runInScope(() => {
      expect([a.load("x"), a.load("x"), b.load("x"), a.label, a.label]).toEqual([
        "1x",
        "1x",
        "2x",
        "user 1",
        "user 1",
      ]);
      expect(runs).toBe(3);
      expect(cacheOf(a, "load").size).toBe(1);
      a.label = "user 7";
      expect(a.label).toBe("user 7");
    });
    // The handle of an object asks the scope in which it is used, too.
    const cache = cacheOf(a, "load");
    runInScope(() => {
      expect(cache.has("x")).toBe(false);
      cache.set(["x"], "seven");
      expect([a.load("x"), b.load("x")]).toEqual(["seven", "2x"]);
      cache.clear();
      expect([cache.size, cacheOf(b, "load").size]).toEqual([0, 1]);
    });
    expect(() => cache.set(["x"], "8x")).toThrow(/outside of every one/);
    runs = 4;
    runInScope(() => a.load("x"));
    expect(runs).toBe(5);
  });
});

describe("scopes", () => {
  test("nested ones have each its own, and leave the outer one as it was", async () => {
    const fn = counting();
    await runInScope(async () => {
      const outer = fn(1);
      const inner = await runInScope(async () => {
        await null;
        return [fn(1), fn(1)];
      });
      expect(inner[0]).toBe(inner[1]);
      expect(inner[0]).not.toBe(outer);
      expect(() =>
        runInScope(() => {
          fn(2);
          throw new Error("a");
        }),
      ).toThrow("a");
      expect(fn(1)).toBe(outer);
      expect(fn.cache.has(2)).toBe(false);
    });
    expect(fn.runs()).toBe(3);
  });

  test("however they are interleaved, a result comes from the scope of its caller", async () => {
    const step = fc.record({ scope: fc.nat(3), n: fc.nat(2) });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 24 }), fc.scheduler(), async (steps, s) => {
        const made: [scope: number, n: number][] = [];
        let current = -1;
        const load = memoize(async (n: number) => {
          const scope = current;
          made.push([scope, n]);
          await s.schedule(Promise.resolve(), `${scope}: ${n}`);
          return { scope, n };
        }, request);
        const requests = [0, 1, 2, 3].map((scope) =>
          runInScope(async () => {
            const own = steps.filter((each) => each.scope === scope);
            const results = [];
            for (const { n } of own) {
              current = scope;
              results.push(load(n));
              await s.schedule(Promise.resolve(), `${scope} goes on`);
            }
            for (const [i, { scope: of, n }] of (await Promise.all(results)).entries())
              expect([of, n]).toEqual([scope, own[i]?.n]);
          }),
        );
        await s.waitFor(Promise.all(requests));
        const keys = new Set(made.map(([scope, n]) => `${scope} ${n}`));
        expect(made.length).toBe(keys.size);
        expect(keys).toEqual(new Set(steps.map(({ scope, n }) => `${scope} ${n}`)));
      }),
    );
  });

  test("one inside a recursion, and a recursion deeper than the limit in one inside a run", () => {
    let runs = 0;
    const down: (n: number) => number = memoize(
      (n) => {
        if (++runs > 1000) throw new Error("it does not end");
        return n === 0 ? 0 : down(n - 1) + 1;
      },
      { ...request, depthLimit: 10 },
    );
    const from = memoize(
      (first: number, n: number) =>
        runInScope(() => {
          cacheOf(down).set([0], first);
          return down(n);
        }),
      { depthLimit: 10 },
    );
    expect([from(100, 8), from(200, 30), from(300, 100)]).toEqual([108, 230, 400]);

    const nested: (n: number) => number = memoize(
      (n) => {
        if (++runs > 1000) throw new Error("it does not end");
        return n === 0 ? 0 : runInScope(() => nested(n - 1)) + 1;
      },
      { ...request, depthLimit: 10 },
    );
    expect(runInScope(() => nested(50))).toBe(50);
  });

  test("one that has ended keeps nothing, for code that goes on in it", async () => {
    const fn = counting();
    const late: number[] = [];
    let goOn = (): void => {};
    runInScope(() => {
      fn(1);
      void new Promise<void>((resolve) => (goOn = resolve)).then(() => {
        fn(1);
        fn(1);
        late.push(fn.runs(), fn.cache.size);
      });
    });
    goOn();
    await settle();
    expect(late).toEqual([3, 0]);
  });

  test("a refresh that was scheduled in one runs in that one alone, and not when it has ended", async () => {
    let time = 0;
    let runs = 0;
    const timers: (() => void)[] = [];
    const fib: ((n: number) => number) & { cache: CacheHandle } = memoize(
      (n: number): number => {
        runs++;
        return n < 2 ? n : fib(n - 1) + fib(n - 2);
      },
      {
        ...request,
        ttl: 10,
        staleWhileRevalidate: 100,
        clock: () => time,
        schedule: (callback) => (timers.push(callback), () => {}),
      },
    ) as never;
    const makeStale = (): void => {
      fib(10);
      time += 10;
      fib(10);
      runs = 0;
    };
    runInScope(makeStale);
    timers[0]?.();
    runInScope(() => timers[0]?.());
    expect(runs).toBe(0);
    runInScope(() => {
      makeStale();
      timers[1]?.();
      expect(runs).toBe(11);
      makeStale();
      runInScope(() => timers[2]?.());
      expect(runs).toBe(0);
      // The next stale hit sees to another one.
      fib(10);
      expect(timers.length).toBe(4);
    });
  });

  test("clear drops the entries of the scope; outside, and with clearAll, those of all", () => {
    const fn = counting();
    runInScope(() => {
      fn(1);
      runInScope(() => {
        fn(1);
        fn.cache.clear();
        fn(1);
      });
      expect(fn.cache.size).toBe(1);
      clearAll();
      expect(fn.cache.size).toBe(0);
      fn(1);
    });
    expect(fn.runs()).toBe(4);
    fn.cache.clear();
    expect(fn.cache.stats().entries).toBe(0);
  });

  test("what has been cleared from outside is cleared once, whoever looks at it there", async () => {
    const fn = counting();
    fn.cache.clear();
    let goOn = (): void => {};
    const handled = runInScope(async () => {
      fn(1);
      await new Promise<void>((resolve) => (goOn = resolve));
      return fn(1);
    });
    expect(fn.cache.size).toBe(0);
    fn.cache.on("remove", () => {})();
    goOn();
    await handled;
    expect(fn.runs()).toBe(1);
  });

  test("listeners hear of all of them, while they listen", () => {
    const fn = counting();
    const told: string[] = [];
    runInScope(() => fn(1));
    const stop = fn.cache.on("miss", ({ args }) => told.push(`miss ${args.join()}`));
    runInScope(() => fn(1));
    stop();
    runInScope(() => fn(1));
    expect(told).toEqual(["miss 1"]);
    expect(fn.cache.stats()).toMatchObject({ misses: 3, runs: 3 });
  });
});

describe("outside of every scope", () => {
  test("a call is a plain call", () => {
    const fn = counting();
    expect(fn(1)).not.toBe(fn(1));
    expect(fn.runs()).toBe(2);
    const recursive: (n: number) => number = memoize(
      (n) => (n < 2 ? n : recursive(n - 1) + recursive(n - 2)),
      request,
    );
    expect(recursive(10)).toBe(55);
  });

  test("it is said once, in development", () => {
    const program = `
      const load = rote.memoize((n) => n, { scope: "request", name: "load" });
      load(1); load(1); load(2);`;
    const { err, status } = runModule(program);
    expect(status).toBe(0);
    expect(err.match(/ROTE_NO_SCOPE/g)?.length).toBe(1);
    expect(err).toMatch(/"load" remembers results for the time of a request.*runInScope/);
    expect(runModule(program, { NODE_ENV: "production" }).err).toBe("");
  });

  test("the handle finds nothing, and says where to keep something", () => {
    const fn = counting();
    expect(fn.cache.size).toBe(0);
    expect(fn.cache.has(1)).toBe(false);
    expect(fn.cache.peek(1)).toBe(undefined);
    expect([...fn.cache.entries()]).toEqual([]);
    expect(fn.cache.delete(1)).toBe(false);
    expect(fn.cache.explain(1)).toMatchObject({ outcome: "run", reason: "no scope" });
    for (const act of [
      () => fn.cache.set([1], { n: 1 }),
      () => fn.cache.refresh(1),
      () => fn.cache.resize({ maxEntries: 1 }),
    ])
      expect(act).toThrow(/cache\.\w+ was called outside of every one\. Call it inside runInScope/);
  });

  test("what is no function, and what is no scope, is refused", () => {
    expect(() => runInScope(1 as never)).toThrow(
      /takes a function that handles a request; received 1/,
    );
    expect(() => memoize(() => 1, { scope: "session" as never })).toThrow(
      /scope must be "process" or "request"; received "session"/,
    );
    const fn = counting();
    expect(() => Reflect.construct(fn, [1]) as unknown).toThrow(/called with new/);
  });
});

describe("nothing leaks", () => {
  const heap = async (): Promise<number> => {
    const { gc } = globalThis as unknown as { gc: () => void };
    await settle();
    gc();
    return process.memoryUsage().heapUsed;
  };

  test("of 100 000 requests", async () => {
    const sync = counting({ maxEntries: 100 });
    const load = memoize(async (n: number) => {
      await null;
      return { n };
    }, request);
    const handle = async (i: number): Promise<void> => {
      sync(i);
      await load(i);
      await load(i + 1);
    };
    for (let i = 0; i < 1000; i++) await runInScope(() => handle(i));
    const before = await heap();
    for (let i = 0; i < 100_000; i++) await runInScope(() => handle(i));
    expect((await heap()) - before).toBeLessThan(2_000_000);
  });

  test("of requests that fail, and of those that are abandoned", async () => {
    const load = memoize(async (n: number) => ({ n }), request);
    const watched: WeakRef<WeakKey>[] = [];
    await (async () => {
      await runInScope(async () => {
        watched.push(new WeakRef(await load(1)));
        throw new Error("a");
      }).catch(() => {});
      void runInScope(async () => {
        watched.push(new WeakRef(await load(2)));
        await new Promise(() => {});
      });
      await settle();
    })();
    expect(watched.length).toBe(2);
    expect(await collected(...watched)).toBe(true);
  });

  test("of a scope that has ended while a timer that it started goes on", async () => {
    const fn = counting();
    const [watched, timer] = (() =>
      runInScope(() => [new WeakRef<WeakKey>(fn(1)), setInterval(() => {}, 1e6)] as const))();
    expect(await collected(watched)).toBe(true);
    clearInterval(timer);
  });

  test("of a scope that has ended while a timer that an async run started goes on", async () => {
    const timers: ReturnType<typeof setInterval>[] = [];
    const load = memoize(async (n: number) => {
      timers.push(setInterval(() => {}, 1e6));
      return { n };
    }, request);
    const watched = await runInScope(async () => new WeakRef<WeakKey>(await load(1)));
    expect(await collected(watched)).toBe(true);
    for (const timer of timers) clearInterval(timer);
  });
});
