import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { RoteError } from "../errors.ts";
import { DiskStore } from "./disk-store.ts";
import type { DiskOptions, DiskProblem } from "./index.ts";
import { BEATS } from "./leases.ts";
import { locate } from "./location.ts";
import { type Connection, nodePlatform, type Platform } from "./platform.ts";

let directory: string;
let now: number;
let problems: DiskProblem[];
/** What was scheduled, to be run by hand. */
let scheduled: (() => void)[];
const opened: DiskStore[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "rote-faults-"));
  now = 0;
  problems = [];
  scheduled = [];
});
afterEach(() => {
  for (const store of opened.splice(0)) store.close();
  rmSync(directory, { recursive: true, force: true });
});

function open(platform: Partial<Platform> = {}, options: DiskOptions = {}): DiskStore {
  const whole: Platform = {
    ...nodePlatform(),
    now: () => now,
    schedule(callback) {
      scheduled.push(callback);
      return () => {};
    },
    startThread: () => ({ on() {}, unref() {} }),
    ...platform,
  };
  const onProblem = (problem: DiskProblem): void => void problems.push(problem);
  const store = new DiskStore(locate(whole, directory), { onProblem, ...options }, whole, BEATS);
  opened.push(store);
  return store;
}

const at = (i: number) => ({ namespace: "fn/1", digest: i.toString(16).padStart(8, "0") });
const note = { expiresAt: Infinity, runTime: 10, tags: ["tag"] };
const bytesOf = (i: number): Uint8Array => new Uint8Array(500).fill(i);
const asides = (): string[] => readdirSync(directory).filter((name) => name.includes("damaged"));

/** A file with a hundred entries, closed. */
function fill(): string {
  const store = open();
  for (let i = 0; i < 100; i++) store.write(at(i), bytesOf(i), note);
  store.close();
  return store.path;
}

/** Nothing is read that was not written there, and nothing but a RoteError is thrown. */
function checkEntries(store: DiskStore): number {
  let found = 0;
  for (let i = 0; i < 100; i++) {
    const bytes = attempt(() => store.read(at(i)));
    if (bytes === undefined) continue;
    found++;
    expect(bytes).toHaveLength(500);
  }
  return found;
}

function attempt<Result>(run: () => Result): Result | undefined {
  try {
    return run();
  } catch (error) {
    expect(error).toBeInstanceOf(RoteError);
    return undefined;
  }
}

