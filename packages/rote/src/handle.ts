import { argumentsOf } from "./cache/arguments.ts";
import { Entry, FAILURE, FLIGHT, REJECTION, RESULT, type Settled } from "./cache/entry.ts";
import { type CacheEvents, type CacheEventType, EVENT_TYPES, Listeners } from "./cache/events.ts";
import type { AnyFunction, Callable, Memo, ParametersOf, ResultOf } from "./cache/memo.ts";
import type { StoreStats } from "./cache/lower.ts";
import { canOwn } from "./cache/receivers.ts";
import type { RemovalCause } from "./cache/removal.ts";
import type { Whole } from "./cache/whole.ts";
import { keyOfCall, keyOfReceiver } from "./call/any.ts";
import { memoOf } from "./call/method.ts";
import { RoteError } from "./errors.ts";
import { explain, type Explanation } from "./explain.ts";
import { VOID } from "./key/node.ts";
import { IDENTITY } from "./key/token.ts";
import type { Key, Stored } from "./key/trie.ts";
import { checkBound, show } from "./options.ts";
import { observing } from "./run/clock.ts";
import { fly } from "./run/fly.ts";
import { insist } from "./run/watch.ts";
import { isThenable } from "./run/thenable.ts";
import { catchUp, forgetAll, keepForDrives, noteRemoved } from "./run/forget.ts";
import { setEntry } from "./run/keep.ts";
import { runOutermost } from "./run/outermost.ts";
import { runPlainly } from "./run/plain.ts";
import { runRefused } from "./run/refused.ts";
import { readCaller } from "./run/signal.ts";
import { outside, stack } from "./run/stack.ts";

/** What a memoized function has done so far; times are in milliseconds. */
export interface CacheStats {
  /** Calls answered from an entry, those that runs make of their own function included. */
  hits: number;
  /** Hits that returned a result past its TTL. */
  staleHits: number;
  /** Calls that had to run the function: its runs less reruns, refreshes and verifications. */
  misses: number;
  /** Times the function was run, reruns, refreshes and verifications included. */
  runs: number;
  /** Runs repeated because the recursion was deeper than the stack: at most one for each run. */
  reruns: number;
  /** Runs begun in the background because a stale result was returned. */
  refreshes: number;
  /** How often an old result was returned in place of an error or of `ERR_TIMEOUT`: once for each run that failed, and for each caller whose time was over. */
  rescued: number;
  /** Entries there are now: results, stale ones too, and failures that are remembered. */
  entries: number;
  /** What they weigh together; without `weigh`, each weighs 1. */
  weight: number;
  /** Results that were not kept because each weighs more than the bound. */
  oversized: number;
  /** Entries that were removed, by cause; collected ones are noticed in functions with a bound or a TTL. */
  removals: Readonly<Record<RemovalCause, number>>;
  /** Promises that have not settled, and that calls would join, now or when the stale result behind which they run has come to its end. */
  inFlight: number;
  /** Hits that joined such a promise rather than find a result. */
  coalesced: number;
  /**
   * Time spent in outermost runs, or in every run with `timing`. Of outermost
   * runs under 5 µs in a row every second, fourth, … 64th is measured and counts for those before it.
   * Async runs count until they settle.
   */
  runTime: number;
  /**
   * What hits saved at least: each a run of mean length. An estimate from the runs that were
   * measured; in a recursion, where a hit saves a tree of runs, far too low.
   */
  timeSaved: number;
  /** The deepest recursion so far, in memoized runs that waited for each other. */
  depth: number;
  /** Results and failures that a recursion under way keeps for itself. */
  pinned: number;
  /** What the store below the memory has done; `undefined` without the option `store`. */
  store: StoreStats | undefined;
}

