import type { AnyFunction, Memo } from "./cache/memo.ts";
import type { Tally } from "./cache/tally.ts";
import { warnOnce } from "./development.ts";
import { RoteError } from "./errors.ts";
import { childOf, find, type Node, setChild, type Tail, VOID } from "./key/node.ts";
import { type Scan, scanElements, scanWithReceiver } from "./key/scan.ts";
import { isSameToken } from "./key/token.ts";
import { Key } from "./key/trie.ts";
import { catchUp } from "./run/forget.ts";
import { isOff, runPlainly, runUnguarded } from "./run/plain.ts";
import { run, runDirect, runQuickly } from "./run/run.ts";
import { goesOn } from "./run/deep.ts";
import { settle } from "./run/suspend.ts";
import { FRAME } from "./run/frame.ts";
import { CLOSED, outside, pushDirect, type Stack, stack } from "./run/stack.ts";

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
  /** Every call is scanned, also one whose arguments are all tokens as they stand. */
  readonly isScanned: boolean;
  /** Whether deep recursion is restarted. */
  readonly isGuarded: boolean;
  /** The path for any call, made when a specialised one first needs it. */
  any: Wrapper | undefined;
  /** Verification, if there is any. */
  readonly onHit:
    | ((value: unknown, receiver: unknown, args: readonly unknown[]) => void)
    | undefined;
}

export type Wrapper = (this: unknown, ...args: unknown[]) => unknown;

/** The call path for what `path` says. */
export function wrap(path: CallPath): Wrapper {
  const { arity } = path.memo;
  if (path.byIdentity && arity === 1) return wrapIdentity1(path);
  if (path.byIdentity && arity === 2) return wrapIdentity2(path);
  return arity === 1
    ? wrap1(path)
    : arity === 2
      ? wrap2(path)
      : arity === 3
        ? wrap3(path)
        : wrapAny(path);
}

/** How many arguments a specialised call path takes, for a function that declares `length`; 0 for none. */
export function fastArity(length: number): number {
  return length >= 1 && length <= 3 ? length : 0;
}

/** A token as it stands: a primitive other than -0 and symbols. */
function isDirect(value: unknown): boolean {
  if (typeof value === "number") return value !== 0 || 1 / value > 0;
  return typeof value === "string" || isOtherDirect(value);
}

function isOtherDirect(value: unknown): boolean {
  return (
    value === null ||
    (typeof value !== "object" && typeof value !== "function" && typeof value !== "symbol")
  );
}

function areDirect(values: readonly unknown[]): boolean {
  for (let i = 0; i < values.length; i++) if (!isDirect(values[i])) return false;
  return true;
}

/**
 * Not a slot: the value is no token as it stands and has to be scanned. A symbol, like `VOID`: call
 * paths ask for the type of what they have found, which is cheaper than to compare with both.
 */
const SCAN: unique symbol = Symbol("scan");

/** The slot under `node` that an argument leads to, if the argument is a token as it stands. */
function slotOf(node: Node, value: unknown): unknown {
  if (typeof value === "number") {
    // An integer from the start, so that functions of fractions do not make this a float's business.
    const integer = value | 0;
    if (integer === value) {
      if (integer === 0 && 1 / value < 0) return SCAN;
      const { list } = node;
      const i = integer - node.base;
      if (i >= 0 && i < list.length) {
        const found = list[i];
        if (found !== undefined) return found;
      }
    }
  } else if (typeof value !== "string") {
    return slotOfOther(node, value);
  }
  const { map } = node;
  return map === null ? undefined : map.get(value);
}

function slotOfOther(node: Node, value: unknown): unknown {
  if (typeof value === "boolean") return value ? node.onTrue : node.onFalse;
  if (!isOtherDirect(value)) return SCAN;
  return node.map === null ? undefined : node.map.get(value);
}

/** The result at the end of a tail with one more token, which is `last`. */
function endOfTail(tail: Tail, last: unknown): unknown {
  return tail.rest === null && isToken(tail.first, last) ? tail.value : undefined;
}

