import type { AnyFunction, Callable } from "./cache/memo.ts";
import { canOwn } from "./cache/receivers.ts";
import { Stamped } from "./cache/stamped.ts";
import type { Whole } from "./cache/whole.ts";
import { RoteError } from "./errors.ts";
import { type CacheHandle, Handle } from "./handle.ts";
import { MethodHandle } from "./method-handle.ts";
import { show } from "./options.ts";
import { ScopedHandle } from "./scoped-handle.ts";

/** A memoized function: callable like the original, with what it remembers at hand. */
export type Memoized<Fn extends Callable> = Fn & {
  /** Looks into, and changes, what the function remembers. */
  readonly cache: CacheHandle<Fn>;
  /** The function that was wrapped. */
  readonly original: Fn;
};

const textOf = Function.prototype.toString;

/** The text that a user has written, also of a function that is memoized already. */
export function sourceOf(fn: object): string {
  let whole: Whole | undefined;
  while ((whole = Stamp.wholeOf(fn)) !== undefined && whole.original !== fn) fn = whole.original;
  return textOf.call(fn);
}

const { getPrototypeOf } = Object;

/** Gives the wrapper what the original has: name, length, own properties, prototype. */
export function shape(
  wrapper: AnyFunction,
  whole: Whole,
  original: AnyFunction,
  prototype: object | null,
): void {
  if (prototype === Function.prototype || prototype === memoizedPrototype) {
    Object.setPrototypeOf(wrapper, memoizedPrototype);
  } else {
    Object.setPrototypeOf(wrapper, prototype);
    for (const name of Reflect.ownKeys(memoizedPrototype)) {
      if (name === "toString" || !(name in original))
        copyProperty(memoizedPrototype, name, wrapper);
    }
  }
  const names = Reflect.ownKeys(original);
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string | symbol;
    if (name === "arguments" || name === "caller") continue;
    // The wrapper has these as they mostly are, and to define a property takes as long as ten runs.
    if (name === "length" && original.length === whole.memo.arity) continue;
    if (name === "name" && original.name === "") continue;
    // The wrapper has one of its own, of which nothing but the value can be changed; methods have none.
    if (name === "prototype" && Object.hasOwn(wrapper, name))
      wrapper.prototype = original.prototype as unknown;
    else copyProperty(original, name, wrapper);
  }
}

function copyProperty(from: object, name: string | symbol, to: object): void {
  Object.defineProperty(
    to,
    name,
    Object.getOwnPropertyDescriptor(from, name) as PropertyDescriptor,
  );
}

class Stamp extends Stamped {
  #whole: Whole;
  #handle: CacheHandle | undefined;
  private constructor(fn: object, whole: Whole) {
    super(fn);
    this.#whole = whole;
  }

  static put(fn: object, whole: Whole): void {
    new Stamp(fn, whole);
  }

  static isOn(fn: object): boolean {
    return #whole in fn;
  }

  static wholeOf(fn: object): Whole | undefined {
    return #whole in fn ? fn.#whole : undefined;
  }

