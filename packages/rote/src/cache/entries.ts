import { RoteError } from "../errors.ts";
import { hashOf } from "../key/hash.ts";
import type { Key } from "../key/trie.ts";
import { argumentsOf } from "./arguments.ts";
import { Entry, FLIGHT, GHOST, GONE, type Pending, REJECTION, RESULT } from "./entry.ts";
import type { Memo } from "./memo.ts";
import type { Bound, Policy, PolicyHooks } from "./policy/policy.ts";
import type { RemovalCause } from "./removal.ts";
import { type Clock, sharedClock } from "./time.ts";

/** What entries ask of the runs under way. */
export interface Runs {
  /** Whether a recursion of this function is under way that may ask for them again. */
  isNeeded(memo: Memo): boolean;
  /** Keeps a result until the outermost run ends. */
  pin(memo: Memo, key: Key, value: unknown): void;
  /** Calls what is not part of any run. */
  outside<Result>(callback: () => Result): Result;
}

/** How entries come and go: what the options say, in milliseconds. */
export interface EntryRules {
  /** Makes the policy, where there is a bound. */
  readonly policy?: (hooks: PolicyHooks) => Policy;
  readonly bound: Bound;
  readonly weigh?: ((this: unknown, value: unknown, ...args: unknown[]) => unknown) | undefined;
  /** How long a result is fresh. */
  readonly ttl: (receiver: unknown, value: unknown, args: readonly unknown[]) => number;
  /** Whether anything ever expires. */
  readonly expires: boolean;
  /** A hit starts the TTL again. */
  readonly touch: boolean;
  /** How long a failure is remembered; 0 for not at all. */
  readonly errorTtl: number;
  readonly clock?: Clock | undefined;
}

/** Without any option: what functions get that turn out to return promises. */
export const NO_RULES: EntryRules = {
  bound: { maxEntries: Infinity, maxWeight: Infinity },
  ttl: () => Infinity,
  expires: false,
  touch: false,
  errorTtl: 0,
};

/** The place of an entry whose key has objects: it goes when they do. */
class WeakHold {
  readonly ref: WeakRef<Entry>;
  /** Whether it counts; a ghost does not. */
  isLive = true;
  constructor(entry: Entry) {
    this.ref = new WeakRef(entry);
  }
}

/** Entries looked at for having expired, for each one that comes in. */
const SWEPT = 2;

interface LostEntry {
  readonly key: Key | undefined;
  readonly value: unknown;
  readonly cause: RemovalCause;
}

/**
 * The entries of one function that has a bound, a TTL, remembered errors or promises. Rules:
 *
 * 1. The trie holds an `Entry` for each key; the policy and the sweep know it by its slot.
 * 2. A slot holds entries weakly if their key has objects: those must be able to go.
 * 3. Results and failures count for the bound. Flights do when they have landed, and ghosts never.
 * 4. User code (`weigh`, `ttl`, listeners) runs before anything is changed, or after everything is.
 */
export class Entries {
  readonly rules: EntryRules;
  readonly clock: Clock;
  readonly policy: Policy | null;
  /** As it is now. */
  bound: Bound;
  /** Results and failures that are there, expired ones included that nobody has noticed. */
  live = 0;
  flights = 0;
  coalesced = 0;
  oversized = 0;
  /** When the outermost run of a recursion of this function began: what was fresh then still is for the recursion. */
  runStartedAt = 0;

  private readonly memo: Memo;
  private readonly runs: Runs;
  /** Where entries are swept or evicted, all of them by slot. */
  private readonly hasSlots: boolean;
  private held: (Entry | WeakHold | undefined)[] = [];
  private free: number[] = [];
  private hand = 0;
  private readonly lost: LostEntry[] = [];
  private registry: FinalizationRegistry<number> | undefined;

  constructor(memo: Memo, rules: EntryRules, runs: Runs) {
    this.memo = memo;
    this.rules = rules;
    this.runs = runs;
    this.clock = rules.clock ?? sharedClock();
    this.bound = rules.bound;
    this.policy =
      rules.policy?.({
        evicted: (slot, isGhost) => this.evicted(slot, isGhost),
        forgotten: (slot) => this.forgotten(slot),
      }) ?? null;
    this.hasSlots = this.policy !== null || rules.expires;
  }

