import { afterAll, describe, expect, test } from "vitest";

import { Demo } from "../../../test/support/compiled.ts";
import { transform } from "./transform.ts";

const demo = new Demo();
afterAll(() => demo.remove());

/** A body that counts its runs. */
const body = '"use memoize"; runs++; return n * 2;';

/** Each makes `double`, a function of one number, and `runs`. */
const forms: { form: string; code: string; ending?: string; name?: string }[] = [
  { form: "a function declaration", code: `export function double(n: number) { ${body} }` },
  {
    form: "an overloaded one",
    code: `export function double(n: string): string;
export function double(n: number): number;
export function double(n: any): any { ${body} }`,
  },
  {
    form: "a generic one",
    code: `export function double<N extends number>(n: N): number { ${body} }`,
  },
  {
    form: "one that is exported later",
    code: `function double(n: number) { ${body} } export { double };`,
  },
  {
    form: "one that is exported as another name",
    code: `function inner(n: number) { ${body} } export { inner as double };`,
    name: "inner",
  },
  {
    form: "one with a parameter called like itself",
    code: `export function double(double: number) { "use memoize"; runs++; return double * 2; }`,
  },
  {
    form: "one behind two directives",
    code: `export function double(n: number) { "use strict"; ${body} }`,
  },
  {
    form: "one with directives in single quotes",
    code: `export function double(n: number) { 'use memoize'\n runs++; return n * 2; }`,
  },
  {
    form: "one in a block",
    code: `export let double: any; { double = inner; function inner(n: number) { ${body} } }`,
    name: "inner",
  },
  {
    form: "one in a function",
    code: `function make() { return inner; function inner(n: number) { ${body} } } export const double = make();`,
    name: "inner",
  },
  {
    form: "one in a marked function",
    code: `function make(by: number) { "use memoize"; return inner; function inner(n: number) { "use memoize"; runs++; return n * by; } } export const double = make(2);`,
    name: "inner",
  },
  {
    form: "one in a static block",
    code: `class Holder { static double: any; static { this.double = inner; function inner(n: number) { ${body} } } } export const double = Holder.double;`,
    name: "inner",
  },
  {
    form: "one in a namespace",
    code: `namespace Space { export function inner(n: number) { ${body} } } export const double = Space.inner;`,
    name: "inner",
  },
  {
    form: "a function expression",
    code: `export const double = function (n: number) { ${body} };`,
  },
  {
    form: "one in brackets and of a type",
    code: `export const double = (function (n: number) { ${body} }) satisfies (n: number) => number;`,
  },
  {
    form: "one with a name of its own",
    code: `export const double = function own(n: number) { ${body} };`,
    name: "own",
  },
  { form: "an arrow with a body", code: `export const double = (n: number) => { ${body} };` },
  {
    form: "an arrow with a comment",
    code: `export const double = /* @memoize */ (n: number) => (runs++, n * 2);`,
  },
  {
    form: "one in brackets",
    code: `export const double = /* @memoize */ ((n: number) => (runs++, n * 2));`,
  },
  {
    form: "a generic one",
    code: `export const double = /* @memoize */ <N extends number>(n: N) => (runs++, n * 2);`,
  },
  {
    form: "arrows that end at the same place",
    code: `const by = /* @memoize */ (m: number) => /* @memoize */ (n: number) => (runs++, n * m); export const double = by(2);`,
    name: "",
  },
  {
    form: "an assigned function",
    code: `export let double: any; double = (n: number) => { ${body} };`,
  },
  {
    form: "one that is assigned to a name in brackets",
    code: `let given: any; (given) = (n: number) => { ${body} }; export const double = given;`,
    name: "",
  },
  { form: "a property", code: `export const { double } = { double: (n: number) => { ${body} } };` },
  { form: "a default", code: `export const { double = (n: number) => { ${body} } } = {} as any;` },
  {
    form: "a class field",
    code: `export const double = new (class { double = (n: number) => { ${body} }; })().double;`,
  },
  {
    form: "a private field",
    code: `export const double = new (class { #double = (n: number) => { ${body} }; get it() { return this.#double; } })().it;`,
    name: "#double",
  },
  {
    form: "a default export without a name",
    code: `import * as self from "./SELF"; export default function (n: number) { ${body} } export const double = self.default;`,
    name: "default",
  },
  {
    form: "an exported arrow",
    code: `import * as self from "./SELF"; export default (n: number) => { ${body} }; export const double = self.default;`,
    name: "default",
  },
  {
    form: "a default export by name",
    code: `import * as self from "./SELF"; function inner(n: number) { ${body} } export const double = self.default; export { inner as default };`,
    name: "inner",
  },
  {
    form: "the value of a default export",
    code: `import * as self from "./SELF"; function inner(n: number) { ${body} } export default inner; export const double = self.default;`,
    name: "inner",
  },
  {
    form: "CommonJS",
    code: `exports.double = double; function double(n) { ${body} }`,
    ending: "cjs",
  },
  {
    form: "a labelled function of sloppy code",
    code: `exports.double = double; label: function double(n) { ${body} }`,
    ending: "cjs",
  },
  {
    form: "a function in a block of sloppy code, called outside of it",
    code: `{ function double(n) { ${body} } } exports.double = double;`,
    ending: "cjs",
  },
  {
    form: "a source with a mark of its byte order",
    code: `\uFEFFexport function double(n: number) { ${body} }`,
  },
  {
    form: "a source with a hashbang",
    code: `#!/usr/bin/env node\nexport function double(n: number) { ${body} }`,
  },
  {
    form: "line ends of Windows",
    code: `export function double(n: number) {\r\n  "use memoize";\r\n  runs++;\r\n  return n * 2;\r\n}`,
  },
  {
    form: "a name that the source has already",
    code: `const __memoize = 1, __memoizeMembers = 2; export function double(n: number) { ${body} } export { __memoize };`,
  },
  {
    form: "decorators before the first statement",
    code: `@((type: any) => type) class First {} export function double(n: number) { ${body} } export { First };`,
  },
];

