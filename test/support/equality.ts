/**
 * The reference equality of argument lists: slow, and plain enough to be checked by reading.
 *
 * It shares no code and no idea with the library. Every object that has content is read once
 * into a `Content`, and two argument lists are equal when their contents correspond one to one:
 * a partner, once chosen, is the only partner, which settles cycles and shared references.
 */
import { types } from "node:util";

/** What `key: "value"` and `key: "identity"` compare. */
export type EqualityMode = "value" | "identity";

/** Everything the equality sees of one object. */
interface Content {
  /** What sort of thing it is. Contents of different kinds are never equal. */
  readonly kind: string;
  /** Something that has to be the very same object on both sides. */
  readonly identity?: object;
  /** Internal state in a fixed order. */
  readonly slots: readonly unknown[];
  /** Own enumerable properties, of which the order does not count. */
  readonly properties: ReadonlyMap<PropertyKey, unknown>;
}

const keySymbol = Symbol.for("rote.key");

/** Whether two argument lists are the same call. */
export function equalArguments(
  a: readonly unknown[],
  b: readonly unknown[],
  mode: EqualityMode,
): boolean {
  if (a.length !== b.length) return false;
  const pairs: [unknown, unknown][] = [];
  for (let index = 0; index < a.length; index++) pairs.push([a[index], b[index]]);
  if (mode === "identity") return pairs.every(([left, right]) => Object.is(left, right));

  const partnerOfLeft = new Map<object, object>();
  const partnerOfRight = new Map<object, object>();
  for (let pair = pairs.pop(); pair !== undefined; pair = pairs.pop()) {
    const [left, right] = pair;
    if (!isObject(left) || !isObject(right)) {
      if (!Object.is(left, right)) return false;
      continue;
    }
    if (partnerOfLeft.has(left) || partnerOfRight.has(right)) {
      if (partnerOfLeft.get(left) !== right || partnerOfRight.get(right) !== left) return false;
      continue;
    }
    partnerOfLeft.set(left, right);
    partnerOfRight.set(right, left);
    const leftContent = contentOf(left);
    // The same object on both sides is still walked, because a part of it may be shared with
    // something outside of it; but it is read once.
    const rightContent = left === right ? leftContent : contentOf(right);
    if (leftContent === undefined || rightContent === undefined) {
      if (left !== right) return false;
      continue;
    }
    if (leftContent.kind !== rightContent.kind) return false;
    if (leftContent.identity !== rightContent.identity) return false;
    if (leftContent.slots.length !== rightContent.slots.length) return false;
    if (leftContent.properties.size !== rightContent.properties.size) return false;
    leftContent.slots.forEach((slot, index) => pairs.push([slot, rightContent.slots[index]]));
    for (const [key, value] of leftContent.properties) {
      if (!rightContent.properties.has(key)) return false;
      pairs.push([value, rightContent.properties.get(key)]);
    }
  }
  return true;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" ? value !== null : typeof value === "function";
}

/** The content of an object, or undefined where it is compared by identity. */
function contentOf(object: object): Content | undefined {
  if (typeof object === "function") return undefined;
  const prototype: object | null = Object.getPrototypeOf(object);
  if (prototype !== null && keySymbol in prototype) {
    const method: unknown = Reflect.get(prototype, keySymbol, object);
    if (typeof method === "function") {
      const key: unknown = Reflect.apply(method, object, []);
      return { kind: "keyed", identity: prototype, slots: [key], properties: new Map() };
    }
  }
  const internal = internalState(object, prototype);
  if (internal === undefined) return undefined;
  return { ...internal, properties: ownProperties(object) };
}

function ownProperties(object: object): Map<PropertyKey, unknown> {
  const properties = new Map<PropertyKey, unknown>();
  for (const key of Reflect.ownKeys(object)) {
    if (Object.getOwnPropertyDescriptor(object, key)?.enumerable === true) {
      properties.set(key, Reflect.get(object, key));
    }
  }
  return properties;
}

