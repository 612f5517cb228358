/** A store below the memory: what is there is not run again, and nothing of it can make a call fail. */
import { invalidateTag, memoize } from "rote";
import type { Memoized, MemoizeOptions } from "rote";
import { defineStore } from "rote/store";
import type { StoreAddress, SyncStore } from "rote/store";
import { memoryStore } from "rote/testing";
import { describe, expect, test } from "vitest";

type Options = MemoizeOptions<(n: number) => any>;

/** Two processes, as far as one can tell: each call of `make` memoizes anew, on a handle of its own. */
function world(options: Partial<Options> = {}) {
  const first = memoryStore();
  const runs: number[] = [];
  const make = (own: Partial<Options> = {}, store: SyncStore = first.again()) =>
    memoize(
      (n: number): any => {
        runs.push(n);
        return { n };
      },
      { store: defineStore(store), name: "square", version: "1", ...options, ...own },
    );
  return { first, runs, make };
}

type Load = (id: string, options?: { signal: AbortSignal }) => Promise<number>;
const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

/** Runs that end when they are told to, with what was there when they began. */
function loading(options: object = {}) {
  const first = memoryStore();
  const going: (() => void)[] = [];
  const data = { now: 1 };
  const load = memoize<Load>(
    async () => {
      const seen = data.now;
      await new Promise<void>((resolve) => going.push(resolve));
      return seen;
    },
    { store: defineStore(first.again()), name: "load", version: "1", ...options },
  );
  return { first, going, data, load };
}

/** Where the one entry is that there is. */
function only(store: SyncStore): StoreAddress {
  const [entry] = [...store.list()];
  return entry ?? expect.unreachable("nothing is stored");
}

describe("a result", () => {
  test("is found by another process, and kept in memory from then on", () => {
    const { runs, make } = world();
    expect(make()(1)).toEqual({ n: 1 });
    const other = make();
    const found = other(1);
    expect(found).toEqual({ n: 1 });
    expect(other(1)).toBe(found);
    expect(runs).toEqual([1]);
    expect(other.cache.stats()).toMatchObject({ hits: 1, misses: 0, runs: 0, entries: 1 });
    expect(other.cache.stats().store).toMatchObject({ hits: 1, writes: 0, errors: 0 });
  });

  test("belongs to its name and version; back at the older one, it is there", () => {
    const { runs, make } = world();
    for (const own of [{}, { version: "2" }, { name: "other" }, {}]) make(own)(1);
    expect(runs).toEqual([1, 1, 1]);
  });

  test("without a version belongs to the function's text, and to what it depends on", () => {
    const first = memoryStore();
    let runs = 0;
    const rate = (n: number): number => n * 2;
    const otherRate = (n: number): number => n * 3;
    const bodies = [(n: number) => (runs++, n), (n: number) => (runs++, n + 0)];
    const call = (body: (n: number) => number, dependsOn?: Options["dependsOn"]): void => {
      const store = defineStore(first.again());
      const extra = dependsOn === undefined ? {} : { dependsOn };
      memoize(body, { store, name: "f", ...extra })(1);
    };
    const [one, two] = bodies as [(n: number) => number, (n: number) => number];
    call(one);
    call(one);
    expect(runs).toBe(1);
    call(two);
    call(one, [rate]);
    call(one, [otherRate]);
    call(one, [rate, "2026-11"]);
    expect(runs).toBe(5);
    call(one, [rate, "2026-11"]);
    expect(runs).toBe(5);
  });

  test("without a version belongs to the values of the variables that env names", () => {
    const first = memoryStore();
    let runs = 0;
    const body = (n: number): number => (runs++, n);
    const call = (value: string | undefined, env: readonly string[] = ["ROTE_TEST"]): number => {
      if (value === undefined) delete process.env["ROTE_TEST"];
      else process.env["ROTE_TEST"] = value;
      memoize(body, { store: defineStore(first.again()), name: "f", env })(1);
      return runs;
    };
    expect([call("a"), call("a"), call("b"), call(undefined), call("undefined")]).toEqual([
      1, 1, 2, 3, 4,
    ]);
    expect([call("a"), call("b", []), call("c", [])]).toEqual([4, 5, 5]);
    expect([call("a", ["ROTE_TEST", "PATH"]), call("a", ["PATH", "ROTE_TEST"])]).toEqual([6, 6]);
    delete process.env["ROTE_TEST"];
  });

  test("is fresh as long as it was when it was written", () => {
    let time = 1000;
    const { runs, make } = world({ ttl: 100, clock: () => time });
    make()(1);
    time += 60;
    const other = make();
    other(1);
    time += 39;
    other(1);
    expect(runs).toEqual([1]);
    time += 1;
    other(1);
    expect(runs).toEqual([1, 1]);
    expect(make()(1)).toEqual({ n: 1 });
    time += 100;
    const third = make();
    third(1);
    expect(third.cache.stats().store?.misses).toEqual({ expired: 1 });
  });

  test("is fresh as long as it was, also if others come from the store at the same time", async () => {
    let time = 1000;
    const first = memoryStore();
    let runs = 0;
    const make = () =>
      memoize(async (_n: number) => void runs++, {
        store: defineStore(first.again()),
        name: "touch",
        version: "1",
        ttl: 100,
        clock: () => time,
      });
    const fn = make();
    await fn(1);
    time += 50;
    await fn(2);
    const other = make();
    await Promise.all([other(1), other(2)]);
    expect(runs).toBe(2);
    time += 49;
    await Promise.all([other(1), other(2)]);
    expect(runs).toBe(2);
    time += 1;
    await Promise.all([other(1), other(2)]);
    expect(runs).toBe(3);
  });

  test("that has no TTL is not kept for that of another one", async () => {
    const store = defineStore(memoryStore());
    let runs = 0;
    let go = (): void => {};
    const fn = memoize(
      async (n: number): Promise<void> => {
        runs++;
        if (n === 1) await new Promise<void>((resolve) => (go = resolve));
      },
      { store, name: "f", version: "1", ttl: (_value, n) => (n === 1 ? "1h" : 0) },
    );
    const first = fn(1);
    await new Promise((resolve) => setTimeout(resolve, 0));
    fn.cache.delete(1);
    go();
    await first;
    await fn(2);
    await fn(2);
    expect(runs).toBe(3);
  });

  test("that cannot be stored as it is, is returned all the same", () => {
    class Account {}
    const store = defineStore(memoryStore());
    const fn = memoize(() => new Account(), { store, name: "account", version: "1" });
    expect(fn()).toBeInstanceOf(Account);
    expect(fn()).toBe(fn());
    expect(fn.cache.stats().store).toMatchObject({ refused: 1, writes: 0 });
  });

  test("may be stored as something else", () => {
    const first = memoryStore();
    const make = () =>
      memoize((n: number) => new Map([[n, new Date(n)]]).set(n + 1, new Date(0)), {
        store: defineStore(first.again()),
        name: "dates",
        version: "1",
        encode: (value) => [...value].map(([key, date]) => [key, date.getTime()]),
        decode: (stored: [number, number][]) =>
          new Map(stored.map(([key, time]) => [key, new Date(time)])),
      });
    const [a, b] = [make(), make()];
    const made = a(5);
    expect(b(5)).toEqual(made);
    expect(b.cache.stats().runs).toBe(0);
    const plain = memoize((n: number) => n, {
      store: defineStore(first.again()),
      name: "dates",
      version: "1",
    });
    expect(plain(5)).toBe(5);
    expect(plain.cache.stats().store?.misses).toEqual({ "other codec": 1 });
  });
});

