import {
  ARRAY,
  ARRAY_WITH_PROPERTIES,
  BARE,
  KEYED,
  Kind,
  kindOf,
  PLAIN,
  PROPERTIES,
  SPARSE_ARRAY,
} from "./kind.ts";
import { bareRoot, plainRoot, type Shape } from "./shape.ts";
import { aliasOf, HOLE, IDENTITY, type Mark, NEGATIVE_ZERO, NESTED, NO_RECEIVER } from "./token.ts";
import { Key } from "./trie.ts";
import { canHoldSymbolsWeakly } from "./weak.ts";

/**
 * Names the method by which a class says what its instances are equal to.
 *
 * An object whose class has `[keySymbol]()` is compared by its prototype and by the content of what
 * the method returns. It is called on every call with such an argument and should be cheap.
 *
 * @example
 * ```ts
 * import { keySymbol, memoize } from "rote";
 *
 * class Money {
 *   constructor(readonly cents: number) {}
 *   [keySymbol]() {
 *     return this.cents;
 *   }
 * }
 * const format = memoize((money: Money) => (money.cents / 100).toFixed(2));
 * format(new Money(150)); //=> "1.50"
 * format(new Money(150)); //=> "1.50"
 * format.cache.stats().hits; //=> 1
 * ```
 */
export const keySymbol: unique symbol = Symbol.for("rote.key") as never;

/**
 * The scan: arguments in, tokens out. Level by level, so that nesting costs no stack: first one
 * token for every argument, then the tokens of the objects met, in the order in which they were met.
 *
 * The tokens are in `buffer[from…end)`. A getter, a proxy or a `[keySymbol]()` may call memoized
 * functions and so scan in the middle of a scan: the inner one works above `end` and is done before
 * the outer one goes on.
 */
export const buffer: unknown[] = [];
let end = 0;
/** The objects met with content, in order, and how each is expanded. */
let met: object[] = [];
let metKinds: Mark[] = [];
/** The objects known by identity, in order. */
let identities: WeakKey[] | null = null;
/** From this many on, aliases are looked up in `metIndex` instead of one by one. */
const FEW = 12;
let metIndex: Map<object, number> | null = null;
let byIdentity = false;

const { getPrototypeOf, getOwnPropertySymbols, keys, hasOwn } = Object;
const ObjectPrototype: object = Object.prototype;
const ArrayPrototype: object = Array.prototype;
const isEnumerable = Object.prototype.propertyIsEnumerable;

let isScanning = false;

/** What the scan around another one has to find again when that is done. */
interface OuterScan {
  readonly end: number;
  readonly met: object[];
  readonly metKinds: Mark[];
  readonly identities: WeakKey[] | null;
  readonly metIndex: Map<object, number> | null;
  readonly byIdentity: boolean;
}

/** Begins a scan; `endScan` with what this returns has to follow, whatever happens in between. */
export function beginScan(identity: boolean): OuterScan | null {
  const outer = isScanning ? { end, met, metKinds, identities, metIndex, byIdentity } : null;
  if (outer !== null) {
    met = [];
    metKinds = [];
    identities = null;
    metIndex = null;
  }
  isScanning = true;
  byIdentity = identity;
  return outer;
}

export function endScan(outer: OuterScan | null): void {
  const from = outer === null ? 0 : outer.end;
  // Nothing of the caller's may be kept alive from here.
  if (end - from > 1024) buffer.length = end = from;
  while (end > from) buffer[--end] = undefined;
  if (outer !== null) {
    ({ met, metKinds, identities, metIndex, byIdentity } = outer);
    return;
  }
  if (met.length > 1024) {
    met = [];
    metKinds = [];
  }
  while (met.length > 0) {
    met.pop();
    metKinds.pop();
  }
  identities = null;
  metIndex = null;
  isScanning = false;
}

/** Where the tokens end now. */
export function scannedEnd(): number {
  return end;
}

/** The objects known by identity so far. */
export function scannedIdentities(): WeakKey[] | null {
  return identities;
}

