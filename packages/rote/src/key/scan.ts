import { ARRAY, BARE, FOREIGN, KEYED, Kind, kindOf, LOOSE_ARRAY, PLAIN, SYMBOLS } from "./kind.ts";
import { rootShape, type Shape } from "./shape.ts";
import { aliasOf, IDENTITY, type Mark, NEGATIVE_ZERO, NESTED, NO_RECEIVER } from "./token.ts";
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
 * Values are written down as they are and then made tokens in place (`toTokens`). Every scan has
 * lists of its own, because a getter, a proxy or a `[keySymbol]()` may call memoized functions in the
 * middle of it, and because to write young objects into an old list costs more than to make one.
 */
export class Scan {
  /** Copied rather than made, which is the cheapest list with room. */
  readonly tokens: unknown[] = TEMPLATE.slice();
  /** Where the tokens end. */
  end = 0;
  /** How many key elements there are. */
  count = 0;
  /** The objects known by identity, in order. */
  objects: WeakKey[] | null = null;
  byIdentity: boolean;
  /** The objects met with content, in order. */
  first: Met | null = null;
  last: Met | null = null;
  /** Which of them an object is, when there are many. */
  index: Map<object, number> | null = null;

  constructor(byIdentity: boolean) {
    this.byIdentity = byIdentity;
  }

  /** With nothing else than objects known by identity, these say everything. */
  get tokenCount(): number {
    return this.objects !== null && this.objects.length === this.end ? 0 : this.end;
  }

  /** A key that lives on. */
  toKey(): Key {
    return new Key(this.count, this.objects, this.tokens.slice(0, this.tokenCount));
  }
}

/** An object with content that was met. */
class Met {
  readonly object: object;
  readonly kind: Mark;
  /** What it is made of, if that had to be read to know what it is. */
  readonly parts: unknown[] | null;
  next: Met | null = null;
  constructor(object: object, kind: Mark, parts: unknown[] | null) {
    this.object = object;
    this.kind = kind;
    this.parts = parts;
  }
}

/** More tokens than that make a list grow. */
const TEMPLATE: unknown[] = new Array(24).fill(undefined);
/** Of typed arrays and boxed texts with more bytes or characters, only elements and symbols count. */
export const LONG: number = 4096;
/** From this many met objects on, they have an index. */
const FEW = 12;

const { getPrototypeOf, getOwnPropertySymbols, hasOwn, keys } = Object;
const { isArray } = Array;
const { toStringTag } = Symbol;
const ObjectPrototype: object = Object.prototype;
const ArrayPrototype: object = Array.prototype;
const isEnumerable = ObjectPrototype.propertyIsEnumerable;
const toString = ObjectPrototype.toString;

/** Scans the elements of a key: arguments, or what an option made of them. */
export function scanElements(byIdentity: boolean, elements: readonly unknown[]): Scan {
  const scan = new Scan(byIdentity);
  addElements(scan, elements);
  return scan;
}

/** The same with a receiver in front: objects by identity, primitives by value, and no receiver at all as one mark. */
export function scanWithReceiver(
  byIdentity: boolean,
  elements: readonly unknown[],
  receiver: unknown,
): Scan {
  const scan = new Scan(true);
  if (receiver === undefined || receiver === globalThis || isModuleNamespace(receiver))
    add(scan, NO_RECEIVER);
  else addAll(scan, [receiver], 1);
  scan.byIdentity = byIdentity;
  addElements(scan, elements);
  scan.count++;
  return scan;
}

function isModuleNamespace(value: unknown): boolean {
  return (
    typeof value === "object" &&
    value !== null &&
    getPrototypeOf(value) === null &&
    toString.call(value) === "[object Module]"
  );
}

function addElements(scan: Scan, elements: readonly unknown[]): void {
  scan.count = elements.length;
  addAll(scan, elements, elements.length);
  if (scan.first === null) return;
  const isExtended = isPrototypeExtended();
  let shape = rootShape(true);
  for (let met: Met | null = scan.first; met !== null; met = met.next) {
    const { object, kind } = met;
    if (kind === PLAIN && !isExtended)
      shape = expandPlain(scan, object as Record<string, unknown>, shape);
    else if (kind === ARRAY) expandArray(scan, object as unknown[]);
    else expandOther(scan, met);
  }
}

function add(scan: Scan, token: unknown): void {
  scan.tokens[scan.end++] = token;
}

/** Adds the tokens of that many values. */
function addAll(scan: Scan, values: readonly unknown[], length: number): void {
  const { tokens, end } = scan;
  for (let i = 0; i < length; i++) tokens[end + i] = values[i];
  scan.end = end + length;
  toTokens(scan, end);
}

