import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { originalPositionFor, TraceMap } from "@jridgewell/trace-mapping";
import { createServer } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { outputOf, tools } from "../../../../test/support/builds.ts";
import { Demo } from "../../../../test/support/compiled.ts";
import { checkOutput } from "../output.ts";
import { transform } from "../transform.ts";
import rote from "../vite.ts";

type Library = typeof import("./fixtures/library.ts");

const program = fileURLToPath(new URL("fixtures/program.ts", import.meta.url));
const outputs = realpathSync(mkdtempSync(join(tmpdir(), "rote-builds-")));
const demo = new Demo();
afterAll(() => {
  rmSync(outputs, { recursive: true, force: true });
  demo.remove();
});

let count = 0;
function newFolder(): string {
  const folder = join(outputs, String(++count));
  mkdirSync(folder);
  return folder;
}

/** The line, from 1 on, and the column, from 0 on. */
function placeOf(text: string, code: string): { line: number; column: number } {
  const before = code.slice(0, code.indexOf(text)).split("\n");
  if (!code.includes(text)) throw new Error(`there is no ${text}`);
  return { line: before.length, column: before.at(-1)!.length };
}

let expected = "";
/** Of all marked functions of the program. */
const ids = ["program.ts", "library.ts", "legacy.cjs"]
  .flatMap((name) => {
    const path = fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
    return transform(readFileSync(path, "utf8"), path)!.memoized;
  })
  .flatMap(({ by, id }) => (by === "mark" ? [id] : []))
  .toSorted();
beforeAll(() => {
  expected = outputOf(program, ["--import", "@rote/compiler/register"]);
});

const all = Object.entries(tools);

describe.for(all)("what %s builds", ([tool, build]) => {
  test.for([false, true])(
    "prints what it prints under register; minified: %s",
    async (isMinified) => {
      const { file, warnings } = await build({ entry: program, outDir: newFolder(), isMinified });

      expect(outputOf(file)).toBe(expected);
      expect(warnings).toEqual([]);
    },
  );

  test.for([false, true])("is checked without its source; minified: %s", async (isMinified) => {
    const built = { entry: program, outDir: newFolder(), isMinified };
    const options = { exclude: "**/*" };
    const read = checkOutput((await build(built)).code, "main.mjs")!;
    const unread = checkOutput((await build({ ...built, options })).code, "main.mjs")!;

    expect(read.unread).toEqual([]);
    expect(read.memoized.toSorted()).toEqual(ids);
    expect(unread.memoized).toEqual([]);
    // All but the one with a comment in place of the directive; Terser removes directives.
    const isSilent = tool === "webpack" && isMinified;
    expect(unread.unread).toHaveLength(isSilent ? 0 : ids.length - 1);
  });

  test("has a map to the source that was written", async () => {
    const { code, map } = await build({ entry: program, outDir: newFolder() });

    const source = readFileSync(program, "utf8");
    const at = originalPositionFor(new TraceMap(map), placeOf("RangeError(", code));
    expect(at).toMatchObject(placeOf("RangeError(", source));
    expect(at.source).toMatch(/program\.ts$/);
  });

  test("warns of what cannot be memoized, and fails if it is told to", async () => {
    const entry = demo.write(
      "warns.ts",
      `class A {\n  set a(v: number) { "use memoize"; }\n}\nconsole.log(A.name.length);\n`,
    );
    const place = `${entry}:2:22 ROTE_SETTER`;

    const { file, warnings } = await build({ entry, outDir: newFolder() });

    expect(outputOf(file)).toBe("1\n");
    expect(warnings).toMatchObject([expect.stringContaining(place)]);
    await expect(build({ entry, outDir: newFolder(), options: { strict: true } })).rejects.toThrow(
      place,
    );
  });
});