describe("a damaged file is set aside, once, and the store goes on with a new one", () => {
  test("one that is no database", () => {
    const path = join(directory, "rote.db");
    writeFileSync(path, "no database ".repeat(1000));
    const store = open();
    expect(store.write(at(1), bytesOf(1), note)).toBe(true);
    expect(asides()).toHaveLength(1);
    expect(readFileSync(join(directory, asides()[0]!), "utf8")).toMatch(/^no database /);
    expect(problems).toMatchObject([
      { type: "damaged", operation: "open", path, setAsideAs: join(directory, asides()[0]!) },
    ]);
    expect(store.stats().setAside).toBe(1);
  });

  test("one that is cut off", () => {
    const path = fill();
    truncateSync(path, 9000);
    const store = open();
    checkEntries(store);
    expect(store.write(at(1), bytesOf(1), note)).toBe(true);
    expect(store.read(at(1))).toEqual(bytesOf(1));
    expect(problems.map(({ type }) => type)).toEqual(["damaged"]);
  });

  test("one whose tables are gone while it is open, and what was asked is done", () => {
    const store = open();
    store.write(at(1), bytesOf(1), note);
    const database = new DatabaseSync(store.path);
    database.exec("DROP TABLE entries");
    database.close();
    expect(store.read(at(1))).toBe(undefined);
    expect(store.write(at(1), bytesOf(2), note)).toBe(true);
    expect(store.read(at(1))).toEqual(bytesOf(2));
    expect(problems).toMatchObject([{ type: "damaged", operation: "read" }]);
  });

  test("not twice in an hour: then it throws, and says so", () => {
    const store = open();
    const spoil = (): void => {
      store.write(at(1), bytesOf(1), note);
      const database = new DatabaseSync(store.path);
      database.exec("DROP TABLE entries");
      database.close();
    };
    spoil();
    store.read(at(1));
    spoil();
    expect(() => store.read(at(1))).toThrow(/cannot read ".*" \(SQLITE_ERROR\)\. It is damaged/);
    expect(problems.map(({ type }) => type)).toEqual(["damaged", "failed"]);
    now += 3_600_000;
    expect(store.read(at(1))).toBe(undefined);
    expect(problems.map(({ type }) => type)).toEqual(["damaged", "failed", "damaged"]);
    expect(asides()).toHaveLength(2);
  });

  test("by one of several that find it, and the others go on with the new one", () => {
    const stores = [open(), open(), open()];
    for (const store of stores) store.write(at(1), bytesOf(2), note);
    const database = new DatabaseSync(stores[0]!.path);
    database.exec("DROP TABLE entries");
    database.close();
    for (const store of stores) store.read(at(1));
    expect(problems.map(({ type }) => type)).toEqual(["damaged"]);
    stores[0]!.write(at(1), bytesOf(1), note);
    for (const store of stores) expect(store.read(at(1))).toEqual(bytesOf(1));
  });

  test("a late write does not reach a new file with the fence of the old one", () => {
    const [holder, other] = [open(), open()];
    const early = holder.claim(at(1))?.fence as number;
    other.write(at(1), bytesOf(2), note);
    const database = new DatabaseSync(holder.path);
    database.exec("DROP TABLE entries");
    database.close();
    other.read(at(1));
    expect(other.claim(at(1))?.fence).not.toBe(early);
    expect(holder.write(at(1), bytesOf(1), note, early)).toBe(false);
  });

  test("of many that were set aside, three are kept", () => {
    for (let i = 0; i < 6; i++) {
      writeFileSync(join(directory, "rote.db"), `${i} is no database`.repeat(100));
      open({ clock: () => 1_700_000_000_000 + i }).close();
      rmSync(join(directory, "rote.db"));
    }
    const kept = asides().map((name) => readFileSync(join(directory, name), "utf8")[0]);
    expect(new Set(kept)).toEqual(new Set(["3", "4", "5"]));
    expect(kept).toHaveLength(3);
  });
});

test("with any byte of the file changed, what is read is of the right entry or a miss", () => {
  const path = fill();
  const whole = readFileSync(path);
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 })), {
        minLength: 1,
        maxLength: 4,
      }),
      (flips) => {
        const damaged = Buffer.from(whole);
        for (const [offset, change] of flips) damaged[offset]! ^= change;
        rmSync(directory, { recursive: true });
        open().close();
        writeFileSync(path, damaged);
        const store = attempt(() => open());
        if (store === undefined) return;
        for (let i = 0; i < 100; i++) {
          const bytes = attempt(() => store.read(at(i)));
          // A flip in the bytes is the envelope's to find: most of them are right.
          if (bytes !== undefined)
            expect(bytes.filter((byte) => byte !== i).length).toBeLessThan(250);
        }
        attempt(() => store.write(at(1), bytesOf(7), note));
        attempt(() => store.remove(at(2)));
        attempt(() => store.invalidateTag("tag"));
        store.close();
      },
    ),
    { numRuns: Number(process.env["ROTE_RUNS"] ?? 60) },
  );
});

