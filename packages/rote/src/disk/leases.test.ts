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

const at = (digest: string) => ({ namespace: "render/3", digest });
const note = { expiresAt: Infinity, runTime: 1, tags: [] };
const bytes = new Uint8Array([1]);

test("a holder whose count stands still for the limit loses all that it holds", () => {
  const holder = open();
  const other = open();
  const early = holder.claim(at("01")) as number;
  holder.claim(at("02"));
  expect(other.claim(at("01"))).toBe(undefined);
  now += BEATS.limit - 1;
  expect(other.claim(at("01"))).toBe(undefined);
  now += 1;
  const late = other.claim(at("01")) as number;
  expect(late).toBeGreaterThan(early);
  expect(other.claim(at("02"))).toBeGreaterThan(late);
  expect(holder.write(at("01"), bytes, note, early)).toBe(false);
  expect(holder.claim(at("01"))).toBe(undefined);
  expect(holder.stats().refused).toBe(1);
});

test("a holder whose count goes up keeps its lease, however long that takes", () => {
  const holder = open();
  const other = open();
  const fence = holder.claim(at("01")) as number;
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
  expect(other.claim(at("01"))).toBeGreaterThan(0);
});

test("what was seen of one lease is not held against the next one of its holder", () => {
  const holder = open();
  const other = open();
  const fence = holder.claim(at("01")) as number;
  expect(other.claim(at("01"))).toBe(undefined);
  holder.release(at("01"), fence);
  now += 10 * BEATS.limit;
  // Its count begins anew, with the number that was seen long ago.
  const next = holder.claim(at("01")) as number;
  expect(other.claim(at("01"))).toBe(undefined);
  expect(holder.write(at("01"), bytes, note, next)).toBe(true);
});

test("the fence of a name never goes down: not after a release, clear, removal, or a new file", () => {
  const store = open();
  let last = 0;
  const next = (): void => {
    const fence = store.claim(at("01")) as number;
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

test("rows of old leases are dropped, and their fences are refused", () => {
  const store = open();
  const fence = store.claim(at("01")) as number;
  store.release(at("01"), fence);
  // Until somebody claims it, who gave it back may still write.
  expect(store.write(at("01"), bytes, note, fence)).toBe(true);
  const database = new DatabaseSync(store.path);
  database.exec("UPDATE state SET fence = fence + 20000");
  store.claim(at("02"));
  expect(database.prepare("SELECT count(*) AS rows FROM leases").get()).toEqual({ rows: 1 });
  database.close();
  expect(store.write(at("01"), bytes, note, fence)).toBe(false);
});

test("one thread beats for all claims of a handle, and holders leave no rows behind", () => {
  let threads = 0;
  const startThread = () => {
    threads++;
    return { on() {}, unref() {} };
  };
  const store = open({ startThread });
  store.read(at("01"));
  expect(threads).toBe(0);
  for (const digest of ["01", "02", "01"]) store.release(at(digest), store.claim(at(digest))!);
  expect(threads).toBe(1);
  const database = new DatabaseSync(store.path);
  expect(database.prepare("SELECT * FROM holders").all()).toEqual([]);
  database.close();
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
  expect(open().claim(at("01"))).toBeGreaterThan(0);
});
