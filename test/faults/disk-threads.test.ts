import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { afterEach, beforeEach, expect, test } from "vitest";

import { disk } from "../../packages/rote/src/disk/index.ts";
import { memoize } from "../../packages/rote/src/memoize.ts";

const script = new URL("../support/thread-child.ts", import.meta.url);
const COUNT = 40;

interface Answer {
  readonly runs: readonly number[];
  readonly results: readonly { readonly n: number; readonly square: number }[];
}

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "rote-threads-"));
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

async function start(self: number, isAsync: boolean): Promise<Answer> {
  const workerData = { directory, self, count: COUNT, runTime: 2, isAsync };
  const worker = new Worker(script, { workerData, execArgv: [] });
  // Both may come in the same turn.
  const exited = once(worker, "exit");
  const [answer] = (await once(worker, "message")) as [Answer];
  await exited;
  return answer;
}

test.for([false, true])(
  "threads on one file run each cold call once: async %s",
  async (isAsync) => {
    const answers = await Promise.all([0, 1, 2, 3].map((self) => start(self, isAsync)));
    answers.forEach(({ results }, self) =>
      expect(results).toEqual(
        Array.from({ length: COUNT }, (_, i) => {
          const n = (i + self * 3) % COUNT;
          return { n, square: n * n };
        }),
      ),
    );
    const runs = answers.flatMap((answer) => answer.runs).sort((a, b) => a - b);
    expect(runs).toEqual(Array.from({ length: COUNT }, (_, i) => i));
  },
);

test("a thread that is ended in the middle of a run leaves a lease that others take over", async () => {
  const workerData = { directory, self: 0, count: 1, runTime: 60_000, isAsync: false };
  const worker = new Worker(script, { workerData, execArgv: [] });
  const store = disk(directory);
  const address = await addressOfFirst();
  // It has begun once nobody else gets the claim.
  for (;;) {
    const claim = store.claim(address);
    if (claim === undefined) break;
    store.release(address, claim.fence);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await worker.terminate();
  const square = memoize((n: number) => ({ n, square: n * n }), {
    store,
    name: "square",
    version: "1",
  });
  expect(square(0)).toEqual({ n: 0, square: 0 });
  expect(square.cache.stats().store).toMatchObject({ waits: 1, overdue: 0, writes: 1 });
  store.close();
});

/** Where the result for 0 is, found by making it elsewhere. */
async function addressOfFirst(): Promise<{ namespace: string; digest: string }> {
  const elsewhere = mkdtempSync(join(tmpdir(), "rote-threads-"));
  try {
    const store = disk(elsewhere);
    memoize((n: number) => n, { store, name: "square", version: "1" })(0);
    const [entry] = [...store.list()];
    store.close();
    return entry ?? expect.unreachable("nothing is stored");
  } finally {
    rmSync(elsewhere, { recursive: true, force: true });
  }
}
