import { expect, test } from "vitest";

import { mayBeMarked, mentions } from "./mentions.ts";

const marked = [
  `function f() { "use memoize"; }`,
  `function f() { 'use memoise'; }`,
  `const f = /* @memoize */ () => 1;`,
  `import { memoize } from "rote"; memoize(() => 1);`,
  `import * as rote from "rote"; rote.memoize.batch(load);`,
  `const rote = require('rote'); rote.memoize(f);`,
];

test.for(marked)("may be marked, as text and as bytes: %s", (code) => {
  const bytes = new TextEncoder().encode(` ${code}`).subarray(1);

  expect([mayBeMarked(code), mentions(bytes)]).toEqual([true, true]);
});

test.for([
  `export function f() { return "memory"; }`,
  `const React = require("react"); React.memo(f);`,
  `"use memo"; import protected from "wrote";`,
])("is not: %s", (code) => {
  expect(mayBeMarked(code)).toBe(false);
});

test("bytes without the letters are passed over", () => {
  expect(mentions(new TextEncoder().encode(`import { tabulate } from "rote";`))).toBe(false);
});
