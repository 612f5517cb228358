import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";

import { DiskStore } from "./disk-store.ts";
import { BEATS } from "./leases.ts";
import { locate } from "./location.ts";
import { type Connection, nodePlatform, type Platform } from "./platform.ts";

let directory: string;
/** Of all handles; nothing moves it but the test. */
let now: number;
/** What was said to the files of all handles. */
let said: string[];
const opened: DiskStore[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "rote-reading-"));
  now = 1000;
  said = [];
});
afterEach(() => {
  for (const store of opened.splice(0)) store.close();
  rmSync(directory, { recursive: true, force: true });
});

function open(): DiskStore {
  const node = nodePlatform();
  const connect = (path: string): Connection => {
    const connection = node.connect(path);
    return {
      exec: (sql) => connection.exec(sql),
      close: () => connection.close(),
      prepare(sql) {
        const statement = connection.prepare(sql);
        return {
          get: (...values) => statement.get(...values),
          all: (...values) => statement.all(...values),
          run(...values) {
            said.push(sql);
            return statement.run(...values);
          },
        };
      },
    };
  };
  const platform: Platform = { ...node, now: () => now, connect };
  const store = new DiskStore(locate(platform, directory), {}, platform, BEATS);
  opened.push(store);
  return store;
}

const at = (digest: string) => ({ namespace: "render/3", digest });
const note = { expiresAt: Infinity, runTime: 1, tags: [] };
const bytesOf = (...bytes: number[]) => new Uint8Array(bytes);
const transactions = () => said.filter((sql) => /^(BEGIN|COMMIT)/u.test(sql)).join(" ");

test("from the second one on, reads of one job share a transaction", async () => {
  const store = open();
  const other = open();
  other.write(at("01"), bytesOf(1), note);
  said = [];
  for (let i = 0; i < 5; i++) expect(store.read(at("01"))).toEqual(bytesOf(1));
  expect(transactions()).toBe("BEGIN");
  other.write(at("01"), bytesOf(2), note);
  // Not long ago, this was the latest.
  expect(store.read(at("01"))).toEqual(bytesOf(1));
  await undefined;
  expect(transactions()).toBe("BEGIN COMMIT");
  expect(store.read(at("01"))).toEqual(bytesOf(2));
});

test("a read by itself needs none", async () => {
  const store = open();
  said = [];
  for (let i = 0; i < 3; i++) {
    store.read(at("01"));
    await undefined;
    await undefined;
  }
  expect(transactions()).toBe("");
  // The first one also looks after the bounds.
  store.write(at("02"), bytesOf(1), note);
  said = [];
  const fence = store.claim(at("01"))?.fence;
  store.read(at("01"));
  store.write(at("01"), bytesOf(1), note, fence);
  expect(transactions()).toBe("BEGIN IMMEDIATE COMMIT BEGIN IMMEDIATE COMMIT");
});

test("what others have removed is seen five milliseconds later, in a job without end, too", () => {
  const store = open();
  const other = open();
  other.write(at("01"), bytesOf(1), note);
  for (let i = 0; i < 3; i++) store.read(at("01"));
  other.remove(at("01"));
  now += 4.9;
  expect(store.read(at("01"))).toEqual(bytesOf(1));
  now += 0.1;
  expect(store.read(at("01"))).toBe(undefined);
});

test.for([
  ["claims", (store: DiskStore) => store.claim(at("02"))],
  ["writes", (store: DiskStore) => store.write(at("02"), bytesOf(1), note)],
  ["removes", (store: DiskStore) => store.remove(at("02"))],
  ["asks for the revision", (store: DiskStore) => store.revision()],
  ["flushes", (store: DiskStore) => store.flush()],
] as const)("who %s sees the latest", ([, act]) => {
  const store = open();
  const other = open();
  other.write(at("01"), bytesOf(1), note);
  for (let i = 0; i < 3; i++) store.read(at("01"));
  const before = other.revision();
  other.remove(at("01"));
  const revision = act(store);
  if (act.toString().includes("revision")) expect(revision).toBe(before + 1);
  expect(store.read(at("01"))).toBe(undefined);
});

test("what is listed and counted among many reads is the latest", () => {
  const store = open();
  const other = open();
  for (let i = 0; i < 3; i++) store.read(at("01"));
  other.write(at("01"), bytesOf(1), note);
  expect(store.stats().entries).toBe(1);
  for (let i = 0; i < 3; i++) store.read(at("01"));
  other.write(at("02"), bytesOf(1), note);
  expect([...store.list()].length).toBe(2);
});

test("a damaged row that is found among many reads is removed", () => {
  const store = open();
  store.write(at("01"), bytesOf(1), note);
  store.write(at("02"), bytesOf(2), note);
  const database = new DatabaseSync(store.path);
  database.exec("UPDATE entries SET size = 7 WHERE digest = x'01'");
  database.close();
  for (let i = 0; i < 3; i++) expect(store.read(at("02"))).toEqual(bytesOf(2));
  expect(store.read(at("01"))).toBe(undefined);
  expect(store.stats()).toMatchObject({ damagedEntries: 1, entries: 1 });
});

test("a store may be closed among many reads", async () => {
  const store = open();
  for (let i = 0; i < 3; i++) store.read(at("01"));
  store.close();
  await undefined;
  expect(() => store.read(at("01"))).toThrow(/is closed/);
});
