import type { CacheEventType } from "./cache/events.ts";
import type { Receivers } from "./cache/receivers.ts";
import type { Whole } from "./cache/whole.ts";
import { RoteError } from "./errors.ts";
import type { Explanation } from "./cache/explanation.ts";
import {
  type CacheHandle,
  type CacheStats,
  countsOf,
  Handle,
  handleOfReceiver,
  listenTo,
} from "./handle.ts";
import { catchUp, forgetAll, renew } from "./run/forget.ts";

/**
 * The handle of a method: what concerns all receivers. Everything else is asked of one of them,
 * since each has a cache of its own.
 */
export class MethodHandle implements CacheHandle {
  readonly #whole: Whole;

  constructor(whole: Whole) {
    this.#whole = whole;
  }

  of(receiver: unknown): Handle {
    return handleOfReceiver(this.#whole, receiver);
  }

  clear(): void {
    const whole = this.#whole;
    renew(whole);
    forgetAll(whole.memo);
    // The others drop theirs when they are next used.
    for (const each of (whole.receivers as Receivers).all()) catchUp(each);
  }

  stats(): CacheStats {
    const whole = this.#whole;
    catchUp(whole.memo);
    const found = (whole.receivers as Receivers)
      .all()
      .map((memo) => new Handle(memo, undefined, false).stats());
    const sum = (of: "entries" | "weight" | "inFlight" | "pinned"): number =>
      found.reduce((total, each) => total + each[of], 0);
    return {
      ...countsOf(whole),
      entries: sum("entries"),
      weight: sum("weight"),
      inFlight: sum("inFlight"),
      pinned: sum("pinned"),
    };
  }

  on(type: CacheEventType, listener: (event: never) => void): () => void {
    catchUp(this.#whole.memo);
    return listenTo(this.#whole, type, listener);
  }

  get size(): number {
    throw this.#needsReceiver("size");
  }
  has(): boolean {
    throw this.#needsReceiver("has(…)");
  }
  peek(): undefined {
    throw this.#needsReceiver("peek(…)");
  }
  set(): void {
    throw this.#needsReceiver("set(…)");
  }
  delete(): boolean {
    throw this.#needsReceiver("delete(…)");
  }
  refresh(): undefined {
    throw this.#needsReceiver("refresh(…)");
  }
  entries(): IterableIterator<never> {
    throw this.#needsReceiver("entries()");
  }
  resize(): void {
    throw this.#needsReceiver("resize(…)");
  }
  explain(): Explanation {
    throw this.#needsReceiver("explain(…)");
  }

  #needsReceiver(what: string): RoteError {
    const { name, receivers } = this.#whole;
    const property = String(receivers?.property);
    return new RoteError(
      "ERR_INVALID_ARGUMENT",
      `"${name}" is a method, and each object that it is called on has a cache of its own: ${what} needs one of them. Say which: cacheOf(object, "${property}").${what}, or cache.of(object).${what}.`,
    );
  }
}
