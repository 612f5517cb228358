/** All policies under any sequence of operations, with everything checked after every step. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { tries } from "../../../../../test/support/tries.ts";
import { Lru } from "./lru.ts";
import type { Bound, Policy, PolicyHooks } from "./policy.ts";
import { S3Fifo } from "./s3-fifo.ts";
import { WTinyLfu } from "./w-tinylfu.ts";

type Make = (bound: Bound, hooks: PolicyHooks) => Policy;

const half = (): number => 0.5;
const policies: [string, Make, number][] = [
  ["s3-fifo", (bound, hooks) => new S3Fifo(bound, hooks), 3],
  ["lru", (bound, hooks) => new Lru(bound, hooks), 1],
  ["w-tinylfu", (bound, hooks) => new WTinyLfu(bound, hooks, half), 3],
];

/** What the checks look at behind the interface. */
interface Inside {
  readonly queues: {
    readonly states: Uint8Array;
    readonly offset: number;
    readonly towardsBack: Int32Array;
    readonly towardsFront: Int32Array;
  };
  readonly weights: Float64Array;
  readonly smallWeight?: number;
  readonly smallShare?: number;
  readonly ghostsOfSmall?: number;
  readonly sums?: Float64Array;
}

/** The owner of the entries, as simple as can be. */
class Owner {
  readonly live: Map<number, number> = new Map();
  readonly ghosts: Set<number> = new Set();
  readonly evicted: number[] = [];
  readonly policy: Policy;
  bound: Bound;
  private readonly queueCount: number;

  constructor(make: Make, queueCount: number, bound: Bound) {
    this.queueCount = queueCount;
    this.bound = bound;
    this.policy = make(bound, {
      evicted: (slot, isGhost) => {
        expect(this.live.delete(slot)).toBe(true);
        if (isGhost) this.ghosts.add(slot);
        this.evicted.push(slot);
      },
      forgotten: (slot) => expect(this.ghosts.delete(slot)).toBe(true),
    });
  }

  use(key: number, weight = 1): boolean {
    if (this.live.has(key)) {
      this.policy.touch(key, key);
      return true;
    }
    this.policy.admit(key, weight, key);
    this.ghosts.delete(key);
    this.live.set(key, weight);
    return false;
  }

  reweigh(key: number, weight: number): void {
    if (!this.live.has(key)) return;
    this.policy.reweigh(key, weight);
    expect(this.live.has(key)).toBe(true);
    this.live.set(key, weight);
  }

  remove(key: number): void {
    this.policy.remove(key);
    this.live.delete(key);
    this.ghosts.delete(key);
  }

  resize(bound: Bound): void {
    this.bound = bound;
    this.policy.resize(bound);
  }

  clear(): void {
    this.policy.clear();
    this.live.clear();
    this.ghosts.clear();
  }

  check(wasBounding: boolean): void {
    const { policy, live, ghosts, bound } = this;
    const weight = [...live.values()].reduce((sum, one) => sum + one, 0);
    expect(policy.count).toBe(live.size);
    expect(policy.ghosts).toBe(ghosts.size);
    expect(policy.weight).toBe(weight);
    expect(live.size).toBeLessThanOrEqual(bound.maxEntries);
    expect(weight).toBeLessThanOrEqual(bound.maxWeight);
    expect(ghosts.size).toBeLessThanOrEqual(bound.maxEntries);
    if (wasBounding && bound.maxWeight < Infinity) {
      expect(ghosts.size).toBeLessThanOrEqual(live.size);
    }
    this.checkQueues();
  }

  private checkQueues(): void {
    const { queues, weights, smallWeight, smallShare, ghostsOfSmall, sums } =
      this.policy as unknown as Inside;
    const { states, offset, towardsBack, towardsFront } = queues;
    const seen = new Set<number>();
    const found: number[] = [0, 0, 0, 0];
    for (let queue = 1; queue <= this.queueCount; queue++) {
      let node = queue;
      do {
        const next = towardsBack[node] as number;
        assert.equal(towardsFront[next], node);
        node = next;
        if (node === queue) break;
        const slot = node - offset;
        assert(!seen.has(slot));
        seen.add(slot);
        if (this.ghosts.has(slot)) assert((states[slot] as number) >= queue);
        else {
          assert.equal(states[slot], queue);
          assert.equal(weights[slot], this.live.get(slot));
          found[queue] = (found[queue] as number) + (weights[slot] as number);
        }
      } while (node !== queue);
    }
    assert.equal(seen.size, this.live.size + this.ghosts.size);
    states.forEach((state, slot) => assert.equal(state !== 0, seen.has(slot)));
    if (smallWeight !== undefined) expect(smallWeight).toBe(found[1]);
    if (smallShare !== undefined) expect(smallShare >= 0 && smallShare <= 1).toBe(true);
    if (ghostsOfSmall !== undefined) {
      expect(ghostsOfSmall).toBe([...this.ghosts].filter((slot) => states[slot] === 3).length);
    }
    if (sums !== undefined) expect([...sums]).toEqual(found);
  }
}