describe("a failure", () => {
  const failing = (options: Partial<Options>) => {
    const first = memoryStore();
    let runs = 0;
    const make = () =>
      memoize(
        (n: number): number => {
          runs++;
          throw new RangeError(`no ${n}`);
        },
        { store: defineStore(first.again()), name: "fail", version: "1", ...options },
      );
    return { make, runs: () => runs, first };
  };

  test("is not stored, and gives back its claim", () => {
    const { make, runs, first } = failing({});
    for (let i = 0; i < 2; i++) expect(() => make()(1)).toThrow(RangeError);
    expect(runs()).toBe(2);
    expect([...first.list()]).toEqual([]);
  });

  test("is stored where errors are remembered", () => {
    const { make, runs } = failing({ rememberErrors: "1h" });
    for (let i = 0; i < 2; i++)
      expect(() => make()(1)).toThrow(expect.objectContaining({ message: "no 1" }));
    expect(runs()).toBe(1);
  });

  test("is remembered as long as it was when it was written, also as a rejected promise", async () => {
    for (const isAsync of [false, true]) {
      let time = 1000;
      const { make, runs } = failing({ rememberErrors: 100, clock: () => time, async: isAsync });
      const fails = async (fn: (n: number) => unknown): Promise<void> =>
        expect((async () => await fn(1))()).rejects.toThrow("no 1");
      await fails(make());
      time += 60;
      const other = make();
      await fails(other);
      time += 39;
      await fails(other);
      expect(runs()).toBe(1);
      time += 1;
      await fails(other);
      expect(runs()).toBe(2);
    }
  });
});

describe("what is told", () => {
  test("misses with their reason, but not what was never there, and errors", () => {
    const { first, make } = world();
    make()(1);
    const entry = only(first);
    first.write(entry, new Uint8Array([1]), { expiresAt: Infinity, runTime: 1, tags: [] });
    const told: unknown[] = [];
    const fn = make();
    fn.cache.on("storeMiss", ({ args, reason }) => told.push([...args, reason]));
    fn(1);
    fn(2);
    expect(told).toEqual([[1, "foreign"]]);
    const broken = bound(first.again());
    const failing = make(
      {},
      {
        ...broken,
        read: () => {
          throw new Error("disk full");
        },
      },
    );
    failing.cache.on("storeError", ({ args, error }) =>
      told.push([args, (error as Error).message]),
    );
    failing(3);
    expect(told.slice(1)).toEqual([[[3], "disk full"]]);
    told.length = 0;
    failing(1);
    // Before the claim and, because there is one, after it.
    expect(told).toEqual([
      [[1], "disk full"],
      [[1], "disk full"],
    ]);
  });
});

