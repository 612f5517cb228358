import type { Node } from "../key/node.ts";
import { Trie } from "../key/trie.ts";
import type { Entries } from "./entries.ts";
import { turn } from "./registry.ts";
import { Removals } from "./removal.ts";
import type { Whole } from "./whole.ts";

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

/** The results of one memoized function, or those of one receiver. */
export class Memo {
  readonly whole: Whole;
  readonly trie: Trie = new Trie();
  /** How many arguments the specialised call path takes; its frames hold them one by one. */
  arity = 0;
  /** `this` is the first element of the key. */
  hasReceiver = false;
  /** Every call is scanned, also one whose arguments are all tokens as they stand. */
  isScanned = false;
  /** What the call paths compare with the process's: the epoch of its entries, or `NaN` where every call has to be looked at. */
  epoch: number;
  /** In any other epoch, its entries do not count. */
  entriesEpoch: number;
  /** `null` while results are in the trie as they are. */
  entries: Entries | null = null;
  /** It turned out to return promises: the trie holds results as they are, and entries. */
  hasMixedEntries = false;
  /**
   * Exists only while something of this function must not be lost before the outermost run ends:
   * results that were removed meanwhile, failures, and in careful segments which calls are pending.
   */
  pinned: Trie | null = null;
  private removed: Removals | undefined = undefined;
  /** Of one receiver: on what its runs are called, where the frames do not say. */
  receiver: unknown = undefined;
  /** And whether it is up to date: see receivers.ts. */
  generation: object | null = null;
  /** The next cache of the same receiver. */
  next: Memo | undefined = undefined;
  /** Where calls with as many arguments as declared begin. */
  root: Node | null = null;
  readonly bornIn: number = turn;
  isRegistered = false;

  constructor(whole: Whole, epoch: number) {
    this.whole = whole;
    this.epoch = this.entriesEpoch = epoch;
  }

  /** The last removals. */
  get removals(): Removals {
    return (this.removed ??= new Removals());
  }

  /** Its entries are of this epoch from now on. */
  enter(epoch: number): void {
    this.entriesEpoch = epoch;
    this.epoch = this.whole.listeners === null && !this.hasMixedEntries ? epoch : Number.NaN;
  }
}