  /** Whether the trie may hold results as they are, from before the first promise. */
  get isMixed(): boolean {
    return this.rules === NO_RULES;
  }

  /** Whether a hit may use the entry: it is fresh, or was when the recursion under way began. */
  isUsable(entry: Entry): boolean {
    const { freshUntil } = entry;
    return (
      !this.rules.expires ||
      freshUntil > this.clock.now() ||
      (freshUntil > this.runStartedAt && this.runs.isNeeded(this.memo))
    );
  }

  /** A hit on it. */
  touch(entry: Entry): void {
    if (this.policy !== null) this.policy.touch(entry.slot, entry.hash);
    if (this.rules.touch && entry.state === RESULT && entry.ttl < Infinity)
      entry.freshUntil = this.clock.time + entry.ttl;
  }

  /** Before a run: remembers when a recursion began. */
  beginRun(): void {
    if (this.rules.expires && !this.runs.isNeeded(this.memo)) this.runStartedAt = this.clock.time;
  }

  /**
   * Keeps the result of a run, or what `set` was given, unless the options say otherwise; `promise`
   * in its place, if that is what was fulfilled with it.
   */
  keep(
    key: Key,
    receiver: unknown,
    args: readonly unknown[],
    value: unknown,
    promise: unknown = value,
  ): void {
    const { rules } = this;
    const ttl = rules.ttl(receiver, value, args);
    const weight = rules.weigh === undefined ? 1 : this.weightOf(receiver, value, args);
    this.put(key, RESULT, promise, weight, ttl);
  }

  /** Remembers a failure, which weighs 1: an error, or a promise that was rejected. */
  keepFailure(key: Key, state: number, failure: unknown): void {
    this.put(key, state, failure, 1, this.rules.errorTtl);
  }

  /** A promise is an entry from the moment it exists. What was settled there is put aside. */
  takeOff(key: Key, promise: unknown, flight: Pending): void {
    const entry = this.entryOf(key);
    const { state, value, freshUntil } = entry;
    if (state === FLIGHT) this.noteLost({ key, value, cause: "replaced" });
    else this.flights++;
    if (state <= REJECTION) {
      this.live--;
      entry.previous = { state, value, freshUntil };
    }
    entry.state = FLIGHT;
    entry.value = promise;
    entry.flight = flight;
    this.tell();
  }

  /** The entry that a flight still is; none if something was set, deleted or cleared meanwhile. */
  current(key: Key, flight: Pending): Entry | undefined {
    const entry = this.memo.trie.get(key);
    return entry instanceof Entry && entry.flight === flight ? entry : undefined;
  }

  /** A flight ends without leaving anything: what was there before is back, if it still may be. */
  giveUp(entry: Entry, cause?: RemovalCause): void {
    const { key, previous, value } = entry;
    this.flights--;
    entry.flight = entry.previous = null;
    if (previous !== null) {
      Object.assign(entry, previous);
      this.live++;
      return;
    }
    this.drop(entry);
    if (cause !== undefined) this.noteLost({ key, value, cause });
    this.tell();
  }

  /** Removes an entry, or a flight; whether there was one. */
  remove(entry: Entry, cause: RemovalCause): boolean {
    const { key, state, value, freshUntil } = entry;
    if (state === GHOST || state === GONE) return false;
    if (state === FLIGHT) this.flights--;
    else this.live--;
    this.drop(entry);
    if (cause !== "expired" || freshUntil > this.runStartedAt) this.pinIfNeeded(state, key, value);
    this.noteLost({ key, value, cause });
    this.tell();
    return true;
  }

