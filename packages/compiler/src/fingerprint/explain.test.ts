import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { explain } from "./explain.ts";
import { createFingerprinter, type Fingerprinter } from "./fingerprint.ts";
import { createProject, type Project } from "./fixtures/programs.ts";
import { money } from "./fixtures/must-change.ts";

let project: Project | undefined;
afterEach(() => project?.remove());

function open(files: Record<string, string>): {
  fingerprinter: Fingerprinter;
  main: string;
  root: string;
} {
  project = createProject(files);
  const { root } = project;
  return { fingerprinter: createFingerprinter({ root }), main: join(root, "main.ts"), root };
}

const shop = {
  "main.ts":
    'import { priceTable } from "./rates.ts";\nimport { round } from "./round.ts";\nexport const f = (n: number) => round(n * priceTable.eur);',
  "rates.ts": "\n\nexport const priceTable = { eur: 1 };",
  "round.ts": "export const round = (n: number) => Math.round(n);",
};

/** What `explain` says of an edit. */
function explained(
  files: Record<string, string>,
  edit: Record<string, string | undefined>,
): string[] {
  const { fingerprinter, main } = open(files);
  const { reached } = fingerprinter.fingerprint(main, "f");
  const stored: typeof reached = JSON.parse(JSON.stringify(reached));
  project?.write(edit);
  fingerprinter.refresh();
  return explain(stored, fingerprinter.fingerprint(main, "f").reached).map(({ text }) => text);
}

test("what can be reached is listed, the function first", () => {
  const { fingerprinter, main } = open(shop);
  const { reached } = fingerprinter.fingerprint(main, "f");
  expect(reached.map(({ kind, name, file, line }) => `${kind} ${name} ${file}:${line}`)).toEqual([
    "function f main.ts:3",
    "declaration round round.ts:1",
    "declaration priceTable rates.ts:3",
  ]);
});

test.each([
  [
    "a constant elsewhere",
    { "rates.ts": "\n\nexport const priceTable = { eur: 2 };" },
    ["priceTable in rates.ts:3 changed"],
  ],
  ["the function", { "main.ts": shop["main.ts"].replace("*", "/") }, ["f in main.ts:3 changed"]],
  [
    "a statement that is added",
    { "rates.ts": `${shop["rates.ts"]}\npriceTable.eur = 3;` },
    ["statement in rates.ts:4 added"],
  ],
  [
    "a declaration that is added",
    { "round.ts": "const g = () => 2; export const round = (n: number) => n * g();" },
    ["round in round.ts:1 changed", "g in round.ts:1 added"],
  ],
  [
    "a declaration that is moved",
    {
      "round.ts": 'export { r as round } from "./r.ts";',
      "r.ts": "export const r = (n: number) => Math.round(n);",
    },
    [],
  ],
  ["a comment", { "rates.ts": `// rates\n${shop["rates.ts"]}` }, []],
  [
    "another target of an import",
    {
      "main.ts": shop["main.ts"].replace("./round.ts", "./rates.ts"),
      "rates.ts": `${shop["rates.ts"]} export const round = (n: number) => n;`,
    },
    ["round in rates.ts:3 changed (in round.ts:1 before)"],
  ],
])("%s is said to have changed", (_, edit, texts) => {
  expect(explained(shop, edit)).toEqual(texts);
});

test("two uses that are exchanged are said of their user", () => {
  const main = "const k = 1, m = 2;\nexport const f = () => k - m;";
  expect(explained({ "main.ts": main }, { "main.ts": main.replace("k - m", "m - k") })).toEqual([
    "f in main.ts:2 changed",
  ]);
});

test("a package is said to have changed with its versions", () => {
  const main = 'import { pay } from "money"; export const f = () => pay;';
  const texts = explained({ ...money(), "main.ts": main }, money("1.0.1"));
  expect(texts).toEqual(["money@1.0.1 changed (money@1.0.0 before)"]);
});

test("only files that have changed are read again", () => {
  const { fingerprinter, main } = open(shop);
  const first = fingerprinter.fingerprint(main, "f").digest;
  expect(fingerprinter.reads).toBe(3);
  fingerprinter.refresh();
  expect(fingerprinter.fingerprint(main, "f").digest).toBe(first);
  expect(fingerprinter.reads).toBe(3);
  project?.write({ "rates.ts": "\n\nexport const priceTable = { eur: 20 };" });
  expect(fingerprinter.fingerprint(main, "f").digest).toBe(first);
  fingerprinter.refresh();
  expect(fingerprinter.fingerprint(main, "f").digest).not.toBe(first);
  expect(fingerprinter.reads).toBe(4);
});

test("a module that appears is found after a refresh", () => {
  const { fingerprinter, main } = open({
    "main.ts": 'import { a } from "./a.ts"; export const f = () => a;',
  });
  expect(fingerprinter.fingerprint(main, "f").isComplete).toBe(false);
  project?.write({ "a.ts": "export const a = 1;" });
  fingerprinter.refresh();
  expect(fingerprinter.fingerprint(main, "f").isComplete).toBe(true);
});

test.each(["f", "default", "A.m", "A.prototype.m", "A.s", "o.m", "o.g", "g", "h"])(
  "%s is found by name",
  (name) => {
    const main = `
    import { memoize } from "rote";
    export function f() { return 1; }
    export default () => 2;
    class A { m() { return 3; } static s() { return 4; } }
    const o = { m() { return 5; }, g: () => 6 };
    const g = memoize((n: number) => n + 7, { maxEntries: 1 });
    const h = memoize(f);
  `;
    const { fingerprinter, main: path } = open({ "main.ts": main });
    expect(fingerprinter.fingerprint(path, name).reached[0]).toMatchObject({
      kind: "function",
      file: "main.ts",
    });
  },
);

test("an anonymous function is found by an offset, the innermost first", () => {
  const main = "export const a = [1].map((n) => [n].map((m) => m + 1));";
  const { fingerprinter, main: path } = open({ "main.ts": main });
  const inner = fingerprinter.fingerprint(path, main.indexOf("m + 1")).digest;
  const outer = fingerprinter.fingerprint(path, main.indexOf("(n)")).digest;
  const same = open({ "main.ts": "export const b = (x: number) => x + 1;" });
  expect(same.fingerprinter.fingerprint(same.main, 20).digest).toBe(inner);
  expect(outer).not.toBe(inner);
});

test("options that change no result do not count for a function given to memoize", () => {
  const digest = (options: string): string => {
    const main = `import { memoize } from "rote"; export const f: any = memoize((n: number) => n ? f(n - 1) : 0, ${options});`;
    const { fingerprinter, main: path } = open({ "main.ts": main });
    const made = fingerprinter.fingerprint(path, "f").digest;
    project?.remove();
    return made;
  };
  expect(digest('{ ttl: "5m" }')).toBe(digest("{ maxEntries: 5 }"));
  expect(digest("{ key: (n) => n }")).not.toBe(digest("{ key: (n) => -n }"));
});

test("a function or a file that is not there is an error that says what is", () => {
  const { fingerprinter, main } = open(shop);
  expect(() => fingerprinter.fingerprint(main, "g")).toThrow(
    /There is no function "g" in .*main.ts. Its functions are: f\./,
  );
  expect(() => fingerprinter.fingerprint(main, 0)).toThrow(/There is no function at offset 0/);
  expect(() => fingerprinter.fingerprint(`${main}x`, "f")).toThrow(/cannot be read as a module/);
});