describe("arguments", () => {
  test("that no other process could recognise are refused, with their place", () => {
    const fn = memoize((_value: unknown) => 1, {
      store: defineStore(memoryStore()),
      name: "f",
      version: "1",
    });
    expect(() => fn({ user: () => 1 })).toThrow(
      expect.objectContaining({
        code: "ERR_NOT_STORABLE",
        message: expect.stringMatching(/^Argument 1 of "f", at options\.user|^Argument 1 of "f"/),
      }),
    );
    expect(fn.cache.stats().runs).toBe(1);
  });

  test("are compared by content, whatever made them", () => {
    const first = memoryStore();
    let runs = 0;
    const make = () =>
      memoize((_query: object, _flag?: unknown) => ++runs, {
        store: defineStore(first.again()),
        name: "query",
        version: "1",
      });
    make()({ a: 1, b: [new Date(5)] });
    expect(make()({ b: [new Date(5)], a: 1 })).toBe(1);
    expect(make()({ a: 1, b: [new Date(6)] })).toBe(2);
    expect(make()({ a: 1, b: [new Date(5)] }, undefined)).toBe(3);
  });
});

describe("the handle", () => {
  test("what a promise brings that set is given reaches the store, if it is still wanted", async () => {
    const { first, runs, make } = world({ async: true });
    const fn = make() as unknown as Memoized<(n: number) => Promise<unknown>>;
    let settle = (_value: unknown): void => {};
    const late = new Promise<unknown>((resolve) => (settle = resolve));
    fn.cache.set([1], Promise.resolve({ n: 100 }));
    fn.cache.set([2], late);
    fn.cache.set([3], Promise.resolve({ n: 300 }));
    fn.cache.delete(3);
    fn.cache.set([4], Promise.reject(new Error("none")));
    fn.cache.set([5], late);
    fn.cache.set([5], Promise.resolve({ n: 500 }));
    await new Promise((resolve) => setTimeout(resolve, 1));
    expect([...first.list()].length).toBe(2);
    settle({ n: 200 });
    await new Promise((resolve) => setTimeout(resolve, 1));
    const other = make();
    expect(await Promise.all([1, 2, 3, 4, 5].map((n) => other(n)))).toEqual([
      { n: 100 },
      { n: 200 },
      { n: 3 },
      { n: 4 },
      { n: 500 },
    ]);
    expect(runs).toEqual([3, 4]);
  });

  test("set with a promise leaves no claim of a run that it overtakes", async () => {
    const { first, going, load } = loading();
    const running = load("a");
    await turn();
    let settle = (_value: number): void => {};
    load.cache.set(["a"], new Promise<number>((resolve) => (settle = resolve)));
    going.shift()?.();
    await running;
    expect([...first.list()]).toEqual([]);
    settle(7);
    await turn();
    expect(first.claim(only(first))?.isAbsent).toBe(false);
  });

  test("what a promise brings that set was given is not stored if others have deleted the call meanwhile", async () => {
    const { first, load } = loading();
    let settle = (_value: number): void => {};
    load.cache.set(["a"], new Promise<number>((resolve) => (settle = resolve)));
    const options = { store: defineStore(first.again()), name: "load", version: "1" };
    memoize<Load>(async () => 9, options).cache.delete("a");
    settle(7);
    await turn();
    expect([...first.list()]).toEqual([]);
  });

  test("set asks for what a thenable brings once, for memory and store", async () => {
    const { first, load } = loading();
    let asked = 0;
    const lazy = {
      then(resolve: (value: number) => void) {
        asked++;
        resolve(7);
      },
    };
    load.cache.set(["a"], lazy as Promise<number>);
    expect(await load("a")).toBe(7);
    await turn();
    expect([asked, [...first.list()].length]).toEqual([1, 1]);
  });

  test("set, delete and clear reach the store", () => {
    const { runs, make } = world();
    const a = make();
    a.cache.set([1], { n: 100 });
    expect(make()(1)).toEqual({ n: 100 });
    expect(make().cache.delete(1)).toBe(true);
    expect(make().cache.delete(1)).toBe(false);
    expect(make()(1)).toEqual({ n: 1 });
    make({ version: "2" })(1);
    make().cache.clear();
    make()(1);
    make({ version: "2" })(1);
    expect(runs).toEqual([1, 1, 1]);
  });

  test("refresh runs, and writes what it got", () => {
    const { runs, make } = world();
    make()(1);
    const other = make();
    // It asks the function, not the store.
    other.cache.refresh(1);
    expect(runs).toEqual([1, 1]);
    expect(other.cache.stats()).toMatchObject({
      runs: 1,
      misses: 0,
      store: { hits: 0, writes: 1 },
    });
    other(2);
    expect(make()(2)).toEqual({ n: 2 });
    expect(runs).toEqual([1, 1, 2]);
  });
});

