import type { Bound, Policy, PolicyHooks } from "./policy.ts";
import { grow, NOWHERE, Queues } from "./queues.ts";

/** The only queue, by the time of the last use. */
const USED = 1;

/** Least recently used, exactly: what has not been used for longest goes first. No ghosts. */
export class Lru implements Policy {
  readonly needsHash: boolean = false;
  readonly ghosts: number = 0;
  count = 0;
  weight = 0;
  private readonly queues: Queues = new Queues(1);
  private weights: Float64Array = new Float64Array(this.queues.room);
  private newest = -1;
  private bound: Bound;
  private readonly hooks: PolicyHooks;

  constructor(bound: Bound, hooks: PolicyHooks) {
    this.bound = bound;
    this.hooks = hooks;
  }

  touch(slot: number): void {
    // The same entry again and again moves nothing.
    if (slot === this.newest) return;
    this.queues.unlink(slot);
    this.queues.pushFront(USED, slot);
    this.newest = slot;
  }

  admit(slot: number, weight: number): void {
    const { queues } = this;
    if (queues.makeRoom(slot)) this.weights = grow(this.weights, queues.room);
    this.evictFor(1, weight);
    this.add(slot, weight);
  }

  reweigh(slot: number, weight: number): void {
    this.take(slot);
    this.evictFor(1, weight);
    this.add(slot, weight);
  }

  remove(slot: number): void {
    if (this.queues.stateOf(slot) !== NOWHERE) this.take(slot);
  }

  resize(bound: Bound): void {
    this.bound = bound;
    this.evictFor(0, 0);
  }

  clear(): void {
    this.queues.clear();
    this.count = this.weight = 0;
    this.newest = -1;
  }

  private evictFor(entries: number, weight: number): void {
    const { maxEntries, maxWeight } = this.bound;
    while (
      this.count > 0 &&
      (this.count + entries > maxEntries || this.weight + weight > maxWeight)
    ) {
      const oldest = this.queues.back(USED);
      this.take(oldest);
      this.hooks.evicted(oldest, false);
    }
  }

  private add(slot: number, weight: number): void {
    this.queues.states[slot] = USED;
    this.queues.pushFront(USED, slot);
    this.weights[slot] = weight;
    this.count++;
    this.weight += weight;
    this.newest = slot;
  }

  private take(slot: number): void {
    this.queues.unlink(slot);
    this.queues.states[slot] = NOWHERE;
    // Sums of fractions drift; an empty cache is the occasion to start again from nothing.
    this.weight = --this.count === 0 ? 0 : this.weight - (this.weights[slot] as number);
    if (slot === this.newest) this.newest = -1;
  }
}
