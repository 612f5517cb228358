import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

import { type FakeClock, fakeClock } from "../../../../test/support/fake-clock.ts";
import { DiskStore } from "./disk-store.ts";
import type { DiskOptions } from "./index.ts";
import { BEATS } from "./leases.ts";
import { locate } from "./location.ts";
import { nodePlatform } from "./platform.ts";

let directory: string;
let clock: FakeClock;
let now: number;
const opened: DiskStore[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "rote-bounds-"));
  clock = fakeClock();
  now = 0;
});
afterEach(() => {
  for (const store of opened.splice(0)) store.close();
  rmSync(directory, { recursive: true, force: true });
});

/** Numbers that look random, the same in every run. */
function numbers(): () => number {
  let seed = 1;
  return () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
}

function open(options: DiskOptions): DiskStore {
  const platform = { ...nodePlatform(), clock: clock.read, now: () => now, random: numbers() };
  const store = new DiskStore(locate(platform, directory), options, platform, BEATS);
  opened.push(store);
  return store;
}

const at = (i: number) => ({ namespace: "fn/1", digest: i.toString(16).padStart(8, "0") });
const note = { expiresAt: Infinity, runTime: 10, tags: ["tag"] };

test("there are never more entries than maxEntries and the few until the next look", () => {
  const store = open({ maxEntries: 50 });
  for (let i = 0; i < 500; i++) {
    store.write(at(i), new Uint8Array(10), note);
    expect(store.stats().entries).toBeLessThanOrEqual(50 + 16);
    clock.advance(1);
  }
  expect(store.stats().evicted).toBe(500 - store.stats().entries);
  // Their tags have gone with them.
  expect(store.invalidateTag("tag")).toBe(500 - store.stats().evicted);
});

test("the bytes in use stay near maxBytes, whoever writes", () => {
  const maxBytes = 2 ** 20;
  const stores = [open({ maxBytes }), open({ maxBytes })];
  for (let i = 0; i < 600; i++) {
    const store = stores[i % 2] as DiskStore;
    store.write(at(i), new Uint8Array(10_000).fill(1), note);
    clock.advance(1);
    // Each looks after 1/64 of it.
    expect(store.stats().bytes).toBeLessThan(maxBytes * (1 + 2 / 64) + 40_000);
  }
  expect(stores[0]!.stats().entries).toBeGreaterThan(60);
  stores[0]!.flush();
  expect(statSync(stores[0]!.path).size).toBeLessThan(maxBytes * 1.2);
});

test("what is larger than the bound is not written, and drives nothing out", () => {
  const store = open({ maxBytes: 100_000 });
  store.write(at(1), new Uint8Array(1000), note);
  expect(store.write(at(2), new Uint8Array(100_001), note)).toBe(false);
  expect(store.stats()).toMatchObject({ entries: 1, tooLarge: 1, evicted: 0 });
});

test("what was dear is kept longer than what was cheap, and what is used longer than what is not", () => {
  const store = open({ maxEntries: 200 });
  for (let i = 0; i < 100; i++) {
    store.write(at(i), new Uint8Array(100), { ...note, runTime: 1000 });
    store.write(at(1000 + i), new Uint8Array(100), { ...note, runTime: 1 });
    clock.advance(1000);
  }
  const readUsed = (): void => {
    clock.advance(120_000);
    for (let i = 0; i < 50; i++) store.read(at(1000 + i));
  };
  for (let i = 0; i < 120; i++) {
    if (i % 20 === 0) readUsed();
    store.write(at(2000 + i), new Uint8Array(100), { ...note, runTime: 1 });
  }
  const left = (from: number, count: number): number =>
    Array.from({ length: count }, (_, i) => store.read(at(from + i))).filter(Boolean).length;
  expect(left(0, 100)).toBeGreaterThan(95);
  expect(left(1000, 50)).toBeGreaterThan(left(1050, 50) + 10);
});

test("entries that have expired, or are older than maxAge, go before any other", () => {
  const store = open({ maxEntries: 100, maxAge: "1h" });
  for (let i = 0; i < 10; i++) store.write(at(i), new Uint8Array(10), note);
  for (let i = 10; i < 20; i++)
    store.write(at(i), new Uint8Array(10), { ...note, expiresAt: clock.now + 1000 });
  clock.advance(1000);
  for (let i = 20; i < 40; i++) store.write(at(i), new Uint8Array(10), note);
  expect(store.stats()).toMatchObject({ entries: 30, expired: 10, evicted: 0 });
  expect(store.read(at(0))).toBeDefined();
  clock.advance(3_600_000 - 1000);
  // Nobody gets it, also before it is dropped.
  expect(store.read(at(0))).toBe(undefined);
  expect(store.read(at(20))).toBeDefined();
  for (let i = 40; i < 60; i++) store.write(at(i), new Uint8Array(10), note);
  expect(store.stats()).toMatchObject({ entries: 40, expired: 20, evicted: 0 });
});

test("space is given back to the file system, a part with each look and all of it by flush", () => {
  const store = open({});
  for (let i = 0; i < 100; i++) store.write(at(i), new Uint8Array(100_000).fill(7), note);
  store.flush();
  const before = statSync(store.path).size;
  expect(before).toBeGreaterThan(10_000_000);
  store.clear("fn/1");
  const { freeBytes } = store.stats();
  expect(freeBytes).toBeGreaterThan(9_000_000);
  for (let i = 0; i < 65; i++) store.write(at(i), new Uint8Array(10), note);
  expect(store.stats().freeBytes).toBeLessThan(freeBytes - 900_000);
  store.flush();
  expect(store.stats().freeBytes).toBe(0);
  expect(statSync(store.path).size).toBeLessThan(200_000);
});

test("the last use is written once a minute at most, and by the next writer, flush or close", () => {
  const store = open({});
  store.write(at(1), new Uint8Array(1), note);
  const usesOf = (): unknown => {
    const platform = nodePlatform();
    const database = platform.connect(store.path);
    const rows = database.prepare("SELECT used_at FROM uses").all();
    database.close();
    return rows.map(({ used_at: usedAt }) => usedAt);
  };
  store.read(at(1));
  store.flush();
  expect(usesOf()).toEqual([]);
  clock.advance(60_000);
  const first = clock.now;
  store.read(at(1));
  expect(usesOf()).toEqual([]);
  store.flush();
  expect(usesOf()).toEqual([first]);
  clock.advance(59_999);
  store.read(at(1));
  store.flush();
  expect(usesOf()).toEqual([first]);
  clock.advance(1);
  now += 60_000;
  store.read(at(1));
  // A process that only reads writes them, too.
  expect(usesOf()).toEqual([first + 60_000]);
});