/** Whether an argument is this token: the same, and not -0, which is another one. */
function isToken(token: unknown, value: unknown): boolean {
  if (typeof value === "number")
    return token === value ? value !== 0 || 1 / value > 0 : value !== value && token !== token;
  return isSameToken(token, value);
}

/**
 * The result that `last` leads to from a slot before it, which holds a subtree, or nothing. (Or
 * `SCAN`, which is no tail and has no prefix that is `null`: to ask for that first costs a nanosecond.)
 */
function endBelow(slot: unknown, last: unknown): unknown {
  if (slot === undefined) return undefined;
  if ((slot as Node | Tail).isTail) return endOfTail(slot as Tail, last);
  // With a prefix, every call that gets here has further tokens.
  return (slot as Node).prefix === null ? slotOf(slot as Node, last) : undefined;
}

/** A `Memoized` call path of one argument. Its parameters are what V8 would check again and again if they were constants. */
function path1(
  path: CallPath,
  tally: Tally,
  root: Node,
  fn: (a: unknown) => unknown,
  state: Stack,
): Wrapper {
  return function (this: unknown, a: unknown): unknown {
    if (arguments.length === 1 && new.target === undefined) {
      const found = slotOf(root, a);
      if (found === undefined) {
        const at = enter(path.memo, state, a, undefined, undefined);
        if (at >= 0) {
          const value = fn(a);
          leave(at, state, value);
          storeDirect(path.memo, root, a, value);
          return value;
        }
        return runDirect(path.memo, a, undefined, undefined);
      }
      if (typeof found !== "symbol" && tally.epoch === state.epoch) {
        tally.hits++;
        return found;
      }
      return callAny(path, undefined, [a]);
    }
    return anyOf(path, new.target).apply(this, arguments as never);
  };
}

function wrap1(path: CallPath): Wrapper {
  const { memo } = path;
  return path1(path, memo.tally, memo.trie.root(1), memo.runner, stack);
}

function path2(
  path: CallPath,
  tally: Tally,
  root: Node,
  fn: (a: unknown, b: unknown) => unknown,
  state: Stack,
): Wrapper {
  return function (this: unknown, a: unknown, b: unknown): unknown {
    if (arguments.length !== 2 || new.target !== undefined)
      return anyOf(path, new.target).apply(this, arguments as never);
    const found = endBelow(slotOf(root, a), b);
    if (found !== undefined && typeof found !== "symbol" && tally.epoch === state.epoch) {
      tally.hits++;
      return found;
    }
    if (found !== undefined || !isDirect(a) || !isDirect(b))
      return callAny(path, undefined, [a, b]);
    const at = enter(path.memo, state, a, b, undefined);
    if (at < 0) return runDirect(path.memo, a, b, undefined);
    const value = fn(a, b);
    leave(at, state, value);
    storePair(path.memo, root, a, b, value);
    return value;
  };
}

function wrap2(path: CallPath): Wrapper {
  const { memo } = path;
  return path2(path, memo.tally, memo.trie.root(2), memo.runner, stack);
}

function path3(
  path: CallPath,
  tally: Tally,
  root: Node,
  fn: (a: unknown, b: unknown, c: unknown) => unknown,
  state: Stack,
): Wrapper {
  return function (this: unknown, a: unknown, b: unknown, c: unknown): unknown {
    if (arguments.length !== 3 || new.target !== undefined)
      return anyOf(path, new.target).apply(this, arguments as never);
    const found = endOfThree(root, a, b, c);
    if (found !== undefined && typeof found !== "symbol" && tally.epoch === state.epoch) {
      tally.hits++;
      return found;
    }
    if (found !== undefined || !areThreeDirect(a, b, c)) return callAny(path, undefined, [a, b, c]);
    const at = enter(path.memo, state, a, b, c);
    if (at < 0) return runDirect(path.memo, a, b, c);
    const value = fn(a, b, c);
    leave(at, state, value);
    storeThree(path.memo, a, b, c, value);
    return value;
  };
}

function wrap3(path: CallPath): Wrapper {
  const { memo } = path;
  return path3(path, memo.tally, memo.trie.root(3), memo.runner, stack);
}

