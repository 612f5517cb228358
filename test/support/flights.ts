/**
 * A naive model of single flight, and small stories that are told to it and to a memoized function:
 * threads of steps, every interleaving of them enumerated.
 *
 * In the model a run that has come to its end is noticed when all microtasks have run. Whatever
 * happens before that (no microtask in between) happens while the flight is pending.
 */
import { memoize, type Memoized, type MemoizeOptions, RoteError } from "rote";

import { deferred, type Deferred, drained, FakeTime, hops, watch, type Watched } from "./async.ts";

export type Step =
  | { readonly do: "call"; readonly who: string; readonly key: number; readonly signal?: string }
  | { readonly do: "refresh"; readonly who: string; readonly key: number }
  | { readonly do: "abort"; readonly signal: string }
  | { readonly do: "resolve" | "reject"; readonly run: number }
  | { readonly do: "delete" | "set"; readonly key: number }
  | { readonly do: "clear" }
  | { readonly do: "pass"; readonly milliseconds: number };

/** Steps in few words. */
export const call = (who: string, key = 1, signal?: string): Step => ({
  do: "call",
  who,
  key,
  ...(signal === undefined ? {} : { signal }),
});
export const refresh = (who: string, key = 1): Step => ({ do: "refresh", who, key });
export const abort = (signal: string): Step => ({ do: "abort", signal });
export const resolve = (run = 0): Step => ({ do: "resolve", run });
export const reject = (run = 0): Step => ({ do: "reject", run });
export const remove = (key = 1): Step => ({ do: "delete", key });
export const set = (key = 1): Step => ({ do: "set", key });
export const clear: Step = { do: "clear" };
export const pass = (milliseconds: number): Step => ({ do: "pass", milliseconds });

export interface Bounds {
  readonly ttl?: number;
  readonly maxEntries?: number;
  readonly timeout?: number;
  readonly staleWhileRevalidate?: number;
  readonly staleIfError?: number;
}

/** What can be seen from outside. */
export interface Observation {
  readonly callers: Record<string, string>;
  /** Every run: its key, and whether its signal has been aborted. */
  readonly runs: readonly string[];
  readonly content: Record<number, string>;
  readonly stats: Record<string, number>;
}

interface Entry {
  readonly value: string;
  readonly freshUntil: number;
  /** After a failed run, until when there is no other. */
  pausedUntil: number;
  /** The run in the background that is to replace it. */
  refresh: Run | undefined;
}

interface Run {
  readonly key: number;
  readonly hasSignal: boolean;
  callers: Caller[];
  aborted: string | undefined;
  /** A run in the background, which nobody can leave. */
  readonly isBehind: boolean;
  /** The entry that it is to replace. */
  old: Entry | undefined;
  isSettled: boolean;
  isNoticed: boolean;
}

interface Caller {
  readonly signal: string | undefined;
  readonly deadline: number;
  outcome: string | undefined;
  hasLeft: boolean;
  /** One that asked for a refresh, and wants no old result. */
  insists: boolean;
}

const settledValue = (run: number): string => `value of run ${run}`;
const failure = (run: number): string => `failure of run ${run}`;
const SET = "value that was set";

