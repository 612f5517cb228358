import { describe, expect, test } from "vitest";

import { formatDiagnostic } from "./diagnostic.ts";
import { transform } from "./transform.ts";

const marked = `function good() { "use memoize"; return 1; }\n`;

/** Each is found on its own, at the mark, which is `"use memoize"` or what is said. */
const cases: { what: string; code: string; kind: string; at?: string }[] = [
  { what: "a generator", code: `function* f() { "use memoize"; }`, kind: "ROTE_GENERATOR" },
  {
    what: "an async generator method",
    code: `class A { async *f() { "use memoize"; } }`,
    kind: "ROTE_GENERATOR",
  },
  {
    what: "a constructor",
    code: `class A { constructor() { "use memoize"; } }`,
    kind: "ROTE_CONSTRUCTOR",
  },
  { what: "a setter", code: `class A { set a(v) { "use memoize"; } }`, kind: "ROTE_SETTER" },
  {
    what: "a setter of an object",
    code: `({ set a(v) { "use memoize"; } });`,
    kind: "ROTE_SETTER",
  },
  { what: "a private method", code: `class A { #a() { "use memoize"; } }`, kind: "ROTE_PRIVATE" },
  {
    what: "a private static getter",
    code: `class A { static get #a() { "use memoize"; return 1; } }`,
    kind: "ROTE_PRIVATE",
  },
  {
    what: "a computed method",
    code: `class A { [Symbol.iterator]() { "use memoize"; } }`,
    kind: "ROTE_COMPUTED",
  },
  {
    what: "a computed property",
    code: `({ ["a" + 1]: () => { "use memoize"; } });`,
    kind: "ROTE_COMPUTED",
  },
  {
    what: "a case of a switch",
    code: `switch (1) { case 1: function f() { "use memoize"; } }`,
    kind: "ROTE_SWITCH",
  },
  {
    what: "a branch of an if",
    code: `if (1) function f() { "use memoize"; }`,
    kind: "ROTE_NO_BLOCK",
  },
  {
    what: "a function that is declared again",
    code: `function f() { "use memoize"; } function f() {}`,
    kind: "ROTE_REPLACED",
  },
  {
    what: "a method that is defined again",
    code: `class A { a() { "use memoize"; } a() {} }`,
    kind: "ROTE_REPLACED",
  },
  {
    what: "a method that a spread may replace",
    code: `({ a() { "use memoize"; }, ...globalThis });`,
    kind: "ROTE_REPLACED",
  },
  { what: "the top of a file", code: `"use memoize"; 1;`, kind: "ROTE_FILE" },
  {
    what: "a directive that is none",
    code: `function f() { 1; "use memoize"; }`,
    kind: "ROTE_POSITION",
  },
  {
    what: "one in brackets",
    code: `function f() { ("use memoize"); }`,
    kind: "ROTE_POSITION",
    at: `("use memoize"`,
  },
  {
    what: "another spelling",
    code: `function f() { "use memoise"; }`,
    kind: "ROTE_SPELLING",
    at: `"use memoise"`,
  },
  {
    what: "a participle",
    code: `function f() { 'use memoized'; }`,
    kind: "ROTE_SPELLING",
    at: `'use memoized'`,
  },
  {
    what: "a noun",
    code: `function f() { "use memoization"; }`,
    kind: "ROTE_SPELLING",
    at: `"use memoization"`,
  },
  {
    what: "a hyphen",
    code: `function f() { "use-memoize"; }`,
    kind: "ROTE_SPELLING",
    at: `"use-memoize"`,
  },
  {
    what: "a comment on a line",
    code: `// @memoize\n    (n) => n;`,
    kind: "ROTE_SPELLING",
    at: "//",
  },
  {
    what: "a method that a computed name replaces",
    code: `class A { a() { "use memoize"; } ["a"]() {} }`,
    kind: "ROTE_REPLACED",
  },
  {
    what: "a comment before no arrow",
    code: `/* @memoize */ function f() {}`,
    kind: "ROTE_COMMENT",
    at: "/*",
  },
];

describe("what cannot be memoized is said with its place, and the rest of the file is memoized", () => {
  test.for(cases)("$what", ({ code, kind, at = `"use memoize"` }) => {
    // `if (1) function f() {}` is for sloppy code. A directive at the top has to stay there.
    const source = kind === "ROTE_FILE" ? `${code}\n${marked}` : `${marked}  ${code}`;
    const result = transform(source, "/demo/a.cjs", { root: "/demo" })!;

    const own = source.indexOf(at, kind === "ROTE_FILE" ? 0 : marked.length);
    const line = source.slice(0, own).split("\n").length;
    const column = own - source.lastIndexOf("\n", own);
    expect(result.diagnostics).toMatchObject([{ code: kind, file: "/demo/a.cjs", line, column }]);
    expect(result.memoized.map(({ name }) => name)).toEqual(["good"]);
    expect(result.code).toContain(kind === "ROTE_FILE" ? at : code);
  });
});

test("a file with nothing but diagnostics stays as it is", () => {
  const code = `function* f() { "use memoize"; }`;

  const { code: output, map, diagnostics } = transform(code, "/demo/a.ts", { root: "/demo" })!;

  expect([output, map]).toEqual([code, null]);
  expect(formatDiagnostic(diagnostics[0]!)).toBe(
    "/demo/a.ts:1:17 ROTE_GENERATOR: A generator cannot be memoized: its callers would share one iterator, which can be read once. Memoize a function that returns an array.",
  );
});

test("places are right behind line ends of every kind and characters outside of the BMP", () => {
  const code = `/* 𝒳\r\n𝒳 */ "𝒳"; function* f() { "use memoize"; }`;

  const { diagnostics } = transform(code, "/demo/a.ts", { root: "/demo" })!;

  expect(diagnostics).toMatchObject([
    { line: 2, column: code.indexOf('"use') - code.indexOf("\n") },
  ]);
});

test.for(["use memo", "use no memo", "use strict", "use server", "use cache", "use memory"])(
  "%s is another tool's, also beside a mark",
  (text) => {
    const code = `function f() { "${text}"; return "use memo"; }`;
    const options = { root: "/demo" };

    expect(transform(code, "/demo/a.ts", options)).toBeUndefined();
    expect(transform(`${marked}${code}`, "/demo/a.ts", options)?.diagnostics).toEqual([]);
  },
);
