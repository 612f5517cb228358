/**
 * The walk that refuses what V8's serialisation would change without a word: docs/design/0013-envelope.md has
 * the list, tried out for each kind.
 *
 * 1. In V8's own order, depth first, so that the depth of a place is that of V8's recursion.
 * 2. No code of the value is run: no accessor, no trap of a proxy, no method. So V8, which reads
 *    after the walk, meets the same.
 * 3. Iterative: a value of any depth is refused, not overflowed on.
 */
import { brandOf, builtinOf, isOrdinary, util } from "./brand.ts";
import { checkAttached, checkMemory, checkTypedArray, hasNoFurtherKeys, LONG } from "./memory.ts";
import { noData, otherPrototype, ownProperty } from "./odd-prototype.ts";
import { Place, refusal } from "./place.ts";

/**
 * V8 reads recursively, and an entry may be read where the stack is in use already: of an empty one on
 * Node 20, which holds 1 757 levels of the worst kind, that leaves more than two thirds.
 */
const DEEPEST = 500;

const { getOwnPropertyDescriptor, getPrototypeOf, hasOwn } = Object;
const { isArray } = Array;
const { apply, ownKeys } = Reflect;

type Method = (this: unknown, ...args: never[]) => unknown;
const forEachOfMap: Method = Map.prototype.forEach;
const forEachOfSet: Method = Set.prototype.forEach;

/**
 * Returns if a value that was stored and read again is equal to what it was, and of the same type.
 *
 * @param root - What it is called in the message.
 * @throws {RoteError} `ERR_NOT_STORABLE`, with the path to what would change and what to do;
 * `ERR_UNSUPPORTED` where there is no `node:util` to ask.
 */
export function checkStorable(value: unknown, root = "result"): void {
  checkPlace(new Place(value, null, root));
}

/** The same for a part of something. */
export function checkPlace(whole: Place): void {
  if (isAtom(whole.value)) return;
  const places = [whole];
  const seen = new Set<object>();
  for (let place = places.pop(); place !== undefined; place = places.pop()) {
    const { value } = place;
    if (typeof value !== "object")
      throw refusal(place, `is a ${typeof value}, which cannot be stored`);
    const object = value as object;
    if (seen.has(object)) continue;
    seen.add(object);
    if (place.depth - whole.depth >= DEEPEST) {
      throw refusal(
        place,
        `is nested more than ${DEEPEST} levels deep: stored, it could not always be read again`,
        "Return a flatter form, such as a list of the parts, or say how to store it with options.encode and options.decode.",
      );
    }
    const first = places.length;
    addParts(place, object, places);
    reverseFrom(places, first);
  }
}

/** Whether it is stored as it is, whatever it is. */
function isAtom(value: unknown): boolean {
  return (
    value === null ||
    (typeof value !== "object" && typeof value !== "function" && typeof value !== "symbol")
  );
}

function reverseFrom(places: Place[], first: number): void {
  for (let i = first, j = places.length - 1; i < j; i++, j--) {
    const place = places[i] as Place;
    places[i] = places[j] as Place;
    places[j] = place;
  }
}

