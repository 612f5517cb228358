import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { createFingerprinter } from "../fingerprint/fingerprint.ts";
import { createProject, type Project } from "../fingerprint/fixtures/programs.ts";
import { formatNote, type Note, type NoteCode } from "./note.ts";

let project: Project | undefined;
afterEach(() => project?.remove());

function notesOf(files: Record<string, string>, ignore: NoteCode[] = []): readonly Note[] {
  project = createProject(files);
  const { root } = project;
  return createFingerprinter({ root, ignore }).notes(join(root, "main.ts"), "f");
}

function codes(main: string, files: Record<string, string> = {}): string[] {
  return notesOf({ ...files, "main.ts": main }).map(({ code, line }) => `${line} ${code}`);
}

const log = "console.log(n);";

test.each([
  ["behind it", `export function f(n: number) {\n  ${log} // rote-ignore ROTE_IO: logging only\n}`],
  [
    "above it",
    `export function f(n: number) {\n  // rote-ignore ROTE_IO: logging only\n  ${log}\n}`,
  ],
  [
    "in a block comment",
    `export function f(n: number) {\n  /* rote-ignore ROTE_IO: logging only */\n  ${log}\n}`,
  ],
  [
    "above other comments",
    `export function f(n: number) {\n  // rote-ignore ROTE_IO: logging only\n  // More.\n  ${log}\n}`,
  ],
  [
    "at the head of the function",
    `// rote-ignore ROTE_IO: logging only\nexport function f(n: number) {\n\n  ${log}\n}`,
  ],
  [
    "for several codes",
    `export function f(n: number) {\n  // rote-ignore ROTE_IO, ROTE_CLOCK: logging only\n  console.log(Date.now());\n}`,
  ],
])("a note is silenced %s", (_, main) => {
  expect(codes(main)).toEqual([]);
});

test("a note is silenced where the helper is called, and where the helper is written", () => {
  const main = (comment: string): string =>
    `import { log } from "./log.ts";\nexport function f(n: number) {\n  log(n);${comment}\n  return n;\n}`;
  const helper = (comment: string): string =>
    `${comment}\nexport const log = (n: number) => {\n  ${log}\n};`;
  const silence = "// rote-ignore ROTE_IO: logging only";
  expect(codes(main(""), { "log.ts": helper("") })).toEqual(["3 ROTE_IO"]);
  project?.remove();
  expect(codes(main(` ${silence}`), { "log.ts": helper("") })).toEqual([]);
  project?.remove();
  expect(codes(main(""), { "log.ts": helper(silence) })).toEqual([]);
});

test("another line, and another code, are not silenced", () => {
  const main = `export function f(n: number) {\n  // rote-ignore ROTE_CLOCK: none\n  ${log}\n  ${log}\n}`;
  expect(codes(main)).toEqual(["2 ROTE_NEEDLESS_SILENCE", "3 ROTE_IO", "4 ROTE_IO"]);
});

test.each([
  ["no reason", "// rote-ignore ROTE_IO", "it gives no reason"],
  ["an empty reason", "// rote-ignore ROTE_IO: ", "it gives no reason"],
  ["no code", "// rote-ignore: because", "it says no code"],
  [
    "an unknown code",
    "// rote-ignore ROTE_OI: because",
    "there is no code ROTE_OI that could be silenced",
  ],
  [
    "a code of silences",
    "// rote-ignore ROTE_NEEDLESS_SILENCE: because",
    "there is no code ROTE_NEEDLESS_SILENCE",
  ],
])("a silence with %s silences nothing, and is told", (_, comment, problem) => {
  const notes = notesOf({ "main.ts": `export function f(n: number) {\n  ${comment}\n  ${log}\n}` });
  expect(notes.map(({ code }) => code)).toEqual(["ROTE_INVALID_SILENCE", "ROTE_IO"]);
  expect(notes[0]?.reason).toContain(problem);
});

