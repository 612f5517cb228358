/**
 * Recursion deeper than its bound, longer than its TTL, or cleared while it is under way: the right answer, at most
 * two runs for each call, and nothing of it left but what the bound allows.
 */
import { memoize, memoizeMethods } from "rote";
import type { Memoized, MemoizeOptions } from "rote";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { fakeClock } from "../support/fake-clock.ts";
import { afterwards, tally, thrownBy } from "../support/recursion.ts";

let bodies = tally();
beforeEach(() => {
  bodies = tally();
});
afterEach(afterwards);

const MODULUS = 1_000_003;
const policies = ["lru", "s3-fifo", "w-tinylfu"] as const;
const depthLimits = [1, 2, 7, undefined];
/** How deep chains go, the second deeper than the default limit. */
const DEPTHS = [200, 5000];

type Options = Omit<MemoizeOptions, "ttl" | "weigh" | "key">;

function limited(depthLimit: number | undefined): { depthLimit?: number } {
  return depthLimit === undefined ? {} : { depthLimit };
}

/** What the lattice below comes to: paths counted row by row. */
function latticeAnswer(depth: number): number {
  let row = Array.from({ length: depth + 1 }, (_, column) => column + 1);
  for (let level = 1; level <= depth; level++) {
    row = Array.from(
      { length: depth + 1 - level },
      (_, column) => ((row[column] as number) + 2 * (row[column + 1] as number)) % MODULUS,
    );
  }
  return row[0] as number;
}

/** Distinct calls of a lattice. */
const latticeSize = (depth: number): number => ((depth + 1) * (depth + 2)) / 2;

type Lattice = Memoized<(level: number, column: number) => number>;

function lattice(options: MemoizeOptions<(level: number, column: number) => number>): Lattice {
  const f: Lattice = memoize((level: number, column: number): number => {
    bodies.enter(level * 1000 + column);
    if (level === 0) return column + 1;
    return (f(level - 1, column) + 2 * f(level - 1, column + 1)) % MODULUS;
  }, options);
  return f;
}

type Chain = Memoized<(n: number) => number>;

function chain(options: MemoizeOptions<(n: number) => number>, each?: (n: number) => void): Chain {
  const f: Chain = memoize((n: number): number => {
    bodies.enter(n);
    if (n === 0) {
      each?.(n);
      return 0;
    }
    const below = f(n - 1);
    each?.(n);
    return below + 1;
  }, options);
  return f;
}

/** Afterwards a function is as one that was never deep: within its bound, with nothing pinned. */
function expectSettled(maxEntries: number, ...functions: Memoized<any>[]): void {
  for (const { cache } of functions) {
    expect(cache.size).toBeLessThanOrEqual(maxEntries);
    const stats = cache.stats();
    expect(stats.pinned).toBe(0);
    expect(stats.entries).toBe(cache.size);
    expect([...cache.entries()].length).toBeLessThanOrEqual(cache.size);
  }
}

function expectRuns(distinct: number, ...functions: Memoized<any>[]): void {
  expect(bodies.distinct).toBe(distinct);
  expect(bodies.total).toBeLessThanOrEqual(2 * distinct);
  const runs = functions.reduce((sum, { cache }) => sum + (cache.stats().runs as number), 0);
  expect(runs).toBe(bodies.total);
}

