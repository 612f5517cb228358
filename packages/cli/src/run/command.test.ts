import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";

const bin = fileURLToPath(new URL("../../dist/rote.js", import.meta.url));
const program = fileURLToPath(new URL("fixtures/program.ts", import.meta.url));

function start(...args: string[]): ChildProcess {
  const { NO_COLOR: _none, FORCE_COLOR: _forced, NODE_ENV: _mode, ...env } = process.env;
  return spawn(process.execPath, [bin, "run", ...args], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 30_000,
    killSignal: "SIGKILL",
  });
}

interface Ended {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function end(child: ChildProcess): Promise<Ended> {
  let stdout = "";
  let stderr = "";
  child.stdout!.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr!.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const exitCode = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { exitCode, stdout, stderr };
}

const run = (...args: string[]): Promise<Ended> => end(start(...args));

describe("a program", () => {
  test("has its marked functions memoized, and gets its arguments, options as well", async () => {
    expect(await run(program, "30", "--stats", "-x", "a b")).toEqual({
      exitCode: 0,
      stdout: `832040 31 ["--stats","-x","a b"]\n`,
      stderr: "",
    });
  });

  test("ends with its own exit code", async () => {
    expect((await run(program, "exit", "42")).exitCode).toBe(42);
  });

  test("that throws is told by Node, with the place in the source", async () => {
    const { exitCode, stderr } = await run(program, "throw");

    expect(stderr).toMatch(/thrown by the program\n\s+at .*program\.ts:13:\d+/);
    expect(exitCode).toBe(1);
  });

  test.skipIf(process.platform === "win32")("that a signal ends says which", async () => {
    expect((await run(program, "die")).exitCode).toBe(128 + 9);
  });

  test.skipIf(process.platform === "win32")("is sent the signals that ask to end", async () => {
    const child = start(program, "wait");
    child.stdout!.once("data", () => child.kill("SIGTERM"));

    expect((await end(child)).exitCode).toBe(7);
  });

  test("needs no copy of rote beside it", async () => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), "rote-run-")));
    afterAll(() => rmSync(folder, { recursive: true, force: true }));
    const copy = join(folder, "program.ts");
    cpSync(program, copy);

    const { stdout, stderr } = await run("--stats", copy, "20");

    expect(stdout).toBe("6765 21 []\n");
    expect(stderr).toMatch(/^ {2}fibonacci +39 +46 % +21 +21 /m);
  });
});

describe("--stats", () => {
  test("shows calls, hits, runs, entries and times of each function, on standard error", async () => {
    const { stdout, stderr } = await run("--stats", program, "30");

    expect(stdout).toBe("832040 31 []\n");
    expect(stderr).toMatch(
      /^ {2}function +calls +hits +runs +entries +run time +saved, at least$/m,
    );
    expect(stderr).toMatch(/^ {2}fibonacci +59 +47 % +31 +31 +[\d.]+ [mµ]?s +[\d.]+ [mµ]?s$/m);
  });

  test("says so if nothing was called, and does so after process.exit, too", async () => {
    const { exitCode, stderr } = await run("--stats", program, "exit", "3");

    expect(stderr).toBe("\n  No memoized function was called.\n");
    expect(exitCode).toBe(3);
  });
});

describe("exit code 2:", () => {
  test.each([
    ["no such file", ["nowhere.ts"], /^error: no such file: nowhere.ts\nhint: .*relative to/],
    ["a folder", ["."], /^error: . is not a file\nhint: Give the file/],
    ["no file", [], /^error: missing required argument 'file'\nhint: See: rote run --help\n$/],
    ["an unknown option", ["--fast", program], /^error: unknown option '--fast'\nhint: /],
  ])("%s", async (_what, args, expected) => {
    const { exitCode, stdout, stderr } = await run(...args);

    expect(stderr).toMatch(expected);
    expect(stdout).toBe("");
    expect(exitCode).toBe(2);
  });
});
