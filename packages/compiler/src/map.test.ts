import { originalPositionFor, TraceMap } from "@jridgewell/trace-mapping";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";

import { Demo } from "../../../test/support/compiled.ts";
import { hasMap, withMap } from "./chain.ts";
import { transform } from "./transform.ts";

const demo = new Demo();
afterAll(() => demo.remove());

test("every word of the source is found again by the map, at its line and column", () => {
  const piece = fc.constantFrom(
    `/* é𝒳 */ function NAME(n) { "use memoize"; return n + mark; }`,
    `{ function NAME(n) { "use memoize"; return mark; } mark; }`,
    `const NAME = function own(n) { "use memoize"; return own(mark); };`,
    `const NAME = /* @memoize */ (n) => mark(n);`,
    `class NAME { a() { "use memoize"; return mark; } static get b() { "use memoize"; return mark; } }`,
    `const NAME = { a() { "use memoize"; return mark; }, b: (n) => { "use memoize"; return mark; } };`,
    `mark();`,
  );
  const separator = fc.constantFrom("\n", "\r\n", "  ", "\n\n// 𝒳\n");
  fc.assert(
    fc.property(fc.array(fc.tuple(piece, separator), { minLength: 1, maxLength: 8 }), (pieces) => {
      let count = 0;
      const code = pieces
        .map(([text, end]) => text.replace("NAME", `name${count++}`) + end)
        .join("")
        .replaceAll("mark", () => `mark${count++}x`);
      const result = transform(code, "/demo/a.js", { root: "/demo" });
      if (!result?.map) return;
      const trace = new TraceMap(JSON.parse(result.map.toString()));
      for (const [word] of code.matchAll(/\bmark\d+x\b/g)) {
        const to = placeOf(code, word);
        const from = placeOf(result.code, word);
        expect(from.line).toBe(to.line);
        expect(originalPositionFor(trace, from)).toMatchObject(to);
      }
    }),
  );
});

/** Line from 1, column from 0, as maps have them. */
function placeOf(code: string, word: string): { line: number; column: number } {
  const lines = code.slice(0, code.indexOf(word)).split("\n");
  return { line: lines.length, column: lines.at(-1)!.length };
}

test("code that was compiled before gets one map that points at what was written", () => {
  const written = `const a: number = 1;\nfunction f() { "use memoize"; boom(); }`;
  // As a compiler that puts all on one line and says so.
  const first = demo.transform(`"one line"; function f() { "use memoize"; boom(); }`, "js");
  const before = {
    version: 3,
    sources: ["written.ts"],
    names: [],
    sourcesContent: [written],
    // Column 42 of the only line is `boom` of line 2, column 30.
    mappings: "0CAC8B",
  };
  const url = `data:application/json;base64,${Buffer.from(JSON.stringify(before)).toString("base64")}`;

  const output = withMap(`${first.code}\n//# sourceMappingURL=${url}`, first.map!, "/demo/a.js");

  expect(output.match(/sourceMappingURL/g)).toHaveLength(1);
  expect(hasMap(output)).toBe(true);
  const [, base64 = ""] = /base64,(\S+)/.exec(output) ?? [];
  const trace = new TraceMap(JSON.parse(Buffer.from(base64, "base64").toString()));
  expect(originalPositionFor(trace, placeOf(output, "boom"))).toMatchObject({
    source: expect.stringMatching(/\bwritten\.ts$/),
    line: 2,
    column: 30,
  });
});

test("a text that names a map is no comment", () => {
  const text = "const text = `\n//# sourceMappingURL=a.js.map\n`;\n";
  const { code, map } = demo.transform(`${text}function f() { "use memoize"; }`, "js");
  const url = "//# sourceMappingURL=data:,{}\n//# sourceURL=b.js\n";

  expect(hasMap(code)).toBe(false);
  expect(withMap(code, map!, "/demo/a.js")).toContain(text);
  expect(hasMap(`${code}\n${url}`)).toBe(true);
  expect(withMap(`${code}\n${url}`, map!, "/demo/a.js").match(/sourceMappingURL/g)).toHaveLength(2);
});

test.for(["data:,{}", "data:,none", "data:;base64,e30", "data:,%", "nowhere.map"])(
  "a map that is none is left out: %s",
  (url) => {
    const { code, map } = demo.transform(`function f() { "use memoize"; }`, "js");

    expect(withMap(`${code}\n//# sourceMappingURL=${url}`, map!, "/demo/a.js")).toContain(
      map!.toUrl(),
    );
  },
);
