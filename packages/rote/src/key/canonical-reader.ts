import { ByteReader, Malformed } from "./byte-reader.ts";
import { KeyedContent } from "./keyed-content.ts";
import type { Kind } from "./kind.ts";
import {
  compareSymbols,
  compareTexts,
  kindOfLayout,
  type Layout,
  layoutOfCode,
  nameOfSymbol,
  OBJECT,
  type SymbolName,
  VALUE,
  VERSION,
  wellKnownNamed,
} from "./layout.ts";
import { reviveBytes, reviveValues } from "./revive.ts";
import { LONG } from "./scan.ts";

/**
 * The key elements again, from their canonical form: content anew, as `rebuild` makes it, and
 * instances of classes as `KeyedContent`. A buffer that could grow, or was detached, is one that cannot.
 *
 * Never throws for bytes, whatever they are: those that are not the canonical form of a call are
 * `Malformed`. Takes time and memory in proportion to them.
 */
export function argumentsFromBytes(bytes: Uint8Array): unknown[] | Malformed {
  try {
    return new Decoding(new ByteReader(bytes)).read();
  } catch (error) {
    if (error instanceof Malformed) return error;
    throw error;
  }
}

/** An object of the arguments that may not be there yet. */
class Ref {
  readonly number: number;
  constructor(number: number) {
    this.number = number;
  }
}

/** An object, and what to do when all are there. */
interface Draft {
  readonly object: object;
  readonly fill: () => void;
}

const NOTHING = (): void => {};

class Decoding {
  private readonly reader: ByteReader;
  private readonly drafts: Draft[] = [];
  /** How many objects were met. */
  private met = 0;

  constructor(reader: ByteReader) {
    this.reader = reader;
  }

  read(): unknown[] {
    const { reader, drafts } = this;
    if (reader.byte() !== VERSION) reader.fail(`the format is not version ${VERSION}`);
    const count = reader.count();
    const elements: unknown[] = [];
    for (let i = 0; i < count; i++) elements.push(this.value(i === 0));
    while (drafts.length < this.met) drafts.push(this.object());
    if (reader.rest > 0) reader.fail("there are more bytes than there should be");
    for (const { fill } of drafts) fill();
    return elements.map(this.settle);
  }

  private readonly settle = (value: unknown): unknown =>
    value instanceof Ref ? this.drafts[value.number]?.object : value;

  private values(count: number): unknown[] {
    const values: unknown[] = [];
    for (let i = 0; i < count; i++) values.push(this.value());
    return values;
  }

  private value(mayBeReceiver = false): unknown {
    const { reader } = this;
    const code = reader.byte();
    switch (code) {
      case VALUE.undefined:
        return undefined;
      case VALUE.null:
        return null;
      case VALUE.false:
        return false;
      case VALUE.true:
        return true;
      case VALUE.integer:
        return this.integer();
      case VALUE.nan:
        return Number.NaN;
      case VALUE.negativeZero:
        return -0;
      case VALUE.float: {
        const value = reader.float();
        if ((value | 0) === value || Number.isNaN(value))
          reader.fail("a number has a shorter form");
        return value;
      }
      case VALUE.bigint:
        return reader.magnitude();
      case VALUE.negativeBigint: {
        const magnitude = reader.magnitude();
        if (magnitude === 0n) reader.fail("a bigint is a negative zero");
        return -magnitude;
      }
      case VALUE.text:
        return reader.text();
      case VALUE.registered:
      case VALUE.wellKnown:
        return this.symbol(code);
      case VALUE.object:
        return new Ref(this.met++);
      case VALUE.alias: {
        const number = reader.varint();
        if (number >= this.met) reader.fail("an object is named that was not met before");
        return new Ref(number);
      }
      case VALUE.noReceiver:
        if (mayBeReceiver) return undefined;
    }
    reader.fail("no value begins like this");
  }

  private integer(): number {
    const { reader } = this;
    const zigzag = reader.varint();
    if (zigzag >= 2 ** 32) reader.fail("an integer has more than 32 bits");
    return (zigzag >>> 1) ^ -(zigzag & 1);
  }

  private symbol(code: SymbolName["code"]): symbol {
    const { reader } = this;
    const name = reader.text();
    if (code === VALUE.registered) return Symbol.for(name);
    return wellKnownNamed(name) ?? reader.fail("no well-known symbol has this name");
  }

  private object(): Draft {
    const { reader } = this;
    const code = reader.byte();
    if (code === OBJECT.plain || code === OBJECT.bare) {
      const object = (code === OBJECT.plain ? {} : Object.create(null)) as object;
      return { object, fill: this.properties(object) };
    }
    if (code === OBJECT.array) {
      const values = this.values(reader.count());
      return {
        object: values,
        fill: () => values.forEach((value, i) => (values[i] = this.settle(value))),
      };
    }
    if (code === OBJECT.looseArray) return this.looseArray();
    if (code === OBJECT.keyed) return this.instance();
    const layout = layoutOfCode(code) ?? reader.fail("no object begins like this");
    const kind = kindOfLayout(layout) ?? reader.fail(`this process has no ${layout.name}`);
    return this.builtIn(layout, kind);
  }

