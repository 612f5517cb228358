/** What an object is by its internal slots and by its prototype. They may disagree, and V8 asks the slots alone. */
import { RoteError } from "../errors.ts";
import { nativeNameOf } from "../key/kind.ts";
import { builtinModule } from "./builtin.ts";

type Is = (value: unknown) => boolean;

interface Types {
  readonly isProxy: Is;
  readonly isDate: Is;
  readonly isRegExp: Is;
  readonly isMap: Is;
  readonly isSet: Is;
  readonly isArrayBuffer: Is;
  readonly isSharedArrayBuffer: Is;
  readonly isNativeError: Is;
  readonly isBoxedPrimitive: Is;
}

/** What rote needs of `node:util`. */
export interface Util {
  readonly types: Types;
  inspect(value: unknown, options: object): string;
}

let found: Util | undefined;

/** `node:util`: only it knows an object by its slots without calling what the object may have overridden. */
export function util(): Util {
  found ??= builtinModule<Util>("node:util");
  if (found !== undefined) return found;
  throw new RoteError(
    "ERR_UNSUPPORTED",
    "To store results, rote needs node:util, which this platform does not have: Node 20.16 or newer has it. Memoize without a store here.",
  );
}

const { getOwnPropertyDescriptor, getPrototypeOf } = Object;
const { toString } = Object.prototype;
const { apply } = Reflect;

type Get = (this: unknown) => unknown;
const viewTag = getOwnPropertyDescriptor(
  getPrototypeOf(Uint8Array.prototype) as object,
  Symbol.toStringTag,
)?.get as Get;

/** The name of the built-in that it is: `"Object"` for what is none of those that V8 tells apart. */
export function brandOf(object: object): string {
  const { types } = util();
  if (Array.isArray(object)) return "Array";
  if (ArrayBuffer.isView(object))
    return (apply(viewTag, object, []) as string | undefined) ?? "DataView";
  if (types.isDate(object)) return "Date";
  if (types.isRegExp(object)) return "RegExp";
  if (types.isMap(object)) return "Map";
  if (types.isSet(object)) return "Set";
  if (types.isArrayBuffer(object)) return "ArrayBuffer";
  if (types.isSharedArrayBuffer(object)) return "SharedArrayBuffer";
  if (types.isNativeError(object)) return "Error";
  // The tag of a box is that of its slot, unless it is of a symbol or a bigint, or overridden.
  if (types.isBoxedPrimitive(object)) return boxBrand(object);
  return "Object";
}

function boxBrand(box: object): string {
  for (const type of [Number, String, Boolean, BigInt, Symbol]) {
    try {
      apply(type.prototype.valueOf as Get, box, []);
      return type.name;
    } catch {
      // It is another box.
    }
  }
  return "Object";
}

/** The same answer as `brandOf(object) === "Object"`, for objects with no tag of their own, in a third of the time. */
export function isOrdinary(object: object): boolean {
  const { types } = util();
  return (
    apply(toString, object, []) === "[object Object]" &&
    !types.isMap(object) &&
    !types.isSet(object) &&
    !types.isArrayBuffer(object) &&
    !types.isSharedArrayBuffer(object) &&
    !ArrayBuffer.isView(object)
  );
}

const names = new WeakMap<object, string>();

/** The name of the built-in whose objects have this prototype, in any realm; `""` for none. */
export function builtinOf(prototype: object): string {
  let name = names.get(prototype);
  if (name !== undefined) return name;
  const { Buffer } = globalThis as { Buffer?: { prototype: object } };
  name = prototype === Buffer?.prototype ? "Buffer" : (nativeNameOf(prototype) ?? "");
  names.set(prototype, name);
  return name;
}

/** What the class is called whose instances have this prototype; `""` if nothing says so. No code of it is run. */
export function classNameOf(prototype: object): string {
  const type: unknown = getOwnPropertyDescriptor(prototype, "constructor")?.value;
  const name: unknown =
    typeof type === "function" ? getOwnPropertyDescriptor(type, "name")?.value : undefined;
  return typeof name === "string" ? name : "";
}