/** The tokens and objects of a finished scan, as a key that lives on. */
export function scannedKey(from: number, count: number): Key {
  return new Key(count, identities, isOnlyIdentities(from) ? [] : buffer.slice(from, end));
}

/** Whether every key element is an object by identity: then the objects say everything. */
export function isOnlyIdentities(from: number): boolean {
  if (identities === null || identities.length !== end - from) return false;
  for (let i = from; i < end; i++) if (buffer[i] !== IDENTITY) return false;
  return true;
}

/** Adds one key element: an argument or the receiver. */
export function scanElement(value: unknown): void {
  buffer[end++] = value;
  encode(end - 1);
}

/** Adds the receiver: objects by identity, primitives by value, and no receiver at all as one mark. */
export function scanReceiver(receiver: unknown): void {
  if (receiver === undefined || receiver === globalThis || isModuleNamespace(receiver))
    buffer[end++] = NO_RECEIVER;
  else if (typeof receiver === "object" && receiver !== null) encodeIdentity(end++, receiver);
  else scanElement(receiver);
}

function isModuleNamespace(value: unknown): boolean {
  return (
    typeof value === "object" &&
    value !== null &&
    getPrototypeOf(value) === null &&
    ObjectPrototype.toString.call(value) === "[object Module]"
  );
}

/**
 * The most common scan, in one go: of one plain object, whose values are all tokens as they stand.
 * Otherwise goes on as any scan does, without reading anything twice.
 */
export function scanPlain(object: Record<string, unknown>): void {
  buffer[end++] = NESTED;
  const at = end++;
  buffer[at] = undefined;
  let shape = plainRoot();
  let isSimple = true;
  for (const key in object) {
    shape = shape.nextKey === key ? (shape.next as Shape) : shape.step(key);
    const value = object[key];
    buffer[end++] = value;
    if (
      typeof value === "number"
        ? value === 0
        : typeof value !== "string" &&
          typeof value !== "boolean" &&
          value !== undefined &&
          value !== null
    )
      isSimple = false;
  }
  if (
    isSimple &&
    shape.order === null &&
    end > at + 1 &&
    getOwnPropertySymbols(object).length === 0
  ) {
    buffer[at] = shape.token();
    // The token may have come with an order that it was not known to need.
    if (shape.order === null) return;
  }
  met.push(object);
  metKinds.push(PLAIN);
  finishKeys(object, at, shape, true);
  expandMet(1);
}

/** Whether `scanPlain` may be used: Object.prototype is this object's prototype, and not extended. */
export function isPlain(object: object): boolean {
  return getPrototypeOf(object) === ObjectPrototype && !isPrototypeExtended();
}

/** Adds the tokens of every object met, until there are no more. */
export function scanNested(): void {
  expandMet(0);
}

function expandMet(first: number): void {
  for (let i = first; i < met.length; i++) {
    const object = met[i] as object;
    const kind = metKinds[i] as Mark;
    if (kind === PLAIN) expandPlain(object as Record<string, unknown>);
    else if (kind === ARRAY) expandArray(object as unknown[]);
    else expandOther(object, kind);
  }
}

/**
 * Turns the raw value at `at` into its token. One question after the other: to compute what
 * `typeof` says, and compare that, takes three times as long.
 */
function encode(at: number): void {
  const value = buffer[at];
  if (typeof value === "string" || typeof value === "boolean") return;
  if (typeof value === "number") {
    if (value === 0 && 1 / value < 0) buffer[at] = NEGATIVE_ZERO;
  } else if (typeof value === "object") {
    if (value !== null) encodeObject(at, value);
  } else if (typeof value === "function") {
    encodeIdentity(at, value);
  } else if (typeof value === "symbol") {
    if (canHoldSymbolsWeakly && Symbol.keyFor(value) === undefined) encodeIdentity(at, value);
  }
}

function encodeIdentity(at: number, value: WeakKey): void {
  buffer[at] = IDENTITY;
  if (identities === null) identities = [value];
  else identities.push(value);
}

