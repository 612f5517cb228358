import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";

import { DiskStore } from "./disk-store.ts";
import { BEATS } from "./leases.ts";
import { locate } from "./location.ts";
import { nodePlatform, type Platform } from "./platform.ts";

let directory: string;
/** Of all handles; nothing moves it but the test. */
let now: number;
const opened: DiskStore[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "rote-leases-"));
  now = 1000;
});
afterEach(() => {
  for (const store of opened.splice(0)) store.close();
  rmSync(directory, { recursive: true, force: true });
});

/** A handle whose heart only beats when the test says so. */
function open(platform: Partial<Platform> = {}): DiskStore {
  const whole: Platform = {
    ...nodePlatform(),
    now: () => now,
    startThread: () => ({ on() {}, unref() {} }),
    ...platform,
  };
  const store = new DiskStore(locate(whole, directory), {}, whole, BEATS);
  opened.push(store);
  return store;
}

function beat(): void {
  const database = new DatabaseSync(join(directory, "rote.db"));
  database.exec("UPDATE holders SET beat = beat + 1");
  database.close();
}

function rowsOf(table: string): Record<string, unknown>[] {
  const database = new DatabaseSync(join(directory, "rote.db"));
  try {
    const rows = database.prepare(`SELECT * FROM ${table}`).all();
    // The last fence is in a row of its own.
    return rows.filter(({ namespace }) => namespace !== 0);
  } finally {
    database.close();
  }
}

const at = (digest: string) => ({ namespace: "render/3", digest });
const note = { expiresAt: Infinity, runTime: 1, tags: [] };
const bytes = new Uint8Array([1]);

test("a holder whose count stands still for the limit loses all that it holds", () => {
  const holder = open();
  const other = open();
  const early = holder.claim(at("01"))?.fence as number;
  holder.claim(at("02"));
  expect(other.claim(at("01"))).toBe(undefined);
  now += BEATS.limit - 1;
  expect(other.claim(at("01"))).toBe(undefined);
  now += 1;
  const late = other.claim(at("01"))?.fence as number;
  expect(late).toBeGreaterThan(early);
  expect(other.claim(at("02"))?.fence).toBeGreaterThan(late);
  expect(holder.write(at("01"), bytes, note, early)).toBe(false);
  expect(holder.claim(at("01"))).toBe(undefined);
  expect(holder.stats().refused).toBe(1);
});

test("a holder whose count goes up keeps its lease, however long that takes", () => {
  const holder = open();
  const other = open();
  const fence = holder.claim(at("01"))?.fence as number;
  for (let i = 0; i < 20; i++) {
    expect(other.claim(at("01"))).toBe(undefined);
    now += BEATS.limit - 1;
    beat();
  }
  expect(holder.write(at("01"), bytes, note, fence)).toBe(true);
});

test("the time of day has no part in it", () => {
  let time = 1_700_000_000_000;
  const holder = open({ clock: () => time });
  const other = open({ clock: () => time });
  holder.claim(at("01"));
  for (const jump of [-86_400_000, 86_400_000 * 2, -3_600_000]) {
    time += jump;
    expect(other.claim(at("01"))).toBe(undefined);
  }
  time -= 86_400_000;
  now += BEATS.limit;
  expect(other.claim(at("01"))?.fence).toBeGreaterThan(0);
});

test("what was seen of one lease is not held against the next one of its holder", () => {
  const holder = open();
  const other = open();
  const fence = holder.claim(at("01"))?.fence as number;
  expect(other.claim(at("01"))).toBe(undefined);
  holder.release(at("01"), fence);
  now += 10 * BEATS.limit;
  // Its count begins anew, with the number that was seen long ago.
  const next = holder.claim(at("01"))?.fence as number;
  expect(other.claim(at("01"))).toBe(undefined);
  expect(holder.write(at("01"), bytes, note, next)).toBe(true);
});

