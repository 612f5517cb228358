/** Methods: one cache for each receiver, weakly; nothing on an object before its first call. */
import fc from "fast-check";
import { cacheOf, clearAll, configure, memoize, memoizeMethods, snapshot } from "rote";
import type { MemoizeOptions } from "rote";
import { describe, expect, test } from "vitest";

import { runModule } from "../support/child.ts";
import { collected, settle } from "../support/collected.ts";

type Method = (this: any, ...args: any[]) => unknown;

/** A class with these methods memoized. */
function classOf(
  methods: Record<string, Method>,
  options: MemoizeOptions | true = true,
): new () => Record<string, Method> {
  class Owner {}
  for (const [name, method] of Object.entries(methods))
    Object.defineProperty(Owner.prototype, name, { value: method, configurable: true });
  memoizeMethods(Owner, Object.fromEntries(Object.keys(methods).map((name) => [name, options])));
  return Owner as new () => Record<string, Method>;
}

describe("law 1, per receiver: under any sequence of calls", () => {
  const value = fc.constantFrom<unknown>(0, 1, -0, Number.NaN, "1", undefined, null, true, 2n);
  const argument = fc.oneof(
    value,
    fc.record({ a: value, b: value }),
    fc.array(value, { maxLength: 2 }),
  );
  const step = fc.record({
    receiver: fc.nat(4),
    method: fc.constantFrom("none", "one", "two", "three", "rest"),
    args: fc.array(argument, { maxLength: 4 }),
    clears: fc.constantFrom("nothing", "nothing", "nothing", "receiver", "method", "all"),
  });

  test("a result is kept for its method, receiver and arguments, and for nothing else", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let ran: unknown[] = [];
        const body = (name: string): Method =>
          function (this: unknown, ...args) {
            ran = [name, this, ...args];
            return ran;
          };
        const bodies = ["none", "one", "two", "three", "rest"].map(
          (name, length) =>
            [name, Object.defineProperty(body(name), "length", { value: length })] as const,
        );
        const Owner = classOf(Object.fromEntries(bodies));
        const receivers: object[] = Array.from({ length: 4 }, () => new Owner());
        receivers.push(Object.freeze(new Owner()));
        // Slow, and of its own: a function with the receiver as an argument, known by identity.
        const oracle = new Map<string, Map<object, ReturnType<typeof remember>>>();
        const remember = () => memoize((...args: unknown[]) => ({ args }));
        const forget = (method: string, receiver: object): void => {
          oracle.get(method)?.delete(receiver);
        };
        const results = new Map<object, unknown>();
        for (const { receiver: at, method, args, clears } of steps) {
          const receiver = receivers[at] as Record<string, Method>;
          const known = oracle.get(method) ?? new Map<object, ReturnType<typeof remember>>();
          oracle.set(method, known);
          const own = known.get(receiver) ?? remember();
          known.set(receiver, own);
          const hadRun = own.cache.has(...args);
          const token = own(...args);
          ran = [];
          const result = Reflect.apply(receiver[method] as Method, receiver, args);
          if (hadRun) {
            expect(ran).toEqual([]);
            expect(result).toBe(results.get(token));
          } else {
            expect(result).toBe(ran);
            expect(ran).toEqual([method, receiver, ...args]);
            results.set(token, result);
          }
          expect(cacheOf(receiver, method).size).toBe(own.cache.size);
          if (clears === "receiver") {
            cacheOf(receiver, method).clear();
            forget(method, receiver);
          } else if (clears === "method") {
            cacheOf(receiver[method] as Method).clear();
            for (const each of receivers) forget(method, each);
          } else if (clears === "all") {
            clearAll();
            oracle.clear();
          }
        }
      }),
    );
  });
});

