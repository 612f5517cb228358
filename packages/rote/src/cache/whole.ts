import type { Listeners } from "./events.ts";
import type { LowerTier } from "./lower.ts";
import { type AnyFunction, Memo } from "./memo.ts";
import type { Meta } from "./meta.ts";
import type { Receivers } from "./receivers.ts";
import { Registry, turn } from "./registry.ts";
import { noRemovals, type RemovalCounts } from "./removal.ts";
import type { Clock } from "./time.ts";

/** How long callers wait, and what wakes them up. */
export interface Patience {
  readonly timeout: number;
  readonly schedule: (callback: () => void, milliseconds: number) => () => void;
}

/**
 * One memoized function: what the options say about it, what is run, and what is counted. Its
 * results are in a `Memo`; where each receiver has a cache of its own, in one for each.
 */
export class Whole {
  readonly original: AnyFunction;
  /** What is run: the original, or the original with what options add to every run. */
  runner: AnyFunction;
  /** How it is called in messages. */
  readonly name: string;
  /** What a compiler knows of it. */
  readonly meta: Meta | undefined;
  /** All of its results; where there are several caches, those of calls on no object, or none. */
  readonly memo: Memo;
  /** The caches of its receivers, if each has its own. */
  receivers: Receivers | null = null;
  /** Called for each new object that it is called on until it says that it need not be again. */
  onMeeting: ((receiver: object) => boolean) | null = null;
  /** From more hits than that on, every receiver is expected to have one; so many after the last that had none. */
  steadyAt = 1000;
  steadyAfter = 1000;
  /** The store below the memory, if there is one. */
  lower: LowerTier | null = null;
  /** The next run is a refresh, which asks no store. */
  isForced = false;
  /** It has a cache for each scope. */
  isScoped = false;
  /** Of these, caches of another generation are out of date. An object of its own, so that it tells functions apart, too. */
  generation: object | null = null;

  byIdentity = false;
  /** The option `key`, if it is a function. */
  keyOf: AnyFunction | undefined = undefined;
  /** What its calls return is a promise from the moment of the call: a native async function, or the option. */
  isAsync = false;
  /** How long a caller waits for a promise, in milliseconds, if not for ever. */
  patience: Patience | undefined = undefined;
  /** Whether deep recursion is restarted. */
  isGuarded = true;
  /** Memoized runs on the stack before a restart. */
  readonly depthLimit: number;
  /** Verification, if there is any. */
  onHit: ((value: unknown, receiver: unknown, args: readonly unknown[]) => void) | undefined =
    undefined;
  /** The path for any call, made when a specialised one first needs it. */
  anyPath: AnyFunction | undefined = undefined;
  /** Every run is timed by the runner, so outermost ones are not timed again. */
  isTimed = false;
  /** The function catches errors, or one was caught below it on a full stack: its runs keep an exact stack. */
  isCareful = false;
  /** The option `clock`. */
  clock: Clock | undefined = undefined;

  hits = 0;
  runs = 0;
  reruns = 0;
  /** Runs that no call asked for: refreshes and verifications. */
  extraRuns = 0;
  /** Milliseconds. */
  runTime = 0;
  /** So many runs took that long, those inside of others included; and how many there were before the one that is being measured. */
  timedRuns = 0;
  runsBefore = 0;
  /** Every how many-th outermost run is measured, and how many are left until then: see run/clock.ts. */
  stride = 1;
  untilDue = 1;
  deepest = 0;
  coalesced = 0;
  staleHits = 0;
  refreshes = 0;
  rescued = 0;
  oversized = 0;
  private prepare: ((memo: Memo) => void) | null = null;
  private removed: RemovalCounts | undefined = undefined;

  /** `null` while nobody listens. */
  listeners: Listeners | null = null;
  /** A failing run is noticed at once: it is remembered, or somebody listens. */
  seesErrors = false;
  /** The runner as it is while nobody listens; those who do want every run measured. */
  unobserved: AnyFunction | undefined = undefined;
  /** How long the last run took that was measured for listeners. */
  lastDuration = 0;

  /** When it was memoized, and whether that can be found: see registry.ts. */
  readonly bornIn: number = turn;
  isRegistered = false;
  /** Large arguments walked inside runs, up to the number that is worth a warning. */
  largeScans = 0;
  /** From more entries than that on, somebody should be told that there is no bound. */
  growthAt = 1_000_000;
  /** Runs left in which a call of itself may show up before we say that none does. */
  selfCallWatch = 0;

  constructor(original: AnyFunction, name: string, depthLimit: number, epoch: number, meta?: Meta) {
    this.original = this.runner = original;
    this.name = name;
    this.depthLimit = depthLimit;
    this.meta = meta;
    this.memo = new Memo(this, epoch);
  }

  /** Lets it have several caches: each is given what the options ask for by `prepare`. */
  divide(prepare: (memo: Memo) => void): void {
    this.prepare = prepare;
    this.generation = this.memo.generation = {};
  }

  /** Another cache. */
  makeMemo(): Memo {
    const memo = new Memo(this, this.memo.entriesEpoch);
    memo.generation = this.generation;
    this.prepare?.(memo);
    return memo;
  }

  /** It is called on an object that may be new to it. */
  meet(receiver: object): void {
    if (this.onMeeting?.(receiver) === true) this.onMeeting = null;
  }

  /** Entries that were removed, by cause. */
  get removals(): RemovalCounts {
    return (this.removed ??= noRemovals());
  }
}

/** The memoized functions of the process. */
export const wholes: Registry<Whole> = new Registry();
