import { Malformed } from "../key/byte-reader.ts";
import { argumentsFromBytes } from "../key/canonical-reader.ts";
import { deserialise } from "./clone.ts";
import { sha256 } from "./digest.ts";
import { type Envelope, type MissReason, read } from "./envelope.ts";
import { reviveError } from "./failure.ts";

/**
 * Why a stored entry, or its value, cannot be read: it ends too early, is none, is not as it was
 * written, was written by a newer rote or engine, or is nested too deep for the stack just here.
 */
export type EntryProblem = "truncated" | "foreign" | "damaged" | "newer" | "no room";

/** What a stored entry says. Instants are epoch milliseconds, durations milliseconds. */
export interface InspectedEntry {
  /**
   * What the value is: what the run has returned (`"result"`), what the user's `encode` made of that
   * (`"encoded"`), or what the run has thrown, an error (`"error"`) or not (`"failure"`).
   */
  readonly kind: "result" | "encoded" | "error" | "failure";
  /** When the run finished. */
  readonly createdAt: number;
  /** From when on the entry is not returned any more; `Infinity` for never. */
  readonly expiresAt: number;
  /** What the run took; `undefined` if it was not measured. */
  readonly runTime: number | undefined;
  readonly tags: readonly string[];
  /** Of the call: the entry belongs to the address with this digest, and to no other. */
  readonly digest: string;
  /**
   * What identifies the call: its arguments, or what `options.key` returned; in front of them the receiver, if
   * it is part of the key. Instances of classes are there as {@link KeyedContent}. `undefined` if they cannot be read here.
   */
  readonly arguments: readonly unknown[] | undefined;
  /** Why the arguments cannot be read: not as calls are written, or with a built-in that is missing here. */
  readonly argumentsProblem: string | undefined;
  /** Of the value, in bytes. */
  readonly valueSize: number;
  /** `undefined`, too, if it cannot be read: `problem` says so then. */
  readonly value: unknown;
}

/** What {@link inspect} returns. */
export interface Inspection {
  /** `undefined` if the entry and its value can be read. */
  readonly problem: EntryProblem | undefined;
  /** `undefined` if the envelope cannot be read; there, without its value, if only that cannot be. */
  readonly entry: InspectedEntry | undefined;
}

/**
 * Reads a stored entry without knowing the call that it belongs to, for tools that show or check a store.
 * Expired entries are read like all others.
 *
 * Whatever the bytes are, nothing is thrown and no code is run that they name. The checksum finds what
 * has decayed; it does not find what somebody has forged.
 *
 * @param bytes - As a store has them.
 * @throws {RoteError} `ERR_UNSUPPORTED` where there is no `node:v8` or `node:crypto`.
 *
 * @example
 * ```ts
 * import { memoize } from "rote";
 * import { defineStore, inspect } from "rote/store";
 * import { memoryStore } from "rote/testing";
 *
 * const store = defineStore(memoryStore());
 * const power = (base: number, exponent: number): number => base ** exponent;
 * memoize(power, { store, name: "power", version: "1" })(2, 10); //=> 1024
 *
 * const [listing] = store.list();
 * const bytes = listing === undefined ? undefined : store.read(listing);
 * const { problem, entry } = inspect(bytes ?? new Uint8Array());
 * problem; //=> undefined
 * entry?.arguments; //=> [2, 10]
 * entry?.value; //=> 1024
 * entry?.digest === listing?.digest; //=> true
 * inspect(new Uint8Array([1, 2, 3])); //=> { problem: "foreign", entry: undefined }
 * ```
 */
export function inspect(bytes: Uint8Array): Inspection {
  const envelope = read(bytes);
  if (typeof envelope === "string") return { problem: problemOf(envelope), entry: undefined };
  const { kind, createdAt, expiresAt, runTime, tags, argumentBytes, payload } = envelope;
  const elements = argumentsFromBytes(argumentBytes);
  const isMalformed = elements instanceof Malformed;
  const found = valueOf(envelope);
  return {
    problem: typeof found === "string" ? problemOf(found) : undefined,
    entry: {
      kind,
      createdAt,
      expiresAt,
      runTime,
      tags,
      digest: sha256(argumentBytes),
      arguments: isMalformed ? undefined : elements,
      argumentsProblem: isMalformed ? elements.message : undefined,
      valueSize: payload.length,
      value: typeof found === "string" ? undefined : found.value,
    },
  };
}

function valueOf(envelope: Envelope): { value: unknown } | MissReason {
  const copy = deserialise(envelope);
  return envelope.kind === "error" && typeof copy !== "string" ? reviveError(copy.value) : copy;
}

/** The reasons that depend on a call or on the present do not occur here. */
function problemOf(reason: MissReason): EntryProblem {
  return reason === "expired" || reason === "other arguments" || reason === "other codec"
    ? "damaged"
    : reason;
}
