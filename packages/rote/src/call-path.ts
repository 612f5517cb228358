import type { AnyFunction, Memo } from "./cache/memo.ts";
import { warnOnce } from "./development.ts";
import { RoteError } from "./errors.ts";
import { childOf, find, Node, setChild, Tail, VOID } from "./key/node.ts";
import { beginScan, buffer, endScan, scanElement, scannedEnd, scannedIdentities, scannedKey, scanNested, scanReceiver } from "./key/scan.ts";
import { Key } from "./key/trie.ts";
import { run, runQuickly, runUnguarded, settle } from "./run/run.ts";
import { FRAME } from "./run/frame.ts";
import { CLOSED, outside, stack } from "./run/stack.ts";

/**
 * The call paths: what happens between a call and its result. One is chosen when wrapping.
 *
 * Each factory is written out, although the steps are the same, because V8 keeps type feedback per
 * place in the source: functions of one, two and three arguments each keep their own. What that
 * buys, and what it costs in bytes, is in docs/design/0003-call-paths.md.
 */
export interface CallPath {
  readonly memo: Memo;
  /** `this` is the first element of the key. */
  readonly hasReceiver: boolean;
  readonly byIdentity: boolean;
  /** The option `key`, if it is a function. */
  readonly keyOf: AnyFunction | undefined;
  /** Whether deep recursion is restarted. */
  readonly isGuarded: boolean;
  /** Verification, if there is any. */
  readonly onHit: ((value: unknown, receiver: unknown, args: readonly unknown[]) => void) | undefined;
}

type Wrapper = (this: unknown, ...args: unknown[]) => unknown;

/** The call path for what `path` says. */
export function wrap(path: CallPath): Wrapper {
  const { arity } = path.memo;
  return arity === 1 ? wrap1(path) : arity === 2 ? wrap2(path) : arity === 3 ? wrap3(path) : wrapAny(path);
}

/** Whether a call path may keep its arguments in frames one by one, as `wrap1` to `wrap3` do. */
export function fastArity(path: Omit<CallPath, "memo">, isCareful: boolean, length: number): number {
  const isSimple = !isCareful && !path.hasReceiver && path.keyOf === undefined && path.isGuarded && path.onHit === undefined;
  return isSimple && length >= 1 && length <= 3 ? length : 0;
}

/** A token as it stands: a primitive other than -0 and symbols. */
function isDirect(value: unknown): boolean {
  switch (typeof value) {
    case "number":
      return value !== 0 || 1 / value > 0;
    case "object":
      return value === null;
    case "function":
    case "symbol":
      return false;
    default:
      return true;
  }
}

function wrap1(path: CallPath): Wrapper {
  const { memo, byIdentity } = path;
  const { trie } = memo;
  const fn = memo.runner as unknown as (a: unknown) => unknown;
  const root = trie.root(1);
  const state = stack;
  return function (this: unknown, a: unknown): unknown {
    if (arguments.length !== 1 || new.target !== undefined) return callAny(path, new.target, this, [...arguments]);
    let found: unknown;
    if (typeof a === "number") {
      const { list } = root;
      const i = a - root.base;
      if (i >>> 0 === i && i < list.length) found = list[i];
      if (a === 0 && 1 / a < 0) return callAny(path, undefined, undefined, [a]);
      if (found === undefined && root.map !== null) found = childOf(root, a);
    } else if (typeof a === "string") {
      if (root.map !== null) found = root.full === null ? root.map.get(a) : childOf(root, a);
    } else if (byIdentity && typeof a === "object" && a !== null) {
      found = root.weak === null ? undefined : root.weak.ends.get(a);
      if (found === undefined) return missed(path, undefined, [a], new Key(1, [a], []));
    } else if (isDirect(a)) {
      found = childOf(root, a);
    } else {
      return callAny(path, undefined, undefined, [a]);
    }
    if (found !== undefined) {
      memo.hits++;
      return found === VOID ? undefined : found;
    }
    const at = state.top;
    if (at >= state.ceiling) return run(memo, undefined, [a], new Key(1, null, [a]));
    const { slots } = state;
    slots[at] = memo;
    slots[at + 1] = a;
    slots[at + 2] = undefined;
    slots[at + 3] = undefined;
    state.top = at + FRAME;
    memo.runs++;
    const value = fn(a);
    if (state.top !== at + FRAME) settle(at, value);
    state.top = at;
    if (setChild(root, a, value === undefined ? VOID : value)) trie.strongSize++;
    return value;
  };
}

