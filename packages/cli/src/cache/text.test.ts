import { expect, test } from "vitest";
import { plain, showArguments, showInstant, showShortly, showSpan, showWhole } from "./text.ts";

test("nothing that a store holds reaches the terminal as a command", () => {
  const nasty = "\u001b[2J\u202e\u0007\ud800";
  const escaped = "\\x1b[2J\\u202e\\x07\\ud800";
  expect(plain(nasty)).toBe(escaped);
  for (const value of [
    nasty,
    { [nasty]: 1 },
    { [Symbol.toStringTag]: nasty },
    [Symbol.for(nasty)],
  ]) {
    for (const text of [showShortly(value), showWhole(value), showArguments([value])])
      // oxlint-disable-next-line eslint/no-control-regex
      expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  }
});

test("arguments are cut to a line, a value alone is shown whole", () => {
  const long = Array.from({ length: 500 }, (_, i) => i);
  expect(showArguments([long, "x".repeat(200)]).length).toBeLessThan(110);
  expect(showArguments(undefined)).toBe("?");
  expect(showWhole(long)).toContain("499");
  expect(showWhole({ a: { b: { c: { d: { e: 1 } } } } })).toContain("e: 1");
});

test.each([
  [0, "now"],
  [-5, "now"],
  [1500, "1 s"],
  [119_000, "1 m"],
  [7_200_000, "2 h"],
  [400 * 86_400_000, "400 d"],
])("%d ms are a span of %s", (ms, text) => {
  expect(showSpan(ms)).toBe(text);
});

test("instants are shown in universal time, also those that no date can be", () => {
  expect(showInstant(0)).toBe("1970-01-01 00:00:00 UTC");
  expect(showInstant(Infinity)).toBe("never");
  expect(showInstant(1e300)).toBe("1e+300");
});
