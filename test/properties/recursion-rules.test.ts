/**
 * The rules that keep restarting honest: what user code does with a suspension, with errors, with the stack and
 * with the cache while a drive is under way.
 */
import { keySymbol, memoize, RoteError } from "rote";
import type { Memoized } from "rote";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  afterwards,
  expectBound,
  expectBoundOnOverflow,
  isStackOverflow,
  nearOverflow,
  tally,
  thrownBy,
  under,
} from "../support/recursion.ts";

let runs = tally();
beforeEach(() => {
  runs = tally();
});
afterEach(afterwards);

const limits = [1, 2, 7, 40, undefined];

function limited(depthLimit: number | undefined): { depthLimit?: number } {
  return depthLimit === undefined ? {} : { depthLimit };
}

describe.each(limits)("user code that catches, with a depth limit of %s", (depthLimit) => {
  const options = limited(depthLimit);
  const depth = 3000;

  test("a catch that swallows everything never sees its fallback used", () => {
    const f = memoize((n: number): number => {
      runs.enter(n);
      if (n === 0) return 0;
      try {
        return f(n - 1) + 1;
      } catch {
        return -1;
      }
    }, options);

    expect(f(depth)).toBe(depth);
    for (const [[n], value] of f.cache.entries()) expect(value).toBe(n);
    expectBound(runs.total, f);
  });

  test("a swallowing catch between memoized calls of two functions", () => {
    const f = memoize((n: number): number => {
      runs.enter(`f ${n}`);
      return n === 0 ? 0 : safely(() => g(n - 1)) + 1;
    }, options);
    const g = memoize((n: number): number => {
      runs.enter(`g ${n}`);
      return n === 0 ? 0 : under(2, () => f(n - 1)) + 1;
    }, options);
    const safely = (call: () => number): number => {
      try {
        return call();
      } catch {
        return 1e9;
      }
    };

    expect(f(depth)).toBe(depth);
    for (const [[n], value] of [...f.cache.entries(), ...g.cache.entries()]) expect(value).toBe(n);
    expectBound(runs.total, f, g);
  });

  test("nothing that was computed under a swallowed suspension is kept, even several frames up", () => {
    const bottom = memoize((n: number): number => {
      runs.enter(`bottom ${n}`);
      return n === 0 ? 0 : bottom(n - 1) + 1;
    }, options);
    const swallow = memoize((n: number): number => {
      runs.enter(`swallow ${n}`);
      try {
        return bottom(n);
      } catch {
        return -1;
      }
    }, options);
    const above = memoize((n: number): number => {
      runs.enter(`above ${n}`);
      return n === 0 ? swallow(depth) : above(n - 1) + swallow(depth);
    }, options);

    expect(above(30)).toBe(31 * depth);
    expect(swallow.cache.peek(depth)).toBe(depth);
    for (const [[n], value] of above.cache.entries()) expect(value).toBe((n + 1) * depth);
    expectBound(runs.total, bottom, swallow, above);
  });

  test("a finally that returns something else", () => {
    const f = memoize((n: number): number => {
      runs.enter(n);
      let value = -1;
      try {
        value = n === 0 ? 0 : f(n - 1) + 1;
      } finally {
        // oxlint-disable-next-line no-unsafe-finally -- what is under test
        return value;
      }
    }, options);

    expect(f(depth)).toBe(depth);
    expectBound(runs.total, f);
  });

  test("a catch that wraps what it caught and throws on", () => {
    const f = memoize((n: number): number => {
      runs.enter(n);
      try {
        return n === 0 ? 0 : f(n - 1) + 1;
      } catch (cause) {
        throw new Error(`at ${n}`, { cause });
      }
    }, options);

    expect(f(depth)).toBe(depth);
    expectBound(runs.total, f);
  });

  test("a catch that calls another memoized function instead", () => {
    const f = memoize((n: number): number => {
      runs.enter(`f ${n}`);
      if (n === 0) return 0;
      try {
        return f(n - 1) + 1;
      } catch {
        return other(n);
      }
    }, options);
    const other = memoize((n: number): number => {
      runs.enter(`other ${n}`);
      return -n;
    }, options);

    expect(f(depth)).toBe(depth);
    for (const [[n], value] of f.cache.entries()) expect(value).toBe(n);
    for (const [[n], value] of other.cache.entries()) expect(value).toBe(-n);
  });

  test("a finally that calls the function again", () => {
    const f = memoize((n: number): number => {
      runs.enter(`f ${n}`);
      if (n === 0) return 0;
      try {
        return f(n - 1) + 1;
      } finally {
        if (n > 1) f(n - 2);
      }
    }, options);

    expect(f(depth)).toBe(depth);
    expectBound(runs.total, f);
  });

  test("a finally that starts a deep recursion of its own", () => {
    const f = memoize((n: number): number => {
      runs.enter(`f ${n}`);
      if (n === 0) return 0;
      try {
        return f(n - 1) + 1;
      } finally {
        cleanup(n);
      }
    }, options);
    const cleanup = memoize((n: number): number => {
      runs.enter(`cleanup ${n}`);
      return n === 0 ? 0 : cleanup(n - 1) + 2;
    }, options);

    expect(f(depth)).toBe(depth);
    expect(cleanup(depth)).toBe(2 * depth);
    expectBound(runs.total, f, cleanup);
  });

  test("a loop that retries until it succeeds does not spin", () => {
    let tries = 0;
    const f = memoize((n: number): number => {
      runs.enter(n);
      if (n === 0) return 0;
      for (;;) {
        if (++tries > 1_000_000) throw new Error("it spins");
        try {
          return f(n - 1) + 1;
        } catch (error) {
          if ((error as Error).message === "it spins") throw error;
        }
      }
    }, options);

    expect(f(300)).toBe(300);
    expect(tries).toBeLessThanOrEqual(20 * 300);
    for (const [[n], value] of f.cache.entries()) expect(value).toBe(n);
    expect(runs.total).toBeLessThanOrEqual(2 * 301);
  });

  test("a loop that tries every smaller call and swallows each refusal", () => {
    const size = 150;
    const f = memoize((n: number): number => {
      runs.enter(n);
      let sum = 1;
      for (let k = n - 1; k >= 0; k--) {
        try {
          sum = (sum + f(k)) % 1_000_003;
        } catch {
          sum = -1;
        }
      }
      return sum;
    }, options);
    const expected: number[] = [];
    for (let n = 0; n <= size; n++) {
      expected.push(expected.reduce((a, b) => (a + b) % 1_000_003, 1));
    }

    expect(f(size)).toBe(expected[size]);
    for (const [[n], value] of f.cache.entries()) expect(value).toBe(expected[n]);
    expectBound(runs.total, f);
  });

  test("a retry that gives up after three tries never shows its fallback", () => {
    const f = memoize((n: number): number => {
      runs.enter(n);
      if (n === 0) return 0;
      for (let attempt = 0; attempt < 3; attempt++) {
        try {
          return f(n - 1) + 1;
        } catch {
          // Again.
        }
      }
      return -1;
    }, options);

    expect(f(300)).toBe(300);
    for (const [[n], value] of f.cache.entries()) expect(value).toBe(n);
  });
});