describe("weakly", () => {
  const Owner = classOf({
    self() {
      return this;
    },
    echo(value: unknown) {
      return value;
    },
    async later(value: unknown) {
      await null;
      return [this, value];
    },
  });
  const Bounded = classOf(
    {
      self(value: unknown) {
        return [this, value];
      },
    },
    { maxEntries: 10, ttl: "1h" },
  );

  test("an object goes with everything that its methods remember", async () => {
    const watched = await (async () => {
      const owner = new Owner();
      const bounded = new Bounded();
      const result = { name: "result" };
      owner["self"]?.();
      owner["echo"]?.(result);
      await owner["later"]?.(result);
      for (let i = 0; i < 20; i++) bounded["self"]?.(i);
      return [owner, bounded, result].map((each) => new WeakRef<WeakKey>(each));
    })();
    expect(await collected(...watched)).toBe(true);
  });

  test("an object whose run has started a timer that goes on", async () => {
    const timers: ReturnType<typeof setInterval>[] = [];
    const Polling = classOf({
      async poll() {
        timers.push(setInterval(() => {}, 1e6));
      },
    });
    const watched = await (async () => {
      const owner = new Polling();
      await owner["poll"]?.();
      return new WeakRef<WeakKey>(owner);
    })();
    expect(await collected(watched)).toBe(true);
    for (const timer of timers) clearInterval(timer);
  });

  test("a frozen object, too", async () => {
    const watched = (() => {
      const owner = Object.freeze(new Owner());
      owner["self"]?.();
      return new WeakRef<WeakKey>(owner);
    })();
    expect(await collected(watched)).toBe(true);
  });

  test("an object that takes no private field, as frozen ones will one day", ({ skip }) => {
    const program = `
      class Shape {
        constructor(width) { this.width = width; }
        area(height) { runs++; return this.width * height; }
      }
      let runs = 0;
      rote.memoizeMethods(Shape, { area: true });
      const shapes = [Object.freeze(new Shape(2)), new Shape(3)];
      for (let i = 0; i < 3000; i++) for (const shape of shapes) shape.area(2);
      console.log(runs, shapes.map((shape) => rote.cacheOf(shape, "area").peek(2)).join());`;
    const { out, err } = runModule(program, {}, ["--js-nonextensible-applies-to-private"]);
    skip(err.includes("bad option"), "this engine has no such flag");
    expect(out).toBe("2 4,6");
  });

  test("a class goes although an object of it was listed, cleared and listened to", async () => {
    const watched = await (async () => {
      const Local = classOf({
        self() {
          return this;
        },
      });
      const owner = new Local();
      owner["self"]?.();
      const { cache } = owner["self"] as unknown as { cache: ReturnType<typeof cacheOf> };
      cache.on("hit", () => owner);
      cache.stats();
      await settle();
      cache.clear();
      clearAll();
      snapshot();
      return [Local, owner].map((each) => new WeakRef<WeakKey>(each));
    })();
    expect(await collected(...watched)).toBe(true);
  });

  test("100 000 objects, each called once, leave nothing behind", async () => {
    const { gc } = globalThis as unknown as { gc: () => void };
    const heap = async (): Promise<number> => {
      await settle();
      gc();
      return process.memoryUsage().heapUsed;
    };
    const make = (count: number): void => {
      for (let i = 0; i < count; i++) new Owner()["echo"]?.({ i });
    };
    make(1000);
    const before = await heap();
    make(100_000);
    expect((await heap()) - before).toBeLessThan(2_000_000);
  });
});

