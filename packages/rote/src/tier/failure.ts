/**
 * What a run has thrown, as data and back: docs/design/0013-envelope.md, "Described errors".
 *
 * An error of the language comes back as one of its type with all of its own properties, whatever they
 * lead to. One of another class is refused: no `instanceof` would know it again.
 */
import { isStackOverflow } from "../run/overflow.ts";
import { brandOf, builtinOf, classNameOf, util } from "./brand.ts";
import type { MissReason } from "./envelope.ts";
import { Place, refusal } from "./place.ts";
import { checkPlace } from "./storable.ts";

/** `[form, value]`: with 0 the value itself, with 1 the number of a description. */
type Reference = readonly [form: 0 | 1, value: unknown];
/** With 2, the value is a list of references. */
type Property = readonly [name: string, isEnumerable: boolean, form: 0 | 1 | 2, value: unknown];
/** Of one error. */
type Description = readonly [type: string, properties: readonly Property[]];

const { defineProperty, getOwnPropertyDescriptor, getPrototypeOf } = Object;
const { ownKeys } = Reflect;

const TYPES: readonly string[] = [
  "Error",
  "EvalError",
  "RangeError",
  "ReferenceError",
  "SyntaxError",
  "TypeError",
  "URIError",
  "AggregateError",
];

const REMEDY =
  "Throw an Error, with what callers have to know as a property such as code, or leave out rememberErrors.";

/** Whether it is stored by its description rather than as a value. */
export function isError(thrown: unknown): thrown is object {
  return (
    typeof thrown === "object" &&
    thrown !== null &&
    !util().types.isProxy(thrown) &&
    brandOf(thrown) === "Error"
  );
}

/**
 * The description of an error and of all that it leads to by properties that are errors, and by the
 * list of an `AggregateError`.
 *
 * @throws {RoteError} `ERR_NOT_STORABLE`, with the path to what cannot be stored.
 */
export function describeError(thrown: object): Description[] {
  const numbers = new Map<object, number>([[thrown, 0]]);
  const places = [new Place(thrown, null, "error")];
  const numberOf = (error: object, place: Place): number => {
    const known = numbers.get(error);
    if (known !== undefined) return known;
    numbers.set(error, places.length);
    return places.push(place) - 1;
  };
  const refer = (value: unknown, place: Place): Reference => {
    if (isError(value)) return [1, numberOf(value, place)];
    checkPlace(place);
    return [0, value];
  };
  const describe = (place: Place): Description => {
    const error = place.value as object;
    const type = typeOf(error, place);
    const properties = ownKeys(error).map((key): Property => {
      const value = readProperty(error, key, place);
      const name = key as string;
      const isEnumerable = getOwnPropertyDescriptor(error, key)?.enumerable === true;
      const part = new Place(value, place, name);
      if (type !== "AggregateError" || name !== "errors" || !isPlainList(value))
        return [name, isEnumerable, ...refer(value, part)];
      const list = value.map((each, i) => refer(each, new Place(each, part, i)));
      return [name, isEnumerable, 2, list];
    });
    return [type, properties];
  };
  const descriptions: Description[] = [];
  // It grows on the way.
  for (const place of places) descriptions.push(describe(place));
  return descriptions;
}

function typeOf(error: object, place: Place): string {
  const prototype = getPrototypeOf(error) as object | null;
  const type = prototype === null ? "" : builtinOf(prototype);
  if (TYPES.includes(type)) return type;
  const name = prototype === null ? "" : classNameOf(prototype);
  throw refusal(
    place,
    `is an instance of ${name === "" ? "a class without a name" : name}: stored, it would come back as a plain Error`,
    REMEDY,
  );
}

function readProperty(error: object, key: PropertyKey, place: Place): unknown {
  if (typeof key === "symbol")
    throw refusal(place, "has a property whose name is a symbol, which cannot be stored", REMEDY);
  const { value, get } = getOwnPropertyDescriptor(error, key) as PropertyDescriptor;
  if (get === undefined) return value;
  // Newer engines have an accessor of their own there, the same for all errors of a realm.
  if (key === "stack" && /^function \w*\(\) \{\s*\[native code\]\s*\}$/.test(textOf(get)))
    return (error as Error).stack;
  throw refusal(new Place(undefined, place, key), "is an accessor, which cannot be stored", REMEDY);
}

function textOf(method: () => unknown): string {
  return Function.prototype.toString.call(method);
}

/** Whether it is an array of values and nothing else, so that it can be made again from them. */
function isPlainList(value: unknown): value is unknown[] {
  if (!Array.isArray(value) || util().types.isProxy(value)) return false;
  const prototype = getPrototypeOf(value) as object | null;
  const keys = ownKeys(value);
  return (
    prototype !== null &&
    builtinOf(prototype) === "Array" &&
    keys.length === value.length + 1 &&
    keys.every((key, i) => key === "length" || (key === String(i) && isData(value, i)))
  );
}

function isData(object: object, key: PropertyKey): boolean {
  const descriptor = getOwnPropertyDescriptor(object, key);
  return descriptor?.enumerable === true && "value" in descriptor;
}

/** Thrown for a description that is none; caught by whoever reads. */
class NoDescription extends Error {}

/** The error that was described, or why it cannot be made. */
export function reviveError(described: unknown): { value: unknown } | MissReason {
  try {
    const descriptions = described as Description[];
    const unknown = descriptions.find(([type]) => !TYPES.includes(type));
    if (unknown !== undefined) return typeof unknown[0] === "string" ? "newer" : "damaged";
    const errors = descriptions.map(([type]) => makeError(type));
    const resolve = ([form, value]: Reference): unknown => {
      if (form === 0) return value;
      if (form !== 1 || typeof value !== "number" || errors[value] === undefined)
        throw new NoDescription();
      return errors[value];
    };
    descriptions.forEach(([, properties], i) => {
      for (const [name, isEnumerable, form, value] of properties) {
        defineProperty(errors[i] as object, name, {
          value: form === 2 ? (value as Reference[]).map(resolve) : resolve([form, value]),
          enumerable: isEnumerable,
          writable: true,
          configurable: true,
        });
      }
    });
    return errors.length === 0 ? "damaged" : { value: errors[0] };
  } catch (error) {
    return isStackOverflow(error) ? "no room" : "damaged";
  }
}

/** An error of that type, without the properties that every new one has. */
function makeError(type: string): object {
  const Type = (globalThis as unknown as { [name: string]: new (errors: []) => object })[type]!;
  const error = new Type([]);
  for (const key of ownKeys(error)) Reflect.deleteProperty(error, key);
  return error;
}
