import { readFileSync } from "node:fs";
import type { Fingerprinter } from "../fingerprint/fingerprint.ts";
import type { MemoizedFunction } from "../transform.ts";
import { formatNote } from "./note.ts";

/**
 * The notes of the functions that are memoized in a file, as it is loaded or built. Nothing is said of a file that another
 * tool has changed before: places would be wrong.
 */
export function notesOn(
  fingerprinter: Fingerprinter,
  path: string,
  code: string,
  memoized: readonly MemoizedFunction[],
): string[] {
  try {
    if (readFileSync(path, "utf8") !== code) return [];
    return memoized.flatMap(({ start }) => fingerprinter.notes(path, start).map(formatNote));
  } catch (error) {
    // Virtual modules are no files, and Node reads some that are no modules here.
    if ((error as NodeJS.ErrnoException).code !== undefined) return [];
    throw error;
  }
}