test("retrying where the stack leaves no room ends with the answer or an honest error", () => {
  const depth = 60_000;
  const f = memoize(
    (n: number): number => {
      if (n === 0) return 0;
      let last: unknown;
      for (let attempt = 0; attempt < 50; attempt++) {
        try {
          return f(n - 1) + 1;
        } catch (error) {
          if (error instanceof RoteError) throw error;
          last = error;
        }
      }
      throw last;
    },
    { depthLimit: 10 },
  );

  let outcome: unknown;
  try {
    outcome = f(depth);
  } catch (error) {
    outcome = error;
  }
  if (outcome instanceof Error) {
    expect(outcome).toBeInstanceOf(RoteError);
    expect(outcome).toMatchObject({ code: "ERR_DEPTH" });
    expect(outcome.message).toMatch(/\bf\b|recursion|deep/i);
  } else {
    expect(outcome).toBe(depth);
  }
  for (const [[n], value] of f.cache.entries()) expect(value).toBe(n);
});

describe.each(limits)("errors, with a depth limit of %s", (depthLimit) => {
  const options = limited(depthLimit);
  const depth = 3000;

  test("an error at the bottom reaches the caller unchanged, and a failing chain runs once", () => {
    const problem = new TypeError("bottom");
    const f = memoize((n: number): number => {
      runs.enter(n);
      if (n === 0) throw problem;
      return f(n - 1) + 1;
    }, options);

    expect(thrownBy(() => f(depth))).toBe(problem);
    expect(runs.of(0)).toBe(1);
    expect(runs.distinct).toBe(depth + 1);
    expect(runs.total).toBeLessThanOrEqual(2 * (depth + 1));
    expect(f.cache.size).toBe(0);
    expect(f.cache.stats().pinned).toBe(0);

    expect(thrownBy(() => f(0))).toBe(problem);
    expect(runs.of(0)).toBe(2);
  });

  test.each([["undefined"], ["null"], ["0"], ["a string"], ["a frozen object"], ["a promise"]])(
    "%s thrown at the bottom reaches the caller as it is",
    (kind) => {
      const thrown = {
        undefined: undefined,
        null: null,
        "0": 0,
        "a string": "text",
        "a frozen object": Object.freeze({ frozen: true }),
        "a promise": Promise.resolve(1),
      }[kind];
      const f = memoize((n: number): number => {
        if (n === 0) throw thrown;
        return f(n - 1) + 1;
      }, options);

      let caught: unknown = "nothing";
      try {
        f(500);
      } catch (error) {
        caught = error;
      }
      expect(caught).toBe(thrown);
      expect(f.cache.size).toBe(0);
    },
  );

  test("an error caught half-way: what lies above it is computed, what lies below is not kept", () => {
    const problem = new Error("bottom");
    const caught: unknown[] = [];
    const f = memoize((n: number): number => {
      runs.enter(n);
      if (n === 0) throw problem;
      if (n !== depth / 2) return f(n - 1) + 1;
      try {
        return f(n - 1) + 1;
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        caught.push(error);
        return 1_000_000;
      }
    }, options);

    expect(f(depth)).toBe(1_000_000 + depth / 2);
    expect(runs.of(0)).toBe(1);
    expect(runs.total).toBeLessThanOrEqual(2 * (depth + 1));
    expect(caught.at(-1)).toBe(problem);
    expect(f.cache.size).toBe(depth / 2 + 1);
    expect(f.cache.has(depth / 2 - 1)).toBe(false);
    expect(f.cache.stats().pinned).toBe(0);
  });

  test("a function that every level asks for and that fails runs once in a drive", () => {
    const inADrive = (depthLimit ?? 2000) < 100;
    const problem = new Error("never");
    const failing = memoize((): number => {
      runs.enter("failing");
      throw problem;
    }, options);
    const f = memoize((n: number): number => {
      runs.enter(n);
      if (n === 0) return 0;
      const below = f(n - 1);
      try {
        return below + failing();
      } catch (error) {
        if (error !== problem) throw error;
        return below + 1;
      }
    }, options);

    expect(f(100)).toBe(100);
    expect(runs.of("failing")).toBe(inADrive ? 1 : 100);
    expect(failing.cache.size).toBe(0);
    for (const [[n], value] of f.cache.entries()) expect(value).toBe(n);
  });

  test("every level adds to the error on its way up", () => {
    class Trail extends Error {
      readonly steps: number;
      constructor(steps: number) {
        super(`${steps} steps`);
        this.steps = steps;
      }
    }
    const f = memoize((n: number): number => {
      runs.enter(n);
      if (n === 0) throw new Trail(0);
      try {
        return f(n - 1);
      } catch (error) {
        if (error instanceof Trail) throw new Trail(error.steps + 1);
        throw error;
      }
    }, options);

    expect(thrownBy(() => f(1000))).toMatchObject({ steps: 1000 });
    expect(runs.of(0)).toBe(1);
    expect(runs.total).toBeLessThanOrEqual(2 * 1001);
  });

  test("a failure in one call leaves nothing to trip over in the next", () => {
    let broken = true;
    const f = memoize((n: number): number => {
      if (n === 0 && broken) throw new Error("broken");
      return n === 0 ? 0 : f(n - 1) + 1;
    }, options);

    expect(() => f(depth)).toThrow("broken");
    broken = false;
    expect(f(depth)).toBe(depth);
    expect(f.cache.size).toBe(depth + 1);
  });

  test("a RangeError of the user's is no stack overflow", () => {
    const mistakes: Record<string, () => unknown> = {
      "new Array(-1)": () => Array.from({ length: 1 }).concat(new Array(-1)),
      repeat: () => "x".repeat(-1),
      toFixed: () => (1).toFixed(101),
      "its own": () => {
        throw new RangeError("out of stock: the call stack is fine");
      },
      "a subclass": () => {
        throw new (class Special extends RangeError {})("special");
      },
    };
    for (const [name, mistake] of Object.entries(mistakes)) {
      const entered = tally();
      let original: unknown;
      const f = memoize((n: number): number => {
        entered.enter(n);
        if (n > 0) return f(n - 1) + 1;
        try {
          return Number(mistake());
        } catch (error) {
          original = error;
          throw error;
        }
      }, options);

      expect(
        thrownBy(() => f(500)),
        name,
      ).toBe(original);
      expect(entered.of(0), name).toBe(1);
      expect(entered.total, name).toBeLessThanOrEqual(2 * 501);
    }
  });
});

