import { spawnSync } from "node:child_process";
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
