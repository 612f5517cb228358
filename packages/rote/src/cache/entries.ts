import { RoteError } from "../errors.ts";
import { addDirect, slotOf } from "../key/direct.ts";
import { hashOf, hashOfToken } from "../key/hash.ts";
import { type Node, VOID } from "../key/node.ts";
import { Key } from "../key/trie.ts";
import { argumentsOf } from "./arguments.ts";
import { Entry, FAILURE, FLIGHT, GHOST, GONE, type Pending, REJECTION, RESULT } from "./entry.ts";
import { Freshness } from "./freshness.ts";
import type { Memo } from "./memo.ts";
import type { Bound, Policy, PolicyHooks } from "./policy/policy.ts";
import { FEW, type RemovalCause, type RemovalCounts } from "./removal.ts";
import { type EntryRules, NO_RULES, type Runs } from "./rules.ts";
import { invalidationsSoFar } from "./tags.ts";

/** Entries looked at for having expired, for each one that comes in. */
const SWEPT = 2;

interface LostEntry {
  readonly of: { readonly key: Key } | undefined;
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
export class Entries extends Freshness implements PolicyHooks {
  readonly policy: Policy | null;
  /** As it is now. */
  bound: Bound;
  /** Results and failures that are there, expired ones included that nobody has noticed. */
  live = 0;
  flights = 0;
  /** Counts what comes and goes, so that what was looked up before a run is not looked up again after it. */
  changes = 0;
  lookedUp: Entry | undefined = undefined;
  lookedUpAt = -1;

  /** Where entries are swept or evicted, all of them by slot. */
  private readonly hasSlots: boolean;
  /** What a result weighs, and how long it is fresh, is the same for all. */
  private readonly isUniform: boolean;
  /** And nothing expires. */
  private readonly isPlain: boolean;
  private readonly needsHash: boolean;
  /** It is known that no recursion is under way. */
  private isIdle = false;
  private readonly counts: RemovalCounts;
  /** An entry that nothing knows any more, with its slot: in a full cache one is forgotten for each that comes. */
  private spare: Entry | undefined = undefined;
  private hand = 0;
  private readonly lost: LostEntry[] = [];

  constructor(memo: Memo, rules: EntryRules, runs: Runs) {
    super(memo, rules, runs);
    this.bound = rules.bound;
    this.policy = rules.policy?.(this) ?? null;
    this.hasSlots = this.policy !== null || rules.expires;
    this.isUniform =
      rules.weigh === undefined &&
      rules.tags === undefined &&
      memo.whole.lower === null &&
      typeof rules.ttl === "number" &&
      rules.ttl > 0;
    this.isPlain = this.isUniform && !rules.expires;
    this.counts = memo.whole.removals;
    this.needsHash = this.policy?.needsHash === true;
  }

  /** Whether the trie may hold results as they are, from before the first promise. */
  get isMixed(): boolean {
    return this.rules === NO_RULES;
  }

  /** An entry has been found that may not be returned any more: it goes, or gives way to its refresh. */
  expire(entry: Entry): void {
    if (this.givesWay(entry)) this.tell();
    else this.remove(entry, this.endingOf(entry));
  }

  /** Whether an entry at its end leaves a flight, which is what calls wait for from now on. */
  private givesWay(entry: Entry): boolean {
    if (!this.replaceByFlight(entry) && entry.state !== FLIGHT) {
      // What its run brings, if it has begun, is worth keeping.
      this.stale?.end(entry);
      return false;
    }
    if (entry.previous !== null) this.losePrevious(entry);
    return true;
  }

  private replaceByFlight(entry: Entry): boolean {
    const flight = this.stale?.flightOf(entry) ?? null;
    if (entry.state !== RESULT || flight === null) return false;
    this.stale?.end(entry);
    entry.previous = { state: RESULT, value: entry.value };
    entry.state = FLIGHT;
    entry.value = flight.promise;
    entry.flight = flight;
    this.live--;
    this.flights++;
    this.changes++;
    return true;
  }

  /** What a flight was to replace has come to its own end. */
  private losePrevious(entry: Entry): void {
    const { previous, slot } = entry;
    entry.previous = null;
    this.policy?.remove(slot);
    this.freeSlot(entry);
    this.note(entry, previous?.value, "expired");
  }

