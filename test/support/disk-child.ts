/** A process with a disk store, which does what it is told by messages: see disk-process.ts. */
import { DiskStore } from "../../packages/rote/src/disk/disk-store.ts";
import type { Beats } from "../../packages/rote/src/disk/leases.ts";
import { locate } from "../../packages/rote/src/disk/location.ts";
import { nodePlatform } from "../../packages/rote/src/disk/platform.ts";
import type { StoreAddress } from "../../packages/rote/src/tier/store.ts";

const [, , directory = "", every = "", limit = ""] = process.argv;
const platform = nodePlatform();
const beats: Beats = { every: Number(every), limit: Number(limit) };
const store = new DiskStore(locate(platform, directory), {}, platform, beats);

function block(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

const note = { expiresAt: Infinity, runTime: 1, tags: [] };

/** What is done beside the methods of the store. */
const actions = {
  list: (namespace?: string) => [...store.list(namespace)],

  /** Claims, keeps the event loop busy, writes, gives back; whether the write was accepted. */
  runFor(address: StoreAddress, milliseconds: number): boolean {
    const fence = store.claim(address)?.fence as number;
    block(milliseconds);
    const isWritten = store.write(address, new Uint8Array([1]), note, fence);
    store.release(address, fence);
    return isWritten;
  },

  /** Makes all entries that nobody has made; the numbers of those whose writes were accepted. */
  contest(count: number, self: number): number[] {
    const accepted: number[] = [];
    for (let i = 0; i < count; i++) {
      // Beginning elsewhere, so that they meet now and then.
      const key = (i + self * 7) % count;
      const address = { namespace: "contest/1", digest: key.toString(16).padStart(4, "0") };
      while (store.read(address) === undefined) {
        const fence = store.claim(address)?.fence;
        if (fence === undefined) {
          block(1);
          continue;
        }
        if (store.read(address) === undefined) {
          const isWritten = store.write(address, new Uint8Array([self]), note, fence);
          if (isWritten) accepted.push(key);
        }
        store.release(address, fence);
      }
    }
    return accepted;
  },

  /** Writes entries one after the other, and tells of each; until it is killed. */
  writeForEver(size: number): void {
    for (let i = 0; ; i++) {
      const bytes = new Uint8Array(size).fill(i % 256);
      store.write({ namespace: "for-ever/1", digest: hexOf(i) }, bytes, note);
      process.stdout.write(`${i}\n`);
    }
  },
};

function hexOf(i: number): string {
  return i.toString(16).padStart(8, "0");
}

type Method = (this: unknown, ...args: unknown[]) => unknown;

process.on("message", ({ id, method, args }: { id: number; method: string; args: unknown[] }) => {
  const of = Object.hasOwn(actions, method) ? actions : store;
  try {
    const result = (of as unknown as Record<string, Method>)[method]!.apply(of, args);
    process.send!({ id, result });
  } catch (error) {
    process.send!({ id, error: (error as Error).message });
  }
});
process.send!({ id: 0 });