/** The result of three arguments; `SCAN` where only the full walk can tell. */
function endOfThree(root: Node, a: unknown, b: unknown, c: unknown): unknown {
  const next = slotOf(root, a);
  if (next === undefined) return undefined;
  if ((next as Node | Tail).isTail) return endOfLongTail(next as Tail, b, c);
  return (next as Node).prefix === null ? endBelow(slotOf(next as Node, b), c) : SCAN;
}

/** The result of any number of arguments; `undefined` or a symbol where only the full walk can tell. */
function endOf(root: Node, args: readonly unknown[]): unknown {
  let node = root;
  const last = args.length - 1;
  for (let i = 0; i < last; i++) {
    if (node.prefix !== null) return undefined;
    const slot = slotOf(node, args[i]);
    if (slot === undefined) return undefined;
    if ((slot as Node | Tail).isTail) return endOfAnyTail(slot as Tail, args, i + 1);
    node = slot as Node;
  }
  return node.prefix === null && last >= 0 ? slotOf(node, args[last]) : undefined;
}

function endOfAnyTail(
  { first, rest, value }: Tail,
  args: readonly unknown[],
  from: number,
): unknown {
  const count = args.length - from - 1;
  if (!isToken(first, args[from]) || (rest === null ? count > 0 : rest.length !== count))
    return undefined;
  for (let i = 0; i < count; i++)
    if (!isToken((rest as readonly unknown[])[i], args[from + 1 + i])) return undefined;
  return value;
}

/** The result at the end of a tail with two more tokens. */
function endOfLongTail({ first, rest, value }: Tail, b: unknown, c: unknown): unknown {
  return rest !== null && rest.length === 1 && isToken(first, b) && isToken(rest[0], c)
    ? value
    : undefined;
}

function areThreeDirect(a: unknown, b: unknown, c: unknown): boolean {
  return isDirect(a) && isDirect(b) && isDirect(c);
}

function storeThree(memo: Memo, a: unknown, b: unknown, c: unknown, value: unknown): void {
  memo.trie.set(new Key(3, null, [a, b, c]), value === undefined ? VOID : value);
}

/** One argument by identity: a weak map is all there is to it. What it cannot hold, it has not. */
function wrapIdentity1(path: CallPath): Wrapper {
  const { tally, trie } = path.memo;
  return identityPath1(path, tally, trie.root(1).weakChildren().ends, stack);
}

function identityPath1(
  path: CallPath,
  tally: Tally,
  ends: WeakMap<WeakKey, unknown>,
  state: Stack,
): Wrapper {
  return function (this: unknown, a: unknown): unknown {
    if (arguments.length !== 1 || new.target !== undefined)
      return anyOf(path, new.target).apply(this, arguments as never);
    const found = ends.get(a as WeakKey);
    if (found === undefined || typeof found === "symbol" || tally.epoch !== state.epoch)
      return callAny(path, undefined, [a]);
    tally.hits++;
    return found;
  };
}

function wrapIdentity2(path: CallPath): Wrapper {
  const { tally, trie } = path.memo;
  return identityPath2(path, tally, trie.root(2).weakChildren().nodes, stack);
}

function identityPath2(
  path: CallPath,
  tally: Tally,
  nodes: WeakMap<WeakKey, Node>,
  state: Stack,
): Wrapper {
  return function (this: unknown, a: unknown, b: unknown): unknown {
    if (arguments.length !== 2 || new.target !== undefined)
      return anyOf(path, new.target).apply(this, arguments as never);
    const node = nodes.get(a as WeakKey);
    if (node === undefined || node.weak === null) return callAny(path, undefined, [a, b]);
    const found = node.weak.ends.get(b as WeakKey);
    if (found === undefined || typeof found === "symbol" || tally.epoch !== state.epoch)
      return callAny(path, undefined, [a, b]);
    tally.hits++;
    return found;
  };
}

/** Pushes the frame of a run that may go ahead; where, or -1 if only the general path can tell. */
function enter(memo: Memo, state: Stack, a: unknown, b: unknown, c: unknown): number {
  const at = state.top;
  const { ceiling } = state;
  // At most ceilings there is nothing to ask for: a call not made here is one that V8 does not inline.
  if (at >= ceiling && (ceiling === CLOSED || !goesOn(memo))) return -1;
  if (memo.tally.epoch !== state.epoch) return -1;
  pushDirect(memo, a, b, c);
  return at;
}

