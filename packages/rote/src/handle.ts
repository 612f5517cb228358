import { keyOfCall, keyOfReceiver } from "./call/any.ts";
import type { AnyFunction, Callable, Memo, ParametersOf, ResultOf } from "./cache/memo.ts";
import { RoteError } from "./errors.ts";
import { VOID } from "./key/node.ts";
import { rebuild } from "./key/rebuild.ts";
import { IDENTITY } from "./key/token.ts";
import type { Entry, Key } from "./key/trie.ts";
import { show } from "./options.ts";
import { catchUp, forgetAll, keepForDrives } from "./run/forget.ts";
import { runOutermost } from "./run/outermost.ts";
import { runPlainly } from "./run/plain.ts";
import { outside, stack } from "./run/stack.ts";

/** What a memoized function has done so far; times are in milliseconds. */
export interface CacheStats {
  /** Calls answered from an entry, those that runs make of their own function included. */
  hits: number;
  /** Calls that had to run the function: its runs less reruns, refreshes and verifications. */
  misses: number;
  /** Times the function was run, reruns, refreshes and verifications included. */
  runs: number;
  /** Runs repeated because the recursion was deeper than the stack: at most one for each run. */
  reruns: number;
  /** Entries there are now. */
  entries: number;
  /**
   * Time spent in outermost runs, or in every run with `timing`. Of outermost
   * runs under 5 µs in a row every second, fourth, … 64th is measured and counts for those before it.
   */
  runTime: number;
  /** The deepest recursion so far, in memoized runs that waited for each other. */
  depth: number;
  /** Results and failures that a recursion under way keeps for itself. */
  pinned: number;
}

/** Looks into, and changes, what a memoized function remembers; `fn.cache`. */
export interface CacheHandle<Fn extends Callable = AnyFunction> {
  /** How many entries there are. Counting takes time in proportion if arguments are known by identity. */
  readonly size: number;
  /** Whether a call with these arguments would be a hit. Counts nothing. */
  has(...args: ParametersOf<Fn>): boolean;
  /** The stored result of a call, or `undefined`; never runs the function, counts nothing. */
  peek(...args: ParametersOf<Fn>): ResultOf<Fn> | undefined;
  /** Stores `value` as the result of a call. */
  set(args: Readonly<ParametersOf<Fn>>, value: ResultOf<Fn>): void;
  /** Forgets the result of a call; whether there was one. */
  delete(...args: ParametersOf<Fn>): boolean;
  /** Forgets every entry. */
  clear(): void;
  /** Runs the function whatever is stored, stores the new result and returns it. An error leaves the old entry. */
  refresh(...args: ParametersOf<Fn>): ResultOf<Fn>;
  /**
   * Every entry as `[args, value]`: arguments with content are made anew from the key, others are the
   * objects themselves. With a `key` function, `[key, value]`. A copy: changes do not disturb it.
   */
  entries(): IterableIterator<[args: ParametersOf<Fn>, value: ResultOf<Fn>]>;
  /** What it was worth. */
  stats(): CacheStats;
  /**
   * The same for calls with one receiver. `stats()` counts entries per receiver, all else per function.
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
    const memo = this.#memo;
    const { trie } = memo;
    catchUp(memo);
    return this.#isOfOne || trie.hasObjects ? this.#found().length : trie.strongSize;
  }

  has(...args: unknown[]): boolean {
    return stack.isEnabled && this.#get(args) !== undefined;
  }

  peek(...args: unknown[]): unknown {
    const found = stack.isEnabled ? this.#get(args) : undefined;
    return found === VOID ? undefined : found;
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
    this.#memo.trie.set(this.#key(args), value === undefined ? VOID : value);
  }

  delete(...args: unknown[]): boolean {
    return this.#delete(this.#key(args));
  }

  clear(): void {
    if (this.#isOfOne) for (const { key } of this.#found()) this.#delete(key);
    else forgetAll(this.#memo);
  }

  refresh(...args: unknown[]): unknown {
    const memo = this.#memo;
    if (!stack.isEnabled) return runPlainly(memo, this.#receiver, args);
    const key = this.#key(args);
    const { runs } = memo;
    try {
      return outside(() => runOutermost(memo, this.#receiver, args, key, { isForced: true }));
    } finally {
      // Unless it was refused, as a cycle for instance.
      if (memo.runs > runs) memo.extraRuns++;
    }
  }

  entries(): Generator<[never, never]> {
    return this.#rebuilt(this.#found());
  }

  *#rebuilt(found: Entry[]): Generator<[never, never]> {
    const { hasReceiver, keyOf } = this.#memo;
    for (const { key, value } of found) {
      const elements = rebuild(key);
      if (hasReceiver) elements.shift();
      yield [
        (keyOf === undefined ? elements : elements[0]) as never,
        (value === VOID ? undefined : value) as never,
      ];
    }
  }

  stats(): CacheStats {
    const { hits, runs, reruns, extraRuns, runTime, deepest, pinned } = this.#memo;
    return {
      hits,
      misses: runs - reruns - extraRuns,
      runs,
      reruns,
      entries: this.size,
      runTime,
      depth: deepest,
      pinned: pinned === null ? 0 : pinned.entries().length,
    };
  }

  of(receiver: unknown): Handle {
    if (!this.#memo.hasReceiver) {
      throw new RoteError(
        "ERR_INVALID_ARGUMENT",
        `"${this.#memo.name}" does not use this, so its entries belong to no receiver. Use the handle without of(), or memoize with { receiver: true }.`,
      );
    }
    return new Handle(this.#memo, receiver, true);
  }

  #key(args: readonly unknown[]): Key {
    catchUp(this.#memo);
    return keyOfCall(this.#memo, this.#receiver, args);
  }

  #get(args: readonly unknown[]): unknown {
    return this.#memo.trie.get(this.#key(args));
  }

  #delete(key: Key): boolean {
    const memo = this.#memo;
    keepForDrives(memo, () => {
      const value = memo.trie.get(key);
      return value === undefined ? [] : [{ key, value }];
    });
    return memo.trie.delete(key);
  }

  #found(): Entry[] {
    const memo = this.#memo;
    const { trie } = memo;
    catchUp(memo);
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