/**
 * Makes values tokens, in place. One question after the other: to compute what `typeof` says, and
 * compare that, takes three times as long.
 */
function toTokens(scan: Scan, from: number): void {
  const { tokens, end } = scan;
  for (let i = from; i < end; i++) {
    const value = tokens[i];
    if (typeof value === "string" || typeof value === "boolean") continue;
    if (typeof value === "number") {
      if (value === 0 && 1 / value < 0) tokens[i] = NEGATIVE_ZERO;
    } else if (typeof value === "object") {
      if (value !== null) tokens[i] = tokenOfObject(scan, value);
    } else if (typeof value === "function" || (typeof value === "symbol" && isWeak(value))) {
      tokens[i] = identity(scan, value);
    }
  }
}

/** Whether a symbol can be known by identity; registered ones are values. */
function isWeak(symbol: symbol): boolean {
  return canHoldSymbolsWeakly && Symbol.keyFor(symbol) === undefined;
}

function identity(scan: Scan, value: WeakKey): Mark {
  if (scan.objects === null) scan.objects = [value];
  else scan.objects.push(value);
  return IDENTITY;
}

function tokenOfObject(scan: Scan, object: object): Mark {
  if (scan.byIdentity) return identity(scan, object);
  const index = indexOfMet(scan, object);
  if (index >= 0) return aliasOf(index);
  const prototype = getPrototypeOf(object) as object | null;
  let kind: Mark | null;
  let parts: unknown[] | null = null;
  if (prototype === ObjectPrototype && !isArray(object)) kind = PLAIN;
  else if (prototype === ArrayPrototype && isArray(object)) kind = ARRAY;
  else {
    kind = prototype === null ? BARE : prototype === ObjectPrototype ? null : kindOf(prototype);
    if ((kind === BARE || kind === FOREIGN) && isArray(object)) kind = null;
    if (kind instanceof Kind) {
      try {
        parts = kind.read(object as never);
      } catch (error) {
        // Anything else is no answer: the engine's stack has overflowed, or the object's own code fails.
        if (!(error instanceof TypeError)) throw error;
        kind = null;
      }
    } else if (kind === ARRAY && !isArray(object)) kind = null;
    if (kind === null) {
      if (typeof (object as Keyed)[keySymbol] !== "function") return identity(scan, object);
      kind = KEYED;
    }
  }
  const met = new Met(object, kind, parts);
  if (scan.last === null) scan.first = met;
  else scan.last.next = met;
  scan.last = met;
  scan.index?.set(object, scan.index.size);
  return NESTED;
}

interface Keyed {
  [keySymbol](): unknown;
}

/** Which of the objects met this is: one by one, as long as they are few. */
function indexOfMet(scan: Scan, object: object): number {
  if (scan.index !== null) return scan.index.get(object) ?? -1;
  let i = 0;
  for (let met = scan.first; met !== null; met = met.next, i++) if (met.object === object) return i;
  if (i < FEW) return -1;
  scan.index = new Map();
  for (let met = scan.first; met !== null; met = met.next)
    scan.index.set(met.object, scan.index.size);
  return -1;
}

/**
 * `Math`, module namespaces and prototypes look like `{}` to a walk over enumerable keys, and so does
 * a Date whose prototype was replaced: they are known by identity.
 */
function isTrulyEmpty(object: object): boolean {
  return !hasOwn(object, toStringTag) && !hasOwn(object, "constructor") && isOrdinary(object);
}

/** Not so for the `arguments` of a function, which otherwise look like `{ 0: … }`. */
function isOrdinary(object: object): boolean {
  return toString.call(object) === "[object Object]";
}

/** Object.prototype itself has enumerable properties: some library has extended it. */
function isPrototypeExtended(): boolean {
  for (const _ in ObjectPrototype) return true;
  return false;
}

