import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { RoteError } from "../errors.ts";
import { storeConformance } from "../testing/index.ts";
import type { StoreNote } from "../tier/store.ts";
import { disk, type DiskOptions } from "./index.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "rote-disk-"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true, force: true });
});

const address = { namespace: "render/3", digest: "00ff" };
const note: StoreNote = { expiresAt: Infinity, runTime: 5, tags: [] };
const bytes = new Uint8Array([1, 2, 3]);

function errorOf(run: () => unknown): RoteError {
  try {
    run();
  } catch (error) {
    return error as RoteError;
  }
  throw new Error("nothing was thrown");
}

storeConformance("disk", () => ({ store: disk(directory), again: () => disk(directory) }), {
  test,
});

test("what is disposed of has written everything and is closed", async () => {
  const store = disk(directory);
  const other = new DatabaseSync(store.path);
  other.exec("BEGIN IMMEDIATE");
  // Put off, because somebody else is writing.
  expect(store.write(address, bytes, note)).toBe(true);
  other.exec("COMMIT");
  await store[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
  expect(errorOf(() => store.read(address)).message).toContain("is closed");
  expect(other.prepare("SELECT count(*) AS count FROM entries").get()).toEqual({ count: 1 });
  other.close();
});

describe("where the file is", () => {
  test("a path that ends like a database is the file, any other a directory", () => {
    for (const [path, file] of [
      ["a.db", "a.db"],
      ["b.sqlite", "b.sqlite"],
      ["c", "c/rote.db"],
      ["d/e.f", "d/e.f/rote.db"],
    ] as const) {
      const store = disk(join(directory, path));
      expect(store.path).toBe(join(directory, file));
      expect(existsSync(store.path)).toBe(true);
      store.close();
    }
  });

  test("a file that is there is the file, a directory that is called like one is a directory", () => {
    writeFileSync(join(directory, "empty"), "");
    mkdirSync(join(directory, "odd.db"));
    const stores = [disk(join(directory, "empty")), disk(join(directory, "odd.db"))];
    expect(stores.map(({ path }) => path)).toEqual([
      join(directory, "empty"),
      join(directory, "odd.db", "rote.db"),
    ]);
    for (const store of stores) store.close();
  });

  test.runIf(process.platform === "linux")("by default it is where the system keeps caches", () => {
    vi.stubEnv("XDG_CACHE_HOME", join(directory, "caches"));
    const store = disk();
    expect(store.path).toBe(join(directory, "caches", "rote", "rote.db"));
    store.close();
    vi.stubEnv("XDG_CACHE_HOME", "not/absolute");
    vi.stubEnv("HOME", join(directory, "home"));
    const other = disk();
    expect(other.path).toBe(join(directory, "home", ".cache", "rote", "rote.db"));
    other.close();
  });

  test.runIf(process.platform !== "win32")("what is made is for its user alone", () => {
    const store = disk(join(directory, "a/b"));
    expect(statSync(join(directory, "a")).mode & 0o777).toBe(0o700);
    expect(statSync(join(directory, "a/b")).mode & 0o777).toBe(0o700);
    expect(statSync(store.path).mode & 0o777).toBe(0o600);
    store.close();
  });

  test("a directory that is made in a git repository is ignored by it, one that was there is left alone", () => {
    mkdirSync(join(directory, "repository/.git"), { recursive: true });
    mkdirSync(join(directory, "repository/there"));
    disk(join(directory, "repository/made/here")).close();
    disk(join(directory, "repository/there")).close();
    disk(join(directory, "outside")).close();
    expect(readFileSync(join(directory, "repository/made/here/.gitignore"), "utf8")).toBe("*\n");
    expect(existsSync(join(directory, "repository/there/.gitignore"))).toBe(false);
    expect(existsSync(join(directory, "outside/.gitignore"))).toBe(false);
  });
});

describe("what is refused", () => {
  test("paths and options that are none", () => {
    const refused = (path: unknown, options?: unknown): RoteError =>
      errorOf(() => disk(path as string, options as DiskOptions));
    expect(refused({ maxBytes: 1 }).message).toMatch(
      /received an object\. .*disk\(undefined, options\)/,
    );
    expect(refused("").code).toBe("ERR_INVALID_ARGUMENT");
    expect(refused(":memory:").message).toMatch(/":memory:"/);
    expect(refused("a\0b").code).toBe("ERR_INVALID_ARGUMENT");
    expect(refused(directory, null).message).toMatch(/must be an object .*received null/);
    expect(refused(directory, { size: 1 }).message).toMatch(
      /"size" is not an option of disk\. Known options: maxBytes/,
    );
    for (const options of [
      { maxBytes: 100 },
      { maxBytes: "1GB" },
      { maxEntries: 0 },
      { maxAge: "5 minutes" },
      { maxAge: 0 },
      { onProblem: true },
    ]) {
      const error = refused(directory, options);
      expect(error.code).toBe("ERR_INVALID_OPTION");
      expect(error.option).toBe(Object.keys(options)[0]);
    }
    expect(existsSync(join(directory, "rote.db"))).toBe(false);
  });

  test("a digest that is none", () => {
    const store = disk(directory);
    for (const digest of ["", "0", "0F", "xy", undefined as unknown as string]) {
      const wrong = { namespace: "fn/1", digest };
      for (const call of [
        () => store.write(wrong, bytes, note),
        () => store.remove(wrong),
        () => store.claim(wrong),
        () => store.release(wrong, 1),
      ])
        expect(errorOf(call).code).toBe("ERR_INVALID_ARGUMENT");
    }
    store.close();
  });

  test("an entry that no table takes is refused, and is not taken for damage", () => {
    const problems: unknown[] = [];
    const store = disk(directory, { onProblem: (problem) => problems.push(problem) });
    store.write(address, bytes, note);
    for (const wrong of [
      { ...note, runTime: Number.NaN },
      { ...note, runTime: Infinity },
      { ...note, expiresAt: Number.NaN },
      { ...note, expiresAt: "never" as unknown as number },
      { ...note, tags: "tag" as unknown as string[] },
      { ...note, tags: [1] as unknown as string[] },
    ])
      expect(errorOf(() => store.write(address, bytes, wrong)).code).toBe("ERR_INVALID_ARGUMENT");
    const error = errorOf(() => store.write(address, [1] as unknown as Uint8Array, note));
    expect(error.message).toBe(
      "disk: the bytes of an entry must be a Uint8Array; received an array.",
    );
    expect(store.read(address)).toEqual(bytes);
    expect(problems).toEqual([]);
    store.close();
  });

  test("where there is no node:sqlite, with the Node that has it", () => {
    const found = vi.spyOn(process, "getBuiltinModule").mockImplementation(() => undefined);
    const error = errorOf(() => disk(directory));
    found.mockRestore();
    expect(error.code).toBe("ERR_UNSUPPORTED");
    expect(error.message).toMatch(/from 22\.13 on; this is Node \d+\.\d+\.\d+\. Use a newer Node/);
  });

  test("the database of another program, and that of a newer rote, which stay as they are", () => {
    const path = join(directory, "other.db");
    const other = new DatabaseSync(path);
    other.exec("CREATE TABLE theirs (id); INSERT INTO theirs VALUES (7)");
    other.close();
    const before = readFileSync(path);
    expect(errorOf(() => disk(path)).message).toMatch(
      /is a database of another program, which is left as it is/,
    );
    expect(readFileSync(path)).toEqual(before);

    const newer = disk(directory);
    newer.write(address, bytes, note);
    newer.close();
    const database = new DatabaseSync(newer.path);
    database.exec("PRAGMA user_version = 2; UPDATE state SET rote_format = 2");
    database.close();
    const bytesBefore = readFileSync(newer.path);
    const error = errorOf(() => disk(directory));
    expect(error.code).toBe("ERR_STORE");
    expect(error.message).toMatch(/newer rote \(format 2; this one knows 1\)/);
    expect(readFileSync(newer.path)).toEqual(bytesBefore);
  });

  test("a flipped bit where the header says whose file it is: it is damaged, not somebody else's", () => {
    const first = disk(directory);
    first.write(address, bytes, note);
    first.close();
    const whole = readFileSync(first.path);
    // SQLite's user_version and application_id.
    for (const at of [60, 61, 62, 63, 68, 69, 70, 71]) {
      for (let bit = 0; bit < 8; bit++) {
        const copy = join(directory, `${at}-${bit}`);
        mkdirSync(copy);
        const damaged = Buffer.from(whole);
        damaged[at]! ^= 1 << bit;
        writeFileSync(join(copy, "rote.db"), damaged);
        const problems: string[] = [];
        const store = disk(copy, { onProblem: ({ type }) => problems.push(type) });
        expect(store.write(address, bytes, note)).toBe(true);
        expect(problems).toEqual(["damaged"]);
        store.close();
      }
    }
  });

  test("a file that is no database and is not called like one is nobody's to rename", () => {
    const path = join(directory, "notes.txt");
    writeFileSync(path, "Dear diary, ".repeat(1000));
    expect(errorOf(() => disk(path)).message).toMatch(
      /disk: cannot open ".*notes\.txt" \(SQLITE_NOTADB\)\. It is no database/,
    );
    expect(readFileSync(path, "utf8")).toMatch(/^Dear diary/);
  });

  test("a directory that cannot be made, with its error and what to do", () => {
    writeFileSync(join(directory, "file"), "");
    const error = errorOf(() => disk(join(directory, "file/cache")));
    expect(error.code).toBe("ERR_STORE");
    expect(error.message).toMatch(
      /^disk: cannot open ".*rote\.db" \((ENOTDIR|EEXIST)\)\. Make the directory writable or pass another path to disk\(\)\.$/,
    );
  });

  test.runIf(process.platform === "linux")("a file system on which nothing can be made", () => {
    expect(errorOf(() => disk("/proc/rote/cache")).message).toMatch(
      /^disk: cannot (open|write to) "\/proc\/rote\/cache\/rote\.db" \((ENOENT|EACCES|EPERM)\)/,
    );
  });

  test.skipIf(process.platform === "win32" || process.getuid?.() === 0)(
    "a directory that cannot be written to",
    () => {
      chmodSync(directory, 0o500);
      expect(errorOf(() => disk(directory)).message).toMatch(
        /cannot write to ".*rote\.db" \(EACCES\)/,
      );
    },
  );
});

test("names and tags may have half a surrogate pair, and stay apart", () => {
  const store = disk(directory);
  const texts = ["\ud800", "\ud801", "\ufffd", "a\udc00b", "a\ufffdb"];
  texts.forEach((text, i) =>
    store.write({ namespace: text, digest: "00" }, new Uint8Array([i]), { ...note, tags: [text] }),
  );
  texts.forEach((text, i) =>
    expect(store.read({ namespace: text, digest: "00" })).toEqual(new Uint8Array([i])),
  );
  expect([...store.list()].map(({ namespace, tags }) => [namespace, ...tags])).toEqual(
    texts.map((text) => [text, text]),
  );
  expect(store.invalidateTag("\ud800")).toBe(1);
  expect([...store.list()].map(({ namespace }) => namespace)).toEqual(texts.slice(1));
  store.close();
});

test("a list of several pages has every entry once, while others are written", () => {
  const store = disk(directory);
  const digests = Array.from({ length: 450 }, (_, i) => i.toString(16).padStart(4, "0"));
  for (const digest of digests) store.write({ namespace: "fn/1", digest }, bytes, note);
  const seen: string[] = [];
  for (const { digest } of store.list("fn/1")) {
    if (seen.push(digest) === 10) store.write({ namespace: "other/1", digest }, bytes, note);
  }
  expect(seen).toEqual(digests);
  store.close();
});

test("thousands are cleared and invalidated, what others have is not, and all are told of it", () => {
  const store = disk(directory);
  const digestOf = (i: number): string => i.toString(16).padStart(8, "0");
  for (let i = 0; i < 2100; i++) {
    const [namespace, tag] = i % 2 === 0 ? ["even/1", "all"] : ["odd/1", "all"];
    store.write({ namespace, digest: digestOf(i) }, bytes, { ...note, tags: [tag] });
  }
  const before = store.revision();
  store.clear("even/1");
  expect(store.revision()).not.toBe(before);
  expect([...store.list()].length).toBe(1050);
  expect(store.stats().entries).toBe(1050);
  expect(store.invalidateTag("all")).toBe(1050);
  expect([...store.list()]).toEqual([]);
  store.close();
});

test("a closed store says so", () => {
  const store = disk(directory);
  store.close();
  expect(errorOf(() => store.read(address))).toMatchObject({
    code: "ERR_STORE",
    message: expect.stringMatching(
      /^disk: the store on ".*" is closed\. Open another one/,
    ) as string,
  });
});
