/**
 * An async function that waits for itself, through any chain of memoized async functions, rejects
 * with `ERR_CYCLE` and never hangs; whatever waits for nothing of its own is never refused. Nothing
 * here needs a timer, so a promise that is pending when no microtask is left would hang for ever.
 */
import { AsyncLocalStorage } from "node:async_hooks";

import fc from "fast-check";
import { memoize, type Memoized, RoteError } from "rote";
import { afterEach, describe, expect, test } from "vitest";

import {
  deferred,
  drained,
  expectNoUnhandledRejections,
  hops,
  outcomeOf,
  reasonOf,
  valueOf,
  watch,
} from "../support/async.ts";
import { afterwards } from "../support/recursion.ts";
import { tries } from "../support/tries.ts";

expectNoUnhandledRejections();
afterEach(afterwards);

type Node = (n: number) => Promise<number>;

const named = (name: string, fn: Node): Memoized<Node> => memoize(fn, { name });

/** A cycle as if it began with that call, which is as good as with any other. */
function startingAt(first: string, cycle: readonly string[] | undefined): readonly string[] {
  expect(cycle?.length).toBeGreaterThan(1);
  const [begin, ...others] = cycle as readonly [string, ...string[]];
  expect(others.at(-1)).toBe(begin);
  const at = others.indexOf(first);
  expect(at).toBeGreaterThanOrEqual(0);
  return [...others.slice(at), ...others.slice(0, at), first];
}

/** What a promise rejects with: the cycle, whose names are returned. */
async function cycleOf(promise: PromiseLike<unknown>): Promise<readonly string[] | undefined> {
  const reason = await reasonOf(promise);
  expect(reason).toBeInstanceOf(RoteError);
  expect(reason).toMatchObject({ code: "ERR_CYCLE" });
  return (reason as RoteError).cycle;
}

/** Ways to wait for a promise. All of them reject if it does. */
const waits: [name: string, wait: (promise: Promise<number>) => PromiseLike<number>][] = [
  ["await", async (promise) => await promise],
  ["return", (promise) => promise],
  ["then", (promise) => promise.then((value) => value)],
  [
    "then with both handlers",
    (promise) =>
      promise.then(
        (v) => v,
        (e: unknown) => Promise.reject(e as Error),
      ),
  ],
  ["finally", (promise) => promise.finally(() => undefined)],
  [
    "catch and rethrow",
    (promise) => promise.catch((error: unknown) => Promise.reject(error as Error)),
  ],
  ["an await after an await", async (promise) => (await null, await promise)],
  [
    "an await after many",
    async (promise) => {
      for (let i = 0; i < 20; i++) await null;
      return await promise;
    },
  ],
  ["Promise.all", async (promise) => (await Promise.all([1, promise, Promise.resolve(2)]))[1]],
  ["Promise.race", async (promise) => Promise.race([promise, new Promise<number>(() => {})])],
  [
    "Promise.any",
    async (promise) =>
      Promise.any([promise]).catch((error: AggregateError) =>
        Promise.reject(error.errors[0] as Error),
      ),
  ],
  [
    "Promise.allSettled",
    async (promise) => {
      const [result] = await Promise.allSettled([promise]);
      if (result.status === "rejected") throw result.reason;
      return result.value;
    },
  ],
  ["Promise.resolve", async (promise) => Promise.resolve(promise)],
  [
    "a promise resolved with it",
    async (promise) => new Promise<number>((resolve) => resolve(promise)),
  ],
  [
    "its then in an executor",
    async (promise) => new Promise<number>((resolve, reject) => void promise.then(resolve, reject)),
  ],
  [
    "for await",
    async (promise) => {
      for await (const value of [promise]) return value;
      return 0;
    },
  ],
  [
    "an async generator",
    async (promise) => {
      async function* values(): AsyncGenerator<number> {
        yield await promise;
      }
      for await (const value of values()) return value;
      return 0;
    },
  ],
  [
    "a helper of a helper",
    async (promise) => {
      const inner = async (): Promise<number> => await promise;
      const outer = async (): Promise<number> => {
        await null;
        return await inner();
      };
      return await outer();
    },
  ],
  [
    "a thenable around it",
    async (promise) =>
      await ({
        then: (yes: (value: number) => void, no: (reason: unknown) => void) =>
          promise.then(yes, no),
      } as PromiseLike<number>),
  ],
];

