import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { Demo } from "../../../../test/support/compiled.ts";
import { createFingerprinter } from "../fingerprint/fingerprint.ts";
import { createProject, type Project } from "../fingerprint/fixtures/programs.ts";
import { createPlugin } from "../plugin/plugin.ts";
import { notesOn } from "./on-load.ts";

let project: Project | undefined;
afterEach(() => project?.remove());

const code = 'export function f(p: number[]) {\n  "use memoize";\n  return p.sort();\n}\n';

function warningsOf(options: { notes?: boolean }, manifest = "{}"): string[] {
  project = createProject({ "main.ts": code, "package.json": manifest });
  const plugin = createPlugin(options, { framework: "rollup" });
  const warnings: string[] = [];
  const { handler } = (plugin as { transform: { handler: (code: string, id: string) => unknown } })
    .transform;
  const context = { warn: (text: string) => warnings.push(text) };
  expect(handler.call(context as never, code, join(project.root, "main.ts"))).not.toBeNull();
  return warnings;
}

test("a build makes notes if it is asked to, by an option or by package.json", () => {
  expect(warningsOf({})).toEqual([]);
  project?.remove();
  expect(warningsOf({ notes: true })).toEqual([
    expect.stringMatching(/main\.ts:3:10 ROTE_MUTATES_ARGUMENT: It changes its argument p, /),
  ]);
  project?.remove();
  expect(warningsOf({}, '{ "rote": { "notes": true } }')).toHaveLength(1);
  project?.remove();
  expect(warningsOf({ notes: false }, '{ "rote": { "notes": true } }')).toEqual([]);
});

test("register makes notes if package.json asks for them", () => {
  const demo = new Demo();
  try {
    demo.write("main.ts", code);
    const run = () =>
      spawnSync(process.execPath, ["--import", "@rote/compiler/register", "main.ts"], {
        cwd: demo.folder,
        encoding: "utf8",
        timeout: 30_000,
      }).stderr;
    expect(run()).toBe("");
    const rote = { notes: true };
    demo.write("package.json", JSON.stringify({ name: "demo", type: "module", rote }));
    expect(run()).toMatch(/\[ROTE_NOTE\] .*main\.ts:3:10 ROTE_MUTATES_ARGUMENT/);
  } finally {
    demo.remove();
  }
});

test("of a file that another tool has changed nothing is said", () => {
  project = createProject({ "main.ts": code });
  const path = join(project.root, "main.ts");
  const memoized = [{ id: "f", name: "f", by: "mark" as const, start: code.indexOf("function") }];
  expect(notesOn(createFingerprinter(), path, code, memoized)).toHaveLength(1);
  expect(notesOn(createFingerprinter(), path, `${code} `, memoized)).toEqual([]);
});