describe.each(policies)("with the policy %s", (policy) => {
  describe.each([1, 2, 50])("and at most %i entries", (maxEntries) => {
    test.each(depthLimits)("a lattice, depth limit %s", (depthLimit) => {
      const depth = depthLimit === undefined ? 200 : 80;
      const f = lattice({ maxEntries, policy, ...limited(depthLimit) });
      expect(f(depth, 0)).toBe(latticeAnswer(depth));
      expectRuns(latticeSize(depth), f);
      expectSettled(maxEntries, f);
      expect(f.cache.stats().removals.evicted).toBeGreaterThan(0);
      expect(f(depth, 0)).toBe(latticeAnswer(depth));
    });

    test.each(depthLimits)("chains, depth limit %s", (depthLimit) => {
      for (const depth of DEPTHS) {
        bodies = tally();
        const f = chain({ maxEntries, policy, ...limited(depthLimit) });
        expect(f(depth)).toBe(depth);
        expectRuns(depth + 1, f);
        expectSettled(maxEntries, f);
        expect(f.cache.stats()).toMatchObject({ misses: depth + 1 });
      }
    });

    test.each(depthLimits)("two functions that call each other, depth limit %s", (depthLimit) => {
      const options: Options = { policy, ...limited(depthLimit) };
      const f: Chain = memoize(
        (n: number): number => {
          bodies.enter(`f ${n}`);
          return n < 2 ? n : (g(n - 1) + g(n - 2)) % MODULUS;
        },
        { ...options, maxEntries },
      );
      const g: Chain = memoize(
        (n: number): number => {
          bodies.enter(`g ${n}`);
          return n < 2 ? n : (f(n - 1) + f(n - 2)) % MODULUS;
        },
        { ...options, maxEntries: maxEntries + 1 },
      );
      let [answer, next] = [0, 1];
      for (let n = 0; n < 3000; n++) [answer, next] = [next, (answer + next) % MODULUS];
      expect(f(3000)).toBe(answer);
      expect(bodies.total).toBeLessThanOrEqual(2 * bodies.distinct);
      expect(bodies.distinct).toBeLessThanOrEqual(6002);
      expectSettled(maxEntries, f);
      expectSettled(maxEntries + 1, g);
    });

    test("arguments that are objects, by content and by identity", () => {
      const byContent: Memoized<(at: { level: number; column: number }) => number> = memoize(
        ({ level, column }) => {
          bodies.enter(level * 1000 + column);
          if (level === 0) return column + 1;
          const left = byContent({ level: level - 1, column });
          return (left + 2 * byContent({ column: column + 1, level: level - 1 })) % MODULUS;
        },
        { maxEntries, policy },
      );
      expect(byContent({ level: 60, column: 0 })).toBe(latticeAnswer(60));
      expectRuns(latticeSize(60), byContent);
      expectSettled(maxEntries, byContent);

      interface Node {
        readonly value: number;
        readonly children: readonly Node[];
      }
      let row: Node[] = Array.from({ length: 61 }, (_, column) => ({
        value: column + 1,
        children: [],
      }));
      for (let level = 1; level <= 60; level++) {
        const below = row;
        row = below
          .slice(1)
          .map((node, column) => ({ value: 0, children: [below[column] as Node, node] }));
      }
      const entered = new Map<Node, number>();
      const byIdentity: Memoized<(node: Node) => number> = memoize(
        (node) => {
          entered.set(node, (entered.get(node) ?? 0) + 1);
          const [left, right] = node.children;
          if (left === undefined || right === undefined) return node.value;
          return (byIdentity(left) + 2 * byIdentity(right)) % MODULUS;
        },
        { maxEntries, policy, key: "identity" },
      );
      expect(byIdentity(row[0] as Node)).toBe(latticeAnswer(60));
      expect(entered.size).toBe(latticeSize(60));
      expect(byIdentity.cache.stats().runs).toBeLessThanOrEqual(2 * latticeSize(60));
      expectSettled(maxEntries, byIdentity);
    });
  });

  test.each(depthLimits)("results that weigh too much to be kept, depth limit %s", (depthLimit) => {
    for (const weight of [11, 1e9]) {
      bodies = tally();
      const f = lattice({ maxWeight: 10, weigh: () => weight, policy, ...limited(depthLimit) });
      expect(f(60, 0)).toBe(latticeAnswer(60));
      expectRuns(latticeSize(60), f);
      expectSettled(0, f);
      expect(f.cache.stats().oversized).toBeGreaterThanOrEqual(latticeSize(60));
      expect(f.cache.stats().weight).toBe(0);
    }
  });

  test("some results that weigh too much, and some that weigh nothing", () => {
    const weigh = (value: number): number => (value % 3 === 0 ? 100 : value % 3 === 1 ? 4 : 0);
    const f = lattice({ maxWeight: 10, maxEntries: 5, weigh, policy });
    expect(f(60, 0)).toBe(latticeAnswer(60));
    expectRuns(latticeSize(60), f);
    expectSettled(5, f);
    expect(f.cache.stats().weight).toBeLessThanOrEqual(10);
  });

  test("methods that ask each other, each receiver with a bound of its own", () => {
    class Level {
      readonly below: Level | undefined;
      constructor(depth: number) {
        if (depth > 0) this.below = new Level(depth - 1);
      }
      paths(from: number): number {
        bodies.enter(from);
        return this.below === undefined ? 1 : this.below.paths(from) + this.below.paths(1 - from);
      }
    }
    memoizeMethods(Level, { paths: { maxEntries: 1 } });
    expect(new Level(30).paths(0)).toBe(2 ** 30);
    expect(bodies.total).toBe(61);
  });

  test("a bound that is lowered in the middle", () => {
    const f = chain({ maxEntries: 1000, policy }, (n) => {
      if (n === 150) f.cache.resize({ maxEntries: 1 });
    });
    for (const depth of DEPTHS) expect(f(depth)).toBe(depth);
    expect(bodies.total).toBeLessThanOrEqual(2 * (5001 + 201));
    expectSettled(1, f);
  });
});

