/**
 * What functions of promises return, in all the ways in which they may: the memoized one gives the
 * same outcomes, keeps no rejection, and is heard of as unhandled exactly where the plain one is.
 */
import { clearAll, configure, memoize, type Memoized, type MemoizeOptions, RoteError } from "rote";
import { afterEach, describe, expect, test } from "vitest";

import {
  deferred,
  drained,
  expectNoUnhandledRejections,
  FakeTime,
  hops,
  outcomeOf,
  reasonOf,
  valueOf,
  watch,
} from "../support/async.ts";
import { runModule } from "../support/child.ts";
import { collected } from "../support/collected.ts";
import { afterwards, thrownBy } from "../support/recursion.ts";

expectNoUnhandledRejections();
afterEach(() => {
  configure({ enabled: true });
  afterwards();
});

type Any = (...args: any[]) => any;

const failure = new Error("failure");

describe("thenables", () => {
  /** Settles when told, or as soon as somebody waits. */
  class Lazy implements PromiseLike<number> {
    waiters = 0;
    #outcome: () => Promise<number>;
    constructor(outcome: () => Promise<number>) {
      this.#outcome = outcome;
    }
    then<A = number, B = never>(
      yes?: ((value: number) => A | PromiseLike<A>) | null,
      no?: ((reason: unknown) => B | PromiseLike<B>) | null,
    ): Promise<A | B> {
      this.waiters++;
      return this.#outcome().then(yes, no);
    }
  }

  test("one that fulfils is handed out itself, to every caller", async () => {
    let runs = 0;
    const made: Lazy[] = [];
    const load = memoize((n: number): Lazy => {
      runs++;
      const lazy = new Lazy(async () => n);
      made.push(lazy);
      return lazy;
    });
    const first = load(1);
    expect(first).toBe(made[0]);
    expect(load(1)).toBe(first);
    expect(await valueOf(first)).toBe(1);
    expect(load(1)).toBe(first);
    expect(runs).toBe(1);
    expect(load.cache.stats()).toMatchObject({ hits: 2, misses: 1, entries: 1, inFlight: 0 });
  });

  test("one that rejects is not kept: the next call runs again", async () => {
    let runs = 0;
    const load = memoize((_n: number): Lazy => {
      runs++;
      return new Lazy(async () => {
        throw failure;
      });
    });
    expect(await reasonOf(load(1))).toBe(failure);
    await drained();
    expect(load.cache.stats()).toMatchObject({ entries: 0, inFlight: 0 });
    expect(await reasonOf(load(1))).toBe(failure);
    expect(runs).toBe(2);
  });

  test("one whose then calls back at once", async () => {
    let runs = 0;
    const eager = (isFailure: boolean): PromiseLike<number> =>
      ({
        then: (yes: (value: number) => void, no: (reason: unknown) => void) =>
          isFailure ? no(failure) : yes(5),
      }) as PromiseLike<number>;
    const load = memoize((n: number) => {
      runs++;
      return eager(n === 0);
    });
    expect(await load(1)).toBe(5);
    expect(await load(1)).toBe(5);
    expect(runs).toBe(1);
    expect(await reasonOf(load(0))).toBe(failure);
    expect(await reasonOf(load(0))).toBe(failure);
    expect(runs).toBe(3);
    expect(load.cache.size).toBe(1);
  });

  test("one whose then throws is a failure, and not kept", async () => {
    let runs = 0;
    const load = memoize((_n: number) => {
      runs++;
      return {
        then(): never {
          throw failure;
        },
      } as PromiseLike<number>;
    });
    expect(await reasonOf(Promise.resolve(load(1)))).toBe(failure);
    await drained();
    expect(await reasonOf(Promise.resolve(load(1)))).toBe(failure);
    expect(runs).toBe(2);
    expect(load.cache.stats()).toMatchObject({ entries: 0, inFlight: 0 });
  });

  test("one whose then is an accessor that throws is an ordinary object, or a failure, but no harm", async () => {
    const result = {
      get then(): never {
        throw failure;
      },
    };
    const load = memoize((_n: number): unknown => result);
    expect(load(1)).toBe(result);
    await drained();
    expect(load.cache.stats().inFlight).toBe(0);
  });

  test("one that never settles is a flight until it is deleted", async () => {
    const load = memoize((_n: number) => new Lazy(() => new Promise<number>(() => {})));
    const first = load(1);
    await drained();
    expect(load(1)).toBe(first);
    expect(load.cache.stats()).toMatchObject({ entries: 0, inFlight: 1, coalesced: 1 });
    expect(load.cache.delete(1)).toBe(true);
    expect(load.cache.stats().inFlight).toBe(0);
    expect(load(1)).not.toBe(first);
  });

  test("one that calls back twice counts once", async () => {
    const load = memoize(
      (_n: number) =>
        ({
          then(yes: (value: number) => void, no: (reason: unknown) => void): void {
            yes(1);
            yes(2);
            no(failure);
          },
        }) as PromiseLike<number>,
    );
    expect(await load(1)).toBe(1);
    await drained();
    expect(load.cache.stats()).toMatchObject({ entries: 1, inFlight: 0 });
  });

  test("an object with a then that is no function is an ordinary result", () => {
    for (const result of [{ then: 1 }, { then: undefined }, { then: {} }, Object.create(null)]) {
      const load = memoize((_n: number): unknown => result);
      expect(load(1)).toBe(result);
      expect(load(1)).toBe(result);
      expect(load.cache.stats()).toMatchObject({ hits: 1, entries: 1, inFlight: 0, coalesced: 0 });
    }
  });

  test("a function with a then is a thenable, too", async () => {
    let runs = 0;
    const load = memoize((_n: number): Any => {
      runs++;
      return Object.assign(() => 1, {
        then: (_yes: unknown, no: (reason: unknown) => void) => no(failure),
      });
    });
    load(1);
    await drained();
    load(1);
    expect(runs).toBe(2);
  });
});