  /** Removes everything. */
  clear(): void {
    const { memo, live, flights } = this;
    const isNeeded = this.runs.isNeeded(memo);
    const count = live + flights;
    // One by one only if somebody asks: a million entries may be told by their number.
    if (isNeeded || memo.listeners?.has("remove") === true || count <= 64) {
      for (const { key, value: entry } of memo.trie.entries()) {
        if (!(entry instanceof Entry)) this.noteLost({ key, value: entry, cause: "cleared" });
        else if (entry.state !== GHOST) {
          if (isNeeded) this.pinIfNeeded(entry.state, key, entry.value);
          this.noteLost({ key, value: entry.value, cause: "cleared" });
        }
      }
    } else {
      memo.removals.counts.cleared += count;
    }
    memo.trie.clear();
    this.policy?.clear();
    this.held = [];
    this.free = [];
    this.live = this.flights = this.hand = 0;
    this.tell();
  }

  /** Removes what has expired or was collected. */
  sweep(): void {
    for (let slot = this.held.length; --slot >= 0;) this.check(slot);
    this.tell();
  }

  resize(bound: Bound): void {
    this.bound = bound;
    this.policy?.resize(bound);
    this.tell();
  }

  /** Tells listeners what was lost, now that everything is in order again. */
  private tell(): void {
    const { lost, memo } = this;
    if (lost.length === 0) return;
    for (const { key, value, cause } of lost.splice(0)) {
      const args = key === undefined ? undefined : argumentsOf(memo, key);
      memo.listeners?.emit({ type: "remove", args, value, cause });
    }
  }

  private noteLost(lost: LostEntry): void {
    const { memo } = this;
    memo.removals.add(lost.key, lost.cause, this.clock.time);
    if (memo.listeners?.has("remove") === true) this.lost.push(lost);
  }

  private pinIfNeeded(state: number, key: Key, value: unknown): void {
    if (state === RESULT && this.runs.isNeeded(this.memo)) this.runs.pin(this.memo, key, value);
  }

  private weightOf(receiver: unknown, value: unknown, args: readonly unknown[]): number {
    const weight = this.runs.outside(() =>
      Reflect.apply(this.rules.weigh as never, receiver, [value, ...args]),
    );
    if (typeof weight === "number" && weight >= 0 && weight < Infinity) return weight;
    throw new RoteError(
      "ERR_INVALID_RESULT",
      `weigh of "${this.memo.name}" must return a finite number, 0 or more; it returned ${typeof weight === "number" ? weight : typeof weight}. The result was not kept.`,
      { option: "weigh", value: weight },
    );
  }

  private put(key: Key, state: number, value: unknown, weight: number, ttl: number): void {
    const { memo, policy } = this;
    if (weight > this.bound.maxWeight || !(ttl > 0)) {
      if (weight > this.bound.maxWeight) this.oversized++;
      const entry = memo.trie.get(key);
      if (entry instanceof Entry) this.leave(entry, value);
      this.pinIfNeeded(state, key, value);
      this.tell();
      return;
    }
    const entry = this.entryOf(key);
    const before = entry.state;
    if (before <= REJECTION) this.noteLost({ key, value: entry.value, cause: "replaced" });
    else this.live++;
    if (before === FLIGHT) this.endFlight(entry, value);
    entry.state = state;
    entry.value = value;
    if (this.hasSlots) {
      if (this.rules.expires) {
        entry.ttl = ttl;
        entry.freshUntil = this.clock.read() + ttl;
      }
      if (entry.slot < 0) this.takeSlot(entry);
      entry.weight = weight;
      if (policy !== null) {
        if (entry.isCounted) {
          policy.reweigh(entry.slot, weight);
          // It may have outgrown its place.
          if (entry.isCounted) policy.touch(entry.slot, entry.hash);
        } else {
          entry.isCounted = true;
          const held = this.held[entry.slot];
          if (held instanceof WeakHold) held.isLive = true;
          policy.admit(entry.slot, weight, entry.hash);
        }
      }
      if (this.rules.expires) this.sweepSome();
    }
    this.tell();
  }

  /** What is not kept replaces what was. */
  private leave(entry: Entry, value: unknown): void {
    const { key, state, value: old } = entry;
    if (state === FLIGHT) this.endFlight(entry, value);
    else if (state <= REJECTION) {
      this.live--;
      this.noteLost({ key, value: old, cause: "replaced" });
    } else return;
    this.drop(entry);
  }