const keys = fc.nat(40);
/** Quarters, whose sums are exact. */
const weights = fc.nat(24).map((quarters) => quarters / 4);
const limits = fc.oneof(fc.constantFrom(1, 2, 3), fc.integer({ min: 1, max: 30 }));
const bounds = fc.oneof(
  limits.map((maxEntries) => ({ maxEntries, maxWeight: Infinity })),
  limits.map((maxWeight) => ({ maxEntries: Infinity, maxWeight })),
  fc.record({ maxEntries: limits, maxWeight: limits }),
);
const operations = fc.array(
  fc.oneof(
    { weight: 12, arbitrary: fc.tuple(fc.constant("use" as const), keys, weights) },
    { weight: 2, arbitrary: fc.tuple(fc.constant("reweigh" as const), keys, weights) },
    { weight: 2, arbitrary: fc.tuple(fc.constant("remove" as const), keys) },
    { weight: 1, arbitrary: fc.tuple(fc.constant("resize" as const), bounds) },
    { weight: 1, arbitrary: fc.tuple(fc.constant("clear" as const)) },
  ),
  { maxLength: 300, size: "max" },
);

describe.each(policies)("%s", (name, make, queueCount) => {
  test("bound, sums and queues are right after every operation", () => {
    fc.assert(
      fc.property(bounds, operations, (bound, steps) => {
        const owner = new Owner(make, queueCount, bound);
        const fit = (weight: number): number =>
          owner.bound.maxWeight === Infinity ? 1 : Math.min(weight, owner.bound.maxWeight);
        for (const step of steps) {
          if (step[0] === "use") owner.use(step[1], fit(step[2]));
          else if (step[0] === "reweigh") owner.reweigh(step[1], fit(step[2]));
          else if (step[0] === "remove") owner.remove(step[1]);
          else if (step[0] === "resize") owner.resize(step[1]);
          else owner.clear();
          owner.check(step[0] === "resize");
        }
      }),
      { numRuns: tries(200, 100) },
    );
  });

  test.each([1, 2, 3, 10])("with room for %i, what was just admitted is there", (maxEntries) => {
    const owner = new Owner(make, queueCount, { maxEntries, maxWeight: Infinity });
    for (let key = 0; key < 100; key++) {
      owner.use(key % 37);
      expect(owner.use(key % 37)).toBe(true);
      owner.check(false);
    }
    expect(owner.live.size).toBe(maxEntries);
  });

  test("nothing goes before the bound is reached", () => {
    const owner = new Owner(make, queueCount, { maxEntries: 100, maxWeight: Infinity });
    for (let key = 0; key < 100; key++) owner.use(key);
    expect(owner.evicted).toEqual([]);
    owner.use(100);
    expect(owner.evicted.length).toBe(1);
  });

  test("entries without weight take no room", () => {
    const owner = new Owner(make, queueCount, { maxEntries: Infinity, maxWeight: 2 });
    for (let key = 0; key < 500; key++) owner.use(key, 0);
    owner.check(true);
    expect(owner.live.size).toBe(500);
  });

  test("one heavy entry displaces as many as it must", () => {
    const owner = new Owner(make, queueCount, { maxEntries: Infinity, maxWeight: 10 });
    for (let key = 0; key < 10; key++) owner.use(key);
    owner.use(10, 10);
    owner.check(true);
    expect([...owner.live.keys()]).toEqual([10]);
  });

  test("an entry that grows stays, and others go", () => {
    const owner = new Owner(make, queueCount, { maxEntries: Infinity, maxWeight: 10 });
    for (let key = 0; key < 10; key++) owner.use(key);
    owner.reweigh(0, 4);
    owner.check(true);
    expect(owner.policy.count).toBe(7);
    expect(owner.live.get(0)).toBe(4);
  });

  test("a smaller bound evicts at once, a larger one makes room", () => {
    const owner = new Owner(make, queueCount, { maxEntries: 50, maxWeight: Infinity });
    for (let key = 0; key < 80; key++) owner.use(key);
    owner.resize({ maxEntries: 5, maxWeight: Infinity });
    owner.check(true);
    expect(owner.live.size).toBe(5);
    owner.resize({ maxEntries: 60, maxWeight: Infinity });
    for (let key = 100; key < 155; key++) owner.use(key);
    owner.check(true);
    expect(owner.live.size).toBe(60);
  });

  test("after clear it behaves as one just made", () => {
    const bound = { maxEntries: 20, maxWeight: Infinity };
    const used = new Owner(make, queueCount, bound);
    for (let i = 0; i < 500; i++) used.use((i * 7) % 41);
    used.clear();
    used.check(false);
    const fresh = new Owner(make, queueCount, bound);
    const uses = Array.from({ length: 300 }, (_, i) => (i * i) % 39);
    expect(uses.map((key) => used.use(key))).toEqual(uses.map((key) => fresh.use(key)));
  });

  test("a scan does not displace what is used all the time", { skip: name === "lru" }, () => {
    const owner = new Owner(make, queueCount, { maxEntries: 100, maxWeight: Infinity });
    for (let round = 0; round < 20; round++) for (let key = 0; key < 50; key++) owner.use(key);
    for (let key = 1000; key < 2000; key++) owner.use(key);
    const hits = Array.from({ length: 50 }, (_, key) => owner.live.has(key)).filter(Boolean);
    // One may have been waiting in the window.
    expect(hits.length).toBeGreaterThanOrEqual(49);
  });
});
