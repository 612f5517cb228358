/** A thread that memoizes on a disk store: see disk-threads.test.ts. Its answer is what it got and how often it ran. */
import { parentPort, workerData } from "node:worker_threads";

import { disk } from "../../packages/rote/src/disk/index.ts";
import { memoize } from "../../packages/rote/src/memoize.ts";

const { directory, self, count, runTime, isAsync } = workerData as {
  directory: string;
  self: number;
  count: number;
  runTime: number;
  isAsync: boolean;
};

const store = disk(directory);
const runs: number[] = [];
const cell = new Int32Array(new SharedArrayBuffer(4));
const options = { store, name: "square", version: "1" };
const block = (n: number): { n: number; square: number } => {
  runs.push(n);
  Atomics.wait(cell, 0, 0, runTime);
  return { n, square: n * n };
};
const square = isAsync
  ? memoize(async (n: number) => {
      await new Promise((resolve) => setTimeout(resolve, runTime));
      return block(n);
    }, options)
  : memoize(block, options);

const results: unknown[] = [];
// Each begins elsewhere, so that they meet.
for (let i = 0; i < count; i++) results.push(await square((i + self * 3) % count));
store.close();
parentPort?.postMessage({ runs, results });