describe("every form is memoized, and keeps its name, length and recursion", () => {
  test.for(forms)("$form", ({ code, ending = "ts", name = "double" }) => {
    const isScript = ending === "cjs";
    const count = isScript ? "exports.runs = () => runs;" : "export const getRuns = () => runs;";
    // On the last line, so that the first line may be a hashbang.
    const source = `${code}\n${count} var runs = 0;`.replace("./SELF", `./output${demo.next}.ts`);
    const module = demo.run(source, ending);
    const { double } = module;
    const runs = (isScript ? module["runs"] : module["getRuns"]) as () => number;

    expect([double(21), double(21), double(4)]).toEqual([42, 42, 8]);
    expect(runs()).toBe(2);
    expect(double.cache.size).toBe(2);
    expect(double.name).toBe(name);
    expect(double).toHaveLength(1);
  });
});

test("a declaration calls itself through the cache, also before its statement is reached", () => {
  const { early, fib, getRuns } = demo.run(`
    export const early = fib(30);
    export function fib(n: number): bigint { "use memoize"; runs = (runs ?? 0) + 1; return n < 2 ? BigInt(n) : fib(n - 1) + fib(n - 2); }
    export const getRuns = () => runs; var runs: number;
  `);

  expect(early).toBe(832040n);
  expect(fib(30)).toBe(832040n);
  expect(getRuns()).toBe(31);
});

test("a function expression calls itself by its own name through the cache", () => {
  const { fib, getRuns } = demo.run(`
    let runs = 0;
    export const fib = function own(n: number): number { "use memoize"; runs++; return n < 2 ? n : own(n - 1) + own(n - 2); };
    export const getRuns = () => runs;
  `);

  expect(fib(40)).toBe(102334155);
  expect(getRuns()).toBe(41);
});

