import { type Batched, batching } from "./batch.ts";
import type { BatchOptions } from "./batch-options.ts";
import { fastArity, wrap } from "./call/wrap.ts";
import { Entries } from "./cache/entries.ts";
import { type AnyFunction, type Callable, Memo } from "./cache/memo.ts";
import { noteBirth } from "./cache/registry.ts";
import { NO_RULES } from "./cache/rules.ts";
import { Clock } from "./cache/time.ts";
import { clockOf, entryRules, lotOf, patience } from "./entry-rules.ts";
import { RoteError } from "./errors.ts";
import { freezing } from "./freeze.ts";
import { type CacheHandle, Handle } from "./handle.ts";
import { readSource } from "./key/source.ts";
import { checkOptions, type MemoizeOptions, show } from "./options.ts";
import { roteMode } from "./configure.ts";
import { DEFAULT_DEPTH_LIMIT, stack } from "./run/stack.ts";
import { selfCallWatch } from "./run/self-call.ts";
import { timing } from "./run/clock.ts";
import { runs } from "./run/pins.ts";
import { verifying } from "./verify.ts";

/** A memoized function: callable like the original, with what it remembers at hand. */
export type Memoized<Fn extends Callable> = Fn & {
  /** Looks into, and changes, what the function remembers. */
  readonly cache: CacheHandle<Fn>;
  /** The function that was wrapped. */
  readonly original: Fn;
};

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
  options?: MemoizeOptions<NoInfer<Fn>>,
): Memoized<Fn>;
export function memoize(options: MemoizeOptions): <Fn extends Callable>(fn: Fn) => Memoized<Fn>;
export function memoize(first: AnyFunction | MemoizeOptions, options?: MemoizeOptions): unknown {
  if (typeof first === "function") return memoizeFunction(first, options);
  if (typeof first !== "object" || first === null || options !== undefined)
    throw notAFunction(first, options);
  checkOptions(first);
  return (fn: AnyFunction) => {
    if (typeof fn !== "function") throw notAFunction(fn);
    return memoizeFunction(fn, first);
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

function batch(loadMany: unknown, options?: BatchOptions): unknown {
  const parts = batching(loadMany, options);
  const memoized = memoizeFunction(parts.original, parts.options) as AnyFunction;
  const memo = Stamp.memoOf(memoized) as Memo;
  const front = parts.front(memoized);
  shape(front, memo, parts.original, Function.prototype);
  return attach(front, memo);
}

function notAFunction(value: unknown, second?: unknown): RoteError {
  return new RoteError(
    "ERR_INVALID_ARGUMENT",
    `memoize takes a function, or options such as { key: "identity" } to give it a function later; received ${show(value)}.` +
      (typeof second === "function" ? " The function comes first: memoize(fn, options)." : ""),
    { value },
  );
}

const textOf = Function.prototype.toString;

/** The text that a user has written, also of a function that is memoized already. */
function sourceOf(fn: object): string {
  let memo: Memo | undefined;
  while ((memo = Stamp.memoOf(fn)) !== undefined && memo.original !== fn) fn = memo.original;
  return textOf.call(fn);
}

function memoizeFunction(original: AnyFunction, options: MemoizeOptions = NO_OPTIONS): unknown {
  const source = sourceOf(original);
  const prototype = getPrototypeOf(original) as object | null;
  // To read a function's name or length takes as long as ten runs.
  const { name } = original;
  rejectUnshareable(original, prototype, source);
  if (options !== NO_OPTIONS) checkOptions(options);
  const memo = memoFor(original, options, typeof name === "string" ? name : "", source, prototype);
  noteBirth(memo);
  if (roteMode() === "bare") return attach(original, memo);
  const wrapper = wrap(memo);
  shape(wrapper, memo, original, prototype);
  return attach(wrapper, memo);
}

const NO_OPTIONS: MemoizeOptions = {};
const { getPrototypeOf } = Object;

const generatorPrototypes = new Set([
  Object.getPrototypeOf(function* () {}),
  Object.getPrototypeOf(async function* () {}),
]);

function isAsync(fn: AnyFunction, prototype: object | null): boolean {
  return prototype !== Function.prototype && tagOf(fn) === "AsyncFunction";
}

function rejectUnshareable(fn: AnyFunction, prototype: object | null, source: string): void {
  // A method may be called so, but has no prototype of its own.
  const isClass = source.startsWith("class") && Object.hasOwn(fn, "prototype");
  if (!isClass && (prototype === Function.prototype || !isGenerator(fn, prototype))) return;
  const name = fn.name === "" ? "" : ` "${fn.name}"`;
  throw new RoteError(
    "ERR_INVALID_ARGUMENT",
    isClass
      ? `The class${name} cannot be memoized: every new would share one object. Memoize a function that returns an instance: memoize((...args) => new ${fn.name || "Type"}(...args)).`
      : `The generator function${name} cannot be memoized: its callers would share one iterator, which can be read once. Memoize a function that returns an array: memoize((...args) => ${tagOf(fn) === "AsyncGeneratorFunction" ? "Array.fromAsync(" : "[..."}${fn.name || "generate"}(...args)${tagOf(fn) === "AsyncGeneratorFunction" ? ")" : "]"}).`,
    { value: fn },
  );
}

function isGenerator(fn: AnyFunction, prototype: object | null): boolean {
  if (generatorPrototypes.has(prototype)) return true;
  const tag = tagOf(fn);
  return tag === "GeneratorFunction" || tag === "AsyncGeneratorFunction";
}

function tagOf(fn: AnyFunction): unknown {
  return (fn as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag];
}

function memoFor(
  original: AnyFunction,
  options: MemoizeOptions,
  ownName: string,
  source: string,
  prototype: object | null,
): Memo {
  const { seesThis, catches } = readSource(ownName, source);
  const memo = new Memo(
    original,
    options.name ?? (ownName === "" ? "anonymous" : ownName),
    options.depthLimit ?? DEFAULT_DEPTH_LIMIT,
    stack.entriesEpoch,
  );
  memo.hasReceiver = options.receiver ?? seesThis;
  // A function that catches may catch what is not meant for it: its runs are watched from the start.
  memo.isCareful = catches;
  memo.isAsync = options.async ?? isAsync(original, prototype);
  // A call after the first `await` would not be seen.
  if (!memo.isAsync) memo.selfCallWatch = selfCallWatch(ownName, source);
  if (options !== NO_OPTIONS) applyOptions(memo, options);
  if (memo.isAsync && memo.entries === null) memo.entries = new Entries(memo, NO_RULES, runs);
  memo.isScanned = memo.hasReceiver || memo.keyOf !== undefined;
  const isSimple = !seesThis && !memo.isScanned && memo.isGuarded && !memo.onHit;
  const isQuick = memo.entries === null ? !catches : !memo.byIdentity && options.touch !== true;
  if (isSimple && isQuick) memo.arity = fastArity(original.length);
  return memo;
}

function applyOptions(memo: Memo, options: MemoizeOptions): void {
  const { key, verify = 0 } = options;
  memo.byIdentity = key === "identity";
  if (typeof key === "function") memo.keyOf = key;
  memo.isGuarded = options.recursion !== "off";
  if (verify > 0) memo.onHit = verifying(memo, verify, () => lotOf(memo, options.random));
  if (options.freeze === true) memo.runner = freezing(memo.original);
  memo.isTimed = options.timing === true;
  // Async runs are timed until they settle.
  if (memo.isTimed && !memo.isAsync) memo.runner = timing(memo.runner, memo);
  memo.patience = patience(options);
  if (options.clock !== undefined) memo.clock = new Clock(clockOf(memo, options.clock));
  const rules = entryRules(memo, options);
  if (rules !== undefined) memo.entries = new Entries(memo, rules, runs);
}

/** Gives the wrapper what the original has: name, length, own properties, prototype. */
function shape(wrapper: object, memo: Memo, original: AnyFunction, prototype: object | null): void {
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
    if (name === "length" && original.length === memo.arity) continue;
    if (name === "name" && original.name === "") continue;
    // The wrapper has one of its own, of which nothing but the value can be changed.
    if (name === "prototype") (wrapper as AnyFunction).prototype = original.prototype as unknown;
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

/** Lets a private field be put on any function: seen by nobody, found without a lookup. */
class Stamped {
  constructor(fn: object) {
    return fn;
  }
}

class Stamp extends Stamped {
  readonly #memo: Memo;
  #handle: Handle | undefined;
  private constructor(fn: object, memo: Memo) {
    super(fn);
    this.#memo = memo;
  }

  static put(fn: object, memo: Memo): void {
    new Stamp(fn, memo);
  }

  static isOn(fn: object): boolean {
    return #memo in fn;
  }

  static memoOf(fn: object): Memo | undefined {
    return #memo in fn ? fn.#memo : undefined;
  }

  static handleOf(fn: object): Handle | undefined {
    return #memo in fn ? (fn.#handle ??= new Handle(fn.#memo, undefined, false)) : undefined;
  }
}

/** Between a memoized function and `Function.prototype`: what all of them have in common. */
const memoizedPrototype: object = Object.create(Function.prototype, {
  cache: {
    configurable: true,
    get(this: object) {
      return Stamp.handleOf(this);
    },
  },
  original: {
    configurable: true,
    get(this: object) {
      return Stamp.memoOf(this)?.original;
    },
  },
  toString: {
    configurable: true,
    writable: true,
    value: function toString(this: object): string {
      return sourceOf(this);
    },
  },
}) as object;

function attach(fn: object, memo: Memo): object {
  if (fn !== memo.original) {
    Stamp.put(fn, memo);
    return fn;
  }
  // An original that is memoized already keeps its own stamp.
  if (!Stamp.isOn(fn)) Stamp.put(fn, memo);
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
 * The handle of a memoized function, also where a property of the original named `cache` is in the way.
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
export function cacheOf<Fn extends AnyFunction>(fn: Fn): CacheHandle<Fn> {
  const handle = typeof fn === "function" ? Stamp.handleOf(fn) : undefined;
  if (handle === undefined) throw notMemoized("cacheOf", fn);
  return handle as unknown as CacheHandle<Fn>;
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

/** How a memoized function is called; for `tabulate`. */
export function memoOf(fn: unknown): Memo | undefined {
  return typeof fn === "function" ? Stamp.memoOf(fn) : undefined;
}
