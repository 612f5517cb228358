import { fastArity, wrap } from "./call/wrap.ts";
import { wrapMethod } from "./call/wrap-method.ts";
import { wrapScoped } from "./call/scoped.ts";
import { Entries } from "./cache/entries.ts";
import type { AnyFunction, Memo } from "./cache/memo.ts";
import type { Meta } from "./cache/meta.ts";
import { Receivers } from "./cache/receivers.ts";
import { type EntryRules, NO_RULES } from "./cache/rules.ts";
import { Clock } from "./cache/time.ts";
import { Whole, wholes } from "./cache/whole.ts";
import { roteMode } from "./configure.ts";
import { clockOf, entryRules, lotOf, patience } from "./entry-rules.ts";
import { RoteError } from "./errors.ts";
import { freezing } from "./freeze.ts";
import { readSource } from "./key/source.ts";
import { attach, shape, sourceOf } from "./memoized.ts";
import { checkOptions, type MemoizeOptions } from "./options.ts";
import { timing } from "./run/clock.ts";
import { runs } from "./run/pins.ts";
import { selfCallWatch } from "./run/self-call.ts";
import { DEFAULT_DEPTH_LIMIT, stack } from "./run/stack.ts";
import { isAsync, rejectUnshareable } from "./shareable.ts";
import { attachStore } from "./store-option.ts";
import { verifying } from "./verify.ts";

const NO_OPTIONS: MemoizeOptions = {};
const { getPrototypeOf } = Object;

/** What `memoize` returns for a function. */
export function memoizeFunction(
  original: AnyFunction,
  options: MemoizeOptions = NO_OPTIONS,
  meta?: Meta,
): AnyFunction {
  const text = sourceOf(original);
  const ownName = nameOf(original);
  const prototype = getPrototypeOf(original) as object | null;
  const { seesThis, catches } = readSource(ownName, text);
  const name = ownName || meta?.name || "anonymous";
  const whole = define(original, options, name, text, prototype, meta);
  // A function that catches may catch what is not meant for it: its runs are watched from the start.
  whole.isCareful = catches;
  const { memo } = whole;
  const { receiver, scope, touch } = options;
  // A call after the first `await` would not be seen.
  if (!whole.isAsync) whole.selfCallWatch = selfCallWatch(ownName, text);
  prepare(memo, options === NO_OPTIONS ? undefined : entryRules(whole, options));
  memo.hasReceiver = receiver ?? seesThis;
  memo.isScanned ||= memo.hasReceiver;
  if (scope === "request") return finishScoped(whole, original, prototype);
  const isSimple = !seesThis && !memo.isScanned && whole.isGuarded && !whole.onHit;
  const isQuick = memo.entries === null ? !catches : !whole.byIdentity && touch !== true;
  if (isSimple && isQuick) memo.arity = fastArity(original.length);
  const wrapper = roteMode() === "bare" ? original : wrap(memo);
  return finish(wrapper, whole, original, prototype);
}

/** The same for a method: each object that it is called on has a cache of its own. */
export function memoizeMethod(
  original: AnyFunction,
  property: string | symbol,
  options: MemoizeOptions = NO_OPTIONS,
  meta?: Meta,
): AnyFunction {
  const { receiver = true, scope, store } = options;
  if (receiver && store !== undefined) throw methodInStore(property, store);
  // A scope has one cache for all receivers, who are part of the key.
  if (!receiver || scope === "request") {
    const named = meta === undefined ? { name: String(property), ...options } : options;
    return memoizeFunction(original, { ...named, receiver }, meta);
  }
  const text = sourceOf(original);
  const prototype = getPrototypeOf(original) as object | null;
  const whole = define(original, options, String(property), text, prototype, meta);
  whole.isCareful = readSource(nameOf(original), text).catches;
  const { memo } = whole;
  const { length } = original;
  const rules = entryRules(whole, options);
  prepare(memo, rules);
  const isQuick =
    length <= 3 && !memo.isScanned && !whole.byIdentity && !whole.onHit && !whole.isAsync;
  if (isQuick && whole.isGuarded) memo.arity = length;
  memo.hasReceiver = memo.isScanned = true;
  whole.receivers = new Receivers(whole, property);
  whole.divide((own) => {
    prepare(own, rules);
    own.arity = memo.arity;
    own.root = own.trie.root(memo.arity);
  });
  const wrapper = roteMode() === "bare" ? original : wrapMethod(whole, isQuick && whole.isGuarded);
  return finish(wrapper, whole, original, prototype);
}

