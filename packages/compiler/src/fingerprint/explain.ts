import type { Change, Reached } from "rote";
import { compareReached } from "rote/store";

/**
 * Says which declarations make the difference between two fingerprints of one function, as `compareReached` of `rote/store` does.
 *
 * Declarations are recognised by file and name. One that has only been moved or renamed is no change.
 *
 * @param before - `reached` of one fingerprint, as it was or as it was stored.
 * @param after - `reached` of the other.
 */
export function explain(before: readonly Reached[], after: readonly Reached[]): Change[] {
  return compareReached(before, after);
}