  /** A hit on it. */
  touch({ slot, hash, state }: Entry): void {
    if (this.policy !== null) this.policy.touch(slot, hash);
    // Not what is only fresh for the recursion under way.
    if (this.rules.touch && state === RESULT && (this.times[slot] as number) > this.clock.time)
      this.times[slot] = this.clock.time + (this.lifetimes[slot] as number);
  }

  /**
   * Keeps the result of a run, or what `set` was given, unless the options say otherwise; `promise`
   * in its place, if that is what was fulfilled with it. What has been invalidated `since` its run
   * began is of no use.
   */
  keep(
    key: Key,
    receiver: unknown,
    args: readonly unknown[],
    value: unknown,
    promise: unknown = value,
    since: number = invalidationsSoFar(),
  ): void {
    const { ttl } = this.rules;
    const milliseconds =
      this.memo.whole.lower?.takeOver(key) ??
      (typeof ttl === "number" ? ttl : ttl(receiver, value, args));
    const weight = this.rules.weigh === undefined ? 1 : this.weightOf(receiver, value, args);
    const tags = this.rules.tags?.(receiver, value, args);
    const entry = this.put(key, RESULT, promise, weight, milliseconds);
    if (tags !== undefined && entry !== undefined) this.tags?.put(entry, tags, since);
  }

  /**
   * The same for a call whose one argument is a token as it stands, when its outermost run has ended:
   * what most calls are.
   */
  keepSingle(root: Node, token: unknown, value: unknown): void {
    let entry =
      this.lookedUpAt === this.changes ? this.lookedUp : (slotOf(root, token) as Entry | undefined);
    this.lookedUpAt = -1;
    if (!this.isUniform || this.isMixed || (entry !== undefined && entry.state !== GHOST)) {
      this.keep(new Key(1, null, [token]), this.memo.receiver, [token], value);
      return;
    }
    if (entry === undefined) entry = this.enter(root, token);
    entry.value = value;
    const { policy } = this;
    if (this.isPlain && policy !== null) {
      // What `settle` comes to.
      entry.state = RESULT;
      this.live++;
      this.changes++;
      if (entry.slot < 0) this.takeSlot(entry);
      // No recursion is under way that might need what goes now.
      this.isIdle = true;
      policy.admit(entry.slot, 1, entry.hash);
      this.isIdle = false;
    } else this.settle(entry, RESULT, 1, this.rules.ttl as number);
    if (this.lost.length > 0) this.tell();
  }

  /** Makes the entry of a token that has none. */
  private enter(root: Node, token: unknown): Entry {
    const hash = this.needsHash ? hashOfToken(token) : 0;
    let entry = this.spare;
    if (entry === undefined) entry = new Entry(token, null, hash);
    else {
      this.spare = undefined;
      entry.token = token;
      entry.hash = hash;
    }
    addDirect(this.memo.trie, root, token, entry);
    return entry;
  }

  /** Remembers a failure, which weighs 1: an error, or a promise that was rejected. */
  keepFailure(key: Key, state: number, failure: unknown): void {
    this.put(key, state, failure, 1, this.memo.whole.lower?.takeOver(key) ?? this.rules.errorTtl);
  }

  /** A promise is an entry from the moment it exists. What was settled there is put aside. */
  takeOff(key: Key, promise: unknown, flight: Pending): void {
    const entry = this.entryOf(key);
    const { state, value } = entry;
    this.changes++;
    if (state === FLIGHT) this.note(entry, value, "replaced");
    else this.flights++;
    if (state <= REJECTION) {
      this.live--;
      entry.previous = { state, value };
      this.stale?.overtake(entry);
    }
    entry.state = FLIGHT;
    entry.value = promise;
    entry.flight = flight;
    this.tell();
  }

  /** The entry that a flight still is; none if something was set, deleted or cleared meanwhile. */
  current(key: Key, flight: Pending): Entry | undefined {
    const entry = this.memo.trie.get(key);
    return entry instanceof Entry &&
      (entry.flight === flight || this.stale?.flightOf(entry) === flight)
      ? entry
      : undefined;
  }