/** `[key set, values…]`: the values first as they are, so that they can be put in the key set's order. */
function expandPlain(scan: Scan, object: Record<string, unknown>, before: Shape): Shape {
  const symbols = announceSymbols(scan, object);
  const { tokens, end: at } = scan;
  let end = at + 1;
  tokens[at] = undefined;
  const root = rootShape(true);
  let shape = root;
  let isSimple = true;
  for (const key in object) {
    if (shape.nextKey === key) shape = shape.next as Shape;
    else shape = shape === root ? before.follow(root, key) : shape.step(key);
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
  const keySet = shape.token();
  if (shape.order === null && symbols.length === 0 && end > at + 1 && !keySet.isIndexed) {
    tokens[at] = keySet;
    if (!isSimple) toTokens(scan, at + 1);
  } else finishKeys(scan, object, at, shape, symbols, isSimple, true);
  return shape;
}

/** The same for any list of keys, and for properties of an object that they are not the whole of. */
function expandKeys(
  scan: Scan,
  object: object,
  names: readonly string[],
  hasPrototype: boolean,
  isWhole: boolean,
): void {
  const symbols = announceSymbols(scan, object);
  const at = scan.end;
  add(scan, undefined);
  let shape = rootShape(hasPrototype);
  for (const name of names) {
    shape = shape.step(name);
    add(scan, (object as Record<string, unknown>)[name]);
  }
  finishKeys(scan, object, at, shape, symbols, false, isWhole);
}

function finishKeys(
  scan: Scan,
  object: object,
  at: number,
  shape: Shape,
  symbols: symbol[],
  isSimple: boolean,
  isWhole: boolean,
): void {
  const { tokens, end } = scan;
  const keySet = shape.token();
  if (
    isWhole &&
    ((end === at + 1 && symbols.length === 0 && !isTrulyEmpty(object)) ||
      (keySet.isIndexed && !isOrdinary(object)))
  ) {
    // In the place of the mark for symbols, if there is one.
    const start = symbols.length > 0 ? at - 1 : at;
    tokens[start] = identity(scan, object);
    scan.end = start + 1;
    return;
  }
  tokens[at] = keySet;
  const { order } = shape;
  if (order !== null) {
    const values = tokens.slice(at + 1, end);
    for (let i = 0; i < values.length; i++) tokens[at + 1 + i] = values[order[i] as number];
  }
  if (!isSimple) toTokens(scan, at + 1);
  if (symbols.length === 0) return;
  add(scan, symbols.length);
  for (const symbol of symbols) {
    add(scan, symbol);
    // Not by index: the engine would remember the symbol where the last one was read, and keep it alive.
    add(scan, Reflect.get(object, symbol));
  }
  toTokens(scan, end);
}

const symbolOrder = new WeakMap<WeakKey, number>();
const strongSymbolOrder = new Map<symbol, number>();
let symbolsSeen = 0;

/** Symbols have no order of their own; they get one as they are first seen. */
function orderOf(symbol: symbol): number {
  const map = (isWeak(symbol) ? symbolOrder : strongSymbolOrder) as Map<unknown, number>;
  let order = map.get(symbol);
  if (order === undefined) map.set(symbol, (order = symbolsSeen++));
  return order;
}

/** An object's symbols that count. */
function symbolsOf(object: object): symbol[] {
  const symbols = getOwnPropertySymbols(object);
  return symbols.length === 0
    ? symbols
    : symbols.filter((symbol) => isEnumerable.call(object, symbol));
}

/** The same in an order. `count, (symbol, value)…` follow the values of the other keys, and a mark says so before. */
function announceSymbols(scan: Scan, object: object): symbol[] {
  const symbols = symbolsOf(object);
  if (symbols.length > 0) {
    symbols.sort((a, b) => orderOf(a) - orderOf(b));
    add(scan, SYMBOLS);
  }
  return symbols;
}

/** `[ARRAY, length, elements…]`; with holes, or properties that are no indices, keys and values instead of elements. */
function expandArray(scan: Scan, array: unknown[]): void {
  const names = keys(array);
  const { length } = array;
  const isFull =
    names.length === length &&
    (length === 0 || names[length - 1] === String(length - 1)) &&
    symbolsOf(array).length === 0;
  add(scan, isFull ? ARRAY : LOOSE_ARRAY);
  add(scan, length);
  if (isFull) addAll(scan, array, length);
  else expandKeys(scan, array, names, true, false);
}

/** A Date with a property of its own is not equal to one without. */
function namesOf(object: object, kind: Mark, parts: unknown[] | null): string[] {
  if (!(kind instanceof Kind) || !kind.isIndexed) return keys(object);
  const length = parts?.reduce<number>((sum, text) => sum + (text as string).length, 0) ?? 0;
  // To list all the indices of a large one takes far longer than to read its content.
  if (length > LONG) return [];
  return keys(object).filter((name) => {
    const index = Number(name) >>> 0;
    return String(index) !== name || index >= length;
  });
}

function expandOther(scan: Scan, { object, kind, parts }: Met): void {
  if (kind === KEYED) {
    add(scan, KEYED);
    const key = (object as Keyed)[keySymbol]();
    add(scan, identity(scan, getPrototypeOf(object) as object));
    add(scan, key);
    toTokens(scan, scan.end - 1);
    return;
  }
  if (parts !== null) {
    add(scan, kind);
    add(scan, parts.length);
    addAll(scan, parts, parts.length);
  }
  expandKeys(scan, object, namesOf(object, kind, parts), kind !== BARE, parts === null);
}
