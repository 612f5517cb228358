import { Entries } from "../cache/entries.ts";
import {
  type Entry,
  FAILURE,
  FLIGHT,
  type Pending,
  REJECTION,
  type Settled,
} from "../cache/entry.ts";
import type { Memo } from "../cache/memo.ts";
import { NO_RULES } from "../cache/rules.ts";
import { invalidationsSoFar } from "../cache/tags.ts";
import { Key } from "../key/trie.ts";
import { now } from "./clock.ts";
import type { Waiter } from "./join.ts";
import { isRefusal } from "./overflow.ts";
import { runs } from "./pins.ts";
import { currentFlight, endWaits, type Waiting } from "./waiting.ts";
import { warnAboutRefresh } from "./warn-refresh.ts";

/**
 * A run whose promise has not settled. Rules:
 *
 * 1. The promise is an entry from the moment it exists; who calls meanwhile joins.
 * 2. What callers get settles after the entry has: a rejection is gone before anybody can retry.
 * 3. What is set, deleted or cleared meanwhile wins: a flight that is not the entry of its key any
 *    more leaves nothing behind. Those who have joined still get what it brings.
 * 4. A flight that has landed holds nothing: what its run has started, a timer for instance, may know
 *    it for ever.
 */
export class Flight implements Pending, Waiting {
  memo: Memo;
  readonly startedAt: number;
  isPending = true;
  /** What callers get. */
  promise: PromiseLike<unknown> | undefined = undefined;
  receiver: unknown;
  args: readonly unknown[];
  key: Key;
  /** Callers that may leave, or lose patience, and have not. What they left behind would stay on the promise itself. */
  readonly waiting: Set<Waiter> = new Set();
  /** Callers with a signal that have not left. */
  callers = 0;
  /** Those who wait are told when the promise settles. */
  isWatched = false;
  /** Somebody waits who will not leave. */
  stays = false;
  /** Calls wait for it: not only a refresh that was asked for, or nobody at all. */
  isAwaited = false;
  /** Ends the run, if it can be told to end. */
  abort: ((reason: unknown) => void) | undefined = undefined;
  waitsFor: Set<Waiting> | undefined = undefined;
  waiters: Set<Waiting> | undefined = undefined;
  /** No run, but what `set` was given. */
  private readonly isSet: boolean;
  /** A refresh in the background. */
  private readonly isBehind: boolean;
  private readonly since: number = invalidationsSoFar();
  private readonly beganAt: number = now();
  private readonly isOutermost: boolean;
  /** A run of the same function has called. */
  readonly isRecursive: boolean;

  constructor(
    memo: Memo,
    receiver: unknown,
    args: readonly unknown[],
    key: Key,
    { isSet = false, isBehind = false }: { isSet?: boolean; isBehind?: boolean } = NORMAL,
  ) {
    this.memo = memo;
    // What nobody waits for is no part of the flight that happened to begin it.
    const caller = isBehind ? undefined : (currentFlight() as Partial<Flight> | undefined);
    this.isOutermost = caller === undefined;
    this.isRecursive = caller?.memo?.whole === memo.whole;
    if (isBehind) this.stays = true;
    this.isBehind = isBehind;
    this.isSet = isSet;
    this.receiver = receiver;
    this.args = args;
    this.key = key;
    this.startedAt = entriesOf(memo).clock.now();
  }

  get name(): string {
    return this.memo.whole.name;
  }

  /** Its promise is about to be fulfilled. Throws what the options' functions throw. */
  succeed(value: unknown, kept: unknown = this.promise): void {
    const { memo, receiver, args, key } = this;
    const duration = this.land();
    const entries = entriesOf(memo);
    const entry = entries.current(key, this);
    if (entry !== undefined) {
      try {
        if (entry.flight === this) entry.value = kept;
        entries.keep(key, receiver, args, value, kept, this.since);
      } catch (error) {
        if (entries.current(key, this) === entry) entries.giveUp(entry);
        throw error;
      }
    }
    if (!this.isSet) memo.whole.listeners?.emit({ type: "run", args, value, duration });
  }

  /**
   * Its promise is about to be rejected; or there is none, because the function has thrown at once.
   * What callers get instead, if there is an old result that may be returned for it.
   */
  fail(error: unknown, isThrown = false): Settled | undefined {
    const { memo, args, key, promise } = this;
    const duration = this.land();
    const entries = entriesOf(memo);
    const entry = entries.current(key, this);
    let instead: Settled | undefined;
    if (entry !== undefined) {
      try {
        if (!this.isSet && !isRefusal(error)) instead = entries.stale?.rescue(entry);
        // What was there before is better than a failure.
        if (entries.rules.errorTtl > 0 && !hasOld(entries, entry))
          entries.keepFailure(key, isThrown ? FAILURE : REJECTION, isThrown ? error : promise);
        else entries.giveUp(entry);
      } catch {
        // The clock has failed as well. Those who wait get the error of the run.
        if (entries.current(key, this) === entry) entries.giveUp(entry);
      }
    }
    if (!this.isSet) memo.whole.listeners?.emit({ type: "error", args, error, duration });
    if (instead === undefined) return undefined;
    for (const each of this.waiting) if (each.insists) each.reject(error);
    if (this.isAwaited) memo.whole.rescued++;
    // Its promise does not tell.
    if (this.isBehind) warnAboutRefresh(memo.whole, error);
    return instead;
  }

  /** A caller has left. When the last one has, so has the reason to run. */
  leave(reason: unknown): void {
    if (--this.callers > 0 || this.stays || !this.isPending) return;
    const { memo, key, abort } = this;
    const entries = entriesOf(memo);
    const entry = entries.current(key, this);
    if (entry !== undefined) entries.giveUp(entry, "deleted");
    abort?.(reason);
  }

  private land(): number {
    const { memo } = this;
    const duration = now() - this.beganAt;
    this.isPending = false;
    endWaits(this);
    if (!this.isSet && (this.isOutermost || memo.whole.isTimed)) {
      memo.whole.runTime += duration;
      // Otherwise the part up to the promise has been measured, and counted, as a run.
      if (memo.whole.isAsync) memo.whole.timedRuns++;
    }
    this.abort = undefined;
    // That of a receiver, or of a scope, knows all that these remember.
    this.memo = memo.whole.memo;
    this.receiver = this.promise = undefined;
    this.args = [];
    this.key = NO_KEY;
    return duration;
  }
}

/** Whether a failing flight leaves something behind that is still good for something. */
function hasOld(entries: Entries, entry: Entry): boolean {
  if (entry.state === FLIGHT && entry.previous === null) return false;
  return entries.stale === null || entries.isKept(entry);
}

const NORMAL = {};
const NO_KEY = new Key(0, null, []);

/** The entries of a function that has some, or turns out to return promises. */
export function entriesOf(memo: Memo): Entries {
  if (memo.entries === null) {
    memo.entries = new Entries(memo, NO_RULES, runs);
    // From now on, every call has to look at what it finds, on whatever receiver.
    for (const each of [memo, memo.whole.memo]) {
      each.hasMixedEntries = true;
      each.epoch = Number.NaN;
    }
  }
  return memo.entries;
}