/** When, in a body, the call is made. */
const moments: [name: string, before: () => unknown][] = [
  ["at once", () => undefined],
  ["after an await", () => null],
  ["after an await of a settled promise", () => Promise.resolve(1).then(() => 2)],
];

describe.each(waits)("waiting by %s", (_name, wait) => {
  describe.each(moments)("%s", (moment, before) => {
    /** Awaits only if there is something to await. */
    const body = (then: () => PromiseLike<number>) => async (): Promise<number> => {
      if (moment !== "at once") await before();
      return await then();
    };

    test("for itself is a cycle", async () => {
      const f = named("f", async (n) => body(() => wait(f(n)))());
      expect(startingAt("f(1)", await cycleOf(f(1)))).toEqual(["f(1)", "f(1)"]);
      expect(f.cache.stats()).toMatchObject({ entries: 0, inFlight: 0, runs: 1 });
    });

    test("for another that waits for it is a cycle", async () => {
      const f = named("f", async (n) => body(() => wait(g(n + 1)))());
      const g = named("g", async (n) => body(() => wait(f(n - 1)))());
      expect(startingAt("f(1)", await cycleOf(f(1)))).toEqual(["f(1)", "g(2)", "f(1)"]);
      expect(startingAt("g(2)", await cycleOf(g(2)))).toEqual(["g(2)", "f(1)", "g(2)"]);
      for (const { cache } of [f, g])
        expect(cache.stats()).toMatchObject({ entries: 0, inFlight: 0 });
    });

    test("in a round of three is a cycle", async () => {
      const f = named("f", async (n) => body(() => wait(g(n)))());
      const g = named("g", async (n) => body(() => wait(h(n)))());
      const h = named("h", async (n) => body(() => wait(f(n)))());
      expect(startingAt("g(7)", await cycleOf(g(7)))).toEqual(["g(7)", "h(7)", "f(7)", "g(7)"]);
    });

    test("between two roots that wait for each other is a cycle for both", async () => {
      const f = named("f", async (n) => body(() => wait(g(n)))());
      const g = named("g", async (n) => body(() => wait(f(n)))());
      const [one, other] = [watch(f(1)), watch(g(1))];
      await drained();
      for (const { outcome } of [one, other])
        expect(outcome).toMatchObject({ state: "rejected", reason: { code: "ERR_CYCLE" } });
    });

    test("for others is none: a chain, a diamond, and one called twice", async () => {
      let runs = 0;
      const f = named("f", async (n) => {
        runs++;
        if (n < 2) return 1;
        return body(
          async () => (await wait(f(n - 1))) + (await wait(f(n - 2))) + (await wait(f(n - 1))),
        )();
      });
      const expected = [1, 1];
      for (let n = 2; n <= 12; n++)
        expected.push(2 * (expected[n - 1] as number) + (expected[n - 2] as number));
      expect(await valueOf(f(12))).toBe(expected[12]);
      expect(runs).toBe(13);
    });

    test("a cycle below a tail that leads into it is named without the tail", async () => {
      const f = named("f", async (n) => body(() => wait(f(n === 3 ? 1 : n + 1)))());
      expect(startingAt("f(1)", await cycleOf(f(-1)))).toEqual(["f(1)", "f(2)", "f(3)", "f(1)"]);
      expect(f.cache.stats()).toMatchObject({ entries: 0, inFlight: 0 });
    });
  });
});