test("the fence of a name never goes down: not after a release, clear, removal, or a new file", () => {
  const store = open();
  let last = 0;
  const next = (): void => {
    const fence = store.claim(at("01"))?.fence as number;
    expect(fence).toBeGreaterThan(last);
    last = fence;
    store.release(at("01"), fence);
  };
  next();
  store.write(at("01"), bytes, note, last);
  next();
  store.clear("render/3");
  next();
  store.remove(at("01"));
  next();
  rmSync(directory, { recursive: true });
  next();
});

test("leases leave no rows behind, and what is given back cannot be used any more", () => {
  const store = open();
  const fence = store.claim(at("01"))?.fence as number;
  store.release(at("01"), fence);
  expect(store.write(at("01"), bytes, note, fence)).toBe(false);
  expect(store.write(at("02"), bytes, note, store.claim(at("02"))?.fence)).toBe(true);
  expect(rowsOf("leases")).toEqual([]);
});

test("an invalidated tag is remembered for as long as somebody is making what may have it", () => {
  const store = open();
  const other = open();
  other.invalidateTag("early");
  expect(rowsOf("invalidations")).toEqual([]);
  const first = store.claim(at("01"))?.fence as number;
  other.invalidateTag("one");
  const second = store.claim(at("02"))?.fence as number;
  other.invalidateTag("two");
  expect(rowsOf("invalidations").map(({ tag }) => tag)).toEqual(["one", "two"]);
  expect(store.write(at("01"), bytes, { ...note, tags: ["x", "two"] }, first)).toBe(false);
  other.invalidateTag("three");
  expect(rowsOf("invalidations").map(({ tag }) => tag)).toEqual(["three", "two"]);
  expect(store.write(at("02"), bytes, { ...note, tags: ["one"] }, second)).toBe(true);
  other.invalidateTag("four");
  expect(rowsOf("invalidations")).toEqual([]);
});

test("what is being made when a large namespace is cleared or its tag invalidated is refused", () => {
  // Each removal is a part of its own.
  const slow = open({ now: () => (now += 1000) });
  const other = open();
  for (const remove of [
    () => slow.clear("render/3"),
    () => slow.invalidateTag("tag"),
    () => slow.remove(at("01")),
  ]) {
    for (const digest of ["02", "03", "04"])
      other.write(at(digest), bytes, { ...note, tags: ["tag"] });
    const fence = other.claim(at("01"))?.fence as number;
    remove();
    expect(other.write(at("01"), bytes, { ...note, tags: ["tag"] }, fence)).toBe(false);
  }
});

test("one thread beats for all claims of a handle, and a row is left for as long as it is open", () => {
  let threads = 0;
  const startThread = () => {
    threads++;
    return { on() {}, unref() {} };
  };
  const store = open({ startThread });
  store.read(at("01"));
  expect(threads).toBe(0);
  for (const digest of ["01", "02", "01"])
    store.release(at(digest), store.claim(at(digest))!.fence);
  expect(threads).toBe(1);
  expect(rowsOf("holders").length).toBe(1);
  store.close();
  expect(rowsOf("holders")).toEqual([]);
});

test("a holder that was killed with nothing in hand leaves no row for long, and who is alive comes back", () => {
  const idle = open();
  idle.release(at("01"), idle.claim(at("01"))!.fence);
  const other = open();
  other.claim(at("02"));
  // Nobody can tell whether it is alive.
  expect(rowsOf("holders").length).toBe(1);
  const fence = idle.claim(at("01"))?.fence as number;
  expect(rowsOf("holders").length).toBe(2);
  expect(other.claim(at("01"))).toBe(undefined);
  expect(idle.write(at("01"), bytes, note, fence)).toBe(true);
});

test("where no thread can be started there is no claim, and nobody is kept waiting", () => {
  const store = open({
    startThread: () => {
      throw Object.assign(new Error("no threads"), { code: "ERR_WORKER_INIT_FAILED" });
    },
  });
  expect(() => store.claim(at("01"))).toThrow(
    /cannot claim anything in ".*" \(ERR_WORKER_INIT_FAILED\)/,
  );
  expect(open().claim(at("01"))?.fence).toBeGreaterThan(0);
});
