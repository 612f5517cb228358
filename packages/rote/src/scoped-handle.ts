import type { CacheEventType } from "./cache/events.ts";
import type { Memo } from "./cache/memo.ts";
import type { Whole } from "./cache/whole.ts";
import { scopedMemo } from "./call/scoped.ts";
import { RoteError } from "./errors.ts";
import { type Explanation, willRun } from "./cache/explanation.ts";
import { type CacheHandle, type CacheStats, Handle, listenTo } from "./handle.ts";
import { catchUp, renew } from "./run/forget.ts";

/**
 * The handle of a function with `scope: "request"`: whatever it is asked, it asks the cache of the
 * scope in which that happens. Outside of every scope there is nothing.
 */
export class ScopedHandle implements CacheHandle {
  readonly #whole: Whole;
  readonly #receiver: unknown;
  readonly #isOfOne: boolean;

  constructor(whole: Whole, receiver: unknown, isOfOne: boolean) {
    this.#whole = whole;
    this.#receiver = receiver;
    this.#isOfOne = isOfOne;
  }

  get #now(): Handle {
    return this.#in(scopedMemo(this.#whole) ?? this.#whole.memo);
  }

  #in(memo: Memo): Handle {
    return new Handle(memo, this.#receiver, this.#isOfOne);
  }

  get size(): number {
    return this.#now.size;
  }
  has(...args: unknown[]): boolean {
    return this.#now.has(...args);
  }
  peek(...args: unknown[]): unknown {
    return this.#now.peek(...args);
  }
  set(args: readonly unknown[], value: unknown): void {
    this.#inScope("set").set(args, value);
  }
  delete(...args: unknown[]): boolean {
    return this.#now.delete(...args);
  }
  refresh(...args: unknown[]): unknown {
    return this.#inScope("refresh").refresh(...args);
  }
  entries(): IterableIterator<[never, never]> {
    return this.#now.entries();
  }
  stats(): CacheStats {
    return this.#now.stats();
  }
  resize(bound: { maxEntries?: number; maxWeight?: number }): void {
    this.#inScope("resize").resize(bound);
  }
  explain(...args: unknown[]): Explanation {
    return scopedMemo(this.#whole) === undefined
      ? willRun("no scope", undefined, "it is outside of every scope, where nothing is kept")
      : this.#now.explain(...args);
  }
  of(receiver: unknown): CacheHandle {
    // Which refuses a function that does not use its receiver.
    this.#now.of(receiver);
    return new ScopedHandle(this.#whole, receiver, true);
  }

  /** In a scope, its entries; outside, those of all scopes. */
  clear(): void {
    const whole = this.#whole;
    const memo = scopedMemo(whole);
    if (memo === undefined) renew(whole);
    else this.#in(memo).clear();
  }

  on(type: CacheEventType, listener: (event: never) => void): () => void {
    catchUp(this.#whole.memo);
    return listenTo(this.#whole, type, listener);
  }

  #inScope(what: string): Handle {
    const memo = scopedMemo(this.#whole);
    if (memo !== undefined) return this.#in(memo);
    throw new RoteError(
      "ERR_INVALID_ARGUMENT",
      `"${this.#whole.name}" remembers results for the time of a request, and cache.${what} was called outside of every one. Call it inside runInScope(() => …) of "rote/scope".`,
    );
  }
}
