import { type BatchOptions, checkBatchOptions } from "./batch-options.ts";
import type { AnyFunction } from "./cache/memo.ts";
import { toMeta } from "./cache/meta.ts";
import type { Whole } from "./cache/whole.ts";
import { memoizeFunction } from "./define.ts";
import { RoteError } from "./errors.ts";
import type { CacheHandle } from "./handle.ts";
import { attach, shape, wholeOf } from "./memoized.ts";
import { type MemoizeOptions, show } from "./options.ts";
import { afterJobs } from "./run/after-jobs.ts";
import { Batcher, type Batching, type Slot } from "./run/batch.ts";
import { Flight } from "./run/flight.ts";
import { currentCaches } from "./run/scope.ts";
import { isSignal, type Signal } from "./run/signal.ts";
import { currentFlight } from "./run/waiting.ts";

/** A memoized function of one key, made by `memoize.batch`. */
export interface Batched<Key, Value> {
  /** The value of a key. With an `AbortSignal` the caller leaves when that fires; a key that everybody has left before its batch was dispatched is not loaded. */
  (key: Key, signal?: Signal): Promise<Value>;
  /** Looks into, and changes, what is remembered of each key. */
  readonly cache: CacheHandle<(key: Key) => Promise<Value>>;
  /** The same function, but for the memory: keys are collected in batches and loaded every time. */
  readonly original: (key: Key, signal?: Signal) => Promise<Value>;
}

/** What `memoize.batch` returns; `third` is what a compiler says of it. */
export function batch(loadMany: unknown, options: BatchOptions = {}, third?: unknown): AnyFunction {
  if (typeof loadMany !== "function") {
    throw new RoteError(
      "ERR_INVALID_ARGUMENT",
      `memoize.batch takes a function that loads many keys, such as async (keys) => keys.map((key) => …); received ${show(loadMany)}.` +
        (typeof options === "function"
          ? " The function comes first: memoize.batch(loadMany, options)."
          : ""),
      { value: loadMany },
    );
  }
  checkBatchOptions(options);
  const { maxBatch = Infinity, scheduleBatch = afterJobs, ...shared } = options;
  const ownName = typeof loadMany.name === "string" ? loadMany.name : "";
  const meta = toMeta(third);
  const name = shared.name ?? (ownName || meta?.name || "anonymous");
  if (shared.store !== undefined && shared.version === undefined) {
    throw new RoteError(
      "ERR_INVALID_OPTION",
      `store of memoize.batch needs version: nothing else says which revision of loadMany a result belongs to. Add version: "1", and change it when loadMany changes.`,
      { option: "store", value: shared.store },
    );
  }
  const batcherOf = batchers(shared.scope === "request", {
    name,
    loadMany: loadMany as AnyFunction,
    maxBatch,
    scheduleBatch,
  });
  // One parameter, as calls have that are to be fast.
  const original = (key: unknown, ...[signal]: readonly unknown[]): Promise<unknown> => {
    const batcher = batcherOf();
    const flight = currentFlight();
    const isOwn = flight instanceof Flight && flight.memo.whole.original === original;
    if (!isSignal(signal)) return batcher.add(key, isOwn ? flight : undefined).promise;
    if (signal.aborted) return Promise.reject(signal.reason);
    return leaving(batcher, batcher.add(key, isOwn ? flight : undefined), signal);
  };
  Object.defineProperty(original, "name", { value: ownName, configurable: true });
  const own = { ...shared, ...aboutKeys(shared), async: true, receiver: false };
  const memoized = memoizeFunction(original, own, meta);
  const whole = wholeOf(memoized) as Whole;
  const front = inFront(memoized, name);
  shape(front, whole, original, Function.prototype);
  return attach(front, whole);
}

/** Where keys are collected; those of different requests do not meet. */
function batchers(isScoped: boolean, rules: Batching): () => Batcher {
  const shared = new Batcher(rules);
  if (!isScoped) return () => shared;
  const ofScopes = new WeakMap<object, Batcher>();
  return () => {
    const scope = currentCaches();
    if (scope === null) return shared;
    let own = ofScopes.get(scope);
    if (own === undefined) ofScopes.set(scope, (own = new Batcher(rules)));
    return own;
  };
}

/** The options that are functions, which are told of the key alone, whether or not there is a signal. */
function aboutKeys({ key, weigh, ttl }: MemoizeOptions): MemoizeOptions {
  const options: MemoizeOptions = {};
  if (typeof key === "function") options.key = (first) => key.call(undefined, first);
  if (weigh !== undefined) options.weigh = (value, first) => weigh.call(undefined, value, first);
  if (typeof ttl === "function") options.ttl = (value, first) => ttl.call(undefined, value, first);
  return options;
}

/** What a run gets that may be told to stop: the key's result, unless it leaves before. */
function leaving(batcher: Batcher, slot: Slot, signal: Signal): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      signal.removeEventListener("abort", onAbort);
      batcher.leave(slot);
      reject(signal.reason);
    };
    const end =
      (settle: (outcome: unknown) => void) =>
      (outcome: unknown): void => {
        signal.removeEventListener("abort", onAbort);
        settle(outcome);
      };
    signal.addEventListener("abort", onAbort);
    slot.promise.then(end(resolve), end(reject));
  });
}

/**
 * Takes a key, and a signal where there is one: `load(key, undefined)` is `load(key)`, though for a
 * memoized function the two differ, and what `keys.map(load)` passes on is no part of the key.
 */
function inFront(memoized: AnyFunction, name: string): AnyFunction {
  return (key: unknown, ...more: readonly unknown[]): unknown => {
    if (more.length === 0 && typeof key !== "object") return memoized(key);
    const [signal] = more;
    const isRefused =
      more.length > 1 || isSignal(key) || !(signal === undefined || isSignal(signal));
    if (isRefused) return Promise.reject(notAKey(name, [key, ...more]));
    return signal === undefined ? memoized(key) : memoized(key, signal);
  };
}

function notAKey(name: string, args: readonly unknown[]): RoteError {
  const [key, signal] = args;
  const received =
    args.length > 2
      ? `${args.length} arguments`
      : isSignal(key)
        ? "a signal in the place of the key"
        : `${show(signal)} in the place of the signal`;
  return new RoteError(
    "ERR_INVALID_ARGUMENT",
    `"${name}" takes a key and, for a caller that may leave, an AbortSignal; received ${received}. For many keys, call it for each: keys.map((key) => ${name === "anonymous" ? "load" : name}(key)).`,
    { value: args },
  );
}
