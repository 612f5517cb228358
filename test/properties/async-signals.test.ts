/**
 * An AbortSignal among the arguments of an async function is no part of the key: `fn` receives a
 * signal of ours in its place, each caller leaves when its own fires, and the run is aborted only
 * when all have left.
 */
import { getEventListeners } from "node:events";
import vm from "node:vm";

import { memoize, type Memoized } from "rote";
import { describe, expect, test } from "vitest";

import {
  type Deferred,
  deferred,
  drained,
  expectNoUnhandledRejections,
  FakeTime,
  reasonOf,
  watch,
} from "../support/async.ts";

expectNoUnhandledRejections();

interface Options {
  readonly signal?: AbortSignal | undefined;
  readonly [name: string]: unknown;
}

type Any = (...args: any[]) => Promise<unknown>;

interface Runs {
  readonly args: unknown[][];
  readonly ends: Deferred[];
  readonly fn: Memoized<Any>;
}

/** A memoized function whose runs wait to be ended, and note what they were given. */
function noting(options: object = {}, isNative = true): Runs {
  const args: unknown[][] = [];
  const ends: Deferred[] = [];
  const start = (given: unknown[]): Promise<unknown> => {
    args.push(given);
    const end = deferred();
    ends.push(end);
    return end.promise;
  };
  const original: Any = isNative ? async (...given) => start(given) : (...given) => start(given);
  return { args, ends, fn: memoize(original, options) };
}

/** What the first run received as its second argument. */
function signalOf(args: readonly (readonly unknown[])[]): AbortSignal {
  return args[0]?.[1] as AbortSignal;
}

const nullPrototype = (properties: object): object =>
  Object.assign(Object.create(null) as object, properties);

/** Where a signal may stand: the arguments with it, and the call that is the same without it. */
const places: [
  name: string,
  withSignal: (signal: AbortSignal) => unknown[],
  without: unknown[],
  find: (args: unknown[]) => unknown,
][] = [
  ["the only argument", (s) => [s], [], (a) => a[0]],
  ["the last argument", (s) => [1, s], [1], (a) => a[1]],
  ["the last of three arguments", (s) => [1, "a", s], [1, "a"], (a) => a[2]],
  ["the last of many arguments", (s) => [1, 2, 3, 4, 5, 6, s], [1, 2, 3, 4, 5, 6], (a) => a[6]],
  ["the last after an object", (s) => [{ id: 1 }, s], [{ id: 1 }], (a) => a[1]],
  ["the first argument", (s) => [s, 1], [undefined, 1], (a) => a[0]],
  ["an argument in the middle", (s) => [1, s, 2], [1, undefined, 2], (a) => a[1]],
  ["a property of the only argument", (s) => [{ signal: s }], [{}], (a) => property(a[0])],
  [
    "a property beside others",
    (s) => [1, { a: 1, signal: s }],
    [1, { a: 1 }],
    (a) => property(a[1]),
  ],
  [
    "a property before others",
    (s) => [1, { signal: s, a: 1 }],
    [1, { a: 1 }],
    (a) => property(a[1]),
  ],
  [
    "a property of the first argument",
    (s) => [{ signal: s, a: [1] }, 2],
    [{ a: [1] }, 2],
    (a) => property(a[0]),
  ],
  [
    "a property of frozen options",
    (s) => [1, Object.freeze({ a: 1, signal: s })],
    [1, { a: 1 }],
    (a) => property(a[1]),
  ],
  [
    "a property of options without a prototype",
    (s) => [1, nullPrototype({ a: 1, signal: s })],
    [1, nullPrototype({ a: 1 })],
    (a) => property(a[1]),
  ],
  [
    "a property of options with a symbol",
    (s) => [{ [Symbol.for("a")]: 1, signal: s }],
    [{ [Symbol.for("a")]: 1 }],
    (a) => property(a[0]),
  ],
];

