import { Trie } from "../key/trie.ts";
import { Tally } from "./tally.ts";

/** Any function. `any`, so that parameters without a type of their own are left to be what they are. */
export type AnyFunction = (...args: any[]) => any;

/** Everything known about one memoized function, apart from its call path. */
export class Memo {
  readonly original: AnyFunction;
  /** What is run: the original, or the original with what options add to every run. */
  readonly runner: AnyFunction;
  /** How it is called in messages. */
  readonly name: string;
  /** How many arguments the specialised call path takes; its frames hold them one by one. */
  readonly arity: number;
  /** Memoized runs on the stack before a restart; `undefined` for the process-wide default. */
  readonly depthLimit: number | undefined;
  readonly trie: Trie = new Trie();
  /**
   * Exists only while a drive has calls of this function pending: what the drive must not lose
   * (results removed meanwhile, failures) and which calls are pending.
   */
  pinned: Trie | null = null;
  /** What is counted, and how the process finds this function again. */
  readonly tally: Tally;
  /** The function catches errors, or one was caught below it on a full stack: its runs keep an exact stack. */
  isCareful = false;
  /** Every run is timed by the runner, so outermost ones are not timed again. */
  isTimed = false;
  /** Large arguments walked inside runs, up to the number that is worth a warning. */
  largeScans = 0;
  /** Runs left in which a call of itself may show up before we say that none does. */
  selfCallWatch = 0;

  constructor(
    original: AnyFunction,
    runner: AnyFunction,
    name: string,
    arity: number,
    depthLimit: number | undefined,
    epoch: number,
  ) {
    this.original = original;
    this.runner = runner;
    this.name = name;
    this.tally = new Tally(name, epoch);
    this.arity = arity;
    this.depthLimit = depthLimit;
  }
}