  /** It is another one's from now on; unless somebody has the handle. */
  static replace(fn: object, whole: Whole): boolean {
    if (!(#whole in fn) || fn.#handle !== undefined) return false;
    fn.#whole = whole;
    return true;
  }

  static handleOf(fn: object): CacheHandle | undefined {
    return #whole in fn ? (fn.#handle ??= handleFor(fn.#whole)) : undefined;
  }
}

/** A handle for all that the function remembers. */
export function handleFor(whole: Whole): CacheHandle {
  if (whole.isScoped) return new ScopedHandle(whole, undefined, false);
  if (whole.receivers !== null) return new MethodHandle(whole);
  return new Handle(whole.memo, undefined, false);
}

/** A property of ours, which a property that a program gives to its function takes the place of. */
function own(name: string, get: (this: object) => unknown): PropertyDescriptor {
  return {
    configurable: true,
    get,
    set(this: object, value: unknown) {
      Object.defineProperty(this, name, {
        value,
        writable: true,
        enumerable: true,
        configurable: true,
      });
    },
  };
}

/** Between a memoized function and `Function.prototype`: what all of them have in common. */
const memoizedPrototype: object = Object.create(Function.prototype, {
  cache: own("cache", function () {
    return Stamp.handleOf(this);
  }),
  original: own("original", function () {
    return Stamp.wholeOf(this)?.original;
  }),
  toString: {
    configurable: true,
    writable: true,
    value: function toString(this: object): string {
      return sourceOf(this);
    },
  },
}) as object;

export function attach(fn: AnyFunction, whole: Whole): AnyFunction {
  if (fn !== whole.original) {
    Stamp.put(fn, whole);
    return fn;
  }
  // An original that is memoized already keeps its own stamp.
  if (!Stamp.isOn(fn)) Stamp.put(fn, whole);
  if (Object.isExtensible(fn)) {
    for (const name of ["cache", "original"])
      if (!(name in fn)) copyProperty(memoizedPrototype, name, fn);
  }
  return fn;
}

/**
 * Whether `value` is a function that `memoize` of this copy of rote returned.
 *
 * @example
 * ```ts
 * import { isMemoized, memoize } from "rote";
 *
 * isMemoized(memoize(Math.sqrt)); //=> true
 * isMemoized(Math.sqrt); //=> false
 * ```
 */
export function isMemoized(value: unknown): value is Memoized<AnyFunction> {
  return typeof value === "function" && Stamp.isOn(value);
}

/**
 * The handle of a memoized function, also where a property of the original named `cache` is in the way;
 * or, with an object and a name, that of a memoized method or getter for this object.
 *
 * @throws {RoteError} `ERR_NOT_MEMOIZED` for anything else.
 *
 * @example
 * ```ts
 * import { cacheOf, memoize } from "rote";
 *
 * const square = memoize((n: number) => n * n);
 * square(3); //=> 9
 * cacheOf(square).peek(3); //=> 9
 * ```
 */
export function cacheOf<Fn extends AnyFunction>(fn: Fn): CacheHandle<Fn>;
export function cacheOf<Target extends object, Name extends keyof Target>(
  target: Target,
  name: Name,
): CacheHandle<Target[Name] extends Callable ? Target[Name] : () => Target[Name]>;
export function cacheOf(target: unknown, ...names: [PropertyKey?]): CacheHandle {
  if (names.length > 0) return cacheOfMethod(target, names[0] as PropertyKey);
  const handle = typeof target === "function" ? Stamp.handleOf(target) : undefined;
  if (handle === undefined) throw notMemoized("cacheOf", target);
  return handle;
}

/** The handle of a memoized method or getter for one receiver. A getter is not run. */
function cacheOfMethod(target: unknown, name: PropertyKey): CacheHandle {
  if (canOwn(target) && ["string", "symbol", "number"].includes(typeof name)) {
    for (let at: object | null = target; at !== null; at = getPrototypeOf(at) as object | null) {
      const descriptor = Object.getOwnPropertyDescriptor(at, name);
      if (descriptor === undefined) continue;
      const fn: unknown = descriptor.get ?? descriptor.value;
      const whole = typeof fn === "function" ? Stamp.wholeOf(fn) : undefined;
      if (whole === undefined) break;
      const handle = handleFor(whole);
      return whole.receivers !== null || whole.memo.hasReceiver ? handle.of(target) : handle;
    }
  }
  const isPrivate = typeof name === "string" && name.startsWith("#");
  throw new RoteError(
    "ERR_NOT_MEMOIZED",
    `cacheOf takes an object and the name of a memoized method or getter of it; received ${show(target)} and ${typeof name === "string" ? `"${name}"` : show(name)}. ` +
      (isPrivate
        ? `A private method can be reached inside its class only: this.${name}.cache.of(this).`
        : "Decorate it with @memoize, or name it in memoizeMethods."),
    { value: target },
  );
}

/** The error for something that had to be a memoized function. */
export function notMemoized(caller: string, value: unknown): RoteError {
  const shown =
    typeof value === "function" && value.name !== ""
      ? `the function "${value.name}", which is not`
      : show(value);
  return new RoteError(
    "ERR_NOT_MEMOIZED",
    `${caller} takes a function that memoize returned; received ${shown}. Pass the result of memoize(fn), made by the same copy of rote.`,
    { value },
  );
}

/** Lets a memoized function be another one from now on; whether nobody has looked into it yet. */
export function replaceWhole(fn: AnyFunction, whole: Whole): boolean {
  return Stamp.replace(fn, whole);
}

/** How a memoized function is called; for `tabulate`. */
export function wholeOf(fn: unknown): Whole | undefined {
  return typeof fn === "function" ? Stamp.wholeOf(fn) : undefined;
}