test("codes that are ignored are not told at all", () => {
  const main = `export function f(p: number[]) {\n  console.log(p.sort());\n}`;
  const notes = notesOf({ "main.ts": main }, ["ROTE_IO"]);
  expect(notes.map(({ code }) => code)).toEqual(["ROTE_MUTATES_ARGUMENT"]);
});

test("a note is one line with place, code, reason, remedy, and the way there", () => {
  const files = {
    "main.ts": 'import { add } from "./add.ts";\nexport function f(p: number[]) {\n  add(p);\n}',
    "add.ts": "\nexport function add(list: number[]) {\n  list.push(1);\n}",
  };
  const [note, ...others] = notesOf(files);
  expect(others).toEqual([]);
  expect(note && formatNote(note)).toBe(
    "add.ts:3:3 ROTE_MUTATES_ARGUMENT: It changes its argument p, which a hit does not do. Work on a copy, or return what is new. [f → add (add.ts:2)]",
  );
  expect(note?.chain).toEqual([
    { name: "f", file: "main.ts", line: 2 },
    { name: "add", file: "add.ts", line: 2 },
  ]);
});

test("a refreshed fingerprinter makes the notes of what is there now", () => {
  project = createProject({ "main.ts": "export const f = (p: number[]) => p.sort();" });
  const { root } = project;
  const fingerprinter = createFingerprinter({ root });
  const ask = (): string[] =>
    fingerprinter.notes(join(root, "main.ts"), "f").map(({ code }) => code);
  expect(ask()).toEqual(["ROTE_MUTATES_ARGUMENT"]);
  project.write({ "main.ts": "export const f = (p: number[]) => p.toSorted();" });
  fingerprinter.refresh();
  expect(ask()).toEqual([]);
});

test.each([
  [
    "marked by its place",
    "import { memoize } from 'rote';\nexport const f = memoize((p: number[]) => p.sort());",
  ],
  [
    "passed to memoize by its name",
    "import { memoize } from 'rote';\nconst g = (p: number[]) => p.sort();\nexport const f = memoize(g);",
  ],
  [
    "imported and passed to memoize",
    "import { memoize } from 'rote';\nimport { g } from './g.ts';\nexport const f = memoize(g);",
  ],
])("a function that is %s has notes", (_, main) => {
  const notes = notesOf({ "main.ts": main, "g.ts": "export const g = (p: number[]) => p.sort();" });
  expect(notes.map(({ code }) => code)).toEqual(["ROTE_MUTATES_ARGUMENT"]);
});

test("a local of the function around is state if others write it, and else is not", () => {
  const main = (after: string): string =>
    `import { memoize } from "rote";\nexport function make() {\n  let rate = 1;\n  const f = memoize((n: number) => n * rate);\n  ${after}\n  return f;\n}`;
  const ask = (after: string): string[] => {
    project?.remove();
    project = createProject({ "main.ts": main(after) });
    const path = join(project.root, "main.ts");
    const notes = createFingerprinter({ root: project.root }).notes(
      path,
      main(after).indexOf("n * rate"),
    );
    return notes.map(({ code }) => code);
  };
  expect(ask("")).toEqual([]);
  expect(ask("rate = 2;")).toEqual(["ROTE_READS_STATE"]);
  expect(ask("const set = () => { rate = 2; }; set();")).toEqual(["ROTE_READS_STATE"]);
});

test("a memoized getter that keeps its result has a hidden cache", () => {
  const main =
    "export class A {\n  #area?: number;\n  get area() {\n    return (this.#area ??= 1);\n  }\n}";
  project = createProject({ "main.ts": main });
  const notes = createFingerprinter({ root: project.root }).notes(
    join(project.root, "main.ts"),
    "A.area",
  );
  expect(notes.map(({ code, line, function: fn }) => [code, line, fn])).toEqual([
    ["ROTE_HIDDEN_CACHE", 4, "A.area"],
  ]);
});
