import { ByteWriter } from "./byte-writer.ts";
import { nameOfClass } from "./class-name.ts";
import { ARRAY, KEYED, LOOSE_ARRAY, SYMBOLS } from "./kind.ts";
import {
  compareSymbols,
  isLittleEndian,
  type Layout,
  layoutOf,
  nameOfSymbol,
  OBJECT,
  orderOfKeys,
  type SymbolName,
  VALUE,
  VERSION,
} from "./layout.ts";
import { Outline, type Properties, propertiesAt } from "./outline.ts";
import { KeySet } from "./shape.ts";
import { IDENTITY, type Mark, NEGATIVE_ZERO, NESTED, NO_RECEIVER } from "./token.ts";
import { Key } from "./trie.ts";

/**
 * The canonical form of a call's arguments, by which another process recognises the call. Rules:
 *
 * 1. Two keys have equal bytes if and only if they are equal (`isSameKey`). The format is specified in
 *    docs/design/0012-canonical-arguments.md: change both together, and the version with them.
 * 2. What a token means in this process alone is written by its content: names and symbols in an order
 *    of their own, and objects in the order in which a walk in that order meets them.
 * 3. A key that knows something by identity has no bytes. The first such token is refused.
 * 4. No recursion, and time in proportion to the key, but for the sorting of names.
 */
export function canonicalBytes(key: Key): Uint8Array<ArrayBuffer> | Unstorable {
  // Taken away while it is in use: should anything call back from in here, it finds none.
  const writer = spare ?? new ByteWriter();
  spare = null;
  writer.end = 0;
  const encoding = new Encoding(key, writer);
  encoding.write();
  const result = encoding.refused ?? writer.copy();
  if (writer.capacity <= MAX_SPARE) spare = writer;
  return result;
}

/** A token that no other process could understand. */
export class Unstorable {
  /** Like the one that was asked for, with its tokens written out. */
  readonly key: Key;
  /** Of the token. */
  readonly position: number;
  readonly outline: Outline;
  constructor(key: Key, position: number, outline: Outline) {
    this.key = key;
    this.position = position;
    this.outline = outline;
  }
}

/** The buffer of the last call, for the next one; a larger one is dropped. */
let spare: ByteWriter | null = null;
const MAX_SPARE = 2 ** 20;

/** The names of a key set, as they are written. */
interface Names {
  readonly bytes: Uint8Array;
  /** Which value comes first, second …, if not in the order of the key set. */
  readonly order: readonly number[] | null;
}

/** Larger key sets belong to objects used as dictionaries, of which no two are alike. */
const FEW_KEYS = 64;
const namesOfKeySets = new WeakMap<KeySet, Names>();

function writeNames(keySet: KeySet): Names {
  const { keys } = keySet;
  const order = orderOfKeys(keySet);
  const writer = new ByteWriter();
  writer.varint(keys.length);
  for (let i = 0; i < keys.length; i++)
    writer.text(keys[order === null ? i : (order[i] as number)] as string);
  return { bytes: writer.copy(), order };
}

class Encoding {
  refused: Unstorable | null = null;
  private readonly key: Key;
  private readonly writer: ByteWriter;
  /** Made when the first object is met: most keys have none. */
  private outline: Outline | null = null;
  /** The number of each object in the bytes, by its number in the tokens; -1 for one not met so far. */
  private numbers: Int32Array = NO_NUMBERS;
  /** The objects in the order of the bytes. */
  private readonly met: number[] = [];

  constructor(key: Key, writer: ByteWriter) {
    // Objects known by identity say everything where there is nothing else.
    this.key =
      key.tokens.length > 0 || key.count === 0
        ? key
        : new Key(key.count, key.objects, new Array(key.count).fill(IDENTITY));
    this.writer = writer;
  }

  write(): void {
    const { writer, met } = this;
    const { count } = this.key;
    writer.byte(VERSION);
    writer.varint(count);
    for (let i = 0; i < count; i++) this.value(i);
    for (let i = 0; i < met.length && this.refused === null; i++) this.object(met[i] as number);
  }

  private value(position: number): void {
    const { writer } = this;
    const token = this.key.tokens[position];
    if (typeof token === "string") {
      writer.byte(VALUE.text);
      writer.text(token);
    } else if (typeof token === "number") {
      this.number(token);
    } else if (typeof token === "object") {
      if (token === null) writer.byte(VALUE.null);
      else this.mark(token as Mark, position);
    } else if (typeof token === "boolean") {
      writer.byte(token ? VALUE.true : VALUE.false);
    } else if (typeof token === "bigint") {
      writer.byte(token < 0n ? VALUE.negativeBigint : VALUE.bigint);
      writer.magnitude(token < 0n ? -token : token);
    } else if (typeof token === "symbol") {
      this.symbol(token, position);
    } else {
      writer.byte(VALUE.undefined);
    }
  }

  private number(value: number): void {
    const { writer } = this;
    const integer = value | 0;
    if (integer === value) {
      writer.byte(VALUE.integer);
      // Zigzag, so that small numbers of either sign are short.
      writer.varint(((integer << 1) ^ (integer >> 31)) >>> 0);
    } else if (Number.isNaN(value)) {
      writer.byte(VALUE.nan);
    } else {
      writer.byte(VALUE.float);
      writer.float(value);
    }
  }