describe.each(limits)("cycles, with a depth limit of %s", (depthLimit) => {
  const options = limited(depthLimit);

  test("a call that needs itself is named, and so is the way round", () => {
    const f = memoize((n: number): number => g(n - 1), { ...options, name: "f" });
    const g = memoize((n: number): number => f(n + 1), { ...options, name: "g" });

    const error = thrownBy(() => f(3));
    expect(error).toBeInstanceOf(RoteError);
    expect(error).toMatchObject({ code: "ERR_CYCLE" });
    expect((error as Error).message).toContain("f(3) → g(2) → f(3)");
    expect(f.cache.size + g.cache.size).toBe(0);
  });

  test("a function that calls itself with the same argument", () => {
    const f = memoize((n: number): number => f(n), { ...options, name: "f" });
    expect((thrownBy(() => f(1)) as Error).message).toContain("f(1) → f(1)");
    expect(thrownBy(() => f(1))).toMatchObject({ code: "ERR_CYCLE" });
  });

  test("a function without arguments", () => {
    const f = memoize((): number => f(), { ...options, name: "f" });
    expect((thrownBy(() => f()) as Error).message).toContain("f() → f()");
  });

  test("the way into a cycle is no part of it", () => {
    const f = memoize((n: number): number => f(n > 5 ? n - 1 : n === 4 ? 5 : 4), {
      ...options,
      name: "f",
    });
    const { message } = thrownBy(() => f(60)) as Error;
    expect(message).toMatch(/f\(5\) → f\(4\) → f\(5\)/);
    expect(message).not.toContain("f(6)");
  });

  test("a cycle longer than the limit ends too", () => {
    const length = 5000;
    const f = memoize((n: number): number => {
      runs.enter(n);
      return f((n + 1) % length);
    }, options);
    expect(thrownBy(() => f(7))).toMatchObject({ code: "ERR_CYCLE" });
    expect(runs.total).toBeLessThanOrEqual(5 * length);
    expect(f.cache.size).toBe(0);
  });

  test("a cycle below a deep chain", () => {
    const f = memoize((n: number): number => (n > 0 ? f(n - 1) : g(1)), { ...options, name: "f" });
    const g = memoize((n: number): number => g(3 - n), { ...options, name: "g" });
    const error = thrownBy(() => f(3000)) as Error;
    expect(error).toMatchObject({ code: "ERR_CYCLE" });
    expect(error.message).toMatch(/g\(1\) → g\(2\) → g\(1\)|g\(2\) → g\(1\) → g\(2\)/);
    expect(error.message).not.toContain("f(");
  });

  test("numbers, booleans and bigints are shown, every other argument by its type only", () => {
    const f = memoize((...args: unknown[]): unknown => f(...args), { ...options, name: "f" });
    const secret = { password: "hunter2" };
    const { message } = thrownBy(() =>
      f(-0.5, true, 12n, "hunter2", secret, ["hunter2"], () => "hunter2", null, undefined),
    ) as Error;
    expect(message).toMatch(/-0\.5/);
    expect(message).toMatch(/true/);
    expect(message).toMatch(/12n/);
    expect(message).toMatch(/string/);
    expect(message).toMatch(/[Oo]bject/);
    expect(message).not.toContain("hunter2");
    expect(message).not.toContain("password");
  });

  test("a cycle may be caught where the call was made", () => {
    const f = memoize((n: number): number => g(n - 1) + 1, options);
    const g = memoize((n: number): number => {
      try {
        return f(n + 1);
      } catch (error) {
        if (!(error instanceof RoteError)) throw error;
        expect(error.code).toBe("ERR_CYCLE");
        return 40;
      }
    }, options);
    expect(f(3)).toBe(41);
  });

  test("the same function for other arguments is no cycle", () => {
    const f = memoize((n: number, text: string): string => {
      return n === 0 ? text : f(n - 1, text) + f(n - 1, "x");
    }, options);
    expect(f(8, "a")).toHaveLength(256);
  });

  test("a retry of the same key after a caught error is no cycle", () => {
    let attempts = 0;
    const unlucky = memoize((n: number): number => {
      runs.enter(n);
      if (n > 0) return unlucky(n - 1) + 1;
      if (++attempts < 3) throw new Error("not yet");
      return 0;
    });
    const patient = memoize((n: number): number => {
      for (let attempt = 0; ; attempt++) {
        try {
          return unlucky(n);
        } catch (error) {
          if (attempt === 5) throw error;
        }
      }
    });
    expect(patient(20)).toBe(20);
    expect(attempts).toBe(3);
  });

  test("what failed and was caught fails again, as itself and not as a cycle", () => {
    const caught: unknown[] = [];
    const outcome = (call: () => number): number => {
      try {
        return call();
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        caught.push(error.message);
        return 1;
      }
    };
    // Each of the frames that the failure left behind, asked for again one by one, in the other order.
    const top = memoize((n: number): number => {
      caught.length = 0;
      return outcome(() => middle(n)) + outcome(() => bottom(n)) + outcome(() => middle(n));
    }, options);
    const middle = memoize((n: number): number => under(3, () => bottom(n)), options);
    const bottom = memoize((_n: number): number => {
      throw new Error("broken");
    }, options);
    expect(top(3)).toBe(3);
    expect(caught).toEqual(["broken", "broken", "broken"]);
  });

  test("stale frames below a deep call after a caught error are not taken for pending ones", () => {
    const down = memoize((n: number, fail: boolean): number => {
      if (n === 0) {
        if (fail) throw new Error("bottom");
        return 0;
      }
      return down(n - 1, fail) + 1;
    }, options);
    // The frames (n, true) of the first descent, then the same keys from the other end.
    const up = memoize((n: number): number => {
      try {
        return down(n, true);
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        return n === 0 ? down(60, false) : up(n - 1);
      }
    }, options);
    expect(up(60)).toBe(60);
  });
});