function encodeObject(at: number, object: object): void {
  if (byIdentity) {
    encodeIdentity(at, object);
    return;
  }
  if (met.length > 0) {
    const index = indexOfMet(object);
    if (index >= 0) {
      buffer[at] = aliasOf(index);
      return;
    }
  }
  const prototype = getPrototypeOf(object) as object | null;
  let kind: Mark | null;
  if (prototype === ObjectPrototype) kind = PLAIN;
  else if (prototype === ArrayPrototype && Array.isArray(object)) kind = ARRAY;
  else kind = kindOf(object, prototype);
  if (kind === null) {
    if (typeof (object as { [keySymbol]?: unknown })[keySymbol] === "function") kind = KEYED;
    else {
      encodeIdentity(at, object);
      return;
    }
  }
  buffer[at] = NESTED;
  met.push(object);
  metKinds.push(kind);
}

function indexOfMet(object: object): number {
  const count = met.length;
  if (count <= FEW) {
    for (let i = 0; i < count; i++) if (met[i] === object) return i;
    return -1;
  }
  if (metIndex === null) metIndex = new Map();
  for (let i = metIndex.size; i < count; i++) metIndex.set(met[i] as object, i);
  return metIndex.get(object) ?? -1;
}

/**
 * `Math` and module namespaces look like `{}` to a walk over enumerable keys, and so does a Date
 * whose prototype was replaced: what says of itself that it is something else is known by identity.
 */
function isTrulyEmpty(object: object): boolean {
  return (
    hasEnumerable(object) ||
    (!hasOwn(object, Symbol.toStringTag) &&
      ObjectPrototype.toString.call(object) === "[object Object]")
  );
}

function hasEnumerable(object: object): boolean {
  return (
    getOwnPropertySymbols(object).some((symbol) => isEnumerable.call(object, symbol)) ||
    keys(object).length > 0
  );
}

/** Object.prototype itself has enumerable properties: some library has extended it. */
function isPrototypeExtended(): boolean {
  for (const _ in ObjectPrototype) return true;
  return false;
}

/** `[key set, values…]`: the values raw first, so that they can be put in the key set's order. */
function expandPlain(object: Record<string, unknown>): void {
  if (isPrototypeExtended()) {
    expandKeys(object, keys(object), true);
    return;
  }
  const at = end++;
  buffer[at] = undefined;
  let shape = plainRoot();
  let needsEncoding = false;
  for (const key in object) {
    shape = shape.nextKey === key ? (shape.next as Shape) : shape.step(key);
    const value = object[key];
    buffer[end++] = value;
    if (
      typeof value === "number"
        ? value === 0
        : typeof value === "object"
          ? value !== null
          : typeof value === "function" || typeof value === "symbol"
    )
      needsEncoding = true;
  }
  finishKeys(object, at, shape, needsEncoding);
}

/** The same for any list of keys. */
function expandKeys(
  object: Record<string, unknown>,
  names: readonly string[],
  hasPrototype: boolean,
): void {
  const at = end++;
  buffer[at] = undefined;
  let shape = hasPrototype ? plainRoot() : bareRoot();
  for (const name of names) {
    shape = shape.step(name);
    const value = object[name];
    buffer[end++] = value;
  }
  finishKeys(object, at, shape, true);
}

function finishKeys(object: object, at: number, shape: Shape, needsEncoding: boolean): void {
  const symbols = getOwnPropertySymbols(object);
  if (end === at + 1 && !isTrulyEmpty(object)) {
    encodeIdentity(at, object);
    return;
  }
  buffer[at] = shape.token();
  if (shape.order !== null) {
    const values = buffer.slice(at + 1, end);
    for (let i = 0; i < values.length; i++) buffer[at + 1 + i] = values[shape.order[i] as number];
  }
  if (needsEncoding) for (let i = at + 1, last = end; i < last; i++) encode(i);
  if (symbols.length > 0) expandSymbols(object, symbols, at);
}

const symbolOrder = new WeakMap<WeakKey, number>();
const strongSymbolOrder = new Map<symbol, number>();
let symbolsSeen = 0;

