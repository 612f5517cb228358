import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { disk, viewDisk } from "rote/disk";
import { isManifest } from "rote/store";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Demo } from "../../../../test/support/compiled.ts";

const bin = fileURLToPath(new URL("../../dist/rote.js", import.meta.url));
let demo: Demo;
beforeEach(() => {
  demo = new Demo();
  demo.write("rates.ts", "\nexport const priceTable = { eur: 3 };\n");
});
afterEach(() => demo.remove());

/** Nothing is written to the caches of whoever runs the tests. */
function inDemo() {
  const caches = join(demo.folder, "caches");
  const env = { ...process.env, XDG_CACHE_HOME: caches, LOCALAPPDATA: caches, HOME: caches };
  return { cwd: demo.folder, encoding: "utf8", timeout: 30_000, env } as const;
}

function rote(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [bin, ...args], inDemo());
}

/** Runs the program, which stores a result. */
function store(options = "{ store }", path = '"./results.db"'): void {
  demo.write(
    "app.ts",
    `import { memoize } from "rote";
import { disk } from "rote/disk";
import { priceTable } from "./rates.ts";
const store = disk(${path});
export const price = memoize((n: number): number => n * priceTable.eur, ${options});
price(2);
store.close();
`,
  );
  const register = ["--import", "@rote/compiler/register", "app.ts"];
  execFileSync(process.execPath, register, inDemo());
}

const code = String.raw`  demo/app\.ts#price code [\da-f]{8}  one entry, the last just now`;

test("--store lists the versions that are stored, the present one, and what has changed since the others", () => {
  store();
  const first = rote("explain", "app.ts#price", "--store", "results.db");
  expect(first.stdout).toMatch(
    new RegExp(`\nStored in .*results\\.db:\n${code}  the present code\n$`),
  );
  expect(first.status).toBe(0);
  demo.write("rates.ts", "// now\n\nexport const priceTable = { eur: 4 };\n");
  expect(rote("explain", "app.ts#price", "--store", "results.db").stdout).toMatch(
    new RegExp(`:\n${code}\n    priceTable in rates\\.ts:3 changed\n$`),
  );
  store();
  expect(rote("explain", "app.ts#5:40", "--store", "results.db").stdout).toMatch(
    new RegExp(`:\n${code}  the present code\n${code}\n    priceTable in rates\\.ts:3 changed\n$`),
  );
});

test("versions and names that were given are found, and a store without it says so", () => {
  store('{ store, name: "quote", version: "7" }');
  expect(rote("explain", "app.ts#price", "--store", "results.db").stdout).toMatch(
    /\nNothing of it is stored in .*results\.db\.\n$/,
  );
  const { stdout } = rote("explain", "app.ts#price", "--name", "quote", "--store", "results.db");
  expect(stdout).toMatch(/:\n {2}quote version 7 {2}one entry, the last just now\n$/);
});

test("a store without a manifest says less", () => {
  store();
  const path = join(demo.folder, "results.db");
  const view = viewDisk(path);
  const manifest = [...view.list()].find(({ namespace }) => isManifest(namespace))!;
  view.close();
  const opened = disk(path);
  opened.write(manifest, opened.read(manifest)!.fill(1, 70, 80), manifest);
  opened.close();
  expect(rote("explain", "app.ts#price", "--store", "results.db").stdout).toMatch(
    new RegExp(`:\n${code}\n    what it was made of is not stored\n$`),
  );
});

test("without a path it is the default store; --json prints it for machines", () => {
  store("{ store }", "");
  demo.write("rates.ts", "export const priceTable = { eur: 4 };\n");
  const { stdout } = rote("explain", "app.ts#price", "--json", "--store");
  expect(JSON.parse(stdout)).toMatchObject({
    store: expect.stringContaining(demo.folder),
    stored: [
      {
        name: "demo/app.ts#price",
        version: null,
        entries: 1,
        isPresent: false,
        changes: [{ name: "priceTable", text: "priceTable in rates.ts:1 changed" }],
      },
    ],
  });
  expect(rote("explain", "app.ts#price", "--store", "none.db")).toMatchObject({
    status: 2,
    stderr: expect.stringContaining("there is no store at"),
  });
});

test("rote cache shows no manifest as a function, and clears it with its function", () => {
  store();
  const json = (...args: string[]) => JSON.parse(rote("cache", ...args, "--json").stdout);
  expect(json("ls", "results.db").functions).toMatchObject([{ name: "demo/app.ts#price" }]);
  expect(json("stats", "results.db")).toMatchObject({ functions: 1, namespaces: 1, entries: 1 });
  expect(json("verify", "results.db")).toMatchObject({ findings: [] });
  expect(rote("cache", "export", "results.db").stdout.trim().split("\n")).toHaveLength(1);
  expect(rote("cache", "show", "results.db", "none").stderr).toContain("demo/app.ts#price");
  expect(rote("cache", "show", "results.db", "none").stderr).not.toContain("manifest");
  expect(json("clear", "results.db", "demo/app.ts#price")).toMatchObject({ removed: 1 });
  const view = viewDisk(join(demo.folder, "results.db"));
  expect([...view.list()]).toEqual([]);
  view.close();
});
