import { Mark } from "./token.ts";

/**
 * Which objects have content, and what it is. An object is compared by content only if its
 * prototype is a built-in's own prototype (of any realm) *and* the object really is one, by an
 * internal slot that cannot be forged; everything else is known by identity.
 */
export class Kind extends Mark {
  /** Whether the object has the internal slots of this kind. */
  readonly isOne: (object: object) => boolean;
  /** The content: what makes two objects of this kind equal, in order. */
  readonly parts: (object: never) => Iterable<unknown>;
  /** Makes an object from its content again. */
  readonly revive: (parts: unknown[]) => unknown;
  /** Whether own properties with integer names belong to the content and are not listed again. */
  readonly isIndexed: boolean;

  constructor(
    label: string,
    isOne: (object: object) => boolean,
    parts: (object: never) => Iterable<unknown>,
    revive: (parts: unknown[]) => unknown,
    isIndexed = false,
  ) {
    super(label);
    this.isOne = isOne;
    this.parts = parts;
    this.revive = revive;
    this.isIndexed = isIndexed;
  }
}

/** Objects whose prototype is an `Object.prototype`. */
export const PLAIN: Mark = new Mark("plain");
/** Objects without a prototype. */
export const BARE: Mark = new Mark("bare");
export const ARRAY: Mark = new Mark("array");
/** An array most of whose indices are holes. */
export const SPARSE_ARRAY: Mark = new Mark("sparse array");
/** An array with properties that are no indices; they follow the elements. */
export const ARRAY_WITH_PROPERTIES: Mark = new Mark("array with properties");
/** An object with a `[keySymbol]()` method: its prototype, and what the method returned. */
export const KEYED: Mark = new Mark("keyed");
/** The end of a kind's content where further own properties follow. */
export const PROPERTIES: Mark = new Mark("properties");

/** `fn(object)` does not throw: the check for an internal slot. */
function answers(fn: (this: object) => unknown): (object: object) => boolean {
  return (object) => {
    try {
      Reflect.apply(fn, object, []);
      return true;
    } catch {
      return false;
    }
  };
}

function getter(prototype: object, name: string): (this: object) => unknown {
  return Object.getOwnPropertyDescriptor(prototype, name)?.get as (this: object) => unknown;
}

/** Bytes as text, one character each: compared and hashed by the engine in one go. */
function bytesToText(buffer: ArrayBufferLike, offset: number, length: number): string {
  // A detached buffer has no bytes, and none may be asked for.
  if (length === 0) return "";
  const bytes = new Uint8Array(buffer, offset, length);
  let text = "";
  for (let i = 0; i < length; i += 8192)
    text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return text;
}

