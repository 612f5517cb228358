import { readFileSync } from "node:fs";
import { formatFinding } from "./finding.ts";
import { createFingerprinter, type Fingerprint, type Fingerprinter } from "./fingerprint.ts";

/** Where a function is: in which file, and there under an offset, or a name if the text is not that of the file. */
export interface FunctionPlace {
  readonly path: string;
  readonly code: string;
  readonly offset: number;
  readonly name: string;
}

/** What the runtime is told of a fingerprint: see `Revision` of rote. */
interface Revision {
  readonly digest: string;
  readonly unseen: readonly (readonly [text: string, variable?: string])[];
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
    if ((error as NodeJS.ErrnoException).code !== undefined) return undefined;
    throw error;
  }
  const unseen = made.unseen.map((finding): [string, string?] =>
    finding.variable === undefined
      ? [formatFinding(finding)]
      : [formatFinding(finding), finding.variable],
  );
  return { digest: made.digest, unseen };
}

/** As an expression, with no more of what is unseen than a message needs. */
export function writeRevision(revision: Revision | undefined): string | undefined {
  if (revision === undefined) return undefined;
  const { digest, unseen } = revision;
  const variables = new Set<string>();
  const needed = unseen.filter(([, variable], index) => {
    if (variable === undefined) return unseen.findIndex((each) => each.length === 1) === index;
    const isNew = !variables.has(variable);
    variables.add(variable);
    return isNew;
  });
  return JSON.stringify(needed.length === 0 ? { digest } : { digest, unseen: needed });
}

let shared: Fingerprinter | undefined;

/** For functions of this process, whose files do not change while it runs. */
export function lateRevision(place: FunctionPlace): Revision | undefined {
  shared ??= createFingerprinter();
  return revisionOf(shared, place);
}