describe("promise subclasses", () => {
  class Query<T> extends Promise<T> {
    readonly kind: string = "query";
    twice(): Promise<[T, T]> {
      return this.then((value) => [value, value]);
    }
  }

  test("are handed out themselves, with what they can do", async () => {
    let runs = 0;
    const load = memoize((n: number) => {
      runs++;
      return new Query<number>((resolve) => resolve(n));
    });
    const first = load(1);
    expect(first).toBeInstanceOf(Query);
    expect(first.kind).toBe("query");
    expect(load(1)).toBe(first);
    expect(await load(1).twice()).toEqual([1, 1]);
    expect(load.cache.peek(1)).toBe(first);
    expect(runs).toBe(1);
  });

  test("are not kept when they reject", async () => {
    let runs = 0;
    const load = memoize((_n: number) => {
      runs++;
      return new Query<number>((_, reject) => reject(failure));
    });
    expect(await reasonOf(load(1))).toBe(failure);
    await drained();
    expect(await reasonOf(load(1))).toBe(failure);
    expect(runs).toBe(2);
    expect(load.cache.stats()).toMatchObject({ entries: 0, inFlight: 0 });
  });

  test("native promises with properties of their own keep their outcome", async () => {
    const load = memoize((n: number) => Object.assign(Promise.resolve(n), { cancel: () => 1 }));
    expect(await load(1)).toBe(1);
    expect(await load(1)).toBe(1);
  });
});

