import { expect, test } from "vitest";
import { parseAge, parseDuration } from "./duration.ts";

test.each([
  ["500ms", 500],
  ["10s", 10_000],
  ["1.5s", 1500],
  ["2m", 120_000],
  ["1h", 3_600_000],
  ["250", 250],
])("%s is a duration", (text, ms) => {
  expect(parseDuration(text, "--timeout")).toBe(ms);
});

test.each(["0", "0s", "-1s", "soon", "1 s", "", "5w", "26d"])("%j is none", (text) => {
  expect(() => parseDuration(text, "--timeout")).toThrow(/^--timeout must be a duration/);
});

test("an age may be longer than any timer waits", () => {
  expect(parseAge("400d", "--older-than")).toBe(34_560_000_000);
  expect(() => parseAge("0", "--older-than")).toThrow(/^--older-than must be a duration above 0;/);
  expect(() => parseAge("old", "--older-than")).toThrow(/received "old"$/);
});
