/** `fn.cache` under any sequence of operations, beside a list searched with the reference. */
import { types } from "node:util";

import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { memoize } from "rote";

import { anyArguments, changeOne } from "../support/arbitraries.ts";
import { equalArguments } from "../support/equality.ts";
import type { EqualityMode } from "../support/equality.ts";
import { NaiveCache } from "../support/naive.ts";
import { make, plainStyle, randomFrom, variedStyle } from "../support/recipe.ts";
import type { Recipe } from "../support/recipe.ts";
import { tries } from "../support/tries.ts";

type AnyFunction = (...args: unknown[]) => unknown;

const kinds = [
  "call",
  "call",
  "call",
  "set",
  "delete",
  "has",
  "peek",
  "refresh",
  "size",
  "entries",
  "clear",
] as const;

interface Operation {
  readonly kind: (typeof kinds)[number];
  /** Which argument list, of the pool. */
  readonly at: number;
  /** What a run returns or `set` stores. */
  readonly value: unknown;
  /** Whether a run throws instead. */
  readonly throws: boolean;
}

const operation: fc.Arbitrary<Operation> = fc.record({
  kind: fc.constantFrom(...kinds),
  at: fc.nat(),
  value: fc.constantFrom<unknown>(undefined, null, 0, -0, NaN, "", false, 1, "text", {}, () => 1),
  throws: fc.constantFrom(false, false, false, false, true),
});

const shapes: Record<string, (run: () => unknown) => AnyFunction> = {
  none: (run) => () => run(),
  one: (run) => (_a) => run(),
  two: (run) => (_a, _b) => run(),
  three: (run) => (_a, _b, _c) => run(),
  rest:
    (run) =>
    (..._args) =>
      run(),
};

/** Argument lists of which several are equal and several nearly so. */
const pools = fc
  .array(fc.tuple(anyArguments, fc.nat()), { minLength: 1, maxLength: 4 })
  .map((calls: [Recipe[], number][]) =>
    calls.flatMap(([recipes, seed]) => [
      make(recipes, plainStyle()),
      make(recipes, variedStyle(seed)),
      make(changeOne(recipes, randomFrom(seed)), variedStyle(seed)),
    ]),
  );

describe.each<EqualityMode>(["value", "identity"])("with key %j", (mode) => {
  test.each(Object.keys(shapes))("a handle behaves as a list does (parameters: %s)", (shape) => {
    fc.assert(
      fc.property(pools, fc.array(operation, { maxLength: 40 }), (pool, operations) => {
        let outcome: Operation | undefined;
        let count = 0;
        const memoized = memoize(
          shapes[shape]?.(() => {
            count++;
            if (outcome?.throws === true) throw outcome;
            return outcome?.value;
          }) as AnyFunction,
          { key: mode },
        );
        const model = new NaiveCache(mode);
        for (const step of operations) {
          outcome = step;
          const before = count;
          const args = pool[step.at % pool.length] ?? [];
          const mayRun = check(step, args, memoized, model);
          expect(count - before).toBe(mayRun ? 1 : 0);
        }
        expect(memoized.cache.size).toBe(model.size);
        for (const [args, value] of model.list) {
          expect(memoized.cache.peek(...args)).toBe(value);
        }
      }),
      { numRuns: tries(80, 500) },
    );
  });
});

/** Does one operation on both, compares what they say, and returns whether a run is due. */
function check(
  step: Operation,
  args: unknown[],
  memoized: ReturnType<typeof memoize<AnyFunction>>,
  model: NaiveCache,
): boolean {
  const { cache } = memoized;
  switch (step.kind) {
    case "call": {
      const known = model.find(args);
      if (known !== undefined) {
        expect(memoized(...args)).toBe(known.value);
        return false;
      }
      if (step.throws) {
        expect(thrownBy(() => memoized(...args))).toBe(step);
        expect(cache.has(...args)).toBe(false);
      } else {
        expect(memoized(...args)).toBe(step.value);
        expect(cache.has(...args)).toBe(true);
        model.set(args, step.value);
      }
      return true;
    }
    case "refresh":
      if (step.throws) {
        // Whether the entry of before survives a failing refresh is no part of this model.
        expect(thrownBy(() => cache.refresh(...args))).toBe(step);
        cache.delete(...args);
        model.delete(args);
      } else {
        expect(cache.refresh(...args)).toBe(step.value);
        model.set(args, step.value);
      }
      return true;
    case "set":
      cache.set(args, step.value);
      model.set(args, step.value);
      return false;
    case "delete":
      expect(cache.delete(...args)).toBe(model.delete(args));
      return false;
    case "has":
      expect(cache.has(...args)).toBe(model.find(args) !== undefined);
      return false;
    case "peek":
      expect(cache.peek(...args)).toBe(model.find(args)?.value);
      return false;
    case "size":
      expect(cache.size).toBe(model.size);
      return false;
    case "clear":
      cache.clear();
      model.clear();
      expect(cache.size).toBe(0);
      return false;
    case "entries":
      expectEntries([...cache.entries()] as [unknown[], unknown][], model);
      return false;
  }
}

/** The same entries in any order, with arguments that are the same call. */
function expectEntries(entries: [unknown[], unknown][], model: NaiveCache): void {
  expect(entries.length).toBe(model.size);
  const missing = [...model.list];
  for (const [args, value] of entries) {
    const same = ([, known]: readonly [unknown, unknown]): boolean => Object.is(known, value);
    const exact = missing.findIndex(
      (entry) => same(entry) && equalArguments(entry[0], args, model.mode),
    );
    // What an instance with a key is rebuilt as is not said, so any of those may be meant.
    const index =
      exact >= 0 ? exact : missing.findIndex((entry) => same(entry) && holdsKeyed(entry[0]));
    expect(index).toBeGreaterThanOrEqual(0);
    missing.splice(index, 1);
  }
}

const keySymbol = Symbol.for("rote.key");

function holdsKeyed(args: readonly unknown[]): boolean {
  const found = new Set<unknown>(args);
  for (const value of found) {
    if (typeof value !== "object" || value === null) continue;
    if (keySymbol in value) return true;
    if (types.isMap(value)) for (const part of [...value].flat()) found.add(part);
    if (types.isSet(value)) for (const part of value) found.add(part);
    for (const key of Reflect.ownKeys(value)) found.add(Reflect.get(value, key));
  }
  return false;
}

function thrownBy(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return undefined;
}