describe("what concerns all receivers", () => {
  let runs = 0;
  const body: Method = function (this: { factor: number }, n: number) {
    runs++;
    return n * this.factor;
  };
  const make = (options: MemoizeOptions | true = true): Record<string, Method> =>
    Object.assign(new (classOf({ times: body }, options))(), { factor: 2 }) as never;

  test("the statistics count all calls, and the entries of objects that can be found", async () => {
    const a = make();
    const b = Object.assign(Object.create(Object.getPrototypeOf(a) as object), {
      factor: 3,
    }) as typeof a;
    for (const each of [a, a, b]) each["times"]?.(1);
    const { stats } = snapshot().find((each) => each.name === "times" && each.stats.hits === 1) as {
      stats: { misses: number; entries: number };
    };
    expect(stats).toMatchObject({ hits: 1, misses: 2, entries: 2 });
    expect(a["times"]).toBe(b["times"]);
    await settle();
    expect(cacheOf(a["times"] as Method).stats().entries).toBe(2);
  });

  test("listeners hear of every receiver from the next call on, and of none afterwards", () => {
    const a = make();
    a["times"]?.(1);
    const told: string[] = [];
    const cache = cacheOf(a["times"] as Method);
    const stops = (["hit", "miss", "run", "remove"] as const).map((type) =>
      cache.on(type, ({ args }) => told.push(`${type} ${args?.join()}`)),
    );
    a["times"]?.(1);
    a["times"]?.(2);
    cacheOf(a, "times").clear();
    expect(told).toEqual(["hit 1", "miss 2", "run 2", "remove 1", "remove 2"]);
    for (const stop of stops) stop();
    a["times"]?.(2);
    expect(told.length).toBe(5);
  });

  test("clear in the middle of a deep recursion changes no result and ends", () => {
    for (const which of ["receiver", "method", "all"]) {
      let depth = 0;
      const Owner = classOf(
        {
          down(this: Record<string, Method>, n: number): number {
            depth++;
            if (depth > 20_000) throw new Error("it does not end");
            if (which === "receiver") cacheOf(this, "down").clear();
            else if (which === "method") cacheOf(this["down"] as Method).clear();
            else clearAll();
            return n === 0 ? 0 : (this["down"]?.(n - 1) as number) + 1;
          },
        },
        { depthLimit: 100 },
      );
      expect(new Owner()["down"]?.(3000)).toBe(3000);
    }
  });

  test("recursion over objects runs each once, also if nothing is kept of any", () => {
    for (const options of [{ ttl: 0 }, { maxWeight: 1, weigh: () => 2 }]) {
      let ran = 0;
      const Owner = classOf(
        {
          paths(this: Record<string, Method> & { below: Record<string, Method>[] }) {
            if (++ran > 1000) throw new Error("it takes too long");
            const paths = this.below.reduce((sum, each) => sum + (each["paths"]?.() as number), 0);
            return this.below.length === 0 ? 1 : paths;
          },
        },
        options,
      );
      const node = (...below: object[]): Record<string, Method> =>
        Object.assign(new Owner(), { below }) as never;
      let [last, before] = [node(), node()];
      for (let i = 0; i < 40; i++) [last, before] = [node(last, before), last];
      expect(last["paths"]?.()).toBe(267_914_296);
      expect(ran).toBe(42);
    }
  });

  test("a method that catches everything remembers no overflow of the stack", () => {
    // A frame of which few fit into the room that an outermost run has made sure of.
    const locals = Array.from({ length: 800 }, (_, i) => `v${i}`);
    const depth = new Function(`return function (n) {
      let ${locals.map((name, i) => `${name} = n + ${i}`).join()};
      let result;
      try {
        result = n === 0 ? 0 : this.depth(n - 1) + 1;
      } catch {
        result = -1;
      }
      return n < 0 ? ${locals.join("+")} : result;
    }`)() as Method;
    for (let room = 0; room < 1500; room += 5) {
      const owner = new (classOf({ depth }))();
      const outermost = memoize((n: number) => owner["depth"]?.(n));
      let deepest = 0;
      const call = (n: number, end: number): unknown => {
        deepest = n;
        return n === end ? outermost(12) : call(n + 1, end);
      };
      const tryCall = (end: number): unknown => {
        try {
          return call(0, end);
        } catch {
          return 12;
        }
      };
      tryCall(Infinity);
      expect(tryCall(deepest - room)).toBe(12);
      expect(outermost(12)).toBe(12);
    }
  });

  test("objects beyond the first 64 of a turn are counted once they run again in a later one", async () => {
    const Owner = classOf({ self: (n: number) => n });
    const owners = Array.from({ length: 100 }, () => new Owner());
    for (const owner of owners) owner["self"]?.(1);
    const cache = cacheOf(Owner.prototype.self as Method);
    expect(cache.stats().entries).toBe(64);
    await settle();
    for (const owner of owners) owner["self"]?.(2);
    expect(cache.stats().entries).toBe(200);
  });

  test("a setter that fails makes its getter forget, too", () => {
    class Account {
      #balance = 1;
      get balance(): number {
        return this.#balance;
      }
      set balance(value: number) {
        this.#balance = value;
        if (value < 0) throw new RangeError("overdrawn");
      }
    }
    memoizeMethods(Account, { balance: true });
    const account = new Account();
    expect(account.balance).toBe(1);
    expect(() => (account.balance = -1)).toThrow("overdrawn");
    expect(account.balance).toBe(-1);
  });

  test("what is set after clearAll in the middle of a run stays", () => {
    const a = make();
    a["times"]?.(1);
    const cache = cacheOf(a, "times");
    const clearing = memoize(() => {
      clearAll();
      cache.set([1], 50);
      return a["times"]?.(1);
    });
    expect(clearing()).toBe(50);
  });

  test("with memoization switched off, calls run the original and leave nothing on an object", () => {
    const a = make();
    configure({ enabled: false });
    try {
      const before = runs;
      expect([a["times"]?.(1), a["times"]?.(1)]).toEqual([2, 2]);
      expect(runs - before).toBe(2);
    } finally {
      configure({ enabled: true });
    }
    expect(cacheOf(a, "times").size).toBe(0);
  });

  test("every option counts for methods: ttl, touch, freeze, verify, timing, weight, remembered errors, identity", () => {
    let time = 0;
    const clock = (): number => time;
    const brief = make({ ttl: 10, clock });
    const before = runs;
    void [brief["times"]?.(1), brief["times"]?.(1)];
    time = 10;
    brief["times"]?.(1);
    expect(runs - before).toBe(2);
    expect(cacheOf(brief, "times").stats().removals.expired).toBe(1);

    const weighed = make({ maxWeight: 5, weigh: (value) => value as number });
    for (const n of [1, 1.5, 2]) weighed["times"]?.(n);
    expect(cacheOf(weighed, "times").stats().weight).toBeLessThanOrEqual(5);

    const frozen = new (classOf({ list: () => [[1]] }, { freeze: true }))();
    expect(Object.isFrozen((frozen["list"] as () => unknown[])()[0])).toBe(true);

    let n = 0;
    const impure = new (classOf({ next: () => ++n }, { verify: 1 }))();
    impure["next"]?.();
    expect(() => impure["next"]?.()).toThrow(/gave another result/);

    const failing = new (classOf(
      {
        fail() {
          throw new Error(`${++n}`);
        },
      },
      { rememberErrors: 10, clock },
    ))();
    const messages = [1, 2].map(() => {
      try {
        return failing["fail"]?.();
      } catch (error) {
        return (error as Error).message;
      }
    });
    expect(messages[0]).toBe(messages[1]);

    const byIdentity = new (classOf({ same: (value: unknown) => [value] }, { key: "identity" }))();
    const object = {};
    expect(byIdentity["same"]?.(object)).toBe(byIdentity["same"]?.(object));
    expect(byIdentity["same"]?.({})).not.toBe(byIdentity["same"]?.({}));

    const touched = make({ ttl: 10, touch: true, clock });
    touched["times"]?.(1);
    time += 6;
    touched["times"]?.(1);
    time += 6;
    expect(cacheOf(touched, "times").has(1)).toBe(true);
  });
});

