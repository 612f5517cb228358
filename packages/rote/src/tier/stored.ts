/** Results and failures as stored entries: values in envelopes. */
import { deserialise, serialise } from "./clone.ts";
import { type Envelope, type MissReason, open, pack } from "./envelope.ts";
import { describeError, isError, reviveError } from "./failure.ts";
import { checkStorable } from "./storable.ts";

/** What is stored besides the value. */
export type About = Pick<
  Envelope,
  "isPromised" | "createdAt" | "expiresAt" | "runTime" | "tags" | "argumentBytes"
>;

/** What was stored: what the run has returned or, of a failure, thrown. */
export interface Stored extends About {
  readonly isFailure: boolean;
  /** With `isEncoded`, what the user's `encode` made of the result. */
  readonly value: unknown;
}

/**
 * A result as bytes; with `isEncoded`, what the user's `encode` made of one.
 *
 * @throws {RoteError} `ERR_NOT_STORABLE` for what would come back different, with the path to it;
 * `ERR_INVALID_ARGUMENT` for a time or a tag that the format has no place for; `ERR_UNSUPPORTED`
 * where there is no `node:v8`.
 */
export function packResult(
  value: unknown,
  about: About,
  isEncoded = false,
): Uint8Array<ArrayBuffer> {
  checkStorable(value, isEncoded ? "encode(result)" : "result");
  return pack({ ...about, ...serialise(value), kind: isEncoded ? "encoded" : "result" });
}

/**
 * What a run has thrown, as bytes: errors of the language with all of their properties, all else as a
 * result would be.
 *
 * @throws {RoteError} As `packResult`; `ERR_NOT_STORABLE` also for errors of other classes.
 */
export function packFailure(thrown: unknown, about: About): Uint8Array<ArrayBuffer> {
  if (isError(thrown))
    return pack({ ...about, ...serialise(describeError(thrown)), kind: "error" });
  checkStorable(thrown, "error");
  return pack({ ...about, ...serialise(thrown), kind: "failure" });
}

/**
 * Reads a stored entry, or says why that cannot be. Whatever the bytes are, it throws nothing and runs
 * no code that they name.
 *
 * @param argumentBytes - The canonical form of the call.
 * @param now - The present in epoch milliseconds; to accept what is past its expiry by so much, take that off.
 * @param isEncoded - Whether the function has `decode`.
 * @throws {RoteError} `ERR_UNSUPPORTED` where there is no `node:v8`.
 */
export function openStored(
  bytes: Uint8Array,
  argumentBytes: Uint8Array,
  now: number,
  isEncoded = false,
): Stored | MissReason {
  const envelope = open(bytes, argumentBytes, now, isEncoded);
  if (typeof envelope === "string") return envelope;
  const { kind, isPromised = false, createdAt, expiresAt, runTime, tags } = envelope;
  let read = deserialise(envelope);
  if (kind === "error" && typeof read !== "string") read = reviveError(read.value);
  if (typeof read === "string") return read;
  return {
    isFailure: kind === "failure" || kind === "error",
    value: read.value,
    isPromised,
    createdAt,
    expiresAt,
    runTime,
    tags,
    argumentBytes,
  };
}
