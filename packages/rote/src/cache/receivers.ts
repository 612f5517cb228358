import type { Memo } from "./memo.ts";
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

  /** The same without asking first, which in a large program costs a third of a hit: if it has none, that is an error. */
  static expect(receiver: object, whole: Whole): Memo | undefined {
    let memo: Memo | undefined;
    try {
      memo = (receiver as Owned).#first;
    } catch {
      whole.steadyAfter *= 2;
      return undefined;
    }
    while (memo !== undefined && memo.generation !== whole.generation) memo = memo.next;
    return memo;
  }
}

let unstampable: WeakMap<object, Memo> | undefined;

/** Whether it can have a cache of its own: any object. */
export function canOwn(receiver: unknown): receiver is object {
  return (typeof receiver === "object" && receiver !== null) || typeof receiver === "function";
}

/**
 * The cache of a receiver, if it has one and that is up to date. Short, to be inlined into every hit.
 *
 * Whether an object has a private field is slow to ask where some have it and some have not. So after
 * many hits in a row it is not asked: an object without one then costs an error, and that many more hits are waited for the next time.
 */
export function ownOf(receiver: unknown, whole: Whole): Memo | undefined {
  if (whole.hits > whole.steadyAt) return Owned.expect(receiver as object, whole);
  return canOwn(receiver) ? Owned.find(receiver, whole.generation) : undefined;
}

/**
 * The caches of one method: one for each object that it was called on. They hang on these, and go
 * with them; a receiver that was never called on has nothing.
 */
export class Receivers {
  /** What the method is called in its class. */
  readonly property: string | symbol;
  private readonly whole: Whole;
  private readonly registry: Registry<Memo> = new Registry();

  constructor(whole: Whole, property: string | symbol) {
    this.property = property;
    this.whole = whole;
  }

  /** The cache for calls on `receiver`, made if there is none; perhaps out of date. */
  of(receiver: unknown): Memo {
    const { whole } = this;
    const first = canOwn(receiver) ? Owned.firstOf(receiver) : undefined;
    const memo = first === undefined ? undefined : this.among(first);
    if (memo === undefined || unstampable !== undefined)
      whole.steadyAt = whole.hits + whole.steadyAfter;
    if (!canOwn(receiver)) return whole.memo;
    if (memo === undefined) return this.make(receiver, first);
    this.noteUse(memo);
    return memo;
  }

  /** Called when one is used that was there: from the turn after its birth on, it can be found then. */
  noteUse(memo: Memo): void {
    this.registry.register(memo);
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
    const memo = this.whole.makeMemo();
    memo.receiver = receiver;
    Owned.add(receiver, memo, first);
    this.registry.noteBirth(memo);
    this.whole.meet(receiver);
    return memo;
  }
}
