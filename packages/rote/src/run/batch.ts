import { warnOnce } from "../development.ts";
import { RoteError } from "../errors.ts";
import { type Key, Trie } from "../key/trie.ts";
import type { Flight } from "./flight.ts";
import { isThenable, observe } from "./thenable.ts";
import { outside } from "./stack.ts";
import { addWait, endWaits, runInside, type Waiting } from "./waiting.ts";

/** What is done with the keys of a batch, and when. */
export interface Batching {
  /** How the function is called in messages. */
  readonly name: string;
  readonly loadMany: (keys: readonly unknown[]) => unknown;
  readonly maxBatch: number;
  readonly scheduleBatch: (dispatch: () => void) => unknown;
}

/** A key in a batch. */
export class Slot {
  readonly key: unknown;
  /** What makes it the same key as another; unknown where nobody has asked, with memoization off for instance. */
  readonly id: Key | undefined;
  readonly batch: Batch;
  /** How many runs want it. */
  wanted = 0;
  readonly promise: Promise<unknown>;
  resolve!: (value: unknown) => void;
  reject!: (error: unknown) => void;

  constructor(key: unknown, id: Key | undefined, batch: Batch) {
    this.key = key;
    this.id = id;
    this.batch = batch;
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }
}

/**
 * Keys that are asked for one by one and loaded together. Rules:
 *
 * 1. The first key opens a batch, and has its dispatch scheduled when it is in. Keys come in until the
 *    batch is dispatched, which happens once: when the schedule says so, or at once when it is full.
 * 2. No key is in a batch twice: who asks for one that is in, after a `delete` for instance, joins.
 * 3. What everybody has left before the dispatch is not loaded. Afterwards nothing is called off.
 * 4. Each key comes to an end of its own, unless the whole batch fails: then all to the same.
 * 5. For the wait-for graph a batch is what its keys' flights wait for, and what waits for whatever
 *    `loadMany` waits for: no one of its flights is the batch, and whoever dispatches it is none of them.
 * 6. A batch that has ended holds nothing: what `loadMany` has started, or the schedule, may know it for ever.
 */
class Batch implements Waiting {
  readonly name: string;
  args: readonly unknown[] = [];
  isPending = true;
  waitsFor: Set<Waiting> | undefined = undefined;
  waiters: Set<Waiting> | undefined = undefined;
  isOpen = true;
  private slots: Set<Slot> = new Set();
  private known: Trie = new Trie();

  constructor(name: string) {
    this.name = name;
  }

  get size(): number {
    return this.slots.size;
  }

  slotOf(key: unknown, id: Key | undefined): Slot {
    const known = id === undefined ? undefined : (this.known.get(id) as Slot | undefined);
    if (known !== undefined) return known;
    const slot = new Slot(key, id, this);
    if (id !== undefined) this.known.set(id, slot);
    this.slots.add(slot);
    return slot;
  }

  drop(slot: Slot): void {
    if (slot.id !== undefined) this.known.delete(slot.id);
    this.slots.delete(slot);
  }

  /** The keys; from now on no more come in. */
  close(): readonly unknown[] {
    this.isOpen = false;
    this.known = NOTHING_KNOWN;
    // Results are matched by place: a `loadMany` that sorts its keys would give each caller another's.
    const keys = Object.freeze(Array.from(this.slots, ({ key }) => key));
    this.args = [keys];
    return keys;
  }

  succeed(results: unknown): void {
    const problem = problemOf(results, this);
    if (problem !== undefined) {
      this.fail(problem);
      return;
    }
    let outcomes: unknown[];
    try {
      // Read before anybody is told: a getter may throw in the middle.
      outcomes = Array.from({ length: this.size }, (_, i) => (results as unknown[])[i]);
    } catch (error) {
      this.fail(error);
      return;
    }
    this.land().forEach((slot, i) => {
      const outcome = outcomes[i];
      if (isError(outcome)) slot.reject(outcome);
      else slot.resolve(outcome);
    });
  }

  fail(error: unknown): void {
    for (const slot of this.land()) slot.reject(error);
  }