function internalState(
  object: object,
  prototype: object | null,
): { kind: string; slots: unknown[] } | undefined {
  const is = (name: string): boolean => isPrototypeOfBuiltIn(prototype, name);

  if (types.isDate(object)) {
    return is("Date") ? { kind: "Date", slots: [Date.prototype.getTime.call(object)] } : undefined;
  }
  if (types.isRegExp(object)) {
    const { source, flags, lastIndex } = object;
    return is("RegExp") ? { kind: "RegExp", slots: [source, flags, lastIndex] } : undefined;
  }
  if (types.isMap(object)) {
    const slots = [...Map.prototype.entries.call(object)].flat();
    return is("Map") ? { kind: "Map", slots } : undefined;
  }
  if (types.isSet(object)) {
    const slots = [...Set.prototype.values.call(object)];
    return is("Set") ? { kind: "Set", slots } : undefined;
  }
  if (types.isSharedArrayBuffer(object)) return undefined;
  if (types.isArrayBuffer(object)) {
    return is("ArrayBuffer")
      ? { kind: "ArrayBuffer", slots: [bytes(object, 0, object.byteLength)] }
      : undefined;
  }
  if (types.isTypedArray(object)) {
    const kind = prototype === Buffer.prototype ? "Buffer" : object[Symbol.toStringTag];
    if (kind !== "Buffer" && !is(kind)) return undefined;
    return { kind, slots: [bytes(object.buffer, object.byteOffset, object.byteLength)] };
  }
  if (types.isDataView(object)) {
    return is("DataView")
      ? { kind: "DataView", slots: [bytes(object.buffer, object.byteOffset, object.byteLength)] }
      : undefined;
  }
  if (types.isBoxedPrimitive(object)) {
    const primitive = unbox(object);
    const kind = `boxed ${typeof primitive}`;
    return is(boxNames[typeof primitive] ?? "") ? { kind, slots: [primitive] } : undefined;
  }
  const temporal = temporalSlots(object, prototype);
  if (temporal !== undefined) return temporal;
  if (prototype === URL.prototype) return { kind: "URL", slots: [(object as URL).href] };
  if (Array.isArray(object)) {
    return is("Array") ? { kind: "Array", slots: [object.length] } : undefined;
  }
  // Math, JSON, a module's namespace: named by an own hidden tag, and without content of their own.
  const tag = Object.getOwnPropertyDescriptor(object, Symbol.toStringTag);
  if (tag !== undefined && tag.enumerable !== true) return undefined;
  if (prototype === null) return { kind: "object without prototype", slots: [] };
  if (types.isNativeError(object) || types.isPromise(object)) return undefined;
  return is("Object") ? { kind: "Object", slots: [] } : undefined;
}

/** Whether it is the prototype that some realm gives to the instances of its own `name`. */
function isPrototypeOfBuiltIn(prototype: object | null, name: string): boolean {
  if (prototype === null) return false;
  const constructor: unknown = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
  return (
    typeof constructor === "function" &&
    constructor.prototype === prototype &&
    Function.prototype.toString.call(constructor) === `function ${name}() { [native code] }`
  );
}

function bytes(buffer: ArrayBufferLike, offset: number, length: number): string {
  return Buffer.from(new Uint8Array(buffer, offset, length)).toString("hex");
}

const boxNames: Readonly<Record<string, string>> = {
  number: "Number",
  string: "String",
  boolean: "Boolean",
  bigint: "BigInt",
  symbol: "Symbol",
};

function unbox(object: object): unknown {
  if (types.isNumberObject(object)) return Number.prototype.valueOf.call(object);
  if (types.isStringObject(object)) return String.prototype.valueOf.call(object);
  if (types.isBooleanObject(object)) return Boolean.prototype.valueOf.call(object);
  if (types.isBigIntObject(object)) return BigInt.prototype.valueOf.call(object);
  return Symbol.prototype.valueOf.call(object);
}

/** Text alone would not do for durations: one second and a thousand milliseconds print alike. */
const durationFields = [
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

const temporalKinds = [
  "Instant",
  "PlainDate",
  "PlainDateTime",
  "PlainMonthDay",
  "PlainTime",
  "PlainYearMonth",
  "ZonedDateTime",
];

function temporalSlots(
  object: object,
  prototype: object | null,
): { kind: string; slots: unknown[] } | undefined {
  const tag: unknown = Object.getOwnPropertyDescriptor(prototype ?? {}, Symbol.toStringTag)?.value;
  if (typeof tag !== "string" || !tag.startsWith("Temporal.") || prototype === null) {
    return undefined;
  }
  const name = tag.slice("Temporal.".length);
  if (!isPrototypeOfBuiltIn(prototype, name)) return undefined;
  try {
    if (name === "Duration") {
      const slots = durationFields.map((field) => Reflect.get(prototype, field, object));
      return { kind: tag, slots };
    }
    if (!temporalKinds.includes(name)) return undefined;
    // The calendar's name brings the reference day of a month and year of a day with it.
    const toString = Reflect.get(prototype, "toString") as (options: object) => string;
    return { kind: tag, slots: [toString.call(object, { calendarName: "always" })] };
  } catch {
    return undefined; // It only inherits from a Temporal prototype.
  }
}