describe("a refresh", () => {
  test("that was overtaken while it ran has lost in the store, too", () => {
    let time = 1000;
    let refresh = (): void => {};
    let meanwhile = (): void => {};
    const options = {
      name: "f",
      version: "1",
      ttl: 100,
      staleWhileRevalidate: 1000,
      clock: () => time,
      schedule: (callback: () => void) => {
        refresh = callback;
        return () => {};
      },
    };
    const first = memoryStore();
    const fn = memoize((_n: number): number => (meanwhile(), 1), {
      ...options,
      store: defineStore(first.again()),
    });
    fn(1);
    time += 150;
    fn(1);
    meanwhile = () => fn.cache.set([1], 50);
    refresh();
    expect(fn(1)).toBe(50);
    const other = memoize((_n: number) => 99, { ...options, store: defineStore(first.again()) });
    expect(other(1)).toBe(50);
  });
});

describe("an async run under way", () => {
  test.for([
    ["deleted", (load: Memoized<Load>) => load.cache.delete("a")],
    ["cleared", (load: Memoized<Load>) => load.cache.clear()],
  ] as const)("leaves nothing if its call is %s meanwhile", async ([, remove]) => {
    const { first, going, data, load } = loading();
    const before = load("a");
    await turn();
    remove(load);
    data.now = 2;
    const after = load("a");
    await turn();
    going.shift()?.();
    expect(await before).toBe(1);
    expect([...first.list()]).toEqual([]);
    going.shift()?.();
    expect(await after).toBe(2);
    expect([...first.list()].length).toBe(1);
  });

  test("leaves nothing if its result has been invalidated meanwhile", async () => {
    const { first, going, load } = loading({ tags: ["loaded"] });
    const running = load("a");
    await turn();
    invalidateTag("loaded");
    going.shift()?.();
    expect(await running).toBe(1);
    expect([...first.list()]).toEqual([]);
  });

  test("is told to end while its successor has just claimed, and takes no claim from it", async () => {
    const first = memoryStore();
    const going: ((value: number) => void)[] = [];
    const load = memoize<Load>(
      (_id, options) =>
        new Promise((resolve, reject) => {
          going.push(resolve);
          const { signal } = options as { signal: AbortSignal };
          signal.addEventListener("abort", () => reject(signal.reason as Error));
        }),
      { store: defineStore(first.again()), name: "load", version: "1", async: true },
    );
    const controller = new AbortController();
    const left = load("a", { signal: controller.signal });
    await turn();
    controller.abort(new Error("left"));
    const stays = load("a", { signal: new AbortController().signal });
    await expect(left).rejects.toThrow("left");
    await turn();
    going[1]?.(5);
    expect(await stays).toBe(5);
    expect([...first.list()].length).toBe(1);
  });

  test("that is told to end and returns what it has so far leaves nothing", async () => {
    const first = memoryStore();
    const load = memoize<Load>(
      (_id, options) =>
        new Promise((resolve) => {
          options?.signal.addEventListener("abort", () => resolve(0.5));
        }),
      { store: defineStore(first.again()), name: "load", version: "1", async: true },
    );
    const controller = new AbortController();
    const left = load("a", { signal: controller.signal });
    await turn();
    controller.abort(new Error("left"));
    await expect(left).rejects.toThrow("left");
    await turn();
    expect(load.cache.size).toBe(0);
    expect([...first.list()]).toEqual([]);
  });

  test("keeps its claim when another function of the same name shares it and fails", async () => {
    const { first, going, load } = loading();
    const store = defineStore(first.again());
    const options = { store, name: "shared", version: "1" };
    const slow = memoize<Load>(async (id) => load(id), options);
    const failing = memoize<Load>(async () => Promise.reject(new RangeError("down")), options);
    const running = slow("a");
    await turn();
    await expect(failing("a")).rejects.toThrow(RangeError);
    going.shift()?.();
    await running;
    expect([...first.list("shared/v:1")].length).toBe(1);
  });

  test("is stored although memory was dropped meanwhile, because others have removed something, and another run has begun", async () => {
    let time = 5000;
    const { first, going, load } = loading({ clock: () => time });
    load.cache.set(["b"], 1 as never);
    const running = load("a");
    await turn();
    first.clear("other");
    time += 2000;
    await load("b");
    const again = load("a");
    await turn();
    going.shift()?.();
    await running;
    expect([...first.list()].length).toBe(2);
    going.shift()?.();
    await again;
    expect(load.cache.stats().store).toMatchObject({ errors: 0 });
  });

  test("does not replace what was set meanwhile", async () => {
    const { first, going, load } = loading();
    const running = load("a");
    await turn();
    load.cache.set(["a"], 7 as never);
    going.shift()?.();
    expect(await running).toBe(1);
    const other = memoize<Load>(async () => 9, {
      store: defineStore(first.again()),
      name: "load",
      version: "1",
    });
    expect(await other("a")).toBe(7);
  });

  test("that is told to end while it waits for its claim does not begin", async () => {
    const { first, going, load } = loading();
    const running = load("a", { signal: new AbortController().signal });
    await turn();
    let runs = 0;
    const other = memoize<Load>(async () => ++runs, {
      store: defineStore(first.again()),
      name: "load",
      version: "1",
    });
    const controller = new AbortController();
    const left = other("a", { signal: controller.signal });
    await turn();
    controller.abort(new Error("left"));
    await expect(left).rejects.toThrow("left");
    load.cache.clear();
    going.shift()?.();
    await running;
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(runs).toBe(0);
    expect(await other("a")).toBe(1);
  });

  test("that was told to end is no failure of the call", async () => {
    const first = memoryStore();
    const load = memoize<Load>(
      (_id, { signal } = { signal: new AbortController().signal }) =>
        new Promise((_resolve, reject) =>
          signal.addEventListener("abort", () => reject(signal.reason as Error)),
        ),
      {
        store: defineStore(first.again()),
        name: "load",
        version: "1",
        async: true,
        rememberErrors: "1h",
      },
    );
    const controller = new AbortController();
    const left = load("a", { signal: controller.signal });
    await turn();
    controller.abort(new Error("left"));
    await expect(left).rejects.toThrow("left");
    await turn();
    expect([...first.list()]).toEqual([]);
  });
});

