/**
 * Recursion limited by memory, not by the stack: the shapes that recursion takes. Every one must give the right
 * answer, run no body more than its share of the 2 N bound, and leave nothing behind.
 */
import { memoize } from "rote";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { afterwards, expectBound, tally, under } from "../support/recursion.ts";

afterEach(afterwards);

/** `undefined` is the default. */
const limits = [1, 2, 3, 7, 40, 500, undefined];

function limited(depthLimit: number | undefined): { depthLimit?: number } {
  return depthLimit === undefined ? {} : { depthLimit };
}

describe.each(limits)("with a depth limit of %s", (depthLimit) => {
  const options = limited(depthLimit);

  test("a chain gives the right answer in at most 2 N runs", () => {
    let runs = 0;
    const sum = memoize((n: number): number => {
      runs++;
      return n === 0 ? 0 : n + sum(n - 1);
    }, options);

    expect(sum(20_000)).toBe((20_000 * 20_001) / 2);
    expectBound(runs, sum);
    expect(sum.cache.size).toBe(20_001);
    expect(sum.cache.stats().depth).toBe(20_001);

    const before = runs;
    expect(sum(20_000)).toBe((20_000 * 20_001) / 2);
    expect(sum(777)).toBe((777 * 778) / 2);
    expect(runs).toBe(before);
  });

  test("two descents at every step, as in the Fibonacci numbers, stay within the bound", () => {
    let runs = 0;
    const fib = memoize((n: number): bigint => {
      runs++;
      return n < 2 ? BigInt(n) : fib(n - 1) + fib(n - 2);
    }, options);

    let a = 0n;
    let b = 1n;
    for (let i = 0; i < 5000; i++) [a, b] = [b, a + b];
    expect(fib(5000)).toBe(a);
    expectBound(runs, fib);
  });

  test("the shallow descent first, then the deep one", () => {
    let runs = 0;
    const f = memoize((n: number): number => {
      runs++;
      if (n < 2) return n;
      return (f(n >> 1) + f(n - 1)) % 1_000_007;
    }, options);
    const expected = [0, 1];
    for (let n = 2; n <= 4000; n++)
      expected.push((expected[n >> 1]! + expected[n - 1]!) % 1_000_007);

    expect(f(4000)).toBe(expected[4000]);
    expectBound(runs, f);
  });

  test("a comb, with a tooth at every step before and after the spine", () => {
    const runs = tally();
    const tooth = memoize((n: number): number => {
      runs.enter(`tooth ${n}`);
      return n * 2;
    }, options);
    const spine = memoize((n: number): number => {
      runs.enter(`spine ${n}`);
      if (n === 0) return 0;
      return tooth(n) + spine(n - 1) + tooth(-n);
    }, options);

    expect(spine(3000)).toBe(0);
    expect(runs.distinct).toBe(9001);
    expectBound(runs.total, tooth, spine);
  });

  test("a comb whose teeth are chains", () => {
    let runs = 0;
    const tooth = memoize((n: number, length: number): number => {
      runs++;
      return length === 0 ? n : tooth(n, length - 1);
    }, options);
    const spine = memoize((n: number): number => {
      runs++;
      return n === 0 ? 0 : spine(n - 1) + tooth(n, 30);
    }, options);

    expect(spine(200)).toBe((200 * 201) / 2);
    expectBound(runs, tooth, spine);
  });

  test("a wide tree", () => {
    let runs = 0;
    const leaves = memoize((level: number, index: number): number => {
      runs++;
      if (level === 0) return 1;
      let count = 0;
      for (let child = 0; child < 12; child++) count += leaves(level - 1, index * 12 + child);
      return count;
    }, options);

    expect(leaves(3, 0)).toBe(12 ** 3);
    expectBound(runs, leaves);
  });

  test("one node with many children, each the start of a chain", () => {
    let runs = 0;
    const f = memoize((chain: number, left: number): number => {
      runs++;
      return left === 0 ? chain : f(chain, left - 1);
    }, options);
    const root = memoize((width: number): number => {
      runs++;
      let sum = 0;
      for (let i = 0; i < width; i++) sum += f(i, 25);
      return sum;
    }, options);

    expect(root(200)).toBe((199 * 200) / 2);
    expectBound(runs, f, root);
  });

  test("longest common subsequence", () => {
    const { a, b } = texts(120, 90);
    let runs = 0;
    const lcs = memoize((i: number, j: number): number => {
      runs++;
      if (i === 0 || j === 0) return 0;
      if (a[i - 1] === b[j - 1]) return lcs(i - 1, j - 1) + 1;
      return Math.max(lcs(i - 1, j), lcs(i, j - 1));
    }, options);

    expect(lcs(a.length, b.length)).toBe(lcsBottomUp(a, b));
    expectBound(runs, lcs);
  });

  test("edit distance", () => {
    const { a, b } = texts(100, 110);
    let runs = 0;
    const distance = memoize((i: number, j: number): number => {
      runs++;
      if (i === 0) return j;
      if (j === 0) return i;
      return Math.min(
        distance(i - 1, j) + 1,
        distance(i, j - 1) + 1,
        distance(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1),
      );
    }, options);

    expect(distance(a.length, b.length)).toBe(distanceBottomUp(a, b));
    expectBound(runs, distance);
  });

  test("knapsack", () => {
    const items = Array.from({ length: 60 }, (_, i) => ({
      weight: ((i * 7) % 23) + 1,
      value: ((i * 13) % 31) + 1,
    }));
    let runs = 0;
    const best = memoize((index: number, room: number): number => {
      runs++;
      const item = items[index];
      if (item === undefined) return 0;
      const without = best(index + 1, room);
      if (item.weight > room) return without;
      return Math.max(without, best(index + 1, room - item.weight) + item.value);
    }, options);

    const table = Array.from({ length: 301 }, () => 0);
    for (const { weight, value } of items) {
      for (let room = 300; room >= weight; room--) {
        table[room] = Math.max(table[room]!, table[room - weight]! + value);
      }
    }
    expect(best(0, 300)).toBe(table[300]);
    expectBound(runs, best);
  });

  test("two functions that call each other", () => {
    let runs = 0;
    const isEven = memoize((n: number): boolean => {
      runs++;
      return n === 0 || isOdd(n - 1);
    }, options);
    const isOdd = memoize((n: number): boolean => {
      runs++;
      return n !== 0 && isEven(n - 1);
    }, options);

    expect(isEven(5001)).toBe(false);
    expectBound(runs, isEven, isOdd);
  });

  test("Hofstadter's female and male sequences, each nested in the other", () => {
    let runs = 0;
    const female = memoize((n: number): number => {
      runs++;
      return n === 0 ? 1 : n - male(female(n - 1));
    }, options);
    const male = memoize((n: number): number => {
      runs++;
      return n === 0 ? 0 : n - female(male(n - 1));
    }, options);

    const f = [1];
    const m = [0];
    for (let n = 1; n <= 2000; n++) {
      m.push(n - f[m[n - 1]!]!);
      f.push(n - m[f[n - 1]!]!);
    }
    expect(female(2000)).toBe(f[2000]);
    expect(male(2000)).toBe(m[2000]);
    expectBound(runs, female, male);
  });

  test("five functions in a ring, through plain functions between them", () => {
    let runs = 0;
    const ring = Array.from({ length: 5 }, (_, i) =>
      memoize((n: number): number => {
        runs++;
        return n === 0 ? i : next(i, n) * 2 + 1;
      }, options),
    );
    function next(i: number, n: number): number {
      return under(3, () => ring[(i + 1) % 5]!(n - 1) % 1_000_003);
    }

    let expected = 2000 % 5;
    for (let n = 1; n <= 2000; n++) expected = (expected % 1_000_003) * 2 + 1;
    expect(ring[0]!(2000)).toBe(expected);
    expectBound(runs, ...ring);
  });

  test("methods: every receiver has entries of its own", () => {
    let runs = 0;
    class Cell {
      readonly next: Cell | undefined;
      constructor(next?: Cell) {
        this.next = next;
      }
      declare weigh: (unit: number) => number;
    }
    const weigh = memoize(function (this: Cell, unit: number): number {
      runs++;
      return unit + (this.next === undefined ? 0 : this.next.weigh(unit));
    }, options);
    Cell.prototype.weigh = weigh;

    let list = new Cell();
    for (let i = 1; i < 3000; i++) list = new Cell(list);
    expect(list.weigh(2)).toBe(6000);
    expect(list.weigh(3)).toBe(9000);
    const twice = runs;
    expect(twice).toBeLessThanOrEqual(2 * 6000);
    expect(list.weigh(2)).toBe(6000);
    expect(runs).toBe(twice);
  });

  test("a method that calls another method, over one receiver", () => {
    const runs = tally();
    const grid = {
      width: 40,
      down: memoize(function (this: { width: number }, x: number, y: number): number {
        runs.enter(`down ${x} ${y}`);
        return y === 0 ? 1 : grid.along(x, y - 1);
      }, options),
      along: memoize(function (this: { width: number }, x: number, y: number): number {
        runs.enter(`along ${x} ${y}`);
        return (x === this.width ? 0 : grid.along(x + 1, y)) + grid.down(x, y);
      }, options),
    };
    const along = (x: number, y: number): number => {
      let row = Array.from({ length: 41 }, () => 1);
      for (let level = 0; level <= y; level++) {
        const above = row;
        row = Array.from({ length: 41 }, () => 0);
        for (let i = 40; i >= 0; i--) row[i] = (row[i + 1] ?? 0) + above[i]!;
      }
      return row[x]!;
    };
    expect(grid.along(0, 30)).toBe(along(0, 30));
    expect(runs.total).toBeLessThanOrEqual(2 * runs.distinct);
  });

  test("through map and reduce", () => {
    let runs = 0;
    const partitions = memoize((n: number): number => {
      runs++;
      if (n < 3) return n;
      return [1, 2, 3].map((step) => partitions(n - step)).reduce((a, b) => (a + b) % 999_983, 0);
    }, options);
    const expected = [0, 1, 2];
    for (let n = 3; n <= 3000; n++) {
      expected.push((expected[n - 1]! + expected[n - 2]! + expected[n - 3]!) % 999_983);
    }

    expect(partitions(3000)).toBe(expected[3000]);
    expectBound(runs, partitions);
  });

  test("twenty plain frames between two memoized calls", () => {
    let runs = 0;
    const f = memoize((n: number): number => {
      runs++;
      return n === 0 ? 0 : under(20, () => f(n - 1)) + 1;
    }, options);

    expect(f(3000)).toBe(3000);
    expectBound(runs, f);
  });

  test("a recursive-descent parser that memoizes its rules by position", () => {
    const parser = arithmetic(options);
    const text = "(".repeat(400) + "1" + "+2*3)".repeat(400);
    expect(parser.parse(text)).toBe(1 + 6 * 400);
    expect(parser.runs()).toBeLessThanOrEqual(2 * parser.entries());
  });

  test("Ackermann, whose arguments are results", () => {
    const ackermann = memoize((m: number, n: number): number => {
      runs++;
      if (m === 0) return n + 1;
      if (n === 0) return ackermann(m - 1, 1);
      return ackermann(m - 1, ackermann(m, n - 1));
    }, options);
    let runs = 0;

    expect(ackermann(2, 300)).toBe(603);
    expect(ackermann(3, 7)).toBe(1021);
    expectBound(runs, ackermann);
  });

  test("Collatz", () => {
    let runs = 0;
    const steps = memoize((n: number): number => {
      runs++;
      return n === 1 ? 0 : steps(n % 2 === 0 ? n / 2 : 3 * n + 1) + 1;
    }, options);

    let longest = 0;
    for (let n = 1; n < 3000; n++) if (steps(n) > steps(longest || 1)) longest = n;
    expect(longest).toBe(2919);
    expect(steps(longest)).toBe(216);
    expect(steps(837_799)).toBe(524);
    expectBound(runs, steps);
  });

  test("a function of no arguments at the bottom, and of objects on the way", () => {
    let runs = 0;
    const bottom = memoize((): string => {
      runs++;
      return "bottom";
    }, options);
    const path = memoize((at: { x: number; tags: string[] }): string => {
      runs++;
      return at.x === 0 ? bottom() : path({ tags: [...at.tags], x: at.x - 1 });
    }, options);

    expect(path({ x: 1000, tags: ["a", "b"] })).toBe("bottom");
    expectBound(runs, path, bottom);
  });

  test("results of every kind cross a restart", () => {
    const kinds = [undefined, null, 0, -0, Number.NaN, "", false, 0n];
    for (const kind of kinds) {
      let runs = 0;
      const f = memoize((n: number): unknown => {
        runs++;
        return n === 0 ? kind : f(n - 1);
      }, options);
      expect(f(200)).toBe(kind);
      expectBound(runs, f);
    }
  });

  test("deep calls one after the other need no more than the first left open", () => {
    let runs = 0;
    const sum = memoize((n: number): number => {
      runs++;
      return n === 0 ? 0 : sum(n - 1) + 1;
    }, options);
    for (const n of [10, 1000, 999, 3000, 0, 5000, 4999]) expect(sum(n)).toBe(n);
    expectBound(runs, sum);
  });
});