function finishScoped(whole: Whole, original: AnyFunction, prototype: object | null): AnyFunction {
  const { hasReceiver, isScanned, entries } = whole.memo;
  whole.isScoped = true;
  whole.divide((own) => {
    prepare(own, entries?.rules);
    own.hasReceiver = hasReceiver;
    own.isScanned = isScanned;
  });
  const wrapper = roteMode() === "bare" ? original : wrapScoped(whole);
  return finish(wrapper, whole, original, prototype);
}

/** Gives a cache what the options ask for. */
function prepare(memo: Memo, rules: EntryRules | undefined): void {
  const { whole } = memo;
  if (rules !== undefined || whole.isAsync)
    memo.entries = new Entries(memo, rules ?? NO_RULES, runs);
  memo.isScanned = whole.keyOf !== undefined;
}

function finish(
  wrapper: AnyFunction,
  whole: Whole,
  original: AnyFunction,
  prototype: object | null,
): AnyFunction {
  if (wrapper !== original) shape(wrapper, whole, original, prototype);
  const fn = attach(wrapper, whole);
  // Whoever hears of it may listen to it, which changes its runner.
  wholes.noteBirth(whole);
  return fn;
}

/** To read a function's name takes as long as ten runs. */
function nameOf({ name }: { readonly name: unknown }): string {
  return typeof name === "string" ? name : "";
}

/** What the options and the function itself say about it; `name` is what it is called unless they say. */
function define(
  original: AnyFunction,
  options: MemoizeOptions,
  name: string,
  text: string,
  prototype: object | null,
  meta: Meta | undefined,
): Whole {
  rejectUnshareable(original, prototype, text);
  if (options !== NO_OPTIONS) checkOptions(options);
  const whole = new Whole(
    original,
    options.name ?? name,
    options.depthLimit ?? DEFAULT_DEPTH_LIMIT,
    stack.entriesEpoch,
    meta,
  );
  whole.isAsync = options.async ?? isAsync(original, prototype);
  if (options !== NO_OPTIONS) applyOptions(whole, options);
  return whole;
}

function applyOptions(whole: Whole, options: MemoizeOptions): void {
  const { key, verify = 0 } = options;
  whole.byIdentity = key === "identity";
  if (typeof key === "function") whole.keyOf = key;
  whole.isGuarded = options.recursion !== "off";
  if (verify > 0) whole.onHit = verifying(whole, verify, () => lotOf(whole, options.random));
  if (options.store !== undefined) attachStore(whole, options);
  if (options.freeze === true) whole.runner = freezing(whole.runner);
  whole.isTimed = options.timing === true;
  // Async runs are timed until they settle.
  if (whole.isTimed && !whole.isAsync) whole.runner = timing(whole.runner, whole);
  whole.patience = patience(options);
  if (options.clock !== undefined) whole.clock = new Clock(clockOf(whole, options.clock));
}

function methodInStore(property: string | symbol, store: unknown): RoteError {
  return new RoteError(
    "ERR_INVALID_OPTION",
    `"${String(property)}" is a method, whose objects are known by identity: another process could not recognise them, so its results cannot be stored. With receiver: false the object does not count; or memoize a function that takes what it needs as arguments.`,
    { option: "store", value: store },
  );
}
