import { batch, type Batched } from "./batch.ts";
import type { BatchOptions } from "./batch-options.ts";
import type { AnyFunction, Callable } from "./cache/memo.ts";
import { toMeta } from "./cache/meta.ts";
import { canOwn } from "./cache/receivers.ts";
import { decorate, decorateProperty, isContext } from "./decorate.ts";
import { memoizeFunction } from "./define.ts";
import { RoteError } from "./errors.ts";
import type { Memoized } from "./memoized.ts";
import { checkOptions, type MemoizeOptions, show } from "./options.ts";

/** What decorators are told has a `name`, as options may have. */
interface NoContext {
  readonly kind?: never;
}

/** Options, and no function: those have a `name`, too. */
interface OptionsAlone extends MemoizeOptions {
  readonly apply?: never;
}

/** Memoizes with the options that it was made with: a function, or as a decorator a method, getter or accessor. */
export interface Memoizer {
  <Fn extends Callable>(fn: Fn): Memoized<Fn>;
  <This, Method extends (this: any, ...args: any) => any>(
    method: Method,
    context: ClassMethodDecoratorContext<This, any>,
  ): Method;
  <This, Value>(
    getter: (this: This) => Value,
    context: ClassGetterDecoratorContext<This, Value>,
  ): (this: This) => Value;
  <This, Value>(
    accessor: ClassAccessorDecoratorTarget<This, Value>,
    context: ClassAccessorDecoratorContext<This, Value>,
  ): ClassAccessorDecoratorResult<This, Value>;
  <Target extends object, Value>(
    target: Target,
    name: string | symbol,
    descriptor: TypedPropertyDescriptor<Value>,
  ): TypedPropertyDescriptor<Value>;
}

/**
 * Wraps `fn` so that calls with equal arguments share one result.
 *
 * The wrapped function keeps name, length, own properties, text and type. An error that `fn` throws
 * reaches the caller unchanged and is not remembered. Recursion through the wrapped function is
 * limited by memory, not by the stack: deeper than `depthLimit`, runs are restarted from the heap,
 * so a body may run twice. Results are shared, not copied.
 *
 * @param fn - A function of its arguments alone; anything else that it reads belongs in `options.key`.
 * @param options - See {@link MemoizeOptions}. By default every entry is kept and none expires.
 * @throws {RoteError} When wrapping, `ERR_INVALID_ARGUMENT` for what cannot be memoized and
 * `ERR_INVALID_OPTION` for options; when calling, `ERR_CYCLE` for a call that needs its own result
 * and `ERR_NEW` for a call with `new`.
 *
 * @example
 * ```ts
 * import { memoize } from "rote";
 *
 * const fib: (n: number) => bigint = memoize((n) => (n < 2 ? BigInt(n) : fib(n - 1) + fib(n - 2)));
 * fib(100); //=> 354224848179261915075n
 * ```
 */
export function memoize<Fn extends Callable>(
  fn: Fn,
  options?: MemoizeOptions<NoInfer<Fn>> & NoContext,
): Memoized<Fn>;
export function memoize<This, Method extends (this: any, ...args: any) => any>(
  method: Method,
  context: ClassMethodDecoratorContext<This, any>,
): Method;
export function memoize<This, Value>(
  getter: (this: This) => Value,
  context: ClassGetterDecoratorContext<This, Value>,
): (this: This) => Value;
export function memoize<This, Value>(
  accessor: ClassAccessorDecoratorTarget<This, Value>,
  context: ClassAccessorDecoratorContext<This, Value>,
): ClassAccessorDecoratorResult<This, Value>;
export function memoize<Target extends object, Value>(
  target: Target,
  name: string | symbol,
  descriptor: TypedPropertyDescriptor<Value>,
): TypedPropertyDescriptor<Value>;
export function memoize(options: OptionsAlone): Memoizer;
export function memoize(first: unknown, second?: unknown, third?: unknown): unknown {
  if (isDecorating(first, second, third, arguments.length))
    return applyDecorator(first, second, third, undefined);
  if (typeof first === "function")
    return memoizeFunction(
      first as AnyFunction,
      second as MemoizeOptions | undefined,
      toMeta(third),
    );
  if (typeof first !== "object" || first === null || second !== undefined)
    throw notAFunction(first, second);
  const options = first as MemoizeOptions;
  checkOptions(options);
  return (...given: readonly [unknown?, unknown?, unknown?]) => {
    const [fn, context, descriptor] = given;
    if (isDecorating(fn, context, descriptor, given.length))
      return applyDecorator(fn, context, descriptor, options);
    if (typeof fn !== "function") throw notAFunction(fn);
    return memoizeFunction(fn as AnyFunction, options, toMeta(descriptor));
  };
}