describe("a TTL shorter than the recursion", () => {
  const bounds: Options[] = [{}, { maxEntries: 2 }, { maxEntries: 50, policy: "lru" }];

  describe.each(bounds)("with the bound %j", (bound) => {
    test.each(depthLimits)("a clock that moves on in every run, depth limit %s", (depthLimit) => {
      const clock = fakeClock();
      const options = { ttl: 5, clock: clock.read, ...bound, ...limited(depthLimit) };
      const f: Lattice = memoize((level: number, column: number): number => {
        bodies.enter(level * 1000 + column);
        clock.advance(10);
        if (level === 0) return column + 1;
        return (f(level - 1, column) + 2 * f(level - 1, column + 1)) % MODULUS;
      }, options);
      expect(f(60, 0)).toBe(latticeAnswer(60));
      expectRuns(latticeSize(60), f);
      // The last chain of runs has finished at one and the same time.
      expectSettled(bound.maxEntries ?? 61, f);
      clock.advance(5);
      expectSettled(0, f);

      bodies = tally();
      const g = chain(options, () => clock.advance(10));
      for (const depth of DEPTHS) expect(g(depth)).toBe(depth);
      expect(bodies.total).toBeLessThanOrEqual(2 * (5001 + 201));
      expectSettled(1, g);
    });

    test.each(depthLimits)("a TTL of 0 from a function, depth limit %s", (depthLimit) => {
      for (const ttl of [(): number => 0, (value: number): number => (value % 2 === 0 ? 0 : 5)]) {
        bodies = tally();
        const clock = fakeClock();
        const f = lattice({ ttl, clock: clock.read, ...bound, ...limited(depthLimit) });
        expect(f(60, 0)).toBe(latticeAnswer(60));
        expectRuns(latticeSize(60), f);
        clock.advance(5);
        expectSettled(0, f);
      }
    });

    test("the clock goes back and forth", () => {
      const clock = fakeClock();
      let steps = 0;
      const f = chain({ ttl: 50, clock: clock.read, ...bound }, () => {
        clock.advance(++steps % 3 === 0 ? -1000 : 400);
      });
      for (const depth of DEPTHS) expect(f(depth)).toBe(depth);
      expect(bodies.total).toBeLessThanOrEqual(2 * (5001 + 201));
      expect(f.cache.stats().pinned).toBe(0);
    });
  });
});

describe("what is removed in the middle of a recursion", () => {
  const bounds: Options[] = [
    { maxEntries: 1 },
    { maxEntries: 50, policy: "lru" },
    { maxEntries: 1e6 },
  ];
  const removals: Record<string, (f: Lattice, level: number, column: number) => void> = {
    clear: (f) => f.cache.clear(),
    delete: (f, level, column) => void f.cache.delete(level - 1, column),
    "delete of everything, one by one": (f) => {
      for (const [args] of f.cache.entries()) f.cache.delete(...args);
    },
  };

  describe.each(bounds)("with the bound %j", (bound) => {
    test.each(Object.keys(removals))("%s", (how) => {
      for (const depthLimit of depthLimits) {
        bodies = tally();
        const f: Lattice = memoize(
          (level: number, column: number): number => {
            bodies.enter(level * 1000 + column);
            if (level === 0) return column + 1;
            const left = f(level - 1, column);
            if (level % 5 === 0) removals[how]?.(f, level, column);
            return (left + 2 * f(level - 1, column + 1)) % MODULUS;
          },
          { ...bound, ...limited(depthLimit) },
        );
        expect(f(60, 0)).toBe(latticeAnswer(60));
        expectRuns(latticeSize(60), f);
        expectSettled(bound.maxEntries ?? Infinity, f);
      }
    });

    test("clear in every run of a chain", () => {
      for (const depthLimit of depthLimits) {
        const f = chain({ ...bound, ...limited(depthLimit) }, () => f.cache.clear());
        for (const depth of DEPTHS) {
          bodies = tally();
          expect(f(depth)).toBe(depth);
          expect(bodies.total).toBeLessThanOrEqual(2 * (depth + 1));
        }
        expectSettled(1, f);
      }
    });
  });
});

