/**
 * Envelopes: what a stored entry is, in bytes. Format and reasons: docs/design/0013-envelope.md; change both together.
 *
 * 1. What is read is what was written, or a reason. Reading throws for no bytes whatever.
 * 2. Nothing but the frame is believed before the checksum. The frame is that of every version to come,
 *    so a newer envelope is told from a damaged one.
 * 3. The payload is opaque here. Whoever reads it gets it only with the right checksum.
 */
import { RoteError } from "../errors.ts";
import { show } from "../options.ts";
import { crc32 } from "./crc32.ts";

/**
 * What the payload is: what the run has returned, what the user's `encode` made of that, what the run
 * has thrown, or the description of an error that it has thrown.
 */
export type PayloadKind = "result" | "encoded" | "failure" | "error";

/** A stored entry. Instants are epoch milliseconds, durations milliseconds. */
export interface Envelope {
  readonly kind: PayloadKind;
  /** Whether the run has returned a promise, which brought this. */
  readonly isPromised?: boolean;
  /** When the run finished. */
  readonly createdAt: number;
  /** From when on the entry is not returned any more; `Infinity` for never. */
  readonly expiresAt: number;
  /** What the run took; `undefined` if it was not measured. */
  readonly runTime: number | undefined;
  readonly tags: readonly string[];
  /** The canonical form of the call. */
  readonly argumentBytes: Uint8Array;
  /** The version of V8's serialisation. */
  readonly cloneVersion: number;
  readonly payload: Uint8Array;
}

/** Why an envelope was not read. */
export type MissReason =
  /** It ends too early. */
  | "truncated"
  /** It is none. */
  | "foreign"
  /** It is not as it was written, or was written wrongly. */
  | "damaged"
  /** A newer rote, or a newer engine, has written it. */
  | "newer"
  /** It belongs to another call, which has the same address. */
  | "other arguments"
  /** The function had `encode` when it was written and has not now, or the other way round. */
  | "other codec"
  | "expired"
  /** The stack is so full that the value cannot be read just here. */
  | "no room";

/** What can never be read again: a store removes it. All else may be of use to somebody. */
export const REMOVED: ReadonlySet<MissReason> = new Set(["truncated", "damaged", "expired"]);

const MAGIC = 0x65746f72;
const VERSION = 1;
const FRAME_LENGTH = 16;
const HEADER_LENGTH = 56;
/** What Node can hold in one piece, with room to spare. */
const LONGEST = 2 ** 31 - 1;
const LONGEST_TAG = 0xffff;

const FAILURE = 1;
const DESCRIBED = 2;
const ENCODED = 4;
const PROMISED = 16;
const KNOWN_FLAGS: number = FAILURE | DESCRIBED | ENCODED | PROMISED;

const FLAGS: { readonly [kind in PayloadKind]: number } = {
  result: 0,
  encoded: ENCODED,
  failure: FAILURE,
  error: FAILURE | DESCRIBED,
};

const KINDS = Object.keys(FLAGS) as readonly PayloadKind[];

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

/** Of everything but itself. */
function checksumOf(bytes: Uint8Array): number {
  return crc32(bytes.subarray(8), crc32(bytes.subarray(0, 4)));
}

function isInstant(value: number): boolean {
  return value > -Infinity;
}

function isMeasured(runTime: number): boolean {
  return runTime >= 0 && runTime < Infinity;
}

/**
 * The envelope as bytes.
 *
 * @throws {RoteError} `ERR_INVALID_ARGUMENT` for a time or a tag that the format has no place for,
 * `ERR_NOT_STORABLE` for more than 2³¹ − 1 bytes.
 */
export function pack(envelope: Envelope): Uint8Array<ArrayBuffer> {
  const { createdAt, expiresAt, runTime, tags, argumentBytes, payload } = envelope;
  if (!isInstant(createdAt) || createdAt === Infinity)
    throw invalid("createdAt", "a finite instant in epoch milliseconds", createdAt);
  if (!isInstant(expiresAt))
    throw invalid(
      "expiresAt",
      "an instant in epoch milliseconds, or Infinity for never",
      expiresAt,
    );
  if (runTime !== undefined && !isMeasured(runTime))
    throw invalid("runTime", "finite milliseconds, 0 or more, or undefined", runTime);
  let tagsLength = 0;
  for (const tag of tags) {
    if (typeof tag !== "string" || tag.length > LONGEST_TAG)
      throw invalid("a tag", `a text of at most ${LONGEST_TAG} characters`, tag);
    tagsLength += 2 + 2 * tag.length;
  }
  const length = HEADER_LENGTH + tagsLength + argumentBytes.length + payload.length;
  if (length > LONGEST) {
    throw new RoteError(
      "ERR_NOT_STORABLE",
      `A stored entry has at most ${LONGEST} bytes, with its arguments and tags; this one would have ${length}. Return less, or store a shorter form with options.encode and options.decode.`,
    );
  }

  const bytes = new Uint8Array(length);
  const view = viewOf(bytes);
  view.setUint32(0, MAGIC, true);
  view.setUint32(8, length, true);
  view.setUint16(12, VERSION, true);
  view.setUint16(14, FLAGS[envelope.kind] | (envelope.isPromised === true ? PROMISED : 0), true);
  view.setFloat64(16, createdAt, true);
  view.setFloat64(24, expiresAt, true);
  view.setFloat64(32, runTime ?? -1, true);
  view.setUint32(40, tagsLength, true);
  view.setUint32(44, argumentBytes.length, true);
  view.setUint32(48, payload.length, true);
  view.setUint32(52, envelope.cloneVersion, true);
  let at = HEADER_LENGTH;
  for (const tag of tags) {
    view.setUint16(at, tag.length, true);
    at += 2;
    for (let i = 0; i < tag.length; i++, at += 2) view.setUint16(at, tag.charCodeAt(i), true);
  }
  bytes.set(argumentBytes, at);
  bytes.set(payload, at + argumentBytes.length);
  view.setUint32(4, checksumOf(bytes), true);
  return bytes;
}