describe("in between", () => {
  const between: [name: string, between: (next: Node) => Node][] = [
    ["nothing", (next) => next],
    ["a function that is not memoized", (next) => (n) => next(n)],
    ["an async function that is not memoized", (next) => async (n) => await next(n)],
    ["a sync memoized function", (next) => memoize((n: number) => next(n))],
    [
      "a sync memoized function that waits",
      (next) => memoize((n: number) => next(n).then((v) => v)),
    ],
    [
      "a sync memoized function with async: true",
      (next) => memoize((n: number) => next(n), { async: true }),
    ],
    ["two sync memoized functions", (next) => memoize(memoize((n: number) => next(n)))],
  ];

  test.each(between)("%s: a cycle is one all the same", async (_name, through) => {
    const f = named("f", async (n) => await through((m) => g(m))(n));
    const g = named("g", async (n) => {
      await null;
      return await back(n);
    });
    const back = through((n) => f(n));
    await cycleOf(f(1));
    await cycleOf(g(1));
    await drained();
    for (const { cache } of [f, g])
      expect(cache.stats()).toMatchObject({ inFlight: 0, entries: 0 });
  });

  test.each(between)("%s: no cycle is none", async (_name, through) => {
    let runs = 0;
    const f = named("f", async (n) => {
      runs++;
      await null;
      return n === 0 ? 0 : (await next(n - 1)) + 1;
    });
    const next = through((n) => f(n));
    expect(await valueOf(f(50))).toBe(50);
    expect(runs).toBe(51);
  });

  test("a shared sync memoized function whose promise two async functions wait for", async () => {
    const shared = memoize((n: number) => f(n).then((value) => value + 1));
    const f = named("f", async (n) => {
      await null;
      return n === 0 ? 0 : (await shared(n - 1)) + (await shared(n - 1));
    });
    const g = named("g", async (n) => (await shared(n)) + (await f(n)));
    expect(await valueOf(g(3))).toBe(29);
  });
});

describe("an ERR_CYCLE that is caught", () => {
  test("lets the function that caught it return", async () => {
    const f = named("f", async (n) => {
      await null;
      try {
        return await f(n);
      } catch (error) {
        expect(error).toMatchObject({ code: "ERR_CYCLE", cycle: [`f(${n})`, `f(${n})`] });
        return -1;
      }
    });
    expect(await valueOf(f(1))).toBe(-1);
    expect(await valueOf(f(1))).toBe(-1);
    expect(f.cache.stats()).toMatchObject({ entries: 1, runs: 1, inFlight: 0 });
  });

  test("in the middle of a round lets all of it return", async () => {
    const f = named("f", async (n) => (await g(n)) + 1);
    const g = named("g", async (n) => (await null, (await h(n)) + 1));
    const h = named("h", async (n) => {
      // Until the others wait: who closes the round is refused.
      await hops(10);
      return await f(n).catch(() => 10);
    });
    expect(await valueOf(f(1))).toBe(12);
    expect(await valueOf(g(1))).toBe(11);
    expect(await valueOf(h(1))).toBe(10);
  });

  test("may be followed by another wait that is none", async () => {
    const f = named("f", async (n) => {
      if (n === 0) return 0;
      const self = await f(n).catch(() => 100);
      return self + (await f(n - 1));
    });
    expect(await valueOf(f(3))).toBe(300);
  });

  test("is seen again by another who asks for the same", async () => {
    let refused = 0;
    const f = named("f", async (n) => {
      await null;
      for (let attempt = 0; attempt < 3; attempt++) await f(n).catch(() => refused++);
      return refused;
    });
    expect(await valueOf(f(1))).toBe(3);
  });
});

describe("a cycle that has ended", () => {
  test("is none for the next call, which runs again", async () => {
    let isBroken = true;
    const f = named("f", async (n) => (await null, isBroken ? await g(n) : 1));
    const g = named("g", async (n) => (await f(n)) + 1);
    await cycleOf(g(1));
    isBroken = false;
    expect(await valueOf(g(1))).toBe(2);
    expect(await valueOf(f(1))).toBe(1);
    expect([f.cache.size, g.cache.size]).toEqual([1, 1]);
  });

  test("is none for who retries inside", async () => {
    let attempts = 0;
    const f = named("f", async (n) => {
      await null;
      return attempts++ === 0 ? await g(n) : 5;
    });
    const g = named("g", async (n) => {
      try {
        return await f(n);
      } catch {
        return await f(n);
      }
    });
    expect(await valueOf(g(1))).toBe(5);
    expect(attempts).toBe(2);
  });

  test("a wait that ended does not count: f waited for g, and later g waits for f", async () => {
    const f = named("f", async (n) => {
      await g(n).catch(() => 0);
      return n;
    });
    const first = deferred<number>();
    let runs = 0;
    const g = named("g", async (n) => {
      if (++runs === 1) return first.promise;
      return await f(n);
    });
    const result = watch(f(1));
    await drained();
    // The flight that f waited for fails; a new one waits for f, which no longer waits.
    first.reject(new Error("first"));
    const again = watch(g(1));
    await drained();
    expect(result.outcome).toEqual({ state: "fulfilled", value: 1 });
    if (runs === 1) expect(again.outcome.state).toBe("rejected");
    expect(await valueOf(g(1))).toBe(1);
  });
});