describe("what goes away while it is used", () => {
  test("a directory that is removed is made again", () => {
    const store = open();
    store.write(at(1), bytesOf(1), note);
    rmSync(directory, { recursive: true });
    // It was seen there a moment ago.
    expect(store.read(at(1))).toEqual(bytesOf(1));
    now += 1000;
    expect(store.read(at(1))).toBe(undefined);
    expect(store.write(at(1), bytesOf(1), note)).toBe(true);
    expect(existsSync(store.path)).toBe(true);
    expect(open().read(at(1))).toEqual(bytesOf(1));
    expect(problems).toEqual([]);
  });

  test("the revision is another one in a file that was made again", () => {
    const store = open();
    const before = store.revision();
    rmSync(directory, { recursive: true });
    expect(store.revision()).not.toBe(before);
  });

  test("a place where nothing can be made any more: methods throw, and work again when it can", () => {
    const store = open();
    store.write(at(1), bytesOf(1), note);
    rmSync(directory, { recursive: true });
    writeFileSync(directory, "in the way");
    now += 1000;
    for (const call of [
      () => store.read(at(1)),
      () => store.write(at(1), bytesOf(1), note),
      () => store.remove(at(1)),
      () => store.claim(at(1)),
      () => store.revision(),
      () => store.flush(),
    ])
      expect(call).toThrow(
        /^disk: cannot (read|write to|claim anything in) ".*rote\.db" \((EEXIST|ENOTDIR)\)/,
      );
    expect(store.stats).toThrow();
    rmSync(directory);
    expect(store.write(at(1), bytesOf(1), note)).toBe(true);
    expect(store.read(at(1))).toEqual(bytesOf(1));
    expect(problems.length).toBeGreaterThanOrEqual(6);
    expect(problems.every(({ type }) => type === "failed")).toBe(true);
  });
});

describe("a full device", () => {
  test("writes throw and say what to do, reads go on, and it works when there is room", () => {
    let connection: Connection | undefined;
    const store = open({
      connect: (path) => (connection = nodePlatform().connect(path)),
    });
    store.write(at(1), bytesOf(1), note);
    connection!.exec("PRAGMA max_page_count = 1");
    const large = new Uint8Array(1_000_000);
    expect(() => store.write(at(2), large, note)).toThrow(
      /cannot write to ".*" \(SQLITE_FULL\)\. Free some space on the device, or lower maxBytes\.$/,
    );
    expect(store.read(at(1))).toEqual(bytesOf(1));
    // The next connection knows no such limit.
    expect(store.write(at(2), large, note)).toBe(true);
    expect(problems).toMatchObject([{ type: "failed", operation: "write" }]);
  });
});

/** Connections whose n-th statement fails, once or from then on. */
function failing(
  n: number,
  errcode: number,
  isForEver: boolean,
): { connect: Platform["connect"]; reached: () => boolean } {
  let count = 0;
  const step = (): void => {
    count++;
    if (count === n || (isForEver && count > n))
      throw Object.assign(new Error("injected"), { code: "ERR_SQLITE_ERROR", errcode });
  };
  const connect: Platform["connect"] = (path) => {
    const real = nodePlatform().connect(path);
    return {
      close: () => real.close(),
      exec(sql) {
        step();
        real.exec(sql);
      },
      prepare(sql) {
        const statement = real.prepare(sql);
        return {
          get: (...values) => (step(), statement.get(...values)),
          all: (...values) => (step(), statement.all(...values)),
          run: (...values) => (step(), statement.run(...values)),
        };
      },
    };
  };
  return { connect, reached: () => count >= n };
}

