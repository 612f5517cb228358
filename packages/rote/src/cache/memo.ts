import { Trie } from "../key/trie.ts";
import type { Entries } from "./entries.ts";
import type { Listeners } from "./events.ts";
import { turn } from "./registry.ts";
import type { Clock } from "./time.ts";
import { Removals } from "./removal.ts";

/** Any function. `any`, so that parameters without a type of their own are left to be what they are. */
export type AnyFunction = (...args: any[]) => any;

/**
 * What can be memoized: any function, but no class. Not `AnyFunction`, which would make parameters
 * with a default `any` where the function is written as the argument.
 */
export interface Callable {
  readonly apply: (this: never, thisArg: never, args?: never) => unknown;
  readonly prototype?: undefined;
}

/** The parameters of a function, of the last one if it is overloaded. */
export type ParametersOf<Fn> = Fn extends (...args: infer Args) => unknown ? Args : never;

/** The result of a function, of the last one if it is overloaded. */
export type ResultOf<Fn> = Fn extends (...args: never) => infer Result ? Result : never;

/** How long callers wait, and what wakes them up. */
export interface Patience {
  readonly timeout: number;
  readonly schedule: (callback: () => void, milliseconds: number) => () => void;
}

/** Everything known about one memoized function. */
export class Memo {
  readonly original: AnyFunction;
  /** What is run: the original, or the original with what options add to every run. */
  runner: AnyFunction;
  /** How it is called in messages. */
  readonly name: string;
  readonly trie: Trie = new Trie();

  /** How many arguments the specialised call path takes; its frames hold them one by one. */
  arity = 0;
  /** `this` is the first element of the key. */
  hasReceiver = false;
  byIdentity = false;
  /** The option `key`, if it is a function. */
  keyOf: AnyFunction | undefined = undefined;
  /** Every call is scanned, also one whose arguments are all tokens as they stand. */
  isScanned = false;
  /** What its calls return is a promise from the moment of the call: a native async function, or the option. */
  isAsync = false;
  /** How long a caller waits for a promise, in milliseconds, if not for ever. */
  patience: Patience | undefined = undefined;
  /** Whether deep recursion is restarted. */
  isGuarded = true;
  /** Memoized runs on the stack before a restart. */
  depthLimit: number;
  /** Verification, if there is any. */
  onHit: ((value: unknown, receiver: unknown, args: readonly unknown[]) => void) | undefined =
    undefined;
  /** The path for any call, made when a specialised one first needs it. */
  anyPath: AnyFunction | undefined = undefined;
  /** Every run is timed by the runner, so outermost ones are not timed again. */
  isTimed = false;

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
  /** Large arguments walked inside runs, up to the number that is worth a warning. */
  largeScans = 0;

  /** What the call paths compare with the process's: the epoch of its entries, or `NaN` where every call has to be looked at. */
  epoch: number;
  /** In any other epoch, its entries do not count. */
  entriesEpoch: number;
  /** `null` while results are in the trie as they are. */
  entries: Entries | null = null;
  /** It turned out to return promises: the trie holds results as they are, and entries. */
  hasMixedEntries = false;
  /** `null` while nobody listens. */
  listeners: Listeners | null = null;
  /** A failing run is noticed at once: it is remembered, or somebody listens. */
  seesErrors = false;
  /** The runner as it is while nobody listens; those who do want every run measured. */
  unobserved: AnyFunction | undefined = undefined;
  /** How long the last run took that was measured for listeners. */
  lastDuration = 0;
  private removed: Removals | undefined = undefined;
  /** When it was memoized, and whether `clearAll` can find it: see registry.ts. */
  readonly bornIn: number = turn;
  isRegistered = false;
  /**
   * Exists only while something of this function must not be lost before the outermost run ends:
   * results that were removed meanwhile, failures, and in careful segments which calls are pending.
   */
  pinned: Trie | null = null;
  /** The function catches errors, or one was caught below it on a full stack: its runs keep an exact stack. */
  isCareful = false;
  /** From more entries than that on, somebody should be told that there is no bound. */
  growthAt = 1_000_000;
  /** The option `clock`. */
  clock: Clock | undefined = undefined;
  /** Runs left in which a call of itself may show up before we say that none does. */
  selfCallWatch = 0;

  constructor(original: AnyFunction, name: string, depthLimit: number, epoch: number) {
    this.original = this.runner = original;
    this.name = name;
    this.depthLimit = depthLimit;
    this.epoch = this.entriesEpoch = epoch;
  }

  get removals(): Removals {
    return (this.removed ??= new Removals());
  }

  /** Its entries are of this epoch from now on. */
  enter(epoch: number): void {
    this.entriesEpoch = epoch;
    this.epoch = this.listeners === null && !this.hasMixedEntries ? epoch : Number.NaN;
  }
}
