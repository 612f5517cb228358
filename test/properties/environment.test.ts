/** What the environment decides: ROTE, NODE_ENV, and the warnings of development. Each case is a process of its own. */
import { describe, expect, test } from "vitest";
import { runModule } from "../support/child.ts";

describe("ROTE", () => {
  const source = `
    let runs = 0;
    const fib = rote.memoize((n) => { runs++; return n < 2 ? n : fib(n - 1) + fib(n - 2); });
    const answer = fib(15) + fib(15);
    const { hits, misses, runs: counted, entries } = rote.cacheOf(fib).stats();
    console.log(JSON.stringify({ answer, runs, hits, misses, counted, entries, size: fib.cache.size, name: fib.original.name }));
  `;

  test("unset: every call is looked up", () => {
    expect(JSON.parse(runModule(source).out)).toMatchObject({
      answer: 1220,
      runs: 16,
      entries: 16,
    });
  });

  test("off: a pass-through that stores nothing and counts its runs", () => {
    expect(JSON.parse(runModule(source, { ROTE: "off" }).out)).toEqual({
      answer: 1220,
      runs: 3946,
      hits: 0,
      misses: 3946,
      counted: 3946,
      entries: 0,
      size: 0,
      name: "",
    });
  });

  test("off: what is misused is refused all the same", () => {
    const { status, err } = runModule(`rote.memoize(class {});`, { ROTE: "off" });
    expect(status).toBe(1);
    expect(err).toContain("RoteError");
  });

  test("bare: the function itself, with nothing around it", () => {
    const { out, err } = runModule(
      `
      const original = (n) => n * 2;
      const memoized = rote.memoize(original);
      console.log(memoized === original, memoized.original === original, typeof memoized.cache, memoized(4), rote.isMemoized(memoized));
      `,
      { ROTE: "bare" },
    );
    expect(err).toBe("");
    expect(out).toBe("true true object 8 true");
  });
});

describe("a recursion that escapes memoization", () => {
  const calls = (name: string): string => `for (let n = 2; n < 22; n++) ${name}(n);`;

  const escaping: Record<string, string> = {
    "a declared function wrapped under another name": `
      function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
      const fast = rote.memoize(fib);
      ${calls("fast")}
    `,
    "a named function expression, whose inner name is the plain one": `
      const fib = rote.memoize(function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); });
      ${calls("fib")}
    `,
    "an arrow function wrapped under another name": `
      const fib = (n) => (n < 2 ? n : fib(n - 1) + fib(n - 2));
      const fast = rote.memoize(fib);
      ${calls("fast")}
    `,
  };

  test.each(Object.keys(escaping))("%s: one warning, with the right spelling", (kind) => {
    const { status, err } = runModule(escaping[kind]!);
    expect(status).toBe(0);
    expect(err.match(/Warning:/g), err).toHaveLength(1);
    expect(err).toContain("fib");
    expect(err).toMatch(/const fib = memoize\(/);
  });

  test("several such functions: still one warning for each code", () => {
    const { err } = runModule(`${escaping["a declared function wrapped under another name"]}
      function power(n) { return n < 1 ? 1 : 2 * power(n - 1); }
      const fastPower = rote.memoize(power);
      ${calls("fastPower")}
    `);
    expect(err.match(/Warning:/g), err).toHaveLength(1);
    expect(err).toContain("fib");
  });

  test("production: silence", () => {
    for (const source of Object.values(escaping)) {
      expect(runModule(source, { NODE_ENV: "production" }).err).toBe("");
    }
  });

  const right: Record<string, string> = {
    "an arrow function that calls the memoized name": `
      const fib = rote.memoize((n) => (n < 2 ? n : fib(n - 1) + fib(n - 2)));
      ${calls("fib")}
    `,
    "a declared function whose name is bound anew, with the very text of the wrong spelling": `
      function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
      fib = rote.memoize(fib);
      ${calls("fib")}
    `,
    "a method, which names itself once": `
      const shape = { area(n) { return n * n; } };
      const fast = rote.memoize(shape.area);
      ${calls("fast")}
    `,
    "an async function, which names itself once": `
      const load = rote.memoize(async function fetched(n) { return n; });
      ${calls("load")}
    `,
    "a variable that is bound anew": `
      let fib = (n) => (n < 2 ? n : fib(n - 1) + fib(n - 2));
      fib = rote.memoize(fib);
      ${calls("fib")}
    `,
    "the right spelling, called from above": `
      function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
      fib = rote.memoize(fib);
      fib(40); fib(41); fib(42); fib(43); fib(44); fib(45); fib(46); fib(47);
    `,
    "a deep right spelling that restarts": `
      function sum(n) { return n === 0 ? 0 : n + sum(n - 1); }
      sum = rote.memoize(sum);
      sum(50000); sum(50001); sum(60000);
    `,
    "a function without recursion": `
      function double(n) { return n * 2; }
      const fast = rote.memoize(double);
      ${calls("fast")}
    `,
    "the word memoize itself, imported and used": `
      const key = rote.memoize((a, b) => a + ":" + b);
      for (let n = 0; n < 50; n++) key(n, n);
    `,
  };

  test.each(Object.keys(right))("%s: silence", (kind) => {
    const { status, err } = runModule(right[kind]!);
    expect(err).toBe("");
    expect(status).toBe(0);
  });
});

test("importing the library prints nothing and keeps no process alive", () => {
  expect(runModule("")).toEqual({ status: 0, out: "", err: "" });
  expect(runModule("const f = rote.memoize((n) => n); f(1);")).toEqual({
    status: 0,
    out: "",
    err: "",
  });
});

test("a value-keyed recursion over a growing structure is said once, and points at identity", () => {
  const source = (options: string): string => `
    let list = null;
    for (let i = 0; i < 400; i++) list = { value: i, next: list };
    const length = rote.memoize((node) => (node === null ? 0 : length(node.next) + 1)${options});
    console.log(length(list));
  `;
  const byValue = runModule(source(""));
  expect(byValue.out).toBe("400");
  expect(byValue.err.match(/Warning:/g), byValue.err).toHaveLength(1);
  expect(byValue.err).toMatch(/identity/);
  const byIdentity = runModule(source(', { key: "identity" }'));
  expect(byIdentity).toMatchObject({ out: "400", err: "" });
  expect(runModule(source(""), { NODE_ENV: "production" }).err).toBe("");
});
