import { Climber } from "./climber.ts";
import type { Bound, Policy, PolicyHooks } from "./policy.ts";
import { grow, NOWHERE, Queues } from "./queues.ts";
import { Sketch } from "./sketch.ts";

/*
 * Adaptive W-TinyLFU, after Einziger, Eytan, Friedman and Manes, "Adaptive software cache management",
 * Middleware 2018.
 *
 * 1. A new entry joins the window, which is least recently used. What falls out of the window is a
 *    candidate for the main part.
 * 2. While there is no room, candidate and victim (the next to leave the main part) are compared by how
 *    often their keys were used of late, evicted or not; the loser is evicted.
 * 3. The main part is a segmented LRU: candidates that win are on probation, and protected from their
 *    next hit on. When too many are protected, the one used longest ago is on probation again.
 * 4. How much of the whole the window is, is found by trying: see climber.ts.
 */
const WINDOW = 1;
const PROBATION = 2;
const PROTECTED = 3;

/** Of the main part, what may be protected. From the paper. */
const PROTECTED_SHARE = 0.8;
/**
 * From so many uses on a candidate has to be ahead by two. It was used just now and the victim was not,
 * and halving may have rounded one of them down: in a loop somewhat longer than the cache, those who are
 * next would lose their places to those who have just passed, all the way round.
 */
const CLOSE = 5;
/**
 * Who knows which keys collide could make a victim look popular for ever. So one in so many candidates
 * which lose against it, but are popular themselves, is let in all the same.
 */
const POPULAR = 6;
const PARDON = 1 / 128;

export class WTinyLfu implements Policy {
  readonly needsHash: boolean = true;
  readonly ghosts: number = 0;
  count = 0;
  weight = 0;
  /** The weight of each queue, by its number. */
  private readonly sums: Float64Array = new Float64Array(4);
  private readonly queues: Queues = new Queues(3);
  private weights: Float64Array = new Float64Array(this.queues.room);
  private hashes: Int32Array = new Int32Array(this.queues.room);
  private readonly sketch: Sketch;
  private readonly climber: Climber = new Climber();
  private readonly random: () => number;
  private bound: Bound;
  private readonly hooks: PolicyHooks;

  constructor(bound: Bound, hooks: PolicyHooks, random: () => number) {
    this.bound = bound;
    this.hooks = hooks;
    this.random = random;
    this.sketch = new Sketch(random);
  }

  touch(slot: number, hash: number): void {
    this.sketch.add(hash);
    this.climber.hits++;
    const state = this.queues.states[slot] as number;
    this.move(slot, state === WINDOW ? WINDOW : PROTECTED);
    if (state === PROBATION) this.demote();
  }

  admit(slot: number, weight: number, hash: number): void {
    const { queues } = this;
    if (queues.makeRoom(slot)) {
      this.weights = grow(this.weights, queues.room);
      this.hashes = grow(this.hashes, queues.room);
    }
    this.sketch.makeRoom(this.count + 1);
    this.sketch.add(hash);
    this.hashes[slot] = hash;
    this.evictFor(1, weight);
    this.add(WINDOW, slot, weight);
    if (this.climber.miss(this.count)) this.demote();
    this.balance();
  }

  reweigh(slot: number, weight: number): void {
    const state = this.queues.states[slot] as number;
    this.take(slot);
    this.evictFor(1, weight);
    this.add(state, slot, weight);
    this.demote();
    this.balance();
  }

  remove(slot: number): void {
    if (this.queues.stateOf(slot) !== NOWHERE) this.take(slot);
  }

  resize(bound: Bound): void {
    this.bound = bound;
    this.evictFor(0, 0);
    this.demote();
    this.balance();
  }

  clear(): void {
    this.queues.clear();
    this.sums.fill(0);
    this.count = this.weight = 0;
    this.sketch.clear();
    this.climber.reset();
  }

  private evictFor(entries: number, weight: number): void {
    const { maxEntries, maxWeight } = this.bound;
    const { queues, sums } = this;
    while (
      this.count > 0 &&
      (this.count + entries > maxEntries || this.weight + weight > maxWeight)
    ) {
      const candidate = queues.back(WINDOW);
      const probation = queues.back(PROBATION);
      const victim = probation < 0 ? queues.back(PROTECTED) : probation;
      const isWindowFull =
        (sums[WINDOW] as number) + weight > this.climber.share * (this.weight + weight);
      if (candidate < 0 || (victim >= 0 && !isWindowFull)) this.evict(victim);
      else if (victim < 0 || !this.isBetter(candidate, victim)) this.evict(candidate);
      else {
        this.evict(victim);
        this.move(candidate, PROBATION);
      }
    }
  }

  private isBetter(candidate: number, victim: number): boolean {
    const uses = this.sketch.estimate(this.hashes[candidate] as number);
    const rival = this.sketch.estimate(this.hashes[victim] as number);
    if (uses > rival + (rival < CLOSE ? 0 : 1)) return true;
    return uses >= POPULAR && this.random() < PARDON;
  }

  /** Moves entries between window and probation until the window has its share; one entry it always keeps. */
  private balance(): void {
    const { queues, sums } = this;
    const share = this.climber.share * this.weight;
    let last = queues.back(WINDOW);
    while (last >= 0 && (sums[WINDOW] as number) > share && !queues.isAlone(WINDOW)) {
      this.move(last, PROBATION);
      last = queues.back(WINDOW);
    }
    last = queues.back(PROBATION);
    while (last >= 0 && (sums[WINDOW] as number) + (this.weights[last] as number) <= share) {
      this.move(last, WINDOW);
      last = queues.back(PROBATION);
    }
  }

  private demote(): void {
    const limit = PROTECTED_SHARE * (1 - this.climber.share) * this.weight;
    while ((this.sums[PROTECTED] as number) > limit && !this.queues.isAlone(PROTECTED)) {
      this.move(this.queues.back(PROTECTED), PROBATION);
    }
  }

  private move(slot: number, state: number): void {
    const { states } = this.queues;
    const before = states[slot] as number;
    this.queues.unlink(slot);
    this.queues.pushFront(state, slot);
    if (before === state) return;
    states[slot] = state;
    const weight = this.weights[slot] as number;
    this.sums[before] = (this.sums[before] as number) - weight;
    this.sums[state] = (this.sums[state] as number) + weight;
  }

  private evict(slot: number): void {
    this.take(slot);
    this.hooks.evicted(slot, false);
  }

  private add(state: number, slot: number, weight: number): void {
    this.queues.pushFront(state, slot);
    this.queues.states[slot] = state;
    this.weights[slot] = weight;
    this.sums[state] = (this.sums[state] as number) + weight;
    this.count++;
    this.weight += weight;
  }

  private take(slot: number): void {
    const state = this.queues.states[slot] as number;
    const weight = this.weights[slot] as number;
    this.queues.unlink(slot);
    this.queues.states[slot] = NOWHERE;
    this.sums[state] = (this.sums[state] as number) - weight;
    this.count--;
    this.weight -= weight;
    // Sums of fractions drift; an empty cache is the occasion to start again from nothing.
    if (this.count > 0) return;
    this.weight = 0;
    this.sums.fill(0);
  }
}
