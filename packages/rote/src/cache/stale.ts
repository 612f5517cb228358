import type { Freshness } from "./freshness.ts";
import { type Entry, FLIGHT, type Pending, RESULT, type Settled } from "./entry.ts";
import type { StaleRules } from "./rules.ts";
import type { Key } from "../key/trie.ts";

/** A refresh of a stale entry, from when it is scheduled until the entry is another. */
export class Refresh {
  readonly entry: Entry;
  readonly key: Key;
  /** Its run, once that has given a promise. */
  flight: Pending | null = null;
  /** The entry was set, deleted or cleared meanwhile: whatever the run brings is dropped. */
  isOvertaken = false;
  /** Inside whose run it is running, if there is one of the same function. */
  outer: Refresh | undefined = undefined;

  constructor(entry: Entry) {
    this.entry = entry;
    this.key = entry.key;
  }
}

/** After a failed run: until when the function is left alone. */
interface Pause {
  /** Of the entry that it is for; a later result has another. */
  readonly freshUntil: number;
  readonly until: number;
}

/**
 * What entries may still be good for when they are not fresh any more. Rules:
 *
 * 1. An entry has one time, until which it is fresh. How long it is kept after that is the same for all.
 * 2. While a refresh is under way the entry stays what it is, a result: it counts, may be evicted, and
 *    is swept. The refresh is known by the entry, weakly: who drops the entry has dropped the refresh.
 * 3. Only when an entry may not be returned any more does a refresh in flight take its place, so
 *    that calls join it: `Entries.expire`.
 * 4. Nobody waits for a scheduled refresh, so nothing but the entry holds it either: what was given
 *    to `schedule` finds nothing when the entry is gone.
 */
export class Stale {
  readonly rules: StaleRules;
  /** How long an entry is kept after it was fresh. */
  readonly window: number;
  /** The refresh that is running just now, and has not returned. */
  running: Refresh | undefined = undefined;
  private readonly entries: Freshness;
  private refreshes: WeakMap<Entry, Refresh> = new WeakMap();
  private pauses: WeakMap<Entry, Pause> = new WeakMap();
  /** The slots of entries with a refresh in flight. */
  private readonly flying: Set<number> = new Set();

  constructor(entries: Freshness, rules: StaleRules) {
    this.entries = entries;
    this.rules = rules;
    this.window = Math.max(rules.whileRevalidate, rules.ifError);
  }

  /** Refreshes in flight. */
  get inFlight(): number {
    return this.flying.size;
  }

  /** Until when a result may be returned at once, for the clock as last read. */
  staleUntil(entry: Entry): number {
    return Math.max(this.freshUntil(entry) + this.rules.whileRevalidate, this.pauseEnd(entry));
  }

  /** Whether a call gets the result although it is not fresh, without waiting. */
  mayReturn(entry: Entry): boolean {
    if (entry.state !== RESULT) return false;
    const { whileRevalidate } = this.rules;
    return (
      this.freshUntil(entry) + whileRevalidate > this.entries.timeOfCall() || this.isPaused(entry)
    );
  }

  /** Whether a run of the call has failed so lately that the function is not asked again. */
  isPaused(entry: Entry): boolean {
    return this.pauseEnd(entry) > this.entries.timeOfCall();
  }

  /** Whether a call that gets it has to see to a refresh. */
  isDue(entry: Entry): boolean {
    return (
      entry.state === RESULT &&
      this.freshUntil(entry) <= this.entries.clock.time &&
      !this.refreshes.has(entry) &&
      !this.isPaused(entry)
    );
  }

  /** A refresh has been scheduled, or begins. */
  begin(refresh: Refresh): void {
    this.refreshes.set(refresh.entry, refresh);
  }

  /** Its run has given a promise; that comes to nothing if the entry is another by now. */
  takeOff(refresh: Refresh, flight: Pending): void {
    if (!this.isOf(refresh)) return;
    refresh.flight = flight;
    this.flying.add(refresh.entry.slot);
  }

  /** Whether a refresh is that of its entry, still. */
  isOf(refresh: Refresh | undefined): boolean {
    return refresh !== undefined && this.refreshes.get(refresh.entry) === refresh;
  }

  isRefreshing(entry: Entry): boolean {
    return this.refreshes.has(entry);
  }

  flightOf(entry: Entry): Pending | null {
    return this.refreshes.get(entry)?.flight ?? null;
  }

  /** A refresh has ended, or ceased to be that of this entry. */
  end(entry: Entry): void {
    if (this.refreshes.delete(entry)) this.flying.delete(entry.slot);
  }

  /** The entry is about to be another, or none, and that has to win over a refresh. */
  overtake(entry: Entry): void {
    const refresh = this.refreshes.get(entry);
    if (refresh === undefined) return;
    refresh.isOvertaken = true;
    this.end(entry);
  }

  /** Every entry is gone. */
  clear(): void {
    for (let each = this.running; each !== undefined; each = each.outer) each.isOvertaken = true;
    this.refreshes = new WeakMap();
    this.flying.clear();
  }

  /** The entry of a slot was collected. */
  collected(slot: number): void {
    this.flying.delete(slot);
  }

  /** What a call gets without a run of its own: the stale result, or a refresh in flight. */
  answer(entry: Entry): Settled | undefined {
    if (this.mayReturn(entry)) return entry;
    const flight = this.flightOf(entry);
    return flight === null ? undefined : { state: FLIGHT, value: flight.promise };
  }

  /** The old result that a caller may have rather than wait any longer. */
  inHand(entry: Entry): Settled | undefined {
    const settled = entry.state === FLIGHT ? entry.previous : entry;
    this.entries.clock.read();
    return settled?.state === RESULT && this.entries.isKept(entry) ? settled : undefined;
  }

  /**
   * A run of the call has failed. The function is left alone for a while, if there is an old result,
   * which is what callers get instead, if they may.
   */
  rescue(entry: Entry): Settled | undefined {
    const settled = this.inHand(entry);
    if (settled === undefined) return undefined;
    const { pause, ifError } = this.rules;
    const time = this.entries.timeOfCall();
    const freshUntil = this.freshUntil(entry);
    const until = Math.min(time + pause, freshUntil + this.window);
    if (time >= freshUntil && pause > 0) this.pauses.set(entry, { freshUntil, until });
    if (ifError === 0 || time >= freshUntil + ifError) return undefined;
    return { state: RESULT, value: settled.value };
  }

  private pauseEnd(entry: Entry): number {
    const pause = this.pauses.get(entry);
    if (pause === undefined || pause.freshUntil !== this.freshUntil(entry)) return -Infinity;
    return pause.until;
  }

  private freshUntil({ slot }: Entry): number {
    return this.entries.times[slot] as number;
  }
}
