/**
 * A naive model of batches: a Map of what is remembered or in flight, a Map of the keys in the open
 * batch, and lists. Told the same steps as a batched function, it says what each caller gets, which
 * keys each call of `loadMany` has, and what is in flight.
 */
import { memoize, RoteError, type Batched } from "rote";

import { deferred, type Deferred, watch, type Watched } from "./async.ts";

export type Ending = "results" | "rejection" | "too few";

export type BatchStep =
  | { readonly do: "call"; readonly key: number; readonly signal?: string }
  | { readonly do: "refresh" | "delete" | "set"; readonly key: number }
  | { readonly do: "abort"; readonly signal: string }
  | { readonly do: "clear" | "dispatch" }
  | {
      readonly do: "settle";
      readonly batch: number;
      readonly ending: Ending;
      /** Of keys that are multiples of it, the result is an Error. */
      readonly failing: number;
    };

export interface Seen {
  /** What each call came to, in the order of the calls. */
  readonly outcomes: readonly string[];
  readonly batches: readonly (readonly number[])[];
  readonly inFlight: number;
  readonly runs: number;
  readonly hits: number;
  readonly misses: number;
  readonly remembered: readonly (readonly [number, string])[];
}

const valueOf = (key: number, batch: number): string => `${key} of batch ${batch}`;
const failureOf = (key: number, batch: number): string => `failure: ${key} of batch ${batch}`;
const rejectionOf = (batch: number): string => `failure: batch ${batch}`;
const reasonOf = (signal: string): string => `left: ${signal}`;
const SET = "set";
const WRONG_COUNT = "failure: ERR_INVALID_RESULT";

interface Caller {
  readonly signal: string | undefined;
  outcome: string;
}

interface Run {
  readonly key: number;
  readonly callers: Caller[];
  readonly old: string | undefined;
  isOver: boolean;
}

/** The runs that want each key. */
type Keys = Map<number, Set<Run>>;

export class BatchModel {
  readonly #maxBatch: number;
  readonly #known = new Map<number, string | Run>();
  readonly #callers: Caller[] = [];
  readonly #aborted = new Set<string>();
  readonly #batches: Keys[] = [];
  readonly #settled = new Set<number>();
  readonly #count = { runs: 0, hits: 0, misses: 0 };
  #open: Keys | undefined;

  constructor(maxBatch: number) {
    this.#maxBatch = maxBatch;
  }

  /** Batches that have been dispatched and have not ended. */
  get unsettled(): number[] {
    return this.#batches.map((_, at) => at).filter((at) => !this.#settled.has(at));
  }

  do(step: BatchStep): void {
    switch (step.do) {
      case "call":
        return this.#call(step.key, step.signal);
      case "refresh": {
        const known = this.#known.get(step.key);
        const old = typeof known === "object" ? known.old : known;
        const caller = this.#caller(undefined);
        return this.#run(step.key, caller, old);
      }
      case "delete":
        return void this.#known.delete(step.key);
      case "set":
        return void this.#known.set(step.key, SET);
      case "clear":
        return this.#known.clear();
      case "abort":
        return this.#abort(step.signal);
      case "dispatch":
        return this.#dispatch();
      case "settle":
        return this.#settle(step.batch, step.ending, step.failing);
    }
  }

  seen(): Seen {
    const known = [...this.#known].sort(([a], [b]) => a - b);
    return {
      outcomes: this.#callers.map(({ outcome }) => outcome),
      batches: this.#batches.map((keys) => [...keys.keys()]),
      inFlight: known.filter(([, entry]) => typeof entry === "object").length,
      ...this.#count,
      remembered: known.filter((entry): entry is [number, string] => typeof entry[1] === "string"),
    };
  }

  #caller(signal: string | undefined): Caller {
    const caller = { signal, outcome: "pending" };
    this.#callers.push(caller);
    return caller;
  }

