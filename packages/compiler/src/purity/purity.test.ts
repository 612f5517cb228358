import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { createFingerprinter } from "../fingerprint/fingerprint.ts";
import { createProject, type Project } from "../fingerprint/fixtures/programs.ts";
import { type Case, expectedIn } from "./fixtures/case.ts";
import { clean } from "./fixtures/clean.ts";
import { misses } from "./fixtures/missed.ts";
import { planted } from "./fixtures/planted.ts";
import type { Note } from "./note.ts";

let project: Project | undefined;
afterEach(() => project?.remove());

function notesOf({ files }: Case): readonly Note[] {
  project = createProject(files);
  const { root } = project;
  return createFingerprinter({ root }).notes(join(root, "main.ts"), "f");
}

function found(one: Case): string[] {
  return notesOf(one)
    .map(({ code, file, line }) => `${file}:${line} ${code}`)
    .sort();
}

describe("what is planted is found, and nothing else:", () => {
  test.each(planted)("$name", (one) => {
    expect(expectedIn(one, "!")).not.toEqual([]);
    expect(found(one)).toEqual(expectedIn(one, "!"));
  });
});

describe("what is known to be missed is missed, or else belongs to planted.ts and the guide:", () => {
  test.each(misses)("$name", (one) => {
    expect(expectedIn(one, "?")).not.toEqual([]);
    expect(found(one)).toEqual([]);
  });
});

describe("nothing is said of clean code:", () => {
  test.each(clean)("$name", (one) => {
    expect(found(one)).toEqual([]);
  });
});

test("no two cases are the same", () => {
  const all = [...planted, ...misses, ...clean].map(({ files }) => JSON.stringify(files));
  expect(new Set(all).size).toBe(all.length);
});
