import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, describe, expect, test } from "vitest";

import { Demo } from "../../../test/support/compiled.ts";

const [modules, scripts] = [new Demo("module"), new Demo("commonjs")];
afterAll(() => [modules, scripts].forEach((demo) => demo.remove()));

const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
const register = ["--import", "@rote/compiler/register"];

function run(
  demo: Demo,
  args: readonly string[],
  env: Record<string, string> = {},
): { lines: string[]; errors: string } {
  const { stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: demo.folder,
    encoding: "utf8",
    timeout: 30_000,
    killSignal: "SIGKILL",
    env: { ...process.env, ...env },
  });
  return { lines: stdout.trim().split("\n"), errors: stderr };
}

const library = `
export let runs = 0;
export const fact: (n: number) => number = function own(n: number): number { "use memoize"; runs++; return n < 2 ? 1 : n * own(n - 1); };
`;
const app = `import { fact, runs } from "./library.ts";
type Count = number;
let own = 0;
function fib(n: Count): Count { "use memoize"; own++; return n < 2 ? n : fib(n - 1) + fib(n - 2); }
/** é𝒳 */ const boom = (n: Count): never => { "use memoize"; throw new Error("boom"); };
console.log(fib(30), own, fact(5), fact(4), runs);
try { boom(1); } catch (error) { console.log(/app\\.ts:\\d+:\\d+/.exec((error as Error).stack!)![0]); }
`;
const expected = ["832040 31 120 24 5", `app.ts:5:${app.split("\n")[4]!.indexOf("new Error") + 1}`];

for (const demo of [modules, scripts]) {
  demo.write("library.ts", library);
  demo.write("app.ts", app);
}

describe("marked TypeScript is memoized, and a stack trace points at what was written", () => {
  test("as ES modules", () => {
    expect(run(modules, [...register, "app.ts"]).lines).toEqual(expected);
  });

  test("before tsx, as ES modules", () => {
    const { lines } = run(modules, [...register, "--import", tsx, "app.ts"]);
    expect(lines).toEqual(expected);
  });

  test("after tsx, as ES modules", () => {
    const { lines } = run(modules, ["--import", tsx, ...register, "app.ts"]);
    expect(lines).toEqual(expected);
  });

  test("before tsx, compiled to CommonJS", () => {
    const { lines } = run(scripts, [...register, "--import", tsx, "app.ts"]);
    expect(lines).toEqual(expected);
  });

  test("after tsx, compiled to CommonJS", () => {
    const { lines } = run(scripts, ["--import", tsx, ...register, "app.ts"]);
    expect(lines).toEqual(expected);
  });

  test("as CommonJS", () => {
    scripts.write("used.cts", `exports.twice = /* @memoize */ (n: number) => ({ n: n * 2 });`);
    scripts.write(
      "main.cts",
      `const { twice } = require("./used.cts");
function fib(n: number): number { "use memoize"; return n < 2 ? n : fib(n - 1) + fib(n - 2); }
console.log(fib(90), twice(2) === twice(2));
console.log(/main\\.cts:\\d+:\\d+/.exec(new Error().stack!)![0]);`,
    );

    const { lines } = run(scripts, [...register, "main.cts"]);

    expect(lines).toEqual(["2880067194370816000 true", "main.cts:4:38"]);
  });
});

test.for([
  ["off", "1 2"],
  ["bare", "1 2"],
  ["", "1 1"],
])("ROTE=%s is heeded, and configureMemoized is no error", ([mode, counts]) => {
  modules.write(
    "modes.mts",
    `import { configureMemoized } from "rote";
    let runs = 0;
    function f(n: number) { "use memoize"; return n + runs++; }
    configureMemoized(f, { maxEntries: 2 });
    console.log(f(1), f(1));`,
  );

  const { lines } = run(modules, [...register, "modes.mts"], { ROTE: mode! });

  expect(lines).toEqual([counts]);
});

test("what cannot be memoized is a warning with its place", () => {
  const path = modules.write(
    "warns.mjs",
    `class A { set a(v) { "use memoize"; } }\nconsole.log("ran");`,
  );

  const { lines, errors } = run(modules, [...register, "warns.mjs"]);

  expect(lines).toEqual(["ran"]);
  expect(errors).toContain(`[ROTE_SETTER] RoteWarning: ${path}:1:22`);
});

test("comments that another loader has removed are missed aloud", () => {
  modules.write(
    "lost.ts",
    `export const f = /* @memoize */ (n: number) => n; function g() { "use memoize"; }`,
  );

  const { errors } = run(modules, ["--import", tsx, ...register, "lost.ts"]);

  expect(errors).toContain("ROTE_LOST_COMMENT");
});

test("neither parser nor rote is loaded while no file is marked", () => {
  modules.write(
    "unmarked.mjs",
    `import { registerHooks } from "node:module";
    console.log(process.report.getReport().sharedObjects.filter((name) => name.includes("oxc")).length);`,
  );
  modules.write("marked.mjs", `function f() { "use memoize"; }\nawait import("./unmarked.mjs");`);

  expect(run(modules, [...register, "unmarked.mjs"]).lines).toEqual(["0"]);
  expect(run(modules, [...register, "marked.mjs"]).lines).toEqual(["1"]);
});

test("a program that loads rote before anything of the compiler was needed", () => {
  // Neither the entry nor what it imports first has a mark, but rote's own files speak of some.
  modules.write("first.mjs", `export { cacheOf } from "rote";`);
  modules.write("second.mjs", `export function f(n) { "use memoize"; return n; }`);
  modules.write(
    "third.mjs",
    `import { cacheOf } from "./first.mjs"; import { f } from "./second.mjs"; f(1); console.log(cacheOf(f).size);`,
  );

  expect(run(modules, [...register, "third.mjs"])).toEqual({ lines: ["1"], errors: "" });
});

describe("the field rote of package.json", () => {
  const manifest = (rote: unknown): void =>
    void modules.write("package.json", JSON.stringify({ name: "demo", type: "module", rote }));
  afterEach(() => manifest(undefined));

  test("has options for every marked function", () => {
    manifest({ defaults: { maxEntries: 2 } });
    modules.write(
      "defaults.mjs",
      `import { cacheOf } from "rote";
      const f = (n) => { "use memoize"; return n; };
      [1, 2, 3].map(f); console.log(cacheOf(f).size);`,
    );

    expect(run(modules, [...register, "defaults.mjs"]).lines).toEqual(["2"]);
  });

  test.for([
    [{ default: {} }, "rote.default in "],
    [{ defaults: 5 }, "rote.defaults in "],
    [{ source: "yes" }, "rote.source in "],
    [[], "rote in "],
    [{ defaults: { ttl: { minutes: 5 } } }, "ttl of defaults"],
    [{ defaults: { maxEntries: -1 } }, "maxEntries must be"],
  ])("%j is refused", ([rote, message]) => {
    manifest(rote);
    modules.write("marked.mjs", `function f() { "use memoize"; } console.log("ran");`);
    modules.write("refused.mjs", `import { cacheOf } from "rote"; import "./marked.mjs"; cacheOf;`);

    const { lines, errors } = run(modules, [...register, "refused.mjs"]);

    expect(lines).toEqual([""]);
    expect(errors).toContain(message);
  });
});
