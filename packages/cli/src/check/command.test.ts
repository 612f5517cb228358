import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";
import { transform } from "@rote/compiler";
import { afterAll, describe, expect, test } from "vitest";

const bin = fileURLToPath(new URL("../../dist/rote.js", import.meta.url));
const folder = realpathSync(mkdtempSync(join(tmpdir(), "rote-check-")));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly exitCode: unknown;
  readonly stdout: string;
  readonly stderr: string;
}

function check(...args: string[]): Promise<Ended> {
  const { NO_COLOR: _none, FORCE_COLOR: _forced, ...env } = process.env;
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [bin, "check", ...args],
      { cwd: folder, env, timeout: 30_000, killSignal: "SIGKILL" },
      (error, stdout, stderr) =>
        resolve({ exitCode: error === null ? 0 : error.code, stdout, stderr }),
    );
  });
}

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const source = `export function fib(n: number): number {
  "use memoize";
  return n < 2 ? n : fib(n - 1) + fib(n - 2);
}
export class Polygon {
  get area(): number {
    "use memoize";
    return 1;
  }
}
`;
write("package.json", `{ "name": "demo" }`);
const path = write("source.ts", source);
write("good.ts", transform(source, path)!.code);
for (const [entry, outfile] of [
  ["good.ts", "good.js"],
  ["source.ts", "bad.js"],
] as const)
  buildSync({
    entryPoints: [join(folder, entry)],
    outfile: join(folder, outfile),
    bundle: true,
    format: "esm",
    external: ["rote/compiled"],
    minifySyntax: true,
  });
write("setter.ts", `class A {\n  set a(v: number) { "use memoize"; }\n}\n`);
write("plain.mjs", `export function twice(n) { "use memoize"; return 2 * n; }\n`);

describe("built files", () => {
  test("in which all that is marked is memoized are fine, and counted", async () => {
    expect(await check("good.js")).toEqual({
      exitCode: 0,
      stdout: "2 marked functions memoized in built files\n",
      stderr: "",
    });
  });

  test("in which nobody has read the directive are not", async () => {
    const { exitCode, stdout, stderr } = await check("good.js", "bad.js");

    expect(stdout).toMatch(
      /^bad\.js:2:1 ROTE_UNREAD: fib has the directive "use memoize", and nobody has read it: .* Build with a plugin of @rote\/compiler/m,
    );
    expect(stdout).toMatch(/^bad\.js:\d+:\d+ ROTE_UNREAD: Polygon\.prototype\.area has/m);
    expect(stdout).not.toContain("good.js:");
    expect(stdout).toMatch(/^2 marked functions memoized in built files\n$/m);
    expect(stderr).toMatch(/^error: 2 marks do not memoize anything\nhint: /);
    expect(exitCode).toBe(1);
  });

  test("are told from sources by their ending, or by --source", async () => {
    expect((await check("plain.mjs")).exitCode).toBe(1);
    expect(await check("--source", "plain.mjs")).toEqual({
      exitCode: 0,
      stdout: "1 marked function to be memoized in sources\n",
      stderr: "",
    });
  });
});

describe("sources", () => {
  test("in which all that is marked can be memoized are fine, and counted", async () => {
    const { exitCode, stdout } = await check("source.ts", "good.js");

    expect(stdout).toBe(
      "2 marked functions memoized in built files\n2 marked functions to be memoized in sources\n",
    );
    expect(exitCode).toBe(0);
  });

  test("in which something cannot are shown with the place and what to do", async () => {
    const { exitCode, stdout, stderr } = await check("setter.ts");

    expect(stdout).toMatch(
      /^setter\.ts:2:22 ROTE_SETTER: A setter returns nothing .* Mark the getter/m,
    );
    expect(stderr).toMatch(/^error: 1 mark does not memoize anything\n/);
    expect(exitCode).toBe(1);
  });
});

describe("notes", () => {
  write(
    "impure.ts",
    'import { log } from "./log.ts";\nexport function f(p: number[]) {\n  "use memoize";\n  log(p);\n  return p.sort();\n}\n',
  );
  write("log.ts", "export const log = (p: unknown) => console.log(p);\n");

  test("say what makes a memoized function impure, with the way there, and are no failures", async () => {
    const { exitCode, stdout, stderr } = await check("impure.ts");

    expect(stdout).toMatch(/^impure\.ts:5:10 ROTE_MUTATES_ARGUMENT: It changes its argument p, /m);
    expect(stdout).toMatch(/^log\.ts:1:36 ROTE_IO: .* \[f → log \(log\.ts:1\)\]$/m);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  });

  test("are failures with --strict, unless they are ignored", async () => {
    expect(await check("--strict", "impure.ts")).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/^error: there are 2 notes\nhint: .*rote-ignore/) as unknown,
    });
    const codes = ["--ignore", "ROTE_IO", "ROTE_MUTATES_ARGUMENT"];
    expect((await check("impure.ts", "--strict", ...codes)).exitCode).toBe(0);
  });
});

test("--json says the same for machines", async () => {
  const { exitCode, stdout } = await check("--json", "good.js", "setter.ts");

  expect(JSON.parse(stdout)).toEqual({
    schema: 1,
    ok: false,
    files: [
      {
        file: "good.js",
        kind: "output",
        memoized: ["demo/source.ts#fib", "demo/source.ts#Polygon.prototype.area"],
        findings: [],
        notes: [],
      },
      {
        file: "setter.ts",
        kind: "source",
        memoized: [],
        findings: [
          expect.objectContaining({ code: "ROTE_SETTER", line: 2, column: 22 }) as unknown,
        ],
        notes: [],
      },
    ],
  });
  expect(exitCode).toBe(1);
});

describe("exit code 2:", () => {
  test.each([
    ["no such file", ["nowhere.js"], /^error: no such file: nowhere.js\nhint: .*relative to/],
    ["a folder", ["."], /^error: . is not a file\nhint: Give its files: .\/\*\.js\n$/],
    ["no file", [], /^error: missing required argument 'files'\nhint: /],
    [
      "what is no JavaScript",
      ["package.json"],
      /^error: package.json is no valid JavaScript\nhint: /,
    ],
    [
      "a source with errors",
      ["broken.ts"],
      /^error: broken.ts has syntax errors\nhint: Nothing can be said/,
    ],
    [
      "settings that are not understood",
      ["settings/a.ts"],
      /^error: rote.default in .*package.json is unknown: /,
    ],
    ["an unknown option", ["--fast", "good.js"], /^error: unknown option '--fast'\nhint: /],
  ])("%s", async (_what, args, expected) => {
    write("broken.ts", `function f( { "use memoize"; }`);
    mkdirSync(join(folder, "settings"), { recursive: true });
    write("settings/package.json", `{ "name": "demo", "rote": { "default": {} } }`);
    write("settings/a.ts", `function f() { "use memoize"; }`);
    // JSON with a # in a text, which a look at the text alone does not tell from code.
    write("package.json", `{ "name": "demo", "homepage": "#" }`);
    const { exitCode, stdout, stderr } = await check(...args);

    expect(stderr).toMatch(expected);
    expect(stdout).toBe("");
    expect(exitCode).toBe(2);
  });
});
