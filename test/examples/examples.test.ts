import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { afterAll, describe, expect, test } from "vitest";

import { outputOf, tools } from "../support/builds.ts";

const directory = fileURLToPath(new URL("../../examples", import.meta.url));
/** The one whose functions are marked: by itself, it says that nobody has read the directive. */
const marked = join(directory, "use-memoize.ts");
const examples = readdirSync(directory).filter(
  (name) => name.endsWith(".ts") && join(directory, name) !== marked,
);

describe("every example runs by itself and finds its own output right", () => {
  test.for(examples)("%s", async (name) => {
    // Rejects on an exit code other than 0, with what the example wrote to stderr.
    const { stdout } = await promisify(execFile)(process.execPath, [name], {
      cwd: directory,
      timeout: 110_000,
      killSignal: "SIGKILL",
    });

    expect(stdout).not.toBe("");
  });
});

describe("the directive", () => {
  const outDir = realpathSync(mkdtempSync(join(tmpdir(), "rote-example-")));
  afterAll(() => rmSync(outDir, { recursive: true, force: true }));

  test("does in a Vite build what it does under register", async () => {
    const { file, warnings } = await tools["Vite"]!({ entry: marked, outDir });

    const output = outputOf(file);
    expect(output).toBe(outputOf(marked, ["--import", "@rote/compiler/register"]));
    expect(output).toContain("fibonacci(100) = 354224848179261915075: 199 calls, 101 runs");
    expect(warnings).toEqual([]);
  });

  test("that nobody reads is noticed", () => {
    expect(() => outputOf(marked)).toThrow("ERR_NOT_MEMOIZED");
  });
});
