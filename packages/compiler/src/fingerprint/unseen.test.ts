import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { createFingerprinter, type Fingerprint } from "./fingerprint.ts";
import { formatFinding } from "./finding.ts";
import { createProject, type Project } from "./fixtures/programs.ts";

let project: Project | undefined;
afterEach(() => project?.remove());

function read(
  main: string,
  files: Record<string, string> = {},
  env: string[] = [],
  fn: string | number = "f",
): Fingerprint {
  project?.remove();
  project = createProject({ ...files, "main.ts": main });
  const { root } = project;
  return createFingerprinter({ root, env }).fingerprint(join(root, "main.ts"), fn);
}

function unseenIn(main: string, files: Record<string, string> = {}): string[] {
  return read(main, files).unseen.map(
    ({ code, file, line, column }) => `${code} ${file}:${line}:${column}`,
  );
}

const f = (value: string): string => `export const f = (a: any) => ${value};`;
/** The column of what `f` returns. */
const at = "main.ts:1:30";

test.each([
  ["eval", f("eval(a)"), "ROTE_UNSEEN_CODE"],
  ["eval of the realm", f("globalThis.eval(a)"), "ROTE_UNSEEN_CODE"],
  ["new Function", f("new Function(a)"), "ROTE_UNSEEN_CODE"],
  ["Function", f("Function(a)"), "ROTE_UNSEEN_CODE"],
  ["an import of what is passed", f("import(a)"), "ROTE_UNSEEN_IMPORT"],
  ["a require of what is passed", f("require(a)"), "ROTE_UNSEEN_IMPORT"],
  ["an import of what is not there", f('import("./none.ts")'), "ROTE_UNSEEN_IMPORT"],
  ["the environment", f("process.env.HOME"), "ROTE_UNSEEN_ENV"],
  ["the environment under a computed name", f("process.env[a]"), "ROTE_UNSEEN_ENV"],
  ["the environment of a bundler", f("import.meta.env.MODE"), "ROTE_UNSEEN_ENV"],
  ["Date.now", f("Date.now()"), "ROTE_UNSEEN_CLOCK"],
  ["Date.now as a value", f("Date.now"), "ROTE_UNSEEN_CLOCK"],
  ["new Date()", f("new Date()"), "ROTE_UNSEEN_CLOCK"],
  ["Date()", f("Date(a)"), "ROTE_UNSEEN_CLOCK"],
  ["performance.now", f("performance.now()"), "ROTE_UNSEEN_CLOCK"],
  ["Math.random", f("Math.random()"), "ROTE_UNSEEN_RANDOM"],
  ["Math.random in brackets", f('Math["random"]()'), "ROTE_UNSEEN_RANDOM"],
  ["Math?.random", f("Math?.random()"), "ROTE_UNSEEN_RANDOM"],
  ["crypto.randomUUID", f("crypto.randomUUID()"), "ROTE_UNSEEN_RANDOM"],
  [
    "crypto.getRandomValues of the realm",
    f("globalThis.crypto.getRandomValues(a)"),
    "ROTE_UNSEEN_RANDOM",
  ],
  ["WebAssembly", f("WebAssembly.instantiate(a)"), "ROTE_UNSEEN_NATIVE"],
  ["a global of nobody", f("config"), "ROTE_UNSEEN_GLOBAL"],
  ["a global of nobody through the realm", f("globalThis.config"), "ROTE_UNSEEN_GLOBAL"],
  ["where the file is", f("import.meta.url"), "ROTE_UNSEEN_LOCATION"],
])("%s is reported", (_, main, code) => {
  expect(unseenIn(main)).toEqual([`${code} ${at}`]);
});

