import { cycleErrorOf, describeCall } from "./cycle.ts";

/** A flight in the wait-for graph. */
export interface Waiting {
  readonly name: string;
  readonly args: readonly unknown[];
  readonly isPending: boolean;
  waitsFor: Set<Waiting> | undefined;
  waiters: Set<Waiting> | undefined;
}

/** What rote needs of AsyncLocalStorage. */
interface Context {
  run<Result>(flight: Waiting | undefined, callback: () => Result): Result;
  getStore(): Waiting | undefined;
}

interface Platform {
  process?: {
    getBuiltinModule?: (name: string) => { AsyncLocalStorage: new () => Context } | undefined;
  };
}

/** `undefined` until the first flight, `null` where there is none. */
let context: Context | null | undefined;

/** Where there is no context, the flight whose function is running before its first `await`. */
let starting: Waiting | undefined;

function findContext(): Context | null {
  try {
    // Not an import, which bundlers for browsers would have to be told about.
    const hooks = (globalThis as Platform).process?.getBuiltinModule?.("node:async_hooks");
    return hooks === undefined ? null : new hooks.AsyncLocalStorage();
  } catch {
    return null;
  }
}

/** The flight as part of which the code is running that asks. */
export function currentFlight(): Waiting | undefined {
  const flight = context === null || context === undefined ? starting : context.getStore();
  return flight?.isPending === true ? flight : undefined;
}

/** Runs the function of a flight; of none, what is no part of the flight that happens to be asking. */
export function runInside<Result>(flight: Waiting | undefined, callback: () => Result): Result {
  if (context === undefined) {
    if (flight === undefined) return callback();
    context = findContext();
  }
  if (context !== null) return context.run(flight, callback);
  const before = starting;
  starting = flight;
  try {
    return callback();
  } finally {
    starting = before;
  }
}

/**
 * What a flight gets of another one: a promise that knows when it is waited for. To call is not to
 * wait: only `then`, which `await` calls as well if the promise is of a class of its own, tells that
 * one flight needs the other, and then whether that closes a cycle.
 */
class Tracked extends Promise<unknown> {
  #flight: Waiting | undefined = undefined;
  #caller: Waiting | undefined = undefined;

  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  static of(flight: Waiting, caller: Waiting, promise: PromiseLike<unknown>): Tracked {
    const tracked = new Tracked((resolve) => resolve(promise));
    tracked.#flight = flight;
    tracked.#caller = caller;
    return tracked;
  }

  // To be told of `then` is what the class is for.
  // oxlint-disable-next-line unicorn/no-thenable
  override then<A, B>(
    onResult?: ((value: unknown) => A | PromiseLike<A>) | null,
    onError?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    const flight = this.#flight;
    const waiter = context === null ? this.#caller : currentFlight();
    if (flight?.isPending === true && waiter?.isPending === true) {
      const cycle = addWait(waiter, flight);
      if (cycle !== undefined) {
        // Nobody else may ever look at this promise.
        void super.then(undefined, () => {});
        const calls = cycle.map(({ name, args }) => describeCall(name, args));
        return Promise.reject(cycleErrorOf(calls)).then(onResult, onError);
      }
    }
    return super.then(onResult, onError);
  }
}

/** Inside another flight, a promise that knows when it is waited for; elsewhere the promise itself. */
export function track(flight: Waiting, promise: Promise<unknown>): Promise<unknown> {
  const caller = currentFlight();
  return caller === undefined ? promise : Tracked.of(flight, caller, promise);
}

/** Notes that one flight waits for another; the cycle, if that would be one, in which case it is not noted. */
export function addWait(waiter: Waiting, flight: Waiting): Waiting[] | undefined {
  if (waiter === flight || leadsTo(flight, waiter)) return cycleThrough(waiter, flight);
  (waiter.waitsFor ??= new Set()).add(flight);
  (flight.waiters ??= new Set()).add(waiter);
  return undefined;
}

/**
 * Whether one flight waits for another, through any number of others. Searched from both ends in
 * turn, because one of the two is mostly new to the graph: a chain of any length is built in linear time.
 */
function leadsTo(from: Waiting, to: Waiting): boolean {
  const forwards = [from];
  const backwards = [to];
  const seen = new Set<Waiting>(forwards);
  const seenBackwards = new Set<Waiting>(backwards);
  for (let i = 0; i < forwards.length && i < backwards.length; i++) {
    for (const next of (forwards[i] as Waiting).waitsFor ?? []) {
      if (next === to) return true;
      if (!seen.has(next)) forwards.push(next);
      seen.add(next);
    }
    for (const next of (backwards[i] as Waiting).waiters ?? []) {
      if (next === from) return true;
      if (!seenBackwards.has(next)) backwards.push(next);
      seenBackwards.add(next);
    }
  }
  return false;
}

/** The calls of the cycle, the first one repeated at the end. */
function cycleThrough(waiter: Waiting, flight: Waiting): Waiting[] {
  const cameFrom = new Map<Waiting, Waiting | undefined>([[flight, undefined]]);
  for (const [each] of cameFrom) {
    if (each === waiter) break;
    for (const next of each.waitsFor ?? []) if (!cameFrom.has(next)) cameFrom.set(next, each);
  }
  const cycle: Waiting[] = [];
  for (let each: Waiting | undefined = waiter; each !== undefined; each = cameFrom.get(each))
    cycle.unshift(each);
  return [waiter, ...cycle];
}

/** One flight does not wait for another any more. */
export function endWait(waiter: Waiting, flight: Waiting): void {
  waiter.waitsFor?.delete(flight);
  flight.waiters?.delete(waiter);
}

/** A flight has landed: nobody waits for it, and it waits for nobody. */
export function endWaits(flight: Waiting): void {
  for (const waiter of flight.waiters ?? []) waiter.waitsFor?.delete(flight);
  for (const each of flight.waitsFor ?? []) each.waiters?.delete(flight);
  flight.waiters = flight.waitsFor = undefined;
}
