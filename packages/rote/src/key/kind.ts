import { Mark } from "./token.ts";

/**
 * Which objects have content, and what it is. An object is compared by content only if its
 * prototype is a built-in's own prototype (of any realm) *and* the object really is one, by an
 * internal slot that cannot be forged; everything else is known by identity.
 */
export class Kind extends Mark {
  /** What makes two objects of this kind equal, in order; throws a TypeError if the object is none. */
  readonly read: (object: never) => unknown[];
  /** Makes an object from its content again; of a Map or a Set an empty one, since it may contain itself. */
  readonly revive: (parts: never) => unknown;
  /** Whether own properties with integer names are the content and are not listed again. */
  readonly isIndexed: boolean;

  constructor(
    read: (object: never) => unknown[],
    revive: (parts: never) => unknown,
    isIndexed = false,
  ) {
    super();
    this.read = read;
    this.revive = revive;
    this.isIndexed = isIndexed;
  }
}

/** Objects whose prototype is this realm's `Object.prototype`. */
export const PLAIN: Mark = new Mark();
/** The same of another realm, of which we do not know what its `Object.prototype` has become. */
export const FOREIGN: Mark = new Mark();
/** Objects without a prototype. */
export const BARE: Mark = new Mark();
export const ARRAY: Mark = new Mark();
/** An array with holes, or with properties that are no indices. */
export const LOOSE_ARRAY: Mark = new Mark();
/** An object with a `[keySymbol]()` method: its prototype, and what the method returned. */
export const KEYED: Mark = new Mark();
/** Symbols are among the keys; they follow the others. */
export const SYMBOLS: Mark = new Mark();

const { apply } = Reflect;
const { getOwnPropertyDescriptor, getPrototypeOf } = Object;

type Read = (object: object) => unknown;

/** Asks an object through a method, which throws if the object is none of the method's own. */
function asker(method: unknown, ...args: unknown[]): Read {
  return (object) => apply(method as Read, object, args);
}

/** The same through a getter. */
function getter(prototype: object, name: PropertyKey): Read {
  return asker(getOwnPropertyDescriptor(prototype, name)?.get);
}

/** Engines end a text at 2²⁹ characters. */
const TEXT_LIMIT = 2 ** 28;

/** Bytes as text, one character each: compared and hashed by the engine in one go. Mostly one text, or none. */
export function bytesToTexts(buffer: ArrayBufferLike, offset: number, length: number): string[] {
  const texts: string[] = [];
  // A detached buffer has no bytes, and none may be asked for.
  for (let start = 0; start < length; start += TEXT_LIMIT)
    texts.push(bytesToText(buffer, offset + start, Math.min(TEXT_LIMIT, length - start)));
  return texts;
}

function bytesToText(buffer: ArrayBufferLike, offset: number, length: number): string {
  const { Buffer } = globalThis as Platform;
  // Fifty times as fast, where there is one.
  if (Buffer !== undefined && length > 64)
    return Buffer.from(buffer, offset, length).toString("latin1");
  let text = "";
  for (let i = 0; i < length; i += 8192)
    text += String.fromCharCode(...new Uint8Array(buffer, offset + i, Math.min(8192, length - i)));
  return text;
}

