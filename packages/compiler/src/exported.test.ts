import { afterAll, describe, expect, test } from "vitest";

import { Demo } from "../../../test/support/compiled.ts";
import { transform } from "./transform.ts";

const demo = new Demo();
afterAll(() => demo.remove());

const body = `{ runs++; return n < 2 ? n : fib(n - 1) + fib(n - 2); }`;
const count = `let runs = 0; export const runsOf = () => runs;`;

describe("an exported function is memoized with its recursion, unmarked, if it is", () => {
  test.for([
    ["declared", "ts", `export function fib(n: number): number ${body}`],
    [
      "overloaded",
      "ts",
      `export function fib(n: string): string; export function fib(n: number): number; export function fib(n: any): any ${body}`,
    ],
    [
      "an arrow function",
      "ts",
      `export const fib = (n: number): number => (runs++, n < 2 ? n : fib(n - 1) + fib(n - 2));`,
    ],
    [
      "an arrow function with a type",
      "ts",
      `export const fib = ((n) => ${body}) satisfies (n: number) => number;`,
    ],
    ["a function expression", "ts", `export const fib = function (n: number): number ${body};`],
    [
      "a named function expression",
      "ts",
      `export const fib = function fib(n: number): number ${body};`,
    ],
    ["exported below", "ts", `function fib(n: number): number ${body} export { fib };`],
    [
      "exported under another name",
      "ts",
      `const own = function fib(n: number): number ${body}; export { own as fib };`,
    ],
    [
      "exported under a text",
      "mjs",
      `function own(n) { runs++; return n < 2 ? n : own(n - 1) + own(n - 2); } export { own as "fib" };`,
    ],
    ["the default", "ts", `export default function fib(n: number): number ${body}`, "default"],
    [
      "the default by name",
      "ts",
      `export default fib; function fib(n: number): number ${body}`,
      "default",
    ],
    [
      "a method of the default",
      "ts",
      `const all = { fib(n: number): number { runs++; return n < 2 ? n : this.fib(n - 1) + this.fib(n - 2); } }; export default all;`,
    ],
    [
      "a property of the default",
      "ts",
      `function fib(n: number): number ${body} export default { fib };`,
    ],
    [
      "among other declarations",
      "ts",
      `type N = number; enum E { A } export const other = 1, fib = (n: N): N => ${body};`,
    ],
  ])("%s", ([, ending, code, name = "fib"]) => {
    const exported = demo.run(`${count} ${code}`, ending, { functions: [name] });
    const whole = exported["fib"] ?? exported["default"];

    expect(whole.fib?.(20) ?? whole(20)).toBe(6765);
    expect(exported["runsOf"]()).toBe(21);
  });

  test.for([
    ["exports.fib", `exports.fib = function fib(n) ${body};`],
    ["module.exports.fib", `module.exports.fib = fib; function fib(n) ${body}`],
    ["module.exports", `module.exports = { fib, other: 1 }; function fib(n) ${body}`],
    ["a property of module.exports", `module.exports = { fib: function fib(n) ${body} };`],
    ["both", `exports = module.exports = { fib }; function fib(n) ${body}`],
    [
      "module.exports itself",
      `module.exports = fib; function fib(n) ${body}; fib.fib = (n) => fib(n);`,
      "default",
    ],
  ])("%s of CommonJS", ([, code, name = "fib"]) => {
    const text = `let runs = 0; ${code} module.exports.runsOf = () => runs;`;
    const exported = demo.run(text, "cjs", { functions: [name] });

    expect(exported["fib"](20)).toBe(6765);
    expect(exported["runsOf"]()).toBe(21);
  });
});

test.for([
  `import { memoize } from "rote"; export const fib = memoize((n) => n, { maxEntries: 5 });`,
  `export { fib } from "./other.js";`,
  `export class fib {}`,
  `export const fib = 5;`,
  `function fib() {}`,
  `export function other() {}`,
  `exports[fib] = () => 1;`,
])("what is no such function stays as it is: %s", (code) => {
  const result = transform(code, "/demo/a.js", { root: "/demo", functions: ["fib"] });

  expect(result?.memoized.filter(({ by }) => by === "mark") ?? []).toEqual([]);
});

test("a function that is marked already is memoized once", () => {
  const code = `export function fib(n) { "use memoize"; return n; }`;
  const options = { root: "/demo" };

  expect(transform(code, "/demo/a.js", { ...options, functions: ["fib"] })?.code).toBe(
    transform(code, "/demo/a.js", options)?.code,
  );
});

test("why it cannot be memoized is a diagnostic at the function", () => {
  const code = `export function* fib() {}`;
  const result = transform(code, "/demo/a.js", { root: "/demo", functions: ["fib"] });

  expect(result?.diagnostics).toMatchObject([{ code: "ROTE_GENERATOR", line: 1, column: 8 }]);
});