test("an async function is memoized, and calls that are under way share a run", async () => {
  const { load, getRuns } = demo.run(`
    let runs = 0;
    export async /* soon */ function load(id: string) { "use memoize"; runs++; await null; return { id }; }
    export const getRuns = () => runs;
  `);

  const [one, two] = await Promise.all([load("a"), load("a")]);

  expect(one).toBe(two);
  expect(getRuns()).toBe(1);
});

test("an anonymous async default export is memoized", async () => {
  const module = demo.run(`export default async function () { "use memoize"; return {}; }`);
  const load = module["default"] as () => Promise<object>;

  expect(await load()).toBe(await load());
});

test("methods, getters and static members are memoized per object, with super, this and private members", () => {
  const { Square, counts } = demo.run(`
    export const counts = { area: 0, side: 0, unit: 0, label: 0, text: 0 };
    class Shape { area(by: number): number { return by; } static get unit(): string { return "cm"; } }
    export class Square extends Shape {
      static first = Square.label("first");
      #side: number;
      constructor(side: number) { super(); this.#side = side; }
      override area(by: number): number { "use memoize"; counts.area++; return super.area(by) * this.#side ** 2; }
      get side(): number { "use memoize"; counts.side++; return this.#side; }
      set side(side: number) { this.#side = side; }
      static override get unit(): string { "use memoize"; counts.unit++; return super.unit; }
      static label(text: string): string { "use memoize"; counts.label++; return text + this.name; }
      "in words"(): string { "use memoize"; counts.text++; return String(this.#side); }
    }
  `);
  const [small, large] = [new Square(2), new Square(3)];

  expect([small.area(10), small.area(10), large.area(10)]).toEqual([40, 40, 90]);
  expect([small.side, small.side]).toEqual([2, 2]);
  small.side = 5;
  expect(small.side).toBe(5);
  expect([Square.unit, Square.unit]).toEqual(["cm", "cm"]);
  expect([Square.first, Square.label("first")]).toEqual(["firstSquare", "firstSquare"]);
  expect([small["in words"](), small["in words"]()]).toEqual(["5", "5"]);
  expect(counts).toEqual({ area: 2, side: 2, unit: 1, label: 1, text: 1 });
  expect(Object.keys(Square.prototype)).toEqual([]);
});

test("a class expression keeps its name, and a class that is the default export its export", () => {
  const module = demo.run(`
    let runs = 0;
    export const Point = class { x() { "use memoize"; return ++runs; } };
    export default class { y() { "use memoize"; return ++runs; } }
    export abstract class Base { abstract z(): number; z1() { "use memoize"; return ++runs; } }
    export class Derived extends Base { z() { return 1; } }
  `);
  const point = new module["Point"]();
  const other = new module["default"]();
  const derived = new module["Derived"]();

  expect(module["Point"].name).toBe("Point");
  expect([point.x(), point.x(), other.y(), other.y(), derived.z1(), derived.z1()]).toEqual([
    1, 1, 2, 2, 3, 3,
  ]);
});

test("methods and getters of an object are memoized, wherever it stands", () => {
  const { made, calls } = demo.run(`
    export const calls: string[] = [];
    const keep = <T extends object>(value: T): T => value;
    const base = { greet(name: string) { return "hello " + name; } };
    export const made = keep({
      __proto__: base,
      greet(name: string): string { "use memoize"; calls.push("greet"); return super.greet(name) + this.end; },
      get end(): string { "use memoize"; calls.push("end"); return "!"; },
      inner: { async deep() { "use memoize"; calls.push("deep"); return 1; } },
    } as any);
  `);

  expect([made.greet("you"), made.greet("you"), made.end]).toEqual([
    "hello you!",
    "hello you!",
    "!",
  ]);
  expect(made.inner.deep()).toBe(made.inner.deep());
  expect(calls).toEqual(["greet", "end", "deep"]);
});

test("a memoized function that is called with new says so", () => {
  const { make } = demo.run(`export const make = () => new function () { "use memoize"; }();`);

  expect(make).toThrow(/was called with new/);
});

