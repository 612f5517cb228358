/** Stale results of functions that are not async, against a naive model and a naive recursion. */
import fc from "fast-check";
import { memoize, type Memoized, type MemoizeOptions } from "rote";
import { expect, test } from "vitest";

import { fakeClock } from "../support/fake-clock.ts";
import { tries } from "../support/tries.ts";

interface Limits {
  readonly ttl: number;
  readonly staleWhileRevalidate: number;
  readonly staleIfError: number;
  readonly rememberErrors?: number;
  readonly maxEntries?: number;
  readonly touch?: boolean;
  readonly recursion?: "off";
}

type Step =
  | { readonly do: "call" | "refresh" | "set" | "delete"; readonly key: number }
  | { readonly do: "clear" }
  | { readonly do: "fail"; readonly isFailing: boolean }
  | { readonly do: "pass"; readonly milliseconds: number }
  | { readonly do: "fire"; readonly timer: number };

interface Result {
  readonly value: number;
  freshUntil: number;
  pausedUntil: number;
  /** The scheduled refresh. */
  timer: number | undefined;
}

interface Failure {
  readonly error: string;
  readonly until: number;
}

/** What the pages say, written down without a thought for speed: its map is in the order of last use. */
class Model {
  readonly #limits: Limits;
  readonly #entries = new Map<number, Result | Failure>();
  /** Whose refresh each timer is. */
  readonly #timers: { key: number; result: Result }[] = [];
  #now = 0;
  #isFailing = false;
  readonly count = {
    hits: 0,
    staleHits: 0,
    misses: 0,
    runs: 0,
    refreshes: 0,
    rescued: 0,
    removed: 0,
  };

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  do(step: Step): string | undefined {
    switch (step.do) {
      case "call":
        return this.#call(step.key);
      case "refresh":
        return this.#run(step.key, true);
      case "set":
        this.#admit(step.key, -1);
        return;
      case "delete":
        if (this.#entries.delete(step.key)) this.count.removed++;
        return;
      case "clear":
        this.count.removed += this.#entries.size;
        this.#entries.clear();
        return;
      case "fail":
        this.#isFailing = step.isFailing;
        return;
      case "pass":
        this.#now += step.milliseconds;
        for (const [key, entry] of this.#entries) {
          if (this.#now < ("error" in entry ? entry.until : this.#endOf(entry))) continue;
          this.#entries.delete(key);
          this.count.removed++;
        }
        return;
      case "fire":
        return this.#fire(step.timer);
    }
  }

  get timers(): number {
    return this.#timers.length;
  }

  get size(): number {
    return this.#entries.size;
  }

  peek(key: number): number | undefined {
    const entry = this.#entries.get(key);
    return entry === undefined || "error" in entry || !this.#mayReturn(entry)
      ? undefined
      : entry.value;
  }

  outcome(key: number): string {
    const entry = this.#entries.get(key);
    if (entry === undefined) return "run";
    if ("error" in entry) return "throw";
    if (this.#now < entry.freshUntil) return "hit";
    return this.#mayReturn(entry) ? "stale" : "run";
  }

  #endOf({ freshUntil }: Result): number {
    return freshUntil + Math.max(this.#limits.staleWhileRevalidate, this.#limits.staleIfError);
  }

  #mayReturn({ freshUntil, pausedUntil }: Result): boolean {
    return this.#now < Math.max(freshUntil + this.#limits.staleWhileRevalidate, pausedUntil);
  }

  #call(key: number): string {
    const entry = this.#entries.get(key);
    if (entry === undefined || (!("error" in entry) && !this.#mayReturn(entry))) {
      this.count.misses++;
      return this.#run(key, false);
    }
    this.count.hits++;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    if ("error" in entry) return entry.error;
    const isFresh = this.#now < entry.freshUntil;
    if (isFresh && this.#limits.touch === true) entry.freshUntil = this.#now + this.#limits.ttl;
    if (isFresh) return String(entry.value);
    this.count.staleHits++;
    if (entry.timer === undefined && this.#now >= entry.pausedUntil)
      entry.timer = this.#timers.push({ key, result: entry });
    return String(entry.value);
  }

  #run(key: number, insists: boolean): string {
    const { staleIfError, rememberErrors } = this.#limits;
    const run = ++this.count.runs;
    if (!this.#isFailing) {
      this.#admit(key, run);
      return String(run);
    }
    const error = `failure of run ${run}`;
    const entry = this.#entries.get(key);
    if (entry === undefined || "error" in entry) {
      if (rememberErrors !== undefined && rememberErrors > 0)
        this.#enter(key, { error, until: this.#now + rememberErrors });
      return error;
    }
    if (this.#now < entry.freshUntil) return error;
    const pause = rememberErrors ?? (staleIfError > 0 ? 1000 : 0);
    entry.pausedUntil = Math.min(this.#now + pause, this.#endOf(entry));
    if (insists || this.#now >= entry.freshUntil + staleIfError) return error;
    this.count.rescued++;
    return String(entry.value);
  }

  #fire(timer: number): undefined {
    const { key, result } = this.#timers[timer] as { key: number; result: Result };
    if (this.#entries.get(key) !== result || result.timer !== timer + 1) return;
    result.timer = undefined;
    if (this.#now < result.pausedUntil) return;
    this.count.refreshes++;
    this.#run(key, true);
  }

  #admit(key: number, value: number): void {
    const freshUntil = this.#now + this.#limits.ttl;
    this.#enter(key, { value, freshUntil, pausedUntil: 0, timer: undefined });
  }

  #enter(key: number, entry: Result | Failure): void {
    const { maxEntries = Number.POSITIVE_INFINITY } = this.#limits;
    if (this.#entries.delete(key)) this.count.removed++;
    if (this.#entries.size >= maxEntries) {
      this.#entries.delete(this.#entries.keys().next().value as number);
      this.count.removed++;
    }
    this.#entries.set(key, entry);
  }
}

class Subject {
  readonly #fn: Memoized<(key: number) => number>;
  readonly #clock = fakeClock(0);
  readonly timers: (() => void)[] = [];
  #runs = 0;
  #isFailing = false;

  constructor({ maxEntries, staleWhileRevalidate, ...limits }: Limits) {
    const options: MemoizeOptions<(key: number) => number> = {
      ...limits,
      receiver: false,
      staleWhileRevalidate,
      clock: this.#clock.read,
      schedule: (callback) => (this.timers.push(callback), () => {}),
      ...(maxEntries === undefined ? {} : { maxEntries, policy: "lru" }),
    };
    this.#fn = memoize((_key: number): number => {
      const run = ++this.#runs;
      if (this.#isFailing) throw new Error(`failure of run ${run}`);
      return run;
    }, options);
  }

  do(step: Step): string | undefined {
    const { cache } = this.#fn;
    switch (step.do) {
      case "call":
        return outcomeOf(() => this.#fn(step.key));
      case "refresh":
        return outcomeOf(() => cache.refresh(step.key));
      case "set":
        cache.set([step.key], -1);
        return;
      case "delete":
        cache.delete(step.key);
        return;
      case "clear":
        cache.clear();
        return;
      case "fail":
        this.#isFailing = step.isFailing;
        return;
      case "pass":
        this.#clock.advance(step.milliseconds);
        return;
      case "fire":
        this.timers[step.timer]?.();
    }
  }

  get count(): Model["count"] {
    const { hits, staleHits, misses, runs, refreshes, rescued, removals } = this.#fn.cache.stats();
    const removed = Object.values(removals).reduce((sum, count) => sum + count, 0);
    return { hits, staleHits, misses, runs, refreshes, rescued, removed };
  }

  get size(): number {
    return this.#fn.cache.size;
  }

  peek(key: number): number | undefined {
    return this.#fn.cache.peek(key);
  }

  outcome(key: number): string {
    return this.#fn.cache.explain(key).outcome;
  }
}

function outcomeOf(call: () => number): string {
  try {
    return String(call());
  } catch (error) {
    return (error as Error).message;
  }
}

const key = fc.nat(3);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: key.map((k): Step => ({ do: "call", key: k })) },
  { weight: 5, arbitrary: fc.nat(12).map((milliseconds): Step => ({ do: "pass", milliseconds })) },
  { weight: 1, arbitrary: fc.constant<Step>({ do: "pass", milliseconds: 1000 }) },
  { weight: 5, arbitrary: fc.nat(30).map((timer): Step => ({ do: "fire", timer })) },
  { weight: 3, arbitrary: fc.boolean().map((isFailing): Step => ({ do: "fail", isFailing })) },
  { weight: 1, arbitrary: key.map((k): Step => ({ do: "refresh", key: k })) },
  { weight: 1, arbitrary: key.map((k): Step => ({ do: "set", key: k })) },
  { weight: 1, arbitrary: key.map((k): Step => ({ do: "delete", key: k })) },
  { weight: 1, arbitrary: fc.constant<Step>({ do: "clear" }) },
);

const window = fc.constantFrom(0, 5, 20, 3000, Infinity);
const limits: fc.Arbitrary<Limits> = fc.record(
  {
    ttl: fc.constantFrom(1, 10),
    staleWhileRevalidate: window,
    staleIfError: window,
    rememberErrors: fc.constantFrom(0, 3, 2000, Infinity),
    maxEntries: fc.constantFrom(1, 2, 3),
    touch: fc.boolean(),
    recursion: fc.constant("off" as const),
  },
  { requiredKeys: ["ttl", "staleWhileRevalidate", "staleIfError"] },
);

test("calls, timers and changes in any order are as the model says", () => {
  fc.assert(
    fc.property(limits, fc.array(step, { maxLength: 60 }), (given, steps) => {
      const model = new Model(given);
      const subject = new Subject(given);
      for (const each of steps) {
        // A timer of long ago may fire, too, or one a second time.
        const next =
          each.do === "fire" ? { ...each, timer: each.timer % (model.timers + 1) } : each;
        if (next.do === "fire" && next.timer === model.timers) continue;
        expect(subject.do(next)).toBe(model.do(next));
        expect(subject.size).toBe(model.size);
        expect(subject.timers.length).toBe(model.timers);
        expect(subject.count).toEqual(model.count);
        for (const k of [0, 1, 2, 3]) {
          expect(subject.outcome(k)).toBe(model.outcome(k));
          expect(subject.peek(k)).toBe(model.peek(k));
        }
      }
    }),
    { numRuns: tries(1000, 200) },
  );
});

/** For each node the ones that it asks, all of them smaller. */
const graph = fc
  .array(fc.array(fc.nat(), { maxLength: 3 }), { minLength: 2, maxLength: 14 })
  .map((lists) => lists.map((list, at) => (at === 0 ? [] : list.map((child) => child % at))));

test("in a recursion of any shape, old results stand in for what fails, at most two runs each", () => {
  fc.assert(
    fc.property(
      graph,
      fc.array(fc.nat(13), { maxLength: 4 }),
      fc.record(
        {
          depthLimit: fc.integer({ min: 1, max: 6 }),
          maxEntries: fc.constant(100),
          staleWhileRevalidate: fc.constantFrom(5, 10_000),
        },
        { requiredKeys: [] },
      ),
      fc.boolean(),
      (nodes, failing, options, isRefresh) => {
        const clock = fakeClock(0);
        const timers: (() => void)[] = [];
        let version = 1;
        let bodies: number[] = [];
        const isFailing = (node: number): boolean => version > 1 && failing.includes(node);
        const total: Memoized<(node: number) => number> = memoize(
          (node: number): number => {
            bodies.push(node);
            let sum = version;
            for (const child of nodes[node] ?? []) sum += total(child);
            // Some fail before they have asked, some afterwards.
            if (isFailing(node)) throw new Error(`no ${node}`);
            return sum;
          },
          {
            ttl: 1000,
            staleIfError: 20_000,
            clock: clock.read,
            ...options,
            ...(options.staleWhileRevalidate === undefined
              ? {}
              : { schedule: (callback: () => void) => (timers.push(callback), () => {}) }),
          } as MemoizeOptions<(node: number) => number>,
        );
        const root = nodes.length - 1;
        total(root);
        const isServedStale = (options.staleWhileRevalidate ?? 0) > 5;
        const first = naive(nodes, 1);
        clock.advance(1500);
        version = 2;
        bodies = [];
        const second = naive(nodes, 2, (node) => (isFailing(node) ? first(node) : undefined));
        if (isServedStale) {
          expect(total(root)).toBe(first(root));
          for (const callback of timers) callback();
        } else if (isRefresh && !isFailing(root)) {
          expect(total.cache.refresh(root)).toBe(second(root));
        }
        expect(total(root)).toBe(second(root));
        const counts = new Map<number, number>();
        for (const node of bodies) counts.set(node, (counts.get(node) ?? 0) + 1);
        expect(bodies.length).toBeLessThanOrEqual(2 * counts.size);
        expect(total.cache.stats().pinned).toBe(0);
      },
    ),
    { numRuns: tries(500, 400) },
  );
});

/** What a node comes to, each computed once; `instead` of some of them something else. */
function naive(
  nodes: readonly (readonly number[])[],
  version: number,
  instead: (node: number) => number | undefined = () => undefined,
): (node: number) => number {
  const known = new Map<number, number>();
  const of = (node: number): number => {
    const value =
      known.get(node) ??
      instead(node) ??
      (nodes[node] ?? []).reduce((sum, child) => sum + of(child), version);
    known.set(node, value);
    return value;
  };
  return of;
}