  private land(): Slot[] {
    const slots = [...this.slots];
    this.isPending = false;
    this.slots = new Set();
    this.args = [];
    endWaits(this);
    return slots;
  }
}

const NOTHING_KNOWN = new Trie();

interface Platform {
  Error: { isError?: (value: unknown) => boolean };
}

/** Also of another realm, where the engine can tell. */
function isError(value: unknown): boolean {
  return (
    value instanceof Error || (globalThis as unknown as Platform).Error.isError?.(value) === true
  );
}

function problemOf(results: unknown, { name, size }: Batch): RoteError | undefined {
  const isArray = Array.isArray(results);
  if (isArray && results.length === size) return undefined;
  const keys = `${size} ${size === 1 ? "key" : "keys"}`;
  const received = isArray
    ? `${results.length} ${results.length === 1 ? "result" : "results"}`
    : results === undefined || results === null
      ? String(results)
      : `a value of type ${typeof results}`;
  return new RoteError(
    "ERR_INVALID_RESULT",
    `loadMany of "${name}" must return an array, or a promise of one, with a result for each key, in the order of the keys; it was given ${keys} and returned ${received}. ` +
      (isArray
        ? "For a key without a result, put undefined, null or an Error in its place."
        : "Return keys.map((key) => …), with what belongs to each key."),
    { value: results },
  );
}

/** Collects the keys of one function in batches. */
export class Batcher {
  private readonly rules: Batching;
  /** The one batch that is open, if there is one. */
  private open: Batch | undefined = undefined;

  constructor(rules: Batching) {
    this.rules = rules;
  }

  /** Puts a key into the open batch; `flight`, if there is one, waits for it. */
  add(key: unknown, flight: Flight | undefined): Slot {
    const isNew = this.open === undefined;
    const batch = (this.open ??= new Batch(this.rules.name));
    const slot = batch.slotOf(key, flight?.key);
    slot.wanted++;
    // Not a cycle: it waits for nothing before it is dispatched.
    if (flight !== undefined) addWait(flight, batch);
    if (batch.size >= this.rules.maxBatch) this.dispatch(batch);
    else if (isNew) this.schedule(batch);
    return slot;
  }

  /** A run does not want it any more. */
  leave(slot: Slot): void {
    if (--slot.wanted === 0 && slot.batch.isOpen) slot.batch.drop(slot);
  }

  private schedule(batch: Batch): void {
    const { scheduleBatch } = this.rules;
    const giveUp = (error: unknown): void => this.giveUp(batch, error);
    try {
      const scheduled = outside(() =>
        runInside(batch, () => scheduleBatch(() => this.dispatch(batch))),
      );
      if (isThenable(scheduled)) observe(scheduled, () => {}, giveUp);
    } catch (error) {
      giveUp(error);
    }
  }

  /** Scheduling has failed. Nobody is left waiting for a dispatch that may never come. */
  private giveUp(batch: Batch, error: unknown): void {
    if (!batch.isOpen) {
      warnOnce(
        "ROTE_SCHEDULE_BATCH",
        `scheduleBatch of "${this.rules.name}" has failed after its batch was dispatched, which is ignored: ${error instanceof Error ? error.name : typeof error}. Handle errors inside it.`,
      );
      return;
    }
    this.close(batch);
    batch.fail(error);
  }

  private close(batch: Batch): readonly unknown[] {
    this.open = undefined;
    return batch.close();
  }

  private dispatch(batch: Batch): void {
    if (!batch.isOpen) return;
    const keys = this.close(batch);
    if (keys.length === 0) return;
    const { loadMany } = this.rules;
    try {
      outside(() =>
        runInside(batch, () => {
          const results = loadMany(keys);
          if (!isThenable(results)) batch.succeed(results);
          // Inside, so that it is the batch that waits for what is returned without `await`.
          else
            observe(
              results,
              (values) => batch.succeed(values),
              (error) => batch.fail(error),
            );
        }),
      );
    } catch (error) {
      batch.fail(error);
    }
  }
}