describe.for([
  ["full", 13],
  ["busy", 5],
  ["input and output", 778],
  ["damaged", 11],
  ["read-only", 8],
] as const)("the n-th statement fails: %s", ([, errcode]) => {
  test.for([false, true])("for ever: %s; the old entry, the new one or a miss", (isForEver) => {
    for (let n = 1; ; n++) {
      rmSync(directory, { recursive: true, force: true });
      open().write(at(1), bytesOf(1), note);
      const { connect, reached } = failing(n, errcode, isForEver);
      const store = attempt(() => open({ connect, now: () => (now += 1000) }));
      const fence = attempt(() => store?.claim(at(1)))?.fence;
      const isWritten = attempt(() => store?.write(at(1), bytesOf(2), note, fence));
      attempt(() => fence !== undefined && store?.release(at(1), fence));
      const isRemoved = attempt(() => store?.remove(at(2)));
      attempt(() => store?.write(at(3), bytesOf(3), { ...note, tags: [] }));
      expect([undefined, 1, 2]).toContain(attempt(() => store?.read(at(1)))?.[0]);
      attempt(() => store?.flush());
      attempt(() => store?.close());

      const later = open();
      const found = later.read(at(1));
      expect([undefined, 1, 2]).toContain(found?.[0]);
      // Without a fence it may have been put off, and never done.
      const isSure = isWritten === true && fence !== undefined && asides().length === 0;
      if (isSure) expect(found?.[0]).toBe(2);
      expect(isRemoved ?? false).toBe(false);
      expect(later.stats().entries).toBe([...later.list()].length);
      expect(later.write(at(1), bytesOf(9), note)).toBe(true);
      for (const each of opened.splice(0)) attempt(() => each.close());
      if (!reached()) break;
    }
  });
});

