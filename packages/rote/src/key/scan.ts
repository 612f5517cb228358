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
import { bareRoot, type KeySet, plainRoot, type Shape } from "./shape.ts";
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
 * The lists are used again and again, because to make and to grow new ones takes longer than most
 * scans. A getter, a proxy or a `[keySymbol]()` may call memoized functions and so scan in the
 * middle of a scan: each level has a `Scan` of its own.
 */
export class Scan {
  readonly tokens: unknown[] = new Array(SHORT).fill(undefined);
  /** Where the tokens end. */
  end = 0;
  /** How many key elements there are. */
  count = 0;
  /** The objects met with content, in order, each followed by its kind: how it is expanded. */
  readonly met: (object | Mark | undefined)[] = [];
  metEnd = 0;
  /** The objects known by identity, in order. */
  objects: WeakKey[] | null = null;
  /** Where an object is in `met`, when there are many. */
  index: Map<object, number> | null = null;
  byIdentity = false;
  /** The shape of the plain object before. */
  lastShape: Shape = plainRoot();

  /** With nothing else than objects known by identity, these say everything. */
  get tokenCount(): number {
    return this.objects !== null && this.objects.length === this.end ? 0 : this.end;
  }

  /** A key that lives on. */
  toKey(): Key {
    return new Key(this.count, this.objects, this.tokens.slice(0, this.tokenCount));
  }
}

/** So many tokens have room without the list being grown, and as many are kept. */
const SHORT = 64;
/** From this many on, aliases are looked up in `index` instead of one by one. */
const FEW = 12;

const { getPrototypeOf, getOwnPropertySymbols, keys, hasOwn } = Object;
const ObjectPrototype: object = Object.prototype;
const ArrayPrototype: object = Array.prototype;
const isEnumerable = Object.prototype.propertyIsEnumerable;

const levels: Scan[] = [];
let level = 0;

/** Begins a scan; `endScan` with what this returns has to follow, whatever happens in between. */
export function beginScan(byIdentity: boolean): Scan {
  const scan = (levels[level++] ??= new Scan());
  scan.byIdentity = byIdentity;
  return scan;
}

/** Nothing of the caller's may be kept alive from here. */
export function endScan(scan: Scan): void {
  const { tokens, met, end, metEnd } = scan;
  level--;
  scan.end = scan.metEnd = 0;
  if (scan.objects !== null) scan.objects = null;
  if (end + metEnd > 16 * SHORT) {
    levels.length = level;
    return;
  }
  for (let i = 0; i < end; i++) tokens[i] = undefined;
  for (let i = 0; i < metEnd; i++) met[i] = undefined;
  if (scan.index !== null) scan.index = null;
}

/** Scans the elements of a key: arguments, or what an option made of them. */
export function scanElements(scan: Scan, elements: readonly unknown[]): void {
  scan.count = elements.length;
  for (let i = 0; i < elements.length; i++) add(scan, tokenOf(scan, elements[i]));
  expandMet(scan);
}

/** The same with a receiver in front. */
export function scanWithReceiver(
  scan: Scan,
  receiver: unknown,
  elements: readonly unknown[],
): void {
  add(scan, tokenOfReceiver(scan, receiver));
  scanElements(scan, elements);
  scan.count++;
}

function add(scan: Scan, token: unknown): void {
  scan.tokens[scan.end++] = token;
}

function addCounted(scan: Scan, kind: Mark, count: number): void {
  add(scan, kind);
  add(scan, count);
}

function expandMet(scan: Scan): void {
  if (scan.metEnd === 0) return;
  const isExtended = isPrototypeExtended();
  scan.lastShape = plainRoot();
  const { met } = scan;
  for (let i = 0; i < scan.metEnd; i += 2) {
    const object = met[i] as object;
    const kind = met[i + 1] as Mark;
    if (kind === PLAIN && !isExtended) expandPlain(scan, object as Record<string, unknown>);
    else if (kind === ARRAY) expandArray(scan, object as unknown[]);
    else expandOther(scan, object, kind);
  }
}

