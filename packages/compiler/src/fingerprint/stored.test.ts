import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeEach, expect, test } from "vitest";

import { Demo } from "../../../../test/support/compiled.ts";
import { transform } from "../transform.ts";
import { createFingerprinter } from "./fingerprint.ts";

let demo = new Demo();
beforeEach(() => {
  demo.remove();
  demo = new Demo();
});
afterAll(() => demo.remove());

const app = `
import { memoize } from "rote";
import { disk } from "rote/disk";
import { rate, unused } from "./rates.ts";
const store = disk("./results.db");
export const price = memoize((n: number): number => { console.log("run"); return n * rate; }, { store });
console.log(price(2));
`;
const rates = "export const rate = 3;\nexport const unused = 1;\n";

function sorted(texts: readonly (string | undefined)[]): string[] {
  return texts.map(String).sort((a, b) => (a < b ? -1 : 1));
}

/** What app.ts prints in a process of its own. */
function run(env: Record<string, string> = {}): { lines: string[]; errors: string } {
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ["--import", "@rote/compiler/register", "app.ts"],
    { cwd: demo.folder, encoding: "utf8", env: { ...process.env, ...env }, timeout: 30_000 },
  );
  return { lines: stdout.trim().split("\n"), errors: stderr };
}

test("a stored result is found until something that the function reaches has changed", () => {
  demo.write("rates.ts", rates);
  demo.write("app.ts", app);
  expect(run().lines).toEqual(["run", "6"]);
  expect(run().lines).toEqual(["6"]);
  demo.write("rates.ts", `// a note\n${rates.replace("unused = 1", "unused = 2")}`);
  demo.write(
    "app.ts",
    app
      .replace("(n: number): number", "(amount: number): number")
      .replace("n * rate", "amount * rate"),
  );
  expect(run().lines).toEqual(["6"]);
  demo.write("rates.ts", rates.replace("3", "4"));
  expect(run().lines).toEqual(["run", "8"]);
  demo.write("rates.ts", rates);
  expect(run().lines).toEqual(["6"]);
});

test("a function that reads what nobody sees is refused a store, unless somebody has looked", () => {
  demo.write("rates.ts", "export const rate = Date.now();\nexport const unused = 1;\n");
  demo.write("app.ts", app);
  const { errors } = run();
  expect(errors).toContain(
    '"price" reads what its stored results would not be told apart by. rates.ts:1:21 ROTE_UNSEEN_CLOCK: It reads the clock',
  );
  expect(errors).toContain("ERR_INVALID_OPTION");
  for (const option of ['version: "1"', "dependsOn: []"]) {
    demo.write("app.ts", app.replace("{ store }", `{ store, ${option} }`));
    expect(run().errors).toBe("");
  }
});

test("a function without a store may read what it likes, and nothing is read for it", () => {
  demo.write("rates.ts", "export const rate = Date.now() * 0 + 3;\nexport const unused = 1;\n");
  demo.write("app.ts", app.replace("{ store }", "{}"));
  expect(run()).toEqual({ lines: ["run", "6"], errors: "" });
});

test("the values of variables that are named belong to the address", () => {
  demo.write(
    "rates.ts",
    "export const rate = Number(process.env.RATE);\nexport const unused = 1;\n",
  );
  demo.write("app.ts", app);
  expect(run({ RATE: "3" }).errors).toContain('name the variables: env: ["NAME"]');
  demo.write("app.ts", app.replace("{ store }", '{ store, env: ["RATE"] }'));
  expect(run({ RATE: "3" }).lines).toEqual(["run", "6"]);
  expect(run({ RATE: "4" }).lines).toEqual(["run", "8"]);
  expect(run({ RATE: "3" }).lines).toEqual(["6"]);
});