describe("functions that return promises now and then", () => {
  test("a value is kept as a value, a promise as a promise", async () => {
    const load = memoize((n: number): number | Promise<number> =>
      n % 2 === 0 ? n : Promise.resolve(n),
    );
    for (let round = 0; round < 2; round++) {
      expect(load(2)).toBe(2);
      expect(load(3)).toBeInstanceOf(Promise);
      expect(await load(3)).toBe(3);
    }
    await drained();
    expect(load.cache.stats()).toMatchObject({ entries: 2, inFlight: 0, hits: 4, misses: 2 });
    expect(load.cache.peek(2)).toBe(2);
    expect(await load.cache.peek(3)).toBe(3);
  });

  test("an error thrown at once is thrown at once, and not kept", async () => {
    let runs = 0;
    const load = memoize((n: number): Promise<number> => {
      runs++;
      if (runs === 1) throw failure;
      if (runs === 2) return Promise.reject(failure);
      return Promise.resolve(n);
    });
    expect(thrownBy(() => load(1))).toBe(failure);
    expect(await reasonOf(load(1))).toBe(failure);
    expect(await load(1)).toBe(1);
    expect(await load(1)).toBe(1);
    expect(runs).toBe(3);
    expect(load.cache.stats()).toMatchObject({ misses: 3, entries: 1 });
  });

  test("an error thrown at once by a function with async: true is as the function throws it", async () => {
    const load = memoize(
      (_n: number): Promise<number> => {
        throw failure;
      },
      { async: true },
    );
    let thrown: unknown;
    try {
      thrown = await reasonOf(load(1));
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBe(failure);
    expect(load.cache.stats()).toMatchObject({ entries: 0, inFlight: 0, runs: 1 });
  });

  test("a function with async: true that returns no promise gives what it returns", async () => {
    const load = memoize((n: number): any => n * 2, { async: true });
    expect(await load(2)).toBe(4);
    expect(await load(2)).toBe(4);
    expect(load.cache.stats()).toMatchObject({ runs: 1, entries: 1, inFlight: 0 });
  });

  const kinds: [string, (fn: () => Promise<number>) => Memoized<(n: number) => Promise<number>>][] =
    [
      ["an async function", (fn) => memoize(async (_n: number) => await fn())],
      ["a sync function", (fn) => memoize((_n: number) => fn())],
      ["a sync function with async: true", (fn) => memoize((_n: number) => fn(), { async: true })],
      [
        "an async function memoized twice",
        (fn) => memoize(memoize(async (_n: number) => await fn())),
      ],
      ["one with freeze", (fn) => memoize(async (_n: number) => await fn(), { freeze: true })],
      ["one with timing", (fn) => memoize(async (_n: number) => await fn(), { timing: true })],
      ["one with a bound", (fn) => memoize(async (_n: number) => await fn(), { maxEntries: 2 })],
      ["one with a TTL", (fn) => memoize(async (_n: number) => await fn(), { ttl: "1h" })],
    ];
  test.each(kinds)("a rejection of %s is tried again, a result kept", async (_kind, memoized) => {
    let runs = 0;
    const load = memoized(async () => {
      runs++;
      await hops(runs);
      if (runs < 4) throw failure;
      return runs;
    });
    for (let attempt = 1; attempt < 4; attempt++) {
      const all = [load(1), load(1), load(1)].map(watch);
      await drained();
      for (const { outcome } of all)
        expect(outcome).toEqual({ state: "rejected", reason: failure });
      expect(runs).toBe(attempt);
      expect(load.cache.has(1)).toBe(false);
    }
    expect(await valueOf(load(1))).toBe(4);
    expect(await valueOf(load(1))).toBe(4);
    expect(runs).toBe(4);
  });

  test("undefined, null, false and NaN are results like any other", async () => {
    for (const value of [undefined, null, false, Number.NaN, 0, ""]) {
      let runs = 0;
      const load = memoize(async (_n: number) => {
        runs++;
        return value;
      });
      expect(await load(1)).toBe(value);
      expect(await load(1)).toBe(value);
      expect(runs).toBe(1);
      expect(load.cache.size).toBe(1);
    }
  });

  test("a rejection with undefined is a rejection", async () => {
    let runs = 0;
    const load = memoize(async (_n: number): Promise<number> => {
      runs++;
      return Promise.reject(undefined);
    });
    expect(await outcomeOf(load(1))).toEqual({ state: "rejected", reason: undefined });
    expect(await outcomeOf(load(1))).toEqual({ state: "rejected", reason: undefined });
    expect(runs).toBe(2);
  });

  test("receivers have flights of their own", async () => {
    class Account {
      id: number;
      constructor(id: number) {
        this.id = id;
      }
      load = load;
    }
    let runs = 0;
    async function loadOf(this: Account, n: number): Promise<number> {
      runs++;
      await null;
      return this.id * n;
    }
    const load = memoize(loadOf);
    const [one, two] = [new Account(1), new Account(2)];
    expect(await Promise.all([one.load(5), two.load(5), one.load(5), two.load(6)])).toEqual([
      5, 10, 5, 12,
    ]);
    expect(runs).toBe(3);
    expect(load.cache.stats()).toMatchObject({ coalesced: 1, entries: 3, inFlight: 0 });
    expect(load.cache.of(two).size).toBe(2);
    load.cache.of(two).clear();
    expect(load.cache.size).toBe(1);
  });
});

describe("unhandled rejections", () => {
  const functions: [name: string, source: string][] = [
    ["an async function", "async () => { await null; throw new Error('mine'); }"],
    ["an async function that throws at once", "async () => { throw new Error('mine'); }"],
    ["a function that returns a promise", "() => Promise.reject(new Error('mine'))"],
    [
      "a function that returns a late promise",
      "() => Promise.resolve().then(() => { throw new Error('mine'); })",
    ],
  ];
  const callers: [name: string, source: string, isReported: boolean][] = [
    ["ignores the promise", "fn(1);", true],
    ["ignores two promises of one run", "fn(1); fn(1);", true],
    [
      "handles one promise and ignores another by finally",
      "fn(1).catch(() => {}); fn(1).finally(() => {});",
      true,
    ],
    ["derives a promise and ignores that", "fn(1).then(() => {});", true],
    ["catches", "fn(1).catch(() => {});", false],
    ["catches two of one run", "fn(1).catch(() => {}); fn(1).catch(() => {});", false],
    ["awaits and catches", "try { await fn(1); } catch {}", false],
    ["awaits all of three", "await Promise.allSettled([fn(1), fn(1), fn(2)]);", false],
    [
      "catches after a few microtasks",
      "const p = fn(1); await null; await null; p.catch(() => {});",
      false,
    ],
    [
      "waits inside another memoized function and catches there",
      "const g = wrap(async () => { try { await fn(1); } catch {} }); await g(1);",
      false,
    ],
    [
      "waits inside another memoized function, ignored",
      "const g = wrap(async () => { await fn(1); }); g(1);",
      true,
    ],
    [
      "starts it inside another memoized function, ignored",
      "const g = wrap(async () => { fn(1); await null; }); await g(1);",
      true,
    ],
    [
      "starts it after an await inside another, ignored",
      "const g = wrap(async () => { await null; fn(1); }); await g(1);",
      true,
    ],
    [
      "starts it inside another and catches outside",
      "let p; const g = wrap(async () => { await null; p = fn(1); }); await g(1); await p.catch(() => {});",
      false,
    ],
  ];
  const modes: [name: string, source: string][] = [
    ["plain", "const wrap = (fn) => fn;"],
    ["memoized", "const wrap = (fn) => rote.memoize(fn);"],
    ["memoized with async: true", "const wrap = (fn) => rote.memoize(fn, { async: true });"],
    ["memoized with a timeout", "const wrap = (fn) => rote.memoize(fn, { timeout: 50 });"],
    [
      "memoized with rememberErrors",
      "const wrap = (fn) => rote.memoize(fn, { rememberErrors: '1h' });",
    ],
  ];

  /** All of it in one process, each case told apart by the order of what is printed. */
  test("are reported exactly where the plain function's are", () => {
    const cases = callers.flatMap(([caller]) =>
      functions.flatMap(([fn]) => modes.map(([mode]) => ({ caller, fn, mode }))),
    );
    const { out, err, status } = runModule(`
      const modes = ${JSON.stringify(modes.map(([, source]) => source))};
      const functions = ${JSON.stringify(functions.map(([, source]) => source))};
      const callers = ${JSON.stringify(callers.map(([, source]) => source))};
      let reported = 0;
      process.on("unhandledRejection", (reason) => {
        reported++;
        if (reason?.message !== "mine") throw reason;
      });
      const turn = () => new Promise((resolve) => setImmediate(resolve));
      const AsyncFunction = (async () => {}).constructor;
      const results = [];
      for (const call of callers) {
        for (const fn of functions) {
          for (const mode of modes) {
            reported = 0;
            await new AsyncFunction("rote", mode + "const fn = wrap(" + fn + ");" + call)(rote);
            await turn();
            await turn();
            results.push(reported > 0);
          }
        }
      }
      console.log(JSON.stringify(results));
    `);
    expect(err).toBe("");
    expect(status).toBe(0);
    const results = JSON.parse(out) as boolean[];
    const expectations = new Map(callers.map(([name, , isReported]) => [name, isReported]));
    const told = cases.map(
      ({ caller, fn, mode }, at) => `${mode}, ${fn}, caller ${caller}: ${results[at] === true}`,
    );
    const wanted = cases.map(
      ({ caller, fn, mode }) => `${mode}, ${fn}, caller ${caller}: ${expectations.get(caller)}`,
    );
    expect(told).toEqual(wanted);
  });

  test("end a strict process if ignored, and only then", () => {
    for (const [, wrap] of modes.slice(0, 2)) {
      for (const [call, ends] of [
        ["fn(1);", true],
        ["fn(1).catch(() => {}); fn(1).catch(() => {}); await 0; fn(2).catch(() => {});", false],
      ] as const) {
        const { status, err } = runModule(
          `${wrap}
           const fn = wrap(async () => { await null; throw new Error("mine"); });
           ${call}`,
          { NODE_OPTIONS: "--unhandled-rejections=strict" },
        );
        expect(err.includes("mine")).toBe(ends);
        expect(status === 0).toBe(!ends);
      }
    }
  });
});

test("a process is not kept alive by flights, timeouts, lifetimes and signals", () => {
  const startedAt = performance.now();
  const { status, out } = runModule(`
    const { memoize } = rote;
    const never = () => new Promise(() => {});
    memoize(async () => never())(1);
    memoize(() => never())(1);
    memoize(async () => never(), { timeout: "1h" })(1);
    await memoize(async () => 1, { timeout: "1h" })(1);
    await memoize(async () => 1, { ttl: "1h" })(1);
    await memoize(async () => { throw 1; }, { rememberErrors: "1h" })(1).catch(() => {});
    memoize(async (n, signal) => never())(1, new AbortController().signal);
    console.log("done");
  `);
  expect(out).toBe("done");
  expect(status).toBe(0);
  // The child is given up after a minute.
  expect(performance.now() - startedAt).toBeLessThan(50_000);
});

describe("rememberErrors", () => {
  function remembering(options: Partial<MemoizeOptions> = {}) {
    const time = new FakeTime();
    let runs = 0;
    const load = memoize(
      async (_n: number): Promise<number> => {
        runs++;
        await null;
        if (runs === 1) throw failure;
        return runs;
      },
      { rememberErrors: 100, clock: time.clock, ...options },
    );
    return { time, load, runs: () => runs };
  }

  test("gives the same rejected promise for that long, counted from the failure", async () => {
    const { time, load, runs } = remembering();
    const first = load(1);
    time.pass(1000);
    expect(await reasonOf(first)).toBe(failure);
    expect(load(1)).toBe(first);
    time.pass(99);
    expect(load(1)).toBe(first);
    expect(await reasonOf(load(1))).toBe(failure);
    expect(runs()).toBe(1);
    expect(load.cache.stats()).toMatchObject({ hits: 3, misses: 1, entries: 1, inFlight: 0 });
    expect(load.cache.has(1)).toBe(true);
    expect(load.cache.size).toBe(1);
    expect([...load.cache.entries()]).toEqual([]);
    const explained = load.cache.explain(1);
    expect(explained).toMatchObject({ outcome: "throw", reason: "failed", freshUntil: 1100 });
    // The error, or the promise that is rejected with it.
    const { error } = explained as { error: unknown };
    expect(await Promise.resolve(error).catch((reason: unknown) => reason)).toBe(failure);
    time.pass(1);
    expect(load.cache.has(1)).toBe(false);
    expect(await load(1)).toBe(2);
    expect(load.cache.stats().removals).toMatchObject({ expired: 1 });
  });

  test("has a duration of its own beside the TTL, without jitter and touch", async () => {
    const { time, load } = remembering({ ttl: 1000, jitter: 1, random: () => 0.5, touch: true });
    expect(await reasonOf(load(1))).toBe(failure);
    time.pass(60);
    expect(await reasonOf(load(1))).toBe(failure);
    time.pass(39);
    expect(load.cache.has(1)).toBe(true);
    time.pass(1);
    expect(load.cache.has(1)).toBe(false);
    expect(await load(1)).toBe(2);
    time.pass(499);
    expect(load.cache.has(1)).toBe(true);
    time.pass(1);
    expect(load.cache.has(1)).toBe(false);
  });

  test("lets set, delete, clear and refresh through", async () => {
    for (const act of [
      (load: Memoized<(n: number) => Promise<number>>) => load.cache.set([1], Promise.resolve(2)),
      (load: Memoized<(n: number) => Promise<number>>) => load.cache.delete(1),
      (load: Memoized<(n: number) => Promise<number>>) => load.cache.clear(),
      (load: Memoized<(n: number) => Promise<number>>) => load.cache.refresh(1),
    ]) {
      const { load } = remembering();
      expect(await reasonOf(load(1))).toBe(failure);
      await act(load);
      await drained();
      expect(await load(1)).toBe(2);
    }
  });

  test("remembers no abort and no timeout", async () => {
    const time = new FakeTime();
    const ends = [deferred<number>(), deferred<number>()];
    let runs = 0;
    const load = memoize(
      async (_n: number, _signal?: AbortSignal) => ends[runs++]?.promise as Promise<number>,
      { rememberErrors: 1000, timeout: 10, clock: time.clock, schedule: time.schedule },
    );
    const controller = new AbortController();
    const left = watch(load(1, controller.signal));
    controller.abort("left");
    await drained();
    expect(left.outcome).toEqual({ state: "rejected", reason: "left" });
    expect(load.cache.has(1)).toBe(false);
    const late = watch(load(1));
    time.pass(10);
    await drained();
    expect(late.outcome).toMatchObject({ reason: { code: "ERR_TIMEOUT" } });
    ends[1]?.resolve(2);
    await drained();
    expect(await load(1)).toBe(2);
  });

  test("a thrown error of a function that returns promises is thrown again, the same", () => {
    let runs = 0;
    const load = memoize(
      (_n: number): Promise<number> => {
        runs++;
        throw new Error(`failure ${runs}`);
      },
      { rememberErrors: "1m" },
    );
    const first = thrownBy(() => load(1));
    expect(thrownBy(() => load(1))).toBe(first);
    expect(runs).toBe(1);
    expect(load.cache.peek(1)).toBeUndefined();
    expect(load.cache.has(1)).toBe(true);
  });

  test("counts against the bound like any entry", async () => {
    const load = memoize(
      async (n: number): Promise<number> => {
        if (n % 2 === 0) throw failure;
        return n;
      },
      { rememberErrors: "1m", maxEntries: 2, policy: "lru" },
    );
    for (let n = 0; n < 10; n++) {
      await outcomeOf(load(n));
      expect(load.cache.size).toBeLessThanOrEqual(2);
    }
    expect(load.cache.stats()).toMatchObject({ entries: 2, removals: { evicted: 8 } });
  });
});

describe("timeout", () => {
  function timed(options: Partial<MemoizeOptions> = {}) {
    const time = new FakeTime();
    const ends = [deferred<number>(), deferred<number>()];
    let runs = 0;
    const load = memoize((_n: number) => ends[runs++]?.promise as Promise<number>, {
      timeout: "10ms",
      clock: time.clock,
      schedule: time.schedule,
      ...options,
    });
    return { time, load, ends, runs: () => runs };
  }

  test("rejects with a RoteError that says how long, and for which function", async () => {
    const { time, load } = timed({ name: "loadUser" });
    const promise = load(7);
    time.pass(10);
    const reason = await reasonOf(promise);
    expect(reason).toBeInstanceOf(RoteError);
    expect(reason).toMatchObject({ code: "ERR_TIMEOUT" });
    expect((reason as RoteError).message).toContain("loadUser");
    expect((reason as RoteError).message).toContain("10");
  });

  test("each caller waits from its own call; the result is kept for later", async () => {
    const { time, load, ends, runs } = timed();
    const first = watch(load(1));
    time.pass(6);
    const second = watch(load(1));
    time.pass(6);
    await drained();
    expect(first.outcome).toMatchObject({ reason: { code: "ERR_TIMEOUT" } });
    expect(second.outcome).toEqual({ state: "pending" });
    ends[0]?.resolve(5);
    await drained();
    expect(second.outcome).toEqual({ state: "fulfilled", value: 5 });
    expect(await load(1)).toBe(5);
    expect(runs()).toBe(1);
    expect(time.timers).toBe(0);
  });

  test("a run that fails after everybody's time is nobody's rejection", async () => {
    const { time, load, ends } = timed();
    const first = watch(load(1));
    time.pass(10);
    ends[0]?.reject(failure);
    await drained();
    expect(first.outcome).toMatchObject({ reason: { code: "ERR_TIMEOUT" } });
    expect(load.cache.stats()).toMatchObject({ entries: 0, inFlight: 0 });
  });

  test("does not concern functions that return at once, and leaves no timer", () => {
    const time = new FakeTime();
    const square = memoize((n: number) => n * n, { timeout: 10, schedule: time.schedule });
    expect(square(3)).toBe(9);
    expect(time.timers).toBe(0);
  });

  test("a refresh waits no longer either", async () => {
    const { time, load, ends } = timed();
    const refreshed = watch(load.cache.refresh(1));
    time.pass(10);
    await drained();
    expect(refreshed.outcome).toMatchObject({ reason: { code: "ERR_TIMEOUT" } });
    ends[0]?.resolve(3);
    await drained();
    expect(await load(1)).toBe(3);
  });
});

describe("freeze, verify, weigh and ttl", () => {
  test("freeze freezes what the promise fulfils with, before anybody sees it", async () => {
    const load = memoize(async (n: number) => ({ n, list: [n] }), { freeze: true });
    const [first, second] = await Promise.all([load(1), load(1)]);
    expect(first).toBe(second);
    expect(Object.isFrozen(first)).toBe(true);
    expect(Object.isFrozen(first.list)).toBe(true);
    expect(await load(1)).toBe(first);
  });

  test("freeze leaves rejections as they are", async () => {
    const error = { reason: 1 };
    const load = memoize(async (_n: number): Promise<number> => Promise.reject(error), {
      freeze: true,
    });
    expect(await reasonOf(load(1))).toBe(error);
    expect(Object.isFrozen(error)).toBe(false);
  });

  test("verify compares what both promises fulfil with", async () => {
    let runs = 0;
    const honest = memoize(async (n: number) => (runs++, await null, { n }), { verify: 1 });
    const first = await honest(1);
    expect(await honest(1)).toBe(first);
    await drained();
    expect(runs).toBe(2);

    // Whoever asked has an answer by then, so it is said in a warning, once for all functions.
    const warned: (string | undefined)[] = [];
    const note = (warning: Error & { code?: string }): void => void warned.push(warning.code);
    process.on("warning", note);
    const lying = memoize(async (_n: number) => (await null, { runs: runs++ }), { verify: 1 });
    const kept = await lying(1);
    expect(await lying(1)).toBe(kept);
    await drained();
    await drained();
    process.off("warning", note);
    expect(warned).toEqual(["ROTE_VERIFY"]);
  });

  test("ttl receives the settled value and the arguments, and counts from the settling", async () => {
    const time = new FakeTime();
    const given: unknown[] = [];
    const end = deferred<number>();
    const load = memoize(async (_n: number, _s: string) => end.promise, {
      clock: time.clock,
      ttl: (value: unknown, ...args: unknown[]) => {
        given.push([value, ...args]);
        return 10;
      },
    });
    const result = watch(load(1, "a"));
    time.pass(1000);
    expect(given).toEqual([]);
    end.resolve(5);
    await drained();
    expect(given).toEqual([[5, 1, "a"]]);
    expect(result.outcome).toEqual({ state: "fulfilled", value: 5 });
    time.pass(9);
    expect(load.cache.has(1, "a")).toBe(true);
    time.pass(1);
    expect(load.cache.has(1, "a")).toBe(false);
  });

  test("what ttl throws, or an invalid duration, rejects the call, and nothing is kept", async () => {
    for (const [ttl, code] of [
      [
        () => {
          throw failure;
        },
        undefined,
      ],
      [() => -1, "ERR_INVALID_RESULT"],
      [() => "soon", "ERR_INVALID_RESULT"],
    ] as const) {
      let runs = 0;
      const load = memoize(async (_n: number) => (runs++, 1), { ttl: ttl as () => number });
      const all = [watch(load(1)), watch(load(1))];
      await drained();
      for (const { outcome } of all) {
        expect(outcome.state).toBe("rejected");
        const { reason } = outcome as { reason: unknown };
        if (code === undefined) expect(reason).toBe(failure);
        else expect(reason).toMatchObject({ code });
      }
      expect(load.cache.stats()).toMatchObject({ entries: 0, inFlight: 0 });
      await outcomeOf(load(1));
      expect(runs).toBe(2);
    }
  });

  test("weigh receives the settled value; what is too heavy is given out, and not kept", async () => {
    let runs = 0;
    const load = memoize(async (n: number) => (runs++, await null, "x".repeat(n)), {
      maxWeight: 10,
      weigh: (value: string) => value.length,
    });
    expect(await load(4)).toBe("xxxx");
    expect(await load(6)).toBe("xxxxxx");
    await drained();
    expect(load.cache.stats()).toMatchObject({ weight: 10, entries: 2, oversized: 0 });
    const heavy = [load(11), load(11)];
    expect((await Promise.all(heavy)).map(({ length }) => length)).toEqual([11, 11]);
    await drained();
    expect(load.cache.stats()).toMatchObject({ oversized: 1, inFlight: 0 });
    expect(load.cache.has(11)).toBe(false);
    expect(runs).toBe(3);
  });

  test("ttl 0 shares the flight and keeps nothing", async () => {
    let runs = 0;
    const load = memoize(async (_n: number) => (runs++, await null, runs), { ttl: 0 });
    expect(await Promise.all([load(1), load(1)])).toEqual([1, 1]);
    await drained();
    expect(load.cache.stats()).toMatchObject({ entries: 0, inFlight: 0, coalesced: 1 });
    expect(await load(1)).toBe(2);
  });

  test("an event run tells the settled value and how long it took until then", async () => {
    const time = new FakeTime();
    const end = deferred<number>();
    const load = memoize(async (_n: number) => end.promise, { clock: time.clock, ttl: "1h" });
    const events: unknown[] = [];
    load.cache.on("run", ({ value, args }) => events.push([args, value]));
    const result = load(1);
    await drained();
    expect(events).toEqual([]);
    end.resolve(5);
    await result;
    await drained();
    expect(events.length).toBe(1);
    const [[args, value]] = events as [[unknown[], unknown]];
    expect(args).toEqual([1]);
    expect(await value).toBe(5);
  });
});

describe("recursion", () => {
  test("of an async function through async helpers, deep before the first await", async () => {
    const helper = async (n: number): Promise<number> => await sum(n);
    const sum = memoize(async (n: number): Promise<number> =>
      n === 0 ? 0 : n + (await helper(n - 1)),
    );
    expect(await sum(20_000)).toBe(200_010_000);
    expect(sum.cache.stats()).toMatchObject({ runs: 20_001, reruns: 0, inFlight: 0, pinned: 0 });
  });

  test.each(["before", "after"])(
    "of a sync function inside an async one, deeper than depthLimit, %s an await",
    async (when) => {
      const deep = memoize((n: number): number => (n === 0 ? 0 : deep(n - 1) + 1), {
        depthLimit: 50,
      });
      let bodies = 0;
      let caught = 0;
      const f = memoize(async (n: number): Promise<number> => {
        bodies++;
        if (when === "after") await null;
        try {
          return deep(5000 * n);
        } catch {
          caught++;
          return -1;
        }
      });
      expect(await valueOf(f(1))).toBe(5000);
      expect(await valueOf(Promise.all([f(2), f(2), f(3)]))).toEqual([10_000, 10_000, 15_000]);
      expect(bodies).toBe(3);
      expect(caught).toBe(0);
      expect(deep.cache.stats().runs).toBeLessThanOrEqual(2 * 15_001);
    },
  );

  test.each([1, 7, 50, undefined])(
    "an async function called from deep inside a sync recursion runs once and sees no foreign error (depthLimit %s)",
    async (depthLimit) => {
      const options = depthLimit === undefined ? {} : { depthLimit };
      const bodies = new Map<number, number>();
      const caught: unknown[] = [];
      const results: Promise<number>[] = [];
      const load = memoize(async (n: number): Promise<number> => {
        bodies.set(n, (bodies.get(n) ?? 0) + 1);
        try {
          await null;
          return n + inner(40);
        } catch (error) {
          caught.push(error);
          return -1;
        }
      }, options);
      const inner = memoize((n: number): number => (n === 0 ? 0 : inner(n - 1) + 1), options);
      const outer = memoize((n: number): number => {
        if (n % 100 === 0) results.push(load(n));
        return n === 0 ? 0 : outer(n - 1) + 1;
      }, options);
      expect(outer(3000)).toBe(3000);
      for (const value of await valueOf(Promise.all(results))) expect(value % 100).toBe(40);
      expect(caught).toEqual([]);
      for (const count of bodies.values()) expect(count).toBe(1);
      expect(bodies.size).toBe(31);
    },
  );

  test("an async function that recurses through a sync memoized one, with a catch-all, never sees a foreign error", async () => {
    const caught: unknown[] = [];
    const step = memoize((n: number): Promise<number> => f(n - 1));
    const f = memoize(async (n: number): Promise<number> => {
      try {
        return n === 0 ? 0 : (await step(n)) + 1;
      } catch (error) {
        caught.push(error);
        return -1_000_000;
      }
    });
    expect(await f(10_000)).toBe(10_000);
    expect(caught).toEqual([]);
  });

  test("before and after an await in turn", async () => {
    const f = memoize(async (n: number): Promise<number> => {
      if (n % 3 === 0) await null;
      return n === 0 ? 0 : (await f(n - 1)) + 1;
    });
    expect(await f(30_000)).toBe(30_000);
    expect(f.cache.stats()).toMatchObject({ runs: 30_001, reruns: 0 });
  });

  test("of a bounded async function, deeper than its bound", async () => {
    const f = memoize(async (n: number): Promise<number> => (n === 0 ? 0 : (await f(n - 1)) + 1), {
      maxEntries: 10,
      policy: "lru",
    });
    expect(await f(2000)).toBe(2000);
    await drained();
    expect(f.cache.stats()).toMatchObject({ runs: 2001, entries: 10, inFlight: 0, pinned: 0 });
  });
});

describe("while flights are pending", () => {
  test("configure({ enabled: false }) lets them end, shares none, and keeps what ended", async () => {
    const ends = [deferred<number>(), deferred<number>(), deferred<number>()];
    let runs = 0;
    const load = memoize(async (_n: number) => ends[runs++]?.promise as Promise<number>);
    const first = watch(load(1));
    configure({ enabled: false });
    const off = [watch(load(1)), watch(load(1))];
    expect(runs).toBe(3);
    expect(load.cache.has(1)).toBe(false);
    expect(load.cache.explain(1)).toMatchObject({ outcome: "run", reason: "off" });
    for (const [at, end] of ends.entries()) end.resolve(at);
    await drained();
    expect(first.outcome).toEqual({ state: "fulfilled", value: 0 });
    expect(off.map(({ outcome }) => outcome)).toEqual([
      { state: "fulfilled", value: 1 },
      { state: "fulfilled", value: 2 },
    ]);
    configure({ enabled: true });
    const { inFlight } = load.cache.stats();
    expect(inFlight).toBe(0);
    expect(runs).toBe(3);
    expect(await valueOf(load(1))).toBe(0);
  });

  test("memoization that is off passes signals through as they are, and adds no timeout", async () => {
    const seen: unknown[] = [];
    const time = new FakeTime();
    const load = memoize(async (_n: number, signal?: AbortSignal) => void seen.push(signal), {
      timeout: 10,
      schedule: time.schedule,
    });
    configure({ enabled: false });
    const { signal } = new AbortController();
    await load(1, signal);
    expect(seen[0]).toBe(signal);
    expect(time.timers).toBe(0);
  });

  test("clearAll() wins over their late results; their waiters get them", async () => {
    const ends = [deferred<number>(), deferred<number>()];
    let runs = 0;
    const load = memoize(async (_n: number) => ends[runs++]?.promise as Promise<number>);
    const first = watch(load(1));
    clearAll();
    expect(load.cache.stats()).toMatchObject({ inFlight: 0, entries: 0, removals: { cleared: 1 } });
    expect(load.cache.has(1)).toBe(false);
    const second = watch(load(1));
    expect(runs).toBe(2);
    ends[0]?.resolve(0);
    await drained();
    expect(first.outcome).toEqual({ state: "fulfilled", value: 0 });
    expect(second.outcome).toEqual({ state: "pending" });
    ends[1]?.resolve(1);
    await drained();
    expect(await valueOf(load(1))).toBe(1);
    expect(load.cache.stats()).toMatchObject({ inFlight: 0, entries: 1 });
  });

  test("clearAll() inside a run leaves nothing of that run", async () => {
    let runs = 0;
    const load = memoize(async (n: number) => {
      runs++;
      clearAll();
      await null;
      clearAll();
      return n;
    });
    expect(await load(1)).toBe(1);
    await drained();
    expect(load.cache.stats()).toMatchObject({ inFlight: 0, entries: 0 });
    expect(await load(1)).toBe(1);
    expect(runs).toBe(2);
  });

  test("delete, set and clear inside a run, before and after its first await", async () => {
    for (const isLate of [false, true]) {
      for (const act of ["delete", "clear", "set"] as const) {
        let runs = 0;
        const load: Memoized<(n: number) => Promise<string>> = memoize(async (n: number) => {
          runs++;
          if (isLate) await null;
          if (act === "delete") load.cache.delete(n);
          else if (act === "clear") load.cache.clear();
          else load.cache.set([n], Promise.resolve("set"));
          await null;
          return "run";
        });
        expect(await valueOf(load(1))).toBe("run");
        await drained();
        expect(load.cache.has(1)).toBe(act === "set");
        expect(await valueOf(load(1))).toBe(act === "set" ? "set" : "run");
        expect(runs).toBe(act === "set" ? 1 : 2);
      }
    }
  });

  test("flights that never settle are forgotten by delete and clear, and collected", async () => {
    const load = memoize(async (_n: unknown) => new Promise<object>(() => {}));
    const references = ((): WeakRef<WeakKey>[] => {
      const promises = [load(1), load(2), load({ a: 1 })];
      expect(load.cache.stats()).toMatchObject({ inFlight: 3, entries: 0 });
      expect(load.cache.explain(2)).toMatchObject({ outcome: "wait", reason: "in flight" });
      expect(load.cache.delete(1)).toBe(true);
      expect(load.cache.delete(1)).toBe(false);
      expect(load.cache.stats()).toMatchObject({ inFlight: 2, removals: { deleted: 1 } });
      load.cache.clear();
      expect(load.cache.stats()).toMatchObject({
        inFlight: 0,
        removals: { deleted: 1, cleared: 2 },
      });
      return promises.map((promise) => new WeakRef(promise));
    })();
    expect(await collected(...references)).toBe(true);
  });

  test("a flight does not keep what it was asked with, nor its function, alive", async () => {
    const references = ((): WeakRef<WeakKey>[] => {
      class Account {}
      const account = new Account();
      const load = memoize(async (_account: Account) => new Promise<object>(() => {}));
      return [account, load, load(account)].map((value) => new WeakRef<WeakKey>(value));
    })();
    expect(await collected(...references)).toBe(true);
  });
});

describe("refresh", () => {
  test("of an entry: its promise gives the new result, which is kept; the old counts as replaced", async () => {
    const ends = [deferred<number>(), deferred<number>()];
    let runs = 0;
    const load = memoize(async (_n: number) => ends[runs++]?.promise as Promise<number>);
    watch(load(1));
    ends[0]?.resolve(0);
    await drained();
    const refreshed = watch(load.cache.refresh(1));
    expect(runs).toBe(2);
    expect(load.cache.has(1)).toBe(true);
    await drained();
    ends[1]?.resolve(1);
    await drained();
    expect(refreshed.outcome).toEqual({ state: "fulfilled", value: 1 });
    expect(await valueOf(load(1))).toBe(1);
    expect(load.cache.stats()).toMatchObject({
      runs: 2,
      misses: 1,
      entries: 1,
      inFlight: 0,
      removals: { replaced: 1 },
    });
  });

  test("that fails leaves the old entry", async () => {
    let runs = 0;
    const load = memoize(async (_n: number) => {
      await null;
      if (++runs === 2) throw failure;
      return runs;
    });
    const before = load(1);
    expect(await valueOf(before)).toBe(1);
    expect(await reasonOf(load.cache.refresh(1))).toBe(failure);
    await drained();
    expect(await valueOf(load(1))).toBe(1);
    expect(load(1)).toBe(before);
    expect(runs).toBe(2);
    expect(load.cache.stats()).toMatchObject({
      entries: 1,
      inFlight: 0,
      removals: { replaced: 0 },
    });
  });

  test("set, delete and clear win over its late result", async () => {
    for (const act of ["delete", "clear", "set"] as const) {
      const ends = [deferred<number>(), deferred<number>()];
      let runs = 0;
      const load = memoize(async (_n: number) => ends[runs++]?.promise as Promise<number>);
      watch(load(1));
      ends[0]?.resolve(0);
      await drained();
      const refreshed = watch(load.cache.refresh(1));
      if (act === "delete") load.cache.delete(1);
      else if (act === "clear") load.cache.clear();
      else load.cache.set([1], Promise.resolve(7));
      ends[1]?.resolve(1);
      await drained();
      expect(refreshed.outcome).toEqual({ state: "fulfilled", value: 1 });
      expect(load.cache.has(1)).toBe(act === "set");
      if (act === "set") expect(await valueOf(load(1))).toBe(7);
    }
  });
});

test("a promise that was set is handed out, and is not kept once it rejects", async () => {
  let runs = 0;
  const load = memoize(async (n: number) => (runs++, n));
  const end = deferred<number>();
  load.cache.set([1], end.promise);
  const hit = watch(load(1));
  expect(runs).toBe(0);
  end.reject(failure);
  await drained();
  expect(hit.outcome).toEqual({ state: "rejected", reason: failure });
  expect(load.cache.has(1)).toBe(false);
  expect(await valueOf(load(1))).toBe(1);
});