/** Symbols have no order of their own; they get one as they are first seen. */
function orderOf(symbol: symbol): number {
  const isWeak = canHoldSymbolsWeakly && Symbol.keyFor(symbol) === undefined;
  const map = (isWeak ? symbolOrder : strongSymbolOrder) as Map<unknown, number>;
  let order = map.get(symbol);
  if (order === undefined) map.set(symbol, (order = symbolsSeen++));
  return order;
}

/** `count, (symbol, value)…` after the values of the string keys, and a token that says so before them. */
function expandSymbols(object: object, all: symbol[], at: number): void {
  const symbols = all
    .filter((symbol) => isEnumerable.call(object, symbol))
    .sort((a, b) => orderOf(a) - orderOf(b));
  if (symbols.length === 0) return;
  buffer[at] = (buffer[at] as ReturnType<Shape["token"]>).withSymbols();
  buffer[end++] = symbols.length;
  for (const symbol of symbols) {
    scanElement(symbol);
    scanElement((object as Record<symbol, unknown>)[symbol]);
  }
}

/** `[ARRAY, length, elements…]`, holes marked; the rarer forms say what is different. */
function expandArray(array: unknown[]): void {
  const names = keys(array);
  const length = array.length;
  const symbols = getOwnPropertySymbols(array);
  const isFull =
    names.length === length && (length === 0 || names[length - 1] === String(length - 1));
  if (isFull && symbols.length === 0) {
    buffer[end++] = ARRAY;
    buffer[end++] = length;
    for (let i = 0; i < length; i++) buffer[end++] = array[i];
    for (let i = end - length, last = end; i < last; i++) encode(i);
    return;
  }
  let indices = 0;
  while (indices < names.length && isIndexBelow(names[indices] as string, length)) indices++;
  const hasProperties =
    indices < names.length || symbols.some((symbol) => isEnumerable.call(array, symbol));
  if (hasProperties) buffer[end++] = ARRAY_WITH_PROPERTIES;
  if (length > 64 && indices * 8 < length) {
    buffer[end++] = SPARSE_ARRAY;
    buffer[end++] = length;
    buffer[end++] = indices;
    for (let i = 0; i < indices; i++) {
      buffer[end++] = Number(names[i]);
      scanElement(array[Number(names[i])]);
    }
  } else {
    buffer[end++] = ARRAY;
    buffer[end++] = length;
    for (let i = 0; i < length; i++)
      scanElement(hasOwn(array, i) && isEnumerable.call(array, i) ? array[i] : HOLE);
  }
  if (hasProperties)
    expandKeys(array as unknown as Record<string, unknown>, names.slice(indices), true);
}

function isIndexBelow(name: string, length: number): boolean {
  const index = Number(name);
  return index >>> 0 === index && index < length && String(index) === name;
}

function expandOther(object: object, kind: Mark): void {
  if (kind === BARE) {
    expandKeys(object as Record<string, unknown>, keys(object), false);
    return;
  }
  if (kind === KEYED) {
    buffer[end++] = KEYED;
    const key = (object as { [keySymbol](): unknown })[keySymbol]();
    encodeIdentity(end++, getPrototypeOf(object) as object);
    scanElement(key);
    return;
  }
  const { parts, isIndexed } = kind as Kind;
  const at = end++;
  buffer[at] = kind;
  const content = [...parts(object as never)];
  buffer[end++] = content.length;
  for (const part of content) scanElement(part);
  // A Date with a property of its own is not equal to one without.
  let names = keys(object);
  if (isIndexed) names = names.filter((name) => String(Number(name) >>> 0) !== name);
  const symbols = getOwnPropertySymbols(object).filter((symbol) =>
    isEnumerable.call(object, symbol),
  );
  if (names.length > 0 || symbols.length > 0) {
    buffer[end++] = PROPERTIES;
    expandKeys(object as Record<string, unknown>, names, true);
  } else {
    buffer[end++] = HOLE;
  }
}