  private looseArray(): Draft {
    const { reader } = this;
    const length = reader.varint();
    if (length >= 2 ** 32) reader.fail("an array is too long");
    const array: unknown[] = [];
    // An engine takes memory for every hole, unless there are very many of them.
    if (length > 1024) {
      array[2 ** 32 - 2] = undefined;
      Reflect.deleteProperty(array, 2 ** 32 - 2);
    }
    array.length = length;
    const fill = this.properties(array, (names, symbols) => {
      const isFull = symbols === 0 && names.length === length && names.every(isIndexBelow(length));
      if (isFull) reader.fail("an array without holes is written as one with holes");
    });
    const { at } = reader;
    return {
      object: array,
      fill: () => {
        fill();
        if (array.length !== length)
          throw new Malformed(at, "an element is beyond the end of its array");
      },
    };
  }

  private instance(): Draft {
    const { reader } = this;
    const className = reader.text();
    if (className === "") reader.fail("a class has no name");
    const object = new KeyedContent(className);
    const content = this.value();
    return { object, fill: () => (object.content = this.settle(content)) };
  }

  private builtIn(layout: Layout, kind: Kind): Draft {
    if (layout.rest === "pairs") return this.map();
    if (layout.rest === "elements") return this.set();
    const { reader } = this;
    const parts = this.values(layout.values);
    let length = 0;
    let object: object;
    let fill = NOTHING;
    if (layout.rest === "bytes") {
      const bytes = reader.run();
      length = bytes.length;
      object = reviveBytes(reader, kind, layout, parts, bytes);
    } else {
      const [first, , third] = parts;
      length = typeof first === "string" ? first.length : 0;
      object = reviveValues(reader, kind, layout, parts);
      if (layout.name === "RegExp")
        fill = () => ((object as RegExp).lastIndex = this.settle(third) as number);
    }
    const fillProperties = this.properties(object, (names) => {
      if (!kind.isIndexed || names.length === 0) return;
      if (length > LONG || names.some(isIndexBelow(length)))
        reader.fail("a property belongs to the content of its object");
    });
    return {
      object,
      fill: () => {
        fill();
        fillProperties();
      },
    };
  }

  private map(): Draft {
    const { reader } = this;
    const size = reader.count();
    const map = new Map<unknown, unknown>();
    const values = this.values(2 * size);
    const fill = this.properties(map);
    const { at } = reader;
    return {
      object: map,
      fill: () => {
        for (let i = 0; i < values.length; i += 2)
          map.set(this.settle(values[i]), this.settle(values[i + 1]));
        if (map.size !== size || values.some((value, i) => i % 2 === 0 && Object.is(value, -0)))
          throw new Malformed(at, "a Map has a key that it cannot have");
        fill();
      },
    };
  }

  private set(): Draft {
    const { reader } = this;
    const size = reader.count();
    const set = new Set<unknown>();
    const values = this.values(size);
    const fill = this.properties(set);
    const { at } = reader;
    return {
      object: set,
      fill: () => {
        for (const value of values) set.add(this.settle(value));
        if (set.size !== size || values.some((value) => Object.is(value, -0)))
          throw new Malformed(at, "a Set has an element that it cannot have");
        fill();
      },
    };
  }

  /** Reads properties, and puts them on the object when all objects are there. */
  private properties(
    object: object,
    check?: (names: readonly string[], symbolCount: number) => void,
  ): () => void {
    const { reader } = this;
    const names: string[] = [];
    for (let rest = reader.count(); rest > 0; rest--) {
      const name = reader.text();
      if (names.length > 0 && compareTexts(names.at(-1) as string, name) >= 0)
        reader.fail("names are not in order");
      names.push(name);
    }
    const symbols = this.symbols();
    check?.(names, symbols.length);
    const keys: PropertyKey[] = [...names, ...symbols];
    const values = this.values(keys.length);
    if (keys.length === 0) return NOTHING;
    const { at } = reader;
    return () => {
      for (const [i, key] of keys.entries()) {
        const value = this.settle(values[i]);
        const property = { value, writable: true, enumerable: true, configurable: true };
        if (!Reflect.defineProperty(object, key, property))
          throw new Malformed(at, "an object has a property that it cannot have");
      }
    };
  }

  private symbols(): symbol[] {
    const { reader } = this;
    const symbols: symbol[] = [];
    for (let rest = reader.count(); rest > 0; rest--) {
      const code = reader.byte();
      if (code !== VALUE.registered && code !== VALUE.wellKnown)
        reader.fail("a symbol is neither registered nor well-known");
      const symbol = this.symbol(code as SymbolName["code"]);
      const last = symbols.at(-1);
      if (last !== undefined && compareSymbols(named(last), named(symbol)) >= 0)
        reader.fail("symbols are not in order");
      symbols.push(symbol);
    }
    return symbols;
  }
}

function named(symbol: symbol): SymbolName {
  return nameOfSymbol(symbol) as SymbolName;
}

function isIndexBelow(length: number): (name: string) => boolean {
  return (name) => {
    const index = Number(name) >>> 0;
    return index < length && String(index) === name;
  };
}
