import type { Memo } from "../cache/memo.ts";
import { warnOnce } from "../development.ts";
import { RoteError } from "../errors.ts";
import { areDirect, endOf, SCAN } from "../key/direct.ts";
import { find, VOID } from "../key/node.ts";
import { type Scan, scanElements, scanWithReceiver } from "../key/scan.ts";
import { Key } from "../key/trie.ts";
import { catchUp } from "../run/forget.ts";
import { isOff, runPlainly, runUnguarded } from "../run/plain.ts";
import { run, runQuickly } from "../run/run.ts";
import { type Caller, readCaller } from "../run/signal.ts";
import { CLOSED, outside, reopen, stack } from "../run/stack.ts";
import { callEntry } from "./entry.ts";

export type Wrapper = (this: unknown, ...args: unknown[]) => unknown;

/** The path for any call, where a specialised one was called with other arguments than it is for. */
export function anyOf(memo: Memo, target: unknown): Wrapper {
  if (target !== undefined) throw newError(memo);
  return (memo.whole.anyPath ??= wrapAny(memo));
}

export function wrapAny(memo: Memo): Wrapper {
  return function (this: unknown, ...args: unknown[]): unknown {
    if (new.target !== undefined) throw newError(memo);
    return callAny(memo, this, args);
  };
}

/**
 * Any call: any number of arguments, of any kind, with or without a receiver. One large function,
 * so that V8 does not inline it and has room to inline the specialised paths.
 */
export function callAny(memo: Memo, receiver: unknown, args: readonly unknown[]): unknown {
  const { trie, whole } = memo;
  const { onHit } = whole;
  if (memo.epoch !== stack.epoch) {
    if (isOff()) return runPlainly(memo, receiver, args);
    catchUp(memo);
  }
  let caller: Caller | undefined;
  let keyArgs = args;
  if (memo.whole.isAsync && (caller = readCaller(args, memo.whole.byIdentity)) !== undefined) {
    const gone = caller.signals.find(({ aborted }) => aborted);
    if (gone !== undefined) return Promise.reject(gone.reason);
    ({ keyArgs } = caller);
  }
  let key: Key | undefined;
  let found = memo.isScanned ? SCAN : endOf(trie.root(keyArgs.length), keyArgs);
  if (found === SCAN || (found === undefined && !areDirect(keyArgs))) {
    const { ceiling, isOutside } = stack;
    stack.ceiling = CLOSED;
    stack.isOutside = true;
    try {
      const scan = scanCall(memo, receiver, args, keyArgs);
      if (scan.end > LARGE && !isOutside) warnAboutGrowth(memo);
      found = trie.find(scan.count, scan.objects, scan.tokens, scan.tokenCount);
      if (found === undefined) key = scan.toKey();
    } finally {
      reopen(ceiling, isOutside);
    }
  } else if (found === undefined) {
    const { length } = keyArgs;
    found = length === 0 ? trie.root(0).nested : find(trie.root(length), keyArgs, 0, length);
  }
  if (found === undefined) key ??= new Key(keyArgs.length, null, keyArgs);
  if (memo.entries !== null || memo.whole.listeners !== null)
    return callEntry(memo, receiver, args, found, key, caller);
  if (found === undefined) {
    key = key as Key;
    if (!memo.whole.isGuarded) return runUnguarded(memo, receiver, args, key);
    return stack.top < stack.ceiling && !memo.whole.isCareful
      ? runQuickly(memo, receiver, args, key)
      : run(memo, receiver, args, key);
  }
  memo.whole.hits++;
  const value = found === VOID ? undefined : found;
  if (onHit !== undefined) onHit(value, receiver, args);
  return value;
}

/** The option `key`, getters, proxies and [keySymbol]() are callbacks of the library: see `outside`. */
function scanCall(
  memo: Memo,
  receiver: unknown,
  args: readonly unknown[],
  keyArgs: readonly unknown[],
): Scan {
  const { hasReceiver } = memo;
  const { keyOf, byIdentity } = memo.whole;
  const elements: readonly unknown[] =
    keyOf === undefined ? keyArgs : [Reflect.apply(keyOf, receiver as never, args as never)];
  return hasReceiver
    ? scanWithReceiver(byIdentity, elements, receiver)
    : scanElements(byIdentity, elements);
}

/** The key of a call, whether it is stored or not: what the handle works with. */
export function keyOfCall(memo: Memo, receiver: unknown, args: readonly unknown[]): Key {
  const keyArgs =
    (memo.whole.isAsync ? readCaller(args, memo.whole.byIdentity)?.keyArgs : undefined) ?? args;
  return outside(() => scanCall(memo, receiver, args, keyArgs).toKey());
}

/** What the keys of all calls with this receiver begin with, as a key of its own. */
export function keyOfReceiver(memo: Memo, receiver: unknown): Key {
  return scanWithReceiver(memo.whole.byIdentity, [], receiver).toKey();
}

function newError({ whole: { name, original } }: Memo): RoteError {
  const type = original.name || "Type";
  return new RoteError(
    "ERR_NEW",
    `"${name}" is memoized and was called with new: every call would share one object. Memoize a function that makes one instead: memoize((...args) => new ${type}(...args)).`,
  );
}

/** Tokens of an argument that is worth a look when recursion meets it again and again. */
const LARGE = 64;
/** So many large scans inside runs of the same function are a recursion over the structure. */
const MANY_SCANS = 100;

/** A recursion over a growing structure walks all of it at every step. */
function warnAboutGrowth(memo: Memo): void {
  if (
    stack.segment === null ||
    memo.whole.largeScans > MANY_SCANS ||
    ++memo.whole.largeScans < MANY_SCANS
  )
    return;
  warnOnce(
    "ROTE_GROWING_ARGUMENT",
    `"${memo.whole.name}" calls itself with large structures, and each call walks all of its argument to compare it by content. ` +
      `If the parts of the structure stay the same objects, memoize with { key: "identity" }.`,
  );
}
