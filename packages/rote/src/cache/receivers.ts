import { Memo } from "./memo.ts";
import { Registry } from "./registry.ts";
import { Stamped } from "./stamped.ts";
import type { Whole } from "./whole.ts";

/** On each receiver, the first of its caches: they are a list, since most have few. */
class Owned extends Stamped {
  #first: Memo;
  private constructor(receiver: object, first: Memo) {
    super(receiver);
    this.#first = first;
  }

  static firstOf(receiver: object): Memo | undefined {
    return #first in receiver ? receiver.#first : unstampable?.get(receiver);
  }

  /** Adds one to those that are there, of which `first` is the first. */
  static add(receiver: object, memo: Memo, first: Memo | undefined): void {
    if (first !== undefined) {
      memo.next = first.next;
      first.next = memo;
      return;
    }
    try {
      new Owned(receiver, memo);
    } catch {
      // Some objects of the platform take no private fields, and one day frozen ones will not.
      (unstampable ??= new WeakMap()).set(receiver, memo);
    }
  }

  /** For hits. */
  static find(receiver: object, generation: object | null): Memo | undefined {
    let memo = #first in receiver ? receiver.#first : undefined;
    while (memo !== undefined && memo.generation !== generation) memo = memo.next;
    return memo;
  }
}

let unstampable: WeakMap<object, Memo> | undefined;

/** Whether it can have a cache of its own: any object. */
export function canOwn(receiver: unknown): receiver is object {
  return (typeof receiver === "object" && receiver !== null) || typeof receiver === "function";
}

/** The cache of a receiver, if it has one and that is up to date. Short, to be inlined into every hit. */
export function ownOf(receiver: unknown, generation: object | null): Memo | undefined {
  return canOwn(receiver) ? Owned.find(receiver, generation) : undefined;
}

/**
 * The caches of one method: one for each object that it was called on. They hang on these, and go
 * with them; a receiver that was never called on has nothing.
 */
export class Receivers {
  /** Called for each new one until it says that it need not be again. */
  onFirst: ((receiver: object) => boolean) | null = null;
  /** What the method is called in its class. */
  readonly property: string | symbol;
  private readonly whole: Whole;
  private readonly registry: Registry<Memo> = new Registry();
  private readonly prepare: (memo: Memo) => void;

  /** `prepare` gives a new cache what the options ask for. */
  constructor(whole: Whole, property: string | symbol, prepare: (memo: Memo) => void) {
    this.property = property;
    this.whole = whole;
    whole.generation = whole.memo.generation = {};
    this.prepare = prepare;
  }

  /** The cache for calls on `receiver`, made if there is none; perhaps out of date. */
  of(receiver: unknown): Memo {
    const { whole } = this;
    if (!canOwn(receiver)) return whole.memo;
    const first = Owned.firstOf(receiver);
    const memo = first === undefined ? undefined : this.among(first);
    if (memo === undefined) return this.make(receiver, first);
    this.registry.register(memo);
    return memo;
  }

  /** The same, if there is one. */
  find(receiver: object): Memo | undefined {
    return this.among(Owned.firstOf(receiver));
  }

  private among(first: Memo | undefined): Memo | undefined {
    let memo = first;
    while (memo !== undefined && memo.whole !== this.whole) memo = memo.next;
    return memo;
  }

  /** Those that can be found, and that for calls without an object. */
  all(): Memo[] {
    return [this.whole.memo, ...this.registry.find()];
  }

  private make(receiver: object, first: Memo | undefined): Memo {
    const { whole } = this;
    const memo = new Memo(whole, whole.memo.entriesEpoch);
    memo.generation = whole.generation;
    memo.receiver = receiver;
    this.prepare(memo);
    Owned.add(receiver, memo, first);
    this.registry.noteBirth(memo);
    if (this.onFirst?.(receiver) === true) this.onFirst = null;
    return memo;
  }
}