/** The receiver: objects by identity, primitives by value, and no receiver at all as one mark. */
function tokenOfReceiver(scan: Scan, receiver: unknown): unknown {
  if (receiver === undefined || receiver === globalThis || isModuleNamespace(receiver))
    return NO_RECEIVER;
  return typeof receiver === "object" && receiver !== null
    ? identity(scan, receiver)
    : tokenOf(scan, receiver);
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
 * The token of any value. One question after the other: to compute what `typeof` says, and compare
 * that, takes three times as long.
 */
function tokenOf(scan: Scan, value: unknown): unknown {
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") return value === 0 && 1 / value < 0 ? NEGATIVE_ZERO : value;
  if (typeof value === "object") return value === null ? value : tokenOfObject(scan, value);
  if (typeof value === "function") return identity(scan, value);
  if (typeof value === "symbol" && canHoldSymbolsWeakly && Symbol.keyFor(value) === undefined)
    return identity(scan, value);
  return value;
}

function identity(scan: Scan, value: WeakKey): Mark {
  if (scan.objects === null) scan.objects = [value];
  else scan.objects.push(value);
  return IDENTITY;
}

function tokenOfObject(scan: Scan, object: object): Mark {
  if (scan.byIdentity) return identity(scan, object);
  if (scan.metEnd > 0) {
    const index = indexOfMet(scan, object);
    if (index >= 0) return aliasOf(index);
  }
  const prototype = getPrototypeOf(object) as object | null;
  let kind: Mark | null;
  if (prototype === ObjectPrototype) kind = PLAIN;
  else if (prototype === ArrayPrototype && Array.isArray(object)) kind = ARRAY;
  else kind = kindOf(object, prototype);
  if (kind === null) {
    if (typeof (object as { [keySymbol]?: unknown })[keySymbol] !== "function")
      return identity(scan, object);
    kind = KEYED;
  }
  const { met, metEnd } = scan;
  met[metEnd] = object;
  met[metEnd + 1] = kind;
  scan.metEnd = metEnd + 2;
  return NESTED;
}

function indexOfMet(scan: Scan, object: object): number {
  const { met, metEnd: count } = scan;
  if (count <= 2 * FEW) {
    for (let i = 0; i < count; i += 2) if (met[i] === object) return i >> 1;
    return -1;
  }
  const index: Map<unknown, number> = (scan.index ??= new Map());
  for (let i = index.size; 2 * i < count; i++) index.set(met[2 * i], i);
  return index.get(object) ?? -1;
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
  return enumerableSymbols(object).length > 0 || keys(object).length > 0;
}

function enumerableSymbols(object: object): symbol[] {
  return getOwnPropertySymbols(object).filter((symbol) => isEnumerable.call(object, symbol));
}

/** Object.prototype itself has enumerable properties: some library has extended it. */
function isPrototypeExtended(): boolean {
  for (const _ in ObjectPrototype) return true;
  return false;
}

/** `[key set, values…]`: the values raw first, so that they can be put in the key set's order. */
function expandPlain(scan: Scan, object: Record<string, unknown>): void {
  const { tokens } = scan;
  const at = scan.end;
  let end = at + 1;
  tokens[at] = undefined;
  const root = plainRoot();
  let shape = root;
  let isSimple = true;
  for (const key in object) {
    if (shape.nextKey === key) shape = shape.next as Shape;
    else shape = shape === root ? scan.lastShape.follow(root, key) : shape.step(key);
    const value = object[key];
    tokens[end++] = value;
    if (
      typeof value === "number"
        ? value === 0
        : typeof value !== "string" && typeof value !== "boolean" && value !== undefined
    )
      isSimple = false;
  }
  scan.end = end;
  scan.lastShape = shape;
  finishKeys(scan, object, at, shape, isSimple);
}

/** The same for any list of keys. */
function expandKeys(
  scan: Scan,
  object: Record<string, unknown>,
  names: readonly string[],
  hasPrototype: boolean,
): void {
  const at = scan.end;
  add(scan, undefined);
  let shape = hasPrototype ? plainRoot() : bareRoot();
  for (const name of names) {
    shape = shape.step(name);
    add(scan, object[name]);
  }
  finishKeys(scan, object, at, shape, false);
}

function finishKeys(scan: Scan, object: object, at: number, shape: Shape, isSimple: boolean): void {
  const { tokens, end } = scan;
  const symbols = getOwnPropertySymbols(object);
  if (end === at + 1 && !isTrulyEmpty(object)) {
    tokens[at] = identity(scan, object);
    return;
  }
  const keySet = shape.token();
  tokens[at] = keySet;
  const { order } = shape;
  if (order !== null) {
    const values = tokens.slice(at + 1, end);
    for (let i = 0; i < values.length; i++) tokens[at + 1 + i] = values[order[i] as number];
  }
  if (!isSimple) for (let i = at + 1; i < end; i++) tokens[i] = tokenOf(scan, tokens[i]);
  if (symbols.length > 0) expandSymbols(scan, object, keySet, at);
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
function expandSymbols(scan: Scan, object: object, keySet: KeySet, at: number): void {
  const symbols = enumerableSymbols(object).sort((a, b) => orderOf(a) - orderOf(b));
  if (symbols.length === 0) return;
  scan.tokens[at] = keySet.withSymbols();
  add(scan, symbols.length);
  for (const symbol of symbols) {
    add(scan, tokenOf(scan, symbol));
    add(scan, tokenOf(scan, (object as Record<symbol, unknown>)[symbol]));
  }
}

/** `[ARRAY, length, elements…]`, holes marked; the rarer forms say what is different. */
function expandArray(scan: Scan, array: unknown[]): void {
  const names = keys(array);
  const { length } = array;
  const symbols = getOwnPropertySymbols(array);
  const isFull =
    names.length === length && (length === 0 || names[length - 1] === String(length - 1));
  if (isFull && symbols.length === 0) {
    addCounted(scan, ARRAY, length);
    for (let i = 0; i < length; i++) add(scan, tokenOf(scan, array[i]));
    return;
  }
  let indices = 0;
  while (indices < names.length && isIndexBelow(names[indices] as string, length)) indices++;
  const hasProperties =
    indices < names.length || symbols.some((symbol) => isEnumerable.call(array, symbol));
  if (hasProperties) add(scan, ARRAY_WITH_PROPERTIES);
  if (length > 64 && indices * 8 < length) {
    addCounted(scan, SPARSE_ARRAY, length);
    add(scan, indices);
    for (let i = 0; i < indices; i++) {
      const index = Number(names[i]);
      add(scan, index);
      add(scan, tokenOf(scan, array[index]));
    }
  } else {
    addCounted(scan, ARRAY, length);
    for (let i = 0; i < length; i++) {
      const isOwn = hasOwn(array, i) && isEnumerable.call(array, i);
      add(scan, isOwn ? tokenOf(scan, array[i]) : HOLE);
    }
  }
  if (hasProperties) {
    const properties = array as unknown as Record<string, unknown>;
    expandKeys(scan, properties, names.slice(indices), true);
  }
}

function isIndexBelow(name: string, length: number): boolean {
  const index = Number(name);
  return index >>> 0 === index && index < length && String(index) === name;
}

function expandOther(scan: Scan, object: object, kind: Mark): void {
  const properties = object as Record<string, unknown>;
  if (kind === PLAIN || kind === BARE) {
    expandKeys(scan, properties, keys(object), kind === PLAIN);
  } else if (kind === KEYED) {
    add(scan, KEYED);
    const key = (object as { [keySymbol](): unknown })[keySymbol]();
    add(scan, identity(scan, getPrototypeOf(object) as object));
    add(scan, tokenOf(scan, key));
  } else {
    const { parts, isIndexed } = kind as Kind;
    const content = [...parts(object as never)];
    addCounted(scan, kind, content.length);
    for (const part of content) add(scan, tokenOf(scan, part));
    // A Date with a property of its own is not equal to one without.
    let names = keys(object);
    if (isIndexed) names = names.filter((name) => String(Number(name) >>> 0) !== name);
    if (names.length > 0 || enumerableSymbols(object).length > 0) {
      add(scan, PROPERTIES);
      expandKeys(scan, properties, names, true);
    } else {
      add(scan, HOLE);
    }
  }
}
