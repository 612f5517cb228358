/**
 * Values for the key properties, described before they are made.
 *
 * A `Recipe` is plain data, so that one recipe can be made twice (equal by construction, though
 * with other key order, other realm, accessors or proxies) and can be changed in one place
 * (a near miss).
 */
import vm from "node:vm";

export type Recipe =
  | { kind: "primitive"; value: unknown }
  | { kind: "identity"; index: number }
  | { kind: "object"; bare: boolean; entries: [PropertyKey, Recipe][] }
  | { kind: "array"; items: (Recipe | Hole)[]; extras: [PropertyKey, Recipe][] }
  | { kind: "map"; entries: [Recipe, Recipe][] }
  | { kind: "set"; items: Recipe[] }
  | { kind: "date"; time: number; extras: [PropertyKey, Recipe][] }
  | { kind: "regexp"; source: string; flags: string; lastIndex: number }
  | { kind: "url"; href: string }
  | { kind: "boxed"; value: number | string | boolean | bigint | symbol }
  | { kind: "bytes"; view: ViewName; offset: number; bytes: number[] }
  | { kind: "temporal"; index: number }
  | { kind: "keyed"; index: number; content: Recipe }
  /** The object begun `index` objects ago counts from the first: shared, or a cycle. */
  | { kind: "shared"; index: number };

export interface Hole {
  kind: "hole";
}

export const viewNames = [
  "ArrayBuffer",
  "DataView",
  "Buffer",
  "Int8Array",
  "Uint8Array",
  "Uint8ClampedArray",
  "Int16Array",
  "Uint16Array",
  "Int32Array",
  "Uint32Array",
  "Float32Array",
  "Float64Array",
  "BigInt64Array",
  "BigUint64Array",
] as const;

export type ViewName = (typeof viewNames)[number];

/** A small generator of numbers, so that a choice is a number that fast-check can shrink. */
export type Random = (below: number) => number;

