/** One fingerprinter looks at each module once, and what one file loads is no part of another one that does not load it. */
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { createFingerprinter } from "./fingerprint.ts";
import { createProject, type Project } from "./fixtures/programs.ts";

let project: Project;
afterEach(() => project.remove());

const files = {
  "table.ts": `
    export const table = new Map<string, number>();
    export const quiet = new Map<string, number>();
    export const first = quiet.get("a");
    export const learn = (n: number) => table.set("b", n);
    export const rest = { first, quiet };`,
  "price.ts":
    'import { table, rest } from "./table.ts"; export const price = () => [table.get("b"), rest];',
  "setup.ts": 'import { quiet } from "./table.ts"; quiet.set("a", 1); export const ready = true;',
  "other.ts": 'import { learn } from "./table.ts"; learn(2); export const more = 1;',
  "global.ts": "globalThis.tax = 2; export const tax = 2;",
  "one.ts": 'import { price } from "./price.ts"; export const f = () => price();',
  "two.ts":
    'import { ready } from "./setup.ts"; import { price } from "./price.ts"; export const f = () => price();',
  "three.ts":
    'import { price } from "./price.ts"; import { more } from "./other.ts"; import { ready } from "./setup.ts"; export const f = () => price();',
  "four.ts":
    'import { tax } from "./global.ts"; import { price } from "./price.ts"; export const f = () => price();',
  "five.ts":
    'import "./setup.ts"; import { price } from "./price.ts"; export const f = () => price();',
};
const entries = ["one.ts", "two.ts", "three.ts", "four.ts", "five.ts"];

test("whatever was asked before, fingerprints and findings are those of a fingerprinter of their own", () => {
  project = createProject(files);
  const ask = (fingerprinter: ReturnType<typeof createFingerprinter>, file: string) => {
    const { digest, unseen } = fingerprinter.fingerprint(join(project.root, file), "f");
    return { digest, places: unseen.map(({ file: at, line, code }) => `${at}:${line} ${code}`) };
  };
  const open = () => createFingerprinter({ root: project.root });
  const alone = new Map(entries.map((file) => [file, ask(open(), file)]));
  for (const order of permutations(entries)) {
    const shared = open();
    for (const file of order) expect(ask(shared, file)).toEqual(alone.get(file));
  }
  // What another file loads counts for that one.
  expect(new Set([...alone.values()].map(({ digest }) => digest)).size).toBe(entries.length);
});

function permutations(all: readonly string[]): string[][] {
  if (all.length < 2) return [[...all]];
  return all.flatMap((first) =>
    permutations(all.filter((each) => each !== first)).map((rest) => [first, ...rest]),
  );
}
