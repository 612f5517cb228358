import { afterAll, describe, expect, test } from "vitest";

import { Demo } from "../../../test/support/compiled.ts";

const demo = new Demo();
afterAll(() => demo.remove());

test("a quick try", async () => {
  const m = await demo.run(`export let runs = 0;
export function fib(n: number): number { "use memoize"; runs++; return n < 2 ? n : fib(n - 1) + fib(n - 2); }`);
  expect(m["fib"](30)).toBe(832040);
  expect(m["runs"]).toBe(31);
  const c = await demo.run(`exports.runs = () => runs; let runs = 0;
exports.fib = fib; function fib(n) { "use memoize"; runs++; return n < 2 ? n : fib(n - 1) + fib(n - 2); }`, "cjs");
  expect(c["fib"](30)).toBe(832040);
  expect(c["runs"]()).toBe(31);
});