  /** A flight lands, as its own successor, or something was set in its place. */
  private endFlight(entry: Entry, value: unknown): void {
    const { key, previous } = entry;
    this.flights--;
    if (entry.value !== value) this.noteLost({ key, value: entry.value, cause: "replaced" });
    if (previous !== null) this.noteLost({ key, value: previous.value, cause: "replaced" });
    entry.flight = entry.previous = null;
  }

  private entryOf(key: Key): Entry {
    const { trie } = this.memo;
    const found = trie.get(key);
    if (found instanceof Entry) return found;
    const entry = new Entry(key, this.policy !== null && this.policy.needsHash ? hashOf(key) : 0);
    trie.set(key, entry);
    return entry;
  }

  /** Takes an entry out of everything that knows it. */
  private drop(entry: Entry): void {
    const { slot } = entry;
    if (slot >= 0) {
      this.policy?.remove(slot);
      this.freeSlot(entry);
    }
    entry.state = GONE;
    entry.value = undefined;
    entry.flight = entry.previous = null;
    this.memo.trie.delete(entry.key);
  }

  private evicted(slot: number, isGhost: boolean): void {
    const held = this.held[slot];
    if (held instanceof WeakHold) held.isLive = false;
    const entry = this.at(slot);
    if (entry === undefined) {
      this.collected();
      if (!isGhost) this.release(slot);
      return;
    }
    const { key, state, previous } = entry;
    // In flight, what was there before it is lost, and the flight goes on.
    const value = state === FLIGHT ? previous?.value : entry.value;
    entry.isCounted = false;
    entry.previous = null;
    if (state !== FLIGHT) {
      this.live--;
      entry.value = undefined;
      entry.freshUntil = this.clock.time;
      entry.state = isGhost ? GHOST : GONE;
      if (!isGhost) this.memo.trie.delete(key);
      this.pinIfNeeded(state, key, value);
    }
    if (!isGhost) this.freeSlot(entry);
    this.noteLost({ key, value, cause: "evicted" });
  }

  private forgotten(slot: number): void {
    const entry = this.at(slot);
    if (entry === undefined) {
      this.release(slot);
      return;
    }
    this.freeSlot(entry);
    if (entry.state !== GHOST) return;
    entry.state = GONE;
    this.memo.trie.delete(entry.key);
  }

  private collected(): void {
    this.live--;
    this.noteLost({ key: undefined, value: undefined, cause: "collected" });
  }

  private at(slot: number): Entry | undefined {
    const held = this.held[slot];
    return held instanceof WeakHold ? held.ref.deref() : held;
  }

  private takeSlot(entry: Entry): void {
    const slot = this.free.pop() ?? this.held.length;
    entry.slot = slot;
    if (entry.key.objects === null) {
      this.held[slot] = entry;
      return;
    }
    this.held[slot] = new WeakHold(entry);
    this.registry ??= new FinalizationRegistry((gone) => {
      this.check(gone);
      this.tell();
    });
    this.registry.register(entry, slot);
  }

  private freeSlot(entry: Entry): void {
    this.release(entry.slot);
    entry.slot = -1;
    entry.isCounted = false;
  }

  private release(slot: number): void {
    this.held[slot] = undefined;
    this.free.push(slot);
  }

  private sweepSome(): void {
    for (let i = 0; i < SWEPT; i++) {
      if (this.hand >= this.held.length) this.hand = 0;
      this.check(this.hand++);
    }
  }

  /** Removes the entry of a slot if it was collected or has expired. */
  private check(slot: number): void {
    const held = this.held[slot];
    if (held === undefined) return;
    const entry = this.at(slot);
    if (entry === undefined) {
      this.policy?.remove(slot);
      this.release(slot);
      if ((held as WeakHold).isLive) this.collected();
      return;
    }
    if (!this.rules.expires || entry.state > REJECTION) return;
    const { key, state, value, freshUntil } = entry;
    if (freshUntil > this.clock.time) return;
    this.live--;
    this.drop(entry);
    if (freshUntil > this.runStartedAt) this.pinIfNeeded(state, key, value);
    this.noteLost({ key, value, cause: "expired" });
  }
}
