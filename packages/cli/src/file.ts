/** Files that the user names. */
import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { Failure } from "./failure.ts";

/** The absolute path of a file that is there; `purpose` says what to give instead of a directory. */
export function existingFile(file: string, purpose: string): string {
  const path = resolve(file);
  if (file === "" || !existsSync(path)) {
    throw new Failure(
      `no such file: ${file === "" ? '""' : file}`,
      `Paths are relative to ${process.cwd()}.`,
    );
  }
  if (!statSync(path).isFile()) throw new Failure(`${file} is not a file`, purpose);
  return path;
}