export declare namespace memoize {
  /**
   * Makes a memoized function of one key out of one that loads many: calls for different keys, made
   * in one tick, become one call of `loadMany`.
   *
   * Each key is memoized by itself, with all options; equal keys share a place in the batch and a
   * result. An element that is an `Error` rejects the calls for its key only. If `loadMany` throws,
   * rejects, or returns the wrong number of results, all calls that wait for the batch are rejected.
   * No failure is remembered, unless `rememberErrors` says so. `loadMany` is called without a `this`,
   * in the async context of the call that began the batch, or filled it.
   *
   * @param loadMany - Gets the keys of a batch, none twice, as a frozen array. Returns an array, or a
   * promise of one, with a result for each key, in the order of the keys.
   * @param options - See {@link BatchOptions}. By default a batch has any number of keys and is
   * dispatched once the promise jobs of the turn are done.
   * @throws {RoteError} When wrapping, `ERR_INVALID_ARGUMENT` for what is no function and
   * `ERR_INVALID_OPTION` for options. Calls are rejected with `ERR_INVALID_RESULT` for the wrong number
   * of results, with `ERR_CYCLE` where a batch waits for its own result, and with
   * `ERR_INVALID_ARGUMENT` for arguments other than a key and a signal.
   *
   * @example
   * ```ts
   * import { memoize } from "rote";
   *
   * const batches: (readonly number[])[] = [];
   * const user = memoize.batch(async (ids: readonly number[]) => {
   *   batches.push(ids);
   *   return ids.map((id) => (id > 0 ? { id, name: `user ${id}` } : new RangeError("no such user")));
   * });
   * const [one, two] = await Promise.all([user(1), user(2), user(1)]);
   * two.name; //=> "user 2"
   * batches; //=> [[1, 2]]
   * await user(-1); //=> throws no such user
   * ```
   */
  function batch<Key, Value>(
    loadMany: (
      keys: readonly Key[],
    ) => PromiseLike<readonly (Value | Error)[]> | readonly (Value | Error)[],
    options?: BatchOptions<NoInfer<Key>, NoInfer<Value>>,
  ): Batched<Key, Value>;
}
Object.assign(memoize, { batch });

/** Whether these are the arguments of a decorator: of the standard form, or under `experimentalDecorators`. */
function isDecorating(first: unknown, second: unknown, third: unknown, count: number): boolean {
  return (
    isContext(second) ||
    (count === 3 &&
      canOwn(first) &&
      (typeof second === "string" ||
        typeof second === "symbol" ||
        // As compilers write the name of 5() {}; but not [f, g].map(memoize).
        (typeof second === "number" && !Array.isArray(third))))
  );
}

function applyDecorator(
  first: unknown,
  second: unknown,
  third: unknown,
  options: MemoizeOptions | undefined,
): unknown {
  return isContext(second)
    ? decorate(first, second, options)
    : decorateProperty(second as string, third as PropertyDescriptor | undefined, options);
}

function notAFunction(value: unknown, second?: unknown): RoteError {
  return new RoteError(
    "ERR_INVALID_ARGUMENT",
    `memoize takes a function, or options such as { key: "identity" } to give it a function later; received ${show(value)}.` +
      (typeof second === "function" ? " The function comes first: memoize(fn, options)." : "") +
      (arguments.length > 1 && value === undefined
        ? " As a decorator without options it is @memoize alone."
        : ""),
    { value },
  );
}
