/**
 * The canonical form of arguments, byte by byte: test/fixtures/canonical.json lists calls and their
 * bytes. Bytes that have changed are another format, with another version byte, and every store is
 * cold. To add a call, write it with empty bytes and run this file once with ROTE_GOLDEN=write.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { expect, test } from "vitest";

import { canonicalBytes, Unstorable } from "../../packages/rote/src/key/canonical.ts";
import { argumentsFromBytes } from "../../packages/rote/src/key/canonical-reader.ts";
import { LAYOUTS, OBJECT, VALUE } from "../../packages/rote/src/key/layout.ts";
import { argumentsOf, keyOf, toHex } from "../support/calls.ts";

type Golden = [description: string, source: string, hex: string];

const path = fileURLToPath(new URL("../fixtures/canonical.json", import.meta.url));
const golden = JSON.parse(readFileSync(path, "utf8")) as Golden[];

function hexOf(source: string): string {
  const bytes = canonicalBytes(keyOf(argumentsOf(source)));
  if (bytes instanceof Unstorable) throw new Error(`${source} is refused`);
  return toHex(bytes);
}

if (process.env["ROTE_GOLDEN"] === "write") {
  for (const entry of golden) entry[2] = hexOf(entry[1]);
  const lines = golden.map((entry) => JSON.stringify(entry));
  writeFileSync(path, `[\n${lines.map((line) => `  ${line}`).join(",\n")}\n]\n`);
}

test.each(golden)("%s has the bytes that it always had", (_, source, hex) => {
  expect(hexOf(source)).toBe(hex);
});

test("no two calls of the golden file have the same bytes, or bytes that begin another's", () => {
  const sorted = golden.map(([, , hex]) => hex).sort();
  expect(sorted.filter((hex, i) => sorted[i + 1]?.startsWith(hex))).toEqual([]);
});

test("the golden file has every code of the format", () => {
  // What the first argument begins with, and what the first object does, where it is the argument.
  const codes = new Set(golden.map(([, , hex]) => Number.parseInt(hex.slice(4, 6), 16)));
  const objects = new Set(
    golden
      .filter(([, , hex]) => hex.startsWith("01010d"))
      .map(([, , hex]) => Number.parseInt(hex.slice(6, 8), 16)),
  );
  // Never the first argument: there is no object before it.
  const values = Object.values(VALUE).filter((code) => code !== VALUE.alias);
  expect(values.filter((code) => !codes.has(code))).toEqual([]);
  const all = [...Object.values(OBJECT), ...LAYOUTS.map(({ code }) => code)];
  expect(all.filter((code) => !objects.has(code))).toEqual([]);
});

test("the examples of the specification are those of the code", () => {
  const page = readFileSync(
    fileURLToPath(new URL("../../docs/design/0012-canonical-arguments.md", import.meta.url)),
    "utf8",
  );
  const rows = [...page.matchAll(/^\| `(\(?.*f\(.*\))` +\| `([0-9a-f ]+)` +\|$/gm)];
  expect(rows.length).toBeGreaterThan(5);
  for (const [, call = "", hex] of rows) {
    const read = new Function("f", `return ${call};`) as (f: unknown) => unknown[];
    const args = read((...passed: unknown[]) => passed);
    expect([call, toHex(canonicalBytes(keyOf(args)) as Uint8Array)]).toEqual([
      call,
      hex?.replaceAll(" ", ""),
    ]);
  }
});

test.each(golden)("%s can be read, and written again", (description, _, hex) => {
  const args = argumentsFromBytes(Buffer.from(hex, "hex"));
  if (!Array.isArray(args)) throw args;
  if (/grow|detached|keySymbol|subclass|instances|receiver/.test(description)) return;
  expect(toHex(canonicalBytes(keyOf(args)) as Uint8Array)).toBe(hex);
});

test("a process that has met other things first writes the same bytes", () => {
  // Backwards, after key sets and symbols have been seen in orders that this process never saw.
  const child = spawnSync(
    process.execPath,
    [
      "--input-type=module",
      "-e",
      `import { argumentsOf, keyOf, toHex } from ${JSON.stringify(new URL("../support/calls.ts", import.meta.url).href)};
       import { canonicalBytes } from ${JSON.stringify(new URL("../../packages/rote/src/key/canonical.ts", import.meta.url).href)};
       import { readFileSync } from "node:fs";
       const golden = JSON.parse(readFileSync(${JSON.stringify(path)}, "utf8"));
       for (const source of ["{ b: 0, c: 0, a: 0 }", "{ z: 0, m: 0, a: 0 }", "{ b: 0, a: 0 }", "{ a: 0, 9: 0, 10: 0 }", "{ '\\\\ud83d\\\\ude00': 0, '\\\\uffff': 0 }",
         "{ [Symbol.for('b')]: 0, [Symbol.for('a')]: 0, [Symbol.iterator]: 0, z: 0 }", "new Refund(0, ''), new Money(0, '')"])
         canonicalBytes(keyOf(argumentsOf(source)));
       const hex = golden.reverse().map(([, source]) => toHex(canonicalBytes(keyOf(argumentsOf(source)))));
       console.log(JSON.stringify(hex.reverse()));`,
    ],
    { encoding: "utf8", timeout: 60_000 },
  );
  expect(child.stderr).toBe("");
  expect(JSON.parse(child.stdout)).toEqual(golden.map(([, , hex]) => hex));
});