export function randomFrom(seed: number): Random {
  let state = (seed ^ 0x9e3779b9) >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const realm = vm.runInContext(
  "({ Object, Array, Map, Set, Date, RegExp, Number, String, Boolean, BigInt, Symbol, Error, " +
    "ArrayBuffer, DataView, Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, " +
    "Int32Array, Uint32Array, Float32Array, Float64Array, BigInt64Array, BigUint64Array, " +
    "Temporal: typeof Temporal === 'undefined' ? undefined : Temporal })",
  vm.createContext({}),
) as typeof globalThis;

/** The constructors of another realm. */
export const otherRealm: typeof globalThis = realm;

const keySymbol = Symbol.for("rote.key");

export class Plain {
  content: unknown = 1;
}

export class Keyed {
  content: unknown;
  constructor(content: unknown) {
    this.content = content;
  }
  [keySymbol](): unknown {
    return this.content;
  }
}

export class OtherKeyed {
  content: unknown;
  constructor(content: unknown) {
    this.content = content;
  }
  [keySymbol](): unknown {
    return this.content;
  }
}

export class DerivedKeyed extends Keyed {}

/** Its key is made afresh at every call. */
export class FreshlyKeyed {
  content: unknown;
  constructor(content: unknown) {
    this.content = content;
  }
  [keySymbol](): unknown {
    return { content: this.content };
  }
}

const keyedClasses = [Keyed, OtherKeyed, DerivedKeyed, FreshlyKeyed];

class OwnDate extends Date {}
class OwnArray extends Array<unknown> {}
class OwnMap extends Map<unknown, unknown> {}
class OwnError extends Error {}
class OwnBytes extends Uint8Array {}

/** Compared by identity, and in pairs that look alike. */
export const identities: readonly unknown[] = [
  () => 1,
  () => 1,
  function named() {},
  class {},
  Symbol("a"),
  Symbol("a"),
  Symbol.iterator,
  new Plain(),
  new Plain(),
  Object.create({}),
  new Error("a"),
  new Error("a"),
  new OwnError("a"),
  new realm.Error("a"),
  Promise.resolve(1),
  Promise.resolve(1),
  new WeakMap(),
  new WeakSet(),
  new WeakRef({}),
  new OwnDate(0),
  new OwnDate(0),
  new OwnArray(),
  new OwnArray(),
  new OwnMap(),
  new OwnMap(),
  new OwnBytes(1),
  new OwnBytes(1),
  new SharedArrayBuffer(1),
  new SharedArrayBuffer(1),
  Object.create(Date.prototype),
  Object.create(Map.prototype),
  new URLSearchParams("a=1"),
  [1].values(),
];

type Maker = (constructors: typeof globalThis) => unknown;

interface TemporalType {
  new (...fields: unknown[]): object;
  from(text: unknown): object;
}

type WithTemporal = { Temporal?: Record<string, TemporalType> };

function temporalType(constructors: typeof globalThis, name: string): TemporalType {
  const type = (constructors as WithTemporal).Temporal?.[name];
  if (type === undefined) throw new Error(`no Temporal.${name}`);
  return type;
}

export const hasTemporal = (globalThis as WithTemporal).Temporal !== undefined;

function temporalFrom(name: string, text: unknown): Maker {
  return (constructors) => temporalType(constructors, name).from(text);
}

/** Pairwise different in content. */
const temporals: readonly Maker[] = [
  temporalFrom("Instant", "2020-01-01T00:00:00Z"),
  temporalFrom("Instant", "2020-01-01T00:00:00.000000001Z"),
  temporalFrom("PlainDate", "2020-01-01"),
  temporalFrom("PlainDate", "2020-01-01[u-ca=gregory]"),
  temporalFrom("PlainDateTime", "2020-01-01T00:00:00"),
  temporalFrom("PlainTime", "00:00:00"),
  temporalFrom("PlainTime", "00:00:00.000000001"),
  temporalFrom("PlainYearMonth", "2020-01"),
  (constructors) => new (temporalType(constructors, "PlainYearMonth"))(2020, 1, "iso8601", 15),
  temporalFrom("PlainMonthDay", "01-01"),
  temporalFrom("ZonedDateTime", "2020-01-01T00:00:00+00:00[UTC]"),
  temporalFrom("ZonedDateTime", "2020-01-01T00:00:00+00:00[+00:00]"),
  temporalFrom("Duration", "PT1S"),
  temporalFrom("Duration", { milliseconds: 1000 }),
  temporalFrom("Duration", { minutes: 60 }),
  temporalFrom("Duration", { hours: 1 }),
];

export const temporalCount = hasTemporal ? temporals.length : 0;

/** How a recipe is made: in order and simply, or as differently as equality allows. */
export interface Style {
  random: Random;
  shuffleKeys: boolean;
  otherRealm: boolean;
  disguise: boolean;
}

export function plainStyle(): Style {
  return { random: randomFrom(0), shuffleKeys: false, otherRealm: false, disguise: false };
}

export function variedStyle(seed: number): Style {
  return { random: randomFrom(seed), shuffleKeys: true, otherRealm: true, disguise: true };
}

/** Makes the argument list that the recipes describe. Shared objects may span arguments. */
export function make(recipes: readonly Recipe[], style: Style): unknown[] {
  const begun: object[] = [];
  const constructors = (): typeof globalThis =>
    style.otherRealm && style.random(4) === 0 ? realm : globalThis;

  /** An object known to later recipes from now on, behind a proxy where the style says so. */
  function begin<T extends object>(object: T, mayHide: boolean): { seen: T; bare: T } {
    const hidden = mayHide && style.disguise && style.random(6) === 0;
    const seen = hidden ? new Proxy(object, {}) : object;
    begun.push(seen);
    return { seen, bare: object };
  }

  function define(object: object, entries: [PropertyKey, Recipe][]): void {
    const values = entries.map(([key, value]): [PropertyKey, unknown] => [key, build(value)]);
    if (style.shuffleKeys) shuffle(values, style.random);
    for (const [key, value] of values) {
      const isAccessor = style.disguise && style.random(6) === 0;
      Object.defineProperty(
        object,
        key,
        isAccessor
          ? { get: () => value, enumerable: true, configurable: true }
          : { value, enumerable: true, configurable: true, writable: style.random(2) === 0 },
      );
    }
    if (style.disguise && style.random(4) === 0) {
      Object.defineProperty(object, "unseen", { value: style.random(9), enumerable: false });
    }
  }

  function build(recipe: Recipe): unknown {
    const made = constructors();
    switch (recipe.kind) {
      case "primitive":
        return recipe.value;
      case "identity":
        return identities[recipe.index % identities.length];
      case "object": {
        const { seen, bare } = begin<object>(
          recipe.bare ? Object.create(null) : new made.Object(),
          true,
        );
        define(bare, recipe.entries);
        return seen;
      }
      case "array": {
        const { seen, bare } = begin<unknown[]>(new made.Array<unknown>(recipe.items.length), true);
        recipe.items.forEach((item, index) => {
          if (item.kind !== "hole") bare[index] = build(item);
        });
        define(bare, recipe.extras);
        return seen;
      }
      case "map": {
        const { bare } = begin(new made.Map<unknown, unknown>(), false);
        for (const [key, value] of recipe.entries) bare.set(build(key), build(value));
        return bare;
      }
      case "set": {
        const { bare } = begin(new made.Set<unknown>(), false);
        for (const item of recipe.items) bare.add(build(item));
        return bare;
      }
      case "date": {
        const { bare } = begin(new made.Date(recipe.time), false);
        define(bare, recipe.extras);
        return bare;
      }
      case "regexp": {
        const { bare } = begin(new made.RegExp(recipe.source, recipe.flags), false);
        bare.lastIndex = recipe.lastIndex;
        return bare;
      }
      case "url":
        return begin(new URL(recipe.href), false).bare;
      case "boxed":
        return begin(box(recipe.value, made), false).bare;
      case "bytes":
        return begin(view(recipe, made, style.disguise ? style.random(3) * 8 : 0), false).bare;
      case "temporal": {
        const maker = temporals[recipe.index % temporals.length];
        return begin(maker?.(made) as object, false).bare;
      }
      case "keyed": {
        const Class = keyedClasses[recipe.index % keyedClasses.length] ?? Keyed;
        const { bare } = begin(new Class(undefined), false);
        bare.content = build(recipe.content);
        return bare;
      }
      case "shared":
        return begun.length === 0 ? undefined : begun[recipe.index % begun.length];
    }
  }

  return recipes.map(build);
}

/** Boxes from a realm are made by its `Object`, whatever the primitive. */
function box(value: Extract<Recipe, { kind: "boxed" }>["value"], made: typeof globalThis): object {
  return made.Object(value) as object;
}

function view(
  recipe: Extract<Recipe, { kind: "bytes" }>,
  made: typeof globalThis,
  padding: number,
): object {
  const start = recipe.offset * 8 + padding;
  if (recipe.view === "Buffer") {
    const buffer = Buffer.alloc(start + recipe.bytes.length);
    buffer.set(recipe.bytes, start);
    return buffer.subarray(start);
  }
  if (recipe.view === "ArrayBuffer") {
    const buffer = new made.ArrayBuffer(recipe.bytes.length);
    new Uint8Array(buffer).set(recipe.bytes);
    return buffer;
  }
  const buffer = new made.ArrayBuffer(start + recipe.bytes.length + padding);
  new Uint8Array(buffer).set(recipe.bytes, start);
  if (recipe.view === "DataView") return new made.DataView(buffer, start, recipe.bytes.length);
  const View = made[recipe.view];
  return new View(buffer, start, recipe.bytes.length / View.BYTES_PER_ELEMENT);
}

function shuffle(list: unknown[], random: Random): void {
  for (let last = list.length - 1; last > 0; last--) {
    const other = random(last + 1);
    [list[last], list[other]] = [list[other], list[last]];
  }
}
