import type { Module } from "../fingerprint/link.ts";
import type { NoteCode } from "./note.ts";
import type { Place, Routine, Value } from "./value.ts";

/** One thing that a function does beyond returning something. */
export interface Effect {
  readonly code: NoteCode;
  readonly module: Module;
  readonly start: number;
  /** What is changed or read, if that is an object or a variable. */
  readonly place: Place | undefined;
  /** For people. */
  readonly about: string;
  /** Something is put where it may be looked up, and does not depend on what was there. */
  readonly isFill: boolean;
  /** What is put where, if that is known: so that a caller knows what its own objects hold. */
  readonly put?: Put;
  /** The calls that lead there, the outermost first. */
  readonly calls: readonly Call[];
}

export interface Put {
  readonly container: Place;
  readonly step: string | undefined;
  readonly value: Value;
}

export interface Call {
  readonly module: Module;
  readonly start: number;
  readonly callee: Routine;
}

/** What calls of a function do, in terms of its own parameters. */
export interface Summary {
  readonly effects: ReadonlyMap<string, Effect>;
  /** Places in which something is looked up. */
  readonly lookups: ReadonlySet<string>;
  readonly returns: Value;
}

/** Is thrown when a function is not read to its end. */
export const tooLong: unique symbol = Symbol("too long");

/** Who knows what functions do. */
export interface Summaries {
  of(routine: Routine): Summary;
  /** Counts what is looked at. @throws {symbol} `tooLong` when it is enough for one question. */
  count(): void;
}

/** The same effect, whatever way leads to it. */
export function keyOf({ code, module, start, place, about }: Effect): string {
  // Of a variable that is read, one place is enough.
  if (code === "ROTE_READS_STATE" && place !== undefined) return `${code}\0${place.root}`;
  const what = place === undefined ? about : place.key;
  return `${code}\0${module.file.path}\0${start}\0${place?.base ?? ""}\0${what}`;
}
