/**
 * A process of the campaign: `node worker.mjs write|contest|race|hold DIRECTORY …`, on the built library. What
 * it memoizes can be checked by anybody: the value of a number is that number and as many bytes of it.
 */
import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { disk } from "../../packages/rote/dist/disk/index.js";
import { memoize } from "../../packages/rote/dist/index.js";

export const valueOf = (n) => ({ n, bytes: new Uint8Array((n * 37) % 3000).fill(n % 256) });

export function open(directory, fn = valueOf, options = {}) {
  const store = disk(directory);
  const memoized = memoize(fn, { store, name: "campaign", version: "1", ...options });
  return { store, memoized };
}

const [action, directory, ...more] = process.argv[1]?.endsWith("worker.mjs")
  ? process.argv.slice(2)
  : [];

if (action === "write") {
  // Tells of each result that it has been given: until it is killed.
  const { memoized } = open(directory);
  for (let n = Number(more[0]); ; n++) {
    memoized(n);
    process.stdout.write(`${n}\n`);
  }
}

/** The rest of the process believes that it is another time. */
function shiftClock(milliseconds) {
  const now = Date.now;
  Date.now = () => now() + milliseconds;
}

/** Claims and writes at the store itself; tells of each entry whose write was accepted. */
if (action === "race") {
  const [self, count] = more.map(Number);
  const store = disk(directory);
  const note = { expiresAt: Infinity, runTime: 1, tags: [] };
  const pause = new Int32Array(new SharedArrayBuffer(4));
  let accepted = "";
  for (let i = 0; i < count; i++) {
    // Side by side, so that they meet.
    const address = { namespace: "race/1", digest: i.toString(16).padStart(8, "0") };
    while (store.read(address) === undefined) {
      const claim = store.claim(address);
      if (claim === undefined) Atomics.wait(pause, 0, 0, 1);
      else if (!claim.isAbsent) store.release(address, claim.fence);
      else if (store.write(address, new Uint8Array([self]), note, claim.fence))
        accepted += `${i}\n`;
      else store.release(address, claim.fence);
    }
  }
  appendFileSync(join(directory, "accepted.log"), accepted);
  store.close();
}

/** Takes its time for each result, with its event loop blocked; tells when it begins. */
if (action === "hold") {
  const [n, milliseconds] = more.map(Number);
  const { memoized } = open(directory, () => {
    writeFileSync(1, "begun\n");
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
    // Not what others make of it.
    return { n: -1 };
  });
  memoized(n);
  writeFileSync(1, "done\n");
}

if (action === "contest") {
  const [self, count, shift = 0] = more.map(Number);
  shiftClock(shift);
  const log = join(directory, "runs.log");
  const { store, memoized } = open(directory, (n) => {
    appendFileSync(log, `${n}\n`);
    return valueOf(n);
  });
  for (let i = 0; i < count; i++) memoized((i + self * 13) % count);
  store.close();
}