/** Pops the frame of a run that has returned. */
function leave(at: number, state: Stack, value: unknown): void {
  if (state.top !== at + FRAME) settle(at, value);
  state.top = at;
}

function storePair(memo: Memo, root: Node, a: unknown, b: unknown, value: unknown): void {
  const below = childOf(root, a);
  if (below !== undefined && !(below as Node | Tail).isTail && (below as Node).prefix === null)
    storeDirect(memo, below as Node, b, value);
  else memo.trie.set(new Key(2, null, [a, b]), value === undefined ? VOID : value);
}

function storeDirect(memo: Memo, node: Node, last: unknown, value: unknown): void {
  if (setChild(node, last, value === undefined ? VOID : value)) memo.trie.strongSize++;
}

/** The path for any call, where a specialised one was called with other arguments than it is for. */
function anyOf(path: CallPath, target: unknown): Wrapper {
  if (target !== undefined) throw newError(path.memo);
  return (path.any ??= wrapAny(path));
}

function wrapAny(path: CallPath): Wrapper {
  return function (this: unknown, ...args: unknown[]): unknown {
    if (new.target !== undefined) throw newError(path.memo);
    return callAny(path, this, args);
  };
}

/**
 * Any call: any number of arguments, of any kind, with or without a receiver. One large function,
 * so that V8 does not inline it and has room to inline the specialised paths.
 */
function callAny(path: CallPath, receiver: unknown, args: readonly unknown[]): unknown {
  const { memo, onHit } = path;
  const { tally, trie } = memo;
  if (tally.epoch !== stack.epoch) {
    if (isOff()) return runPlainly(memo, receiver, args);
    catchUp(memo);
  }
  let key: Key | undefined;
  let found = path.isScanned ? SCAN : endOf(trie.root(args.length), args);
  if (found === SCAN || (found === undefined && !areDirect(args))) {
    const { ceiling, isOutside } = stack;
    stack.ceiling = CLOSED;
    stack.isOutside = true;
    try {
      const scan = scanCall(path, receiver, args);
      if (scan.end > LARGE && !isOutside) warnAboutGrowth(memo);
      found = trie.find(scan.count, scan.objects, scan.tokens, scan.tokenCount);
      if (found === undefined) key = scan.toKey();
    } finally {
      stack.ceiling = ceiling;
      stack.isOutside = isOutside;
    }
  } else if (found === undefined) {
    const { length } = args;
    found = length === 0 ? trie.root(0).nested : find(trie.root(length), args, 0, length);
  }
  if (found === undefined) {
    key ??= new Key(args.length, null, args);
    if (!path.isGuarded) return runUnguarded(memo, receiver, args, key);
    return stack.top < stack.ceiling && !memo.isCareful
      ? runQuickly(memo, receiver, args, key)
      : run(memo, receiver, args, key);
  }
  tally.hits++;
  const value = found === VOID ? undefined : found;
  if (onHit !== undefined) onHit(value, receiver, args);
  return value;
}

/** The option `key`, getters, proxies and [keySymbol]() are callbacks of the library: see `outside`. */
function scanCall(path: CallPath, receiver: unknown, args: readonly unknown[]): Scan {
  const { keyOf, hasReceiver, byIdentity } = path;
  const elements: readonly unknown[] =
    keyOf === undefined ? args : [Reflect.apply(keyOf, receiver as never, args as never)];
  return hasReceiver
    ? scanWithReceiver(byIdentity, elements, receiver)
    : scanElements(byIdentity, elements);
}

/** The key of a call, whether it is stored or not: what the handle works with. */
export function keyOfCall(path: CallPath, receiver: unknown, args: readonly unknown[]): Key {
  return outside(() => scanCall(path, receiver, args).toKey());
}

function newError(memo: Memo): RoteError {
  return new RoteError(
    "ERR_NEW",
    `"${memo.name}" is memoized and was called with new: every call would share one object. Memoize a function that returns new ${memo.name}(…) instead.`,
  );
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
