/** What SQLite and the file system throw, and what that means for a store. */
import { RoteError } from "../errors.ts";

/** Thrown where the file says what cannot be. */
export class Damage extends Error {}

/** What a store is asked to do. */
export type Operation = "open" | "read" | "write" | "claim";

export type ProblemKind = "busy" | "damaged" | "failed";

/** Of SQLite's result codes, those that are met here. */
const NAMES: { readonly [code: number]: string } = {
  1: "SQLITE_ERROR",
  3: "SQLITE_PERM",
  5: "SQLITE_BUSY",
  6: "SQLITE_LOCKED",
  7: "SQLITE_NOMEM",
  8: "SQLITE_READONLY",
  10: "SQLITE_IOERR",
  11: "SQLITE_CORRUPT",
  13: "SQLITE_FULL",
  14: "SQLITE_CANTOPEN",
  15: "SQLITE_PROTOCOL",
  19: "SQLITE_CONSTRAINT",
  20: "SQLITE_MISMATCH",
  26: "SQLITE_NOTADB",
};

const BUSY: readonly number[] = [5, 6, 15];

/**
 * Of the tables being others than those that were made, too: no statement is wrong for these, so
 * that an error in one, or a broken rule, is one of the file.
 */
const DAMAGED: readonly number[] = [1, 11, 19, 20, 26];

/** Extended codes of SQLITE_IOERR: a file that is too short, a file system that says it is damaged, a sector that cannot be read. */
const UNREADABLE: readonly number[] = [522, 8458, 266];

function codeOf(error: unknown): number {
  const code = (error as { errcode?: unknown } | null)?.errcode;
  return typeof code === "number" ? code : 0;
}

export function kindOf(error: unknown): ProblemKind {
  const code = codeOf(error);
  if (BUSY.includes(code & 0xff)) return "busy";
  const isOutOfRange = (error as { code?: unknown } | null)?.code === "ERR_OUT_OF_RANGE";
  return DAMAGED.includes(code & 0xff) ||
    UNREADABLE.includes(code) ||
    isOutOfRange ||
    error instanceof Damage
    ? "damaged"
    : "failed";
}

/** `ENOSPC`, `SQLITE_FULL`: what to search for. */
function nameOf(error: unknown): string {
  if (error instanceof Damage) return "SQLITE_CORRUPT";
  const { code } = (error ?? {}) as { code?: unknown };
  return NAMES[codeOf(error) & 0xff] ?? (typeof code === "string" ? code : "unknown error");
}

function remedyFor(name: string): string {
  switch (name) {
    case "SQLITE_BUSY":
    case "SQLITE_LOCKED":
    case "SQLITE_PROTOCOL":
      return "Another process keeps it locked; the next call may work again.";
    case "SQLITE_FULL":
    case "ENOSPC":
    case "EDQUOT":
      return "Free some space on the device, or lower maxBytes.";
    case "SQLITE_IOERR":
    case "EIO":
      return "Check that the device works and has space left; the next call may work again.";
    case "SQLITE_NOTADB":
      return "It is no database: remove the file, or pass another path to disk().";
    case "SQLITE_CORRUPT":
    case "SQLITE_ERROR":
      return "It is damaged: remove the file, and check the device if that happens again.";
    default:
      return "Make the directory writable or pass another path to disk().";
  }
}

const VERBS: { readonly [operation in Operation]: string } = {
  open: "open",
  read: "read",
  write: "write to",
  claim: "claim anything in",
};

const FORBIDDEN: readonly string[] = ["EACCES", "EPERM", "EROFS", "SQLITE_PERM", "SQLITE_READONLY"];

/** What a store throws when SQLite or the file system have thrown. */
export function storeError(operation: Operation, shown: string, cause: unknown): RoteError {
  const name = nameOf(cause);
  const verb = operation === "open" && FORBIDDEN.includes(name) ? "write to" : VERBS[operation];
  return new RoteError(
    "ERR_STORE",
    `disk: cannot ${verb} "${shown}" (${name}). ${remedyFor(name)}`,
    { cause },
  );
}
