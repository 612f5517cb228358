import type { Bound, Policy, PolicyHooks } from "./policy.ts";
import { grow, NOWHERE, Queues } from "./queues.ts";

/*
 * Adaptive S3-FIFO, after Yang, Zhang, Qiu, Yue and Vigfusson, "FIFO queues are all you need for cache
 * eviction", SOSP 2023; adapted as in Megiddo and Modha, "ARC: a self-tuning, low overhead replacement
 * cache", FAST 2003.
 *
 * 1. A new entry joins the small queue. At its end it moves on to the main queue if it was visited
 *    often enough, and is evicted otherwise. At the end of the main queue every visit is worth a lap.
 * 2. An evicted entry leaves a ghost. A ghost that comes back joins the main queue: it is wanted more
 *    often than it was kept.
 * 3. The small queue has a target, a share of what all live entries weigh. A ghost of the small queue
 *    that comes back says that the queue was too short, one of the main queue that it was too long.
 * 4. Ghosts of both kinds wait in one queue, in the order of their evictions, at most as many as there
 *    may be entries. Whichever queue evicts more is thereby remembered for more of the time.
 */
const SMALL = 1;
const MAIN = 2;
const GHOSTS = 3;
/** States, not queues: both kinds of ghost are in the queue `GHOSTS`. */
const GHOST_OF_SMALL = 3;
const GHOST_OF_MAIN = 4;

/** The counter has two bits. */
const MOST_VISITS = 3;
/**
 * Visits in the small queue which lead to the main one. A single one is no sign of popularity: data is
 * often used twice in quick succession and then never again, which would fill the main queue.
 */
const ENOUGH_VISITS = 2;
/** Where adaptation starts; the share which the authors of S3-FIFO found best for most traces. */
const FIRST_SHARE = 0.1;

export class S3Fifo implements Policy {
  readonly needsHash: boolean = false;
  count = 0;
  weight = 0;
  private ghostsOfSmall = 0;
  private ghostsOfMain = 0;
  private smallWeight = 0;
  /** The target of the small queue. */
  private smallShare = FIRST_SHARE;
  private readonly queues: Queues = new Queues(3);
  private visits: Uint8Array = new Uint8Array(this.queues.room);
  private weights: Float64Array = new Float64Array(this.queues.room);
  private bound: Bound;
  private readonly hooks: PolicyHooks;

  constructor(bound: Bound, hooks: PolicyHooks) {
    this.bound = bound;
    this.hooks = hooks;
  }

  get ghosts(): number {
    return this.ghostsOfSmall + this.ghostsOfMain;
  }

  touch(slot: number): void {
    const visits = this.visits[slot] as number;
    if (visits < MOST_VISITS) this.visits[slot] = visits + 1;
  }

  admit(slot: number, weight: number): void {
    const { queues } = this;
    if (slot >= queues.room) this.makeRoom(slot);
    const state = queues.states[slot] as number;
    if (state !== NOWHERE) {
      this.adapt(state);
      this.removeGhost(slot);
    }
    this.evictFor(1, weight);
    this.add(state === NOWHERE ? SMALL : MAIN, slot, weight);
    this.visits[slot] = 0;
    if (this.ghosts > this.mostGhosts) this.forgetGhosts();
  }

  reweigh(slot: number, weight: number): void {
    const change = weight - (this.weights[slot] as number);
    const state = this.queues.states[slot] as number;
    // Taken out only while others have to go, so that it is not one of them.
    const mustEvict = this.weight + change > this.bound.maxWeight;
    if (mustEvict) {
      this.take(slot);
      this.evictFor(1, weight);
      this.add(state, slot, weight);
      this.forgetGhosts();
      return;
    }
    this.weights[slot] = weight;
    this.weight += change;
    if (state === SMALL) this.smallWeight += change;
  }

  remove(slot: number): void {
    const state = this.queues.stateOf(slot);
    if (state >= GHOSTS) this.removeGhost(slot);
    else if (state !== NOWHERE) this.take(slot);
  }

  private makeRoom(slot: number): void {
    const { queues } = this;
    queues.makeRoom(slot);
    this.visits = grow(this.visits, queues.room);
    this.weights = grow(this.weights, queues.room);
  }