function wrap2(path: CallPath): Wrapper {
  const { memo, byIdentity } = path;
  const { trie } = memo;
  const fn = memo.runner as unknown as (a: unknown, b: unknown) => unknown;
  const root = trie.root(2);
  const state = stack;
  return function (this: unknown, a: unknown, b: unknown): unknown {
    if (arguments.length !== 2 || new.target !== undefined) return callAny(path, new.target, this, [...arguments]);
    if (byIdentity && typeof a === "object" && typeof b === "object" && a !== null && b !== null) {
      const node = root.weak === null ? undefined : root.weak.nodes.get(a);
      const found = node === undefined || node.weak === null ? undefined : node.weak.ends.get(b);
      if (found === undefined) return missed(path, undefined, [a, b], new Key(2, [a, b], []));
      memo.hits++;
      return found === VOID ? undefined : found;
    }
    if (!isDirect(a) || !isDirect(b)) return callAny(path, undefined, undefined, [a, b]);
    const next = childOf(root, a);
    let found: unknown;
    if (next instanceof Node) {
      found = next.prefix === null ? childOf(next, b) : undefined;
      if (found instanceof Tail) found = undefined;
    } else if (next !== undefined) {
      const tail = next as Tail;
      if (tail.rest === null && (tail.first === b || (b !== b && tail.first !== tail.first))) found = tail.value;
    }
    if (found !== undefined) {
      memo.hits++;
      return found === VOID ? undefined : found;
    }
    const at = state.top;
    if (at >= state.ceiling) return run(memo, undefined, [a, b], new Key(2, null, [a, b]));
    const { slots } = state;
    slots[at] = memo;
    slots[at + 1] = a;
    slots[at + 2] = b;
    slots[at + 3] = undefined;
    state.top = at + FRAME;
    memo.runs++;
    const value = fn(a, b);
    if (state.top !== at + FRAME) settle(at, value);
    state.top = at;
    const stored = value === undefined ? VOID : value;
    const below = childOf(root, a);
    if (below instanceof Node && below.prefix === null) {
      if (setChild(below, b, stored)) trie.strongSize++;
    } else {
      trie.set(new Key(2, null, [a, b]), stored);
    }
    return value;
  };
}

function wrap3(path: CallPath): Wrapper {
  const { memo } = path;
  const { trie } = memo;
  const fn = memo.runner as unknown as (a: unknown, b: unknown, c: unknown) => unknown;
  const root = trie.root(3);
  const state = stack;
  return function (this: unknown, a: unknown, b: unknown, c: unknown): unknown {
    if (arguments.length !== 3 || new.target !== undefined) return callAny(path, new.target, this, [...arguments]);
    if (!isDirect(a) || !isDirect(b) || !isDirect(c)) return callAny(path, undefined, undefined, [a, b, c]);
    let found: unknown;
    let next = childOf(root, a);
    if (next instanceof Node && next.prefix === null) {
      next = childOf(next, b);
      if (next instanceof Node) {
        if (next.prefix === null) found = childOf(next, c);
      } else if (next !== undefined && (next as Tail).rest === null && (next as Tail).first === c) {
        found = (next as Tail).value;
      }
    } else if (next instanceof Tail && next.first === b && next.rest !== null && next.rest.length === 1 && next.rest[0] === c) {
      found = next.value;
    }
    // Prefixes and NaN in a tail are left to the full walk.
    if (found === undefined) found = next === undefined ? undefined : find(root, [a, b, c], 0, 3);
    if (found !== undefined) {
      memo.hits++;
      return found === VOID ? undefined : found;
    }
    const at = state.top;
    if (at >= state.ceiling) return run(memo, undefined, [a, b, c], new Key(3, null, [a, b, c]));
    const { slots } = state;
    slots[at] = memo;
    slots[at + 1] = a;
    slots[at + 2] = b;
    slots[at + 3] = c;
    state.top = at + FRAME;
    memo.runs++;
    const value = fn(a, b, c);
    if (state.top !== at + FRAME) settle(at, value);
    state.top = at;
    trie.set(new Key(3, null, [a, b, c]), value === undefined ? VOID : value);
    return value;
  };
}

function wrapAny(path: CallPath): Wrapper {
  return function (this: unknown, ...args: unknown[]): unknown {
    return callAny(path, new.target, this, args);
  };
}

