import vm from "node:vm";

import { clearAll, configure, memoize, type Memoized } from "rote";
import { afterEach, describe, expect, test } from "vitest";
import { isIdle } from "../../packages/rote/src/run/stack.ts";
import { afterwards } from "../support/recursion.ts";

/** Calls that once went wrong, each found by reading or by random search. */

/** Catches outside of every memoized function's own text. */
function attempt<Value>(call: () => Value, fallback: Value): Value {
  try {
    return call();
  } catch {
    return fallback;
  }
}

function failing(): never {
  throw new Error("boom");
}

afterEach(() => {
  configure({ enabled: true });
  afterwards();
});

describe("a helper that catches everything, below a deep recursion", () => {
  test.each([1700, 3000, 8000])("by an object argument, %i deep", (depth) => {
    const f = memoize(({ n }: { n: number }): number =>
      n === 0 ? 0 : attempt(() => f({ n: n - 1 }), -1) + 1,
    );
    expect(f({ n: depth })).toBe(depth);
  });

  test.each([1700, 3000])("by an array argument, %i deep", (depth) => {
    const f = memoize(([n]: readonly [number]): number =>
      n === 0 ? 0 : attempt(() => f([n - 1]), -1) + 1,
    );
    expect(f([depth])).toBe(depth);
  });

  test.each([1700, 3000])("by four arguments, %i deep", (depth) => {
    const f = memoize((n: number, a: number, b: number, c: number): number =>
      n === 0 ? 0 : attempt(() => f(n - 1, a, b, c), -1) + 1,
    );
    expect(f(depth, 1, 2, 3)).toBe(depth);
  });
});

describe("helpers that catch everything, below a deep recursion by primitives", () => {
  const thrice = (call: () => number): number =>
    attempt(() => attempt(() => attempt(call, -1), -1), -1) + 1;

  test.each([3000, 20_000])("%i deep", (depth) => {
    const one = memoize((n: number): number => (n === 0 ? 0 : thrice(() => one(n - 1))));
    const two = memoize((n: number, a: string): number =>
      n === 0 ? 0 : thrice(() => two(n - 1, a)),
    );
    const three = memoize((n: number, a: string, b: boolean): number =>
      n === 0 ? 0 : thrice(() => three(n - 1, a, b)),
    );
    expect(one(depth)).toBe(depth);
    expect(two(depth, "a")).toBe(depth);
    expect(three(depth, "a", true)).toBe(depth);
  });
});

describe("no cycle where there is none", () => {
  test("a call that failed, was caught, and is made again by a function that handles errors", () => {
    const g = memoize((_: number): number => failing());
    const h = memoize((n: number): number => {
      try {
        return g(n);
      } finally {
        // What matters is that the text says so.
      }
    });
    const f = memoize((n: number): number => {
      attempt(() => g(n), 0);
      return h(n);
    });
    expect(() => f(1)).toThrow("boom");
  });

  test("a retry of a call with such a function below it", () => {
    const h = memoize((_: number): number => {
      try {
        return failing();
      } finally {
        // What matters is that the text says so.
      }
    });
    const f = memoize((n: number): number => h(n));
    const o = memoize((_: number): number => {
      attempt(() => f(1), 0);
      return f(1);
    });
    expect(() => o(0)).toThrow("boom");
  });

  test.each(["clear", "delete", "clearAll"])("a call made again after %s", (way) => {
    const h = memoize((n: number): number => {
      try {
        return n;
      } finally {
        // What matters is that the text says so.
      }
    });
    const f = memoize((n: number): number => h(n));
    const o = memoize((_: number): number => {
      f(1);
      if (way === "clear") f.cache.clear();
      else if (way === "delete") f.cache.delete(1);
      else clearAll();
      return f(1);
    });
    expect(o(0)).toBe(1);
  });
});

describe("freeze leaves alone what the caller can reach", () => {
  test("through the receiver", () => {
    class Shelf {
      items = [1];
      list = memoize(
        function (this: Shelf): number[] {
          return this.items;
        },
        { freeze: true },
      );
    }
    const shelf = new Shelf();
    shelf.list();
    expect(Object.isFrozen(shelf.items)).toBe(false);
  });

  test("through an instance, a Map and a Set", () => {
    class Box {
      config = {};
    }
    const box = new Box();
    memoize((at: Box) => at.config, { freeze: true })(box);
    expect(Object.isFrozen(box.config)).toBe(false);

    const held = {};
    memoize((map: Map<number, object>) => map.get(1), { freeze: true })(new Map([[1, held]]));
    memoize((set: Set<object>) => [...set][0], { freeze: true })(new Set([held]));
    expect(Object.isFrozen(held)).toBe(false);
  });
});

