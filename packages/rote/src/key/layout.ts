import { kindNamed, type Kind, nameOfKind } from "./kind.ts";
import type { KeySet } from "./shape.ts";
import type { Mark } from "./token.ts";

/**
 * The tables of the canonical form of arguments: docs/design/0012-canonical-arguments.md. A change
 * here is another format, with another `VERSION`.
 */
export const VERSION: number = 1;

/** What a value begins with. */
export const VALUE = {
  undefined: 0x00,
  null: 0x01,
  false: 0x02,
  true: 0x03,
  integer: 0x04,
  nan: 0x05,
  negativeZero: 0x06,
  float: 0x07,
  bigint: 0x08,
  negativeBigint: 0x09,
  text: 0x0a,
  registered: 0x0b,
  wellKnown: 0x0c,
  object: 0x0d,
  alias: 0x0e,
  noReceiver: 0x0f,
} as const;

/** What an object begins with; for a kind it is in the table below. */
export const OBJECT = {
  plain: 0x20,
  bare: 0x21,
  array: 0x22,
  looseArray: 0x23,
  keyed: 0x24,
} as const;

/** What stands between the code of a kind and its properties. */
export interface Layout {
  readonly name: string;
  readonly code: number;
  /** So many values. */
  readonly values: number;
  /** And then? In keys, entries are counted by their first part. */
  readonly rest: "nothing" | "elements" | "pairs" | "bytes";
  /** Bytes of one element. */
  readonly width: number;
}

function layout(
  code: number,
  name: string,
  values: number,
  rest: Layout["rest"] = "nothing",
): Layout {
  return {
    name,
    code,
    values,
    rest,
    width: rest === "bytes" ? Number(/\d+/.exec(name) ?? 8) / 8 : 1,
  };
}

export const LAYOUTS: readonly Layout[] = [
  layout(0x30, "Date", 1),
  layout(0x31, "RegExp", 3),
  layout(0x32, "URL", 1),
  layout(0x33, "Map", 0, "pairs"),
  layout(0x34, "Set", 0, "elements"),
  layout(0x35, "ArrayBuffer", 1, "bytes"),
  layout(0x36, "DataView", 0, "bytes"),
  layout(0x37, "Buffer", 0, "bytes"),
  layout(0x38, "Number", 1),
  layout(0x39, "String", 1),
  layout(0x3a, "Boolean", 1),
  layout(0x3b, "BigInt", 1),
  layout(0x3c, "Symbol", 1),
  layout(0x40, "Int8Array", 0, "bytes"),
  layout(0x41, "Uint8Array", 0, "bytes"),
  layout(0x42, "Uint8ClampedArray", 0, "bytes"),
  layout(0x43, "Int16Array", 0, "bytes"),
  layout(0x44, "Uint16Array", 0, "bytes"),
  layout(0x45, "Int32Array", 0, "bytes"),
  layout(0x46, "Uint32Array", 0, "bytes"),
  layout(0x47, "Float16Array", 0, "bytes"),
  layout(0x48, "Float32Array", 0, "bytes"),
  layout(0x49, "Float64Array", 0, "bytes"),
  layout(0x4a, "BigInt64Array", 0, "bytes"),
  layout(0x4b, "BigUint64Array", 0, "bytes"),
  layout(0x50, "Temporal.Instant", 2),
  layout(0x51, "Temporal.PlainDate", 2),
  layout(0x52, "Temporal.PlainTime", 2),
  layout(0x53, "Temporal.PlainDateTime", 2),
  layout(0x54, "Temporal.PlainYearMonth", 2),
  layout(0x55, "Temporal.PlainMonthDay", 2),
  layout(0x56, "Temporal.ZonedDateTime", 2),
  layout(0x57, "Temporal.Duration", 10),
];

const layouts = new WeakMap<Mark, Layout>();

/** How a kind is written; `undefined` if the format does not know it. */
export function layoutOf(kind: Mark): Layout | undefined {
  let found = layouts.get(kind);
  if (found === undefined) {
    const name = nameOfKind(kind);
    found = LAYOUTS.find((each) => each.name === name);
    if (found !== undefined) layouts.set(kind, found);
  }
  return found;
}

/** The same for who reads: the layout of a code, and the kind, if this process has it. */
export function layoutOfCode(code: number): Layout | undefined {
  return LAYOUTS.find((each) => each.code === code);
}

export function kindOfLayout({ name }: Layout): Kind | undefined {
  return kindNamed(name);
}

/** What the language itself defines, the same in every process. */
const WELL_KNOWN = [
  "asyncDispose",
  "asyncIterator",
  "dispose",
  "hasInstance",
  "isConcatSpreadable",
  "iterator",
  "match",
  "matchAll",
  "replace",
  "search",
  "species",
  "split",
  "toPrimitive",
  "toStringTag",
  "unscopables",
];

/** `undefined` for a symbol that is not well-known. */
export function nameOfWellKnown(symbol: symbol): string | undefined {
  return WELL_KNOWN.find((name) => wellKnown(name) === symbol);
}

/** `undefined` for a name that the format, or this process, does not know. */
export function wellKnownNamed(name: string): symbol | undefined {
  return WELL_KNOWN.includes(name) ? wellKnown(name) : undefined;
}

function wellKnown(name: string): symbol | undefined {
  return (Symbol as unknown as Record<string, symbol | undefined>)[name];
}

/** A symbol that means the same in every process. */
export interface SymbolName {
  readonly code: typeof VALUE.registered | typeof VALUE.wellKnown;
  readonly name: string;
}

/** `undefined` for a symbol of this process alone. */
export function nameOfSymbol(symbol: symbol): SymbolName | undefined {
  const key = Symbol.keyFor(symbol);
  if (key !== undefined) return { code: VALUE.registered, name: key };
  const name = nameOfWellKnown(symbol);
  return name === undefined ? undefined : { code: VALUE.wellKnown, name };
}

/** The order of symbols among properties. */
export function compareSymbols(a: SymbolName, b: SymbolName): number {
  return a.code - b.code || compareTexts(a.name, b.name);
}

/** By code units, as `sort()` does. */
export function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Where the names of a key set stand when they are sorted; `null` if they are sorted as they are. */
export function orderOfKeys({ keys }: KeySet): number[] | null {
  if (keys.every((key, i) => i === 0 || (keys[i - 1] as string) < key)) return null;
  return keys.map((_, i) => i).sort((a, b) => compareTexts(keys[a] as string, keys[b] as string));
}

/** Whether the elements of typed arrays lie in memory with their lowest byte first. */
export const isLittleEndian: boolean = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