test("the waits of a flight end with it, even if what it waited for goes on", async () => {
  const f = named("f", async (n) => {
    const value = await g(n);
    await hops(20);
    return value;
  });
  // Does not wait to the end.
  const g = named("g", async (n) => await Promise.race([h(n), Promise.resolve(5)]));
  const h = named("h", async (n) => {
    await hops(10);
    return (await f(n)) + 1;
  });
  const result = f(1);
  expect(await valueOf(result)).toBe(5);
  expect(await valueOf(h(1))).toBe(6);
  expect(h.cache.stats().runs).toBe(1);
});

describe("what is started and not awaited is no cycle", () => {
  test("a call of itself", async () => {
    const started: Promise<number>[] = [];
    const f = named("f", async (n) => {
      started.push(f(n));
      await null;
      started.push(f(n));
      return n;
    });
    expect(await valueOf(f(1))).toBe(1);
    expect(started.length).toBe(2);
    // Whoever waits later, outside, gets the value.
    expect(await valueOf(Promise.all(started))).toEqual([1, 1]);
    expect(f.cache.stats()).toMatchObject({ runs: 1, hits: 2, coalesced: 2 });
  });

  test("calls of each other", async () => {
    const f = named("f", async (n) => {
      void g(n);
      await null;
      return n + 1;
    });
    const g = named("g", async (n) => {
      void f(n);
      await null;
      return n + 2;
    });
    expect(await valueOf(Promise.all([f(1), g(1)]))).toEqual([2, 3]);
  });

  test("one of two waits, the other only starts", async () => {
    const f = named("f", async (n) => {
      await null;
      void g(n);
      return n;
    });
    const g = named("g", async (n) => {
      await null;
      return (await f(n)) + 1;
    });
    expect(await valueOf(g(1))).toBe(2);
    f.cache.clear();
    g.cache.clear();
    expect(await valueOf(f(1))).toBe(1);
    expect(await valueOf(g(1))).toBe(2);
  });

  test("a promise that is stored and awaited later by an outside caller", async () => {
    let stored: Promise<number> | undefined;
    const f = named("f", async (n) => {
      await null;
      stored = g(n);
      return n;
    });
    const g = named("g", async (n) => (await f(n)) + 1);
    expect(await valueOf(f(1))).toBe(1);
    expect(await valueOf(stored as Promise<number>)).toBe(2);
  });

  test("a promise that is stored and awaited later by another run", async () => {
    let stored: Promise<number> | undefined;
    const f = named("f", async (n) => {
      await null;
      stored = g(n);
      return n;
    });
    const g = named("g", async (n) => (await null, n + 1));
    const h = named("h", async (n) => (await f(n), (await stored) as number));
    expect(await valueOf(h(1))).toBe(2);
  });

  test("work started in the background that outlives its run and waits for it", async () => {
    let background: Promise<number> | undefined;
    const f = named("f", async (n) => {
      await null;
      // Begun inside the run of f, which does not wait for it.
      background = (async () => {
        await null;
        await null;
        await null;
        return (await f(n)) + 10;
      })();
      return n;
    });
    expect(await valueOf(f(1))).toBe(1);
    expect(await valueOf(background as Promise<number>)).toBe(11);
  });

  test("a listener, timer or queue that runs in the context of a run that has ended", async () => {
    const later: Promise<number>[] = [];
    const f = named("f", async (n) => {
      setImmediate(() => later.push(f(n), g(n)));
      return n;
    });
    const g = named("g", async (n) => await f(n));
    expect(await valueOf(f(1))).toBe(1);
    await drained();
    await drained();
    expect(await valueOf(Promise.all(later))).toEqual([1, 1]);
  });
});