  /** A flight ends without leaving anything: what was there before is back, if it still may be. */
  giveUp(entry: Entry, cause?: RemovalCause): void {
    const { previous, value } = entry;
    if (entry.state === RESULT) {
      // It was still there, and stays.
      this.stale?.end(entry);
      return;
    }
    this.flights--;
    entry.flight = entry.previous = null;
    if (previous !== null) {
      Object.assign(entry, previous);
      this.live++;
      return;
    }
    this.drop(entry);
    if (cause !== undefined) this.note(entry, value, cause);
    this.tell();
  }

  /** Removes an entry, or a flight; whether there was one. */
  remove(entry: Entry, cause: RemovalCause): boolean {
    const { state, value } = entry;
    if (state > FLIGHT) return false;
    if (state === FLIGHT) this.flights--;
    else this.live--;
    const mayPin = this.mayPin(entry);
    this.drop(entry);
    if (mayPin) this.runs.pin(this.memo, entry.key, state, value);
    this.note(entry, value, cause);
    this.tell();
    return true;
  }

  /** Removes everything. */
  override clear(cause: RemovalCause = "cleared"): void {
    const { memo, live, flights } = this;
    const isNeeded = !memo.whole.isAsync && this.runs.isNeeded(memo);
    const count = live + flights;
    // One by one only if somebody asks: a million entries may be told by their number.
    if (isNeeded || memo.whole.listeners?.has("remove") === true || count <= FEW) {
      for (const { key, value: entry } of memo.trie.entries()) {
        if (!(entry instanceof Entry))
          this.note({ key }, entry === VOID ? undefined : entry, cause);
        else if (entry.state === GHOST) this.rememberGhost(entry);
        else {
          if (this.mayPin(entry)) this.runs.pin(memo, key, entry.state, entry.value);
          this.note(entry, entry.value, cause);
          // Whoever remembers that it was there is not to keep what it held.
          entry.state = GONE;
          entry.value = entry.previous = entry.flight = null;
        }
      }
    } else {
      this.counts[cause] += count;
      // Whoever has looked one up, and is asking the clock, has nothing any more.
      for (const entry of this.held) if (entry !== undefined) entry.state = GONE;
    }
    this.changes++;
    memo.trie.clear();
    this.policy?.clear();
    this.stale?.clear();
    this.clearSlots();
    this.spare = undefined;
    this.live = this.flights = this.hand = 0;
    this.tell();
  }

  /** Removes what has expired or was collected. */
  sweep(): void {
    if (this.rules.expires) this.clock.now();
    for (let slot = Math.max(this.held.length, this.weaklyHeld.length); --slot >= 0;)
      this.check(slot);
    this.tell();
  }

  resize(bound: Bound): void {
    this.bound = bound;
    this.policy?.resize(bound);
    this.tell();
  }

  /** Tells listeners what was lost, now that everything is in order again. */
  protected override tell(): void {
    const { lost, memo } = this;
    if (lost.length === 0) return;
    for (const { of, value, cause } of lost.splice(0)) {
      const args = of === undefined ? undefined : argumentsOf(memo, of.key);
      memo.whole.listeners?.emit({ type: "remove", args, value, cause });
    }
  }

  /** Counts a removal, and remembers it where nothing else does. */
  private note(of: { readonly key: Key } | undefined, value: unknown, cause: RemovalCause): void {
    const { memo, clock } = this;
    this.counts[cause]++;
    if (memo.whole.listeners?.has("remove") === true) this.lost.push({ of, value, cause });
    if (cause === "replaced" || of === undefined) return;
    if (!(of instanceof Entry)) memo.removals.remember(undefined, of.key, cause, clock.now());
    else if (of.state !== GHOST) memo.removals.remember(of.token, of.longKey, cause, clock.now());
  }

  /** Whether an entry that is about to go has to be kept for a run: it is needed, and was fresh when that began. */
  private mayPin({ state, slot }: Entry): boolean {
    const { memo, runs, rules } = this;
    if (state > FAILURE || memo.whole.isAsync || !runs.isNeeded(memo)) return false;
    if (!rules.expires || slot < 0) return true;
    return (this.times[slot] as number) > this.since();
  }

  private weightOf(receiver: unknown, value: unknown, args: readonly unknown[]): number {
    const weight = this.runs.outside(() =>
      Reflect.apply(this.rules.weigh as never, receiver, [value, ...args]),
    );
    if (typeof weight === "number" && weight >= 0 && weight < Infinity) return weight;
    throw new RoteError(
      "ERR_INVALID_RESULT",
      `weigh of "${this.memo.whole.name}" must return a finite number, 0 or more; it returned ${typeof weight === "number" ? weight : `a ${typeof weight}`}. The result was not kept: let weigh return 0 for what weighs nothing.`,
      { option: "weigh", value: weight },
    );
  }