test("frames that a caught error left behind do not look like a cycle", () => {
  // a(3) → b(3) → c(3) fails; then, from a(3) again, c(3) and b(3) succeed one level nearer.
  let broken = true;
  const a = memoize((n: number): number => {
    try {
      return b(n);
    } catch {
      broken = false;
      return c(n) + b(n);
    }
  });
  const b = memoize((n: number): number => (broken ? c(n) : 10 + d(n)));
  const c = memoize((n: number): number => {
    if (broken) throw new Error("broken");
    return 100 + b(n);
  });
  const d = memoize((n: number): number => (n === 0 ? 1 : d(n - 1)));
  expect(a(3)).toBe(122);
});

test("a body that does not go deep runs once, whatever it catches", () => {
  const failing = memoize((n: number): number => {
    throw new Error(`no ${n}`);
  });
  const lookUp = memoize((n: number): number => {
    runs.enter(n);
    let sum = 0;
    for (let i = 0; i < 5; i++) {
      try {
        sum += under(3, () => failing(i));
      } catch {
        sum += 1;
      }
    }
    return sum + (n === 0 ? 0 : lookUp(n - 1));
  });
  expect(lookUp(9)).toBe(50);
  expect(runs.total).toBe(10);
  expect(lookUp.cache.stats()).toMatchObject({ runs: 10, reruns: 0 });
});