test.each([
  [
    "randomUUID of node:crypto",
    'import { randomUUID } from "node:crypto"; export const f = () => randomUUID();',
    "ROTE_UNSEEN_RANDOM",
  ],
  [
    "randomBytes of crypto",
    'import crypto from "crypto"; export const f = () => crypto.randomBytes(4);',
    "ROTE_UNSEEN_RANDOM",
  ],
  [
    "a namespace of node:crypto",
    'import * as c from "node:crypto"; export const f = () => c.randomInt(4);',
    "ROTE_UNSEEN_RANDOM",
  ],
  [
    "env of node:process",
    'import { env } from "node:process"; export const f = () => env.HOME;',
    "ROTE_UNSEEN_ENV",
  ],
  [
    "performance of node:perf_hooks",
    'import { performance } from "node:perf_hooks"; export const f = () => performance.now();',
    "ROTE_UNSEEN_CLOCK",
  ],
  [
    "node:ffi",
    'import * as ffi from "node:ffi"; export const f = () => ffi;',
    "ROTE_UNSEEN_NATIVE",
  ],
  [
    "node:vm",
    'import { runInThisContext } from "node:vm"; export const f = (a: string) => runInThisContext(a);',
    "ROTE_UNSEEN_CODE",
  ],
  [
    "createRequire",
    'import { createRequire } from "node:module"; const load = createRequire("/"); export const f = () => load("x");',
    "ROTE_UNSEEN_IMPORT",
  ],
  [
    "the clock under another name",
    "const now = Date.now; export const f = () => now();",
    "ROTE_UNSEEN_CLOCK",
  ],
  [
    "the clock of another Date",
    "const D = Date; export const f = () => D.now();",
    "ROTE_UNSEEN_CLOCK",
  ],
  [
    "the clock under a local name",
    "export const f = () => { const D = Date; return D.now(); };",
    "ROTE_UNSEEN_CLOCK",
  ],
  [
    "chance taken out of Math",
    "export const f = () => { const { random } = Math; return random(); };",
    "ROTE_UNSEEN_RANDOM",
  ],
  [
    "a variable taken out of the environment",
    "const { HOME } = process.env; export const f = () => HOME;",
    "ROTE_UNSEEN_ENV",
  ],
  [
    "a let that a function sets",
    "let k = 1; export const set = (n: number) => { k = n; }; export const f = () => k;",
    "ROTE_UNSEEN_STATE",
  ],
  ["a counter", "let k = 0; export const f = () => k++;", "ROTE_UNSEEN_STATE"],
  [
    "an object that a function changes",
    "const o: any = {}; export const set = () => { o.x = 1; }; export const f = () => o.x;",
    "ROTE_UNSEEN_STATE",
  ],
  [
    "a Map that a function fills",
    "const m = new Map(); export const set = (k: any) => m.set(k, 1); export const f = () => m.get(1);",
    "ROTE_UNSEEN_STATE",
  ],
  [
    "an array that a function grows through a local name",
    "const t: any[] = []; export const set = () => { const u = t; u.push(1); }; export const f = () => t;",
    "ROTE_UNSEEN_STATE",
  ],
  [
    "an object that a function assigns to",
    "const o: any = {}; export const set = () => Object.assign(o, { x: 1 }); export const f = () => o.x;",
    "ROTE_UNSEEN_STATE",
  ],
  [
    "a static that a method counts",
    "class A { static n = 0; m() { return A.n++; } } export const f = () => new A().m();",
    "ROTE_UNSEEN_STATE",
  ],
])("%s is reported", (_, main, code) => {
  const codes = read(main).unseen.map((each) => each.code);
  expect(codes).toEqual([code]);
});

const registry =
  "class Registry { seen: any = {}; #all = []; learn(n) { this.seen[n] = 1; } keep(n) { this.#all.push(n); } add2(n) { this.learn(n); } " +
  "deep(n) { const all = this.#all; [n].forEach(() => all.push(n)); } knows(n) { return this.seen[n]; } copy() { const o = new Registry(); o.seen = this.seen; return o; } " +
  "each() { for (const x of [1]) x; let y = this.seen; y = 1; return y; } arrow = (n) => { this.seen = n; } } const registry = new Registry();";
const reads = "export const f = () => registry.knows(1);";

