import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Reached } from "rote";
import { formatFinding } from "./finding.ts";
import type { Fingerprint, Fingerprinter } from "./fingerprint.ts";

const require = createRequire(import.meta.url);

/** Where a function is: in which file, and there under an offset, or a name if the text is not that of the file. */
export interface FunctionPlace {
  readonly path: string;
  readonly code: string;
  readonly offset: number;
  readonly name: string;
}

/** What the runtime is told of a fingerprint: see `Revision` of rote. */
export interface Revision {
  readonly digest: string;
  readonly unseen: readonly (readonly [text: string, variable?: string])[];
  reached(): readonly Reached[];
}

/** The fingerprint of a function that is being transformed, or nothing where the file does not tell. */
export function revisionOf(
  fingerprinter: Fingerprinter,
  { path, code, offset, name }: FunctionPlace,
): Revision | undefined {
  let made: Fingerprint;
  try {
    // Another tool may have been there before, so that offsets are not those of the file.
    const isFile = readFileSync(path, "utf8") === code;
    made = fingerprinter.fingerprint(path, isFile ? offset : name);
  } catch (error) {
    // Of rote, or of the file system.
    if ((error as NodeJS.ErrnoException).code !== undefined) return undefined;
    throw error;
  }
  const unseen = made.unseen.map((finding): [string, string?] =>
    finding.variable === undefined
      ? [formatFinding(finding)]
      : [formatFinding(finding), finding.variable],
  );
  // Most never need the list.
  return { digest: made.digest, unseen, reached: () => made.reached };
}

/** As an expression, with no more of what is unseen than a message needs; `withReached` with all that it reaches. */
export function writeRevision(
  revision: Revision | undefined,
  withReached: boolean,
): string | undefined {
  if (revision === undefined) return undefined;
  const { digest, unseen } = revision;
  const variables = new Set<string>();
  const needed = unseen.filter(([, variable], index) => {
    if (variable === undefined) return unseen.findIndex((each) => each.length === 1) === index;
    const isNew = !variables.has(variable);
    variables.add(variable);
    return isNew;
  });
  return JSON.stringify({
    digest,
    ...(needed.length > 0 && { unseen: needed }),
    ...(withReached && { reached: pack(revision.reached()) }),
  });
}

/** Not loaded before it is needed: this may run while the program is in the middle of loading rote. */
function pack(reached: readonly Reached[]): object {
  const { packReached } = require("rote/store") as typeof import("rote/store");
  return packReached(reached);
}