function kindOf(flags: number): PayloadKind | undefined {
  for (const kind of KINDS) if (FLAGS[kind] === flags) return kind;
  return undefined;
}

function invalid(what: string, rule: string, value: unknown): RoteError {
  return new RoteError(
    "ERR_INVALID_ARGUMENT",
    `${what} of a stored entry must be ${rule}; received ${show(value)}. Correct what the store was given.`,
    { value },
  );
}

/**
 * Reads an envelope, or says why not. Sections are windows onto `bytes`, nothing is copied.
 *
 * @param argumentBytes - Those of the call; an envelope with others belongs to another call.
 * @param now - The present. To accept what is past its expiry by so much, take that off.
 * @param isEncoded - Whether results have to be decoded by the user's `decode`.
 */
export function open(
  bytes: Uint8Array,
  argumentBytes: Uint8Array,
  now: number,
  isEncoded = false,
): Envelope | MissReason {
  const envelope = read(bytes);
  if (typeof envelope === "string") return envelope;
  if (!areEqual(envelope.argumentBytes, argumentBytes)) return "other arguments";
  if (envelope.kind === (isEncoded ? "result" : "encoded")) return "other codec";
  return now < envelope.expiresAt ? envelope : "expired";
}

/** Reads what is right in itself, whatever the call and the present. */
export function read(bytes: Uint8Array): Envelope | MissReason {
  if (bytes.length < FRAME_LENGTH) return isBeginning(bytes) ? "truncated" : "foreign";
  const view = viewOf(bytes);
  if (view.getUint32(0, true) !== MAGIC) return "foreign";
  const length = view.getUint32(8, true);
  if (bytes.length < length) return "truncated";
  if (bytes.length > length || view.getUint32(4, true) !== checksumOf(bytes)) return "damaged";

  const version = view.getUint16(12, true);
  const flags = view.getUint16(14, true);
  if (version > VERSION || (version === VERSION && (flags & ~KNOWN_FLAGS) !== 0)) return "newer";
  if (version < VERSION || length < HEADER_LENGTH) return "damaged";
  const kind = kindOf(flags & ~PROMISED);
  if (kind === undefined) return "damaged";

  const createdAt = view.getFloat64(16, true);
  const expiresAt = view.getFloat64(24, true);
  const runTime = view.getFloat64(32, true);
  if (!isInstant(createdAt) || createdAt === Infinity || !isInstant(expiresAt)) return "damaged";
  if (runTime !== -1 && !isMeasured(runTime)) return "damaged";

  const tagsEnd = HEADER_LENGTH + view.getUint32(40, true);
  const argumentsEnd = tagsEnd + view.getUint32(44, true);
  if (argumentsEnd + view.getUint32(48, true) !== length) return "damaged";
  const tags = readTags(view, tagsEnd);
  if (tags === undefined) return "damaged";
  return {
    kind,
    isPromised: (flags & PROMISED) !== 0,
    createdAt,
    expiresAt,
    runTime: runTime === -1 ? undefined : runTime,
    tags,
    argumentBytes: bytes.subarray(tagsEnd, argumentsEnd),
    cloneVersion: view.getUint32(52, true),
    payload: bytes.subarray(argumentsEnd),
  };
}

/** Whether bytes that are too few begin as an envelope does. */
function isBeginning(bytes: Uint8Array): boolean {
  return bytes.subarray(0, 4).every((byte, i) => byte === ((MAGIC >>> (8 * i)) & 0xff));
}

function readTags(view: DataView, end: number): string[] | undefined {
  const tags: string[] = [];
  for (let at = HEADER_LENGTH; at < end;) {
    if (at + 2 > end) return undefined;
    const tagEnd = at + 2 + 2 * view.getUint16(at, true);
    if (tagEnd > end) return undefined;
    let tag = "";
    for (at += 2; at < tagEnd; at += 2) tag += String.fromCharCode(view.getUint16(at, true));
    tags.push(tag);
  }
  return tags;
}

function areEqual(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  for (let i = 0; i < left.length; i++) if (left[i] !== right[i]) return false;
  return true;
}
