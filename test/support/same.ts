/**
 * Whether a value that was stored and read again is the same in all that a program can see of it,
 * apart from what storing does not promise: identity, realm, frozenness, and memory shared by views.
 *
 * Stricter than the equality of keys: it compares prototypes, the order of keys, and what is hidden.
 */
import { types } from "node:util";

/** Where the two differ first, in words; `undefined` where they do not. */
export function findDifference(left: unknown, right: unknown): string | undefined {
  const partnerOfLeft = new Map<object, object>();
  const partnerOfRight = new Map<object, object>();
  const pairs: [unknown, unknown, string][] = [[left, right, "value"]];
  for (let pair = pairs.pop(); pair !== undefined; pair = pairs.pop()) {
    const [a, b, path] = pair;
    if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) {
      if (!Object.is(a, b)) return `${path} is another value`;
      continue;
    }
    if (partnerOfLeft.has(a) || partnerOfRight.has(b)) {
      if (partnerOfLeft.get(a) !== b || partnerOfRight.get(b) !== a) return `${path} is not shared`;
      continue;
    }
    partnerOfLeft.set(a, b);
    partnerOfRight.set(b, a);

    const difference = findOwnDifference(a, b);
    if (difference !== undefined) return `${path} ${difference}`;
    const partsOfB = slotsOf(b);
    slotsOf(a).forEach((slot, i) => pairs.push([slot, partsOfB[i], `${path}(${i})`]));
    for (const key of Reflect.ownKeys(a)) {
      if (types.isTypedArray(a) && typeof key === "string" && /^\d+$/.test(key)) continue;
      pairs.push([Reflect.get(a, key), Reflect.get(b, key), `${path}.${String(key)}`]);
    }
  }
  return undefined;
}

function findOwnDifference(a: object, b: object): string | undefined {
  if (types.isProxy(a) !== types.isProxy(b)) return "is or was a proxy";
  if (brandOf(a) !== brandOf(b)) return `was ${brandOf(a)} and is ${brandOf(b)}`;
  if (brandOf(a) === "unknown") return "is nothing that can be compared";
  if (!areSamePrototypes(Object.getPrototypeOf(a), Object.getPrototypeOf(b)))
    return "has another prototype";
  if (slotsOf(a).length !== slotsOf(b).length) return "has another size";
  const keys = Reflect.ownKeys(a);
  const keysOfB = Reflect.ownKeys(b);
  if (keys.length !== keysOfB.length) return "has more or less keys";
  for (const [i, key] of keys.entries()) {
    if (key !== keysOfB[i]) return `has another key at ${i}`;
    const ofA = Object.getOwnPropertyDescriptor(a, key);
    const ofB = Object.getOwnPropertyDescriptor(b, key);
    if (ofA?.enumerable !== ofB?.enumerable) return `hides ${String(key)}, or shows it`;
    if ((ofA?.get ?? ofA?.set) !== undefined || (ofB?.get ?? ofB?.set) !== undefined)
      return `has an accessor ${String(key)}`;
  }
  return undefined;
}

/** Each is the same object, or a prototype that this and another realm call by one name. */
function areSamePrototypes(a: object | null, b: object | null): boolean {
  if (a === b) return true;
  if (a === null || b === null) return false;
  const name = nativeName(a);
  return name !== undefined && name === nativeName(b);
}

function nativeName(prototype: object): string | undefined {
  const type: unknown = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
  if (typeof type !== "function" || type.prototype !== prototype) return undefined;
  return /^function (\w+)\(\) \{ \[native code\] \}$/.exec(
    Function.prototype.toString.call(type),
  )?.[1];
}

function brandOf(object: object): string {
  if (Array.isArray(object)) return "Array";
  if (types.isDate(object)) return "Date";
  if (types.isRegExp(object)) return "RegExp";
  if (types.isMap(object)) return "Map";
  if (types.isSet(object)) return "Set";
  if (types.isArrayBuffer(object)) return "ArrayBuffer";
  if (types.isTypedArray(object)) return object[Symbol.toStringTag];
  if (types.isDataView(object)) return "DataView";
  if (types.isBoxedPrimitive(object)) return `boxed ${typeof object.valueOf()}`;
  const isUnknown =
    types.isNativeError(object) ||
    types.isPromise(object) ||
    types.isArgumentsObject(object) ||
    types.isSharedArrayBuffer(object) ||
    types.isWeakMap(object) ||
    types.isWeakSet(object) ||
    types.isGeneratorObject(object);
  return isUnknown ? "unknown" : "Object";
}

/** What it is made of besides its properties. */
function slotsOf(object: object): unknown[] {
  if (types.isDate(object)) return [Date.prototype.getTime.call(object)];
  if (types.isRegExp(object)) return [object.source, object.flags];
  if (types.isMap(object)) return [...Map.prototype.entries.call(object)].flat();
  if (types.isSet(object)) return [...Set.prototype.values.call(object)];
  if (types.isArrayBuffer(object)) {
    const { resizable, maxByteLength } = object as { resizable?: boolean; maxByteLength?: number };
    return [resizable, maxByteLength, hex(object, 0, object.byteLength)];
  }
  if (types.isTypedArray(object) || types.isDataView(object)) {
    const { buffer, byteOffset, byteLength } = object;
    const { resizable } = buffer as { resizable?: boolean };
    return [types.isSharedArrayBuffer(buffer), resizable, hex(buffer, byteOffset, byteLength)];
  }
  if (types.isBoxedPrimitive(object)) return [object.valueOf()];
  return [];
}

function hex(buffer: ArrayBufferLike, offset: number, length: number): string {
  return Buffer.from(buffer as ArrayBuffer, offset, length).toString("hex");
}