  #call(key: number, signal: string | undefined): void {
    const caller = this.#caller(signal);
    if (signal !== undefined && this.#aborted.has(signal)) {
      caller.outcome = reasonOf(signal);
      return;
    }
    const known = this.#known.get(key);
    if (known === undefined) {
      this.#count.misses++;
      this.#run(key, caller, undefined);
      return;
    }
    this.#count.hits++;
    if (typeof known === "string") caller.outcome = known;
    else known.callers.push(caller);
  }

  #run(key: number, caller: Caller, old: string | undefined): void {
    const run: Run = { key, callers: [caller], old, isOver: false };
    this.#count.runs++;
    this.#known.set(key, run);
    this.#open ??= new Map();
    const wanting = this.#open.get(key) ?? new Set();
    this.#open.set(key, wanting.add(run));
    if (this.#open.size === this.#maxBatch) this.#dispatch();
  }

  #dispatch(): void {
    if (this.#open !== undefined && this.#open.size > 0) this.#batches.push(this.#open);
    this.#open = undefined;
  }

  #abort(signal: string): void {
    if (this.#aborted.has(signal)) return;
    this.#aborted.add(signal);
    const runs = new Set(
      this.#batches.flatMap((keys) => [...keys.values()]).flatMap((s) => [...s]),
    );
    for (const wanting of this.#open?.values() ?? []) for (const run of wanting) runs.add(run);
    for (const run of runs) {
      const leaving = run.callers.filter(
        (caller) => caller.signal === signal && caller.outcome === "pending",
      );
      if (leaving.length === 0) continue;
      for (const caller of leaving) caller.outcome = reasonOf(signal);
      if (run.callers.some(({ outcome }) => outcome === "pending")) continue;
      run.isOver = true;
      if (this.#known.get(run.key) === run) this.#forget(run);
      const wanting = this.#open?.get(run.key);
      if (wanting?.delete(run) === true && wanting.size === 0) this.#open?.delete(run.key);
    }
  }

  /** A run that comes to nothing is as if it had not been. */
  #forget({ key, old }: Run): void {
    if (old === undefined) this.#known.delete(key);
    else this.#known.set(key, old);
  }

  #settle(batch: number, ending: Ending, failing: number): void {
    this.#settled.add(batch);
    for (const [key, wanting] of this.#batches[batch] ?? []) {
      const isFailure = ending !== "results" || key % failing === 0;
      const outcome =
        ending === "rejection"
          ? rejectionOf(batch)
          : ending === "too few"
            ? WRONG_COUNT
            : isFailure
              ? failureOf(key, batch)
              : valueOf(key, batch);
      for (const run of wanting) {
        if (run.isOver) continue;
        for (const caller of run.callers)
          if (caller.outcome === "pending") caller.outcome = outcome;
        if (this.#known.get(key) !== run) continue;
        if (isFailure) this.#forget(run);
        else this.#known.set(key, outcome);
      }
    }
  }
}

interface Dispatched {
  readonly keys: readonly number[];
  readonly end: Deferred<never>;
}

/** The batched function itself, told the same. */
export class BatchSubject {
  readonly #calls: Watched[] = [];
  readonly #signals = new Map<string, AbortController>();
  readonly #batches: Dispatched[] = [];
  readonly #load: Batched<number, string>;
  #dispatches: (() => void)[] = [];

  constructor(maxBatch: number) {
    this.#load = memoize.batch(
      (keys: readonly number[]): Promise<(string | Error)[]> => {
        const end = deferred<never>();
        this.#batches.push({ keys, end });
        return end.promise;
      },
      { maxBatch, scheduleBatch: (dispatch) => void this.#dispatches.push(dispatch) },
    );
  }

  do(step: BatchStep): void {
    const { cache } = this.#load;
    switch (step.do) {
      case "call":
        return void this.#calls.push(
          watch(
            step.signal === undefined
              ? this.#load(step.key)
              : this.#load(step.key, this.#signal(step.signal).signal),
          ),
        );
      case "refresh":
        return void this.#calls.push(watch(cache.refresh(step.key)));
      case "delete":
        return void cache.delete(step.key);
      case "set":
        return cache.set([step.key], Promise.resolve(SET));
      case "clear":
        return cache.clear();
      case "abort":
        return this.#signal(step.signal).abort(reasonOf(step.signal));
      case "dispatch": {
        const dispatches = this.#dispatches;
        this.#dispatches = [];
        // Of batches that were full, and of this one twice.
        for (const each of [...dispatches, ...dispatches]) each();
        return;
      }
      case "settle": {
        const { keys, end } = this.#batches[step.batch] as Dispatched;
        const results = keys.map((key) =>
          key % step.failing === 0
            ? new Error(failureOf(key, step.batch))
            : valueOf(key, step.batch),
        );
        if (step.ending === "rejection") end.reject(new Error(rejectionOf(step.batch)));
        else end.resolve((step.ending === "results" ? results : results.slice(1)) as never);
      }
    }
  }

  /** Once every microtask has run. */
  async seen(): Promise<Seen> {
    const { inFlight, runs, hits, misses } = this.#load.cache.stats();
    const remembered = [];
    for (const [[key], value] of this.#load.cache.entries())
      remembered.push([key, await value] as const);
    return {
      outcomes: this.#calls.map(({ outcome }) =>
        outcome.state === "pending"
          ? "pending"
          : outcome.state === "fulfilled"
            ? (outcome.value as string)
            : told(outcome.reason),
      ),
      batches: this.#batches.map(({ keys }) => keys),
      inFlight,
      runs,
      hits,
      misses,
      remembered: remembered.sort(([a], [b]) => a - b),
    };
  }

  #signal(name: string): AbortController {
    const controller = this.#signals.get(name) ?? new AbortController();
    this.#signals.set(name, controller);
    return controller;
  }
}

function told(reason: unknown): string {
  if (reason instanceof RoteError) return `failure: ${reason.code}`;
  return reason instanceof Error ? reason.message : String(reason);
}
