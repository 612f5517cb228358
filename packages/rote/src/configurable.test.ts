import { expect, test } from "vitest";

import {
  assertMemoized,
  cacheOf,
  configureMemoized,
  isMemoized,
  memoize,
  RoteError,
  tabulate,
} from "rote";
import { memoizeMarked, memoizeMembers } from "rote/compiled";

const meta = { id: "demo/a.ts#fn", name: "fn" };
const configurable = { ...meta, isConfigurable: true };

/** The code of the error that `run` ends with. */
function codeOf(run: () => unknown): string | undefined {
  try {
    run();
  } catch (error) {
    return (error as RoteError).code;
  }
  return undefined;
}

test("options that come before the first call are those of the function", () => {
  const fn = memoizeMarked((n: number) => ({ n }), {
    ...configurable,
    options: { policy: "lru", maxEntries: 9 },
  });

  configureMemoized(fn, { maxEntries: 1 });
  configureMemoized(fn, { freeze: true });

  const first = fn(1);
  expect(fn(1)).toBe(first);
  expect(Object.isFrozen(first)).toBe(true);
  fn(2);
  expect(cacheOf(fn).size).toBe(1);
});

test("options that come after the first call are refused, and change nothing", () => {
  const fn = memoizeMarked((n: number) => n, configurable);
  fn(1);

  expect(codeOf(() => configureMemoized(fn, { maxEntries: 1 }))).toBe("ERR_IN_USE");
  fn(2);
  expect(cacheOf(fn).size).toBe(2);
});

test("options that come after somebody has looked into the cache are refused", () => {
  const fn = memoizeMarked((n: number) => n, configurable);
  const { size } = cacheOf(fn);

  expect(size).toBe(0);
  expect(codeOf(() => configureMemoized(fn, { maxEntries: 1 }))).toBe("ERR_IN_USE");
});

test("runs that no call has asked for count as calls", () => {
  const fn = memoizeMarked((n: number) => n, configurable);
  tabulate(fn, [[1]]);

  expect(codeOf(() => configureMemoized(fn, { maxEntries: 1 }))).toBe("ERR_IN_USE");
});

test("wrong options are refused, and the function is as before", () => {
  const fn = memoizeMarked((n: number) => n, configurable);

  expect(codeOf(() => configureMemoized(fn, { maxEntries: -1 }))).toBe("ERR_INVALID_OPTION");
  configureMemoized(fn, { maxEntries: 1 });
  expect([fn(1), fn(2), cacheOf(fn).size]).toEqual([1, 2, 1]);
});

test("a function that may be configured has the shape of the original", () => {
  function original(this: { by: number }, a: number, b: number): number {
    return (a + b) * this.by;
  }
  const fn = memoizeMarked(Object.assign(original, { extra: 1 }), configurable);
  const text = original.toString();

  expect(fn).not.toBe(original);
  expect([fn.name, fn.length, fn.toString(), fn.extra]).toEqual(["original", 2, text, 1]);
  expect(isMemoized(fn)).toBe(true);
  expect([fn.call({ by: 2 }, 1, 2), fn.call({ by: 3 }, 1, 2)]).toEqual([6, 9]);
  expect(() => new (fn as unknown as new () => unknown)()).toThrow(/with new/);
});

test("methods and getters are configured per object", () => {
  class Box {
    runs = 0;
    take(n: number): number {
      return this.runs++ + n;
    }
  }
  memoizeMembers(Box.prototype, [["take", { ...configurable, name: "take" }]]);
  configureMemoized(Box.prototype.take, { maxEntries: 1 });
  const [one, two] = [new Box(), new Box()];

  expect([one.take(1), one.take(1), one.take(2), two.take(1)]).toEqual([1, 1, 3, 1]);
  expect(cacheOf(one, "take").size).toBe(1);
});

test("what is no marked function of this module is refused, with the way out", () => {
  const elsewhere = memoizeMarked((n: number) => n, meta);

  expect(codeOf(() => configureMemoized(elsewhere, {}))).toBe("ERR_INVALID_ARGUMENT");
  expect(codeOf(() => configureMemoized(memoize(Math.abs), {}))).toBe("ERR_INVALID_ARGUMENT");
  expect(codeOf(() => configureMemoized(Math.abs, {}))).toBe("ERR_NOT_MEMOIZED");
});

test("assertMemoized throws for a directive that nobody has read, and says what to do", () => {
  function fn(): number {
    "use memoize";
    return 1;
  }

  expect(() => assertMemoized(fn)).toThrow(
    /the function "fn", which is not\..*@rote\/compiler\/register/,
  );
  expect(() => assertMemoized(undefined as never)).toThrow(/received undefined/);
  assertMemoized(memoizeMarked(fn, meta));
});

test("a function without a name gets the one that it would have had", () => {
  const [{ fn }] = [
    {
      fn: memoizeMarked(
        (
          () => () =>
            1
        )(),
        { ...meta, inferredName: "given" },
      ),
    },
  ];

  expect(fn.name).toBe("given");
  expect(Object.getOwnPropertyDescriptor(fn, "name")).toEqual({
    value: "given",
    writable: false,
    enumerable: false,
    configurable: true,
  });
});