/** Adds what has to be looked at in an object, in order, or refuses the object itself. */
function addParts(place: Place, object: object, places: Place[]): void {
  if (util().types.isProxy(object)) throw refusal(place, "is a proxy, which cannot be stored");
  const prototype = getPrototypeOf(object) as object | null;
  if (prototype === null) {
    throw refusal(
      place,
      "has no prototype: stored, it would come back with one",
      "Return a copy such as { ...object }, or say how to store it with options.encode and options.decode.",
    );
  }
  const name = builtinOf(prototype);
  switch (name) {
    case "Object":
      // What it calls itself is refused with its properties, and must not be asked: it may be an accessor.
      if (!hasOwn(object, Symbol.toStringTag) && !isOrdinary(object))
        throw otherPrototype(place, object, name);
      return addProperties(place, object, ownKeys(object), places);
    case "Array":
      if (!isArray(object)) throw otherPrototype(place, object, name);
      addElements(place, object, places);
      return;
    case "Map":
    case "Set":
      checkBare(place, object, name, 0);
      addItems(place, object as Map<unknown, unknown> | Set<unknown>, name, places);
      return;
    case "Date":
    case "Number":
    case "Boolean":
    case "BigInt":
      return checkBare(place, object, name, 0);
    case "String":
      // Its characters and its length.
      return checkBare(place, object, name, (object as unknown[]).length + 1);
    case "RegExp":
      checkBare(place, object, name, 1);
      if (getOwnPropertyDescriptor(object, "lastIndex")?.value === 0) return;
      throw refusal(
        place,
        "has a lastIndex other than 0: stored, it would come back with 0",
        "Set it to 0, or make the expression anew: new RegExp(expression).",
      );
    case "ArrayBuffer":
      checkBare(place, object, name, 0);
      return checkAttached(place, object as ArrayBuffer);
    case "DataView":
      checkBare(place, object, name, 0);
      return checkMemory(place, (object as DataView).buffer);
    default:
      if (name !== "Buffer" && !/^(?:Big)?(?:Int|Uint|Float)\d+(?:Clamped)?Array$/.test(name))
        throw noData(place, object, prototype, name);
      return checkTypedArray(place, object, name);
  }
}

/** Its own properties have to be enumerable, named by text, and data. */
function addProperties(
  place: Place,
  object: object,
  keys: readonly PropertyKey[],
  places: Place[],
): void {
  for (const key of keys) {
    if (typeof key === "symbol") {
      throw refusal(
        place,
        "has a property whose name is a symbol: stored, it would come back without that",
      );
    }
    addProperty(place, object, key, places);
  }
}

/** Returns whether there is such a property. */
function addProperty(place: Place, object: object, key: string | number, places: Place[]): boolean {
  const descriptor = getOwnPropertyDescriptor(object, key);
  if (descriptor === undefined) return false;
  const { value } = descriptor as { value: unknown };
  if (!("value" in descriptor)) {
    throw refusal(
      new Place(undefined, place, key),
      "is an accessor: stored, it would come back as what it returns now",
    );
  }
  if (!descriptor.enumerable) {
    throw refusal(
      new Place(undefined, place, key),
      "is not enumerable: stored, it would be missing",
    );
  }
  if (!isAtom(value)) places.push(new Place(value, place, key));
  return true;
}

function addElements(place: Place, array: unknown[], places: Place[]): void {
  const { length } = array;
  const first = places.length;
  if (length > LONG && hasNoFurtherKeys(array, () => new Array<unknown>(length))) {
    let holes = 0;
    let i = 0;
    for (; i < length && holes <= LONG + i / 2; i++)
      if (!addProperty(place, array, i, places)) holes++;
    if (i === length) return;
    // So sparse a list is read by its keys, as it may be billions of elements long.
    places.length = first;
  }
  const keys = ownKeys(array);
  addProperties(
    place,
    array,
    keys.filter((key) => key !== "length"),
    places,
  );
}

function addItems(
  place: Place,
  collection: Map<unknown, unknown> | Set<unknown>,
  name: "Map" | "Set",
  places: Place[],
): void {
  let i = 0;
  const add = (value: unknown, key: unknown): void => {
    if (name === "Map" && !isAtom(key)) places.push(new Place(key, place, i, "key"));
    if (!isAtom(value)) places.push(new Place(value, place, i, name === "Map" ? "value" : "item"));
    i++;
  };
  apply(name === "Map" ? forEachOfMap : forEachOfSet, collection, [add as never]);
}

/** It has to be what its prototype says, with that many own properties. */
function checkBare(place: Place, object: object, name: string, count: number): void {
  if (brandOf(object) !== name) throw otherPrototype(place, object, name);
  if (ownKeys(object).length > count) throw ownProperty(place, name);
}