test("a body that does not go deep runs once, if it catches one error and throws another", () => {
  const failing = memoize((n: number): number => {
    runs.enter(`failing ${n}`);
    throw new Error(`no ${n}`);
  });
  const translate = memoize((n: number): number => {
    runs.enter(`translate ${n}`);
    try {
      return failing(n);
    } catch {
      throw new TypeError("translated");
    }
  });
  const outer = memoize((n: number): number => {
    runs.enter(`outer ${n}`);
    return translate(n) + 1;
  });
  expect(thrownBy(() => outer(1))).toBeInstanceOf(TypeError);
  expect(runs.total).toBe(3);
});

describe("the stack of the caller and of the bodies", () => {
  test.each([5000, 2000, 1000])(
    "a call from a stack with room for about %i small frames is answered",
    (margin) => {
      const f = memoize((n: number): number => {
        runs.enter(n);
        return n === 0 ? 0 : f(n - 1) + 1;
      });
      expect(nearOverflow(margin, () => f(20_000))).toBe(20_000);
      expectBoundOnOverflow(runs.total, f);
    },
  );

  test.each([0, 1, 2, 3, 5, 10, 20, 30, 50, 70, 100, 150, 200, 300, 500])(
    "a call from a stack with room for %i small frames is answered or fails honestly",
    (margin) => {
      const f = memoize((n: number): number => (n === 0 ? 0 : f(n - 1) + 1));
      let outcome: unknown;
      try {
        outcome = nearOverflow(margin, () => f(5000));
      } catch (error) {
        outcome = error;
      }
      if (outcome instanceof RoteError) expect(outcome.code).toBe("ERR_DEPTH");
      else if (outcome instanceof Error) expect(isStackOverflow(outcome)).toBe(true);
      else expect(outcome).toBe(5000);

      for (const [[n], value] of f.cache.entries()) expect(value).toBe(n);
      expect(f(5000)).toBe(5000);
      afterwards();
    },
  );

  test("bodies with big frames overflow the engine's stack before the limit, and are answered", () => {
    const f = bigFrames(() => runs.enter("body"));
    expect(f(8000)).toBe(8000);
    expectBoundOnOverflow(runs.total, f);
  });

  test("bodies that spread large arrays are answered", () => {
    const values = Array.from({ length: 5000 }, (_, i) => i);
    const wide = (...all: number[]): number => f(all[0]!);
    const f = memoize((n: number): number => {
      runs.enter(n);
      if (n === 0) return 0;
      return wide(n - 1, ...values) + 1;
    });
    expect(f(1500)).toBe(1500);
    expectBoundOnOverflow(runs.total, f);
  });

  test("three hundred plain frames between two memoized calls", () => {
    const f = memoize((n: number): number => {
      runs.enter(n);
      return n === 0 ? 0 : under(300, () => f(n - 1)) + 1;
    });
    expect(f(2000)).toBe(2000);
    expectBoundOnOverflow(runs.total, f);
  });

  test("no limit at all but the engine's", () => {
    const f = memoize(
      (n: number): number => {
        runs.enter(n);
        return n === 0 ? 0 : f(n - 1) + 1;
      },
      { depthLimit: Number.MAX_SAFE_INTEGER },
    );
    expect(f(100_000)).toBe(100_000);
    expectBoundOnOverflow(runs.total, f);
  });

  test("an overflow that a body causes all by itself reaches the caller", () => {
    const endless = (): number => endless() + 1;
    const f = memoize((): number => {
      runs.enter("f");
      return endless();
    });
    expect(isStackOverflow(thrownBy(() => f()))).toBe(true);
    expect(runs.total).toBeLessThanOrEqual(3);
    expect(f.cache.size).toBe(0);
  });

  test("an overflow that a body causes all by itself, at the bottom of a deep chain", () => {
    const endless = (): number => endless() + 1;
    const f = memoize(
      (n: number): number => {
        runs.enter(n);
        return n === 0 ? endless() : f(n - 1) + 1;
      },
      { depthLimit: 20 },
    );
    expect(isStackOverflow(thrownBy(() => f(500)))).toBe(true);
    expect(runs.total).toBeLessThanOrEqual(2 * 501 + 3);
    expect(f.cache.size).toBe(0);
  });

  test("an overflow that a body causes and catches itself is its own affair", () => {
    const measure = (): number => {
      let depth = 0;
      const down = (): void => {
        depth++;
        down();
      };
      try {
        down();
      } catch {
        return depth;
      }
      return -1;
    };
    const f = memoize(
      (n: number): number => {
        runs.enter(n);
        return n === 0 ? Math.sign(measure()) : f(n - 1) + 1;
      },
      { depthLimit: 20 },
    );
    expect(f(100)).toBe(101);
    expectBoundOnOverflow(runs.total, f);
  });

  test("memoized recursion without end fails, and does not hang", () => {
    const f = memoize(
      (n: number): number => {
        if (runs.total === 50_000) throw new Error("far enough");
        runs.enter("f");
        return f(n + 1);
      },
      { depthLimit: 50 },
    );
    expect(() => f(0)).toThrow("far enough");
  });

  /** The other engines' words for it, thrown when 30 bodies are on the stack. */
  test.each([
    ["V8", () => new RangeError("Maximum call stack size exceeded")],
    ["JavaScriptCore", () => new RangeError("Maximum call stack size exceeded.")],
    [
      "SpiderMonkey",
      () => {
        class InternalError extends Error {}
        Object.defineProperty(InternalError.prototype, "name", { value: "InternalError" });
        return new InternalError("too much recursion");
      },
    ],
  ])("an overflow as %s spells it is turned into a restart", (_engine, overflow) => {
    let depth = 0;
    const f = memoize((n: number): number => {
      runs.enter(n);
      if (++depth > 30) {
        depth--;
        throw overflow();
      }
      try {
        return n === 0 ? 0 : f(n - 1) + 1;
      } finally {
        depth--;
      }
    });
    expect(f(500)).toBe(500);
    expect(f.cache.size).toBe(501);
  });

  test("a deep caller does not slow later callers down for good", () => {
    const deep = memoize((n: number): number => (n === 0 ? 0 : deep(n - 1) + 1));
    nearOverflow(1000, () => deep(3000));
    const fresh = memoize((n: number): number => (n === 0 ? 0 : fresh(n - 1) + 1));
    expect(fresh(500)).toBe(500);
    expect(fresh.cache.stats().reruns).toBe(0);
  });
});

