import { expect, test } from "vitest";
import { showCount, showFactor, showMs, showRange, spreadOf } from "./statistics.ts";

test("the median of an even number of values lies between the middle two", () => {
  expect(spreadOf([4, 1, 2, 3])).toEqual({ median: 2.5, min: 1, max: 4 });
  expect(spreadOf([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3 });
  expect(spreadOf([])).toBeUndefined();
});

test("counts are grouped by three", () => {
  expect([7, 999, 1000, 48_315_633].map(showCount)).toEqual(["7", "999", "1 000", "48 315 633"]);
});

test("times have three digits and the unit that suits them", () => {
  const times = [0.0123, 0.9999, 1, 99.96, 430.4, 999.6, 12_345];
  expect(times.map(showMs)).toEqual([
    "12.3 µs",
    "1.00 ms",
    "1.00 ms",
    "100 ms",
    "430 ms",
    "1.00 s",
    "12.3 s",
  ]);
});

test("both ends of a range have the unit of the upper one", () => {
  expect(showRange({ min: 0.5, median: 1, max: 20 })).toBe("0.50–20.0 ms");
});

test("factors keep a digit after the point while it matters", () => {
  expect([0.04, 0.5, 9.96, 6754].map(showFactor)).toEqual(["0.04 ×", "0.5 ×", "10.0 ×", "6 754 ×"]);
});