describe("ordinary code of the function carries the recursion", () => {
  const depthLimit = 9;

  /** Recursion from within something of the language, one level of it per step. */
  const carriers: Record<string, (call: () => number) => number> = {
    "a comparator of sort": (call) => {
      let seen = 0;
      [2, 1].sort((a, b) => {
        seen = call();
        return a - b;
      });
      return seen;
    },
    "a reviver of JSON.parse": (call) => JSON.parse("1", () => call()) as number,
    "toJSON of JSON.stringify": (call) => Number(JSON.stringify({ toJSON: () => call() })),
    "toString in a join": (call) => Number([{ toString: () => String(call()) }].join()),
    "valueOf in a sum": (call) => +{ valueOf: () => call() },
    "Symbol.toPrimitive": (call) => +{ [Symbol.toPrimitive]: () => call() },
    "a getter": (call) =>
      ({
        get value() {
          return call();
        },
      }).value,
    "a proxy trap": (call) => new Proxy({ value: 0 }, { get: () => call() }).value,
    "a replacer of String.replace": (call) => Number("x".replace("x", () => String(call()))),
    "Array.from": (call) => Array.from([0], () => call())[0]!,
    "a generator that is spread": (call) =>
      [
        ...(function* () {
          yield call();
        })(),
      ][0]!,
    "an iterator that has to be closed": (call) => {
      let value = 0;
      const closing = {
        *[Symbol.iterator]() {
          try {
            yield 1;
          } finally {
            value++;
          }
        },
      };
      for (const _ of closing) {
        const result = call();
        return result;
      }
      return value;
    },
    "Reflect.apply": (call) => Reflect.apply<undefined, [], number>(call, undefined, []),
    "a bound function": (call) => call.bind(null)(),
    "a constructor": (call) =>
      new (class {
        readonly value = call();
      })().value,
    "a default parameter": (call) => ((value = call()) => value)(),
    "a destructuring default": (call) => {
      const { value = call() } = {} as { value?: number };
      return value;
    },
    "Array.prototype.find": (call) => {
      let value = 0;
      [1].find(() => {
        value = call();
        return true;
      });
      return value;
    },
    "Map.groupBy or forEach": (call) => {
      let value = 0;
      new Map([[1, 1]]).forEach(() => (value = call()));
      return value;
    },
  };

  test.each(Object.keys(carriers))("%s", (name) => {
    const carry = carriers[name]!;
    let runs = 0;
    const f = memoize(
      (n: number): number => {
        runs++;
        return n === 0 ? 0 : carry(() => f(n - 1)) + 1;
      },
      { depthLimit },
    );
    expect(f(400)).toBe(400);
    expectBound(runs, f);
  });

  test("the executor of a promise that the function returns", async () => {
    let runs = 0;
    const f = memoize(
      (n: number): Promise<number> => {
        runs++;
        if (n === 0) return Promise.resolve(0);
        return new Promise((resolve, reject) => {
          f(n - 1).then((value) => resolve(value + 1), reject);
        });
      },
      { depthLimit },
    );
    // A rejection that nobody handles fails the test run.
    await expect(f(400)).resolves.toBe(400);
    expectBound(runs, f);
  });

  test("the executor of a promise that the function keeps to itself", async () => {
    const seen: unknown[] = [];
    const f = memoize(
      (n: number): number => {
        if (n === 0) return 0;
        let value = 0;
        new Promise<void>((resolve) => {
          value = f(n - 1) + 1;
          resolve();
        }).catch((error: unknown) => seen.push(error));
        return value;
      },
      { depthLimit },
    );
    expect(f(400)).toBe(400);
    for (const [[n], value] of f.cache.entries()) expect(value).toBe(n);
    await Promise.resolve();
  });

  test("a sort by a memoized rank, with the sorted order right", () => {
    let runs = 0;
    const rank = memoize(
      (n: number): number => {
        runs++;
        return n === 0 ? 0 : (rank(n - 1) * 31 + n) % 1009;
      },
      { depthLimit },
    );
    const sorted = memoize(
      (size: number): number[] => {
        runs++;
        return Array.from({ length: size }, (_, i) => i * 3).sort((a, b) => rank(a) - rank(b));
      },
      { depthLimit },
    );
    const plain = [0];
    for (let n = 1; n < 900; n++) plain.push((plain[n - 1]! * 31 + n) % 1009);
    expect(sorted(300)).toEqual(
      Array.from({ length: 300 }, (_, i) => i * 3).sort((a, b) => plain[a]! - plain[b]!),
    );
    expectBound(runs, rank, sorted);
  });
});