describe("the cache in the middle of a drive", () => {
  const options = { depthLimit: 5 };

  test.each([1, 2, 7, 100])(
    "clear() in every %ith body neither loops nor answers wrongly",
    (every) => {
      const f = memoize((n: number): number => {
        runs.enter(n);
        if (n % every === 0) f.cache.clear();
        return n === 0 ? 0 : f(n - 1) + 1;
      }, options);
      expect(f(1000)).toBe(1000);
      expect(runs.total).toBeLessThanOrEqual(2 * 1001);
      for (const [[n], value] of f.cache.entries()) expect(value).toBe(n);
      expect(f.cache.stats().pinned).toBe(0);
    },
  );

  test("clear() after each result", () => {
    const f = memoize((n: number): number => {
      runs.enter(n);
      const value = n === 0 ? 0 : f(n - 1) + 1;
      f.cache.clear();
      return value;
    }, options);
    expect(f(1000)).toBe(1000);
    expect(runs.total).toBeLessThanOrEqual(2 * 1001);
    expect(f.cache.stats().pinned).toBe(0);
  });

  test("clear() of a grid, whose cells are asked for more than once", () => {
    const paths = memoize((x: number, y: number): number => {
      runs.enter(`${x} ${y}`);
      if (x === 0 || y === 0) return 1;
      const value = (paths(x - 1, y) + paths(x, y - 1)) % 1_000_003;
      if ((x + y) % 5 === 0) paths.cache.clear();
      return value;
    }, options);
    let row = Array.from({ length: 13 }, () => 1);
    for (let x = 1; x <= 12; x++) {
      const next = [1];
      for (let y = 1; y <= 12; y++) next.push((next[y - 1]! + row[y]!) % 1_000_003);
      row = next;
    }
    expect(paths(12, 12)).toBe(row[12]);
    // Deeper than the limit, so there is a drive; its table keeps what clear() removes.
    expect(runs.total).toBeLessThanOrEqual(2 * runs.distinct);
  });

  test("delete() of what was just computed", () => {
    const f = memoize((n: number): number => {
      runs.enter(n);
      if (n === 0) return 0;
      const value = f(n - 1) + 1;
      f.cache.delete(n - 1);
      return value;
    }, options);
    expect(f(1000)).toBe(1000);
    expect(runs.total).toBeLessThanOrEqual(2 * 1001);
    expect(f.cache.stats().pinned).toBe(0);
    expect(f.cache.has(1000)).toBe(true);
  });

  test("set() of what has not been computed is found by the calls that follow", () => {
    const f = memoize((n: number): number => {
      runs.enter(n);
      if (n === 60) f.cache.set([40], 1000);
      return n === 0 ? 0 : f(n - 1) + 1;
    }, options);
    expect(f(100)).toBe(1060);
    expect(runs.of(40)).toBe(0);
    expect(f.cache.peek(40)).toBe(1000);
    expect(f.cache.has(39)).toBe(false);
  });

  test("refresh() from within a body", () => {
    const base = memoize((n: number): number => {
      runs.enter(`base ${n}`);
      return n === 0 ? 0 : base(n - 1) + 1;
    }, options);
    const f = memoize((n: number): number => {
      runs.enter(`f ${n}`);
      if (n === 0) return base.cache.refresh(300);
      return f(n - 1) + 1;
    }, options);
    expect(f(50)).toBe(350);
    expect(base.cache.refresh(300)).toBe(300);
  });

  test("clear() of everything once the drive is over leaves nothing pinned", () => {
    const f = memoize((n: number): number => (n === 0 ? 0 : f(n - 1) + 1), options);
    expect(f(100)).toBe(100);
    f.cache.clear();
    expect(f.cache.stats()).toMatchObject({ entries: 0, pinned: 0 });
    expect(f(100)).toBe(100);
  });
});