/** Looks into, and changes, what a memoized function remembers; `fn.cache`. */
export interface CacheHandle<Fn extends Callable = AnyFunction> {
  /**
   * How many entries there are, promises in flight and what has expired not counted. Counting takes
   * time in proportion if arguments are known by identity, or if there is a TTL.
   */
  readonly size: number;
  /**
   * Whether a call with these arguments would have to wait for no run of its own: there is a result,
   * which may be stale, a remembered failure, or a promise. Counts nothing, and refreshes nothing.
   */
  has(...args: ParametersOf<Fn>): boolean;
  /** The stored result that a call would get, which may be stale, or `undefined`; never runs the function, counts nothing. */
  peek(...args: ParametersOf<Fn>): ResultOf<Fn> | undefined;
  /** Stores `value` as the result of a call. */
  set(args: Readonly<ParametersOf<Fn>>, value: ResultOf<Fn>): void;
  /** Forgets the result of a call, and drops a refresh that is under way; whether there was one, be it stale, or in the store alone. */
  delete(...args: ParametersOf<Fn>): boolean;
  /** Forgets every entry, also those of this version in the store. */
  clear(): void;
  /**
   * Runs the function whatever is stored, stores the new result and returns it. An error leaves the
   * old entry, and reaches the caller also with `staleIfError`. Calls join the promise of an async
   * function's new run while it is in flight.
   */
  refresh(...args: ParametersOf<Fn>): ResultOf<Fn>;
  /**
   * Every entry as `[args, value]`: arguments with content are made anew from the key, others are the
   * objects themselves. With a `key` function, `[key, value]`. A copy: changes do not disturb it.
   */
  entries(): IterableIterator<[args: ParametersOf<Fn>, value: ResultOf<Fn>]>;
  /** What it was worth. */
  stats(): CacheStats;
  /**
   * Changes the bound; what is then too much goes at once.
   * @throws {RoteError} `ERR_INVALID_ARGUMENT` for a function that was memoized without that bound;
   * `ERR_INVALID_OPTION` for what is no bound.
   */
  resize(bound: { maxEntries?: number; maxWeight?: number }): void;
  /** What a call with these arguments would do now, and why. Changes and counts nothing. */
  explain(...args: ParametersOf<Fn>): Explanation;
  /**
   * Calls `listener` whenever something of that type happens, until the function that is returned is
   * called. What a listener throws is ignored. While somebody listens, every call takes the general path.
   * @throws {RoteError} `ERR_INVALID_ARGUMENT` for another type, or no function.
   */
  on<Type extends CacheEventType>(
    type: Type,
    listener: (event: CacheEvents<ParametersOf<Fn>, ResultOf<Fn>>[Type]) => void,
  ): () => void;
  /**
   * The same for calls with one receiver. `stats()` counts entries per receiver, all else per function, and listeners hear of all.
   * @throws {RoteError} `ERR_INVALID_ARGUMENT` if the function's receiver is no part of its key.
   */
  of(receiver: unknown): CacheHandle<Fn>;
}

export class Handle implements CacheHandle {
  readonly #memo: Memo;
  readonly #receiver: unknown;
  readonly #isOfOne: boolean;

  constructor(memo: Memo, receiver: unknown, isOfOne: boolean) {
    this.#memo = memo;
    this.#receiver = receiver;
    this.#isOfOne = isOfOne;
  }