describe("far deeper than any stack", () => {
  test("a chain of one million with the default limit", () => {
    let runs = 0;
    const sum = memoize((n: number): number => {
      runs++;
      return n === 0 ? 0 : n + sum(n - 1);
    });
    expect(sum(1_000_000)).toBe(500_000_500_000);
    expectBound(runs, sum);
    expect(sum.cache.stats().depth).toBe(1_000_001);
  });

  test("a grid of 1500 × 700", () => {
    const { a, b } = texts(1500, 700);
    let runs = 0;
    const lcs = memoize((i: number, j: number): number => {
      runs++;
      if (i === 0 || j === 0) return 0;
      if (a[i - 1] === b[j - 1]) return lcs(i - 1, j - 1) + 1;
      return Math.max(lcs(i - 1, j), lcs(i, j - 1));
    });
    expect(lcs(a.length, b.length)).toBe(lcsBottomUp(a, b));
    expectBound(runs, lcs);
  });

  test("a shallow function is never run twice", () => {
    let runs = 0;
    const fib = memoize((n: number): number => {
      runs++;
      return n < 2 ? n : fib(n - 1) + fib(n - 2);
    });
    expect(fib(1000)).toBe(4.346655768693743e208);
    expect(runs).toBe(1001);
    expect(fib.cache.stats()).toMatchObject({ runs: 1001, reruns: 0, depth: 1000 });
  });
});

