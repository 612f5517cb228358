import { expect, test } from "vitest";
import { parseBytes, showBytes } from "./bytes.ts";

test.each([
  ["0", 0],
  ["817", 817],
  ["817B", 817],
  ["500KiB", 512_000],
  ["1.5 MiB", 1_572_864],
  ["2gib", 2_147_483_648],
])("%s is an amount of bytes", (text, bytes) => {
  expect(parseBytes(text, "--max-bytes")).toBe(bytes);
});

test.each(["", "-1", "1MB", "MiB", "much", "9999999TiB"])("%j is none", (text) => {
  expect(() => parseBytes(text, "--max-bytes")).toThrow(/^--max-bytes must be a number of bytes/);
});

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "0.98 KiB"],
  [12_345, "12.1 KiB"],
  [123_456_789, "118 MiB"],
  [2 ** 30, "1.00 GiB"],
])("%d bytes are shown in three digits", (bytes, text) => {
  expect(showBytes(bytes)).toBe(text);
});
