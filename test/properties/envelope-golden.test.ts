/**
 * The envelopes that are checked in, byte for byte: what was written once is read for ever. A line of
 * the file is never changed; a change of the format adds lines. test/matrix/suite.mjs reads them under other Nodes.
 */
import { readFileSync } from "node:fs";

import { expect, test } from "vitest";

import { openStored, packFailure, packResult } from "../../packages/rote/src/tier/stored.ts";
import { about, golden } from "../support/golden-envelopes.mjs";
import { findDifference } from "../support/same.ts";

const file = new URL("../../docs/design/0013-envelope.golden.txt", import.meta.url);

const lines = new Map(
  readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line): [string, string] => line.split(": ") as [string, string]),
);

test("each line of the file has a value, and each value a line", () => {
  expect([...lines.keys()]).toEqual(golden.map(([name]) => name));
});

for (const [name, value, how, more] of golden) {
  const all = { ...about, ...more };
  const hex = lines.get(name) ?? "";

  test(`${name} is written as it was`, () => {
    const bytes =
      how === "failure" ? packFailure(value, all) : packResult(value, all, how === "encoded");
    expect(Buffer.from(bytes).toString("hex")).toBe(hex);
  });

  test(`${name} is read as it was`, () => {
    const bytes = Buffer.from(hex, "hex");
    const stored = openStored(bytes, all.argumentBytes, 0, how === "encoded");
    if (typeof stored === "string") throw new Error(stored);
    const { value: read, isFailure, ...rest } = stored;
    expect(rest).toStrictEqual({ ...all, isPromised: false });
    expect(isFailure).toBe(how === "failure");
    if (value instanceof Error) {
      expect(read).toStrictEqual(value);
      expect((read as Error).stack).toBe(value.stack);
    } else expect(findDifference(value, read)).toBeUndefined();
  });
}