test("JSX stays, and functions between it are memoized", () => {
  const { page, runs } = demo.run(
    `export const runs: number[] = []; const h = (name: string, _: unknown, child: unknown) => [name, child];
    const Item = (props: { n: number }) => { "use memoize"; runs.push(props.n); return <b>{props.n}</b>; };
    export const page = () => <ul>{[1, 1].map((n) => Item({ n }))}</ul>;`,
    "tsx",
  );

  expect(page()[0]).toBe("ul");
  expect(runs).toEqual([1]);
});

test("functions under decorators are memoized, and the decorators see the class", () => {
  const { Box, seen } = demo.run(`export const seen: string[] = [];
const note = (target: any, name: string) => void seen.push(name);
export class Box { runs = 0;
@note size() { "use memoize"; return ++this.runs; } }`);
  const box = new Box();

  expect([box.size(), box.size(), seen]).toEqual([1, 1, ["size"]]);
});

test("calls of memoize get an id, and with it their results a name in a store", () => {
  const { names } = demo.run(`
    import { memoize, memoize as remember } from "rote";
    import * as rote from "rote";
    import { defineStore } from "rote/store";
    import { memoryStore } from "rote/testing";
    const store = defineStore(memoryStore());
    const plain = memoize((n: number) => n, { store });
    const alias = remember((n: number) => n + 1, { store });
    const whole = rote.memoize((n: number) => n + 2, { store, });
    const curried = memoize({ store })((n: number) => n + 3);
    const named = memoize((n: number) => n + 4, { store, name: "given" });
    for (const fn of [plain, alias, whole, curried, named]) fn(1);
    export const names = [...store.list()].map(({ namespace }) => namespace.replace(/\\/t:.*/, "")).sort();
  `);

  expect(names).toEqual([
    "demo/source.ts#alias",
    "demo/source.ts#curried",
    "demo/source.ts#plain",
    "demo/source.ts#whole",
    "given",
  ]);
});

test("calls of memoize.batch get an id, too, and a name", async () => {
  const { names, load, namesInMemory } = demo.run(`
    import { memoize, snapshot } from "rote";
    import * as rote from "rote";
    import { defineStore } from "rote/store";
    import { memoryStore } from "rote/testing";
    const store = defineStore(memoryStore());
    const options = { store, version: "1" };
    const users = memoize.batch(async (ids: readonly number[]) => ids, options);
    const orders = rote.memoize.batch(async (ids: readonly number[]) => ids, options);
    const named = memoize.batch(async (ids: readonly number[]) => ids, { ...options, name: "given" });
    const bare = memoize.batch(async (ids: readonly number[]) => ids);
    export const load = () => Promise.all([users, orders, named, bare].map((fn) => fn(1)));
    export const names = () => [...store.list()].map(({ namespace }) => namespace.replace(/\\/v:.*/, "")).sort();
    export const namesInMemory = () => snapshot().map(({ name }) => name);
  `);

  expect(await load()).toEqual([1, 1, 1, 1]);
  expect(names()).toEqual(["demo/source.ts#orders", "demo/source.ts#users", "given"]);
  expect(namesInMemory()).toEqual(expect.arrayContaining(["bare", "orders", "users"]));
});

test("what is called memoize and is not rote's is left alone", () => {
  const code = `
    import { memoize } from "rote";
    export const own = (memoize: (...args: unknown[]) => number) => memoize(() => 1);
    export const inner = () => { const { memoize } = { memoize: (...args: unknown[]) => args.length }; return memoize(1); };
    export const options = memoize({ ttl: 5 });
    export const other = (memoize as any)["batch"]((n: number) => n), another = (other as any).batch(() => 1);
    export const spread = memoize(...([() => 1] as [() => number]));
  `;

  expect(transform(code, "/demo/a.ts", { root: "/demo" })).toBeUndefined();
});