describe("callbacks of the library are outermost calls of their own", () => {
  const options = { depthLimit: 5 };

  function deepFunction() {
    const entered = tally();
    const deep = memoize((n: number): number => {
      entered.enter(n);
      return n === 0 ? 0 : deep(n - 1) + 1;
    }, options);
    return { deep, entered };
  }

  test("a key function that calls a deep memoized function", () => {
    const { deep, entered } = deepFunction();
    const f = memoize(
      (n: number): number => {
        runs.enter(n);
        return n === 0 ? 0 : f(n - 1) + 1;
      },
      { ...options, key: (n: number) => deep(n * 3) },
    );
    expect(f(400)).toBe(400);
    expectBound(runs.total, f);
    expect(entered.total).toBeLessThanOrEqual(2 * entered.distinct);
  });

  test("a getter in an argument that calls a deep memoized function", () => {
    const { deep, entered } = deepFunction();
    const f = memoize((n: number, at: { readonly x: number }): number => {
      runs.enter(n);
      if (n === 0) return at.x;
      return f(n - 1, {
        get x() {
          return deep(1200);
        },
      });
    }, options);
    expect(f(300, { x: 5 })).toBe(1200);
    expect(runs.total).toBeLessThanOrEqual(2 * 301);
    expect(entered.total).toBeLessThanOrEqual(2 * entered.distinct);
  });

  test("[keySymbol]() that calls a deep memoized function", () => {
    const { deep, entered } = deepFunction();
    class Place {
      readonly n: number;
      constructor(n: number) {
        this.n = n;
      }
      [keySymbol](): number {
        return deep(this.n * 2);
      }
    }
    const f = memoize((place: Place): number => {
      runs.enter(place.n);
      return place.n === 0 ? 0 : f(new Place(place.n - 1)) + 1;
    }, options);
    expect(f(new Place(500))).toBe(500);
    expectBound(runs.total, f);
    expect(entered.total).toBeLessThanOrEqual(2 * entered.distinct);
  });

  test("a proxy in the arguments whose traps call a deep memoized function", () => {
    const { deep, entered } = deepFunction();
    const f = memoize((n: number, at: { x: number }): number => {
      runs.enter(n);
      if (n === 0) return at.x;
      return f(n - 1, new Proxy({ x: 1 }, { get: () => deep(700) }));
    }, options);
    expect(f(100, { x: 5 })).toBe(700);
    expect(entered.total).toBeLessThanOrEqual(2 * entered.distinct);
  });

  test("a callback that throws throws at the call, and nothing else is disturbed", () => {
    const problem = new Error("from the getter");
    const f = memoize((n: number, at: { readonly x: number }): number => {
      runs.enter(n);
      if (n > 0) return f(n - 1, at) + 1;
      try {
        return f(-1, {
          get x(): number {
            throw problem;
          },
        });
      } catch (error) {
        if (error !== problem) throw error;
        return 7;
      }
    }, options);
    expect(f(50, { x: 1 })).toBe(57);
  });

  test.each([0, 3, 50])("a cycle through a getter is seen, %i calls below the top", (below) => {
    const g = memoize((at: { readonly x: number }): number => at.x, { ...options, name: "g" });
    const f = memoize(
      (n: number): number => {
        runs.enter(n);
        if (runs.total > 10_000) throw new Error("no end in sight");
        if (n > 3) return f(n - 1);
        return g({
          get x() {
            return f(3);
          },
        });
      },
      { ...options, name: "f" },
    );
    const error = thrownBy(() => f(3 + below)) as Error;
    expect(error).toMatchObject({ code: "ERR_CYCLE" });
    expect(error.message).toContain("f(3)");
  });

  test("a key function that fails deep down does not disturb the recursion around it", () => {
    const { deep } = deepFunction();
    const f = memoize(
      (n: number): number => {
        if (n === 0) return 0;
        let bonus = 0;
        try {
          f(-n);
        } catch (error) {
          if (!(error instanceof Error) || error.message !== "negative") throw error;
          bonus = 1;
        }
        return f(n - 1) + bonus;
      },
      {
        ...options,
        key: (n: number) => {
          if (n < 0 && deep(300) === 300) throw new Error("negative");
          return n;
        },
      },
    );
    expect(f(120)).toBe(120);
  });
});