test.each([
  ["a method that assigns to a member", `${registry} export const g = () => registry.learn(1);`],
  ["a method that grows a private array", `${registry} export const g = () => registry.keep(1);`],
  ["a method that calls one that does", `${registry} export const g = () => registry.add2(1);`],
  ["a method that does under a local name", `${registry} export const g = () => registry.deep(1);`],
  ["a function that is a member", `${registry} export const g = () => registry.arrow(1);`],
  [
    "a method of another name for it",
    `${registry} const r = registry; export const g = () => r.learn(1);`,
  ],
  [
    "a method of a local name for it",
    `${registry} export const g = () => { const r = registry; r.learn(1); };`,
  ],
  [
    "a method that is called as one that reads is",
    "class Registry { n = 0; get() { return this.n++; } knows() { return this.n; } } const registry = new Registry(); export const g = () => registry.get();",
  ],
  [
    "a method that is inherited",
    "class Base { n = 0; learn() { this.n++; } } class Registry extends Base { knows() { return this.n; } } const registry = new Registry(); export const g = () => registry.learn();",
  ],
  [
    "a method that is inherited from Map",
    "class Registry extends Map { learn(n) { this.set(n, n); } knows(n) { return this.get(n); } } const registry = new Registry(); export const g = () => registry.learn(1);",
  ],
  [
    "a method that calls one of a subclass",
    "class Base { learn() { this.keep(); } keep() {} } class Registry extends Base { n = 0; keep() { this.n = 1; } knows() { return this.n; } } const registry = new Registry(); export const g = () => registry.learn();",
  ],
  [
    "a method of an object",
    "const registry = { all: [], learn(n) { this.all.push(n); }, knows: (n) => n }; export const g = () => registry.learn(1);",
  ],
  [
    "a static method",
    "class registry { static n = 0; static learn() { this.n = 1; } static knows() { return this.n; } } export const g = () => registry.learn();",
  ],
  [
    "a function that writes to its parameter",
    `${registry} function fill(r) { r.seen.x = 1; } export const g = () => fill(registry);`,
  ],
  [
    "one that writes to a part of it",
    `${registry} const fill = (n, { seen }) => { seen.x = n; }; export const g = () => fill(1, registry);`,
  ],
  [
    "one that passes it on",
    `${registry} function fill(r) { r.seen.x = 1; } function go(r) { fill(r); } export const g = () => go(registry);`,
  ],
  [
    "one that calls a method that writes",
    `${registry} function fill(r) { r.learn(1); } export const g = () => fill(registry);`,
  ],
  [
    "one that writes in a loop",
    `${registry} function fill(all) { for (const r of all) r.x = 1; } export const g = () => fill(registry);`,
  ],
  [
    "one that is a method",
    `${registry} const filler = { fill(r) { r.seen = {}; } }; export const g = () => filler.fill(registry);`,
  ],
  [
    "one that writes to what is passed as this",
    `${registry} class Fill { go(r) { r.learn(1); } } const fill = new Fill(); export const g = () => fill.go(registry);`,
  ],
])("state that is changed by %s is reported", (_, main) => {
  const places = read(`${main}\n${reads}`).unseen;
  expect(places.map(({ code }) => code)).toEqual(["ROTE_UNSEEN_STATE"]);
});

test("state that a class and a function of other modules change is reported where they are called", () => {
  const files = {
    "base.ts": "export class Base { n = 0; learn() { this.n = 1; } }",
    "registry.ts":
      'import * as base from "./base.ts"; export class Registry extends base.Base {}\nexport const registry = new Registry();',
    "fill.ts": 'export { fill } from "./far.ts";',
    "far.ts": "export const fill = (r: any) => { r.learn(); };",
    "go.ts":
      'import { registry } from "./registry.ts"; import { fill } from "./fill.ts";\nexport const go = () => fill(registry);',
  };
  const main =
    'import "./go.ts"; import { registry } from "./registry.ts"; export const f = () => registry.n;';
  expect(unseenIn(main, files)).toEqual(["ROTE_UNSEEN_STATE go.ts:2:30"]);
});

test.each([
  ["a method that only reads", `${registry} export const g = () => registry.knows(1);`],
  ["a method that changes a copy", `${registry} export const g = () => registry.copy().seen;`],
  ["a method that assigns to a local", `${registry} export const g = () => registry.each();`],
  [
    "a method of another instance",
    `${registry} const other = new Registry(); export const g = () => other.learn(1);`,
  ],
  [
    "a method of a local instance",
    `${registry} export const g = () => { const registry = new Registry(); registry.learn(1); };`,
  ],
  [
    "a method that is not of its class",
    `${registry} class Other { knows(n) { this.x = n; } } export const g = () => new Other().knows(1);`,
  ],
  [
    "a method that is overridden",
    "class Base { n = 0; learn() { this.n++; } } class Registry extends Base { learn() {} knows() { return this.n; } } const registry = new Registry(); export const g = () => registry.learn();",
  ],
  [
    "a function inside of a method with this of its own",
    "const registry = { n: 1, learn() { return function () { this.n = 2; }; }, knows(n) { return this.n; } }; export const g = () => registry.learn();",
  ],
  [
    "the constructor",
    `${registry.replace("learn(n)", "constructor() { this.seen = {}; } learn(n)")} export const g = () => registry.knows(2);`,
  ],
  [
    "a function that reads its parameter",
    `${registry} const count = (r) => r.knows(1); export const g = () => count(registry);`,
  ],
  [
    "one that writes to another parameter",
    `${registry} const fill = (a, b) => { b.x = 1; }; export const g = () => fill(registry, {});`,
  ],
  [
    "one that assigns to its parameter",
    `${registry} function own(r) { r = 1; return r; } export const g = () => own(registry);`,
  ],
  [
    "one that passes itself what it was given",
    `${registry} function again(r) { return again(r); } export const g = () => again(registry);`,
  ],
  ["a function that nobody knows", `${registry} export const g = (go) => go(registry);`],
])("state is not said to be changed by %s", (_, main) => {
  expect(unseenIn(`${main}\n${reads}`)).toEqual([]);
});

test("a native module is reported where it is used", () => {
  const main = 'import { add } from "./add.node";\nexport const f = () => add(1);';
  expect(unseenIn(main, { "add.node": "\0" })).toEqual(["ROTE_UNSEEN_NATIVE main.ts:2:24"]);
});