describe("stale results", () => {
  test.for([
    [3, false],
    [3, true],
    [300, false],
    [300, true],
  ] as const)(
    "are not what a recursion is made of, as in memory: %s deep, async %s",
    async ([depth, isAsync]) => {
      let time = 1000;
      let bottom = 1;
      const first = memoryStore();
      const make = () => {
        const fn: (n: number) => any = memoize(
          isAsync
            ? async (n: number): Promise<number> => (n === 0 ? bottom : await fn(n - 1))
            : (n: number): number => (n === 0 ? bottom : fn(n - 1)),
          {
            store: defineStore(first.again()),
            name: "f",
            version: "1",
            ttl: 100,
            staleWhileRevalidate: 1000,
            clock: () => time,
            schedule: () => () => {},
            depthLimit: 50,
          },
        );
        return fn as Memoized<(n: number) => any>;
      };
      const fn = make();
      expect(await fn(depth)).toBe(1);
      time += 150;
      bottom = 2;
      expect(await fn.cache.refresh(depth)).toBe(2);
      time += 150;
      bottom = 3;
      // By a process that has nothing in memory.
      const other = make();
      expect(await other(depth)).toBe(2);
      expect(await other(depth + 1)).toBe(3);
    },
  );

  test.for([false, true])(
    "are refreshed by a process that asks once: async %s",
    async (isAsync) => {
      let time = 1000;
      const timers: (() => void)[] = [];
      const { first, runs, make } = world({
        ttl: 100,
        staleWhileRevalidate: 1000,
        async: isAsync,
        clock: () => time,
        schedule: (callback: () => void) => {
          timers.push(callback);
          return () => {};
        },
      });
      await make()(1);
      time += 150;
      const other = make();
      expect(await other(1)).toEqual({ n: 1 });
      await new Promise((resolve) => setTimeout(resolve, 1));
      for (const timer of timers) timer();
      expect(runs).toEqual([1, 1]);
      expect(other.cache.stats()).toMatchObject({ runs: 1, refreshes: 1, staleHits: 0 });
      await undefined;
      await undefined;
      // What it made is there for those who come after the old one's end.
      time += 99;
      const third = make();
      await third(1);
      await new Promise((resolve) => setTimeout(resolve, 1));
      expect(third.cache.stats()).toMatchObject({ runs: 0, refreshes: 0 });
      expect([...first.list()].length).toBe(1);
    },
  );

  test("are returned while a run refreshes them, also by a process that finds them so", () => {
    let time = 1000;
    let refresh = (): void => {};
    const options = {
      ttl: 100,
      staleWhileRevalidate: 100,
      clock: () => time,
      schedule: (callback: () => void) => {
        refresh = callback;
        return () => {};
      },
    };
    const { runs, make } = world(options);
    make()(1);
    time += 150;
    const other = make();
    expect([other(1), other(1)]).toEqual([{ n: 1 }, { n: 1 }]);
    expect(runs).toEqual([1]);
    refresh();
    expect(runs).toEqual([1, 1]);
    time += 90;
    expect(make().cache.stats().runs).toBe(0);
    const third = make();
    third(1);
    expect(third.cache.stats()).toMatchObject({ runs: 0, staleHits: 0 });
    time += 200;
    make()(1);
    expect(runs).toEqual([1, 1, 1]);
  });

  test("are returned because the run has failed, be it sync, async or a promise", async () => {
    for (const kind of ["sync", "async", "promise"] as const) {
      let time = 1000;
      let fails = false;
      const first = memoryStore();
      const body = (n: number): number => {
        if (fails) throw new RangeError("down");
        return n;
      };
      const make = () =>
        memoize(
          kind === "sync"
            ? body
            : kind === "async"
              ? async (n: number): Promise<any> => body(n)
              : (n: number): any => new Promise((resolve) => resolve(body(n))),
          {
            store: defineStore(first.again()),
            name: "f",
            version: "1",
            ttl: 100,
            staleIfError: 1000,
            clock: () => time,
          },
        );
      await make()(1);
      fails = true;
      time += 500;
      const other = make();
      expect(await other(1)).toBe(1);
      expect(other.cache.stats()).toMatchObject({ rescued: 1, runs: 1 });
      time += 700;
      await expect((async () => (await make()(1)) as unknown)()).rejects.toThrow(RangeError);
    }
  });
});

