import type { AnyFunction, Callable } from "./cache/memo.ts";
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
  if (isDecorating(first, second, arguments.length))
    return applyDecorator(first, second, third, undefined);
  if (typeof first === "function")
    return memoizeFunction(first as AnyFunction, second as MemoizeOptions | undefined);
  if (typeof first !== "object" || first === null || second !== undefined)
    throw notAFunction(first, second);
  const options = first as MemoizeOptions;
  checkOptions(options);
  return (...given: readonly [unknown?, unknown?, unknown?]) => {
    const [fn, context, descriptor] = given;
    if (isDecorating(fn, context, given.length))
      return applyDecorator(fn, context, descriptor, options);
    if (typeof fn !== "function") throw notAFunction(fn);
    return memoizeFunction(fn as AnyFunction, options);
  };
}

/** Whether these are the arguments of a decorator: of the standard form, or under `experimentalDecorators`. */
function isDecorating(first: unknown, second: unknown, count: number): boolean {
  return (
    isContext(second) ||
    (count === 3 && canOwn(first) && (typeof second === "string" || typeof second === "symbol"))
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
      (typeof second === "function" ? " The function comes first: memoize(fn, options)." : ""),
    { value },
  );
}
