/**
 * One process, one contender: `node --expose-gc worker.mjs ROW CONTENDER ENTRIES CLOCK`. Prints one line of
 * JSON: nanoseconds of one call. run.mjs starts these.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { deserialize, serialize } from "node:v8";
import { crc32 } from "node:zlib";

import { memoize } from "rote";
import { disk } from "rote/disk";

import { timeAsyncPass, timePass } from "../measure/batches.mjs";

const KEYS = 64;
const [row, name, entries = "0", clock = "cpu"] = process.argv.slice(2);
const timing = { warmUpMs: 300, clock };
const size =
  { hit: 1 << 10, write: 1 << 10, "hit-100k": 100 << 10, "hit-10m": 10 << 20 }[row] ?? 1 << 10;
const directory = mkdtempSync(join(tmpdir(), "rote-bench-"));

/** Of about that many bytes, of a usual shape. */
const valueOf = (i) => ({
  id: i,
  title: `row ${i}`,
  text: "abcdefgh".repeat(size >> 3).slice(0, size - 64),
});
const argsOf = (i) => [{ page: `page ${i}`, width: 80 }];

let report;
/** What was measured beside packages of npm. */
let companion;
try {
  const value = await measure();
  report = { value, companion };
} catch (error) {
  report = { failure: `fails: ${String(error?.message ?? error).split("\n")[0]}` };
}
rmSync(directory, { recursive: true, force: true });
process.stdout.write(`${JSON.stringify(report)}\n`);

function measure() {
  if (row === "open") return timeOpen();
  if (row === "put") return { rote: timeStore, floor: timeInsert }[name]();
  return {
    rote: measureRote,
    floor: measureFloor,
    "memoize-fs": measureMemoizeFs,
    joblib: measureJoblib,
  }[name]();
}

/** Opening a file with so many entries, the first read included. */
function timeOpen() {
  fill(Number(entries));
  const address = { namespace: "fill/1", digest: "00".repeat(32) };
  return timePass(() => {
    const store = disk(directory);
    store.read(address);
    store.close();
  }, timing);
}

/** Other entries in the same file. */
function fill(count) {
  if (count === 0) return;
  const store = disk(directory);
  const bytes = new Uint8Array(256);
  const note = { expiresAt: Infinity, runTime: 1, tags: [] };
  for (let i = 0; i < count; i++) {
    const digest = createHash("sha256").update(`${i}`).digest("hex");
    store.write({ namespace: "fill/1", digest }, bytes, note);
  }
  store.flush();
  store.close();
}

function measureRote() {
  fill(Number(entries));
  const store = disk(directory);
  let runs = 0;
  // One entry in memory, so that every call of another key asks the disk.
  const options = { store, name: "page", version: "1", maxEntries: 1, policy: "lru" };
  const fn = memoize((_page) => (runs++, valueOf(runs)), options);
  let next = 0;
  if (row === "write") {
    // A new call each time: a run, and a write.
    return timePass(() => fn({ page: `page ${next++}`, width: 80 }), timing);
  }
  for (let i = 0; i < KEYS; i++) fn(...argsOf(i));
  const after = runs;
  const check = (nanoseconds) => {
    if (runs !== after) throw new Error("it ran");
    return nanoseconds;
  };
  const pass = () => fn(...argsOf(next++ % KEYS));
  return row === "hit-alone"
    ? timeAsyncPass(pass, timing).then(check)
    : check(timePass(pass, timing));
}

function bareStatements() {
  const { DatabaseSync } = createRequire(import.meta.url)("node:sqlite");
  const database = new DatabaseSync(join(directory, "floor.db"));
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
  database.exec(
    "CREATE TABLE entries (digest BLOB PRIMARY KEY, bytes BLOB NOT NULL) WITHOUT ROWID",
  );
  return {
    get: database.prepare("SELECT bytes FROM entries WHERE digest = ?"),
    put: database.prepare("INSERT OR REPLACE INTO entries VALUES (?, ?)"),
  };
}

/** New entries of the same bytes, at the store itself: no key, no clone, no claim. */
function timeStore() {
  const store = disk(directory);
  const bytes = serialize(valueOf(0));
  const note = { expiresAt: Infinity, runTime: 1, tags: [] };
  let next = 0;
  return timePass(() => {
    const digest = createHash("sha256").update(`${next++}`).digest("hex");
    if (!store.write({ namespace: "page/1", digest }, bytes, note)) throw new Error("put off");
  }, timing);
}

function timeInsert() {
  const { put } = bareStatements();
  const bytes = serialize(valueOf(0));
  let next = 0;
  return timePass(() => put.run(createHash("sha256").update(`${next++}`).digest(), bytes), timing);
}

/** The same pieces, called by hand: the canonical key, its digest, a prepared statement, the checksum, the clone. */
async function measureFloor() {
  const { canonicalBytes } = await import("../../packages/rote/dist/key/canonical.js");
  const { scanElements } = await import("../../packages/rote/dist/key/scan.js");
  const { get, put } = bareStatements();
  const digestOf = (args) =>
    createHash("sha256")
      .update(canonicalBytes(scanElements(false, args).toKey()))
      .digest();
  const write = (args, i) => {
    const payload = serialize(valueOf(i));
    const bytes = new Uint8Array(payload.length + 4);
    bytes.set(payload, 4);
    new DataView(bytes.buffer).setUint32(0, crc32(payload));
    put.run(digestOf(args), bytes);
  };
  let next = 0;
  if (row === "write")
    return timePass(() => write([{ page: `page ${next++}`, width: 80 }], next), {
      ...timing,
    });
  for (let i = 0; i < KEYS; i++) write(argsOf(i), i);
  return (row === "hit-alone" ? timeAsyncPass : timePass)(() => {
    const { bytes } = get.get(digestOf(argsOf(next++ % KEYS)));
    const payload = bytes.subarray(4);
    const sum = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
    if (crc32(payload) !== sum) throw new Error("damaged");
    return deserialize(payload);
  }, timing);
}

async function measureMemoizeFs() {
  const { default: memoizeFs } = await import("memoize-fs");
  const memoizer = memoizeFs({ cachePath: directory });
  let runs = 0;
  const fn = await memoizer.fn((_page) => valueOf(runs++));
  let next = 0;
  if (row === "write")
    return timeAsyncPass(() => fn({ page: `page ${next++}`, width: 80 }), timing);
  for (let i = 0; i < KEYS; i++) await fn(...argsOf(i));
  return timeAsyncPass(() => fn(...argsOf(next++ % KEYS)), timing);
}

/** Python's: in a process of its own, if there is one that has it. */
function measureJoblib() {
  const script = fileURLToPath(new URL("joblib_hit.py", import.meta.url));
  const { stdout, stderr, status } = spawnSync("python3", [script, directory, clock], {
    encoding: "utf8",
    // The system's own, whatever else is installed.
    env: { ...process.env, PATH: `/usr/bin:${process.env.PATH}` },
  });
  if (status !== 0) throw new Error(stderr.trim().split("\n").at(-1));
  const { nanoseconds, version } = JSON.parse(stdout);
  companion = `joblib ${version}`;
  return nanoseconds;
}