function textsToBytes(texts: string[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(texts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const text of texts) for (let i = 0; i < text.length;) bytes[at++] = text.charCodeAt(i++);
  return bytes;
}

/** Reads the bytes of a view through getters that no property of its own can hide. */
function viewReader(prototype: object): (view: object) => unknown[] {
  const [buffer, offset, length] = ["buffer", "byteOffset", "byteLength"].map((name) =>
    getter(prototype, name),
  ) as [Read, Read, Read];
  return (view) =>
    bytesToTexts(buffer(view) as ArrayBuffer, offset(view) as number, length(view) as number);
}

type Revive = new (buffer: ArrayBuffer) => unknown;

/** Typed arrays, whose tag says which: `Buffer` is a `Uint8Array`. */
function typedArray(name: string, revive: (bytes: Uint8Array<ArrayBuffer>) => unknown): Kind {
  return new Kind(
    (object: ArrayBufferView) => {
      if (viewTag(object) !== name) throw new TypeError();
      return readTypedArray(object);
    },
    (texts: string[]) => revive(textsToBytes(texts)),
    true,
  );
}

function boxed({ prototype }: { prototype: object }, isIndexed = false): Kind {
  const valueOf = asker(prototype.valueOf);
  return new Kind(
    (object) => [valueOf(object)],
    ([value]: [unknown]) => Object(value) as unknown,
    isIndexed,
  );
}

const timeOf = asker(Date.prototype.getTime);
const mapSize = getter(Map.prototype, "size");
const setSize = getter(Set.prototype, "size");
const mapForEach = Map.prototype.forEach;
const setForEach = Set.prototype.forEach;
const bufferLength = getter(ArrayBuffer.prototype, "byteLength");
const sourceOf = getter(RegExp.prototype, "source");
const flagsOf = getter(RegExp.prototype, "flags");
const typedArrayPrototype = getPrototypeOf(Uint8Array.prototype) as object;
const viewTag = getter(typedArrayPrototype, Symbol.toStringTag);
const readTypedArray = viewReader(typedArrayPrototype);

/** The language's own, by the name of their constructor; more are learned as they are met. */
const kinds: Record<string, Kind> = {
  // So that no name is found in Object.prototype.
  __proto__: null as never,
  Date: new Kind(
    (date) => [timeOf(date)],
    ([time]: [number]) => new Date(time),
  ),
  RegExp: new Kind(
    (regExp: RegExp) => {
      // Has a source as well, and is no regular expression.
      if (regExp === RegExp.prototype) throw new TypeError();
      return [sourceOf(regExp), flagsOf(regExp), regExp.lastIndex];
    },
    ([source, flags, lastIndex]: [string, string, number]) =>
      Object.assign(new RegExp(source, flags), { lastIndex }),
  ),
  Map: new Kind(
    (map: Map<unknown, unknown>) => {
      const parts = [mapSize(map)];
      apply(mapForEach, map, [(value: unknown, key: unknown) => parts.push(key, value)]);
      return parts;
    },
    () => new Map(),
  ),
  Set: new Kind(
    (set: Set<unknown>) => {
      const parts = [setSize(set)];
      apply(setForEach, set, [(value: unknown) => parts.push(value)]);
      return parts;
    },
    () => new Set(),
  ),
  ArrayBuffer: new Kind(
    (buffer: ArrayBuffer & { detached?: boolean; resizable?: boolean; maxByteLength?: number }) => [
      buffer.detached === true || (buffer.resizable === true && buffer.maxByteLength),
      ...bytesToTexts(buffer, 0, bufferLength(buffer) as number),
    ],
    ([, ...texts]: [unknown, ...string[]]) => textsToBytes(texts).buffer,
  ),
  DataView: new Kind(
    viewReader(DataView.prototype),
    (texts: string[]) => new DataView(textsToBytes(texts).buffer),
  ),
  Number: boxed(Number),
  String: boxed(String, true),
  Boolean: boxed(Boolean),
  BigInt: boxed(BigInt),
  Symbol: boxed(Symbol),
};

interface TemporalType {
  new (...parts: unknown[]): unknown;
  readonly prototype: { toString(options?: object): string };
  from(text: string): unknown;
}

/** The whole content of a Temporal object as text, but for durations, whose text merges units. */
function temporal(name: string, type: TemporalType): Kind {
  const { prototype } = type;
  if (name === "Duration") {
    const units =
      "years months weeks days hours minutes seconds milliseconds microseconds nanoseconds"
        .split(" ")
        .map((unit) => getter(prototype, unit));
    return new Kind(
      (duration) => units.map((unit) => unit(duration)),
      (parts: number[]) => new type(...parts),
    );
  }
  const textOf = asker(prototype.toString, { calendarName: "always" });
  // Where a zone's offsets differ by seconds, two instants have one text.
  const instantOf =
    name === "ZonedDateTime" ? getter(prototype, "epochNanoseconds") : (): unknown => null;
  return new Kind(
    (object) => [textOf(object), instantOf(object)],
    ([text]: [string]) => {
      // `from` would put another day in a month, and another year on a day of a month.
      const [, year, month, day, calendar] =
        /^([+-]?\d+)-(\d\d)-(\d\d)\[u-ca=(.+)\]$/.exec(text) ?? [];
      if (name === "PlainYearMonth") return new type(+year!, +month!, calendar, +day!);
      if (name === "PlainMonthDay") return new type(+month!, +day!, calendar, +year!);
      return type.from(text);
    },
  );
}

interface Platform {
  URL?: { new (href: string): object; prototype: object };
  Buffer?: {
    prototype: object;
    from(bytes: Uint8Array): unknown;
    from(
      buffer: ArrayBufferLike,
      offset: number,
      length: number,
    ): { toString(encoding: string): string };
  };
}

const kindOfPrototype = new WeakMap<object, Mark | null>();

/** The kind that objects with this prototype have if they are what it says; `null` for identity. */
export function kindOf(prototype: object): Mark | null {
  let kind = kindOfPrototype.get(prototype);
  if (kind === undefined) kindOfPrototype.set(prototype, (kind = learnKind(prototype)));
  return kind;
}

/** The name of the language's own type, of any realm, whose objects have this prototype. */
export function nativeNameOf(prototype: object): string | undefined {
  const type = getOwnPropertyDescriptor(prototype, "constructor")?.value as unknown;
  if (typeof type !== "function" || type.prototype !== prototype) return undefined;
  const text = Function.prototype.toString.call(type);
  return /^function (\w+)\(\) \{\s*\[native code\]\s*\}$/.exec(text)?.[1];
}

function learnKind(prototype: object): Mark | null {
  const { URL, Buffer } = globalThis as Platform;
  // Of the platform rather than of the language: not native by their text.
  if (prototype === URL?.prototype) {
    const hrefOf = getter(prototype, "href");
    return new Kind(
      (url) => [hrefOf(url)],
      ([href]: [string]) => new URL(href),
    );
  }
  if (prototype === Buffer?.prototype)
    return typedArray("Uint8Array", (bytes) => Buffer.from(bytes));
  const name = nativeNameOf(prototype);
  if (name === undefined) return null;
  if (name === "Object") return FOREIGN;
  if (name === "Array") return ARRAY;
  const tag: unknown = getOwnPropertyDescriptor(prototype, Symbol.toStringTag)?.value;
  if (tag === `Temporal.${name}`)
    return (kinds[tag] ??= temporal(name, prototype.constructor as unknown as TemporalType));
  if (/^(Big)?(Int|Uint|Float)\d+(Clamped)?Array$/.test(name)) {
    return (kinds[name] ??= typedArray(
      name,
      ({ buffer }) => new (globalThis as unknown as Record<string, Revive>)[name]!(buffer),
    ));
  }
  return kinds[name] ?? null;
}

/** What a kind is called in every process: its constructor's name, or its tag. `undefined` for a constructor that has been replaced since. */
export function nameOfKind(kind: Mark): string | undefined {
  for (const name in kinds) if (kinds[name] === kind) return name;
  return ["URL", "Buffer"].find((name) => kindOfPrototype.get(prototypeOf(name) ?? kind) === kind);
}

/** The kind of that name, if this process has it. */
export function kindNamed(name: string): Kind | undefined {
  const prototype = prototypeOf(name);
  const kind = kinds[name] ?? (prototype === undefined ? null : kindOf(prototype));
  return kind instanceof Kind ? kind : undefined;
}

function prototypeOf(name: string): object | undefined {
  interface Namespace {
    readonly [name: string]: (Namespace & { readonly prototype?: object }) | undefined;
  }
  const platform = globalThis as unknown as Namespace;
  const [first, second] = name.split(".") as [string, string?];
  return (second === undefined ? platform[first] : platform[first]?.[second])?.prototype;
}