function property(options: unknown): unknown {
  return (options as Options).signal;
}

describe.each(places)("as %s, a signal", (_name, withSignal, without, find) => {
  test("is no part of the key: calls with signals, with others and with none share a run", async () => {
    const { fn, args, ends } = noting();
    const one = new AbortController();
    const other = new AbortController();
    const all = [
      watch(fn(...withSignal(one.signal))),
      watch(fn(...withSignal(other.signal))),
      watch(fn(...without)),
    ];
    expect(args.length).toBe(1);
    expect(fn.cache.stats()).toMatchObject({ hits: 2, misses: 1, coalesced: 2, inFlight: 1 });
    ends[0]?.resolve("value");
    await drained();
    for (const { outcome } of all) expect(outcome).toEqual({ state: "fulfilled", value: "value" });
    await expect(fn(...withSignal(new AbortController().signal))).resolves.toBe("value");
    expect(args.length).toBe(1);
    expect(fn.cache.size).toBe(1);
  });

  test("reaches the function as a signal of ours, in the same place", async () => {
    const { fn, args, ends } = noting();
    const { signal } = new AbortController();
    const given = withSignal(signal);
    const result = watch(fn(...given));
    const seen = find(args[0] as unknown[]);
    expect(seen).toBeInstanceOf(AbortSignal);
    expect(seen).not.toBe(signal);
    expect((seen as AbortSignal).aborted).toBe(false);
    // All else is as the caller gave it, and what the caller gave is as it was.
    expect(given).toEqual(withSignal(signal));
    expect(find(given)).toBe(signal);
    expect(args[0]?.length).toBe(given.length);
    expect(shapeOf(args[0] as unknown[])).toEqual(shapeOf(given));
    ends[0]?.resolve(1);
    await drained();
    expect(result.outcome.state).toBe("fulfilled");
  });

  test("lets its caller leave, and aborts the run when all have left", async () => {
    const { fn, args } = noting();
    const one = new AbortController();
    const other = new AbortController();
    const first = watch(fn(...withSignal(one.signal)));
    const second = watch(fn(...withSignal(other.signal)));
    const seen = find(args[0] as unknown[]) as AbortSignal;
    let fired = 0;
    seen.addEventListener("abort", () => fired++);
    one.abort("first reason");
    await drained();
    expect(first.outcome).toEqual({ state: "rejected", reason: "first reason" });
    expect(second.outcome).toEqual({ state: "pending" });
    expect(seen.aborted).toBe(false);
    expect(fn.cache.has(...without)).toBe(true);
    other.abort("second reason");
    // At once: without any microtask.
    expect(seen.aborted).toBe(true);
    expect(seen.reason).toBe("second reason");
    expect(fired).toBe(1);
    expect(fn.cache.has(...without)).toBe(false);
    expect(fn.cache.stats().inFlight).toBe(0);
    await drained();
    expect(second.outcome).toEqual({ state: "rejected", reason: "second reason" });
  });

  test("that has fired already rejects with its reason, without a run or a hit", async () => {
    const { fn, args, ends } = noting();
    const reason = new Error("before");
    const fired = AbortSignal.abort(reason);
    expect(await reasonOf(fn(...withSignal(fired)))).toBe(reason);
    expect(args.length).toBe(0);
    expect(fn.cache.stats()).toMatchObject({
      hits: 0,
      misses: 0,
      runs: 0,
      inFlight: 0,
      entries: 0,
    });
    const other = watch(fn(...without));
    expect(await reasonOf(fn(...withSignal(fired)))).toBe(reason);
    expect(fn.cache.stats()).toMatchObject({ hits: 0, misses: 1, coalesced: 0, inFlight: 1 });
    ends[0]?.resolve(1);
    await drained();
    expect(other.outcome.state).toBe("fulfilled");
    expect(await reasonOf(fn(...withSignal(fired)))).toBe(reason);
    expect(fn.cache.stats().hits).toBe(0);
  });

  test("among the arguments of has, peek, delete, explain and set is no part of the key either", async () => {
    const { fn, ends, args } = noting();
    const { signal } = new AbortController();
    const result = watch(fn(...without));
    expect(fn.cache.has(...withSignal(signal))).toBe(true);
    expect(fn.cache.peek(...withSignal(signal))).toBe(fn.cache.peek(...without));
    expect(fn.cache.explain(...withSignal(signal)).outcome).toBe("wait");
    ends[0]?.resolve(1);
    await drained();
    expect(result.outcome.state).toBe("fulfilled");
    expect(fn.cache.explain(...withSignal(signal)).outcome).toBe("hit");
    expect(fn.cache.delete(...withSignal(signal))).toBe(true);
    expect(fn.cache.has(...without)).toBe(false);
    fn.cache.set(withSignal(signal), Promise.resolve(5));
    await expect(fn(...without)).resolves.toBe(5);
    expect(args.length).toBe(1);
    expect(fn.cache.size).toBe(1);
    expect(getEventListeners(signal, "abort").length).toBe(0);
  });

  test("lets the caller of refresh leave", async () => {
    const { fn, args, ends } = noting();
    const controller = new AbortController();
    const refreshed = watch(fn.cache.refresh(...withSignal(controller.signal)));
    const seen = find(args[0] as unknown[]) as AbortSignal;
    expect(seen).not.toBe(controller.signal);
    controller.abort("bored");
    await drained();
    expect(refreshed.outcome).toEqual({ state: "rejected", reason: "bored" });
    expect(seen.aborted).toBe(true);
    expect(fn.cache.has(...without)).toBe(false);
    ends[0]?.resolve(1);
    await drained();
    expect(fn.cache.has(...without)).toBe(false);
  });

  test("leaves no listener behind, however the flight ends", async () => {
    const { fn, ends } = noting();
    const controller = new AbortController();
    const { signal } = controller;
    const listeners = (): number => getEventListeners(signal, "abort").length;
    for (const end of ["resolve", "reject"] as const) {
      const result = watch(fn(...withSignal(signal)));
      expect(listeners()).toBeGreaterThan(0);
      ends.at(-1)?.[end](1);
      await drained();
      expect(result.outcome.state).not.toBe("pending");
      expect(listeners()).toBe(0);
      fn.cache.clear();
    }
    const other = new AbortController();
    const leaving = watch(fn(...withSignal(other.signal)));
    other.abort();
    await drained();
    expect(leaving.outcome.state).toBe("rejected");
    expect(getEventListeners(other.signal, "abort").length).toBe(0);
  });
});