test("verify compares what promises resolve to", async () => {
  const f = memoize((n: number) => Promise.resolve({ n }), { verify: 1 });
  await f(1);
  await expect(f(1)).resolves.toEqual({ n: 1 });
});

describe("while memoization is switched off", () => {
  test("clearAll clears, and what is set afterwards stays", () => {
    const f = memoize((n: number) => n);
    f(1);
    configure({ enabled: false });
    clearAll();
    expect(f.cache.size).toBe(0);
    f.cache.set([2], 7);
    configure({ enabled: true });
    expect(f.cache.peek(2)).toBe(7);
  });

  test("a recursion that was under way ends as it began", () => {
    let runs = 0;
    const f = memoize(
      (n: number): number => {
        runs++;
        if (n === 500) configure({ enabled: false });
        return n === 0 ? 0 : f(n - 1) + 1;
      },
      { depthLimit: 20 },
    );
    expect(f(1000)).toBe(1000);
    expect(runs).toBeLessThanOrEqual(2002);
  });
});

test("the deepest recursion is remembered across a call from a getter", () => {
  const g = memoize((x: unknown) => x);
  const f = memoize((n: number): number => {
    if (n === 0) return 0;
    if (n !== 1000) return f(n - 1);
    f(900);
    g({
      get a() {
        return g(5);
      },
    });
    return 1;
  });
  f(1000);
  expect(f.cache.stats().depth).toBe(902);
});

test("entries() is a copy from the moment it is called", () => {
  const f = memoize((n: number) => n);
  f(1);
  const entries = f.cache.entries();
  f.cache.clear();
  expect([...entries]).toEqual([[[1], 1]]);
});

describe("a plain recursion overflows the stack where it calls a memoized function", () => {
  /** `call` with the end of the stack somewhere else: so many words further down. */
  const shifted = (words: number, call: () => unknown): unknown =>
    Reflect.apply(call, undefined, Array.from({ length: words }).fill(0) as []);
  const one = memoize((a: number) => a + 1);
  const two = memoize((a: number, b: number) => a + b);
  const any = memoize((...all: unknown[]) => all.length);
  const catching = memoize((a: number) => {
    try {
      return a + 1;
    } finally {
      void a;
    }
  });

  test.for([
    ["one argument", (n: number) => one(n)],
    ["two arguments", (n: number) => two(n, 1)],
    ["any arguments", (n: number) => any(n, 1, 2, 3)],
    ["an object", (n: number) => any({ n })],
    ["a function that catches", (n: number) => catching(n)],
  ] as const)("%s: nothing is left over, wherever it happens", ([, call]) => {
    const walk = (n: number): number => call(n) + walk(n + 1);
    for (let words = 0; words < 120; words++) {
      attempt(() => shifted(words, () => walk(0)), undefined);
      if (!isIdle()) afterwards();
      for (const [[a], value] of one.cache.entries())
        if (value !== a + 1) expect(value).toBe(a + 1);
      for (const [[a, b], value] of two.cache.entries())
        if (value !== a + b) expect(value).toBe(a + b);
      clearAll();
    }
    afterwards();
  });
});

test("a retrying loop around a function without restarts does not spin", () => {
  let tries = 0;
  const unguarded = memoize((n: number): number => retrying(n - 1) + 1, { recursion: "off" });
  const retrying = memoize(
    (n: number): number => {
      if (n === 0) return 0;
      for (;;) {
        if (++tries > 1e5) throw new Error("spins");
        const value = attempt(() => unguarded(n), undefined);
        if (value !== undefined) return value;
      }
    },
    { depthLimit: 50 },
  );
  expect(retrying(200)).toBe(200);
});

test("the handle of one receiver does not call the key function without arguments", () => {
  const f = memoize(
    function (this: { k: number }, o: { id: number }) {
      return this.k + o.id;
    },
    { key: (o) => o.id },
  );
  const [one, other] = [{ k: 1 }, { k: 2 }];
  f.call(one, { id: 2 });
  f.call(other, { id: 2 });
  expect(f.cache.of(one).size).toBe(1);
  expect([...f.cache.of(one).entries()]).toEqual([[2, 3]]);
  f.cache.of(one).clear();
  expect(f.cache.size).toBe(1);
});

/** Calls until it succeeds, whatever is thrown. */
function retry<Value>(call: () => Value): Value {
  for (let tries = 0; tries < 1e5; tries++) {
    try {
      return call();
    } catch {
      // Again.
    }
  }
  return expect.unreachable("a loop that retries spins");
}

