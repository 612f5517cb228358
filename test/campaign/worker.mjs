/**
 * A process of the campaign: `node worker.mjs write|contest DIRECTORY …`, on the built library. What it
 * memoizes can be checked by anybody: the value of a number is that number and as many bytes of it.
 */
import { appendFileSync } from "node:fs";
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

if (action === "contest") {
  const [self, count] = more.map(Number);
  const log = join(directory, "runs.log");
  const { store, memoized } = open(directory, (n) => {
    appendFileSync(log, `${n}\n`);
    return valueOf(n);
  });
  for (let i = 0; i < count; i++) memoized((i + self * 13) % count);
  store.close();
}