/** Arguments with every signal replaced by a word. */
function shapeOf(args: readonly unknown[]): unknown[] {
  return args.map((arg) => {
    if (arg instanceof AbortSignal) return "signal";
    if (typeof arg !== "object" || arg === null) return arg;
    const copy = Object.create(Object.getPrototypeOf(arg) as object | null) as Record<
      PropertyKey,
      unknown
    >;
    for (const key of Reflect.ownKeys(arg)) {
      const value = Reflect.get(arg, key) as unknown;
      copy[key] = value instanceof AbortSignal ? "signal" : value;
    }
    return copy;
  });
}

describe("what is a signal's place, and what is not", () => {
  test("signal: undefined is as if it were not there", async () => {
    const { fn, args, ends } = noting();
    const results = [
      watch(fn(1, { a: 1, signal: undefined })),
      watch(fn(1, { a: 1 })),
      watch(fn(1, { a: 1, signal: new AbortController().signal })),
    ];
    expect(args.length).toBe(1);
    ends[0]?.resolve(1);
    await drained();
    for (const { outcome } of results) expect(outcome.state).toBe("fulfilled");
  });

  test("a caller with signal: undefined keeps the run alive", async () => {
    const { fn, args } = noting();
    const controller = new AbortController();
    watch(fn({ signal: controller.signal }));
    watch(fn({ signal: undefined }));
    controller.abort();
    expect((property(args[0]?.[0]) as AbortSignal).aborted).toBe(false);
    expect(fn.cache.stats().inFlight).toBe(1);
  });

  test.each([null, 1, "signal", {}, new EventTarget()])(
    "a property signal that is %s is part of the key and reaches the function as it is",
    async (signal) => {
      const { fn, args } = noting();
      watch(fn({ signal }));
      watch(fn({}));
      expect(args.length).toBe(2);
      expect(property(args[0]?.[0])).toBe(signal);
    },
  );

  test("deeper than in an options object, a signal is part of the key by identity", async () => {
    const deeper: ((signal: AbortSignal) => unknown[])[] = [
      (signal) => [{ options: { signal } }],
      (signal) => [[signal]],
      (signal) => [[{ signal }]],
      (signal) => [new Map([["signal", signal]])],
      (signal) => [{ abort: signal }],
    ];
    for (const place of deeper) {
      const { fn, args } = noting();
      const one = new AbortController();
      watch(fn(...place(one.signal)));
      watch(fn(...place(one.signal)));
      expect(args.length).toBe(1);
      watch(fn(...place(new AbortController().signal)));
      expect(args.length).toBe(2);
      expect(args[0]).toEqual(place(one.signal));
      one.abort();
      expect(fn.cache.stats().inFlight).toBe(2);
      expect(getEventListeners(one.signal, "abort").length).toBe(0);
    }
  });

  test("an instance of a class is no options object: its signal is its own affair", async () => {
    class Request {
      signal: AbortSignal;
      constructor(signal: AbortSignal) {
        this.signal = signal;
      }
    }
    const { fn, args } = noting();
    const controller = new AbortController();
    const request = new Request(controller.signal);
    watch(fn(request));
    watch(fn(request));
    expect(args).toEqual([[request]]);
    expect(args[0]?.[0]).toBe(request);
    controller.abort();
    expect(fn.cache.stats().inFlight).toBe(1);
  });

  test("several signals in one call: any of them lets the caller leave", async () => {
    for (const which of [0, 1, 2]) {
      const { fn, args } = noting();
      const controllers = [new AbortController(), new AbortController(), new AbortController()];
      const [a, b, c] = controllers.map(({ signal }) => signal);
      const result = watch(fn(a, { signal: b, x: 1 }, c));
      const [first, options, last] = args[0] as [AbortSignal, Options, AbortSignal];
      for (const seen of [first, options.signal, last]) {
        expect(seen).toBeInstanceOf(AbortSignal);
        expect([a, b, c]).not.toContain(seen);
      }
      controllers[which]?.abort(which);
      await drained();
      expect(result.outcome).toEqual({ state: "rejected", reason: which });
      expect(fn.cache.stats().inFlight).toBe(0);
      for (const { signal } of controllers)
        expect(getEventListeners(signal, "abort").length).toBe(0);
    }
  });

  test("one signal in two places is one caller", async () => {
    const { fn } = noting();
    const controller = new AbortController();
    const one = watch(fn({ signal: controller.signal }, controller.signal));
    const two = watch(fn({}));
    controller.abort("gone");
    await drained();
    expect(one.outcome.state).toBe("rejected");
    expect(two.outcome.state).toBe("pending");
    expect(fn.cache.stats()).toMatchObject({ inFlight: 1, coalesced: 1 });
  });

  test("AbortSignal.any and AbortSignal.timeout give signals like any other", async () => {
    const { fn, args } = noting();
    const controller = new AbortController();
    const result = watch(fn(1, AbortSignal.any([controller.signal, new AbortController().signal])));
    watch(fn(2, AbortSignal.timeout(1_000_000)));
    expect(args.length).toBe(2);
    expect(fn.cache.has(1)).toBe(true);
    controller.abort("any");
    await drained();
    expect(result.outcome).toEqual({ state: "rejected", reason: "any" });
    expect(fn.cache.has(1)).toBe(false);
  });

  test("a run that began without a signal receives none, whoever joins it", async () => {
    const { fn, args } = noting();
    const controller = new AbortController();
    watch(fn(1));
    const joined = watch(fn(1, controller.signal));
    expect(args).toEqual([[1]]);
    controller.abort("bored");
    await drained();
    expect(joined.outcome).toEqual({ state: "rejected", reason: "bored" });
    expect(fn.cache.has(1)).toBe(true);
  });

  test("an accessor named signal is read once, and whoever calls sees no difference", async () => {
    const { fn, args, ends } = noting();
    let reads = 0;
    const { signal } = new AbortController();
    const options = {
      get signal() {
        reads++;
        return signal;
      },
      a: 1,
    };
    const result = watch(fn(options));
    expect(args.length).toBe(1);
    expect(reads).toBe(1);
    expect(property(args[0]?.[0])).toBeInstanceOf(AbortSignal);
    ends[0]?.resolve("value");
    await drained();
    expect(result.outcome).toEqual({ state: "fulfilled", value: "value" });
  });

  test("options of another realm count as options", async () => {
    const { fn, args } = noting();
    const controller = new AbortController();
    const options = vm.runInNewContext("({ a: 1 })") as Record<string, unknown>;
    options["signal"] = controller.signal;
    const result = watch(fn(options));
    expect(property(args[0]?.[0])).not.toBe(controller.signal);
    controller.abort("realm");
    await drained();
    expect(result.outcome).toEqual({ state: "rejected", reason: "realm" });
  });

  test("a signal in an options object does not change what other calls are equal to", async () => {
    const { fn, args } = noting();
    const { signal } = new AbortController();
    watch(fn({ a: { b: 1 }, signal }, [1, 2]));
    watch(fn({ a: { b: 1 } }, [1, 2]));
    watch(fn({ signal, a: { b: 1 } }, [1, 2]));
    expect(args.length).toBe(1);
    watch(fn({ a: { b: 2 }, signal }, [1, 2]));
    watch(fn({ a: { b: 1 }, signal }, [1, 2, 3]));
    watch(fn({ a: { b: 1 }, signal }));
    watch(fn({ a: { b: 1 }, signal, c: undefined }, [1, 2]));
    expect(args.length).toBe(5);
  });

  test("with key: identity, an argument that is a signal is none of the key, an options object is by identity", async () => {
    const { fn, args } = noting({ key: "identity" });
    watch(fn(1, new AbortController().signal));
    watch(fn(1, new AbortController().signal));
    watch(fn(1));
    expect(args.length).toBe(1);
  });

  test("a key function gets the arguments, and its result decides", async () => {
    const { fn, args, ends } = noting({ key: (id: number, _options?: unknown) => id });
    const one = new AbortController();
    const other = new AbortController();
    const first = watch(fn(1, { signal: one.signal, a: 1 }));
    const second = watch(fn(1, { signal: other.signal, a: 2 }));
    expect(args.length).toBe(1);
    const seen = property(args[0]?.[1]) as AbortSignal;
    expect(seen).not.toBe(one.signal);
    one.abort("one");
    await drained();
    expect(first.outcome).toEqual({ state: "rejected", reason: "one" });
    expect(seen.aborted).toBe(false);
    ends[0]?.resolve("value");
    await drained();
    expect(second.outcome).toEqual({ state: "fulfilled", value: "value" });
    expect([...fn.cache.entries()].map(([key]) => key)).toEqual([1]);
  });

  test("entries give the arguments without the signal", async () => {
    const { fn, ends } = noting();
    const { signal } = new AbortController();
    const calls: [given: unknown[], yielded: unknown[]][] = [
      [[1, signal], [1]],
      [
        [2, { a: 1, signal }],
        [2, { a: 1 }],
      ],
      [
        [signal, 3],
        [undefined, 3],
      ],
    ];
    for (const [given, yielded] of calls) {
      watch(fn(...given));
      ends.at(-1)?.resolve(1);
      await drained();
      expect([...fn.cache.entries()].map(([args]) => args)).toEqual([yielded]);
      fn.cache.clear();
    }
  });

  test("the receiver stays what it was", async () => {
    const end = deferred();
    const seen: unknown[] = [];
    const loader = {
      id: 7,
      load: memoize(async function (this: { id: number }, _n: number, signal?: AbortSignal) {
        seen.push(this, signal);
        await end.promise;
        return this.id;
      }),
    };
    const controller = new AbortController();
    const leaving = watch(loader.load(1, controller.signal));
    const staying = watch(loader.load(1));
    controller.abort();
    end.resolve(1);
    await drained();
    expect(seen[0]).toBe(loader);
    expect(leaving.outcome.state).toBe("rejected");
    expect(staying.outcome).toEqual({ state: "fulfilled", value: 7 });
  });
});