test("a build writes fingerprints into the output, the same for marks and calls as for anybody", () => {
  const code = `
import { memoize } from "rote";
const seed = () => Math.random() + Number(process.env.A) + Number(process.env.A);
export function twice(n: number) { "use memoize"; return n * 2; }
export class Cart { total() { "use memoize"; return 3; } }
export const drawn = memoize((n: number) => n + seed());
export const named = memoize(twice, { maxEntries: 1 });
export default memoize({ maxEntries: 1 })((n: number) => n - 1);
export const { load } = { load: memoize.batch((ids: number[]) => ids.map(twice), { maxBatch: 5 }) };
`;
  const path = demo.write("shop.ts", code);
  const fingerprinter = createFingerprinter({ root: demo.folder });
  const output = transform(code, path, { fingerprinter })?.code ?? "";
  const digestOf = (place: string | number): string =>
    fingerprinter.fingerprint(path, place).digest;
  const written = [...output.matchAll(/fingerprint: \{"digest":"(1-[0-9a-f]{64})"/g)].map(
    (each) => each[1],
  );
  const at = (text: string): number => code.indexOf(text);
  expect(sorted(written)).toEqual(
    sorted([
      digestOf("twice"),
      digestOf("Cart.total"),
      digestOf("drawn"),
      digestOf(at("memoize(twice")),
      digestOf(at("memoize({")),
      digestOf(at("memoize.batch(")),
    ]),
  );
  // A message needs the first finding, and each variable once.
  expect(output.match(/ROTE_UNSEEN_RANDOM/g)).toHaveLength(1);
  expect(output.match(/ROTE_UNSEEN_ENV/g)).toHaveLength(1);
  expect(output).toContain('"A"]');
});

const shop = {
  "app.ts": `
import { memoize } from "rote";
import { disk } from "rote/disk";
import { euros } from "./a.ts";
const store = disk("./results.db");
export const price = memoize((n: number): number => n * euros(), { store });
const { outcome, reason, message } = price.cache.explain(2);
console.log(outcome, reason, message);
price(2);
store.close();
`,
  "a.ts": 'import { round } from "./b.ts";\nexport const euros = () => round(1.5);\n',
  "b.ts":
    'import { priceTable } from "./rates.ts";\nexport const round = (n: number) => Math.round(n * priceTable.eur);\n',
  "rates.ts": "\n// Rates of today.\nexport const priceTable = { eur: 3 };\n",
};

function writeShop(changed: Partial<typeof shop> = {}): void {
  for (const [name, text] of Object.entries({ ...shop, ...changed })) demo.write(name, text);
}

test("explain names the declaration that changed three modules away, and the older result back at its code", () => {
  writeShop();
  expect(run().lines).toEqual([expect.stringMatching(/^run never seen The call would run: there/)]);
  writeShop({ "rates.ts": shop["rates.ts"].replace("3", "4") });
  expect(run().lines).toEqual([
    "run code changed The call would run: the store has its result of other code: priceTable in rates.ts:3 changed.",
  ]);
  writeShop({ "b.ts": shop["b.ts"].replace("Math.round", "Math.ceil") });
  expect(run().lines[0]).toContain("round in b.ts:2 changed");
  writeShop();
  expect(run().lines).toEqual([expect.stringMatching(/^hit stored The call would return the/)]);
});

test("a function without a store is explained by what it reaches, where the hooks are", () => {
  writeShop({
    "app.ts": shop["app.ts"]
      .replace("{ store }", "{}")
      .replace("message }", "code }")
      .replace(
        "console.log(outcome, reason, message)",
        "console.log(outcome, reason, code.reached.map(({ name }) => name).join())",
      ),
  });
  expect(run()).toEqual({
    lines: ["run never seen price,euros,round,priceTable"],
    errors: "",
  });
});

/** What app.ts prints when it was built, one module at a time. */
function build(manifests: boolean): { lines: string[]; output: string } {
  const fingerprinter = createFingerprinter({ root: demo.folder });
  const path = join(demo.folder, "app.ts");
  const output = transform(readFileSync(path, "utf8"), path, { fingerprinter, manifests })!.code;
  demo.write("built.ts", output);
  const { stdout } = spawnSync(process.execPath, ["built.ts"], {
    cwd: demo.folder,
    encoding: "utf8",
    timeout: 30_000,
  });
  return { lines: stdout.trim().split("\n"), output };
}

test("a build that was asked for manifests is explained by them, and has none otherwise", () => {
  writeShop();
  expect(build(true).lines[0]).toContain("never seen");
  writeShop({ "rates.ts": shop["rates.ts"].replace("3", "4") });
  const second = build(true);
  expect(second.lines[0]).toContain("priceTable in rates.ts:3 changed.");
  expect(second.output).toContain('"reached":{"files":["app.ts","a.ts","b.ts","rates.ts"]');
  writeShop({ "rates.ts": shop["rates.ts"].replace("3", "5") });
  const plain = build(false);
  expect(plain.output).not.toContain("reached");
  expect(plain.lines[0]).toContain("of other code: the code has changed");
  // The hooks know both sides: that of the build, and their own.
  expect(run().lines[0]).toMatch(/^hit stored/);
  writeShop({ "rates.ts": shop["rates.ts"].replace("3", "6") });
  expect(run().lines[0]).toContain("the code has changed");
});

test("a source that another tool has changed is known by name", () => {
  const code = 'export function twice(n: number) { "use memoize"; return n * 2; }';
  const path = demo.write("twice.ts", code);
  const fingerprinter = createFingerprinter({ root: demo.folder });
  const output = transform(`/* changed */ ${code}`, path, { fingerprinter })?.code;
  expect(output).toContain(fingerprinter.fingerprint(path, "twice").digest);
  expect(transform(code, join(demo.folder, "none.ts"), { fingerprinter })?.code).not.toContain(
    "fingerprint",
  );
});

test("of functions that are made in a function, those are stored that are told apart", () => {
  demo.write(
    "app.ts",
    `
import { memoize } from "rote";
import { disk } from "rote/disk";
const store = disk("./results.db");
const plain = () => memoize((n: number) => (console.log("run"), n + 1), { store });
console.log(plain()(1), plain()(1));
const make = (k: number, own: object) => memoize((n: number) => n * k, { store, ...own });
for (const own of [() => ({}), () => ({ dependsOn: [] }), (k: number) => ({ dependsOn: [k] })])
  for (const k of [2, 3])
    try {
      console.log(make(k, own(k))(10));
    } catch (error) {
      console.log((error as Error).message);
    }
`,
  );
  const { lines, errors } = run();
  expect(errors).toBe("");
  expect(lines).toEqual([
    "run",
    "2 2",
    expect.stringContaining("ROTE_UNSEEN_CAPTURE"),
    expect.stringContaining("ROTE_UNSEEN_CAPTURE"),
    expect.stringContaining("may be more than one function"),
    expect.stringContaining("may be more than one function"),
    "20",
    "30",
  ]);
});