describe("the promise that a call inside a run gets", () => {
  test("is a promise: instanceof, then, catch, finally, await, and its value", async () => {
    const seen: unknown[] = [];
    const g = named("g", async (n) => (await null, n));
    const f = named("f", async (n) => {
      await null;
      const promise = g(n);
      seen.push(
        promise instanceof Promise,
        typeof promise.then,
        Object.prototype.toString.call(promise),
      );
      seen.push(await promise.then((value) => value + 1));
      seen.push(await promise.catch(() => 0));
      seen.push(await promise.finally(() => undefined));
      seen.push(await promise, await promise);
      return n;
    });
    expect(await valueOf(f(5))).toBe(5);
    expect(seen).toEqual([true, "function", "[object Promise]", 6, 5, 5, 5, 5]);
  });

  test("rejects with the very error, once for each who waits", async () => {
    const error = new Error("mine");
    const seen: unknown[] = [];
    const g = named("g", async () => {
      await null;
      throw error;
    });
    const f = named("f", async (n) => {
      for (let attempt = 0; attempt < 2; attempt++) {
        await g(n).catch((reason: unknown) => seen.push(reason));
        const promise = g(n);
        await promise.then(null, (reason: unknown) => seen.push(reason));
        await promise.catch((reason: unknown) => seen.push(reason));
      }
      return n;
    });
    expect(await valueOf(f(5))).toBe(5);
    expect(seen.length).toBe(6);
    for (const reason of seen) expect(reason).toBe(error);
    expect(g.cache.stats().runs).toBe(4);
  });

  test("may be returned, and its hits given out, wherever the same call is made", async () => {
    const g = named("g", async (n) => (await null, n));
    const f = memoize(async (n: number) => (await null, g(n)));
    expect(await valueOf(Promise.all([f(1), g(1), f(1), g(1)]))).toEqual([1, 1, 1, 1]);
    expect(g(1)).toBe(g(1));
    expect(f(1)).toBe(f(1));
  });

  test("with a signal inside a run: leaving ends the wait", async () => {
    const end = deferred<number>();
    const g = memoize(async (_n: number, _signal?: AbortSignal) => end.promise);
    const controller = new AbortController();
    const f = named("f", async (n) => {
      await null;
      return await g(n, controller.signal).catch(() => -1);
    });
    const result = watch(f(1));
    await drained();
    controller.abort();
    await drained();
    expect(result.outcome).toEqual({ state: "fulfilled", value: -1 });
    expect(g.cache.stats().inFlight).toBe(0);
  });
});