test.each([undefined, 10, 100])(
  "loops that retry end where the stack has no room left, with a depth limit of %s",
  (depthLimit) => {
    const options = depthLimit === undefined ? {} : { depthLimit };
    const helped = memoize(
      (n: number): number => (n === 0 ? 0 : 1 + retry(() => helped(n - 1))),
      options,
    );
    expect(helped(4000)).toBe(4000);

    let tries = 0;
    const looping = memoize((n: number): number => {
      if (n === 0) return 0;
      for (;;) {
        if (++tries > 1e6) throw new Error("spins");
        try {
          return 1 + looping(n - 1);
        } catch {
          // Again.
        }
      }
    }, options);
    expect(looping(4000)).toBe(4000);
    afterwards();
  },
);

test("a hit of a large typed array reads its bytes, not the names of its elements", () => {
  const length = memoize((bytes: Uint8Array) => bytes.length);
  const bytes = new Uint8Array(2 ** 24).fill(7);
  expect(length(bytes)).toBe(2 ** 24);
  expect(length(bytes.slice())).toBe(2 ** 24);
  expect(length(bytes.slice().fill(8, -1))).toBe(2 ** 24);
  expect(length.cache.stats()).toMatchObject({ hits: 1, runs: 2 });
});

test("what is thrown reaches the caller, even if it cannot be looked at", () => {
  const failing = {
    get name(): string {
      throw new Error("other");
    },
  };
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  for (const error of [failing, proxy]) {
    const f = memoize(() => {
      throw error;
    });
    let thrown: unknown;
    try {
      f();
    } catch (caught) {
      thrown = caught;
    }
    expect(thrown === error).toBe(true);
  }
});

describe("what only looks like plain data is known by identity", () => {
  const listOf = function (..._all: unknown[]): IArguments {
    return arguments;
  };
  class A {}
  class B {}
  test.each<[string, object, object]>([
    ["arguments and an object with the same keys", listOf(1, 2), { 0: 1, 1: 2 }],
    ["two lists of arguments", listOf(1, 2), listOf(1, 2)],
    [
      "an array whose prototype was replaced",
      Object.setPrototypeOf([1], Object.prototype),
      { 0: 1 },
    ],
    ["an array without a prototype", Object.setPrototypeOf([1], null), { __proto__: null, 0: 1 }],
    ["the prototypes of two classes", A.prototype, B.prototype],
    ["Object.prototype and an object without a prototype", Object.prototype, Object.create(null)],
    ["Date.prototype and an empty object", Date.prototype, {}],
  ])("%s", (_what, one, other) => {
    let runs = 0;
    const f = memoize((_value: object) => ++runs);
    expect(f(one)).toBe(1);
    expect(f(other)).toBe(2);
    expect(f(one)).toBe(1);
  });
});

test("an object of a realm whose Object.prototype has grown is not taken for one with that key", () => {
  const own = memoize((value: object) => Object.hasOwn(value, "grown"));
  const context = vm.createContext({});
  vm.runInContext("Object.prototype.grown = 1", context);
  expect(own({ grown: 1 })).toBe(true);
  expect(own(vm.runInContext("({})", context) as object)).toBe(false);
});

test("freeze spares what the caller reaches through a prototype, and namespaces", () => {
  class Base {
    declare defaults: { retries: number };
  }
  Base.prototype.defaults = { retries: 3 };
  memoize((base: Base) => ({ value: base.defaults }), { freeze: true })(new Base());
  expect(Object.isFrozen(Base.prototype.defaults)).toBe(false);
  memoize(() => ({ Math }), { freeze: true })();
  expect(Object.isFrozen(Math)).toBe(false);
});

test("the depth of a recursion that fails is counted like that of one that returns", () => {
  const f = memoize((n: number): number => (n === 0 ? failing() : f(n - 1)));
  expect(() => f(5000)).toThrow("boom");
  expect(f.cache.stats().depth).toBe(5001);
});

test("a refresh in code that has caught a suspension does not meet what is unwound", () => {
  const f: Memoized<(n: number) => number> = memoize(
    (n: number): number => {
      if (n % 4 === 0) {
        let sum = n;
        try {
          if (n >= 3) sum += f(n - 3);
        } catch {
          sum++;
        }
        return n === 0 ? sum : sum + f.cache.refresh(n - 1);
      }
      const less = [0, 4, Infinity, 3][n % 4] as number;
      return n < less ? n : n + f(n - less);
    },
    { depthLimit: 3 },
  );
  expect(f(12)).toBe(67);
});

test("a refresh that was refused is no run", () => {
  const f: Memoized<(n: number) => number> = memoize((n: number): number => f.cache.refresh(n));
  expect(() => f(1)).toThrow("needs its own result");
  expect(f.cache.stats()).toMatchObject({ misses: 1 });
});

