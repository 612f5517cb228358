import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { DiskStore } from "../../packages/rote/src/disk/disk-store.ts";
import { locate } from "../../packages/rote/src/disk/location.ts";
import { nodePlatform } from "../../packages/rote/src/disk/platform.ts";
import { storeConformance } from "../../packages/rote/src/testing/index.ts";
import { DiskProcess, quick } from "../support/disk-process.ts";

let directory: string;
const started: DiskProcess[] = [];
const opened: DiskStore[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "rote-processes-"));
});
afterEach(async () => {
  for (const store of opened.splice(0)) store.close();
  for (const each of started.splice(0)) await each.kill();
  rmSync(directory, { recursive: true, force: true });
});

function open(): DiskStore {
  const platform = nodePlatform();
  const store = new DiskStore(locate(platform, directory), {}, platform, quick);
  opened.push(store);
  return store;
}

async function start(): Promise<DiskProcess> {
  const one = await DiskProcess.start(directory);
  started.push(one);
  return one;
}

const address = { namespace: "render/3", digest: "00ff" };
const note = { expiresAt: Infinity, runTime: 1, tags: [] };

describe("with the other handles in processes of their own", () => {
  storeConformance("disk", () => ({ store: open(), again: start }), { test });
});

/** The time until a claim is given, in milliseconds, and its fence. */
async function waitForClaim(store: DiskStore): Promise<{ fence: number; after: number }> {
  const from = performance.now();
  for (;;) {
    const fence = store.claim(address)?.fence;
    if (fence !== undefined) return { fence, after: performance.now() - from };
    if (performance.now() - from > 30_000) throw new Error("The claim is not given.");
    await wait(10);
  }
}

test("the lease of a killed holder is taken over, with a higher fence", async () => {
  const holder = await start();
  const early = (await holder.claim(address))?.fence as number;
  const store = open();
  expect(store.claim(address)).toBe(undefined);
  await holder.kill();
  const { fence, after } = await waitForClaim(store);
  expect(fence).toBeGreaterThan(early);
  expect(after).toBeLessThan(10 * quick.limit);
});

test.skipIf(process.platform === "win32")(
  "a frozen holder loses its lease, and its late write is refused",
  async () => {
    const holder = await start();
    const early = (await holder.claim(address))?.fence as number;
    const store = open();
    holder.child.kill("SIGSTOP");
    const { fence } = await waitForClaim(store);
    holder.child.kill("SIGCONT");
    expect(await holder.write(address, new Uint8Array([1]), note, early)).toBe(false);
    // Nor does it get it back, and what it gives back is not its own.
    expect(await holder.claim(address)).toBe(undefined);
    await holder.release(address, early);
    expect(store.write(address, new Uint8Array([2]), note, fence)).toBe(true);
    expect(await holder.write(address, new Uint8Array([1]), note, early)).toBe(false);
    expect(store.read(address)).toEqual(new Uint8Array([2]));
  },
);

test("a holder that is slow and keeps its event loop busy keeps its lease", async () => {
  const holder = await start();
  const run = holder.call("runFor", address, 2.5 * quick.limit);
  const store = open();
  while ((await Promise.race([run, wait(10)])) === undefined) {
    const fence = store.claim(address)?.fence;
    if (fence === undefined) continue;
    store.release(address, fence);
    // It has not begun, or is over.
    await wait(100);
  }
  expect(await run).toBe(true);
});

test("a store that is not closed, with a claim, keeps no process alive", () => {
  const source = new URL("../../packages/rote/src/disk/index.ts", import.meta.url).href;
  const program = `const { disk } = await import(${JSON.stringify(source)});
    const store = disk(${JSON.stringify(directory)});
    console.log(store.claim(${JSON.stringify(address)}).fence > 0);`;
  const { status, stdout } = spawnSync(
    process.execPath,
    ["--input-type=module", "--eval", program],
    { encoding: "utf8", timeout: 20_000 },
  );
  expect({ status, stdout }).toEqual({ status: 0, stdout: "true\n" });
});

test.skipIf(process.platform === "win32")(
  "where files may not grow any more, writes throw, and what was written is read",
  () => {
    const source = new URL("../../packages/rote/src/disk/index.ts", import.meta.url).href;
    const program = `
      process.on("SIGXFSZ", () => {});
      const { disk } = await import(${JSON.stringify(source)});
      const store = disk(${JSON.stringify(directory)});
      const outcomes = [];
      for (let i = 0; i < 12; i++) {
        try {
          outcomes.push(store.write({ namespace: "fn/1", digest: "0" + i.toString(16) }, new Uint8Array(200_000).fill(i), ${JSON.stringify({ ...note, expiresAt: 4e12 })}));
        } catch (error) {
          outcomes.push(error.code);
        }
      }
      console.log(JSON.stringify(outcomes));`;
    const { status, stdout } = spawnSync(
      "sh",
      [
        "-c",
        'ulimit -f 1000; exec "$@"',
        "sh",
        process.execPath,
        "--input-type=module",
        "--eval",
        program,
      ],
      { encoding: "utf8", timeout: 20_000 },
    );
    expect(status).toBe(0);
    const outcomes = JSON.parse(stdout) as unknown[];
    expect(new Set(outcomes)).toEqual(new Set([true, "ERR_STORE"]));
    const store = open();
    outcomes.forEach((outcome, i) => {
      const bytes = store.read({ namespace: "fn/1", digest: `0${i.toString(16)}` });
      expect(bytes?.every((byte) => byte === i)).toBe(outcome === true ? true : undefined);
    });
    expect(store.stats().setAside).toBe(0);
  },
);

test("of processes that contest 200 keys, each is made by one", async () => {
  const processes = await Promise.all([start(), start(), start()]);
  const accepted = await Promise.all(
    processes.map((each, self) => each.call("contest", 200, self) as Promise<number[]>),
  );
  const all = accepted.flat().sort((a, b) => a - b);
  expect(all).toEqual(Array.from({ length: 200 }, (_, i) => i));
  const store = open();
  accepted.forEach((keys, self) =>
    keys.forEach((key) =>
      expect(
        store.read({ namespace: "contest/1", digest: key.toString(16).padStart(4, "0") }),
      ).toEqual(new Uint8Array([self])),
    ),
  );
});

test("a process that is killed while it writes leaves whole entries alone", async () => {
  for (let round = 0; round < 3; round++) {
    const writer = await start();
    let told = "";
    writer.child.stdout!.on("data", (data) => (told += String(data)));
    const firstWords = new Promise((resolve) => writer.child.stdout!.once("data", resolve));
    void writer.call("writeForEver", 20_000 * (round + 1));
    await firstWords;
    await wait(30 * round);
    await writer.kill();
    const acknowledged = told.slice(0, told.lastIndexOf("\n")).split("\n").map(Number);
    const store = open();
    for (const i of acknowledged) {
      const bytes = store.read({
        namespace: "for-ever/1",
        digest: i.toString(16).padStart(8, "0"),
      });
      expect(bytes).toEqual(new Uint8Array(20_000 * (round + 1)).fill(i % 256));
    }
    for (const { digest, size } of store.list())
      expect(store.read({ namespace: "for-ever/1", digest })?.length).toBe(size);
    expect(store.stats().damagedEntries).toBe(0);
    store.clear("for-ever/1");
  }
});