describe("reasons", () => {
  const reasons: [string, unknown][] = [
    ["an error", new Error("mine")],
    ["a string", "text"],
    ["null", null],
    ["zero", 0],
    ["an object", { a: 1 }],
  ];
  test.each(reasons)("%s reaches caller and run as it is", async (_name, reason) => {
    const { fn, args } = noting();
    const controller = new AbortController();
    const result = fn(1, controller.signal);
    controller.abort(reason);
    expect(await reasonOf(result)).toBe(reason);
    expect(signalOf(args).reason).toBe(reason);
  });

  test("abort() without one gives the platform's AbortError, the same for caller and run", async () => {
    const { fn, args } = noting();
    const controller = new AbortController();
    const result = fn(1, controller.signal);
    controller.abort();
    const reason = await reasonOf(result);
    expect(reason).toBe(controller.signal.reason);
    expect(reason).toMatchObject({ name: "AbortError" });
    expect(signalOf(args).reason).toBe(reason);
  });

  test("the function's own rejection on abort is nobody's: it is not unhandled", async () => {
    const load = memoize(async (_id: number, signal?: AbortSignal): Promise<never> => {
      await new Promise((_, reject) => {
        signal?.addEventListener("abort", () => reject(signal.reason as Error));
      });
      throw new Error("unreachable");
    });
    const controller = new AbortController();
    const result = watch(load(1, controller.signal));
    controller.abort("gone");
    await drained();
    expect(result.outcome).toEqual({ state: "rejected", reason: "gone" });
    expect(load.cache.stats()).toMatchObject({ entries: 0, inFlight: 0 });
  });

  test("a function that ignores its signal has its late result dropped, and not stored", async () => {
    const { fn, ends, args } = noting();
    const controller = new AbortController();
    watch(fn(1, controller.signal));
    controller.abort();
    const next = watch(fn(1));
    expect(args.length).toBe(2);
    ends[0]?.resolve("late");
    await drained();
    expect(next.outcome).toEqual({ state: "pending" });
    ends[1]?.resolve("new");
    await drained();
    expect(next.outcome).toEqual({ state: "fulfilled", value: "new" });
    await expect(fn(1)).resolves.toBe("new");
  });

  test("an abort listener of the run that calls again starts a new run", async () => {
    let runs = 0;
    const again: Promise<number>[] = [];
    const load: Memoized<(id: number, signal?: AbortSignal) => Promise<number>> = memoize(
      async (id: number, signal?: AbortSignal): Promise<number> => {
        const run = ++runs;
        if (run > 1) return run;
        return new Promise((_, reject) => {
          signal?.addEventListener("abort", () => {
            again.push(load(id));
            reject(signal.reason as Error);
          });
        });
      },
    );
    const controller = new AbortController();
    const left = watch(load(1, controller.signal));
    controller.abort("gone");
    await drained();
    expect(left.outcome).toEqual({ state: "rejected", reason: "gone" });
    expect(runs).toBe(2);
    await expect(Promise.all(again)).resolves.toEqual([2]);
    await expect(load(1)).resolves.toBe(2);
  });

  test("a signal of one run passed on to another memoized function ends that one's run, too", async () => {
    const inner = noting();
    const outer = memoize(async (id: number, signal?: AbortSignal) => inner.fn(id, { signal }));
    const controller = new AbortController();
    const result = watch(outer(1, controller.signal));
    const seen = property(inner.args[0]?.[1]) as AbortSignal;
    expect(seen).toBeInstanceOf(AbortSignal);
    controller.abort("all the way");
    await drained();
    expect(result.outcome).toEqual({ state: "rejected", reason: "all the way" });
    expect(seen.aborted).toBe(true);
    expect(seen.reason).toBe("all the way");
    expect(inner.fn.cache.stats().inFlight).toBe(0);
    expect(outer.cache.stats().inFlight).toBe(0);
  });
});

