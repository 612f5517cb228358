/** Promises without a clock: what they have come to once every microtask has run. */
import { afterEach, beforeEach, expect } from "vitest";

/** Lets every microtask run, also those that others queue. */
export async function drained(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

/** Lets so many microtasks pass. */
export async function hops(count: number): Promise<void> {
  for (let hop = 0; hop < count; hop++) await null;
}

export type Outcome =
  | { readonly state: "pending" }
  | { readonly state: "fulfilled"; readonly value: unknown }
  | { readonly state: "rejected"; readonly reason: unknown };

export interface Watched {
  readonly outcome: Outcome;
}

/** Follows a promise, and handles its rejection. */
export function watch(promise: PromiseLike<unknown>): Watched {
  const watched: { outcome: Outcome } = { outcome: { state: "pending" } };
  promise.then(
    (value) => (watched.outcome = { state: "fulfilled", value }),
    (reason: unknown) => (watched.outcome = { state: "rejected", reason }),
  );
  return watched;
}

/**
 * What a promise comes to that only microtasks can settle: once they have all run it is settled, or
 * it hangs for ever.
 */
export async function outcomeOf(promise: PromiseLike<unknown>): Promise<Outcome> {
  const watched = watch(promise);
  for (let round = 0; round < 3 && watched.outcome.state === "pending"; round++) await drained();
  return watched.outcome;
}

/** The value of a promise that only microtasks can settle; throws if it hangs. */
export async function valueOf<Value>(promise: PromiseLike<Value>): Promise<Value> {
  const outcome = await outcomeOf(promise);
  if (outcome.state === "pending")
    throw new Error("The promise hangs: no microtask is left and it is pending.");
  if (outcome.state === "rejected") throw outcome.reason;
  return outcome.value as Value;
}

/** Why a promise rejects that only microtasks can settle; throws if it hangs or fulfils. */
export async function reasonOf(promise: PromiseLike<unknown>): Promise<unknown> {
  const outcome = await outcomeOf(promise);
  if (outcome.state === "rejected") return outcome.reason;
  throw new Error(
    outcome.state === "pending"
      ? "The promise hangs: no microtask is left and it is pending."
      : `The promise fulfils with ${String(outcome.value)}.`,
  );
}

export interface Deferred<Value = unknown> {
  readonly promise: Promise<Value>;
  resolve(value: Value): void;
  reject(reason: unknown): void;
}

export function deferred<Value = unknown>(): Deferred<Value> {
  let resolve!: (value: Value) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<Value>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/** A clock and a schedule that move only when told. */
export class FakeTime {
  now = 0;
  readonly #timers = new Set<{ at: number; callback: () => void }>();

  readonly clock = (): number => this.now;

  readonly schedule = (callback: () => void, milliseconds: number): (() => void) => {
    const timer = { at: this.now + milliseconds, callback };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  };

  /** How many timers wait. */
  get timers(): number {
    return this.#timers.size;
  }

  pass(milliseconds: number): void {
    this.now += milliseconds;
    for (const timer of this.#timers) {
      if (timer.at > this.now) continue;
      this.#timers.delete(timer);
      timer.callback();
    }
  }
}

/** In a file or `describe`: no test leaves a rejection that nobody handles. */
export function expectNoUnhandledRejections(): void {
  let reasons: unknown[] = [];
  const note = (reason: unknown): void => void reasons.push(reason);
  beforeEach(() => {
    reasons = [];
    process.on("unhandledRejection", note);
  });
  afterEach(async () => {
    // They are reported when the microtasks have run.
    await drained();
    await drained();
    process.off("unhandledRejection", note);
    expect(reasons).toEqual([]);
  });
}