describe("leaves that fail, and callers that catch", () => {
  function failing(options: MemoizeOptions<(level: number, column: number) => number>): Lattice {
    const f: Lattice = memoize((level: number, column: number): number => {
      bodies.enter(level * 1000 + column);
      if (level === 0) throw new Error(`leaf ${column}`);
      return (attempt(level - 1, column) + 2 * attempt(level - 1, column + 1)) % MODULUS;
    }, options);
    const attempt = (level: number, column: number): number => {
      try {
        return f(level, column);
      } catch (error) {
        return Number((error as Error).message.slice("leaf ".length)) + 1;
      }
    };
    return f;
  }

  const bounds: Options[] = [
    { maxEntries: 1 },
    { maxEntries: 2, policy: "lru" },
    { maxEntries: 50 },
  ];

  test.each(bounds)("remembered, with the bound %j: as results are", (bound) => {
    for (const depthLimit of depthLimits) {
      bodies = tally();
      const f = failing({ ...bound, rememberErrors: "1h", ...limited(depthLimit) });
      expect(f(60, 0)).toBe(latticeAnswer(60));
      expectRuns(latticeSize(60), f);
      expectSettled(bound.maxEntries ?? 0, f);
    }
  });

  test("remembered for less than the recursion takes", () => {
    for (const depthLimit of depthLimits) {
      bodies = tally();
      const clock = fakeClock();
      const f = failing({
        maxEntries: 50,
        rememberErrors: 1,
        clock: () => (clock.now += 10),
        ...limited(depthLimit),
      });
      expect(f(60, 0)).toBe(latticeAnswer(60));
      expectRuns(latticeSize(60), f);
      expectSettled(50, f);
    }
  });

  test.each(bounds)("not remembered, with the bound %j", (bound) => {
    for (const depthLimit of depthLimits) {
      bodies = tally();
      const f = failing({ ...bound, ...limited(depthLimit) });
      expect(f(60, 0)).toBe(latticeAnswer(60));
      // Each leaf has at most two callers, and may fail anew for each of them.
      expect(bodies.total).toBeLessThanOrEqual(2 * (latticeSize(60) + 61));
      expectSettled(bound.maxEntries ?? 0, f);
    }
  });

  test.each(bounds)(
    "a chain that fails, with the bound %j, fails with the leaf's error",
    (bound) => {
      for (const rememberErrors of [0, "1h"] as const) {
        for (const depth of DEPTHS) {
          bodies = tally();
          const error = new Error("leaf");
          const f: Chain = memoize(
            (n: number): number => {
              bodies.enter(n);
              if (n === 0) throw error;
              return f(n - 1) + 1;
            },
            { ...bound, rememberErrors },
          );
          expect(thrownBy(() => f(depth))).toBe(error);
          expect(bodies.total).toBeLessThanOrEqual(2 * (depth + 1));
          expectSettled(rememberErrors === 0 ? 0 : (bound.maxEntries ?? 0), f);
        }
      }
    },
  );
});

describe("calls that do not recurse pile nothing up", () => {
  const settings: [name: string, options: MemoizeOptions<(n: number) => number>][] = [
    ...policies.map((policy): [string, Options] => [policy, { maxEntries: 20, policy }]),
    ["weights", { maxWeight: 20, weigh: () => 1 }],
    ["oversized weights", { maxWeight: 20, weigh: () => 21 }],
    ["a TTL of 0", { maxEntries: 20, ttl: () => 0 }],
  ];

  test.each(settings)("inside one memoized run: %s", (_name, options) => {
    const inner = memoize((n: number) => n + 1, options);
    let most = 0;
    let sum = 0;
    const outer = memoize((_n: number): number => {
      for (let n = 0; n < 100_000; n++) {
        sum += inner(n);
        if (n % 1000 === 999) {
          const { entries, pinned } = inner.cache.stats();
          most = Math.max(most, entries + pinned);
        }
      }
      return sum;
    });
    expect(outer(0)).toBe(5_000_050_000);
    expect(most).toBeLessThanOrEqual(20 + 5);
    expectSettled(20, inner);
  });

  test.each(settings)("inside a bounded run of a recursion: %s", (_name, options) => {
    const inner = memoize((n: number) => n + 1, options);
    let most = 0;
    const outer: Chain = memoize(
      (n: number): number => {
        for (let i = 0; i < 5000; i++) inner(n * 5000 + i);
        const { entries, pinned } = inner.cache.stats();
        most = Math.max(most, entries + pinned);
        return n === 0 ? 0 : outer(n - 1) + 1;
      },
      { maxEntries: 2 },
    );
    expect(outer(20)).toBe(20);
    expect(most).toBeLessThanOrEqual(20 + 5);
    expectSettled(20, inner);
    expectSettled(2, outer);
  });

  test("what an outermost run pinned is gone when the next begins", () => {
    const f = chain({ maxEntries: 2 });
    for (let n = 0; n < 50; n++) {
      expect(f(200 + (n % 7))).toBe(200 + (n % 7));
      expectSettled(2, f);
    }
  });
});