describe("after the flight has settled", () => {
  test.each(["resolve", "reject"] as const)("(%s) an abort does nothing", async (end) => {
    const { fn, args, ends } = noting();
    const controller = new AbortController();
    const result = watch(fn(1, controller.signal));
    ends[0]?.[end]("outcome");
    await drained();
    const { outcome } = result;
    const before = fn.cache.stats();
    controller.abort("late");
    await drained();
    expect(result.outcome).toBe(outcome);
    expect(fn.cache.stats()).toEqual(before);
    expect(signalOf(args).aborted).toBe(false);
    expect(fn.cache.has(1)).toBe(end === "resolve");
  });

  test("a hit with a signal adds no listener that stays, and its abort does nothing", async () => {
    const { fn, ends } = noting();
    watch(fn(1));
    ends[0]?.resolve("value");
    await drained();
    const controller = new AbortController();
    const hit = watch(fn(1, controller.signal));
    await drained();
    expect(getEventListeners(controller.signal, "abort").length).toBe(0);
    controller.abort();
    await drained();
    expect(hit.outcome).toEqual({ state: "fulfilled", value: "value" });
    expect(fn.cache.has(1)).toBe(true);
  });
});

describe("listeners", () => {
  const listeners = (signal: AbortSignal): number => getEventListeners(signal, "abort").length;

  test("each caller adds one at most, and none is left when the flight settles", async () => {
    const { fn, ends } = noting();
    const { signal } = new AbortController();
    for (let caller = 1; caller <= 10; caller++) {
      watch(fn(1, signal));
      expect(listeners(signal)).toBeGreaterThan(0);
      expect(listeners(signal)).toBeLessThanOrEqual(caller);
    }
    ends[0]?.resolve(1);
    await drained();
    expect(listeners(signal)).toBe(0);
  });

  test("none is left of the other callers when all have left", async () => {
    const { fn } = noting();
    const one = new AbortController();
    const other = new AbortController();
    watch(fn(1, one.signal));
    watch(fn(1, other.signal));
    one.abort();
    expect(listeners(one.signal)).toBe(0);
    expect(listeners(other.signal)).toBe(1);
    other.abort();
    expect(listeners(other.signal)).toBe(0);
  });

  test("of a cleared flight go when it settles", async () => {
    const { fn, ends } = noting();
    const { signal } = new AbortController();
    const result = watch(fn(1, signal));
    fn.cache.clear();
    ends[0]?.resolve("value");
    await drained();
    expect(result.outcome).toEqual({ state: "fulfilled", value: "value" });
    expect(listeners(signal)).toBe(0);
  });

  test("go when the function throws at once", async () => {
    const { signal } = new AbortController();
    const load = memoize(
      (_id: number, _signal?: AbortSignal): Promise<number> => {
        throw new Error("at once");
      },
      { async: true },
    );
    let error: unknown;
    try {
      error = await reasonOf(load(1, signal));
    } catch (thrown) {
      error = thrown;
    }
    await drained();
    expect(error).toEqual(new Error("at once"));
    expect(listeners(signal)).toBe(0);
    expect(load.cache.stats().inFlight).toBe(0);
  });

  test("no warning of too many listeners when hundreds of callers wait, each with its own signal", async () => {
    const warnings: Error[] = [];
    const note = (warning: Error): void => void warnings.push(warning);
    process.on("warning", note);
    const { fn, ends } = noting();
    for (let caller = 0; caller < 300; caller++) watch(fn(1, new AbortController().signal));
    ends[0]?.resolve(1);
    await drained();
    await drained();
    process.off("warning", note);
    expect(warnings.filter(({ name }) => name === "MaxListenersExceededWarning")).toEqual([]);
  });
});