function texts(length: number, otherLength: number): { a: string; b: string } {
  let seed = 12345;
  const letters = (count: number): string => {
    let text = "";
    for (let i = 0; i < count; i++) {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      text += "acgt"[(seed >> 8) & 3];
    }
    return text;
  };
  return { a: letters(length), b: letters(otherLength) };
}

function lcsBottomUp(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, () => 0);
  for (let i = 1; i <= a.length; i++) {
    const next = [0];
    for (let j = 1; j <= b.length; j++) {
      next.push(a[i - 1] === b[j - 1] ? row[j - 1]! + 1 : Math.max(row[j]!, next[j - 1]!));
    }
    row = next;
  }
  return row[b.length]!;
}

function distanceBottomUp(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, change));
    }
    row = next;
  }
  return row[b.length]!;
}

interface Parsed {
  readonly value: number;
  readonly end: number;
}

/** Sums, products and parentheses; every rule is memoized by its position, with plain helpers in between. */
function arithmetic(options: { depthLimit?: number }) {
  let runs = 0;
  let text = "";
  const expression = memoize((at: number): Parsed => {
    runs++;
    return list(at, "+", term, (a, b) => a + b);
  }, options);
  const term = memoize((at: number): Parsed => {
    runs++;
    return list(at, "*", factor, (a, b) => a * b);
  }, options);
  const factor = memoize((at: number): Parsed => {
    runs++;
    return under(12, () => choice(at, [parenthesized, digit]));
  }, options);

  function list(
    at: number,
    operator: string,
    rule: (at: number) => Parsed,
    join: (a: number, b: number) => number,
  ): Parsed {
    let { value, end } = rule(at);
    while (text[end] === operator) {
      const right = rule(end + 1);
      value = join(value, right.value);
      end = right.end;
    }
    return { value, end };
  }
  function choice(at: number, rules: ((at: number) => Parsed | undefined)[]): Parsed {
    for (const rule of rules) {
      const parsed = rule(at);
      if (parsed !== undefined) return parsed;
    }
    throw new SyntaxError(`unexpected ${text[at]} at ${at}`);
  }
  function parenthesized(at: number): Parsed | undefined {
    if (text[at] !== "(") return undefined;
    const inner = expression(at + 1);
    if (text[inner.end] !== ")") throw new SyntaxError(`expected ) at ${inner.end}`);
    return { value: inner.value, end: inner.end + 1 };
  }
  function digit(at: number): Parsed | undefined {
    const value = Number(text[at]);
    return Number.isNaN(value) ? undefined : { value, end: at + 1 };
  }

  return {
    parse(source: string): number {
      text = source;
      return expression(0).value;
    },
    runs: () => runs,
    entries: () => expression.cache.size + term.cache.size + factor.cache.size,
  };
}

