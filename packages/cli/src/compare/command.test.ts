import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const bin = fileURLToPath(new URL("../../dist/rote.js", import.meta.url));
const fixtures = fileURLToPath(new URL("fixtures", import.meta.url));

interface Ended {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built command as a user does, in the folder of the fixtures. */
async function rote(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const { NO_COLOR: _none, FORCE_COLOR: _forced, ...inherited } = process.env;
  const child = spawn(process.execPath, [bin, ...args], {
    cwd: fixtures,
    env: { ...inherited, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 50_000,
    killSignal: "SIGKILL",
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const exitCode = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { exitCode, stdout, stderr };
}

/** One cold run of each way is enough for what is asserted here. */
function compare(...args: string[]): Promise<Ended> {
  return rote(["compare", ...args, "--runs", "1"]);
}

interface WayDocument {
  readonly way: string;
  readonly status: string;
  readonly reason?: string;
  readonly calls: number | null;
  readonly runs: number | null;
  readonly deepest: number | null;
  readonly counted: readonly string[] | null;
  readonly speedUp: number | null;
  readonly wallMs: { median: number; min: number; max: number; all: number[] } | null;
}

interface Document {
  readonly ok: boolean;
  readonly arguments: unknown;
  readonly outcome: { readonly returned: unknown; readonly text: string };
  readonly difference?: Record<string, unknown>;
  readonly ways: readonly WayDocument[];
}

async function compareJson(...args: string[]): Promise<Document> {
  const { stdout } = await compare(...args, "--json");
  return JSON.parse(stdout) as Document;
}

function way({ ways }: Document, name: string): WayDocument {
  const found = ways.find((each) => each.way === name);
  if (found === undefined) throw new Error(`no way ${name}`);
  return found;
}

describe("a comparison", () => {
  test("prints the result and one row for each way, and exits with 0", async () => {
    const { exitCode, stdout, stderr } = await compare("functions.ts", "fibonacci", "20");
    expect(stderr).toBe("");
    expect(stdout).toContain("fibonacci(20) = 6765");
    expect(stdout).toMatch(/^ +time +spread +calls +runs +speed-up +depth$/m);
    expect(stdout).toMatch(/^ {2}plain +[\d.]+ [mµ]?s +21 891 +21 891 +1 × +20$/m);
    expect(stdout).toMatch(/^ {2}memoized +[\d.]+ [mµ]?s +39 +21 +[\d. ]+ × +20$/m);
    expect(stdout).toMatch(/^ {2}tabulated +[\d.]+ [mµ]?s +\d+ +21 +[\d. ]+ × +1$/m);
    expect(stdout).toContain("one cold run, each in a fresh process");
    expect(exitCode).toBe(0);
  });

  test("makes as many cold runs as asked for, and shows their median and spread", async () => {
    const args = ["compare", "functions.ts", "fibonacci", "5", "--runs", "3", "--json"];
    const document = JSON.parse((await rote(args)).stdout) as Document;
    for (const each of document.ways) {
      const { all, median, min, max } = each.wallMs ?? { all: [], median: 0, min: 0, max: 0 };
      expect(all).toHaveLength(3);
      expect([min, median, max]).toEqual(all.toSorted((a, b) => a - b));
    }
    const { stdout } = await rote(args.slice(0, -1));
    expect(stdout).toMatch(/^ {2}plain .*[\d.]+–[\d.]+ [mµ]?s/m);
    expect(stdout).toContain("medians of 3 cold runs");
  });

  test("has nothing but the comparison on its streams, whatever the module prints", async () => {
    const { exitCode, stdout, stderr } = await compare("troubles.ts", "picky", "1");
    expect(stdout).not.toContain("talks");
    expect(stderr).toBe("");
    expect(exitCode).toBe(0);
  });

  test("takes a default export, and a negative number", async () => {
    const { stdout } = await compare("functions.ts", "default", "-2");
    expect(stdout).toContain("functions.ts(-2) = -1");
  });

  test("takes a CommonJS module", async () => {
    const { stdout, exitCode } = await compare("common.cjs", "fibonacci", "10");
    expect(stdout).toContain("fibonacci(10) = 55");
    expect(exitCode).toBe(0);
  });

  test("takes and returns BigInts", async () => {
    const document = await compareJson("functions.ts", "factorial", "25n");
    expect(document.arguments).toEqual(["25n"]);
    expect(document.outcome.returned).toBe("15511210043330985984000000n");
    expect(way(document, "tabulated").status).toBe("measured");
  });

  test("takes text, in its own quotes", async () => {
    const document = await compareJson("functions.ts", "reversed", '"stressed"');
    expect(document.outcome.returned).toBe("desserts");
    expect(way(document, "tabulated").deepest).toBe(1);
  });

  test("orders calls of two arguments", async () => {
    const document = await compareJson("functions.ts", "paths", "6", "6");
    expect(document.outcome.returned).toBe(924);
    expect(way(document, "memoized").runs).toBe(way(document, "tabulated").runs);
    expect(way(document, "tabulated").deepest).toBe(1);
  });

  test("counts the other memoized exports with the function that calls them", async () => {
    const document = await compareJson("functions.ts", "isEven", "10");
    expect(way(document, "memoized")).toMatchObject({ calls: 11, runs: 11 });
    expect(way(document, "memoized").counted).toEqual(["isEven", "isOdd"]);
    const { stdout } = await compare("functions.ts", "isEven", "10");
    expect(stdout).toContain("Calls and runs are those of isEven, isOdd together.");
  });

  test("writes in JSON what JSON lacks", async () => {
    const document = await compareJson("functions.ts", "strange", "1");
    expect(document.ok).toBe(true);
    expect(document.outcome.returned).toEqual(["NaN", "100000000000000000000n", null, 1]);
    expect(document.outcome.text).toBe("[ NaN, 100000000000000000000n, undefined, 1 ]");
  });

  test("compares what cannot be copied by how it looks", async () => {
    const document = await compareJson("functions.ts", "adder", "1");
    expect(document.ok).toBe(true);
    expect(document.outcome.returned).toBeNull();
    expect(document.outcome.text).toMatch(/Function/);
  });
});

describe("the tabulated way is left out, with the reason, when", () => {
  test.each([
    [
      "collatz",
      ["27"],
      "even with its arguments in ascending order, collatz needs calls that come later",
    ],
    ["area", ['{"width":3,"height":2}'], "argument 1 is not always a number, a bigint or text"],
    ["countdown", ["5"], "its calls have different numbers of arguments"],
    [
      "byDigit",
      ["5"],
      "its cache does not hold its arguments, only what a key function made of them",
    ],
    ["fibonacci", ["1"], "the call needed no other call of the function"],
  ])("%s%j: %s", async (name, args, reason) => {
    const document = await compareJson("functions.ts", name, ...args);
    expect(document.ok).toBe(true);
    expect(way(document, "tabulated").status).toBe("left out");
    expect(way(document, "tabulated").reason).toContain(reason);
  });

  test("and the table says so instead of showing a row", async () => {
    const { stdout } = await compare("functions.ts", "collatz", "27");
    expect(stdout).toContain("Not tabulated: even with its arguments in ascending order");
    expect(stdout).not.toMatch(/^ {2}tabulated/m);
  });
});

describe("a plain run", () => {
  test("that takes longer than the timeout is stopped and not counted", async () => {
    const { exitCode, stdout } = await compare(
      "functions.ts",
      "slowWhenPlain",
      "60",
      "--timeout",
      "300ms",
    );
    expect(stdout).toMatch(/^ {2}plain +> 300 ms +— +— +—$/m);
    expect(stdout).toMatch(/^ {2}memoized .* 119 +61 +> [\d ]+ × +60$/m);
    expect(stdout).toMatch(/Memoized, it is more than [\d ]+ times as fast/);
    expect(exitCode).toBe(0);
  });

  test("that overflows the stack is shown so, and the memoized result all the same", async () => {
    const { exitCode, stdout } = await compare("functions.ts", "isEven", "200000");
    expect(stdout).toContain("isEven(200000) = true");
    expect(stdout).toMatch(/^ {2}plain +stack overflow +200 001 +200 001 +200 001$/m);
    expect(stdout).toContain(
      "the recursion overflows the stack; memoized, it is limited by memory",
    );
    expect(exitCode).toBe(0);
  });
});

describe("a function that its module has not memoized is memoized with its recursion:", () => {
  test.each([
    ["unmarked.ts", "fibonacci", ["20"], "6765", 21],
    ["unmarked.ts", "paths", ["3", "3"], "20", 15],
    ["unmarked.ts", "default", ["1"], "2", 1],
    ["unmarked.ts", "marked", ["20"], "6765", 21],
    ["unmarked.cjs", "fibonacci", ["20"], "6765", 21],
    ["functions.ts", "notMemoized", ["3"], "3", 1],
  ])("%s %s%j", async (file, name, args, text, runs) => {
    const document = await compareJson(file, name, ...args);

    expect(document.ok).toBe(true);
    expect(document.outcome.text).toBe(text);
    expect(way(document, "memoized").runs).toBe(runs);
  });

  test.skipIf(process.platform === "win32")("also where the path is that of a link", async () => {
    const folder = mkdtempSync(join(tmpdir(), "rote-compare-"));
    try {
      symlinkSync(fixtures, join(folder, "link"));
      const { exitCode, stdout } = await compare(
        join(folder, "link/unmarked.ts"),
        "fibonacci",
        "20",
      );

      expect(stdout).toContain("fibonacci(20) = 6765");
      expect(exitCode).toBe(0);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test("plain, it is the function alone", async () => {
    const document = await compareJson("unmarked.ts", "fibonacci", "20");

    expect(way(document, "plain")).toMatchObject({ calls: 21_891, runs: 21_891, deepest: 20 });
  });

  test("where no rote is installed", async () => {
    const folder = mkdtempSync(join(tmpdir(), "rote-elsewhere-"));
    try {
      const file = join(folder, "alone.mts");
      writeFileSync(
        file,
        "export function fib(n: number): number { return n < 2 ? n : fib(n - 1) + fib(n - 2); }",
      );
      const document = await compareJson(file, "fib", "20");
      expect(way(document, "memoized").runs).toBe(21);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

test("a thenable is a result like any other", async () => {
  const { exitCode, stderr } = await compare("functions.ts", "thenable", "3");
  expect(stderr).toBe("");
  expect(exitCode).toBe(0);
});

describe("exit code 1:", () => {
  test("ways that differ are both shown", async () => {
    const { exitCode, stdout, stderr } = await compare("troubles.ts", "impure", "3");
    expect(stdout).toContain("plain");
    expect(stderr).toMatch(
      /^error: impure\(3\) does not end the same way each time\n {2}plain: +'bare 3'\n {2}memoized: 'memoized 3'\nhint: .*besides its arguments/,
    );
    expect(exitCode).toBe(1);
  });

  test("ways that differ are both in the JSON, too", async () => {
    const document = await compareJson("troubles.ts", "impure", "3");
    expect(document.ok).toBe(false);
    expect(document.difference).toEqual({
      plain: { returned: "bare 3", text: "'bare 3'" },
      memoized: { returned: "memoized 3", text: "'memoized 3'" },
    });
  });

  test("a function that throws is told with its error", async () => {
    const { exitCode, stdout, stderr } = await compare("troubles.ts", "picky", "-1");
    expect(stdout).toBe("");
    expect(stderr).toMatch(
      /^error: picky\(-1\) threw TypeError: no -1, please, plain and memoized alike\nhint: /,
    );
    expect(exitCode).toBe(1);
  });

  test("so is one that throws what cannot be looked at", async () => {
    const { exitCode, stderr } = await compare("troubles.ts", "revoked", "1");
    expect(stderr).toMatch(
      /^error: revoked\(1\) threw .*Proxy.*, plain and memoized alike\nhint: /,
    );
    expect(exitCode).toBe(1);
  });

  test("a function that throws when memoized only does not end the same way", async () => {
    const { exitCode, stderr } = await compare("troubles.ts", "throwsWhenMemoized", "1");
    expect(stderr).toMatch(/ {2}plain: +1\n {2}memoized: threw TypeError: memoized\n/);
    expect(exitCode).toBe(1);
  });

  test("a memoized run that takes longer than the timeout leaves nothing to compare", async () => {
    const { exitCode, stderr } = await compare("troubles.ts", "endless", "1", "--timeout", "200ms");
    expect(stderr).toMatch(/^error: endless, memoized, was stopped after 0.2 s\nhint: .*--timeout/);
    expect(exitCode).toBe(1);
  });

  test("a function that ends its process is told", async () => {
    const { exitCode, stderr } = await compare("troubles.ts", "leaving", "7");
    expect(stderr).toMatch(/^error: leaving, memoized, ended its process with exit code 7\nhint: /);
    expect(exitCode).toBe(1);
  });
});

describe("exit code 2:", () => {
  test.each([
    ["no such file", ["nowhere.ts", "f"], /^error: no such file: nowhere.ts\nhint: .*relative to/],
    ["no name of a file", ["", "f"], /^error: no such file: ""\nhint: /],
    [
      "a module that ends its process",
      ["leaves.mjs", "f"],
      /^error: leaves.mjs ended its process with exit code 0 while it was loading\nhint: A module to compare must not exit/,
    ],
    [
      "a module that waits for ever",
      ["waits.mjs", "f"],
      /^error: waits.mjs ended its process with exit code \d+ while it was loading\nhint: .*wait at its top level/,
    ],
    [
      "a module that throws nothing",
      ["throws-nothing.mjs", "f"],
      /^error: throws-nothing.mjs throws when it is loaded\n {2}undefined\nhint: /,
    ],
    ["a folder", [".", "f"], /^error: . is not a file\nhint: /],
    [
      "no such export",
      ["common.cjs", "fib", "3"],
      /^error: common.cjs has no export named fib\nhint: Its memoized exports: fibonacci.\n$/,
    ],
    [
      "nothing memoized",
      ["empty.mjs", "f"],
      /^error: empty.mjs has no export named f\nhint: Nothing that empty.mjs exports is memoized: export const f = memoize/,
    ],
    [
      "what cannot be memoized",
      ["unmarked.ts", "letters"],
      /^error: letters cannot be memoized: unmarked.ts:19:8: A generator cannot be memoized: .*\nhint: Memoize a function that returns an array.\n$/,
    ],
    [
      "a class",
      ["unmarked.ts", "Strange"],
      /^error: Strange in unmarked.ts is not memoized\nhint: import { memoize } from "rote"; /,
    ],
    [
      "not a function",
      ["functions.ts", "number"],
      /^error: number in functions.ts is not a function/,
    ],
    [
      "a module that throws",
      ["broken.ts", "f"],
      /^error: broken.ts throws when it is loaded\n {2}TypeError: no configuration\n {6}at .*broken.ts:2:\d+\nhint: .*node broken.ts\n$/,
    ],
    [
      "syntax that is no mere type",
      ["syntax.ts", "level"],
      /^error: syntax.ts has TypeScript syntax that Node cannot strip: [^]*\nhint: Compile the module/,
    ],
    [
      "a bare word",
      ["functions.ts", "reversed", "hello"],
      /^error: argument 1 is not JSON: hello\nhint: .*'"hello"'\n$/,
    ],
    ["a bad duration", ["functions.ts", "paths", "--timeout", "soon"], /^error: --timeout must be/],
    ["a bad number of runs", ["functions.ts", "paths", "--runs", "0"], /^error: --runs must be/],
    [
      "an unknown option",
      ["functions.ts", "paths", "--fast"],
      /^error: unknown option '--fast'\nhint: /,
    ],
    ["nothing to compare", [], /^error: missing required argument 'file'\nhint: /],
  ])("%s", async (_what, args, expected) => {
    const { exitCode, stdout, stderr } = await rote(["compare", ...args]);
    expect(stderr).toMatch(expected);
    expect(stdout).toBe("");
    expect(exitCode).toBe(2);
  });
});

describe("a module that cannot be loaded for want of", () => {
  test("TypeScript in Node", async () => {
    const args = ["compare", "functions.ts", "fibonacci", "3"];
    const { exitCode, stderr } = await rote(args, { NODE_OPTIONS: "--no-strip-types" });
    expect(stderr).toMatch(
      /^error: Node [\d.]+ cannot load TypeScript, and functions.ts is written in it\nhint: Use Node 22.18 or newer/,
    );
    expect(exitCode).toBe(2);
  });

  test("rote", async () => {
    const folder = mkdtempSync(join(tmpdir(), "rote-elsewhere-"));
    try {
      const file = join(folder, "alone.mjs");
      writeFileSync(file, 'import { memoize } from "rote"; export const f = memoize(() => 1);');
      const { exitCode, stderr } = await rote(["compare", file, "f"]);
      expect(stderr).toBe(
        'error: alone.mjs imports "rote", which is not installed there\nhint: npm install rote\n',
      );
      expect(exitCode).toBe(2);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("the terminal", () => {
  const args = ["compare", "functions.ts", "fibonacci", "8", "--runs", "1"];
  const escape = "\u001b[";

  test("a pipe gets neither colour nor a progress line", async () => {
    const { stdout, stderr } = await rote(args);
    expect(stdout).not.toContain(escape);
    expect(stderr).toBe("");
  });

  test("a pipe on a build server gets no colour either", async () => {
    expect((await rote(args, { CI: "true" })).stdout).not.toContain(escape);
  });

  test("colour can be forced, and NO_COLOR wins", async () => {
    expect((await rote(args, { FORCE_COLOR: "1" })).stdout).toContain(escape);
    expect((await rote(args, { FORCE_COLOR: "1", NO_COLOR: "1" })).stdout).not.toContain(escape);
  });

  test("ROTE in the environment of the command does not reach the runs", async () => {
    expect((await rote(args, { ROTE: "off" })).stdout).toMatch(/^ {2}memoized .* 15 +9 /m);
  });
});