describe("which functions", () => {
  test("a sync function with async: true is treated alike", async () => {
    const { fn, args, ends } = noting({ async: true }, false);
    const one = new AbortController();
    const other = new AbortController();
    const first = watch(fn(1, { signal: one.signal }));
    const second = watch(fn(1, { signal: other.signal }));
    expect(args.length).toBe(1);
    one.abort("one");
    await drained();
    expect(first.outcome).toEqual({ state: "rejected", reason: "one" });
    ends[0]?.resolve("value");
    await drained();
    expect(second.outcome).toEqual({ state: "fulfilled", value: "value" });
    expect(await reasonOf(fn(1, { signal: AbortSignal.abort("before") }))).toBe("before");
  });

  test.each([
    ["a sync function", {}, false],
    ["an async function with async: false", { async: false }, true],
  ])(
    "to %s a signal is an argument like any other, known by identity",
    async (_n, options, native) => {
      const { fn, args, ends } = noting(options, native);
      const one = new AbortController();
      const first = watch(fn(1, one.signal));
      watch(fn(1, one.signal));
      expect(args).toEqual([[1, one.signal]]);
      expect(args[0]?.[1]).toBe(one.signal);
      watch(fn(1, new AbortController().signal));
      expect(args.length).toBe(2);
      one.abort();
      await drained();
      expect(first.outcome.state).toBe("pending");
      expect(fn.cache.stats().inFlight).toBe(2);
      ends[0]?.resolve("value");
      await drained();
      expect(first.outcome).toEqual({ state: "fulfilled", value: "value" });
    },
  );
});