function textToBytes(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

const viewTag = getter(
  Object.getPrototypeOf(Uint8Array.prototype) as object,
  Symbol.toStringTag as unknown as string,
);

function typedArray(name: string, revive: (buffer: ArrayBuffer) => unknown): Kind {
  return new Kind(
    name,
    (object) => Reflect.apply(viewTag, object, []) === name,
    (view: Uint8Array) => [view.length, bytesToText(view.buffer, view.byteOffset, view.byteLength)],
    ([, text]) => revive(textToBytes(text as string).buffer),
    true,
  );
}

function boxed(name: string, prototype: { valueOf(): unknown }, isIndexed = false): Kind {
  const valueOf = prototype.valueOf;
  return new Kind(
    name,
    answers(valueOf),
    (object: object) => [Reflect.apply(valueOf, object, [])],
    ([value]) => Object(value),
    isIndexed,
  );
}

const dateTime = Date.prototype.getTime;
const mapSize = getter(Map.prototype, "size");
const setSize = getter(Set.prototype, "size");
const mapForEach = Map.prototype.forEach;
const setForEach = Set.prototype.forEach;
const bufferLength = getter(ArrayBuffer.prototype, "byteLength");
const viewLength = getter(DataView.prototype, "byteLength");
const regExpSource = getter(RegExp.prototype, "source");
const regExpFlags = getter(RegExp.prototype, "flags");
const regExpExec = RegExp.prototype.compile as ((this: object) => unknown) | undefined;

const kinds: Record<string, Kind> = {
  Date: new Kind(
    "Date",
    answers(dateTime),
    (date: Date) => [Reflect.apply(dateTime, date, [])],
    ([time]) => new Date(time as number),
  ),
  RegExp: new Kind(
    "RegExp",
    (object) => regExpExec !== undefined && isRegExp(object),
    (regExp: RegExp) => [
      Reflect.apply(regExpSource, regExp, []),
      Reflect.apply(regExpFlags, regExp, []),
      regExp.lastIndex,
    ],
    ([source, flags, lastIndex]) =>
      Object.assign(new RegExp(source as string, flags as string), { lastIndex }),
  ),
  Map: new Kind(
    "Map",
    answers(mapSize),
    (map: Map<unknown, unknown>) => {
      const parts: unknown[] = [Reflect.apply(mapSize, map, [])];
      Reflect.apply(mapForEach, map, [(value: unknown, key: unknown) => parts.push(key, value)]);
      return parts;
    },
    ([, ...parts]) => {
      const map = new Map();
      for (let i = 0; i < parts.length; i += 2) map.set(parts[i], parts[i + 1]);
      return map;
    },
  ),
  Set: new Kind(
    "Set",
    answers(setSize),
    (set: Set<unknown>) => {
      const parts: unknown[] = [Reflect.apply(setSize, set, [])];
      Reflect.apply(setForEach, set, [(value: unknown) => parts.push(value)]);
      return parts;
    },
    ([, ...parts]) => new Set(parts),
  ),
  ArrayBuffer: new Kind(
    "ArrayBuffer",
    answers(bufferLength),
    (buffer: ArrayBuffer & { detached?: boolean; resizable?: boolean; maxByteLength?: number }) =>
      buffer.detached === true
        ? ["", "detached"]
        : [
            bytesToText(buffer, 0, buffer.byteLength),
            buffer.resizable === true ? buffer.maxByteLength : undefined,
          ],
    ([text]) => textToBytes(text as string).buffer,
  ),
  DataView: new Kind(
    "DataView",
    answers(viewLength),
    (view: DataView) => [bytesToText(view.buffer, view.byteOffset, view.byteLength)],
    ([text]) => new DataView(textToBytes(text as string).buffer),
  ),
  Number: boxed("Number", Number.prototype),
  String: boxed("String", String.prototype, true),
  Boolean: boxed("Boolean", Boolean.prototype),
  BigInt: boxed("BigInt", BigInt.prototype),
  Symbol: boxed("Symbol", Symbol.prototype),
};

for (const name of [
  "Int8",
  "Uint8",
  "Uint8Clamped",
  "Int16",
  "Uint16",
  "Int32",
  "Uint32",
  "Float16",
  "Float32",
  "Float64",
  "BigInt64",
  "BigUint64",
]) {
  const full = `${name}Array`;
  const type = (globalThis as Record<string, unknown>)[full] as
    | (new (buffer: ArrayBuffer) => unknown)
    | undefined;
  if (type !== undefined) kinds[full] = typedArray(full, (buffer) => new type(buffer));
}

function isRegExp(object: object): boolean {
  // `source` answers for RegExp.prototype as well, which is no regular expression.
  try {
    Reflect.apply(regExpSource, object, []);
    return object !== RegExp.prototype && Object.hasOwn(object, "lastIndex");
  } catch {
    return false;
  }
}

interface TemporalType {
  new (...parts: unknown[]): unknown;
  readonly prototype: { toString(options?: object): string };
  from(text: string): unknown;
}

/** The whole content of a Temporal object as text, but for durations, whose text merges units. */
function temporal(name: string, type: TemporalType): Kind {
  const toString = type.prototype.toString;
  const units = [
    "years",
    "months",
    "weeks",
    "days",
    "hours",
    "minutes",
    "seconds",
    "milliseconds",
    "microseconds",
    "nanoseconds",
  ];
  const options = { calendarName: "always" };
  return name === "Duration"
    ? new Kind(
        `Temporal.${name}`,
        answers(getter(type.prototype, "years")),
        (duration: Record<string, number>) => units.map((unit) => duration[unit]),
        (parts) =>
          type.from(
            Object.fromEntries(units.map((unit, i) => [unit, parts[i]])) as unknown as string,
          ),
      )
    : new Kind(
        `Temporal.${name}`,
        answers(toString),
        (object: object) => [Reflect.apply(toString, object, [options])],
        ([text]) => reviveTemporal(name, type, text as string),
      );
}

/** `from` would put another day in a month, and another year on a day of a month. */
function reviveTemporal(name: string, type: TemporalType, text: string): unknown {
  const [, year, month, day, calendar] = /^([+-]?\d+)-(\d\d)-(\d\d)\[u-ca=(.+)\]$/.exec(text) ?? [];
  if (name === "PlainYearMonth")
    return new type(Number(year), Number(month), calendar, Number(day));
  if (name === "PlainMonthDay") return new type(Number(month), Number(day), calendar, Number(year));
  return type.from(text);
}

interface Platform {
  URL?: { new (href: string): { href: string }; prototype: object };
  Buffer?: { prototype: object; from(bytes: Uint8Array): unknown };
}

/** Kinds of the platform rather than of the language: found by their prototype, when first met. */
function platformKind(prototype: object): Kind | undefined {
  const { URL, Buffer } = globalThis as Platform;
  if (prototype === URL?.prototype) {
    const href = getter(prototype, "href");
    return new Kind(
      "URL",
      answers(href),
      (url: object) => [Reflect.apply(href, url, [])],
      ([text]) => new URL(text as string),
    );
  }
  if (prototype === Buffer?.prototype) {
    const bytes = kinds["Uint8Array"] as Kind;
    return new Kind(
      "Buffer",
      bytes.isOne,
      bytes.parts,
      ([, text]) => Buffer.from(textToBytes(text as string)),
      true,
    );
  }
  return undefined;
}

const kindOfPrototype = new WeakMap<object, Mark>();
const NO_KIND: Mark = new Mark("identity");
const nativeSource = /^function (\w+)\(\) \{\s*\[native code\]\s*\}$/;

/** The kind that objects with this prototype may have; each still has to be asked whether it is one. */
function kindBehind(prototype: object): Mark {
  let kind = kindOfPrototype.get(prototype);
  if (kind === undefined) kindOfPrototype.set(prototype, (kind = learnKind(prototype)));
  return kind;
}

function learnKind(prototype: object): Mark {
  const known = platformKind(prototype);
  if (known !== undefined) return known;
  const constructor = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value as unknown;
  if (typeof constructor !== "function" || constructor.prototype !== prototype) return NO_KIND;
  const name = nativeSource.exec(Function.prototype.toString.call(constructor))?.[1];
  if (name === undefined) return NO_KIND;
  if (name === "Object") return PLAIN;
  if (name === "Array") return ARRAY;
  if (
    Object.getOwnPropertyDescriptor(prototype, Symbol.toStringTag)?.value === `Temporal.${name}`
  ) {
    return (kinds[`Temporal.${name}`] ??= temporal(name, constructor as unknown as TemporalType));
  }
  return Object.hasOwn(kinds, name) ? (kinds[name] as Kind) : NO_KIND;
}

/** How `object` is compared: a mark with content, or `null` for identity. */
export function kindOf(object: object, prototype: object | null): Mark | null {
  if (prototype === null) return BARE;
  const kind = kindBehind(prototype);
  if (kind === PLAIN) return kind;
  if (kind === ARRAY) return Array.isArray(object) ? kind : null;
  return kind instanceof Kind && kind.isOne(object) ? kind : null;
}
