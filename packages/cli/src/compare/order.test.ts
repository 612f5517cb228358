import { expect, test } from "vitest";
import { ascending } from "./order.ts";

test("numbers ascend by value and not as text", () => {
  expect(ascending([[10], [9], [-1]], [10])).toEqual({ calls: [[-1], [9], [10]], index: 2 });
});

test("the first argument counts most", () => {
  const entries = [
    [1, 0],
    [0, 5],
    [1, -2],
    [0, 1],
  ];
  expect(ascending(entries, [1, 0])).toEqual({
    calls: [
      [0, 1],
      [0, 5],
      [1, -2],
      [1, 0],
    ],
    index: 3,
  });
});

test("text ascends by length first", () => {
  const { calls } = ascending([["b"], ["ab"], [""], ["a"]], ["ab"]) as { calls: unknown };
  expect(calls).toEqual([[""], ["a"], ["b"], ["ab"]]);
});

test("bigints ascend, however large", () => {
  const { calls } = ascending([[10n ** 30n], [2n]], [2n]) as { calls: unknown };
  expect(calls).toEqual([[2n], [10n ** 30n]]);
});

test("an argument that never changes needs no order", () => {
  const rules = { wrap: true };
  const { calls } = ascending(
    [
      [2, rules],
      [1, rules],
    ],
    [2, rules],
  ) as { calls: unknown };
  expect(calls).toEqual([
    [1, rules],
    [2, rules],
  ]);
});

test.each([
  [
    "a constant that cannot reach another process",
    [
      [1, Math.max],
      [2, Math.max],
    ],
  ],
  ["numbers beside text", [[1], ["1"]]],
  ["numbers beside bigints", [[1], [1n]]],
  ["NaN", [[1], [NaN]]],
  ["changing objects", [[{ n: 1 }], [{ n: 2 }]]],
])("%s: there is no order", (_what, entries) => {
  expect(ascending(entries, entries[0] ?? [])).toEqual({
    reason: expect.stringContaining("is not always a number"),
  });
});
