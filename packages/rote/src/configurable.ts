import { notCompiled } from "./assert-memoized.ts";
import type { AnyFunction, Callable } from "./cache/memo.ts";
import type { Whole } from "./cache/whole.ts";
import { RoteError } from "./errors.ts";
import { attach, isMemoized, replaceWhole, shape, wholeOf } from "./memoized.ts";
import type { MemoizeOptions } from "./options.ts";

/** A marked function whose options may still come. */
interface Configurable {
  options: MemoizeOptions | undefined;
  whole: Whole;
  isUsed: boolean;
  readonly make: (options: MemoizeOptions | undefined) => AnyFunction;
  /** `undefined` where calls go to the original anyway. */
  readonly use: ((made: AnyFunction) => void) | undefined;
}

const configurables = new WeakMap<AnyFunction, Configurable>();

/**
 * Memoizes a marked function so that `configureMemoized` may still give it options: the call path is
 * chosen by the options when wrapping, so what others get is a function that passes calls on to it.
 *
 * @param make - Memoizes `original`, once with these options, and again if others come.
 */
export function makeConfigurable(
  original: AnyFunction,
  options: MemoizeOptions | undefined,
  isMethod: boolean,
  make: (options: MemoizeOptions | undefined) => AnyFunction,
): AnyFunction {
  let made = make(options);
  const whole = wholeOf(made) as Whole;
  const state = { options, whole, isUsed: false, make };
  if (made === original) {
    configurables.set(original, { ...state, use: undefined });
    return original;
  }
  // The first call is another function, so that later ones need not ask.
  let callee: AnyFunction = function (this: unknown, ...args: unknown[]): unknown {
    configurable.isUsed = true;
    callee = made;
    return Reflect.apply(made, this as never, args as never);
  };
  const configurable: Configurable = {
    ...state,
    use(next) {
      made = next;
    },
  };
  const forward = isMethod
    ? {
        method(this: unknown): unknown {
          return callee.apply(this, arguments as never);
        },
      }.method
    : function (this: unknown): unknown {
        // The memoized function knows what to say of new.
        if (new.target !== undefined) return Reflect.construct(made, []);
        return callee.apply(this, arguments as never);
      };
  shape(forward, whole, original, Object.getPrototypeOf(original) as object | null);
  const { length } = original;
  Object.defineProperty(forward, "length", { value: length, configurable: true });
  configurables.set(forward, configurable);
  return attach(forward, whole);
}

/**
 * Gives options to a function that is marked with the directive `"use memoize"`, in the module that has it and before its first call.
 *
 * Options given earlier, and those of the whole project, stay unless they are given anew.
 *
 * @param fn - The marked function; for a method, `Type.prototype.method`.
 * @param options - See {@link MemoizeOptions}.
 * @throws {RoteError} `ERR_NOT_MEMOIZED` if nobody has read the directive, `ERR_INVALID_ARGUMENT` if `fn`
 * cannot be configured from here, `ERR_IN_USE` once it was called or its cache was looked into, `ERR_INVALID_OPTION` for
 * options.
 *
 * @example
 * ```ts
 * import { cacheOf, configureMemoized } from "rote";
 *
 * function cube(n: number): number {
 *   "use memoize";
 *   return n ** 3;
 * }
 * configureMemoized(cube, { maxEntries: 2 });
 *
 * [cube(1), cube(2), cube(3)]; //=> [1, 8, 27]
 * cacheOf(cube).size; //=> 2
 * ```
 */
export function configureMemoized<Fn extends Callable>(
  fn: Fn,
  options: MemoizeOptions<NoInfer<Fn>>,
): void {
  const key = fn as unknown as AnyFunction;
  const configurable = typeof fn === "function" ? configurables.get(key) : undefined;
  if (configurable === undefined) throw isMemoized(fn) ? notHere(key) : notCompiled(CALLER, fn);
  const { whole, make, use } = configurable;
  if (configurable.isUsed || whole.runs > 0) throw inUse(whole.name, "was called");
  const merged = { ...configurable.options, ...(options as MemoizeOptions) };
  const made = make(merged);
  configurable.options = merged;
  if (use === undefined) return;
  const next = wholeOf(made) as Whole;
  if (!replaceWhole(key, next)) throw inUse(whole.name, "had its cache looked into");
  configurable.whole = next;
  use(made);
}

const CALLER = "configureMemoized";

function inUse(name: string, what: string): RoteError {
  return new RoteError(
    "ERR_IN_USE",
    `configureMemoized was called for "${name}" after that ${what}: by then its options are settled. Move the call up, right below the function.`,
  );
}

function notHere(fn: AnyFunction): RoteError {
  return new RoteError(
    "ERR_INVALID_ARGUMENT",
    `configureMemoized takes a function with the directive "use memoize", in the module that has it; "${fn.name}" is memoized otherwise, or elsewhere. Give options to memoize(fn, options), or move the call beside the directive.`,
    { value: fn },
  );
}