describe("a graph of calls, at random", () => {
  const BETWEEN = 4;
  const STARTED = 7;

  interface Wait {
    readonly to: number;
    /** How the body gets at the result, and how many microtasks it lets pass before. */
    readonly how: number;
    readonly after: number;
  }

  /** Bodies in which each node asks its edges in a way of its own. */
  function functions(graph: readonly (readonly Wait[])[], counts: number[]): Memoized<Node>[] {
    const ask = (to: number, which: number): Promise<number> => {
      const fn = all[(to + which) % all.length] as Memoized<Node>;
      return fn(to);
    };
    const hasBetween = graph.some((edges) => edges.some(({ how }) => how === BETWEEN));
    const body = async (n: number): Promise<number> => {
      counts[n] = (counts[n] ?? 0) + 1;
      const parallel: Promise<number>[] = [];
      let sum = 1;
      for (const { to, how, after } of graph[n] as readonly Wait[]) {
        for (let hop = 0; hop < after; hop++) await null;
        switch (how) {
          case 0:
            sum += await ask(to, 0);
            break;
          case 1: {
            const promise = ask(to, 0);
            // Should another reject before it is awaited.
            promise.catch(() => undefined);
            parallel.push(promise);
            break;
          }
          case 2:
            sum += await ask(to, 0).then((value) => value);
            break;
          case 3:
            sum += await (async () => (await null, await ask(to, 0)))();
            break;
          case BETWEEN:
            sum += await between(to);
            break;
          case 5: {
            const [settled] = await Promise.allSettled([ask(to, 0)]);
            if (settled.status === "rejected") throw settled.reason;
            sum += settled.value;
            break;
          }
          case 6:
            sum += await Promise.race([ask(to, 0), new Promise<number>(() => {})]);
            break;
          default:
            // Started, and not awaited by anybody here. Not below a sync function whose result is needed.
            if (hasBetween) await null;
            void ask(to, 0);
        }
        sum %= 1_000_003;
      }
      for (const value of await Promise.all(parallel)) sum = (sum + value) % 1_000_003;
      return sum;
    };
    const between = memoize((n: number): Promise<number> => ask(n, 0));
    const all = [named("f", body), named("g", body), named("h", body)];
    return all;
  }

  function expectedOf(graph: readonly (readonly Wait[])[]): (n: number) => number {
    const known = new Map<number, number>();
    const value = (n: number): number => {
      const found = known.get(n);
      if (found !== undefined) return found;
      let sum = 1;
      for (const { to, how } of graph[n] as readonly Wait[])
        if (how !== STARTED) sum = (sum + value(to)) % 1_000_003;
      known.set(n, sum);
      return sum;
    };
    return value;
  }

  const edge = (to: fc.Arbitrary<number>): fc.Arbitrary<Wait> =>
    fc.record({ to, how: fc.nat(6), after: fc.constantFrom(0, 0, 1, 2, 5) });

  /** Edges lead to smaller numbers; calls that are only started may lead anywhere. */
  const acyclic = fc.integer({ min: 2, max: 14 }).chain((size) =>
    fc.tuple(
      ...Array.from({ length: size }, (_, n) =>
        fc
          .tuple(
            n === 0 ? fc.constant([]) : fc.array(edge(fc.nat(n - 1)), { maxLength: 4 }),
            fc.array(edge(fc.nat(size - 1)), { maxLength: 1 }),
            fc.boolean(),
          )
          .map(([waits, begun, isFirst]) => {
            const started = begun.map((wait) => ({ ...wait, how: STARTED }));
            return isFirst ? [...started, ...waits] : [...waits, ...started];
          }),
      ),
    ),
  );
  const roots = fc.array(fc.nat(), { minLength: 1, maxLength: 4 });

  test("without a cycle gives the right answers, each body once, from any roots at once", async () => {
    await fc.assert(
      fc.asyncProperty(acyclic, roots, async (graph, chosen) => {
        const counts: number[] = [];
        const all = functions(graph, counts);
        const expected = expectedOf(graph);
        const asked = chosen.map((root) => root % graph.length);
        const results = asked.map((n) => watch((all[n % all.length] as Memoized<Node>)(n)));
        await drained();
        expect(results.map(({ outcome }) => outcome)).toEqual(
          asked.map((n) => ({ state: "fulfilled", value: expected(n) })),
        );
        for (const count of counts) if (count !== undefined) expect(count).toBe(1);
        for (const fn of all) expect(fn.cache.stats()).toMatchObject({ inFlight: 0 });
      }),
      { numRuns: tries(3000, 100) },
    );
  });

  const anyGraph = fc
    .integer({ min: 2, max: 7 })
    .chain((size) =>
      fc.tuple(
        ...Array.from({ length: size }, () => fc.array(edge(fc.nat(size - 1)), { maxLength: 2 })),
      ),
    );

  /** Whether a node waits, through whatever others, for a node that waits for itself. */
  function reachesCycle(graph: readonly (readonly Wait[])[], from: number): boolean {
    const state = new Map<number, "open" | "done">();
    const visit = (n: number): boolean => {
      if (state.get(n) === "open") return true;
      if (state.get(n) === "done") return false;
      state.set(n, "open");
      const found = (graph[n] as readonly Wait[]).some(({ to }) => visit(to));
      state.set(n, "done");
      return found;
    };
    return visit(from);
  }

  test("with cycles never hangs: whoever waits for a cycle rejects, and nobody else", async () => {
    let cyclic = 0;
    await fc.assert(
      fc.asyncProperty(anyGraph, roots, async (graph, chosen) => {
        const all = functions(graph, []);
        const expected = expectedOf(graph);
        const asked = chosen.map((root) => root % graph.length);
        const results = asked.map((n) => watch((all[n % all.length] as Memoized<Node>)(n)));
        await drained();
        for (const [at, n] of asked.entries()) {
          const outcome = results[at]?.outcome;
          if (reachesCycle(graph, n)) {
            cyclic++;
            expect(outcome).toMatchObject({ state: "rejected", reason: { code: "ERR_CYCLE" } });
          } else expect(outcome).toEqual({ state: "fulfilled", value: expected(n) });
        }
        for (const fn of all) expect(fn.cache.stats()).toMatchObject({ inFlight: 0 });
      }),
      { numRuns: tries(3000, 100) },
    );
    expect(cyclic).toBeGreaterThan(100);
  });

  test("with cycles that are caught never hangs, and every call fulfils", async () => {
    await fc.assert(
      fc.asyncProperty(anyGraph, roots, async (graph, chosen) => {
        const f = named("f", async (n) => {
          let sum = 1;
          for (const { to, after } of graph[n] as readonly Wait[]) {
            for (let hop = 0; hop < after; hop++) await null;
            try {
              sum += await f(to);
            } catch (error) {
              expect(error).toMatchObject({ code: "ERR_CYCLE" });
            }
          }
          return sum;
        });
        const results = chosen.map((root) => watch(f(root % graph.length)));
        await drained();
        for (const { outcome } of results) expect(outcome.state).toBe("fulfilled");
        expect(f.cache.stats()).toMatchObject({ inFlight: 0, runs: f.cache.size });
      }),
      { numRuns: tries(1000, 100) },
    );
  });
});