  /** Also what comes from a store and is stale already, for as long as stale results are kept. */
  private isWorthKeeping(ttl: number): boolean {
    return ttl > 0 || (ttl < 0 && this.stale !== null && -ttl < this.stale.window);
  }

  private put(
    key: Key,
    state: number,
    value: unknown,
    weight: number,
    ttl: number,
  ): Entry | undefined {
    const { memo, bound } = this;
    if (weight > bound.maxWeight || !this.isWorthKeeping(ttl)) {
      if (weight > bound.maxWeight) memo.whole.oversized++;
      const entry = memo.trie.get(key);
      if (entry instanceof Entry) this.leave(entry, value);
      if (state <= FAILURE && !memo.whole.isAsync && this.runs.isNeeded(memo))
        this.runs.pin(memo, key, state, value);
      this.tell();
      return undefined;
    }
    const entry = this.entryOf(key);
    const { state: before, value: old } = entry;
    const wasCounted = entry.isCounted;
    if (before <= REJECTION) {
      this.live--;
      this.stale?.overtake(entry);
      this.note(entry, old, "replaced");
    } else if (before === FLIGHT) this.endFlight(entry, value);
    entry.value = value;
    this.settle(entry, state, weight, ttl, wasCounted);
    this.tell();
    return entry;
  }

  /** The entry has its value: it counts from now on. */
  private settle(
    entry: Entry,
    state: number,
    weight: number,
    ttl: number,
    wasCounted = false,
  ): void {
    const { policy } = this;
    entry.state = state;
    this.live++;
    this.changes++;
    if (!this.hasSlots) return;
    if (entry.slot < 0) this.takeSlot(entry);
    const { slot, hash } = entry;
    const { expires, touch } = this.rules;
    if (expires) {
      this.times[slot] = this.clock.read() + ttl;
      entry.tick = -1;
    }
    if (touch) this.lifetimes[slot] = ttl;
    if (policy !== null) {
      if (this.weaklyHeld.length > 0) this.markWeak(slot, true);
      if (!wasCounted) policy.admit(slot, weight, hash);
      else {
        policy.reweigh(slot, weight);
        // It may have outgrown its place.
        if (entry.state === state) policy.touch(slot, hash);
      }
    }
    if (expires) this.sweepSome();
  }

  /** What is not kept replaces what was. */
  private leave(entry: Entry, value: unknown): void {
    const { state, value: old } = entry;
    if (state > FLIGHT) return;
    if (state === FLIGHT) this.endFlight(entry, value);
    else {
      this.live--;
      this.note(entry, old, "replaced");
    }
    this.drop(entry);
  }

  /** A flight lands, as its own successor, or something was set in its place. */
  private endFlight(entry: Entry, value: unknown): void {
    const { previous } = entry;
    this.flights--;
    if (entry.value !== value) this.note(entry, entry.value, "replaced");
    if (previous !== null) this.note(entry, previous.value, "replaced");
    entry.flight = entry.previous = null;
  }

  private entryOf(key: Key): Entry {
    const { trie } = this.memo;
    const found = trie.get(key);
    if (found instanceof Entry) return found;
    const entry = new Entry(undefined, key, this.needsHash ? hashOf(key) : 0);
    trie.set(key, entry);
    if (found !== undefined) {
      // From before the first promise.
      entry.state = RESULT;
      entry.value = found === VOID ? undefined : found;
      this.live++;
    }
    return entry;
  }

  /** Takes an entry out of everything that knows it. */
  private drop(entry: Entry): void {
    const { slot } = entry;
    this.stale?.overtake(entry);
    if (slot >= 0) {
      this.policy?.remove(slot);
      this.freeSlot(entry);
    }
    entry.flight = entry.previous = null;
    this.forget(entry);
  }

  /** Takes an entry out of the trie. */
  private forget(entry: Entry): void {
    entry.state = GONE;
    entry.value = undefined;
    this.changes++;
    const { trie } = this.memo;
    if (entry.longKey === null) trie.deleteSingle(entry.token);
    else trie.delete(entry.longKey);
  }