export class Model {
  readonly #bounds: Bounds;
  readonly #now = { is: 0 };
  /** In the order of last use. */
  readonly #slots = new Map<number, Entry | Run>();
  readonly #runs: Run[] = [];
  readonly #callers = new Map<string, Caller>();
  readonly #aborted = new Set<string>();
  #ending: { run: Run; at: number; isFailure: boolean }[] = [];
  readonly #count = {
    hits: 0,
    misses: 0,
    coalesced: 0,
    deleted: 0,
    cleared: 0,
    replaced: 0,
    expired: 0,
    evicted: 0,
    staleHits: 0,
    refreshes: 0,
    rescued: 0,
  };

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
  }

  canDo(step: Step): boolean {
    if (step.do !== "resolve" && step.do !== "reject") return true;
    const run = this.#runs[step.run];
    return run !== undefined && !run.isSettled;
  }

  do(step: Step): void {
    switch (step.do) {
      case "call":
        return this.#call(step.who, step.key, step.signal);
      case "refresh": {
        const caller = this.#caller(step.who, undefined, true);
        const old = this.#kept(step.key);
        const run = this.#start(step.key, caller);
        if (old === undefined) return;
        // A flight gives way at once, an entry once there is a new result.
        run.old = "callers" in old ? old.old : old;
        if ("callers" in old) this.#count.replaced++;
        else old.refresh = undefined;
        return;
      }
      case "abort":
        return this.#abort(step.signal);
      case "resolve":
      case "reject": {
        if (!this.canDo(step)) return;
        const run = this.#runs[step.run] as Run;
        run.isSettled = true;
        this.#ending.push({ run, at: step.run, isFailure: step.do === "reject" });
        return;
      }
      case "delete":
        if (this.#kept(step.key) !== undefined) this.#count.deleted++;
        this.#slots.delete(step.key);
        return;
      case "set": {
        const old = this.#kept(step.key);
        if (old !== undefined) this.#count.replaced++;
        // The refresh and the entry that it has found.
        if (old !== undefined && "callers" in old && old.old !== undefined) this.#count.replaced++;
        return this.#admit(step.key, SET);
      }
      case "clear":
        this.#sweep();
        this.#count.cleared += this.#slots.size;
        this.#slots.clear();
        return;
      case "pass":
        this.#now.is += step.milliseconds;
        for (const run of this.#runs)
          for (const caller of run.callers)
            if (!run.isNoticed && caller.outcome === undefined && caller.deadline <= this.#now.is)
              this.#loseTime(run, caller);
    }
  }

  #loseTime(run: Run, caller: Caller): void {
    const old = this.#oldOf(run);
    if (old === undefined || !this.#hasWindows || caller.insists || !this.#isKept(old)) {
      caller.outcome = "rejected: ERR_TIMEOUT";
      return;
    }
    this.#count.rescued++;
    caller.outcome = `fulfilled: ${old.value}`;
  }

  /** What a run is to replace, if it still may. */
  #oldOf(run: Run): Entry | undefined {
    const slot = this.#slots.get(run.key);
    if (slot === run) return run.old;
    return slot !== undefined && !("callers" in slot) && slot.refresh === run ? slot : undefined;
  }

  get #hasWindows(): boolean {
    const { staleWhileRevalidate = 0, staleIfError = 0 } = this.#bounds;
    return staleWhileRevalidate > 0 || staleIfError > 0;
  }

  #endOf({ freshUntil }: Entry): number {
    const { staleWhileRevalidate = 0, staleIfError = 0 } = this.#bounds;
    return freshUntil + Math.max(staleWhileRevalidate, staleIfError);
  }

  #isKept(entry: Entry): boolean {
    return this.#now.is < this.#endOf(entry);
  }

  /** Whether a call gets it at once. */
  #mayReturn({ freshUntil, pausedUntil }: Entry): boolean {
    const { staleWhileRevalidate = 0 } = this.#bounds;
    return this.#now.is < Math.max(freshUntil + staleWhileRevalidate, pausedUntil);
  }

  /** All microtasks run: what has ended is noticed. */
  drain(): void {
    for (const { run, at, isFailure } of this.#ending) {
      run.isNoticed = true;
      const text = isFailure ? `rejected: ${failure(at)}` : `fulfilled: ${settledValue(at)}`;
      const old = this.#oldOf(run);
      const isRescued = isFailure && old !== undefined && this.#rescues(old);
      if (isRescued && run.callers.some(({ insists }) => !insists)) this.#count.rescued++;
      for (const caller of run.callers)
        caller.outcome ??= isRescued && !caller.insists ? `fulfilled: ${old.value}` : text;
      const isOwn = this.#slots.get(run.key) === run;
      if (!isOwn && old === undefined) continue;
      if (!isFailure) {
        if (old !== undefined) this.#count.replaced++;
        this.#admit(run.key, settledValue(at));
      } else if (old === undefined) this.#slots.delete(run.key);
      else {
        this.#slots.set(run.key, old);
        old.refresh = undefined;
      }
    }
    this.#ending = [];
  }

  /** A run has failed: the pause begins, and whether the old result is returned for the error. */
  #rescues(old: Entry): boolean {
    const { staleIfError = 0 } = this.#bounds;
    const { is: now } = this.#now;
    if (!this.#isKept(old)) return false;
    if (staleIfError > 0 && now >= old.freshUntil)
      old.pausedUntil = Math.min(now + 1000, this.#endOf(old));
    return staleIfError > 0 && now < old.freshUntil + staleIfError;
  }

  observe(): Observation {
    this.#sweep();
    let inFlight = 0;
    let entries = 0;
    const content: Record<number, string> = {};
    for (const [key, slot] of this.#slots) {
      const isRun = "callers" in slot;
      const isRefreshed = !isRun && slot.refresh !== undefined;
      if (isRun || isRefreshed) inFlight++;
      if (!isRun) entries++;
      if (!isRun && this.#mayReturn(slot)) content[key] = slot.value;
      else if (isRun || isRefreshed) content[key] = "in flight";
    }
    return {
      callers: Object.fromEntries(
        [...this.#callers].map(([who, { outcome }]) => [who, outcome ?? "pending"]),
      ),
      runs: this.#runs.map(({ key, aborted }) => told(key, aborted)),
      content,
      stats: { ...this.#count, inFlight, entries },
    };
  }

  #call(who: string, key: number, signal: string | undefined): void {
    const caller = this.#caller(who, signal, false);
    if (signal !== undefined && this.#aborted.has(signal)) {
      caller.outcome = `rejected: ${signal}`;
      return;
    }
    const slot = this.#kept(key);
    const isEntry = slot !== undefined && !("callers" in slot);
    if (slot === undefined || (isEntry && !this.#mayReturn(slot) && slot.refresh === undefined)) {
      this.#count.misses++;
      this.#start(key, caller).old = isEntry ? slot : undefined;
      return;
    }
    this.#count.hits++;
    const run = isEntry ? slot.refresh : slot;
    if (run !== undefined && !(isEntry && this.#mayReturn(slot))) {
      this.#count.coalesced++;
      run.callers.push(caller);
      return;
    }
    const entry = slot as Entry;
    this.#slots.delete(key);
    this.#slots.set(key, entry);
    caller.outcome = `fulfilled: ${entry.value}`;
    if (this.#now.is < entry.freshUntil) return;
    this.#count.staleHits++;
    if (entry.refresh !== undefined || this.#now.is < entry.pausedUntil) return;
    this.#count.refreshes++;
    entry.refresh = this.#begin(key, signal !== undefined, true);
  }

  #caller(who: string, signal: string | undefined, insists: boolean): Caller {
    const { timeout = Number.POSITIVE_INFINITY } = this.#bounds;
    const caller = {
      signal,
      deadline: this.#now.is + timeout,
      outcome: undefined,
      hasLeft: false,
      insists,
    };
    this.#callers.set(who, caller);
    return caller;
  }

  #start(key: number, caller: Caller): Run {
    const run = this.#begin(key, caller.signal !== undefined, false);
    run.callers.push(caller);
    // Where it finds an entry, that keeps its place until the run has ended.
    this.#slots.set(key, run);
    return run;
  }

  #begin(key: number, hasSignal: boolean, isBehind: boolean): Run {
    const run: Run = {
      key,
      hasSignal,
      callers: [],
      aborted: undefined,
      isBehind,
      old: undefined,
      isSettled: false,
      isNoticed: false,
    };
    this.#runs.push(run);
    return run;
  }

  #abort(signal: string): void {
    if (this.#aborted.has(signal)) return;
    this.#aborted.add(signal);
    for (const run of this.#runs) {
      if (run.isNoticed) continue;
      let hasOneLeft = false;
      for (const caller of run.callers) {
        if (caller.signal !== signal || caller.outcome !== undefined) continue;
        caller.outcome = `rejected: ${signal}`;
        caller.hasLeft = hasOneLeft = true;
      }
      if (!hasOneLeft || run.isBehind || run.callers.some((caller) => !caller.hasLeft)) continue;
      if (run.hasSignal) run.aborted = signal;
      if (this.#slots.get(run.key) !== run) continue;
      if (run.old !== undefined) {
        this.#slots.set(run.key, run.old);
        continue;
      }
      this.#slots.delete(run.key);
      this.#count.deleted++;
    }
  }

  /** What there is; at its end, an entry goes, or gives way to the run that was to replace it. */
  #kept(key: number): Entry | Run | undefined {
    const slot = this.#slots.get(key);
    if (slot === undefined) return undefined;
    if ("callers" in slot) {
      if (!this.#hasWindows || slot.old === undefined || this.#isKept(slot.old)) return slot;
      this.#count.expired++;
      slot.old = undefined;
      return slot;
    }
    if (this.#isKept(slot)) return slot;
    this.#count.expired++;
    if (slot.refresh === undefined) this.#slots.delete(key);
    else this.#slots.set(key, slot.refresh);
    return slot.refresh;
  }

  #sweep(): void {
    for (const key of this.#slots.keys()) this.#kept(key);
  }

  #admit(key: number, value: string): void {
    const { ttl = Number.POSITIVE_INFINITY, maxEntries = Number.POSITIVE_INFINITY } = this.#bounds;
    this.#slots.delete(key);
    this.#sweep();
    const counted = [...this.#slots].filter(
      ([, slot]) => !("callers" in slot) || slot.old !== undefined,
    );
    if (counted.length >= maxEntries) {
      const [last, slot] = counted[0] as [number, Entry | Run];
      if ("callers" in slot) slot.old = undefined;
      else if (slot.refresh === undefined) this.#slots.delete(last);
      else this.#slots.set(last, slot.refresh);
      this.#count.evicted++;
    }
    const freshUntil = this.#now.is + ttl;
    this.#slots.set(key, { value, freshUntil, pausedUntil: 0, refresh: undefined });
  }
}

function told(key: number, aborted: string | undefined): string {
  return aborted === undefined ? `of ${key}` : `of ${key}, aborted: ${aborted}`;
}

export type Kind = "async" | "async: true" | "returning a promise";

type Load = (key: number, signal?: AbortSignal) => Promise<string>;

/** A memoized function to which the same story is told. */
export class Subject {
  readonly #time = new FakeTime();
  readonly #memoized: Memoized<Load>;
  readonly #runs: { key: number; signal: AbortSignal | undefined; end: Deferred<string> }[] = [];
  readonly #callers = new Map<string, Watched>();
  readonly #signals = new Map<string, AbortController>();
  readonly #maxEntries: number;

  constructor(kind: Kind, bounds: Bounds) {
    const runs = this.#runs;
    const load: Load = (key, signal) => {
      const end = deferred<string>();
      runs.push({ key, signal, end });
      return end.promise;
    };
    const options: MemoizeOptions<Load> = {
      ...(kind === "async: true" ? { async: true } : {}),
      ...(bounds.ttl === undefined ? {} : { ttl: bounds.ttl }),
      ...(bounds.staleWhileRevalidate === undefined
        ? {}
        : { staleWhileRevalidate: bounds.staleWhileRevalidate }),
      ...(bounds.staleIfError === undefined ? {} : { staleIfError: bounds.staleIfError }),
      ...(bounds.timeout === undefined
        ? {}
        : { timeout: bounds.timeout, schedule: this.#time.schedule }),
      ...(bounds.maxEntries === undefined
        ? {}
        : { maxEntries: bounds.maxEntries, policy: "lru" as const }),
      clock: this.#time.clock,
    };
    this.#maxEntries = bounds.maxEntries ?? Number.POSITIVE_INFINITY;
    this.#memoized = memoize<Load>(
      // With `return` alone, runs that end before any microtask would settle in the order of their calls.
      kind === "async" ? async (key, signal) => await load(key, signal) : load,
      options,
    );
  }

  do(step: Step): void {
    const { cache } = this.#memoized;
    switch (step.do) {
      case "call": {
        const signal = step.signal === undefined ? undefined : this.#controller(step.signal).signal;
        const promise =
          signal === undefined ? this.#memoized(step.key) : this.#memoized(step.key, signal);
        this.#callers.set(step.who, watch(promise));
        return;
      }
      case "refresh":
        this.#callers.set(step.who, watch(cache.refresh(step.key)));
        return;
      case "abort":
        return this.#controller(step.signal).abort(step.signal);
      case "resolve":
        return this.#runs[step.run]?.end.resolve(settledValue(step.run));
      case "reject":
        return this.#runs[step.run]?.end.reject(failure(step.run));
      case "delete":
        cache.delete(step.key);
        return;
      case "set":
        return cache.set([step.key], Promise.resolve(SET));
      case "clear":
        return cache.clear();
      case "pass":
        return this.#time.pass(step.milliseconds);
    }
  }

  /** What can be seen without waiting. */
  glance(): Record<string, number> {
    const { cache } = this.#memoized;
    const { size } = cache;
    if (size > this.#maxEntries) throw new Error(`${size} entries in ${this.#maxEntries}`);
    const { hits, misses, coalesced, inFlight, entries, removals, ...more } = cache.stats();
    const { staleHits, refreshes, rescued } = more;
    const { deleted, cleared, replaced, expired, evicted } = removals;
    if (size !== entries) throw new Error(`size says ${size}, stats().entries ${entries}`);
    const { invalidated, collected } = removals;
    if (invalidated + collected > 0) throw new Error("removed for no reason");
    return {
      hits,
      misses,
      coalesced,
      deleted,
      cleared,
      replaced,
      expired,
      evicted,
      staleHits,
      refreshes,
      rescued,
      inFlight,
      entries,
    };
  }

  /** How many timers wait for callers. */
  get timers(): number {
    return this.#time.timers;
  }

  async observe(): Promise<Observation> {
    const stats = this.glance();
    const content: Record<number, string> = {};
    const peeked = [1, 2, 3].map((key) => {
      const promise = this.#memoized.cache.peek(key);
      if (this.#memoized.cache.has(key) !== (promise !== undefined))
        throw new Error("has and peek differ");
      return promise && { key, watched: watch(promise) };
    });
    await drained();
    for (const found of peeked) {
      if (found === undefined) continue;
      const { key, watched } = found;
      const { outcome } = watched;
      content[key] =
        outcome.state === "pending"
          ? "in flight"
          : outcome.state === "fulfilled"
            ? String(outcome.value)
            : `rejected: ${String(outcome.reason)}`;
    }
    const callers = Object.fromEntries(
      [...this.#callers].map(([who, { outcome }]) => {
        if (outcome.state === "pending") return [who, "pending"];
        if (outcome.state === "fulfilled") return [who, `fulfilled: ${String(outcome.value)}`];
        const { reason } = outcome;
        return [who, `rejected: ${reason instanceof RoteError ? reason.code : String(reason)}`];
      }),
    );
    return {
      callers,
      runs: this.#runs.map(({ key, signal }) =>
        told(key, signal?.aborted === true ? String(signal.reason) : undefined),
      ),
      content,
      stats,
    };
  }

  #controller(name: string): AbortController {
    let controller = this.#signals.get(name);
    if (controller === undefined) this.#signals.set(name, (controller = new AbortController()));
    return controller;
  }
}

/** Every order in which the threads' steps can follow each other; a step that cannot be done ends its thread. */
export function interleavings(threads: readonly (readonly Step[])[], bounds: Bounds): Step[][] {
  const found: Step[][] = [];
  const walk = (done: readonly Step[], at: readonly number[]): void => {
    const model = new Model(bounds);
    for (const step of done) {
      model.do(step);
      model.drain();
    }
    let isEnd = true;
    threads.forEach((thread, index) => {
      const step = thread[at[index] as number];
      if (step === undefined || !model.canDo(step)) return;
      isEnd = false;
      walk(
        [...done, step],
        at.map((position, other) => (other === index ? position + 1 : position)),
      );
    });
    if (isEnd) found.push([...done]);
  };
  walk(
    [],
    threads.map(() => 0),
  );
  return found;
}

/** What happens between a step and the next: all microtasks, none, or a few of them. */
export type Gap = "all" | "none" | number;

/** Tells a story to the function alone. */
export async function tell(
  kind: Kind,
  bounds: Bounds,
  steps: readonly Step[],
  gapAfter: (at: number) => Gap,
): Promise<Observation> {
  const subject = new Subject(kind, bounds);
  for (const [at, step] of steps.entries()) {
    subject.do(step);
    const gap = gapAfter(at);
    if (gap === "all") await drained();
    else if (gap !== "none") await hops(gap);
  }
  await drained();
  return subject.observe();
}

/** What counts each removal once, but does not say why: who notices first that an entry has expired is open. */
export function withoutCauses(stats: Record<string, number>): Record<string, number> {
  const { deleted = 0, cleared = 0, replaced = 0, expired = 0, evicted = 0, ...others } = stats;
  return { ...others, removed: deleted + cleared + replaced + expired + evicted };
}

/** What the model says of a story. */
export function expected(
  bounds: Bounds,
  steps: readonly Step[],
  isDrainedAfter: (at: number) => boolean,
): Observation {
  const model = new Model(bounds);
  for (const [at, step] of steps.entries()) {
    model.do(step);
    if (isDrainedAfter(at)) model.drain();
  }
  model.drain();
  return model.observe();
}