describe("long chains", () => {
  const depth = 100_000;

  test("that deep before the first await: the right answer, each body once", async () => {
    const f = named("f", async (n) => (n === 0 ? 0 : (await f(n - 1)) + 1));
    expect(await f(depth)).toBe(depth);
    expect(f.cache.stats()).toMatchObject({
      runs: depth + 1,
      reruns: 0,
      entries: depth + 1,
      inFlight: 0,
      pinned: 0,
    });
  });

  test("that deep after an await in each body", async () => {
    const f = named("f", async (n) => (await null, n === 0 ? 0 : (await f(n - 1)) + 1));
    expect(await f(depth)).toBe(depth);
    expect(f.cache.stats()).toMatchObject({ runs: depth + 1, reruns: 0, inFlight: 0 });
  });

  test("of two functions in turn, with a helper and Promise.all", async () => {
    const helper = async (n: number): Promise<number> => (await Promise.all([f(n)]))[0];
    const f = named("f", async (n) => (n === 0 ? 0 : (await g(n - 1)) + 1));
    const g = named("g", async (n) => (await null, n === 0 ? 0 : (await helper(n - 1)) + 1));
    expect(await f(depth / 5)).toBe(depth / 5);
  });

  test.each([
    ["ascending", (n: number) => n],
    ["descending", (n: number) => depth - n],
  ])("whose links are all started from outside, in %s order", async (_order, nth) => {
    const f = named("f", async (n) => (await null, n === 0 ? 0 : (await f(n - 1)) + 1));
    const all = Array.from({ length: depth + 1 }, (_, at) => f(nth(at)));
    const values = await Promise.all(all);
    expect(values[depth]).toBe(nth(depth));
    expect(f.cache.stats()).toMatchObject({ runs: depth + 1, entries: depth + 1 });
  });

  test("that many waits of one run, one after the other", async () => {
    const g = named("g", async (n) => (await null, n));
    const f = named("f", async (count) => {
      let sum = 0;
      for (let n = 0; n < count; n++) sum += await g(n);
      return sum;
    });
    expect(await f(depth)).toBe((depth * (depth - 1)) / 2);
  });

  test("that many waits of one run at once, and of many runs for one", async () => {
    const root = named("root", async () => (await null, 1));
    const g = named("g", async (n) => (await null, n * (await root(0))));
    const f = named("f", async (count) => {
      const all = await Promise.all(Array.from({ length: count }, (_, n) => g(n)));
      return all.reduce((sum, value) => sum + value, 0);
    });
    expect(await f(depth)).toBe((depth * (depth - 1)) / 2);
  });

  test("that end in a cycle reject, all of them", async () => {
    const links = 5000;
    const f = named("f", async (n) => (await null, (await f(n === 0 ? links : n - 1)) + 1));
    const cycle = await cycleOf(f(links));
    expect(cycle?.[0]).toBe(cycle?.at(-1));
    expect(f.cache.stats()).toMatchObject({ entries: 0, inFlight: 0, runs: links + 1 });
  });

  test("a ladder of many layers, in which everyone waits for two below", async () => {
    const layers = 2000;
    const f = memoize(async (layer: number, side: number): Promise<number> => {
      await null;
      if (layer === 0) return 1;
      const [a, b] = await Promise.all([f(layer - 1, 0), f(layer - 1, 1)]);
      return (a + b + side) % 1_000_003;
    });
    let expected = [1, 1];
    for (let layer = 1; layer <= layers; layer++) {
      const sum = (expected[0] as number) + (expected[1] as number);
      expected = [sum % 1_000_003, (sum + 1) % 1_000_003];
    }
    expect(await f(layers, 0)).toBe(expected[0]);
    expect(f.cache.stats()).toMatchObject({ runs: 2 * layers + 1 });
  });
});