describe("memoizeMethods refuses", () => {
  class Base {
    inherited(): number {
      return 1;
    }
  }
  class Some extends Base {
    field = 1;
    static count = 1;
    area(): number {
      return 1;
    }
    set only(_value: number) {}
    *items(): Generator<number> {
      yield 1;
    }
  }
  class Frozen {
    area(): number {
      return 1;
    }
  }
  Object.freeze(Frozen.prototype);
  const refusal = (type: unknown, methods: unknown): unknown => {
    try {
      return memoizeMethods(type as never, methods as never);
    } catch (error) {
      return (error as Error).message;
    }
  };

  test.for([
    ["what is no class", {}, { a: true }, /takes a class first; received an object/],
    ["a list", Some, ["area"], /such as \{ area: true \}.*; received an array/],
    [
      "a name that is not there",
      Some,
      { aera: true },
      /"aera" is no method or getter that Some itself has\. Check the spelling/,
    ],
    [
      "what is inherited",
      Some,
      { inherited: true },
      /It is inherited: memoize it on the class that has it/,
    ],
    ["a static field", Some, { count: true }, /"count" is a field/],
    ["a setter", Some, { only: true }, /"only" is a setter\. Decorate the getter/],
    ["a generator", Some, { items: true }, /generator function "items" cannot be memoized/],
    ["what is frozen", Frozen, { area: true }, /"area" of Frozen cannot be replaced/],
    ["what are no options", Some, { area: 5 }, /received 5 for "area"\. Write \{ area: true \}/],
    [
      "options that are wrong",
      Some,
      { area: { maxEntries: 0 } },
      /maxEntries must be a whole number/,
    ],
  ] as const)("%s", ([, type, methods, message]) => {
    const area = Object.getOwnPropertyDescriptor(Some.prototype, "area");
    expect(refusal(type, methods)).toMatch(message);
    expect(
      refusal(type, Array.isArray(methods) ? methods : Object.assign({ area: true }, methods)),
    ).toMatch(message);
    // All or nothing.
    expect(Object.getOwnPropertyDescriptor(Some.prototype, "area")).toEqual(area);
  });
});