/** Any call: any number of arguments, of any kind, with or without a receiver. */
function callAny(path: CallPath, target: unknown, receiver: unknown, args: readonly unknown[]): unknown {
  const { memo } = path;
  if (target !== undefined) throw newError(memo);
  const found = lookUp(path, receiver, args);
  if (found === undefined) {
    const key = missedKey as Key;
    missedKey = null;
    return missed(path, receiver, args, key);
  }
  memo.hits++;
  const value = found === VOID ? undefined : found;
  if (path.onHit !== undefined) path.onHit(value, receiver, args);
  return value;
}

function newError(memo: Memo): RoteError {
  return new RoteError(
    "ERR_NEW",
    `"${memo.name}" is memoized and was called with new: every call would share one object. Memoize a function that returns new ${memo.name}(…) instead.`,
  );
}

/** The key of the call that `lookUp` has not found. */
let missedKey: Key | null = null;

/** The stored result of a call; if there is none, `undefined`, and the call's key in `missedKey`. */
function lookUp(path: CallPath, receiver: unknown, args: readonly unknown[]): unknown {
  const { memo } = path;
  const count = args.length;
  if (path.hasReceiver || path.keyOf !== undefined || !args.every(isDirect)) return lookUpScanned(path, receiver, args);
  const root = memo.trie.root(count);
  const found = count === 0 ? root.nested : find(root, args, 0, count);
  if (found === undefined) missedKey = new Key(count, null, args);
  return found;
}

function lookUpScanned(path: CallPath, receiver: unknown, args: readonly unknown[]): unknown {
  const { memo, keyOf, hasReceiver } = path;
  const elements = keyOf === undefined ? args : [outside(() => Reflect.apply(keyOf, receiver as never, args as never))];
  const { ceiling, isOutside } = stack;
  const outer = beginScan(path.byIdentity);
  // Getters, proxies and [keySymbol]() are callbacks of the library: see `outside`.
  stack.ceiling = CLOSED;
  stack.isOutside = true;
  try {
    const from = scannedEnd();
    if (hasReceiver) scanReceiver(receiver);
    for (let i = 0; i < elements.length; i++) scanElement(elements[i]);
    scanNested();
    const count = elements.length + (hasReceiver ? 1 : 0);
    if (scannedEnd() - from > LARGE && outer === null) warnAboutGrowth(memo);
    let found: unknown;
    if (scannedIdentities() === null && count > 0) {
      found = find(memo.trie.root(count), buffer, from, scannedEnd());
      if (found === undefined) missedKey = scannedKey(from, count);
    } else {
      const key = scannedKey(from, count);
      found = memo.trie.get(key);
      if (found === undefined) missedKey = key;
    }
    return found;
  } finally {
    stack.ceiling = ceiling;
    stack.isOutside = isOutside;
    endScan(outer);
  }
}

/** Tokens of an argument that is worth a look when recursion meets it again and again. */
const LARGE = 64;
/** So many large scans inside runs of the same function are a recursion over the structure. */
const MANY = 100;

/** A recursion over a growing structure walks all of it at every step. */
function warnAboutGrowth(memo: Memo): void {
  if (stack.segment === null || memo.largeScans > MANY || ++memo.largeScans < MANY) return;
  warnOnce(
    "ROTE_GROWING_ARGUMENT",
    `"${memo.name}" calls itself with large structures, and each call walks all of its argument to compare it by content. ` +
      `If the parts of the structure stay the same objects, memoize with { key: "identity" }.`,
  );
}

function missed(path: CallPath, receiver: unknown, args: readonly unknown[], key: Key): unknown {
  const { memo } = path;
  if (!path.isGuarded) return runUnguarded(memo, receiver, args, key);
  return stack.top < stack.ceiling && !memo.isCareful ? runQuickly(memo, receiver, args, key) : run(memo, receiver, args, key);
}

/** The key of a call, whether it is stored or not: what the handle works with. */
export function keyOfCall(path: CallPath, receiver: unknown, args: readonly unknown[]): Key {
  const { keyOf, hasReceiver } = path;
  const elements = keyOf === undefined ? args : [outside(() => Reflect.apply(keyOf, receiver as never, args as never))];
  return outside(() => {
    const outer = beginScan(path.byIdentity);
    try {
      const from = scannedEnd();
      if (hasReceiver) scanReceiver(receiver);
      for (const element of elements) scanElement(element);
      scanNested();
      return scannedKey(from, elements.length + (hasReceiver ? 1 : 0));
    } finally {
      endScan(outer);
    }
  });
}
