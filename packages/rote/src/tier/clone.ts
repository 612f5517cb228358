/**
 * Values as bytes and back, by V8's serialisation: docs/design/0013-envelope.md, "Payload". What it would
 * change is refused before (storable.ts). Views are written in a form of our own, and each is
 * read into memory of its own.
 */
import { RoteError } from "../errors.ts";
import { isStackOverflow } from "../run/overflow.ts";
import { brandOf } from "./brand.ts";
import { builtinModule } from "./builtin.ts";
import type { MissReason } from "./envelope.ts";

interface Serializer {
  _setTreatArrayBufferViewsAsHostObjects(areHostObjects: boolean): void;
  writeHeader(): void;
  writeValue(value: unknown): void;
  writeUint32(value: number): void;
  writeRawBytes(bytes: Uint8Array): void;
  releaseBuffer(): Uint8Array;
}

interface Deserializer {
  readHeader(): void;
  readValue(): unknown;
  readUint32(): number;
  readRawBytes(length: number): Uint8Array;
}

interface V8 {
  Serializer: new () => Serializer;
  Deserializer: new (bytes: Uint8Array) => Deserializer;
}

interface Engine {
  /** Of the serialisation; written into every payload. */
  readonly version: number;
  readonly Serializer: new () => Serializer;
  readonly Deserializer: new (bytes: Uint8Array) => Deserializer;
}

type Reviver = new (buffer: ArrayBuffer) => ArrayBufferView;

/** By their numbers in the format: new ones are added at the end. */
const VIEWS: readonly string[] = [
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
  "DataView",
  "Float16Array",
];

interface Platform {
  Buffer?: { prototype: object; from(buffer: ArrayBuffer): ArrayBufferView };
}

/** Thrown by the reader for what only a newer one knows. */
const NEWER = Symbol();

let engine: Engine | undefined;

function numberOfView(view: ArrayBufferView): number {
  const { Buffer } = globalThis as Platform;
  if (Buffer !== undefined && Object.getPrototypeOf(view) === Buffer.prototype) return 0;
  return VIEWS.indexOf(brandOf(view));
}

function makeView(number: number, bytes: Uint8Array): ArrayBufferView {
  const name = VIEWS[number] ?? "";
  const { Buffer } = globalThis as Platform;
  const type = (globalThis as unknown as { [name: string]: Reviver | undefined })[name];
  // Among them a type that this engine is too old for.
  if (type === undefined) throw NEWER;
  const { buffer } = Uint8Array.from(bytes);
  return number === 0 && Buffer !== undefined ? Buffer.from(buffer) : new type(buffer);
}

function findEngine(): Engine {
  if (engine !== undefined) return engine;
  const v8 = builtinModule<Partial<V8>>("node:v8");
  if (v8?.Serializer === undefined || v8.Deserializer === undefined) {
    throw new RoteError(
      "ERR_UNSUPPORTED",
      "To store results, rote needs the Serializer of node:v8, which this platform does not have: Node 20.16 or newer has it. Memoize without a store here.",
    );
  }
  class ViewSerializer extends v8.Serializer {
    constructor() {
      super();
      // Node's own name for it.
      // oxlint-disable-next-line eslint/no-underscore-dangle
      this._setTreatArrayBufferViewsAsHostObjects(true);
    }
    _writeHostObject(object: ArrayBufferView): void {
      const number = ArrayBuffer.isView(object) ? numberOfView(object) : -1;
      if (number < 0) throw new TypeError("an object of the platform");
      this.writeUint32(number);
      this.writeUint32(object.byteLength);
      this.writeRawBytes(new Uint8Array(object.buffer, object.byteOffset, object.byteLength));
    }
  }
  class ViewDeserializer extends v8.Deserializer {
    _readHostObject(): ArrayBufferView {
      const number = this.readUint32();
      return makeView(number, this.readRawBytes(this.readUint32()));
    }
  }
  const empty = new v8.Serializer();
  empty.writeHeader();
  const version = empty.releaseBuffer()[1] as number;
  return (engine = { version, Serializer: ViewSerializer, Deserializer: ViewDeserializer });
}

/** A payload, and the version of its form. */
export interface Clone {
  readonly cloneVersion: number;
  readonly payload: Uint8Array;
}

/**
 * A value that `checkStorable` lets pass, as bytes.
 *
 * @throws {RoteError} `ERR_NOT_STORABLE` for what V8 refuses all the same, and where the stack has no
 * room left to write it; `ERR_UNSUPPORTED` where there is no V8 to ask.
 */
export function serialise(value: unknown): Clone {
  const { version, Serializer } = findEngine();
  const serializer = new Serializer();
  try {
    serializer.writeHeader();
    serializer.writeValue(value);
    return { cloneVersion: version, payload: serializer.releaseBuffer() };
  } catch (error) {
    // Its sentence shows a part of the value, so it is no cause either.
    throw new RoteError(
      "ERR_NOT_STORABLE",
      isStackOverflow(error)
        ? "The stack is too full to store a result here. Call the function from less deep."
        : "The result, or a part of it, cannot be stored: node:v8 refuses it. Return plain data, or say how to store it with options.encode and options.decode.",
    );
  }
}

/**
 * The value of a payload whose checksum is right. Runs no code that the payload names.
 *
 * @throws {RoteError} `ERR_UNSUPPORTED` where there is no V8 to ask, and nothing else.
 */
export function deserialise({ cloneVersion, payload }: Clone): { value: unknown } | MissReason {
  const { version, Deserializer } = findEngine();
  if (cloneVersion > version) return "newer";
  if (payload[0] !== 0xff || payload[1] !== cloneVersion) return "damaged";
  try {
    const deserializer = new Deserializer(payload);
    deserializer.readHeader();
    return { value: deserializer.readValue() };
  } catch (error) {
    if (error === NEWER) return "newer";
    return isStackOverflow(error) ? "no room" : "damaged";
  }
}