test("a module that is not valid is reported", () => {
  const main = 'import { a } from "./a.ts";\nexport const f = () => a;';
  expect(unseenIn(main, { "a.ts": "export const a = ;" })).toEqual([
    "ROTE_UNSEEN_SOURCE main.ts:2:24",
  ]);
});

test("state that another module writes is reported where it is written", () => {
  const main = 'import "./set.ts";\nimport { o } from "./o.ts";\nexport const f = () => o.x;';
  const files = {
    "o.ts": "export const o: any = {};",
    "set.ts": 'import { o } from "./o.ts";\nexport function set() {\n  o.x = 1;\n}',
  };
  expect(unseenIn(main, files)).toEqual(["ROTE_UNSEEN_STATE set.ts:3:3"]);
});

test("data that a function writes to is state", () => {
  const main =
    'import d from "./d.json";\nexport const set = () => {\n  d.a = 1;\n};\nexport const f = () => d.b;';
  expect(unseenIn(main, { "d.json": '{ "a": 0, "b": 1 }' })).toEqual([
    "ROTE_UNSEEN_STATE main.ts:3:3",
  ]);
});

test("a function of a package that is called like a method that writes is no state", () => {
  const main =
    'import * as R from "money"; export const f = (list: number[]) => R.append(1, list);';
  const files = {
    "node_modules/money/package.json":
      '{ "name": "money", "version": "1.0.0", "main": "index.js" }',
    "node_modules/money/index.js": "exports.append = (x, list) => [...list, x];",
  };
  expect(unseenIn(main, files)).toEqual([]);
});

test("what is unseen three modules away is reported there", () => {
  const main = 'import { a } from "./a.ts"; export const f = () => a();';
  const files = {
    "a.ts": 'export { b as a } from "./b.ts";',
    "b.ts": "const g = () => Math.random();\nexport const b = () => g();",
  };
  expect(unseenIn(main, files)).toEqual(["ROTE_UNSEEN_RANDOM b.ts:1:17"]);
});

test("a local of the function around it is reported, and one of its own is not", () => {
  const main =
    "export function make(rate: number) { const k = 2; return (n: number) => { const m = n; return m * rate * k; }; }";
  const { unseen } = read(main, {}, [], main.indexOf("const m"));
  expect(unseen.map(({ code, column }) => [code, column])).toEqual([
    ["ROTE_UNSEEN_CAPTURE", main.indexOf("rate * k") + 1],
    ["ROTE_UNSEEN_CAPTURE", main.indexOf("k; };") + 1],
  ]);
});

test("what a function cannot see is not reported if it does not reach it", () => {
  const main =
    "const now = () => Date.now(); let k = 0; export const g = () => k++ + now(); export const f = (a: Date) => new Date(a);";
  expect(read(main)).toMatchObject({ isComplete: true, unseen: [] });
});

test.each([
  [
    "locals that are called like what is unseen",
    "export const f = (Date: any, Math: any, process: any) => [Date.now(), Math.random(), process.env.X, new Date()];",
  ],
  [
    "constants that are called like what is unseen",
    "const Date = { now: () => 1 }; export const f = () => Date.now();",
  ],
  [
    "a date that is given",
    "export const f = (a: number) => new Date(a).getTime() + Date.UTC(a) + Math.max(a);",
  ],
  [
    "a table that is filled when it is loaded",
    "const t = new Map(); t.set(1, 2); export const f = () => t.get(1);",
  ],
  ["a local table", "export const f = () => { const t = new Map(); t.set(1, 2); return t; };"],
  [
    "a hash",
    'import { createHash } from "node:crypto"; export const f = (a: string) => createHash("sha256").update(a).digest("hex");',
  ],
  ["arguments and new.target", "export function f() { return [arguments.length, new.target]; }"],
  ["types of what is unseen", "export const f = (a: typeof Date.now, b: Config) => a;"],
])("%s: nothing is reported", (_, main) => {
  expect(unseenIn(main)).toEqual([]);
});

test("a variable that is permitted by name is an input", () => {
  const main = "export const f = () => process.env.REGION + import.meta.env.MODE;";
  expect(read(main, {}, ["REGION", "MODE"])).toMatchObject({
    isComplete: true,
    env: ["MODE", "REGION"],
  });
  expect(read(main, {}, ["REGION"])).toMatchObject({ isComplete: false, env: ["REGION"] });
});

test("a finding is one line with place, code, reason and remedy", () => {
  const [finding] = read(f("Date.now()")).unseen;
  expect(finding && formatFinding(finding)).toBe(
    "main.ts:1:30 ROTE_UNSEEN_CLOCK: It reads the clock, so that its result depends on when it ran. Pass the time as an argument, or give version and a ttl.",
  );
});
