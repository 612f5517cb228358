import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createFingerprinter, type Fingerprint } from "./fingerprint.ts";
import { createProject, type Project } from "./fixtures/programs.ts";
import { print, randomProgram, randomStyle, type Style } from "./fixtures/random-program.ts";

const numRuns = Number(process.env["ROTE_RUNS"] ?? 150);

const plain: Style = {
  names: 0,
  quote: '"',
  space: " ",
  types: false,
  brackets: false,
  order: [0, 1, 2, 3, 4, 5],
  files: [0, 0, 0, 0, 0, 0],
};

let project: Project;
beforeAll(() => {
  project = createProject({});
});
afterAll(() => project.remove());

const parts = ["main.ts", "file0.ts", "file1.ts", "file2.ts"];

function read(files: Record<string, string>): Fingerprint {
  project.write({ ...Object.fromEntries(parts.map((name) => [name, undefined])), ...files });
  const made = createFingerprinter({ root: project.root });
  const fingerprint = made.fingerprint(join(project.root, "main.ts"), "f");
  // A program that cannot be read would prove nothing.
  expect(fingerprint.unseen).toEqual([]);
  return fingerprint;
}

test("names, layout, types, order and files never change a fingerprint", () => {
  fc.assert(
    fc.property(randomProgram, randomStyle, randomStyle, (program, one, other) => {
      expect(read(print(program, one)).digest).toBe(read(print(program, other)).digest);
    }),
    { numRuns },
  );
});

test("another literal in a declaration that is reached always changes a fingerprint", () => {
  fc.assert(
    fc.property(randomProgram, randomStyle, fc.nat(60), (program, style, at) => {
      const before = read(print(program, plain));
      const files = print(program, plain, at);
      // A literal that is in no declaration that is reached, or that is not there, does not count.
      const reached = before.reached.map(({ line, file }) => `${file}:${line}`);
      const lines = Object.entries(print(program, plain)).flatMap(([file, text]) =>
        text.split("\n").map((line, index) => ({
          at: `${file}:${index + 1}`,
          isSame: line === files[file]?.split("\n")[index],
        })),
      );
      const isReached = lines.some((each) => !each.isSame && reached.includes(each.at));
      const after = read(print(program, style, at)).digest;
      if (isReached) expect(after).not.toBe(before.digest);
      else expect(after).toBe(before.digest);
    }),
    { numRuns },
  );
});
