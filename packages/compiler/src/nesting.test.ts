import fc from "fast-check";
import { expect, test } from "vitest";
import * as compiled from "rote/compiled";

import { transform } from "./transform.ts";

/** Where a statement may stand, around others. */
const wrappers: ((inner: string, id: number) => string)[] = [
  (inner) => `{ ${inner} }`,
  (inner) => `if (log) { ${inner} } else { ${inner} }`,
  (inner) => `for (let i = 0; i < 2; i++) { ${inner} }`,
  (inner) => `try { ${inner} } finally { log.push("finally"); }`,
  (inner) => `switch (1) { case 1: { ${inner} } }`,
  (inner, id) => `label${id}: { ${inner} }`,
  (inner, id) => `(function named${id}() { "use strict"; ${inner} })();`,
  (inner) => `(() => { ${inner} })();`,
  (inner, id) =>
    `function outer${id}() { "use memoize"\nlet here; ${inner} return here; } outer${id}();`,
  (inner, id) => `class Box${id} { static { ${inner} } }`,
  (inner, id) => `class Box${id} { run() { "use memoize"; ${inner} } } new Box${id}().run();`,
  (inner) => `({ run() { "use memoize"; ${inner} } }).run();`,
  (inner) => `/* @memoize */ ((n) => { ${inner} })(1);`,
];

/** What makes a function `fib` and says what it gives. */
const leaves: ((id: number) => string)[] = [
  (id) =>
    `note(fib${id}(12)); function fib${id}(n) { "use memoize"; runs++; return n < 2 ? n : fib${id}(n - 1) + fib${id}(n - 2); }`,
  (id) =>
    `const fib${id} = function own(n) { "use memoize"; runs++; return n < 2 ? n : own(n - 1) + own(n - 2); }; note(fib${id}(12));`,
  (id) =>
    `let fib${id} = (n) => { "use memoize"; runs++; return n < 2 ? n : fib${id}(n - 1) + fib${id}(n - 2); }; note(fib${id}(12));`,
  (id) =>
    `const fib${id} = /* @memoize */ (n) => (runs++, n < 2 ? n : fib${id}(n - 1) + fib${id}(n - 2)); note(fib${id}(12));`,
];

/** A statement: a leaf, or a few of them in a wrapper. */
type Tree =
  | { readonly leaf: number }
  | { readonly wrapper: number; readonly inner: readonly Tree[] };

const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    fc.record({ leaf: fc.nat(leaves.length - 1) }),
    fc.record({
      wrapper: fc.nat(wrappers.length - 1),
      inner: fc.array(tie("tree"), { minLength: 1, maxLength: 3 }),
    }),
  ),
}));

function write(statement: Tree, next: () => number): string {
  if ("leaf" in statement) return leaves[statement.leaf]!(next());
  const text = statement.inner.map((each) => write(each, next)).join(" ");
  return wrappers[statement.wrapper]!(text, next());
}

function run(code: string): { log: unknown[]; runs: number } {
  const body = `let runs = 0; const log = []; const note = (value) => log.push(value);\n${code}\nreturn { log, runs };`;
  return new Function("require", body)(() => compiled) as { log: unknown[]; runs: number };
}

test("wherever marked functions stand, the program does the same with 13 runs for each of them", () => {
  fc.assert(
    fc.property(tree, (statement) => {
      let count = 0;
      const code = write(statement, () => count++);
      const result = transform(code, "/demo/a.cjs", { root: "/demo" })!;
      const plain = run(code);
      const memoized = run(result.code);

      expect(result.diagnostics).toEqual([]);
      expect(memoized.log).toEqual(plain.log);
      expect(result.code.split("\n")).toHaveLength(code.split("\n").length);
      const results = plain.log.filter((entry) => entry === 144).length;
      expect(results).toBeGreaterThan(0);
      expect(plain.runs).toBe(results * 465);
      expect(memoized.runs).toBe(results * 13);
    }),
    { numRuns: 300 },
  );
});
