/**
 * npm run bench:pieces
 *
 * What a hit from disk is made of: each piece by itself, CPU time. The sum is less than the whole, which has
 * the garbage of all of them. Prints a list; docs/design/0014-disk.md quotes it.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { memoize } from "rote";
import { disk } from "rote/disk";

import { canonicalBytes } from "../../packages/rote/dist/key/canonical.js";
import { scanElements } from "../../packages/rote/dist/key/scan.js";
import { sha256 } from "../../packages/rote/dist/tier/digest.js";
import { open } from "../../packages/rote/dist/tier/envelope.js";
import { openStored } from "../../packages/rote/dist/tier/stored.js";
import { timeAsyncPass, timePass } from "../measure/batches.mjs";

const KEYS = 64;
const timing = { warmUpMs: 300 };
const directory = mkdtempSync(join(tmpdir(), "rote-bench-"));
const argsOf = (i) => [{ page: `page ${i % KEYS}`, width: 80 }];
const value = { id: 1, title: "row 1", text: "abcdefgh".repeat(120) };

const store = disk(directory);
// One entry in memory, so that every call of another key asks the disk.
const bounded = { maxEntries: 1, policy: "lru" };
const stored = memoize((_page) => value, { store, name: "page", version: "1", ...bounded });
const inMemory = memoize((_page) => value, bounded);
for (let i = 0; i < KEYS; i++) stored(...argsOf(i));

const [{ namespace }] = [...store.list()];
const bytesOf = (i) => canonicalBytes(scanElements(false, argsOf(i)).toKey());
const calls = Array.from({ length: KEYS }, (_, i) => bytesOf(i));
const addresses = calls.map((bytes) => ({ namespace, digest: sha256(bytes) }));
const entries = addresses.map((address) => store.read(address));
if (entries.includes(undefined)) throw new Error("an entry is not found");

let next = 0;
const turn = (pass) => () => pass(next++ % KEYS);
const pieces = {
  "a hit": turn((i) => stored(...argsOf(i))),
  "the key and its bytes": turn(bytesOf),
  "its digest": turn((i) => sha256(calls[i])),
  "reading, with others in one job": turn((i) => store.read(addresses[i])),
  "the envelope": turn((i) => open(entries[i], calls[i], 0)),
  "the envelope and the clone": turn((i) => openStored(entries[i], calls[i], 0)),
  "a run of nothing, kept in memory for another one": turn((i) => inMemory(...argsOf(i))),
};
try {
  for (const [what, pass] of Object.entries(pieces)) print(what, timePass(pass, timing));
  const read = pieces["reading, with others in one job"];
  print("reading, alone in its job", await timeAsyncPass(read, timing));
} finally {
  store.close();
  rmSync(directory, { recursive: true });
}

function print(what, nanoseconds) {
  console.log(`${(nanoseconds / 1000).toFixed(2).padStart(6)} µs  ${what}`);
}
