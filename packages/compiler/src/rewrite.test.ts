import { afterAll, describe, expect, test } from "vitest";

import { Demo } from "../../../test/support/compiled.ts";

const demo = new Demo();
afterAll(() => demo.remove());

const arrow = `(n) => { "use memoize"; return n; }`;

/** Each leaves something in `log`, which is the same without the compiler. */
const unended: [what: string, code: string][] = [
  ["a list", `const f = ${arrow}\n[1, 2].forEach((n) => log.push(n))`],
  ["a bracket", `let f = ${arrow}\n(() => log.push(1))()`],
  ["a template", `let f; f = async ${arrow}\n\`\${log.push(1)}\``],
  ["a regular expression", `let f = 1, g = ${arrow}\n/1/g.test(log.push(1))`],
  ["a sign", `let f = ${arrow}\n+log.push(1)`],
  ["an else", `let f; if (log.length === 0) f = ${arrow}\nelse f = 1; log.push(1)`],
  ["a while", `let f; do f = ${arrow}\nwhile (log.push(1) < 3)`],
  ["a field with a computed name", `class A { f = ${arrow}\n["a"] = log.push(1) } new A()`],
  ["a generator method", `class A { f = ${arrow}\n*a() {} } log.push(new A().a.name)`],
  ["a list behind what a function returns", `(() => { return ${arrow}\n[1] })(); log.push(1)`],
  [
    "a list behind two functions that end there",
    `const f = /* @memoize */ (n) => /* @memoize */ (m) => { return m; }\n[1].forEach((n) => log.push(n))`,
  ],
  ["more parts of a loop", `for (let f = ${arrow}; log.push(1) < 2; ) f(1)`],
];

describe("an arrow function that ends a statement by a line's end still ends it before", () => {
  test.for(unended)("%s", ([, code]) => {
    const source = `export const log = []; ${code}\n`;

    const { log } = demo.run(source, "mjs");

    expect(log).toEqual(demo.runPlain(source, "mjs")["log"]);
    expect(log.length).toBeGreaterThan(0);
  });
});

test("what is made or called at once is what stands there", () => {
  const { values } = demo.run(
    `export const values = [
      new { get Made() { "use memoize"; return class { n = 2; }; } }.Made().n,
      function () { "use memoize"; return 3; }(),
      { m() { "use memoize"; return 4; } }.m(),
      function (texts) { "use memoize"; return texts[0]; }\`5\`,
    ];`,
    "mjs",
  );

  expect(values).toEqual([2, 3, 4, "5"]);
});