describe("what another process has removed", () => {
  const removals: [
    string,
    (store: SyncStore, fn: { cache: { delete(n: number): boolean } }) => void,
  ][] = [
    ["deleted", (_store, fn) => fn.cache.delete(1)],
    ["cleared", (store) => store.clear("square/v:1")],
    ["invalidated", (store) => store.invalidateTag("n:1")],
  ];

  test.for(removals)("is %s in memory within a second", ([, remove]) => {
    let time = 5000;
    const options = { clock: () => time, tags: (_value: unknown, n: number) => [`n:${n}`] };
    const { first, runs, make } = world(options);
    const fn = make();
    fn(1);
    fn(2);
    // Looks, and finds nothing changed.
    fn(1);
    remove(first, make());
    time += 900;
    fn(1);
    expect(runs).toEqual([1, 2]);
    time += 200;
    fn(1);
    expect(runs).toEqual([1, 2, 1]);
    expect(fn.cache.stats().removals.invalidated).toBe(2);
    fn(2);
    expect(fn.cache.explain(2).outcome).toBe("hit");
    expect(make()(2)).toEqual({ n: 2 });
  });

  test.for(removals)('is %s at once with revalidate: "always"', ([, remove]) => {
    const { first, runs, make } = world({
      revalidate: "always",
      clock: () => 5000,
      tags: ["n:1"],
    });
    const fn = make();
    for (let i = 0; i < 3; i++) fn(1);
    remove(first, make());
    for (let i = 0; i < 3; i++) fn(1);
    expect(runs).toEqual([1, 1]);
  });
});

describe("recursion", () => {
  const chain = (first: ReturnType<typeof memoryStore>, options: Partial<Options> = {}) => {
    const state = { runs: 0 };
    const store = defineStore(first.again());
    const sum: (n: number) => number = memoize(
      (n: number): number => {
        state.runs++;
        return n === 0 ? 0 : sum(n - 1) + n;
      },
      { store, name: "sum", version: "1", ...options },
    );
    return { sum, state };
  };

  test("stores its subproblems, deeper than the stack too, and leaves no claim", () => {
    const first = memoryStore();
    const { sum, state } = chain(first, { depthLimit: 50 });
    expect(sum(2000)).toBe(2_001_000);
    expect(state.runs).toBeLessThanOrEqual(2 * 2001);
    expect([...first.list()].length).toBe(2001);
    const { sum: again, state: none } = chain(first);
    expect([again(2000), again(1234)]).toEqual([2_001_000, 761_995]);
    expect(none.runs).toBe(0);
    for (const { namespace, digest } of [...first.list()].slice(0, 50))
      expect(first.again().claim({ namespace, digest })?.fence).toBeGreaterThan(0);
  });

  test("a cycle is one, and stores nothing", () => {
    const first = memoryStore();
    const f: (n: number) => number = memoize((n: number): number => f(n), {
      store: defineStore(first.again()),
      name: "f",
      version: "1",
      rememberErrors: 1000,
    });
    expect(() => f(1)).toThrow(expect.objectContaining({ code: "ERR_CYCLE" }));
    expect([...first.list()]).toEqual([]);
  });
});

describe("an async function", () => {
  test("shares its run, and its result is found by another process", async () => {
    const first = memoryStore();
    let runs = 0;
    const make = () =>
      memoize(
        async (id: string) => {
          runs++;
          await null;
          if (id === "bad") throw new RangeError("bad");
          return { id };
        },
        { store: defineStore(first.again()), name: "load", version: "1" },
      );
    const a = make();
    expect(await Promise.all([a("x"), a("x")])).toEqual([{ id: "x" }, { id: "x" }]);
    const b = make();
    expect(await b("x")).toEqual({ id: "x" });
    expect(runs).toBe(1);
    expect(b.cache.stats()).toMatchObject({ runs: 0, misses: 0, entries: 1 });
    await expect(b("bad")).rejects.toThrow(RangeError);
    await expect(make()("bad")).rejects.toThrow(RangeError);
    expect(runs).toBe(3);
  });

  test("of which only the result is a promise, too", async () => {
    const first = memoryStore();
    let runs = 0;
    const make = () =>
      memoize((id: string) => Promise.resolve({ id, run: ++runs }), {
        store: defineStore(first.again()),
        name: "load",
        version: "1",
      });
    expect(await make()("x")).toEqual({ id: "x", run: 1 });
    const again = make()("x");
    expect(again).toBeInstanceOf(Promise);
    expect(await again).toEqual({ id: "x", run: 1 });
  });

  test("which was rejected, and is remembered as a promise", async () => {
    const first = memoryStore();
    let runs = 0;
    const make = () =>
      memoize((id: string) => (runs++, Promise.reject(new RangeError(id))), {
        store: defineStore(first.again()),
        name: "load",
        version: "1",
        rememberErrors: "1h",
      });
    await expect(make()("x")).rejects.toThrow(RangeError);
    const again = make()("x");
    expect(again).toBeInstanceOf(Promise);
    await expect(again).rejects.toThrow(RangeError);
    expect(runs).toBe(1);
  });
});