test("memoized again, a function keeps its text, and what its text says", () => {
  const original = (n: number): number => n + 1;
  const twice = memoize(memoize(original));
  expect(String(twice)).toBe(String(original));
  expect(twice.call({}, 1)).toBe(2);
  twice.call({}, 1);
  expect(twice.cache.stats().hits).toBe(1);
});

test("an arrow function with a property named prototype can be memoized", () => {
  const fn = memoize(
    Object.assign((n: number) => n, { prototype: 5 }) as unknown as (n: number) => number,
  );
  expect(fn(1)).toBe(1);
  expect((fn as { prototype?: unknown }).prototype).toBe(5);
});

test("helpers that catch everything never see a full stack, wherever the recursion begins", () => {
  const helper = (frames: number, call: () => number): number =>
    frames > 0 ? helper(frames - 1, call) : call();
  const plain = (depth: number, call: () => number): number =>
    depth === 0 ? call() : plain(depth - 1, call);
  for (let depth = 3000; depth < 11_000; depth += 101) {
    const f = memoize((n: number): number =>
      n === 0 ? 0 : 1 + attempt(() => helper(8, () => f(n - 1)), -1e6),
    );
    const value = attempt(() => plain(depth, () => f(1000)), undefined);
    if (value !== undefined) expect(value).toBe(1000);
  }
});

test("freeze takes results and arguments of any size", () => {
  const count = 300_000;
  const list = memoize((n: number) => Array.from({ length: n }, (_, i) => i), { freeze: true });
  expect(Object.isFrozen(list(count))).toBe(true);
  const size = memoize((of: Map<number, number>) => ({ n: of.size }), { freeze: true });
  const map = new Map(Array.from({ length: count }, (_, i) => [i, i]));
  expect(size(map)).toEqual({ n: count });
});

test("a method may be called class", () => {
  const methods = {
    class(n: number) {
      return n + 1;
    },
  };
  expect(memoize(methods.class)(1)).toBe(2);
});

test("an added property beyond the end of a boxed text counts", () => {
  let runs = 0;
  const f = memoize((_text: object) => ++runs);
  f(Object("abc"));
  f(Object.assign(Object("abc") as object, { 5: 1 }));
  expect(runs).toBe(2);
});

test("entries() shows an object with symbols that is known by identity", () => {
  const f = memoize((_value: object) => 1);
  const object = { 0: "a", [Symbol.toStringTag]: "Row" };
  f(object);
  expect([...f.cache.entries()]).toEqual([[[object], 1]]);
});

test("the bytes of a typed array cannot be hidden by a property", () => {
  let runs = 0;
  const f = memoize((_bytes: Uint8Array) => ++runs);
  const hiding = (n: number): Uint8Array =>
    Object.defineProperty(new Uint8Array([n]), "byteLength", { value: 0 });
  f(hiding(1));
  f(hiding(2));
  expect(runs).toBe(2);
});

test.each([{ timing: true }, { recursion: "off" }] as const)(
  "clearAll frees what functions with %o keep",
  async (options) => {
    const f = memoize((n: number) => ({ n }), options);
    await new Promise((resolve) => setTimeout(resolve, 0));
    const kept = ((): WeakRef<object> => new WeakRef(f(1)))();
    await new Promise((resolve) => setTimeout(resolve, 0));
    clearAll();
    globalThis.gc?.();
    expect(kept.deref()).toBe(undefined);
  },
);

test("results that are cleared inside a callback are not run again", () => {
  const runs: number[] = [];
  const f: Memoized<(n: number) => number> = memoize((n: number): number => {
    runs.push(n);
    if (n === 0) return 0;
    f(0);
    clearing({});
    return f(0) + 1;
  });
  const clearing = memoize((_value: object) => 1, {
    key: () => {
      f.cache.clear();
      return 1;
    },
  });
  expect(f(1)).toBe(1);
  expect(runs).toEqual([1, 0]);
});

test("a recursion from a callback has a depth limit of its own", () => {
  let deepest = 0;
  let depth = 0;
  const sum = memoize(
    (n: number): number => {
      deepest = Math.max(deepest, ++depth);
      try {
        return n === 0 ? 0 : n + inner(n - 1);
      } finally {
        depth--;
      }
    },
    { depthLimit: 100 },
  );
  const inner = (n: number): number => sum(n);
  const f = memoize((_value: unknown) => 1, { key: () => sum(3000) });
  f(0);
  expect(deepest).toBeLessThanOrEqual(101);
});

test("verify does not fail where what a promise resolves to cannot be read", async () => {
  const f = memoize(
    async () => ({
      get x(): never {
        throw new Error("boom");
      },
    }),
    { verify: 1 },
  );
  await f();
  await f();
  await new Promise((resolve) => setTimeout(resolve, 0));
});
