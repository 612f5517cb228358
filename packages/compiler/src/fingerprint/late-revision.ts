import { createFingerprinter, type Fingerprinter } from "./fingerprint.ts";
import { type FunctionPlace, type Revision, revisionOf } from "./revision.ts";

let shared: Fingerprinter | undefined;
const known = new Map<FunctionPlace, Revision | undefined>();

/** For functions of this process, whose files do not change while it runs. */
export function lateRevision(place: FunctionPlace): Revision | undefined {
  if (known.has(place)) return known.get(place);
  shared ??= createFingerprinter();
  const made = revisionOf(shared, place);
  known.set(place, made);
  return made;
}