describe("one run for each cold key", () => {
  test("a claim is given back where the clock fails that says when it was made", () => {
    const { first, make } = world();
    let isBroken = false;
    const store = bound(first.again());
    const claimed: StoreAddress[] = [];
    const claim = (address: StoreAddress) => {
      claimed.push(address);
      isBroken = true;
      return store.claim(address);
    };
    const clock = (): number => {
      if (isBroken) throw new RangeError("no time");
      return 1000;
    };
    expect(() => make({ clock, ttl: 100 }, { ...store, claim })(1)).toThrow(RangeError);
    expect(first.claim(claimed[0] as StoreAddress)?.isAbsent).toBe(true);
  });

  test("who does not want to wait runs at once", () => {
    const { first, runs, make } = world({ wait: 0 });
    const slow = first.again();
    make()(1);
    const { namespace, digest } = only(first);
    first.remove({ namespace, digest });
    slow.claim({ namespace, digest });
    expect(make()(1)).toEqual({ n: 1 });
    expect(runs).toEqual([1, 1]);
  });

  test.for(["remove", "clear", "invalidateTag"] as const)(
    "who runs without a claim leaves nothing that others remove meanwhile: %s",
    async (what) => {
      const { first, going, load } = loading({ wait: 0, tags: ["loaded"] });
      load.cache.set(["a"], 1 as never);
      const entry = only(first);
      load.cache.delete("a");
      first.claim(entry);
      const running = load("a");
      await turn();
      if (what === "remove") first.remove(entry);
      else if (what === "clear") first.clear(entry.namespace);
      else first.invalidateTag("loaded");
      going.shift()?.();
      expect(await running).toBe(1);
      expect([...first.list()]).toEqual([]);
    },
  );

  test("who waits too long runs, and is counted", () => {
    const { first, make } = world({ wait: 5 });
    make()(1);
    const { namespace, digest } = only(first);
    first.remove({ namespace, digest });
    first.claim({ namespace, digest });
    const fn = make();
    fn(1);
    expect(fn.cache.stats().store).toMatchObject({ waits: 1, overdue: 1 });
  });

  test("what was made between the look and the claim is not made again", () => {
    const { first, runs, make } = world();
    make()(1);
    const entry = only(first);
    const bytes = first.read(entry) as Uint8Array;
    first.remove(entry);
    const store = bound(first.again());
    const fn = make(
      {},
      {
        ...store,
        claim(address) {
          first.write(address, bytes, { expiresAt: Infinity, runTime: 1, tags: [] });
          return store.claim(address);
        },
      },
    );
    expect(fn(1)).toEqual({ n: 1 });
    expect(runs).toEqual([1]);
    expect(first.claim(entry)?.fence).toBeGreaterThan(0);
    // A refresh does not ask, nor wait for others.
    fn.cache.refresh(1);
    expect(runs).toEqual([1, 1]);
  });

  test("who waits gets what the other one has made", async () => {
    for (const isAsync of [false, true]) {
      const { first, runs, make } = world({ async: isAsync });
      await make()(1);
      const holder = first.again();
      const entry = only(first);
      const bytes = first.read(entry) as Uint8Array;
      first.remove(entry);
      const fence = holder.claim(entry)?.fence as number;
      let looks = 0;
      const waiting = first.again();
      const store: SyncStore = {
        ...bound(waiting),
        read(address) {
          if (++looks === 3) {
            const note = { expiresAt: Infinity, runTime: 1, tags: [] };
            holder.write(address, bytes, note, fence);
            holder.release(address, fence);
          }
          return waiting.read(address);
        },
      };
      const fn = make({}, store);
      expect(await fn(1)).toEqual({ n: 1 });
      expect(runs).toEqual([1]);
      expect(fn.cache.stats().store).toMatchObject({ waits: 1, overdue: 0, hits: 1 });
    }
  });
});

/** The methods of a store as its own properties. */
function bound(store: SyncStore): SyncStore {
  const methods = ["read", "write", "discard", "remove", "clear", "invalidateTag"] as const;
  const more = ["revision", "claim", "release", "list", "flush", "close"] as const;
  return Object.fromEntries([
    ["isAsync", false],
    ...[...methods, ...more].map((name) => [name, (store[name] as () => unknown).bind(store)]),
  ]) as SyncStore;
}

