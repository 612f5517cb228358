import { Entries } from "../cache/entries.ts";
import { Entry, FAILURE, FLIGHT, type Pending, REJECTION, type Settled } from "../cache/entry.ts";
import type { Memo } from "../cache/memo.ts";
import { NO_RULES } from "../cache/rules.ts";
import type { Refresh } from "../cache/stale.ts";
import { RoteError } from "../errors.ts";
import { isSameKey, Key } from "../key/trie.ts";
import { now } from "./clock.ts";
import { currentFlight, endWait, endWaits, track, type Waiting } from "./waiting.ts";
import { isStackFailure } from "./overflow.ts";
import { runs } from "./pins.ts";
import type { Caller } from "./signal.ts";
import { warnAboutRefresh } from "./warn-refresh.ts";

/** Most results are no objects. Where every run passes, this comes first: it is inlined everywhere. */
export function mayBeThenable(value: unknown): boolean {
  return typeof value === "object" || typeof value === "function";
}

/** Whether `await` would wait for it. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    mayBeThenable(value) && value !== null && (value instanceof Promise || hasThen(value as object))
  );
}

/** Results may be anything, a proxy for instance, and what their getters throw is nobody's error. */
function hasThen(value: object): boolean {
  try {
    return typeof (value as { then?: unknown }).then === "function";
  } catch {
    return false;
  }
}

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
  private readonly beganAt: number = now();
  private readonly isOutermost: boolean;

  constructor(
    memo: Memo,
    receiver: unknown,
    args: readonly unknown[],
    key: Key,
    { isSet = false, isBehind = false }: { isSet?: boolean; isBehind?: boolean } = NORMAL,
  ) {
    this.memo = memo;
    // What nobody waits for is no part of the flight that happened to begin it.
    this.isOutermost = isBehind || currentFlight() === undefined;
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
        entries.keep(key, receiver, args, value, kept);
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
        if (!this.isSet && !isStackFailure(error)) instead = entries.stale?.rescue(entry);
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

/**
 * A run has returned a promise. An ordinary one is handed out as another, which settles after the
 * entry has: to wait for the promise itself would make it look as if somebody had handled its
 * rejection. Others, which may have methods of their own, are handed out as they are.
 */
export function watch(
  memo: Memo,
  receiver: unknown,
  args: readonly unknown[],
  key: Key,
  value: PromiseLike<unknown>,
): unknown {
  const refresh = refreshUnderWay(memo, key);
  // One whose entry had to go, for space for instance, is a run as any other.
  const isBehind = refresh?.isOvertaken === true || memo.entries?.stale?.isOf(refresh) === true;
  if (refresh !== undefined && isBehind)
    return handOut(new Flight(memo, receiver, args, key, { isBehind: true }), value, refresh);
  const flight = new Flight(memo, receiver, args, key);
  const promise = handOut(flight, value);
  return flight.isPending ? join(flight, undefined) : promise;
}

/** What a `refresh` returns that has run a function and got a promise: the run's own outcome, without an old result in the place of an error. */
export function insist(memo: Memo, key: Key, promise: PromiseLike<unknown>): unknown {
  const found = memo.trie.get(key);
  const flight = found instanceof Entry ? (found.flight as Flight | null) : null;
  if (memo.entries?.stale === null || flight?.isPending !== true) return promise;
  if (!(promise instanceof Promise) || promise.constructor !== Promise) return promise;
  // Where calls lose patience, the run has been joined as if by one. Nobody has that promise; a listener may have joined before.
  const [own, ...others] = [...flight.waiting].reverse();
  own?.resolve(undefined);
  flight.isAwaited = others.length > 0;
  return join(flight, undefined, true);
}

/** The refresh whose run has returned just now, where it is one that nobody waits for. */
export function refreshUnderWay({ entries }: Memo, key: Key): Refresh | undefined {
  const refresh = entries?.stale?.running;
  return refresh?.key !== undefined && isSameKey(refresh.key, key) ? refresh : undefined;
}

/** The same for a promise that `set` was given: nobody waits for it yet. */
export function watchSet(
  memo: Memo,
  receiver: unknown,
  args: readonly unknown[],
  key: Key,
  value: PromiseLike<unknown>,
): void {
  const promise = handOut(new Flight(memo, receiver, args, key, { isSet: true }), value);
  if (promise !== value) (promise as Promise<unknown>).catch(() => {});
}

/** Lets a flight take off whose promise is there already, if only as the `refresh` of an entry; the promise that callers get. */
function handOut(
  flight: Flight,
  value: PromiseLike<unknown>,
  refresh?: Refresh,
): PromiseLike<unknown> {
  if (value instanceof Promise && value.constructor === Promise) {
    const promise = value.then(
      (result: unknown) => {
        flight.succeed(result);
        return result;
      },
      (error: unknown) => {
        const instead = flight.fail(error);
        if (instead === undefined) throw error;
        return instead.value;
      },
    );
    takeOff(flight, promise, refresh);
    return promise;
  }
  takeOff(flight, value, refresh);
  observe(
    value,
    (result) => {
      try {
        flight.succeed(result);
      } catch {
        // Those who wait have the thenable itself, and nothing to do with the options' functions.
      }
    },
    (error) => void flight.fail(error),
  );
  return value;
}

function takeOff(
  flight: Flight,
  promise: PromiseLike<unknown>,
  refresh: Refresh | undefined,
): void {
  const { memo, key } = flight;
  const entries = entriesOf(memo);
  flight.promise = promise;
  if (refresh === undefined) entries.takeOff(key, promise, flight);
  else entries.stale?.takeOff(refresh, flight);
}

/** Waits for any thenable: for the first thing that it says, also if it throws. */
export function observe(
  value: PromiseLike<unknown>,
  onResult: (result: unknown) => void,
  onError: (error: unknown) => void,
): void {
  let hasSettled = false;
  const once = (settle: (outcome: unknown) => void) => (outcome: unknown) => {
    if (hasSettled) return;
    hasSettled = true;
    settle(outcome);
  };
  try {
    value.then(once(onResult), once(onError));
  } catch (error) {
    once(onError)(error);
  }
}

/** A caller waits for a flight that is pending: what it gets. Who `insists` on the run gets no old result instead. */
export function join(flight: Flight, caller: Caller | undefined, insists = false): unknown {
  const { promise, memo } = flight;
  const { signals } = caller ?? NOBODY;
  if (signals.length === 0) flight.stays = true;
  if (!insists) flight.isAwaited = true;
  const { patience } = memo.whole;
  const isPlain = !insists || (memo.entries?.stale ?? null) === null;
  const own =
    signals.length === 0 && patience === undefined && isPlain
      ? promise
      : new Promise((resolve, reject) => {
          wait(flight, signals, insists, resolve, reject);
        });
  return own instanceof Promise && own.constructor === Promise ? track(flight, own) : own;
}

/** A caller that waits, and may cease to. */
interface Waiter {
  readonly insists: boolean;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

const NOBODY: { readonly signals: Caller["signals"] } = { signals: [] };

/** Lets those who wait know when the promise settles. A function of its own: what it makes must not hold a caller. */
function tellWaiting(flight: Flight): void {
  const { waiting, promise } = flight;
  flight.isWatched = true;
  (promise as PromiseLike<unknown>).then(
    (value) => waiting.forEach((each) => each.resolve(value)),
    (error: unknown) => waiting.forEach((each) => each.reject(error)),
  );
}

/** The old result that a flight is to replace, where it may be returned in its place. */
function inHand(flight: Flight): Settled | undefined {
  const entries = entriesOf(flight.memo);
  const entry = entries.current(flight.key, flight);
  try {
    return entry === undefined ? undefined : entries.stale?.inHand(entry);
  } catch {
    // Where the clock fails, nothing is known to be good.
    return undefined;
  }
}

/** Waits until the flight lands, one of the caller's signals fires, or its time is up. */
function wait(
  flight: Flight,
  signals: Caller["signals"],
  insists: boolean,
  resolve: (value: unknown) => void,
  reject: (error: unknown) => void,
): void {
  const { memo } = flight;
  const { patience } = memo.whole;
  // Whoever leaves does not wait any more.
  const from = currentFlight();
  const timer: { cancel?: () => void } = {};
  const finish = (): void => {
    flight.waiting.delete(waiter);
    try {
      timer.cancel?.();
    } catch {
      // What cannot be called off will find nobody waiting.
    }
    for (const signal of signals) signal.removeEventListener("abort", onAbort);
  };
  const waiter: Waiter = {
    insists,
    resolve(value) {
      finish();
      resolve(value);
    },
    reject(error) {
      finish();
      reject(error);
    },
  };
  const onAbort = (): void => {
    if (!flight.waiting.has(waiter)) return;
    finish();
    const reason = signals.find(({ aborted }) => aborted)?.reason;
    if (from !== undefined) endWait(from, flight);
    reject(reason);
    flight.leave(reason);
  };
  if (!flight.isWatched) tellWaiting(flight);
  flight.waiting.add(waiter);
  if (signals.length > 0) flight.callers++;
  for (const signal of signals) signal.addEventListener("abort", onAbort);
  if (signals.some(({ aborted }) => aborted)) {
    onAbort();
    return;
  }
  if (patience === undefined) return;
  const isOurs = flight.promise instanceof Promise;
  const cancel: unknown = patience.schedule(() => {
    // One that has landed, and is ours, is about to tell.
    if (!flight.waiting.has(waiter) || (isOurs && !flight.isPending)) return;
    finish();
    if (from !== undefined) endWait(from, flight);
    // Impatient, but interested: the run goes on.
    flight.stays = true;
    const old = insists ? undefined : inHand(flight);
    if (old !== undefined) {
      memo.whole.rescued++;
      resolve(old.value);
      return;
    }
    reject(
      new RoteError(
        "ERR_TIMEOUT",
        `A call of "${memo.whole.name}" has waited for ${patience.timeout} ms, as long as options.timeout allows. The run goes on and its result is kept: call again, or allow more time.`,
      ),
    );
  }, patience.timeout);
  if (typeof cancel === "function") {
    timer.cancel = cancel as () => void;
    return;
  }
  finish();
  flight.stays = true;
  reject(
    new RoteError(
      "ERR_INVALID_RESULT",
      `schedule of "${memo.whole.name}" must return a function that calls off what it has scheduled; it returned ${cancel === null ? "null" : `a value of type ${typeof cancel}`}. Return () => clearTimeout(timer), for instance.`,
      { option: "schedule", value: cancel },
    ),
  );
}