  private mark(token: Mark, position: number): void {
    if (token === NESTED) this.meet(this.outlined().ordinals[position] as number);
    else if (token.alias >= 0) this.meet(token.alias);
    else if (token === NEGATIVE_ZERO) this.writer.byte(VALUE.negativeZero);
    else if (token === NO_RECEIVER) this.writer.byte(VALUE.noReceiver);
    else this.identity(position);
  }

  /** A well-known symbol is known by identity in memory, and by its name here. */
  private identity(position: number): void {
    const value = this.identityAt(position);
    if (typeof value === "symbol") this.symbol(value, position);
    else this.refuse(position);
  }

  private symbol(symbol: symbol, position: number): void {
    const name = nameOfSymbol(symbol);
    if (name === undefined) {
      this.refuse(position);
      return;
    }
    this.writer.byte(name.code);
    this.writer.text(name.name);
  }

  /** An object, met for the first time in this order or not. */
  private meet(object: number): void {
    const { writer, met, numbers } = this;
    const number = numbers[object] as number;
    if (number >= 0) {
      writer.byte(VALUE.alias);
      writer.varint(number);
    } else {
      writer.byte(VALUE.object);
      numbers[object] = met.push(object) - 1;
    }
  }

  private object(object: number): void {
    const { writer } = this;
    const { tokens } = this.key;
    const start = this.outlined().starts[object] as number;
    const token = tokens[start];
    if (token instanceof KeySet || token === SYMBOLS) {
      const properties = propertiesAt(tokens, start);
      writer.byte(properties.keySet.hasPrototype ? OBJECT.plain : OBJECT.bare);
      this.properties(properties);
    } else if (token === ARRAY) {
      const length = tokens[start + 1] as number;
      writer.byte(OBJECT.array);
      writer.varint(length);
      for (let i = 0; i < length; i++) this.value(start + 2 + i);
    } else if (token === LOOSE_ARRAY) {
      writer.byte(OBJECT.looseArray);
      writer.varint(tokens[start + 1] as number);
      this.properties(propertiesAt(tokens, start + 2));
    } else if (token === KEYED) {
      this.instance(start);
    } else {
      const layout = token === IDENTITY ? undefined : layoutOf(token as Mark);
      if (layout === undefined) this.refuse(start);
      else this.builtIn(start, layout);
    }
  }

  /** An object with a `[keySymbol]()` method. */
  private instance(start: number): void {
    const name = nameOfClass(this.identityAt(start + 1) as object);
    if (name === undefined) {
      this.refuse(start + 1);
      return;
    }
    this.writer.byte(OBJECT.keyed);
    this.writer.text(name);
    this.value(start + 2);
  }

  private builtIn(start: number, { code, values, rest, width }: Layout): void {
    const { writer } = this;
    const { tokens } = this.key;
    const first = start + 2;
    const end = first + (tokens[start + 1] as number);
    writer.byte(code);
    if (rest === "elements" || rest === "pairs") {
      // The first part is how many there are.
      writer.varint(tokens[first] as number);
      for (let at = first + 1; at < end; at++) this.value(at);
    } else {
      for (let at = first; at < first + values; at++) this.value(at);
      if (rest === "bytes") {
        const from = writer.latin1(tokens.slice(first + values, end) as string[]);
        if (!isLittleEndian && width > 1) writer.swapFrom(from, width);
      }
    }
    this.properties(propertiesAt(tokens, end));
  }

  private properties({ keySet, values, symbolCount, symbols }: Properties): void {
    const { writer } = this;
    const { bytes, order } = this.namesOf(keySet);
    const { length } = keySet.keys;
    writer.append(bytes);
    const sorted = symbolCount === 0 ? NO_SYMBOLS : this.sortedSymbols(symbols, symbolCount);
    writer.varint(symbolCount);
    for (const { name } of sorted) {
      writer.byte(name.code);
      writer.text(name.name);
    }
    for (let i = 0; i < length; i++)
      this.value(values + (order === null ? i : (order[i] as number)));
    for (const { position } of sorted) this.value(position + 1);
  }

  private namesOf(keySet: KeySet): Names {
    let names = namesOfKeySets.get(keySet);
    if (names === undefined) {
      names = writeNames(keySet);
      if (keySet.keys.length <= FEW_KEYS) namesOfKeySets.set(keySet, names);
    }
    return names;
  }

  /** The symbols among the names of an object, in order; those that are refused are left out. */
  private sortedSymbols(symbols: number, count: number): NamedSymbol[] {
    const sorted: NamedSymbol[] = [];
    for (let i = 0; i < count; i++) {
      const position = symbols + 2 * i;
      const token = this.key.tokens[position];
      const symbol = (token === IDENTITY ? this.identityAt(position) : token) as symbol;
      const name = nameOfSymbol(symbol);
      if (name === undefined) this.refuse(position);
      else sorted.push({ position, name });
    }
    return sorted.sort((a, b) => compareSymbols(a.name, b.name));
  }

  private identityAt(position: number): WeakKey | undefined {
    return this.key.objects?.[this.outlined().ordinals[position] as number];
  }

  private outlined(): Outline {
    if (this.outline === null) {
      this.outline = new Outline(this.key);
      this.numbers = new Int32Array(this.outline.starts.length).fill(-1);
    }
    return this.outline;
  }

  private refuse(position: number): void {
    this.refused ??= new Unstorable(this.key, position, this.outlined());
  }
}

/** A symbol among the names of an object, and where it stands among the tokens. */
interface NamedSymbol {
  readonly position: number;
  readonly name: SymbolName;
}

const NO_NUMBERS = new Int32Array(0);
const NO_SYMBOLS: readonly NamedSymbol[] = [];
