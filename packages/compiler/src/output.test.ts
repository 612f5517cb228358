import { expect, test } from "vitest";

import { checkOutput } from "./output.ts";

const meta = `{ id: "demo/a.ts#f", name: "f" }`;

test.for([
  ["rebound", `function f() { "use memoize"; } f = m(f, ${meta});`],
  ["rebound, with a parameter of its name", `function f(f) { "use memoize"; } f = m(f, ${meta});`],
  ["rebound in a sequence", `function f() { "use memoize"; } a(), f = (0, r.m)(f, ${meta}), b();`],
  [
    "rebound with texts as minifiers write them",
    "function f() { 'use memoize'; } f = m(f, {id:`a.ts#f`,name:`f`});",
  ],
  [
    "rebound by another function",
    `function f() { "use memoize"; } var init = e(() => { f = m(f, ${meta}); });`,
  ],
  ["wrapped", `const f = m((n) => { "use memoize"; }, ${meta});`],
  ["wrapped in brackets", `const f = m((function () { "use memoize"; }), ${meta});`],
  [
    "declared as a variable",
    `{ let f2 = function (n) { "use memoize"; }; f2 = m(f2, ${meta}); var f = f2; }`,
  ],
  [
    "a method",
    `class A { static { m(this.prototype, [["f", ${meta}]]); } f() { "use memoize"; } }`,
  ],
  ["a method, lowered", `class A { f() { "use memoize"; } } m(A.prototype, [["f", ${meta}]]);`],
  [
    "a getter behind a setter of its name",
    `class A { static { m(this.prototype, [["f", ${meta}]]); } set f(v) { "use memoize"; } get f() { "use memoize"; } }`,
    1,
  ],
  ["a method of an object", `m({ f() { "use memoize"; } }, [["f", ${meta}]]);`],
] as const)("%s is memoized", ([, code, others = 0]) => {
  const unread = checkOutput(code, "/a.js")?.unread;

  expect(unread).toHaveLength(others);
  // It begins behind the setter.
  for (const { column } of unread ?? []) expect(column).toBeLessThan(code.indexOf("get f"));
});

test.for([
  ["left alone", `function f() { "use memoize"; }`, "f"],
  ["assigned something else", `function f() { "use memoize"; } f = m(f, { id: "f" });`, "f"],
  [
    "in another scope",
    `function f() { "use memoize"; } { function f() {} f = m(f, ${meta}); }`,
    "f",
  ],
  [
    "in an inner scope, with one of its name outside",
    `{ function f() { "use memoize"; } } function f() {} f = m(f, ${meta});`,
    "f",
  ],
  ["an arrow function", `const f = () => { "use memoize"; };`, "f"],
  ["an argument of another call", `g(() => { "use memoize"; }, {});`, "anonymous"],
  ["a method", `class A { f() { "use memoize"; } }`, "A.prototype.f"],
  [
    "a method, while another class has one",
    `class A { f() { "use memoize"; } } class B { static { m(this.prototype, [["f", ${meta}]]); } f() { "use memoize"; } }`,
    "A.prototype.f",
  ],
  [
    "a method of an object beside one",
    `m({ f() { "use memoize"; } }, [["f", ${meta}]]); const b = { f() { "use memoize"; } };`,
    "b.f",
  ],
] as const)("%s is not: %s", ([, code, name]) => {
  expect(checkOutput(code, "/a.js")?.unread).toMatchObject([{ name }]);
});

test("places are those of the functions", () => {
  const report = checkOutput(`\n  const f = () => { "use memoize"; };`, "/a.js");

  expect(report).toEqual({ memoized: [], unread: [{ name: "f", line: 2, column: 13 }] });
});

test("calls of memoize that were told an id are none of a mark", () => {
  const code = `const f = memoize(() => 1, void 0, ${meta}); function g() { "use memoize"; } g = m(g, ${meta});`;

  expect(checkOutput(code, "/a.js")).toEqual({ memoized: ["demo/a.ts#f"], unread: [] });
});

test("what is not valid is said to be so", () => {
  expect(checkOutput(`"use memoize" function`, "/a.js")).toBeUndefined();
});