describe("law 7: a failing store never fails a call", () => {
  const names = ["read", "write", "remove", "clear", "claim", "release"] as const;

  test.for(names)("%s fails, at the nth time and for ever", (name) => {
    for (let n = 1; n <= 6; n++) {
      for (const isForEver of [false, true]) {
        const base = memoryStore();
        let asked = 0;
        const store = bound(base);
        const own = store[name] as (...args: unknown[]) => unknown;
        const faulty = {
          ...store,
          [name]: (...args: unknown[]) => {
            asked++;
            if (isForEver ? asked >= n : asked === n) throw new Error("disk full");
            return own(...args);
          },
        };
        let runs = 0;
        const fn = memoize((i: number) => (runs++, i * 2), {
          store: defineStore(faulty as SyncStore),
          name: "f",
          version: "1",
        });
        for (const i of [1, 2, 1, 3, 2]) expect(fn(i)).toBe(i * 2);
        fn.cache.delete(1);
        expect(fn(1)).toBe(2);
        fn.cache.clear();
        expect([fn(1), fn(2)]).toEqual([2, 4]);
        expect(runs).toBeGreaterThanOrEqual(3);
        const { errors = 0 } = fn.cache.stats().store ?? {};
        expect(errors).toBe(isForEver ? Math.max(0, asked - n + 1) : asked >= n ? 1 : 0);
      }
    }
  });

  test("what cannot be discarded is found worthless again", () => {
    const { first, make } = world();
    make()(1);
    const entry = only(first);
    const note = { expiresAt: Infinity, runTime: 1, tags: [] };
    const damaged = (first.read(entry) as Uint8Array).slice(0, -1);
    first.write(entry, damaged, note);
    const discard = (): never => {
      throw new Error("disk full");
    };
    const fn = make({}, { ...bound(first.again()), discard });
    expect(fn(1)).toEqual({ n: 1 });
    // Found once before the claim and once after it.
    expect(fn.cache.stats().store).toMatchObject({ errors: 2, misses: { truncated: 1 } });
  });

  test("a result that is made while others find an expired one is not lost to them", () => {
    const { first, make } = world();
    make()(1);
    const entry = only(first);
    const good = first.read(entry) as Uint8Array;
    const note = { expiresAt: Infinity, runTime: 1, tags: [] };
    first.write(entry, good.slice(0, -1), note);
    const holder = first.again();
    const fence = holder.claim(entry)?.fence;
    const revision = holder.revision();
    const fn = make({ wait: 0 });
    fn(1);
    expect(fn.cache.stats().store?.misses).toEqual({ truncated: 1 });
    expect(holder.write(entry, good, note, fence)).toBe(true);
    expect(holder.revision()).toBe(revision);
  });

  test("whatever is in the file, the result is right, and the reason is counted", () => {
    const { first, make } = world();
    make()(1);
    const entry = only(first);
    const good = first.read(entry) as Uint8Array;
    const note = { expiresAt: Infinity, runTime: 1, tags: [] };
    const damages: [bytes: Uint8Array, reason: string][] = [
      [new Uint8Array([1, 2, 3]), "foreign"],
      [good.slice(0, good.length - 1), "truncated"],
      [good.map((byte, i) => (i === 60 ? byte ^ 1 : byte)), "damaged"],
    ];
    for (const [bytes, reason] of damages) {
      first.write(entry, bytes, note);
      const fn = make();
      expect(fn(1)).toEqual({ n: 1 });
      expect(fn.cache.stats().store?.misses).toEqual({ [reason]: 1 });
    }
    for (let i = 0; i < good.length; i++) {
      first.write(
        entry,
        good.map((byte, at) => (at === i ? byte ^ (1 << (i % 8)) : byte)),
        note,
      );
      expect(make()(1)).toEqual({ n: 1 });
    }
  });

  test("the bytes of another call are a miss", () => {
    const { first, make } = world();
    make()(1);
    make()(2);
    const [a = only(first), b = only(first)] = first.list();
    const note = { expiresAt: Infinity, runTime: 1, tags: [] };
    const bytes = first.read(a) as Uint8Array;
    first.write(b, bytes, note);
    const fn = make();
    expect([fn(1), fn(2)]).toEqual([{ n: 1 }, { n: 2 }]);
    expect(fn.cache.stats().store?.misses).toEqual({ "other arguments": 1 });
  });
});

describe("what is refused when wrapping", () => {
  const store = defineStore(memoryStore());
  test.for([
    [
      "a function without a name",
      () => memoize((n: number) => n, { store }),
      /without a name cannot be stored/,
    ],
    [
      "a scope",
      () => memoize((n: number) => n, { store, name: "f", scope: "request" }),
      /Leave out one of them/,
    ],
    [
      "version without a store",
      () => memoize((n: number) => n, { version: "1" }),
      /version needs store/,
    ],
    [
      "encode without decode",
      () => memoize((n: number) => n, { store, name: "f", encode: (n) => n }),
      /encode needs decode/,
    ],
    [
      "what is no store",
      () => memoize((n: number) => n, { store: {} as never }),
      /store must be a store/,
    ],
    [
      "an asynchronous store",
      () =>
        memoize((n: number) => n, {
          name: "f",
          store: { ...bound(memoryStore()), isAsync: true } as never,
        }),
      /is asynchronous/,
    ],
    [
      "a batch without a version",
      () => memoize.batch(async (keys: readonly number[]) => keys, { store, name: "f" }),
      /needs version/,
    ],
    [
      "a store that lacks a method",
      () => defineStore({ isAsync: false, read() {} } as never),
      /has no write/,
    ],
  ] as const)("%s", ([, make, message]) => {
    expect(make).toThrow(message);
  });
});
