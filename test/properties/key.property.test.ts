/** Law 1: calls share an entry if and only if their arguments are equal by the reference. */
import { types } from "node:util";

import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { memoize } from "rote";

import { anyArguments, anyPair, changeOne } from "../support/arbitraries.ts";
import type { Pair } from "../support/arbitraries.ts";
import { equalArguments } from "../support/equality.ts";
import type { EqualityMode } from "../support/equality.ts";
import { NaiveCache } from "../support/naive.ts";
import { make, plainStyle, randomFrom, variedStyle } from "../support/recipe.ts";
import type { Recipe } from "../support/recipe.ts";
import { tries } from "../support/tries.ts";

type AnyFunction = (...args: unknown[]) => unknown;

/** One function per call path: what it returns says which run it was. */
const shapes: Record<string, (run: () => number) => AnyFunction> = {
  "no parameter": (run) => () => run(),
  "one parameter": (run) => (_a) => run(),
  "two parameters": (run) => (_a, _b) => run(),
  "three parameters": (run) => (_a, _b, _c) => run(),
  "six parameters": (run) => (_a, _b, _c, _d, _e, _f) => run(),
  "rest parameters":
    (run) =>
    (..._args) =>
      run(),
  "a default parameter":
    (run) =>
    (_a, _b = 1) =>
      run(),
};

interface Counted {
  readonly fn: AnyFunction;
  readonly count: () => number;
}

function counted(shape: string, mode: EqualityMode): Counted {
  let count = 0;
  const make = shapes[shape];
  if (make === undefined) throw new Error(`no shape ${shape}`);
  const fn = memoize(
    make(() => ++count),
    { key: mode },
  );
  return { fn, count: () => count };
}

const modes: EqualityMode[] = ["value", "identity"];

/** Fifty other calls, so that a node is no longer the small one it was. */
const others: unknown[][] = Array.from({ length: 50 }, (_, index) => {
  const kinds: unknown[][] = [
    [index],
    [`other ${index}`],
    [index, index % 3, "c"],
    [{ other: index }],
    [[index, [index]], index],
    [{ a: { b: index } }, undefined],
    [index / 7],
    [new Map([[index, index]])],
    [{}, index],
    [[], { other: index }, 1],
  ];
  return kinds[index % kinds.length] ?? [];
});

/** Calls both, and then both again; `isKnown` says which calls were made before. */
function expectSharing(
  { left, right }: Pair,
  mode: EqualityMode,
  { fn, count }: Counted,
  isKnown: (args: unknown[]) => boolean,
): void {
  const before = count();
  const first = fn(...left);
  const between = count();
  const second = fn(...right);
  const after = count();
  const equal = equalArguments(left, right, mode);
  expect(between - before).toBe(isKnown(left) ? 0 : 1);
  expect(after - between).toBe(equal || isKnown(right) ? 0 : 1);
  expect(second === first).toBe(equal);
  expect(fn(...left)).toBe(first);
  expect(fn(...right)).toBe(second);
  expect(count()).toBe(after);
}

describe.each(modes)("with key %j", (mode) => {
  describe.each(Object.keys(shapes))("a function of %s", (shape) => {
    const weight = shape === "rest parameters" || shape === "two parameters" ? 4 : 1;

    test("shares an entry between two calls exactly when the reference says so", () => {
      fc.assert(
        fc.property(anyPair, (pair) => {
          expectSharing(pair, mode, counted(shape, mode), () => false);
        }),
        { numRuns: tries(150 * weight, Object.keys(shapes).length) },
      );
    });

    test("shares no less and no more when it already knows fifty other calls", () => {
      const crowded = (): Counted => {
        const target = counted(shape, mode);
        for (const other of others) target.fn(...other);
        return target;
      };
      fc.assert(
        fc.property(anyPair, (pair) => {
          const isKnown = (args: unknown[]): boolean =>
            others.some((other) => equalArguments(other, args, mode));
          expectSharing(pair, mode, crowded(), isKnown);
        }),
        { numRuns: tries(40 * weight, 10 * Object.keys(shapes).length) },
      );
    });
  });

  test("a growing memo runs once per class of equal calls", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(anyArguments, fc.nat(), fc.nat(3)), { minLength: 2, maxLength: 25 }),
        fc.constantFrom(...Object.keys(shapes)),
        (calls, shape) => {
          const { fn, count } = counted(shape, mode);
          const model = new NaiveCache(mode);
          for (const args of family(calls)) {
            const known = model.find(args);
            const before = count();
            const result = fn(...args);
            if (known === undefined) {
              expect(count()).toBe(before + 1);
              model.set(args, result);
            } else {
              expect(count()).toBe(before);
              expect(result).toBe(known.value);
            }
          }
          for (const [args, value] of model.list) expect(fn(...args)).toBe(value);
          expect(count()).toBe(model.size);
        },
      ),
      { numRuns: tries(60, 100) },
    );
  });
});

