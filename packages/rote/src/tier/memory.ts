/** Views and their memory, and what is too long to be asked for all of its keys. */
import { brandOf, util } from "./brand.ts";
import { otherPrototype, ownProperty } from "./odd-prototype.ts";
import { type Place, refusal } from "./place.ts";

/** Longer lists and views are not asked for all of their keys, which costs tens of times as much as to store them. */
export const LONG: number = 64;

const { getOwnPropertyDescriptor, getOwnPropertySymbols, getPrototypeOf, hasOwn } = Object;
const { apply, ownKeys } = Reflect;

type Method = (this: unknown, ...args: never[]) => unknown;

function getterOf(prototype: object, name: string): Method | undefined {
  return getOwnPropertyDescriptor(prototype, name)?.get;
}
const [bufferOf, offsetOf, lengthOf] = ["buffer", "byteOffset", "length"].map((name) =>
  getterOf(getPrototypeOf(Uint8Array.prototype) as object, name),
) as [Method, Method, Method];
const isResizable = getterOf(ArrayBuffer.prototype, "resizable");

/**
 * Whether something long has no other keys than its elements and those that `twin`, which is like it,
 * has as well. Nothing in the language says so without making a text of every index; `inspect` does.
 */
export function hasNoFurtherKeys(long: object, makeTwin: () => object): boolean {
  // What it is called is all that inspect would run code for.
  if (getOwnPropertySymbols(long).length > 0 || hasOwn(long, "constructor")) return false;
  const { inspect } = util();
  const options = { maxArrayLength: 0, showHidden: true, customInspect: false, depth: 0 };
  return inspect(long, options) === inspect(makeTwin(), options);
}

/** It has to have its elements and nothing else, in ordinary memory. */
export function checkTypedArray(place: Place, object: object, name: string): void {
  if (brandOf(object) !== (name === "Buffer" ? "Uint8Array" : name))
    throw otherPrototype(place, object, name);
  const [buffer, offset, length] = [bufferOf, offsetOf, lengthOf].map((get) =>
    apply(get, object, []),
  ) as [ArrayBuffer, number, number];
  // First, because no other view can be had of memory that is gone.
  checkMemory(place, buffer);
  if (length > LONG && hasNoFurtherKeys(object, () => makeTwin(name, buffer, offset, length)))
    return;
  if (ownKeys(object).length > length) throw ownProperty(place, name);
}

interface Platform {
  Buffer: { from(buffer: ArrayBuffer, offset: number, length: number): object };
}

type ViewType = new (buffer: ArrayBuffer, offset: number, length: number) => object;

function makeTwin(name: string, buffer: ArrayBuffer, offset: number, length: number): object {
  const { Buffer } = globalThis as unknown as Platform;
  if (name === "Buffer") return Buffer.from(buffer, offset, length);
  return new (globalThis as unknown as { [name: string]: ViewType })[name]!(buffer, offset, length);
}

/** The memory of a view has to be ordinary memory. */
export function checkMemory(place: Place, buffer: ArrayBufferLike): void {
  const isShared = util().types.isSharedArrayBuffer(buffer);
  const isOrdinary = !isShared && (isResizable === undefined || !apply(isResizable, buffer, []));
  if (isOrdinary) return checkAttached(place, buffer as ArrayBuffer);
  throw refusal(
    place,
    `is a view of ${isShared ? "shared" : "resizable"} memory: stored, it would come back with memory that is not`,
    "Return a copy such as view.slice(), or say how to store it with options.encode and options.decode.",
  );
}

export function checkAttached(place: Place, buffer: ArrayBuffer): void {
  try {
    new Uint8Array(buffer);
  } catch {
    throw refusal(place, "has been transferred to somebody else, and cannot be stored");
  }
}