test.for(["Rolldown", "esbuild"])(
  "%s drops what is marked and not used, and rote",
  async (tool) => {
    demo.write(
      "unused.ts",
      `export const arrow = () => { "use memoize"; };
    export const named = function own(): void { "use memoize"; own(); };
    export const object = { method() { "use memoize"; } };
    export const used = 1;`,
    );
    const entry = demo.write("uses.ts", `import { used } from "./unused.ts"; console.log(used);`);

    const { code } = await tools[tool]!({ entry, outDir: newFolder() });

    expect(code).not.toMatch(/memoize/i);
  },
);

test("Vite's server memoizes what it serves", async () => {
  const server = await createServer({
    configFile: false,
    root: dirname(program),
    logLevel: "silent",
    appType: "custom",
    server: { middlewareMode: true, ws: false, watch: null },
    optimizeDeps: { noDiscovery: true },
    plugins: [rote()],
  });
  try {
    const library = (await server.ssrLoadModule("/library.ts")) as Library;

    expect([library.fib(90), library.countRuns()]).toEqual([2880067194370816120n, 91]);
    expect((await server.transformRequest("/library.ts"))?.code).toContain("library.ts#fib");
  } finally {
    await server.close();
  }
});

test("a class is memoized for engines that have no static blocks", async () => {
  const entry = demo.write(
    "lowered.ts",
    `export class A { get a() { "use memoize"; return {}; } static b() { "use memoize"; return {}; } }
    const one = new A(); console.log(one.a === one.a, A.b() === A.b(), one.a === new A().a);`,
  );

  const { file, code } = await tools["esbuild"]!({ entry, outDir: newFolder(), target: "es2021" });

  expect(code).not.toMatch(/static\s*\{/);
  expect(outputOf(file)).toBe("true true false\n");
});

describe("which files are read", () => {
  const marked = (name: string): string =>
    `let runs = 0; export function ${name}(n) { "use memoize"; return runs++; }\n`;
  const install = (name: string, rote?: object): void => {
    const folder = join(demo.folder, "node_modules", name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(
      join(folder, "package.json"),
      JSON.stringify({ name, main: "index.js", type: "module", rote }),
    );
    writeFileSync(join(folder, "index.js"), marked(name));
  };
  let entry = "";
  beforeAll(() => {
    install("plain");
    install("open", { source: true });
    demo.write("mine.js", marked("mine"));
    entry = demo.write(
      "files.mjs",
      `import { isMemoized } from "rote";
import { mine } from "./mine.js"; import { plain } from "plain"; import { open } from "open";
console.log(Object.entries({ mine, plain, open }).filter(([, fn]) => isMemoized(fn)).map(([name]) => name).join());`,
    );
  });

  test.for(all)(
    "%s leaves installed packages alone that do not say otherwise",
    async ([, build]) => {
      const { file } = await build({ entry, outDir: newFolder() });

      expect(outputOf(file)).toBe("mine,open\n");
    },
  );

  test("register, too", () => {
    expect(outputOf(entry, ["--import", "@rote/compiler/register"])).toBe("mine,open\n");
  });

  test.for([
    [{ include: [/plain.index\.js$/, "**/mine.js"] }, "mine,plain"],
    [{ exclude: "**/mine.js" }, "open"],
  ] as const)("include and exclude say which: %j", async ([options, names]) => {
    for (const [, build] of all) {
      const { file } = await build({ entry, outDir: newFolder(), options });

      expect(outputOf(file)).toBe(`${names}\n`);
    }
  });
});

test("defaults reach every marked function", async () => {
  const entry = demo.write(
    "defaults.ts",
    `import { cacheOf } from "rote";
    function f(n: number): number { "use memoize"; return n; }
    [1, 2, 3].map(f); console.log(cacheOf(f).size);`,
  );

  const { file } = await tools["esbuild"]!({
    entry,
    outDir: newFolder(),
    options: { defaults: { maxEntries: 2 } },
  });

  expect(outputOf(file)).toBe("2\n");
});

test("defaults that cannot be written are refused by the configuration", () => {
  expect(() => rote({ defaults: { weigh: () => 1 } })).toThrow("weigh of defaults");
});