  resize(bound: Bound): void {
    this.bound = bound;
    this.evictFor(0, 0);
    this.forgetGhosts();
  }

  clear(): void {
    this.queues.clear();
    this.count = this.weight = this.smallWeight = this.ghostsOfSmall = this.ghostsOfMain = 0;
    this.smallShare = FIRST_SHARE;
  }

  /**
   * A ghost has come back. Upwards the target moves by one entry at a time; downwards by as many as
   * there are ghosts of the small queue for one of the main queue, since those leave and return more
   * often by as much. ARC weighs both directions; upwards, that is too nervous where a scan turns back.
   */
  private adapt(ghost: number): void {
    const entry = 1 / Math.max(1, this.count);
    if (ghost === GHOST_OF_SMALL) this.smallShare = Math.min(1, this.smallShare + entry);
    else {
      const step = Math.max(1, this.ghostsOfSmall / this.ghostsOfMain) * entry;
      this.smallShare = Math.max(0, this.smallShare - step);
    }
  }

  private evictFor(entries: number, weight: number): void {
    const { maxEntries, maxWeight } = this.bound;
    while (
      this.count > 0 &&
      (this.count + entries > maxEntries || this.weight + weight > maxWeight)
    ) {
      const small = this.queues.back(SMALL);
      const main = this.queues.back(MAIN);
      const isSmallsTurn = this.smallWeight >= this.smallShare * this.weight;
      if (small >= 0 && (isSmallsTurn || main < 0)) this.leaveSmall(small);
      else this.leaveMain(main);
    }
  }

  private leaveSmall(slot: number): void {
    this.smallWeight -= this.weights[slot] as number;
    if ((this.visits[slot] as number) < ENOUGH_VISITS) {
      this.ghostsOfSmall++;
      this.evict(slot, GHOST_OF_SMALL);
      return;
    }
    this.queues.move(MAIN, slot);
    this.queues.states[slot] = MAIN;
    this.visits[slot] = 0;
  }

  private leaveMain(slot: number): void {
    const visits = this.visits[slot] as number;
    if (visits === 0) {
      this.ghostsOfMain++;
      this.evict(slot, GHOST_OF_MAIN);
      return;
    }
    this.queues.move(MAIN, slot);
    this.visits[slot] = visits - 1;
  }

  /** What `take` does, for an entry that stays as a ghost. */
  private evict(slot: number, ghost: number): void {
    const { queues } = this;
    queues.move(GHOSTS, slot);
    queues.states[slot] = ghost;
    this.discount(this.weights[slot] as number);
    this.hooks.evicted(slot, true);
  }

  /** Without a bound on entries, as many ghosts are allowed as entries just fit in. */
  private get mostGhosts(): number {
    return this.bound.maxWeight === Infinity ? this.bound.maxEntries : this.count;
  }

  private forgetGhosts(): void {
    while (this.ghosts > this.mostGhosts) {
      const oldest = this.queues.back(GHOSTS);
      this.removeGhost(oldest);
      this.hooks.forgotten(oldest);
    }
  }

  private removeGhost(slot: number): void {
    if (this.queues.states[slot] === GHOST_OF_SMALL) this.ghostsOfSmall--;
    else this.ghostsOfMain--;
    this.queues.unlink(slot);
    this.queues.states[slot] = NOWHERE;
  }

  private add(state: number, slot: number, weight: number): void {
    this.queues.pushFront(state, slot);
    this.queues.states[slot] = state;
    this.weights[slot] = weight;
    this.count++;
    this.weight += weight;
    if (state === SMALL) this.smallWeight += weight;
  }

  private take(slot: number): void {
    const weight = this.weights[slot] as number;
    if (this.queues.states[slot] === SMALL) this.smallWeight -= weight;
    this.queues.unlink(slot);
    this.queues.states[slot] = NOWHERE;
    this.discount(weight);
  }

  private discount(weight: number): void {
    this.count--;
    this.weight -= weight;
    // Sums of fractions drift; an empty cache is the occasion to start again from nothing.
    if (this.count === 0) this.weight = this.smallWeight = 0;
  }
}
