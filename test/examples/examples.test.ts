import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { describe, expect, test } from "vitest";

const directory = fileURLToPath(new URL("../../examples", import.meta.url));
const examples = readdirSync(directory).filter((name) => name.endsWith(".ts"));

describe("every example runs by itself and finds its own output right", () => {
  test.for(examples)("%s", async (name) => {
    // Rejects on an exit code other than 0, with what the example wrote to stderr.
    const { stdout } = await promisify(execFile)(process.execPath, [name], { cwd: directory });

    expect(stdout).not.toBe("");
  });
});
