/** Two processes on one store, in any order of what can happen to a run: nothing removed comes back, and no claim is left. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { memoize } from "rote";
import type { Memoized } from "rote";
import { disk } from "rote/disk";
import { defineStore } from "rote/store";
import type { SyncStore } from "rote/store";
import { memoryStore } from "rote/testing";
import fc from "fast-check";
import { expect, test } from "vitest";

/** When a result was begun, in removals. */
interface Result {
  readonly n: number;
  readonly since: number;
}
type Fn = (n: number, options?: { signal: AbortSignal }) => Promise<Result>;

const whats =
  "call call leave abort set promise refresh delete clear invalidate end end fail time turn turn".split(
    " ",
  );
const step = fc.record({
  what: fc.constantFrom(...whats),
  process: fc.nat(1),
  n: fc.nat(1),
  which: fc.nat(5),
});

const turn = (milliseconds = 0) => new Promise((resolve) => setTimeout(resolve, milliseconds));

class World {
  time = 1000;
  removals = 0;
  readonly removedAt: number[] = [0, 0];
  readonly going: { end(): void; fail(): void }[] = [];
  readonly controllers: AbortController[] = [];
  readonly stores: SyncStore[];
  readonly isAsync: boolean;
  readonly functions: Memoized<Fn>[];

  constructor(stores: SyncStore[], isAsync: boolean) {
    this.stores = stores;
    this.isAsync = isAsync;
    this.functions = stores.map((store) =>
      memoize<Fn>((n, options) => this.begin(n, options?.signal), {
        store,
        name: "f",
        version: "1",
        wait: 20,
        ttl: 100,
        staleWhileRevalidate: 100,
        staleIfError: 150,
        clock: () => this.time,
        tags: (_value, n) => [`n:${n}`],
        ...(isAsync && { async: true }),
      }),
    );
  }

  begin(n: number, signal?: AbortSignal): Promise<Result> {
    const since = this.removals;
    return new Promise((resolve, reject) => {
      const end = (): void => resolve({ n, since });
      this.going.push({ end, fail: () => reject(new RangeError("down")) });
      // Some return what they have so far.
      signal?.addEventListener("abort", () =>
        since % 2 === 0 ? end() : reject(signal.reason as Error),
      );
    });
  }

  async do({
    what,
    process,
    n,
    which,
  }: {
    what: string;
    process: number;
    n: number;
    which: number;
  }) {
    const fn = this.functions[process] as Memoized<Fn>;
    const ignore = (running: unknown): void => void Promise.resolve(running).catch(() => {});
    switch (what) {
      case "call":
        return ignore(fn(n));
      case "leave": {
        if (!this.isAsync) return ignore(fn(n));
        const controller = new AbortController();
        this.controllers.push(controller);
        return ignore(fn(n, { signal: controller.signal }));
      }
      case "abort":
        return this.controllers[which]?.abort(new Error("left"));
      case "set":
        return fn.cache.set([n], { n, since: this.removals } as never);
      case "promise":
        return fn.cache.set([n], this.begin(n));
      case "refresh":
        return ignore(fn.cache.refresh(n));
      case "delete":
        fn.cache.delete(n);
        this.removedAt[n] = ++this.removals;
        return;
      case "clear":
        fn.cache.clear();
        this.removedAt.fill(++this.removals);
        return;
      case "invalidate":
        this.stores[process]?.invalidateTag(`n:${n}`);
        this.removedAt[n] = ++this.removals;
        return;
      case "end":
        return this.going.splice(which % (this.going.length || 1), 1)[0]?.end();
      case "fail":
        return this.going.splice(which % (this.going.length || 1), 1)[0]?.fail();
      case "time":
        this.time += 60;
        return;
      default:
        await turn();
    }
  }

  /** Until those who wait for others have given up, and have run. */
  async settle(): Promise<void> {
    for (let i = 0; i < 6; i++) {
      for (const { end } of this.going.splice(0)) end();
      await turn(i === 0 ? 0 : 15);
    }
  }
}

test.for([
  ["memory", false],
  ["memory", true],
  ["disk", false],
  ["disk", true],
] as const)("in %s, async %s", { timeout: 60_000 }, async ([kind, isAsync]) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const directory = mkdtempSync(join(tmpdir(), "rote-interleavings-"));
      const first = memoryStore();
      const open = (): SyncStore =>
        kind === "disk" ? disk(directory) : defineStore(first.again());
      const [looking, ...stores] = [open(), open(), open()];
      try {
        const world = new World(stores, isAsync);
        for (const each of steps) await world.do(each);
        await world.settle();
        for (const entry of looking.list()) {
          const claim = looking.claim(entry);
          expect(claim?.isAbsent).toBe(false);
          looking.release(entry, claim?.fence as number);
        }
        const after = memoize<Fn>(async (n) => ({ n, since: Infinity }), {
          store: looking,
          name: "f",
          version: "1",
          // Whatever is there.
          clock: () => 0,
        });
        for (const n of [0, 1]) {
          const found = await after(n);
          expect(found.n).toBe(n);
          expect(found.since).toBeGreaterThanOrEqual(world.removedAt[n] as number);
        }
        expect(after.cache.stats().store).toMatchObject({ waits: 0, errors: 0 });
      } finally {
        for (const store of [looking, ...stores]) store.close();
        rmSync(directory, { recursive: true, force: true });
      }
    }),
    { numRuns: 20 },
  );
});
