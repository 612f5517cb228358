import {
  existsSync,
  mkdtempSync,
  openSync,
  closeSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { RoteError } from "../errors.ts";
import type { StoreNote } from "../tier/store.ts";
import { disk, type DiskView, viewDisk } from "./index.ts";

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "rote-view-"));
  file = join(directory, "rote.db");
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const address = { namespace: "render/3", digest: "00ff" };
const note: StoreNote = { expiresAt: Infinity, runTime: 5, tags: [] };
const bytes = new Uint8Array([1, 2, 3]);

function fill(count: number, namespace = "render/3"): void {
  const store = disk(directory);
  for (let i = 0; i < count; i++)
    store.write({ namespace, digest: i.toString(16).padStart(4, "0") }, bytes, note);
  store.close();
}

function change(sql: string): void {
  const database = new DatabaseSync(file);
  database.exec(sql);
  database.close();
}

function look<Result>(work: (view: DiskView) => Result): Result {
  const view = viewDisk(directory);
  try {
    return work(view);
  } finally {
    view.close();
  }
}

function errorOf(run: () => unknown): RoteError {
  try {
    run();
  } catch (error) {
    return error as RoteError;
  }
  throw new Error("nothing was thrown");
}

describe("a view", () => {
  test("lists what was written, with its tags and its last use", () => {
    const store = disk(directory);
    store.write(address, bytes, { expiresAt: 2 ** 41, runTime: 5, tags: ["b", "\ud800"] });
    const [entry] = look((view) => [...view.list()]);
    expect(entry).toEqual({
      ...address,
      expiresAt: 2 ** 41,
      runTime: 5,
      tags: expect.arrayContaining(["b", "\ud800"]),
      size: 3,
      writtenAt: expect.any(Number),
      usedAt: entry?.writtenAt,
    });
    store.close();
    change(`INSERT INTO uses SELECT id, written_at + 60000 FROM entries`);
    const [used] = look((view) => [...view.list()]);
    expect((used?.usedAt ?? 0) - (used?.writtenAt ?? 0)).toBe(60_000);
  });

  test("lists more than a page, each entry once, and those of one namespace alone", () => {
    fill(450);
    fill(3, "odd \ud800");
    const all = look((view) => [...view.list()]);
    expect(all).toHaveLength(453);
    expect(new Set(all.map(({ namespace, digest }) => `${digest} ${namespace}`)).size).toBe(453);
    expect(look((view) => [...view.list("odd \ud800")])).toHaveLength(3);
    expect(look((view) => [...view.list("nobody")])).toEqual([]);
  });

  test("reads the bytes of an entry, and nothing for one that is not there", () => {
    fill(1);
    const digest = "0000";
    expect(look((view) => view.read({ ...address, digest }))).toEqual(bytes);
    expect(look((view) => view.read(address))).toBe(undefined);
    expect(look((view) => view.read({ namespace: "render/4", digest }))).toBe(undefined);
  });

  test("sees what others write while it is open", () => {
    const store = disk(directory);
    look((view) => {
      expect([...view.list()]).toEqual([]);
      store.write(address, bytes, note);
      expect(view.read(address)).toEqual(bytes);
      store.remove(address);
      expect([...view.list()]).toEqual([]);
    });
    store.close();
  });

  test("changes nothing of the file, and no use is noted", () => {
    fill(3);
    // Old enough for a use to be noted.
    change("UPDATE entries SET written_at = 1000");
    const before = readFileSync(file);
    look((view) => {
      for (const listing of view.list()) view.read(listing);
      view.check();
    });
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  test("finds nothing in a file that another process has only just made", () => {
    writeFileSync(file, "");
    look((view) => {
      expect([...view.list()]).toEqual([]);
      expect(view.read(address)).toBe(undefined);
      expect(view.check()).toEqual([]);
    });
    expect(readFileSync(file)).toHaveLength(0);
  });
});

describe("what cannot be looked at", () => {
  test("is a file that is not there, and none is made", () => {
    const error = errorOf(() => viewDisk(directory));
    expect(error.code).toBe("ERR_STORE");
    expect(error.message).toBe(
      `disk: there is no store at "${file}". Pass the path that was given to disk(), or none for its default place.`,
    );
    expect(existsSync(file)).toBe(false);
  });

  test("is something that is no path", () => {
    expect(errorOf(() => viewDisk(3 as never)).code).toBe("ERR_INVALID_ARGUMENT");
  });

  test("is a file that is no database, which stays where it is", () => {
    writeFileSync(file, "hello, this is a text and no database at all");
    const error = errorOf(() => viewDisk(directory));
    expect([error.code, error.message]).toEqual([
      "ERR_STORE",
      expect.stringContaining("(SQLITE_NOTADB)"),
    ]);
    expect(readFileSync(file, "utf8")).toContain("hello");
  });

  test("is the database of another program, and of a newer rote", () => {
    fill(1);
    change("PRAGMA user_version = 999; UPDATE state SET rote_format = 999");
    expect(errorOf(() => viewDisk(directory)).message).toContain(
      "made by a newer rote (format 999",
    );
    change("PRAGMA application_id = 7; ALTER TABLE state RENAME TO theirs");
    expect(errorOf(() => viewDisk(directory)).message).toContain("a database of another program");
  });

  test("is a view that was closed", () => {
    fill(1);
    const view = viewDisk(directory);
    view.close();
    expect(errorOf(() => view.read(address)).code).toBe("ERR_STORE");
  });
});

describe("the check of a file", () => {
  test("finds nothing in one that is sound", () => {
    fill(250);
    expect(look((view) => view.check())).toEqual([]);
  });

  test.each([
    ["another seal", "seal = seal + 1"],
    ["another size", "size = size + 1"],
    ["a text for its bytes", "bytes = 'abc'"],
  ])("names an entry whose row has %s, which is not read either", (_what, set) => {
    fill(3);
    change(`UPDATE entries SET ${set} WHERE digest = x'0001'`);
    const damaged = { namespace: "render/3", digest: "0001" };
    expect(look((view) => view.check())).toEqual([
      { address: damaged, message: "The row is not what its place in the file says." },
    ]);
    expect(look((view) => view.read(damaged))).toBe(undefined);
  });

  test("names an entry without a namespace, and a count that is wrong", () => {
    fill(2);
    change("DELETE FROM namespaces; UPDATE state SET entries = 9");
    expect(look((view) => view.check()).map(({ message }) => message)).toEqual([
      "The file says that it has 9 entries; it has 2.",
      "Entry 1 belongs to a namespace that is not there.",
      "Entry 2 belongs to a namespace that is not there.",
    ]);
    change("DELETE FROM state");
    expect(look((view) => view.check())[0]?.message).toBe(
      "The row of the file's state is missing.",
    );
  });

  test("says what SQLite says of pages that are damaged", () => {
    fill(50);
    const database = new DatabaseSync(file);
    const { rootpage } = database
      .prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'entries_by_call'")
      .get() as { rootpage: number };
    database.close();
    const descriptor = openSync(file, "r+");
    // Where a page says which cells it has.
    writeSync(descriptor, new Uint8Array(40).fill(0xff), 0, 40, (rootpage - 1) * 4096 + 20);
    closeSync(descriptor);
    const troubles = look((view) => view.check());
    expect(troubles.length).toBeGreaterThan(0);
    for (const { address: about, message } of troubles) {
      expect(about).toBe(undefined);
      expect(message).not.toBe("");
    }
  });
});
