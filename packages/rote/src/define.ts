import { fastArity, wrap } from "./call/wrap.ts";
import { wrapMethod } from "./call/wrap-method.ts";
import { Entries } from "./cache/entries.ts";
import type { AnyFunction } from "./cache/memo.ts";
import { Receivers } from "./cache/receivers.ts";
import { NO_RULES } from "./cache/rules.ts";
import { Clock } from "./cache/time.ts";
import { Whole, wholes } from "./cache/whole.ts";
import { roteMode } from "./configure.ts";
import { clockOf, entryRules, lotOf, patience } from "./entry-rules.ts";
import { freezing } from "./freeze.ts";
import { readSource } from "./key/source.ts";
import { attach, shape, sourceOf } from "./memoized.ts";
import { checkOptions, type MemoizeOptions } from "./options.ts";
import { timing } from "./run/clock.ts";
import { runs } from "./run/pins.ts";
import { selfCallWatch } from "./run/self-call.ts";
import { DEFAULT_DEPTH_LIMIT, stack } from "./run/stack.ts";
import { isAsync, rejectUnshareable } from "./shareable.ts";
import { verifying } from "./verify.ts";

const NO_OPTIONS: MemoizeOptions = {};
const { getPrototypeOf } = Object;

/** What `memoize` returns for a function. */
export function memoizeFunction(
  original: AnyFunction,
  options: MemoizeOptions = NO_OPTIONS,
): AnyFunction {
  const { whole, source, prototype } = define(original, options);
  const { memo } = whole;
  const { receiver, touch } = options;
  const { seesThis, catches } = source;
  memo.hasReceiver = receiver ?? seesThis;
  // A call after the first `await` would not be seen.
  if (!whole.isAsync) whole.selfCallWatch = selfCallWatch(source.name, source.text);
  const rules = options === NO_OPTIONS ? undefined : entryRules(whole, options);
  if (rules !== undefined || whole.isAsync)
    memo.entries = new Entries(memo, rules ?? NO_RULES, runs);
  memo.isScanned = memo.hasReceiver || whole.keyOf !== undefined;
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
): AnyFunction {
  // It then belongs to no receiver.
  if (options.receiver === false) return memoizeFunction(original, options);
  const { whole, prototype } = define(original, options, String(property));
  const rules = entryRules(whole, options);
  const { memo, keyOf } = whole;
  const { length } = original;
  memo.hasReceiver = memo.isScanned = true;
  const entriesFor = (each: typeof memo): Entries | null =>
    rules !== undefined || whole.isAsync ? new Entries(each, rules ?? NO_RULES, runs) : null;
  memo.entries = entriesFor(memo);
  const isQuick =
    length <= 3 &&
    keyOf === undefined &&
    !whole.byIdentity &&
    !whole.onHit &&
    !whole.isAsync &&
    whole.isGuarded;
  if (isQuick) memo.arity = length;
  whole.receivers = new Receivers(whole, property, (own) => {
    own.isScanned = keyOf !== undefined;
    own.entries = entriesFor(own);
    own.arity = memo.arity;
    own.root = own.trie.root(memo.arity);
  });
  const wrapper = roteMode() === "bare" ? original : wrapMethod(whole, isQuick);
  return finish(wrapper, whole, original, prototype);
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

interface Definition {
  readonly whole: Whole;
  readonly prototype: object | null;
  readonly source: {
    readonly name: string;
    readonly text: string;
    readonly seesThis: boolean;
    readonly catches: boolean;
  };
}

/** What the options and the function itself say about it. `property` is what a method is called in its class. */
function define(original: AnyFunction, options: MemoizeOptions, property: string = ""): Definition {
  const text = sourceOf(original);
  const prototype = getPrototypeOf(original) as object | null;
  // To read a function's name or length takes as long as ten runs.
  const { name: given } = original;
  rejectUnshareable(original, prototype, text);
  if (options !== NO_OPTIONS) checkOptions(options);
  const name = typeof given === "string" ? given : "";
  const { seesThis, catches } = readSource(name, text);
  const whole = new Whole(
    original,
    options.name ?? (property || name || "anonymous"),
    options.depthLimit ?? DEFAULT_DEPTH_LIMIT,
    stack.entriesEpoch,
  );
  // A function that catches may catch what is not meant for it: its runs are watched from the start.
  whole.isCareful = catches;
  whole.isAsync = options.async ?? isAsync(original, prototype);
  if (options !== NO_OPTIONS) applyOptions(whole, options);
  return { whole, prototype, source: { name, text, seesThis, catches } };
}

function applyOptions(whole: Whole, options: MemoizeOptions): void {
  const { key, verify = 0 } = options;
  whole.byIdentity = key === "identity";
  if (typeof key === "function") whole.keyOf = key;
  whole.isGuarded = options.recursion !== "off";
  if (verify > 0) whole.onHit = verifying(whole, verify, () => lotOf(whole, options.random));
  if (options.freeze === true) whole.runner = freezing(whole.original);
  whole.isTimed = options.timing === true;
  // Async runs are timed until they settle.
  if (whole.isTimed && !whole.isAsync) whole.runner = timing(whole.runner, whole);
  whole.patience = patience(options);
  if (options.clock !== undefined) whole.clock = new Clock(clockOf(whole, options.clock));
}
