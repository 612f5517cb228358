import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { memoize, type MemoizeOptions } from "rote";
import { disk } from "rote/disk";
import { defineStore, inspect } from "rote/store";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const bin = fileURLToPath(new URL("../../dist/rote.js", import.meta.url));
const sqlite = process.getBuiltinModule("node:sqlite") as typeof import("node:sqlite") | undefined;

interface Ended {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built command as a user does, in the folder of the test. */
async function rote(...args: string[]): Promise<Ended> {
  const { NO_COLOR: _none, FORCE_COLOR: _forced, ...inherited } = process.env;
  const child = spawn(process.execPath, [bin, "cache", ...args], {
    cwd: directory,
    env: {
      ...inherited,
      // node:sqlite warns that it is experimental on some versions.
      NODE_NO_WARNINGS: "1",
      XDG_CACHE_HOME: join(directory, "caches"),
      HOME: directory,
      LOCALAPPDATA: directory,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const exitCode = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { exitCode, stdout, stderr };
}

/** What the command prints with --json; with a note of how it ended. */
async function roteJson(...args: string[]): Promise<Record<string, unknown>> {
  const { stdout, stderr, exitCode } = await rote(...args, "--json");
  expect(stderr).toBe("");
  return { ...(JSON.parse(stdout) as Record<string, unknown>), exitCode };
}

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "rote-cache-"));
  file = join(directory, "rote.db");
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** Calls a function once for each argument, with a store in the folder. */
function remember<Argument>(
  name: string,
  body: (argument: Argument) => unknown,
  argumentsOfCalls: readonly Argument[],
  options: MemoizeOptions<(argument: Argument) => unknown> = {},
): void {
  const store = disk(directory);
  const memoized = memoize(body, { store: defineStore(store), name, version: "1", ...options });
  for (const argument of argumentsOfCalls) {
    try {
      memoized(argument);
    } catch {
      // It is remembered, too.
    }
  }
  store.close();
}

const square = (n: number): number => n * n;

/** Changes the file behind the store's back. */
function change(sql: string): void {
  const database = new sqlite!.DatabaseSync(file);
  database.exec(sql);
  database.close();
}

function count(): number {
  const store = disk(directory);
  const { entries } = store.stats();
  store.close();
  return entries;
}

describe.skipIf(sqlite === undefined)("rote cache (stores on disk need node:sqlite)", () => {
  test("without a command is wrong usage, answered with the help", async () => {
    const { exitCode, stdout, stderr } = await rote();
    expect([exitCode, stdout]).toEqual([2, ""]);
    for (const name of ["ls", "show", "stats", "verify", "prune", "clear", "export"])
      expect(stderr).toMatch(new RegExp(`^ {2}${name} `, "m"));
    expect(stderr).toContain("Exit code:");
  });

  test("an unknown option is answered with the help of its command", async () => {
    expect(await rote("ls", "--nope")).toEqual({
      exitCode: 2,
      stdout: "",
      stderr: "error: unknown option '--nope'\nhint: See: rote cache ls --help\n",
    });
  });

  describe.each([
    ["ls"],
    ["stats"],
    ["verify"],
    ["prune"],
    ["export"],
    ["show", "square"],
    ["clear", "square"],
  ])("%s", (command, ...name) => {
    test("of a store that is not there says so, and makes none", async () => {
      const { exitCode, stdout, stderr } = await rote(command, directory, ...name);
      expect([exitCode, stdout]).toEqual([2, ""]);
      expect(stderr).toBe(
        `error: there is no store at "${file}"\nhint: Pass the path that was given to disk(), or none for its default place.\n`,
      );
      expect(readdirSync(directory)).toEqual([]);
    });

    test("of a file that is no store leaves it as it is", async () => {
      writeFileSync(file, "these are my notes, and not a database of anybody");
      const { exitCode, stdout, stderr } = await rote(command, file, ...name);
      expect([exitCode, stdout]).toEqual([2, ""]);
      expect(stderr).toMatch(/^error: cannot open ".*" \(SQLITE_NOTADB\)\nhint: /);
      expect(readFileSync(file, "utf8")).toContain("my notes");
    });
  });

  test.runIf(process.platform === "linux")(
    "without a path looks where disk() puts it",
    async () => {
      const place = join(directory, "caches", "rote");
      const { stderr } = await rote("ls");
      expect(stderr).toContain(`there is no store at "${join(place, "rote.db")}"`);
      disk(place).close();
      expect(await roteJson("ls")).toMatchObject({ path: join(place, "rote.db"), functions: [] });
    },
  );

  describe("ls", () => {
    test("lists functions and versions with their sums, the most expensive first", async () => {
      remember("square", square, [1, 2, 3]);
      remember("render", (page: string) => page, ["a"], { version: "2" });
      remember("text", square, [1], { version: undefined as never });
      change("UPDATE entries SET run_time = 2000 WHERE namespace = 2");
      change("UPDATE entries SET written_at = written_at - 7200000 WHERE id = 1");
      const { exitCode, stdout, stderr } = await rote("ls", directory);
      expect([exitCode, stderr]).toEqual([0, ""]);
      expect(stdout).toMatch(
        /^ {2}function +version +entries +bytes +run time +oldest +newest +used$/m,
      );
      expect(stdout).toMatch(/^ {2}render +2 +1 +\d+ B +2\.00 s +\S+.*$/m);
      expect(stdout).toMatch(
        /^ {2}square +1 +3 +\d+ B +[\d.]+ [mµ]?s +2 h +(now|\d s) +(now|\d s)$/m,
      );
      expect(stdout).toMatch(/^ {2}text +text [\da-f]{8} +1 /m);
      expect(stdout.indexOf("render")).toBeLessThan(stdout.indexOf("square"));
    });

    test("says the same for machines", async () => {
      remember("square", square, [1, 2, 3]);
      change("UPDATE entries SET expires_at = 1000 WHERE id < 3");
      expect(await roteJson("ls", directory)).toEqual({
        exitCode: 0,
        schema: 1,
        path: file,
        functions: [
          {
            namespace: "square/v:1",
            name: "square",
            version: "1",
            textDigest: null,
            entries: 3,
            expired: 2,
            bytes: expect.any(Number),
            runTimeMs: expect.any(Number),
            oldestAt: expect.any(Number),
            newestAt: expect.any(Number),
            lastUsedAt: expect.any(Number),
          },
        ],
      });
    });

    test("says so if nothing is stored", async () => {
      disk(directory).close();
      const { exitCode, stdout } = await rote("ls", directory);
      expect([exitCode, stdout]).toEqual([0, `\n  Nothing is stored in ${file}.\n\n`]);
    });
  });

  describe("stats", () => {
    test("adds up the whole store", async () => {
      remember("square", square, [1, 2, 3]);
      remember("square", square, [1], { version: "2" });
      change("UPDATE entries SET expires_at = 1000 WHERE namespace = 2");
      const { exitCode, stdout, stderr } = await rote("stats", directory);
      expect([exitCode, stderr]).toEqual([0, ""]);
      expect(stdout).toMatch(/^ {2}functions +1, in 2 versions$/m);
      expect(stdout).toMatch(/^ {2}entries +4, 1 of them expired$/m);
      expect(stdout).toMatch(/^ {2}bytes +\d+ B in a file of [\d.]+ KiB$/m);
      const document = await roteJson("stats", directory);
      expect(document).toMatchObject({ functions: 1, namespaces: 2, entries: 4, expired: 1 });
      expect(document["fileBytes"]).toBeGreaterThan(document["bytes"] as number);
    });
  });

  describe("show", () => {
    test("lists the entries of a function with arguments, run time, ages and tags", async () => {
      remember("area", ({ width }: { width: number }) => width, [{ width: 3 }, { width: 4 }], {
        tags: ["page"],
        ttl: "2h",
      });
      const { exitCode, stdout, stderr } = await rote("show", directory, "area");
      expect([exitCode, stderr]).toEqual([0, ""]);
      expect(stdout).toMatch(
        /^ {2}[\da-f]{10} +1 +[\d.]+ [mµ]?s +\d+ B +(now|\d s) +in 1 h +page +\(\{ width: 3 \}\)$/m,
      );
      expect(stdout).toContain("({ width: 4 })");
    });

    test("shows one entry whole, with its value", async () => {
      remember("table", (n: number) => Array.from({ length: n }, (_, i) => ({ i })), [200]);
      const [digest] = await digestsOf("table");
      const { exitCode, stdout } = await rote("show", directory, "table", "--digest", digest ?? "");
      expect(exitCode).toBe(0);
      expect(stdout).toMatch(/^ {2}function +table 1$/m);
      expect(stdout).toContain(digest);
      expect(stdout).toMatch(/^ {2}expires +never$/m);
      expect(stdout).toMatch(/^ {2}arguments\n {4}200$/m);
      expect(stdout).toMatch(/^ {2}result$/m);
      expect(stdout).toContain("{ i: 199 }");
    });

    test("gives machines arguments and values, as JSON where there is one and as text", async () => {
      remember("both", (n: number) => ({ n: BigInt(n) }), [7]);
      const { entries, count: all } = (await roteJson("show", directory, "both")) as {
        entries: unknown[];
        count: number;
      };
      expect(all).toBe(1);
      expect(entries).toEqual([
        expect.objectContaining({
          namespace: "both/v:1",
          kind: "result",
          problem: null,
          expiresAt: null,
          arguments: [{ json: 7, text: "7" }],
          value: { json: null, text: "{ n: 7n }" },
        }),
      ]);
    });

    test("shows what was thrown, and what cannot be read", async () => {
      const fail = (n: number): never => {
        throw new RangeError(`no ${n}`);
      };
      remember("fail", fail, [1], { rememberErrors: "5m" });
      const [digest = ""] = await digestsOf("fail");
      const { stdout } = await rote("show", directory, "fail", "--digest", digest);
      expect(stdout).toMatch(/^ {2}thrown\n {4}RangeError: no 1$/m);
      change("UPDATE entries SET bytes = zeroblob(length(bytes))");
      const damaged = await rote("show", directory, "fail");
      expect(damaged.stdout).toContain("(foreign)");
      expect(damaged.exitCode).toBe(0);
    });

    test("keeps to its limit, and says how many more there are", async () => {
      remember("square", square, [1, 2, 3]);
      const { stdout } = await rote("show", directory, "square", "--limit", "1");
      expect(stdout).toContain("2 more: --limit 3 shows all.");
      expect(await roteJson("show", directory, "square", "--limit", "1")).toMatchObject({
        count: 3,
        entries: [expect.anything()],
      });
    });

    test("takes a namespace for one version of a function", async () => {
      remember("square", square, [1, 2]);
      remember("square", square, [1], { version: "2" });
      expect(await roteJson("show", directory, "square")).toMatchObject({ count: 3 });
      expect(await roteJson("show", directory, "square/v:2")).toMatchObject({ count: 1 });
    });

    test("writes control characters of the store as they are in code", async () => {
      remember("nasty\u001b[2J", (text: string) => text, ["\u001b[31mred"], { tags: ["\u0007"] });
      const { stdout } = await rote("show", directory, "nasty\u001b[2J");
      expect(stdout).not.toContain("\u001b");
      expect(stdout).not.toContain("\u0007");
      expect((await rote("ls", directory)).stdout).toContain("nasty\\x1b[2J");
    });

    test("says which functions there are instead of one that is not there", async () => {
      remember("square", square, [1]);
      expect(await rote("show", directory, "sqare")).toEqual({
        exitCode: 2,
        stdout: "",
        stderr: `error: no entries of "sqare" in "${file}"\nhint: It has those of square: rote cache ls shows all.\n`,
      });
    });

    test.each([
      [
        ["square", "--digest", "xyz"],
        '--digest must be the first hexadecimal digits of a digest; received "xyz"',
      ],
      [["square", "--limit", "0"], '--limit must be a whole number from 1; received "0"'],
      [
        ["square", "--digest", "ffffffffff"],
        'no entry of "square" has a digest that begins with "ffffffffff"',
      ],
      [["square", "more"], "at most a path and a name are expected; received 3 arguments"],
    ])("%j is wrong usage", async (args, message) => {
      remember("square", square, [1]);
      const { exitCode, stdout, stderr } = await rote("show", directory, ...args);
      expect([exitCode, stdout]).toEqual([2, ""]);
      expect(stderr).toMatch(/\nhint: /);
      expect(stderr).toContain(`error: ${message}\n`);
    });
  });

  describe("verify", () => {
    test("finds nothing in a store that is sound", async () => {
      remember("square", square, [1, 2, 3, 4]);
      change("UPDATE entries SET expires_at = 1000 WHERE id = 4");
      const { exitCode, stdout, stderr } = await rote("verify", directory);
      expect([exitCode, stderr]).toEqual([0, ""]);
      expect(stdout).toContain("Everything is right: 4 entries, 1 expired, and the file.");
      expect(await roteJson("verify", directory)).toMatchObject({
        exitCode: 0,
        ok: true,
        entries: 4,
        findings: [],
      });
    });

    test.each([
      [
        "a changed byte",
        "bytes = CAST(substr(bytes, 1, length(bytes) - 1) || x'7f' AS BLOB)",
        "It is not as it was written.",
      ],
      ["a lost end", "bytes = substr(bytes, 1, 40), size = 40", "It ends too early."],
      ["foreign bytes", "bytes = zeroblob(length(bytes))", "It was not written by rote."],
      [
        "the entry of another call",
        "bytes = (SELECT bytes FROM entries WHERE id = 2)",
        "It belongs to another call than its address says.",
      ],
      ["a damaged row", "seal = seal + 1", "The row is not what its place in the file says."],
    ])("finds %s, and changes nothing", async (_what, set, message) => {
      remember("square", square, [1, 2, 3]);
      change(`UPDATE entries SET ${set} WHERE id = 1`);
      const { exitCode, stdout, stderr } = await rote("verify", directory);
      expect([exitCode, stderr]).toEqual([1, ""]);
      expect(stdout).toMatch(new RegExp(`^ {2}square 1 [\\da-f]{10} {3}${message}$`, "m"));
      const document = await roteJson("verify", directory);
      expect(document).toMatchObject({ exitCode: 1, ok: false, entries: 3 });
      expect(document["findings"]).toEqual([
        { namespace: "square/v:1", digest: expect.any(String), message },
      ]);
      expect(count()).toBe(3);
    });

    test("finds damage of the file itself, which is not set aside", async () => {
      remember("square", square, [1, 2, 3]);
      change("UPDATE state SET entries = 7");
      const { exitCode, stdout } = await rote("verify", directory);
      expect(exitCode).toBe(1);
      expect(stdout).toContain("the file   The file says that it has 7 entries; it has 3.");
      expect(readdirSync(directory).filter((name) => name.includes("damaged"))).toEqual([]);
    });
  });

  describe("prune", () => {
    test("removes expired and damaged entries, and no others", async () => {
      remember("square", square, [1, 2, 3, 4]);
      remember("old", square, [1]);
      change("UPDATE entries SET expires_at = 1000 WHERE namespace = 2");
      change(
        "UPDATE entries SET bytes = CAST(substr(bytes, 1, length(bytes) - 1) || x'7f' AS BLOB) WHERE id = 1",
      );
      change("UPDATE entries SET seal = seal + 1 WHERE id = 2");
      const { exitCode, stdout, stderr } = await rote("prune", directory);
      expect([exitCode, stderr]).toEqual([0, ""]);
      expect(stdout).toMatch(/^Removed 3 entries, \d+ B: 1 expired, 2 damaged\.\n$/);
      expect(await rote("prune", directory)).toMatchObject({ stdout: "Nothing had to go.\n" });
      expect(count()).toBe(2);
      expect(await roteJson("verify", directory)).toMatchObject({ ok: true, entries: 2 });
    });

    test("leaves what is foreign or newer", async () => {
      remember("square", square, [1]);
      change("UPDATE entries SET bytes = zeroblob(length(bytes))");
      expect(await rote("prune", directory)).toMatchObject({ stdout: "Nothing had to go.\n" });
      expect(count()).toBe(1);
    });

    test("removes what is older, if asked to", async () => {
      remember("square", square, [1, 2, 3]);
      change("UPDATE entries SET written_at = written_at - 86400000 WHERE id < 3");
      expect(await roteJson("prune", directory, "--older-than", "12h")).toEqual({
        exitCode: 0,
        schema: 1,
        path: file,
        removed: { expired: 0, damaged: 0, old: 2, evicted: 0 },
        bytes: expect.any(Number),
      });
      expect(count()).toBe(1);
    });

    test("removes what is worth least until the rest is small enough", async () => {
      remember("square", square, [1, 2, 3, 4]);
      // All of one size and use: the run time decides.
      change("UPDATE entries SET written_at = 1000, run_time = id");
      const { functions } = (await roteJson("ls", directory)) as { functions: { bytes: number }[] };
      const half = Math.floor((functions[0]?.bytes ?? 0) / 2);
      expect(await roteJson("prune", directory, "--max-bytes", String(half))).toMatchObject({
        removed: { evicted: 2 },
      });
      const { entries } = (await roteJson("show", directory, "square")) as {
        entries: { arguments: { json: number }[] }[];
      };
      expect(new Set(entries.map((entry) => entry.arguments[0]?.json))).toEqual(new Set([3, 4]));
    });

    test("refuses a file that is damaged itself", async () => {
      remember("square", square, [1]);
      change("DELETE FROM state");
      const { exitCode, stdout, stderr } = await rote("prune", directory);
      expect([exitCode, stdout]).toEqual([1, ""]);
      expect(stderr).toContain("is damaged itself: The row of the file's state is missing.");
      expect(readdirSync(directory)).toEqual(["rote.db"]);
    });

    test.each([
      [["--older-than", "old"], '--older-than must be a duration above 0; received "old"'],
      [
        ["--max-bytes", "much"],
        '--max-bytes must be a number of bytes, 0 or more; received "much"',
      ],
    ])("%j is wrong usage, and nothing goes", async (args, message) => {
      remember("square", square, [1]);
      change("UPDATE entries SET expires_at = 1000");
      const { exitCode, stderr } = await rote("prune", directory, ...args);
      expect([exitCode, stderr]).toEqual([2, expect.stringContaining(`error: ${message}\nhint: `)]);
      expect(count()).toBe(1);
    });
  });

  describe("clear", () => {
    beforeEach(() => {
      remember("square", square, [1, 2, 3]);
      remember("square", square, [1], { version: "2" });
      remember("other", square, [1]);
    });

    test("removes all versions of a function, and says how many entries that were", async () => {
      expect(await rote("clear", directory, "square")).toEqual({
        exitCode: 0,
        stdout: `Removed 4 entries from ${file}.\n`,
        stderr: "",
      });
      expect(count()).toBe(1);
    });

    test("removes one version", async () => {
      expect(await roteJson("clear", directory, "square/v:2")).toMatchObject({ removed: 1 });
      expect(count()).toBe(4);
    });

    test("removes everything with --yes", async () => {
      expect(await roteJson("clear", directory, "--yes")).toEqual({
        exitCode: 0,
        schema: 1,
        path: file,
        removed: 5,
      });
      expect(count()).toBe(0);
    });

    test.each([
      [[], "clear needs the name of a function, or --yes to clear the whole store"],
      [
        ["square", "--yes"],
        "--yes clears the whole store, and a name only the entries of one function",
      ],
      [["nobody"], 'no entries of "nobody" in '],
    ])("%j removes nothing", async (args, message) => {
      const path = args.length === 0 ? [] : [directory];
      const { exitCode, stdout, stderr } = await rote("clear", ...path, ...args);
      expect([exitCode, stdout]).toEqual([2, ""]);
      expect(stderr).toContain(`error: ${message}`);
      expect(stderr).toMatch(/\nhint: /);
      expect(count()).toBe(5);
    });
  });

  describe("export", () => {
    test("prints a line of JSON for each entry", async () => {
      remember("square", square, [3]);
      remember("render", (page: string) => page, ["a"]);
      const { exitCode, stdout, stderr } = await rote("export", directory);
      expect([exitCode, stderr]).toEqual([0, ""]);
      const lines = stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as object);
      expect(lines).toEqual([
        expect.objectContaining({ name: "square", value: { json: 9, text: "9" } }),
        expect.objectContaining({ name: "render", value: { json: "a", text: "'a'" } }),
      ]);
    });

    test("of one function, with the bytes, from which everything can be read again", async () => {
      remember("square", square, [3]);
      remember("map", (n: number) => new Map([[n, n]]), [1]);
      const { stdout } = await rote("export", directory, "--name", "map", "--bytes");
      const { bytes, ...rest } = JSON.parse(stdout) as { bytes: string };
      expect(rest).toMatchObject({ name: "map" });
      expect(inspect(Buffer.from(bytes, "base64")).entry?.value).toEqual(new Map([[1, 1]]));
    });

    test("writes as fast as it is read, all there is", async () => {
      remember("long", (n: number) => "x".repeat(20_000 + n), [...Array(100).keys()]);
      const { stdout } = await rote("export", directory);
      expect(stdout.trimEnd().split("\n")).toHaveLength(100);
      expect(stdout.length).toBeGreaterThan(4_000_000);
    });
  });

  test("looking neither makes nor changes anything", async () => {
    remember("square", square, [1, 2]);
    const before = readFileSync(file);
    for (const command of ["ls", "stats", "verify", "export"]) await rote(command, directory);
    await rote("show", directory, "square");
    expect(readFileSync(file).equals(before)).toBe(true);
    expect(existsSync(join(directory, "caches"))).toBe(false);
  });
});

async function digestsOf(name: string): Promise<string[]> {
  const { entries } = (await roteJson("show", directory, name)) as {
    entries: { digest: string }[];
  };
  return entries.map(({ digest }) => digest);
}