describe("while another process writes", () => {
  let writer: DatabaseSync;
  const lock = (): void => {
    writer = new DatabaseSync(join(directory, "rote.db"));
    writer.exec("BEGIN IMMEDIATE");
  };
  const unlock = (): void => {
    writer.exec("ROLLBACK");
    writer.close();
  };

  test("a write is put off, is read by who wrote it, and done later", () => {
    const store = open();
    lock();
    const bytes = bytesOf(1);
    expect(store.write(at(1), bytes, note)).toBe(true);
    bytes.fill(9);
    expect(store.write(at(2), bytesOf(2), note)).toBe(true);
    expect(store.read(at(1))).toEqual(bytesOf(1));
    expect(store.stats()).toMatchObject({ pending: 2, postponed: 2, entries: 0, writes: 0 });
    expect(problems.map(({ type }) => type)).toEqual(["busy", "busy"]);
    scheduled.shift()!();
    expect(store.stats().pending).toBe(2);
    unlock();
    scheduled.shift()!();
    expect(store.stats()).toMatchObject({ pending: 0, writes: 2, entries: 2 });
    expect(open().read(at(1))).toEqual(bytesOf(1));
    expect(scheduled).toEqual([]);
  });

  test("who has waited in vain does not wait again", () => {
    const store = open();
    lock();
    store.write(at(1), bytesOf(1), note);
    const from = performance.now();
    for (let i = 0; i < 20; i++) store.write(at(i), bytesOf(i), note);
    expect(performance.now() - from).toBeLessThan(200);
    unlock();
    store.flush();
    expect(store.stats()).toMatchObject({ pending: 0, entries: 20 });
  });

  test("what is put off has a bound, and what is more is dropped and counted", () => {
    const store = open();
    lock();
    const large = new Uint8Array(6 * 2 ** 20);
    expect([1, 2, 3].map((i) => store.write(at(i), large, note))).toEqual([true, true, false]);
    expect(store.stats()).toMatchObject({ pending: 2, dropped: 1 });
    unlock();
    store.flush();
    expect(store.stats().entries).toBe(2);
  });

  test("a write with a fence is dropped, a release is done later, and a claim throws", () => {
    const store = open();
    const fence = store.claim(at(1))?.fence as number;
    lock();
    expect(store.write(at(1), bytesOf(1), note, fence)).toBe(false);
    expect(() => store.claim(at(2))).toThrow(
      /cannot claim anything in ".*" \(SQLITE_BUSY\)\. Another process keeps it locked/,
    );
    store.release(at(1), fence);
    expect(store.stats()).toMatchObject({ dropped: 1, pending: 1 });
    unlock();
    const other = open();
    expect(other.claim(at(1))).toBe(undefined);
    scheduled.shift()!();
    expect(other.claim(at(1))?.fence).toBeGreaterThan(fence);
  });

  test("what is removed is not written later, and a removal that cannot be made throws", () => {
    const store = open();
    lock();
    for (let i = 0; i < 4; i++) store.write(at(i), bytesOf(i), { ...note, tags: [`tag:${i}`] });
    store.write({ namespace: "other/1", digest: "00" }, bytesOf(5), note);
    expect(() => store.remove(at(0))).toThrow(/SQLITE_BUSY/);
    expect(() => store.invalidateTag("tag:1")).toThrow(/SQLITE_BUSY/);
    unlock();
    store.flush();
    expect([...store.list()].map(({ digest }) => digest)).toEqual([
      at(2).digest,
      at(3).digest,
      "00",
    ]);
    lock();
    store.write(at(7), bytesOf(7), note);
    expect(() => store.clear("fn/1")).toThrow(/SQLITE_BUSY/);
    unlock();
    store.clear("fn/1");
    store.flush();
    expect([...store.list()].map(({ namespace }) => namespace)).toEqual(["other/1"]);
  });

  test("what was put off and cannot be written at all is dropped, and keeps nothing else from it", () => {
    let connection: Connection | undefined;
    const store = open({ connect: (path) => (connection = nodePlatform().connect(path)) });
    lock();
    store.write(at(1), new Uint8Array(1_000_000), note);
    unlock();
    connection!.exec("PRAGMA max_page_count = 1");
    expect(() => store.write(at(2), bytesOf(2), note)).toThrow(/SQLITE_FULL/);
    expect(store.stats()).toMatchObject({ pending: 0, dropped: 1 });
    expect(store.write(at(2), bytesOf(2), note)).toBe(true);
    expect(store.read(at(1))).toBe(undefined);
  });

  test("who claims again has a claim whose release was put off", () => {
    const store = open();
    const fence = store.claim(at(1))?.fence as number;
    lock();
    store.release(at(1), fence);
    unlock();
    expect(store.claim(at(1))?.fence).toBe(fence);
    store.flush();
    expect(open().claim(at(1))).toBe(undefined);
    expect(store.write(at(1), bytesOf(1), note, fence)).toBe(true);
  });

  test("a store closes although what was put off cannot be written", () => {
    let connection: Connection | undefined;
    const store = open({ connect: (path) => (connection = nodePlatform().connect(path)) });
    lock();
    store.write(at(1), new Uint8Array(1_000_000), note);
    unlock();
    connection!.exec("PRAGMA max_page_count = 1");
    expect(() => store.close()).toThrow(/SQLITE_FULL/);
    expect(() => store.read(at(1))).toThrow(/is closed/);
    store.close();
  });

  test("onProblem may use the store, and is not told of what that meets", () => {
    const store: DiskStore = open(
      {},
      {
        onProblem(problem) {
          problems.push(problem);
          store.write(at(2), bytesOf(2), note);
        },
      },
    );
    lock();
    store.write(at(1), bytesOf(1), note);
    unlock();
    store.flush();
    expect(problems).toMatchObject([{ type: "busy" }]);
    expect(store.stats()).toMatchObject({ busy: 2, entries: 2 });
  });

  test("closing writes what was put off, if it can be", () => {
    const store = open();
    lock();
    store.write(at(1), bytesOf(1), note);
    unlock();
    store.close();
    expect(open().read(at(1))).toEqual(bytesOf(1));
  });
});

test("what onProblem throws is ignored, and said", () => {
  const warned = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
  writeFileSync(join(directory, "rote.db"), "no database ".repeat(1000));
  const store = open(
    {},
    {
      onProblem() {
        throw new Error("from the listener");
      },
    },
  );
  expect(store.stats().setAside).toBe(1);
  expect(warned.mock.calls.flat()[0]).toMatch(/^onProblem of disk has thrown, which is ignored/);
  warned.mockRestore();
});