describe("signals and timeout", () => {
  test("whichever comes first decides, and the other leaves nothing behind", async () => {
    const time = new FakeTime();
    const { fn } = noting({ timeout: "1s", clock: time.clock, schedule: time.schedule });
    const one = new AbortController();
    const other = new AbortController();
    const aborted = watch(fn(1, one.signal));
    time.pass(500);
    const late = watch(fn(1, other.signal));
    one.abort("one");
    expect(time.timers).toBe(1);
    time.pass(1000);
    await drained();
    expect(aborted.outcome).toEqual({ state: "rejected", reason: "one" });
    expect(late.outcome).toMatchObject({ state: "rejected", reason: { code: "ERR_TIMEOUT" } });
    expect(time.timers).toBe(0);
    expect(getEventListeners(one.signal, "abort").length).toBe(0);
  });

  test("a caller that timed out does not count as left", async () => {
    const time = new FakeTime();
    const { fn, args, ends } = noting({ timeout: 10, clock: time.clock, schedule: time.schedule });
    const controller = new AbortController();
    const result = watch(fn(1, controller.signal));
    time.pass(10);
    await drained();
    expect(result.outcome).toMatchObject({ state: "rejected", reason: { code: "ERR_TIMEOUT" } });
    expect(signalOf(args).aborted).toBe(false);
    ends[0]?.resolve("kept");
    await drained();
    await expect(fn(1)).resolves.toBe("kept");
    expect(args.length).toBe(1);
  });
});
