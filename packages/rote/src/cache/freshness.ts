import { type Entry, FLIGHT, GHOST, REJECTION, RESULT, type Settled } from "./entry.ts";
import type { LowerTier } from "./lower.ts";
import type { Memo } from "./memo.ts";
import type { RemovalCause } from "./removal.ts";
import type { EntryRules, Runs } from "./rules.ts";
import { Slots } from "./slots.ts";
import { Stale } from "./stale.ts";
import { Tags } from "./tags.ts";
import { type Clock, sharedClock } from "./time.ts";

/**
 * How long entries are good for: for hits by the clock, for a recursion under way by when that
 * began, and past that by what the options say of stale results.
 */
export abstract class Freshness extends Slots {
  readonly rules: EntryRules;
  readonly clock: Clock;
  /** Where results may be returned that are not fresh any more. */
  readonly stale: Stale | null;
  protected readonly memo: Memo;
  protected readonly runs: Runs;
  protected readonly tags: Tags | null;
  private readonly lower: LowerTier | null;
  /** When to ask the store again whether somebody has removed something. */
  private lookAt = 0;
  /** When the outermost run under way first needed this function; and which one that is. */
  private startedAt = 0;
  private startedIn = -1;

  constructor(memo: Memo, rules: EntryRules, runs: Runs) {
    super(rules.touch);
    this.memo = memo;
    this.rules = rules;
    this.runs = runs;
    this.tags = rules.tags === undefined ? null : new Tags();
    this.lower = memo.whole.lower;
    this.clock = memo.whole.clock ?? sharedClock();
    this.stale = rules.stale === undefined ? null : new Stale(this, rules.stale);
  }

  /** Whether a hit may use the entry: it is fresh, or was when the recursion under way began. */
  isUsable(entry: Entry): boolean {
    if (!this.rules.expires) return true;
    const time = this.clock.now();
    if (this.lower !== null) this.look(time, this.lower);
    if (this.tags?.isInvalid(entry) === true) return false;
    const freshUntil = this.times[entry.slot] as number;
    return (
      freshUntil > time ||
      (!this.memo.whole.isAsync && this.runs.isNeeded(this.memo) && freshUntil > this.since())
    );
  }

  /** Drops everything if somebody else has removed something from the store: what is still there comes back from it. */
  private look(time: number, lower: LowerTier): void {
    if (time < this.lookAt) return;
    this.lookAt = time + lower.lookEvery;
    if (lower.hasChanged()) this.clear("invalidated");
  }

  /** Removes everything. */
  abstract clear(cause?: RemovalCause): void;

  /** Whether it is fresh by the clock, for hits; those of the same tick need not ask again. */
  isFresh(entry: Entry): boolean {
    const time = this.clock.now();
    if (this.lower !== null) this.look(time, this.lower);
    if (!((this.times[entry.slot] as number) > time)) return false;
    if (this.tags?.isInvalid(entry) === true) return false;
    if (this.clock.isCoarse) entry.tick = this.clock.tick;
    return true;
  }

  /** Whether it is there for anything: as long as it is fresh or stale. */
  isKept(entry: Entry): boolean {
    return (
      this.isUsable(entry) ||
      (this.stale !== null && this.endOf(entry) > this.timeOfCall() && !this.isInvalid(entry))
    );
  }

  /** Whether one of its tags has been invalidated since it came. */
  isInvalid(entry: Entry): boolean {
    return this.tags?.isInvalid(entry) === true;
  }

  /** Why an entry goes that may not be returned any more. */
  endingOf(entry: Entry): RemovalCause {
    return this.isInvalid(entry) ? "invalidated" : "expired";
  }

  /** The time that counts for a call, as last read: for a recursion under way, when that began. */
  timeOfCall(): number {
    const { memo, runs, clock } = this;
    return !memo.whole.isAsync && runs.isNeeded(memo) ? this.since() : clock.time;
  }

  /** Until when it is kept. Failures are never stale. */
  protected endOf({ slot, state, previous }: Entry): number {
    const isResult = state === RESULT || (state === FLIGHT && previous?.state === RESULT);
    const freshUntil = this.times[slot] as number;
    return this.stale === null || !isResult ? freshUntil : freshUntil + this.stale.window;
  }

  /** What a call would get of an entry without a run of its own; its state says what that is. */
  answer(entry: Entry): Settled | undefined {
    if (entry.state === FLIGHT || (entry.state <= REJECTION && this.isUsable(entry))) return entry;
    if (entry.state !== RESULT || this.stale === null || this.isInvalid(entry)) return undefined;
    return this.stale.answer(entry);
  }

  /** In the time of the clock. */
  timeOf({ slot, state }: Entry): number {
    return slot < 0 || (state !== GHOST && !this.rules.expires)
      ? Infinity
      : (this.times[slot] as number);
  }

  /** Before a run. */
  beginRun(): void {
    if (this.rules.expires) this.since();
  }

  /** What was fresh from then on still is for the outermost run under way: time stands still for its recursion. */
  protected since(): number {
    const run = this.runs.outermost();
    if (this.startedIn !== run) {
      this.startedIn = run;
      this.startedAt = this.clock.now();
    }
    return this.startedAt;
  }
}