describe("the caller's own AsyncLocalStorage", () => {
  const storage = new AsyncLocalStorage<string>();

  test("is in a run what it was for the call that started it, before and after an await", async () => {
    const seen: unknown[] = [];
    const g = named("g", async (n) => {
      seen.push(storage.getStore());
      await null;
      seen.push(storage.getStore());
      return n;
    });
    const f = named("f", async (n) => {
      seen.push(storage.getStore());
      await null;
      const value = await storage.run("inner", () => g(n));
      seen.push(storage.getStore());
      return value;
    });
    await storage.run("outer", async () => {
      await f(1);
      seen.push(storage.getStore());
    });
    expect(seen).toEqual(["outer", "inner", "inner", "outer", "outer"]);
    expect(storage.getStore()).toBeUndefined();
  });

  test("is the caller's own again after a hit, after joining a flight and after an error", async () => {
    const end = deferred<number>();
    const f = named("f", async (n) => (n === 0 ? end.promise : Promise.reject(new Error("no"))));
    const after = async (context: string): Promise<unknown[]> =>
      storage.run(context, async () => {
        const seen: unknown[] = [];
        await f(0);
        seen.push(storage.getStore());
        await f(1).catch(() => seen.push(storage.getStore()));
        await f(0).then(() => seen.push(storage.getStore()));
        return seen;
      });
    const all = [after("a"), after("b")];
    end.resolve(1);
    expect(await Promise.all(all)).toEqual([
      ["a", "a", "a"],
      ["b", "b", "b"],
    ]);
  });

  test("may be left by exit and entered by enterWith inside a run", async () => {
    const f = named("f", async (n) => {
      storage.enterWith("entered");
      await null;
      const value = n === 0 ? 0 : await f(n - 1);
      expect(storage.getStore()).toBe("entered");
      return value + 1;
    });
    expect(await storage.run("outer", () => f(5))).toBe(6);
  });
});

test("an outside call made while a run is under way is no part of it", async () => {
  const end = deferred<number>();
  const f = named("f", async (n) => (await null, (await g(n)) + 1));
  const g = named("g", async () => end.promise);
  const inside = watch(f(1));
  await drained();
  const outside = g(1);
  expect(g(1)).toBe(outside);
  expect(f(1)).toBe(f(1));
  end.resolve(1);
  expect(await outcomeOf(outside)).toEqual({ state: "fulfilled", value: 1 });
  await drained();
  expect(inside.outcome).toEqual({ state: "fulfilled", value: 2 });
});