/** Each list of arguments, again in another form, and with up to two changes. */
function family(calls: [Recipe[], number, number][]): unknown[][] {
  return calls.flatMap(([recipes, seed, changes]) => {
    const random = randomFrom(seed);
    const all = [make(recipes, plainStyle()), make(recipes, variedStyle(seed))];
    let changed = recipes;
    for (let change = 0; change < changes; change++) {
      changed = changeOne(changed, random);
      all.push(make(changed, variedStyle(seed + change)));
    }
    return all;
  });
}

/**
 * One step of a generated function: what it reads of its arguments. It reads no more than the
 * equality sees: no order of keys, no identity of what has content, no state behind an identity.
 */
type Step = (value: unknown, args: unknown[], operand: number) => unknown;

const steps: Step[] = [
  (value) => typeof value,
  (value) => (Object.is(value, -0) ? "-0" : value),
  (value) => (typeof value === "number" ? 1 / value : value),
  (value) => (typeof value === "object" && value !== null ? Object.keys(value).sort() : value),
  (value, _args, operand) =>
    typeof value === "object" && value !== null
      ? Reflect.get(value, ["a", "b", "c", "0", "1"][operand % 5] ?? "a")
      : value,
  (value) => (Array.isArray(value) ? value.length : value),
  (value, _args, operand) => (Array.isArray(value) ? operand in value : value),
  (value) => (types.isMap(value) ? [...value.keys()][0] : value),
  (value) => (types.isSet(value) ? [...value].at(-1) : value),
  (value) => (types.isMap(value) || types.isSet(value) ? value.size : value),
  (value) => (types.isDate(value) ? value.getTime() : value),
  (value) => (ArrayBuffer.isView(value) ? value.byteLength : value),
  (value) => (types.isUint8Array(value) ? value[0] : value),
  (value, args, operand) => (value === args[operand % Math.max(args.length, 1)] ? "alias" : value),
  (value) =>
    typeof value === "object" && value !== null && Object.getPrototypeOf(value) === null
      ? "bare"
      : value,
  (_value, args) => args.length,
  (_value, args, operand) => args[operand],
];

type Program = [step: number, operand: number][];

function interpret(program: Program, args: unknown[]): unknown {
  let value: unknown = args[0];
  for (const [step, operand] of program) {
    value = steps[step]?.(value, args, operand);
  }
  return summary(value);
}

/** What was read last, as far as equality by content goes. */
function summary(value: unknown): unknown {
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) {
    return value.join();
  }
  if (typeof value === "object" && value !== null) return "object";
  return value;
}

test("a memoized function answers as the function itself", () => {
  const program = fc.array(fc.tuple(fc.nat(steps.length - 1), fc.nat(5)), {
    minLength: 1,
    maxLength: 5,
  });
  fc.assert(
    fc.property(
      program,
      fc.array(fc.tuple(anyArguments, fc.nat(), fc.nat(3)), { minLength: 1, maxLength: 8 }),
      (code, calls) => {
        const f = (...args: unknown[]): unknown => interpret(code, args);
        const memoized = memoize(f);
        for (const args of family(calls)) expect(memoized(...args)).toBe(f(...args));
        for (const args of family(calls)) expect(memoized(...args)).toBe(f(...args));
      },
    ),
    { numRuns: tries(600, 10) },
  );
});