describe.each([undefined, 1, 7, 40])("async functions, with a depth limit of %s", (depthLimit) => {
  const options = depthLimit === undefined ? {} : { depthLimit };
  const depth = 20_000;
  let unhandled = 0;
  const count = (): void => {
    unhandled++;
  };

  beforeEach(() => {
    unhandled = 0;
    process.on("unhandledRejection", count);
  });
  afterEach(async () => {
    await new Promise((resolve) => setTimeout(resolve, 0));
    process.off("unhandledRejection", count);
    expect(unhandled).toBe(0);
    afterwards();
  });

  test("recurse as deep as they like before the first await, each body once", async () => {
    const f = memoize(
      async (n: number): Promise<number> => (n === 0 ? 0 : (await f(n - 1)) + 1),
      options,
    );
    await expect(f(depth)).resolves.toBe(depth);
    expect(f.cache.stats()).toMatchObject({ runs: depth + 1, reruns: 0, entries: depth + 1 });
  });

  test("also if they catch everything", async () => {
    const f = memoize(async ({ n }: { n: number }): Promise<number> => {
      try {
        return n === 0 ? 0 : (await f({ n: n - 1 })) + 1;
      } catch {
        return -1;
      }
    }, options);
    await expect(f({ n: depth })).resolves.toBe(depth);
    expect(f.cache.stats()).toMatchObject({ runs: depth + 1, reruns: 0 });
  });

  test("also through async helpers that are not memoized", async () => {
    const helper = async (n: number): Promise<number> => f(n);
    const f = memoize(async (n: number): Promise<number> => {
      if (n < 2) return n;
      const [a, b] = [helper(n - 1), helper(n - 2)];
      return ((await a) + (await b)) % 1000;
    }, options);
    await expect(f(2500)).resolves.toBe(875);
    expect(f.cache.stats().reruns).toBe(0);
  });

  test("that wait for themselves at once are a cycle", async () => {
    const f: (n: number) => Promise<number> = memoize(async (n: number) => f(n), options);
    await expect(f(1)).rejects.toMatchObject({ code: "ERR_CYCLE" });
  });

  test("an entry that was removed before its run began stays removed", async () => {
    const f = memoize(
      async (n: number): Promise<number> => (n === 0 ? 0 : (await f(n - 1)) + 1),
      options,
    );
    const result = f(1000);
    f.cache.clear();
    await expect(result).resolves.toBe(1000);
    expect(f.cache.size).toBeLessThan(1001);
  });
});
