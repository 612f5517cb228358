/** The reference equality and the generated pairs, checked against each other. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import {
  anyArguments,
  anyPair,
  equalPair,
  mixedPair,
  nearPair,
  unrelatedPair,
} from "../support/arbitraries.ts";
import type { Pair } from "../support/arbitraries.ts";
import { equalArguments } from "../support/equality.ts";
import { make, plainStyle, randomFrom, variedStyle } from "../support/recipe.ts";
import { tries } from "../support/tries.ts";

describe("the reference equality", () => {
  test("holds for what is made twice from one recipe", () => {
    fc.assert(
      fc.property(equalPair, ({ left, right }) => {
        expect(equalArguments(left, right, "value")).toBe(true);
      }),
      { numRuns: tries(1000, 10) },
    );
  });

  test("is reflexive and symmetric", () => {
    fc.assert(
      fc.property(anyPair, ({ left, right }) => {
        expect(equalArguments(left, left, "value")).toBe(true);
        expect(equalArguments(left, left, "identity")).toBe(true);
        const forth = equalArguments(left, right, "value");
        expect(equalArguments(right, left, "value")).toBe(forth);
      }),
      { numRuns: tries(1000, 10) },
    );
  });

  test("is not weaker than identity", () => {
    fc.assert(
      fc.property(anyPair, ({ left, right }) => {
        if (equalArguments(left, right, "identity")) {
          expect(equalArguments(left, right, "value")).toBe(true);
        }
      }),
      { numRuns: tries(1000, 10) },
    );
  });

  test("does not change when the same recipe is made in another way", () => {
    fc.assert(
      fc.property(anyArguments, anyArguments, fc.nat(), (a, b, seed) => {
        const plainly = equalArguments(make(a, plainStyle()), make(b, plainStyle()), "value");
        const variedly = equalArguments(
          make(a, variedStyle(seed)),
          make(b, variedStyle(seed + 1)),
          "value",
        );
        expect(variedly).toBe(plainly);
      }),
      { numRuns: tries(500, 10) },
    );
  });

  const x = { a: 1 };
  const y = { a: 1 };
  const cyclic: unknown[] = [];
  cyclic.push(cyclic);
  const unrolled: unknown[] = [[]];
  (unrolled[0] as unknown[]).push(unrolled);
  const examples: [sentence: string, a: unknown[], b: unknown[], equal: boolean][] = [
    ["no argument and undefined", [], [undefined], false],
    ["0 and -0", [0], [-0], false],
    ["NaN and NaN", [NaN], [NaN], true],
    ["equal objects", [{ a: 1, b: [2] }], [{ b: [2], a: 1 }], true],
    ["undefined and a missing key", [{ a: undefined }], [{}], false],
    ["a hole and undefined", [new Array(1)], [[undefined]], false],
    ["one object twice and two equal ones", [x, x], [x, y], false],
    ["the same sharing", [x, x], [y, y], true],
    ["sharing deep inside", [[x], { b: x }], [[y], { b: x }], false],
    ["a cycle and its unrolled form", [cyclic], [unrolled], false],
    ["a shared part of a shared whole", [cyclic, cyclic[0]], [unrolled, unrolled[0]], false],
    ["an object and its own part again", [[x], x], [[x], y], false],
    ["no prototype and an empty object", [Object.create(null)], [{}], false],
    ["class instances", [new (class A {})()], [new (class A {})()], false],
    ["invalid dates", [new Date(NaN)], [new Date("x")], true],
  ];
  test.each(examples)("judges %s as told", (_, a, b, equal) => {
    expect(equalArguments(a, b, "value")).toBe(equal);
  });
});

describe("the generated pairs", () => {
  const share = (pairs: Pair[]): number =>
    pairs.filter(({ left, right }) => equalArguments(left, right, "value")).length / pairs.length;

  test("are equal often enough, and different often enough, to prove anything", () => {
    const sample = (pairs: fc.Arbitrary<Pair>): Pair[] =>
      fc.sample(pairs, { numRuns: 1000, seed: 1 });
    expect(share(sample(equalPair))).toBe(1);
    for (const pairs of [nearPair, mixedPair]) {
      const equal = share(sample(pairs));
      expect(equal).toBeGreaterThan(0.02);
      expect(equal).toBeLessThan(0.9);
    }
    expect(share(sample(unrelatedPair))).toBeLessThan(0.5);
  });

  test("are the same for the same seed", () => {
    expect(Array.from({ length: 4 }, () => randomFrom(7)(1000))).toEqual(
      Array.from({ length: 4 }, () => randomFrom(7)(1000)),
    );
  });
});
