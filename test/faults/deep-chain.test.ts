import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const script = fileURLToPath(new URL("deep-chain.ts", import.meta.url));

function chain(depth: number, ...flags: string[]) {
  const child = spawnSync(process.execPath, [...flags, script, String(depth)], {
    encoding: "utf8",
    timeout: 20 * 60_000,
  });
  return {
    status: child.status,
    signal: child.signal,
    out: child.stdout.trim(),
    err: child.stderr,
  };
}

test("a chain needs memory, not stack: it is answered where the stack is a third of its usual size", () => {
  expect(chain(200_000, "--stack-size=300")).toMatchObject({ status: 0, out: "200000" });
});

test("a chain that the heap cannot hold ends as out of memory, not as a stack overflow", () => {
  const { out, err } = chain(50_000_000, "--max-old-space-size=60");
  expect(out).toBe("");
  expect(err).toMatch(/heap out of memory/);
  expect(err).not.toMatch(/Maximum call stack/);
});

test.runIf(process.env["ROTE_RUNS"])(
  "a chain of ten million ends by itself: an answer or an honest out-of-memory",
  { timeout: 20 * 60_000 },
  () => {
    const { out, err } = chain(10_000_000);
    if (out === "") expect(err).toMatch(/heap out of memory|Map maximum size exceeded|ENOMEM/);
    else expect(out).toBe("10000000");
    expect(err).not.toMatch(/Maximum call stack/);
  },
);
