import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { createFingerprinter, type Fingerprint } from "./fingerprint.ts";
import type { Edit } from "./fixtures/edit.ts";
import { mustChange } from "./fixtures/must-change.ts";
import { mustNotChange } from "./fixtures/must-not-change.ts";
import { createProject, placesOf, type Project } from "./fixtures/programs.ts";

let project: Project | undefined;
afterEach(() => project?.remove());

/** The fingerprints before and after an edit, each made from nothing. */
function both(edit: Edit): { before: Fingerprint; after: Fingerprint } {
  project = createProject(edit.before);
  const { root } = project;
  const make = ([file, fn]: readonly [string, string]): Fingerprint =>
    createFingerprinter({ root }).fingerprint(join(root, file), fn);
  const places = placesOf(edit);
  const before = make(places.before);
  project.write(edit.after);
  return { before, after: make(places.after) };
}

describe("what must change a fingerprint", () => {
  test.each(mustChange)("$name", (edit) => {
    const { before, after } = both(edit);
    expect(after.digest).not.toBe(before.digest);
  });
});

describe("what must not change a fingerprint", () => {
  test.each(mustNotChange)("$name", (edit) => {
    const { before, after } = both(edit);
    expect(after.digest).toBe(before.digest);
  });
});

test("no two cases are the same", () => {
  const names = [...mustChange, ...mustNotChange].map(({ before, after }) =>
    JSON.stringify([before, after]),
  );
  expect(new Set(names).size).toBe(names.length);
});

test("an edit that is taken back takes the fingerprint back", () => {
  for (const edit of [...mustChange, ...mustNotChange].slice(0, 40)) {
    project?.remove();
    const { before } = both(edit);
    project?.remove();
    expect(both({ ...edit, after: edit.before }).before.digest).toBe(before.digest);
  }
});

test("a module is the same by a symbolic link", () => {
  const main =
    'import { s } from "./s.ts"; export const t: any = {}; export const f = () => t.x + s;';
  const write = (n: number) => `import { t } from "./main.ts"; t.x = ${n}; export const s = 1;`;
  project = createProject({ "app/main.ts": main, "app/s.ts": write(1) });
  const { root } = project;
  symlinkSync(join(root, "app"), join(root, "link"));
  const digestIn = (directory: string) =>
    createFingerprinter({ root }).fingerprint(join(root, directory, "main.ts"), "f").digest;
  const before = digestIn("link");
  expect(before).toBe(digestIn("app"));
  project.write({ "app/s.ts": write(2) });
  expect(digestIn("link")).not.toBe(before);
});
