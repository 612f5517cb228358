import type { CacheEventType } from "./cache/events.ts";
import type { Whole } from "./cache/whole.ts";
import { scopedMemo } from "./call/scoped.ts";
import { RoteError } from "./errors.ts";
import { type Explanation, willRun } from "./explain.ts";
import { type CacheHandle, type CacheStats, Handle, listenTo } from "./handle.ts";
import { catchUp, forgetAll, renew } from "./run/forget.ts";

/**
 * The handle of a function with `scope: "request"`: whatever it is asked, it asks the cache of the
 * scope in which that happens. Outside of every scope there is nothing.
 */
export class ScopedHandle implements CacheHandle {
  readonly #whole: Whole;

  constructor(whole: Whole) {
    this.#whole = whole;
  }

  get #now(): Handle {
    return new Handle(scopedMemo(this.#whole) ?? this.#whole.memo, undefined, false);
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
    return this.#now.of(receiver);
  }

  /** In a scope, its entries; outside, those of all scopes. */
  clear(): void {
    const whole = this.#whole;
    const memo = scopedMemo(whole);
    if (memo === undefined) renew(whole);
    else forgetAll(memo);
  }

  on(type: CacheEventType, listener: (event: never) => void): () => void {
    catchUp(this.#whole.memo);
    return listenTo(this.#whole, type, listener);
  }

  #inScope(what: string): Handle {
    const memo = scopedMemo(this.#whole);
    if (memo !== undefined) return new Handle(memo, undefined, false);
    throw new RoteError(
      "ERR_INVALID_ARGUMENT",
      `"${this.#whole.name}" remembers results for the time of a request, and cache.${what} was called outside of every one. Call it inside runInScope(() => …) of "rote/scope".`,
    );
  }
}