describe('recursion: "off"', () => {
  test("every body runs once and is counted as it is", () => {
    const f = memoize(
      (n: number): number => {
        runs.enter(n);
        return n === 0 ? 0 : f(n - 1) + 1;
      },
      { recursion: "off" },
    );
    expect(f(500)).toBe(500);
    expect(runs.total).toBe(501);
    expect(f.cache.stats()).toMatchObject({ runs: 501, reruns: 0 });
  });

  test("a recursion too deep for the stack overflows it, as the plain function would", () => {
    const f = memoize((n: number): number => (n === 0 ? 0 : f(n - 1) + 1), { recursion: "off" });
    expect(isStackOverflow(thrownBy(() => f(1_000_000)))).toBe(true);
    expect(f(100)).toBe(100);
  });

  test("a body is not run twice because of a function below it that restarts", () => {
    const restarting = memoize((n: number): number => (n === 0 ? 0 : restarting(n - 1) + 1), {
      depthLimit: 5,
    });
    const once = memoize(
      (n: number): number => {
        runs.enter(n);
        return restarting(n) + 1;
      },
      { recursion: "off" },
    );
    const above = memoize((n: number): number => (n === 0 ? once(100) : above(n - 1) + 1), {
      depthLimit: 5,
    });

    expect(once(200)).toBe(201);
    expect(runs.of(200)).toBe(1);
    expect(above(3)).toBe(104);
    expect(runs.of(100)).toBe(1);
  });
});

describe("depth and reruns as stats() tells them", () => {
  test("as many runs as the limit allows fit without a rerun, one more does not", () => {
    for (const depthLimit of [1, 2, 10, 100]) {
      const make = () => {
        const f = memoize((n: number): number => (n === 0 ? 0 : f(n - 1) + 1), { depthLimit });
        return f;
      };
      const fits = make();
      fits(depthLimit - 1);
      expect(fits.cache.stats()).toMatchObject({ reruns: 0, depth: depthLimit });
      const over = make();
      over(depthLimit);
      expect(over.cache.stats().reruns).toBeGreaterThan(0);
      expect(over.cache.stats().depth).toBe(depthLimit + 1);
    }
  });

  test("runs of other memoized functions on the stack count", () => {
    const inner = memoize((n: number): number => n, { depthLimit: 3 });
    const outer = memoize((n: number): number => (n === 0 ? inner(0) : outer(n - 1)), {
      depthLimit: 3,
    });
    expect(outer(2)).toBe(0);
    expect(outer.cache.stats().reruns + inner.cache.stats().reruns).toBeGreaterThan(0);
  });

  test("functions with different limits stay within the bound together", () => {
    const functions: Memoized<(n: number) => number>[] = [2, 41, 5, 1, 300].map(
      (depthLimit, i, all) =>
        memoize(
          (n: number): number => {
            runs.enter(`${i} ${n}`);
            return n === 0 ? i : functions[(i * 3 + n) % all.length]!(n - 1) + 1;
          },
          { depthLimit },
        ),
    );
    for (const f of functions) expect(f(1500)).toBeGreaterThanOrEqual(1500);
    expectBound(runs.total, ...functions);
  });
});

/** A body with a few hundred live locals. */
function bigFrames(enter: () => void) {
  const names = Array.from({ length: 300 }, (_, i) => `v${i}`);
  const source = `return (n) => {
    enter();
    if (n === 0) return 0;
    ${names.map((name, i) => `let ${name} = n + ${i};`).join("\n")}
    const below = self()(n - 1);
    ${names.map((name, i) => `${name} -= n + ${i};`).join("\n")}
    return below + 1 + ${names.join(" + ")};
  }`;
  const body = new Function("enter", "self", source)(enter, () => f) as (n: number) => number;
  const f = memoize(body);
  return f;
}