  /** @internal For the policy. */
  evicted(slot: number, isGhost: boolean): void {
    const entry = this.held[slot];
    if (!isGhost || entry === undefined || entry.state > REJECTION || this.stale !== null) {
      this.evictedOther(slot, isGhost);
      return;
    }
    const { state, value } = entry;
    if (!this.isIdle && this.mayPin(entry)) this.runs.pin(this.memo, entry.key, state, value);
    entry.state = GHOST;
    entry.value = undefined;
    this.live--;
    this.times[slot] = this.clock.now();
    // The policy remembers a ghost.
    if (this.memo.whole.listeners === null) this.counts.evicted++;
    else this.note(entry, value, "evicted");
  }

  /** One that is held weakly, in flight, or leaves no ghost. */
  private evictedOther(slot: number, isGhost: boolean): void {
    const entry = this.held[slot] ?? this.markWeak(slot, false);
    if (entry === undefined) {
      this.live--;
      this.note(undefined, undefined, "collected");
      if (!isGhost) this.release(slot);
      return;
    }
    // A refresh in flight goes on, and takes the place of the entry; one that is scheduled is dropped.
    if (!this.replaceByFlight(entry)) this.stale?.end(entry);
    const { state, previous } = entry;
    // In flight, what was there before it is lost, and the flight goes on.
    const value = state === FLIGHT ? previous?.value : entry.value;
    if (this.mayPin(entry)) this.runs.pin(this.memo, entry.key, state, value);
    entry.previous = null;
    if (!isGhost) this.freeSlot(entry);
    else this.times[slot] = this.clock.now();
    if (state !== FLIGHT) {
      this.live--;
      if (isGhost) {
        entry.state = GHOST;
        entry.value = undefined;
      } else this.forget(entry);
    }
    if (isGhost && this.memo.whole.listeners === null) this.counts.evicted++;
    else this.note(entry, value, "evicted");
  }

  /** @internal For the policy. */
  forgotten(slot: number): void {
    const entry = this.held[slot];
    if (entry === undefined || entry.state !== GHOST || entry.longKey !== null) {
      this.forgottenOther(slot);
      return;
    }
    this.rememberGhost(entry);
    entry.state = GONE;
    this.changes++;
    this.memo.trie.deleteSingle(entry.token);
    if (this.spare === undefined) this.spare = entry;
    else this.freeSlot(entry);
  }

  private forgottenOther(slot: number): void {
    const entry = this.held[slot] ?? this.markWeak(slot, false);
    if (entry === undefined) {
      this.release(slot);
      return;
    }
    if (entry.state === GHOST) {
      this.rememberGhost(entry);
      this.forget(entry);
    }
    this.freeSlot(entry);
  }

  /** What the policy has remembered so far. */
  private rememberGhost({ token, longKey, slot }: Entry): void {
    this.memo.removals.remember(token, longKey, "evicted", this.times[slot] as number);
  }

  private sweepSome(): void {
    for (let i = 0; i < SWEPT; i++) {
      if (this.hand >= this.held.length) this.hand = 0;
      this.check(this.hand++);
    }
  }

  /** Removes the entry of a slot if it was collected or has expired. */
  protected override check(slot: number): void {
    const weak = this.weaklyHeld[slot];
    const entry = this.held[slot] ?? weak?.ref.deref();
    if (entry === undefined) {
      if (weak === undefined) return;
      this.policy?.remove(slot);
      this.stale?.collected(slot);
      this.release(slot);
      if (!weak.isLive) return;
      this.live--;
      this.note(undefined, undefined, "collected");
      return;
    }
    if (!this.rules.expires || entry.state > FLIGHT) return;
    const cause = this.endingOf(entry);
    const isExpired = cause === "expired";
    if (isExpired && (this.times[slot] as number) > this.clock.time) return;
    if (this.stale === null || !isExpired) {
      if (entry.state === FLIGHT) return;
    } else if (this.endOf(entry) > this.clock.time || this.givesWay(entry)) return;
    const { state, value } = entry;
    const mayPin = this.mayPin(entry);
    this.live--;
    this.drop(entry);
    if (mayPin) this.runs.pin(this.memo, entry.key, state, value);
    this.note(entry, value, cause);
  }
}