  get size(): number {
    const { entries, trie } = this.#caughtUp();
    entries?.sweep();
    if (!this.#isOfOne && !trie.hasObjects && entries?.isMixed !== true)
      return entries === null ? trie.strongSize : entries.live;
    return this.#found().filter(({ value }) => isSettled(value)).length;
  }

  has(...args: unknown[]): boolean {
    if (!stack.isEnabled) return false;
    const found = this.#get(args);
    return found instanceof Entry ? this.#answer(found) !== undefined : found !== undefined;
  }

  peek(...args: unknown[]): unknown {
    const found = stack.isEnabled ? this.#get(args) : undefined;
    if (!(found instanceof Entry)) return found === VOID ? undefined : found;
    const answer = this.#answer(found);
    return answer?.state === FAILURE ? undefined : answer?.value;
  }

  set(args: readonly unknown[], value: unknown): void {
    if (!Array.isArray(args)) {
      throw new RoteError(
        "ERR_INVALID_ARGUMENT",
        `cache.set takes the list of arguments first, as in set([36], value); received ${show(args)}.`,
        {
          value: args,
        },
      );
    }
    const memo = this.#memo;
    const key = this.#key(args);
    const { lower } = memo.whole;
    // Memory and store wait for it, and what is no promise of the language may begin anew each time.
    if (lower !== null && isThenable(value)) value = Promise.resolve(value);
    lower?.set(memo, key, this.#receiver, args, value);
    if (memo.entries !== null || isThenable(value)) {
      setEntry(memo, this.#receiver, args, key, value);
      return;
    }
    const before = memo.trie.get(key);
    memo.trie.set(key, value === undefined ? VOID : value);
    if (before !== undefined) noteRemoved(memo, key, before, "replaced");
  }

  delete(...args: unknown[]): boolean {
    const memo = this.#memo;
    const key = this.#key(args);
    const wasStored = memo.whole.lower?.delete(memo, key) === true;
    return this.#delete(key, "deleted") || wasStored;
  }

  clear(): void {
    const memo = this.#memo;
    if (this.#isOfOne) {
      for (const { key } of this.#found()) this.#delete(key, "cleared");
      return;
    }
    memo.whole.lower?.clear();
    forgetAll(memo);
  }

  refresh(...args: unknown[]): unknown {
    const memo = this.#memo;
    if (!stack.isEnabled) return runPlainly(memo, this.#receiver, args);
    const key = this.#key(args);
    if (memo.whole.isAsync) {
      const caller = readCaller(args, memo.whole.byIdentity);
      const gone = caller?.signals.find(({ aborted }) => aborted);
      return gone === undefined
        ? fly(memo, this.#receiver, args, key, caller, true)
        : Promise.reject(gone.reason);
    }
    const { segment, isOutside } = stack;
    // In code that has caught a suspension: what is under way above is not, any more.
    if (segment?.isSuspended === true && !isOutside)
      return runRefused(segment, memo, this.#receiver, args, key);
    const before = memo.trie.get(key);
    const value = outside(() => runOutermost(memo, this.#receiver, args, key, { isForced: true }));
    if (isThenable(value)) return insist(memo, key, value);
    if (memo.entries === null && before !== undefined) noteRemoved(memo, key, before, "replaced");
    return value;
  }

  entries(): Generator<[never, never]> {
    this.#memo.entries?.sweep();
    return this.#rebuilt(this.#found());
  }

  *#rebuilt(found: Stored[]): Generator<[never, never]> {
    const memo = this.#memo;
    for (const { key, value: stored } of found) {
      if (stored instanceof Entry && stored.state !== RESULT) continue;
      const value = stored instanceof Entry ? stored.value : stored === VOID ? undefined : stored;
      const args = argumentsOf(memo, key);
      yield [(memo.whole.keyOf === undefined ? args : args[0]) as never, value as never];
    }
  }

  stats(): CacheStats {
    const { size } = this;
    const { whole, pinned, entries } = this.#memo;
    return {
      ...countsOf(whole),
      entries: size,
      weight: entries?.policy?.weight ?? size,
      inFlight: (entries?.flights ?? 0) + (entries?.stale?.inFlight ?? 0),
      pinned: pinned === null ? 0 : pinned.entries().length,
    };
  }

  resize(bound: { maxEntries?: number; maxWeight?: number }): void {
    const memo = this.#caughtUp();
    const { entries } = memo;
    const isWeighed = entries?.rules.weigh !== undefined;
    checkBound(
      bound,
      { isBounded: entries !== null && entries.policy !== null, isWeighed },
      memo.whole.name,
    );
    if (entries === null) return;
    const { maxEntries, maxWeight } = entries.bound;
    entries.resize({
      maxEntries: bound.maxEntries ?? maxEntries,
      maxWeight: bound.maxWeight ?? maxWeight,
    });
  }

  explain(...args: unknown[]): Explanation {
    return explain(this.#memo, this.#key(args));
  }

  on(type: CacheEventType, listener: (event: never) => void): () => void {
    return listenTo(this.#caughtUp().whole, type, listener);
  }

  of(receiver: unknown): Handle {
    const { whole } = this.#memo;
    if (whole.receivers !== null) return handleOfReceiver(whole, receiver);
    if (!this.#memo.hasReceiver) {
      throw new RoteError(
        "ERR_INVALID_ARGUMENT",
        `"${this.#memo.whole.name}" does not use this, so its entries belong to no receiver. Use the handle without of(), or memoize with { receiver: true }.`,
      );
    }
    return new Handle(this.#memo, receiver, true);
  }

  #caughtUp(): Memo {
    catchUp(this.#memo);
    return this.#memo;
  }

  #key(args: readonly unknown[]): Key {
    return keyOfCall(this.#caughtUp(), this.#receiver, args);
  }

  #get(args: readonly unknown[]): unknown {
    const memo = this.#memo;
    const found = memo.trie.get(this.#key(args));
    if (found instanceof Entry && found.state <= REJECTION && !this.#isThere(found))
      memo.entries?.expire(found);
    return found;
  }

  #answer(entry: Entry): Settled | undefined {
    return this.#memo.entries?.answer(entry);
  }

  #isThere(entry: Entry): boolean {
    return (
      entry.state === FLIGHT ||
      (entry.state <= REJECTION && this.#memo.entries?.isKept(entry) === true)
    );
  }

  #delete(key: Key, cause: RemovalCause): boolean {
    const memo = this.#memo;
    const found = memo.trie.get(key);
    if (found === undefined) return false;
    if (found instanceof Entry && memo.entries !== null) {
      if (!this.#isThere(found)) memo.entries.expire(found);
      return memo.entries.remove(found, cause);
    }
    keepForDrives(memo, () => [{ key, value: found }]);
    memo.trie.delete(key);
    noteRemoved(memo, key, found, cause);
    return true;
  }

  #found(): Stored[] {
    const memo = this.#caughtUp();
    const { trie } = memo;
    if (!this.#isOfOne) return trie.entries();
    // The receiver is the first element of every key.
    const probe = keyOfReceiver(memo, this.#receiver);
    const object = probe.objects?.[0];
    if (object !== undefined) {
      return trie
        .entriesBelow(object)
        .filter(({ key }) => key.tokens.length === 0 || key.tokens[0] === IDENTITY);
    }
    return trie.entries().filter(({ key }) => Object.is(key.tokens[0], probe.tokens[0]));
  }
}

/** What is counted per function, whatever the receiver. */
export function countsOf(
  whole: Whole,
): Omit<CacheStats, "entries" | "weight" | "inFlight" | "pinned"> {
  const { hits, staleHits, runs, reruns, extraRuns, refreshes, rescued, runTime, timedRuns } =
    whole;
  return {
    hits,
    staleHits,
    misses: runs - reruns - extraRuns,
    runs,
    reruns,
    refreshes,
    rescued,
    oversized: whole.oversized,
    removals: { ...whole.removals },
    coalesced: whole.coalesced,
    runTime,
    timeSaved: timedRuns === 0 ? 0 : (hits * runTime) / timedRuns,
    depth: whole.deepest,
    store: whole.lower === null ? undefined : copyOf(whole.lower.counts),
  };
}

function copyOf(counts: StoreStats): StoreStats {
  return { ...counts, misses: { ...counts.misses } };
}

function isSettled(stored: unknown): boolean {
  return !(stored instanceof Entry) || stored.state <= REJECTION;
}

/** The handle for one receiver of a method. */
export function handleOfReceiver(whole: Whole, receiver: unknown): Handle {
  return new Handle(memoOf(whole, receiver), receiver, !canOwn(receiver));
}

/** For `on`. */
export function listenTo(
  whole: Whole,
  type: CacheEventType,
  listener: (event: never) => void,
): () => void {
  if (!EVENT_TYPES.includes(type) || typeof listener !== "function") {
    throw new RoteError(
      "ERR_INVALID_ARGUMENT",
      `cache.on takes one of ${EVENT_TYPES.map((each) => `"${each}"`).join(", ")} and a function; received ${typeof type === "string" ? `"${type as string}"` : show(type)} and ${show(listener)}.`,
      { value: EVENT_TYPES.includes(type) ? listener : type },
    );
  }
  const listeners = (whole.listeners ??= new Listeners(whole.name, outside));
  const remove = listeners.add(type, listener);
  listen(whole);
  return () => {
    remove();
    listen(whole);
  };
}

/** Somebody has begun or ceased to listen. */
function listen(whole: Whole): void {
  const { memo } = whole;
  const { listeners } = whole;
  if (listeners === null) return;
  whole.unobserved ??= whole.runner;
  const isObserved = listeners.has("run") || listeners.has("error");
  whole.runner = isObserved ? observing(whole.unobserved, whole) : whole.unobserved;
  whole.seesErrors = listeners.has("error") || memo.entries?.rules.seesErrors === true;
  if (listeners.isEmpty) whole.listeners = null;
  memo.enter(memo.entriesEpoch);
}