test("options of the whole project and those of configureMemoized both count", () => {
  const { rate, plain } = demo.run(
    `import { configureMemoized } from "rote";
    export function rate(n: number) { "use memoize"; return n; }
    export const plain = (n: number) => { "use memoize"; return n; };
    configureMemoized(rate, { maxEntries: 2 });`,
    "ts",
    { defaults: { maxEntries: 3, policy: "lru" } },
  );

  for (const n of [1, 2, 3, 4, 5]) {
    rate(n);
    plain(n);
  }

  expect([rate.cache.size, plain.cache.size]).toEqual([2, 3]);
});

test("options that cannot be written into a source are refused", () => {
  const code = `function f() { "use memoize"; }`;

  expect(() => transform(code, "/demo/a.ts", { defaults: { clock: () => 0 } })).toThrow(/clock/);
});

test("two tools that read the same directive memoize once", () => {
  const once = demo.transform(
    `export function f() { "use memoize"; return {}; } export class A { m() { "use memoize"; return {}; } }`,
  );
  const { f, A } = demo.run(once.code);
  const object = new A();

  expect(f.original.cache).toBeUndefined();
  expect(f()).toBe(f());
  expect(object.m()).toBe(object.m());
});

test("files without a mark, and with a syntax error, are not touched", () => {
  expect(transform("export const a = 1;", "/demo/a.ts")).toBeUndefined();
  expect(transform(`function f( { "use memoize"; }`, "/demo/a.ts")).toBeUndefined();
  expect(
    transform(`// "use memoize" is a directive\nlet text = "use memoize";`, "/demo/a.ts"),
  ).toBeUndefined();
});

test("a file that may be anything is what its text can be", () => {
  const mark = `function f() { "use memoize"; }`;
  const importing = (code: string, options = {}) =>
    /^(?:import|const) \{/.exec(
      transform(code, "/demo/a.js", { root: "/demo", ...options })!.code,
    )?.[0];

  expect(importing(mark)).toBe("import {");
  expect(importing(mark, { format: "commonjs" })).toBe("const {");
  expect(importing(`${mark} exports.f = f;`)).toBe("const {");
  expect(importing(`${mark} with (f) {}`)).toBe("const {");
  expect(importing(`${mark} export {};`, { format: "commonjs" })).toBe("import {");
  expect(importing(`${mark} const a = <b />;`)).toBe("import {");
});

test("a sum of very many terms is not too deep", () => {
  const code = `let sum = ${Array(20_000).fill("1").join(" + ")}; function f() { "use memoize"; }`;

  expect(transform(code, "/demo/a.ts", { root: "/demo" })?.memoized).toHaveLength(1);
});

test("nothing is removed and no line added", () => {
  const code = `"use client"\n/* first */ import "node:fs";\n\nexport function a() {\n  "use memoize";\n  return 1;\n}\nclass B {\n  m() { "use memoize"; return 1; }\n}\n`;

  const { code: output } = transform(code, "/demo/a.ts", { root: "/demo" })!;

  expect(output).toBe(
    code
      .replace(
        '"use client"',
        '"use client"; import { memoizeMarked as __memoize, memoizeMembers as __memoizeMembers } from "rote/compiled"; a = /* @__PURE__ */ __memoize(a, { id: "a.ts#a", name: "a" });',
      )
      .replace(
        "class B {",
        'class B { static { __memoizeMembers(this.prototype, [["m", { id: "a.ts#B.prototype.m", name: "m" }]]); }',
      ),
  );
});

test("ids tell functions of the same name apart", () => {
  const { memoized } = demo.transform(`
    { function f() { "use memoize"; } } { function f() { "use memoize"; } }
    function outer() { const f = () => { "use memoize"; }; return f; }
    const object = { f() { "use memoize"; }, g: { f: () => { "use memoize"; } } };
    [() => { "use memoize"; }];
  `);

  expect(memoized.map(({ id }) => id)).toEqual([
    "demo/source.ts#f",
    "demo/source.ts#f~2",
    "demo/source.ts#outer.f",
    "demo/source.ts#object.f",
    "demo/source.ts#object.g.f",
    "demo/source.ts#anonymous",
  ]);
});
