import type { Change, Reached } from "../cache/reached.ts";

/** So many digits of a digest are kept in manifests, and tell texts apart for people. */
export const DIGITS = 16;

/**
 * Says which declarations make the difference between two fingerprints of one function.
 *
 * Declarations are recognised by file and name. One that has only been moved or renamed is no change.
 *
 * @param before - `reached` of one fingerprint, as it was or as it was stored.
 * @param after - `reached` of the other.
 */
export function compareReached(before: readonly Reached[], after: readonly Reached[]): Change[] {
  const old = keyed(before);
  const now = keyed(after);
  const changes: Change[] = [];
  const added: Reached[] = [];
  for (const [key, each] of now) {
    const was = old.get(key);
    if (was === undefined) added.push(each);
    else if (!isAlike(was.digest, each.digest)) changes.push(change("changed", each));
  }
  const removed = [...old].filter(([key]) => !now.has(key)).map(([, each]) => each);
  // First all that is as it was, elsewhere; then what is another one under the same name.
  const others = added.filter((each) => {
    const moved = removed.findIndex(
      ({ kind, digest }) => kind === each.kind && isAlike(digest, each.digest),
    );
    if (moved !== -1) removed.splice(moved, 1);
    return moved === -1;
  });
  for (const each of others) {
    const [same, ...more] = removed.filter((was) => isSame(was, each));
    const isOnly = same !== undefined && more.length === 0;
    if (!isOnly || others.some((other) => other !== each && isSame(other, each))) {
      changes.push(change("added", each));
      continue;
    }
    changes.push(change("changed", each, same));
    removed.splice(removed.indexOf(same), 1);
  }
  for (const each of removed) changes.push(change("removed", each));
  if (changes.length > 0) return changes;
  // No text has changed, but what is used where.
  for (const [key, each] of now) {
    const was = old.get(key);
    if (was !== undefined && !isAlike(was.uses, each.uses)) changes.push(change("changed", each));
  }
  return changes;
}

function isAlike(left: string, right: string): boolean {
  return left.slice(0, DIGITS) === right.slice(0, DIGITS);
}

/** Another version of a package, or a declaration that was moved and changed. */
function isSame(was: Reached, is: Reached): boolean {
  if (was.kind !== is.kind || is.kind === "statement") return false;
  return is.kind === "package" ? packageOf(was.name) === packageOf(is.name) : was.name === is.name;
}

function packageOf(name: string): string {
  return name.replace(/(.)@.*$/, "$1");
}

/** Names may come twice, and statements have none. */
function keyed(reached: readonly Reached[]): Map<string, Reached> {
  const found = new Map<string, Reached>();
  const counts = new Map<string, number>();
  for (const each of reached) {
    // There is one function, whatever it is called and wherever it is.
    const key = each.kind === "function" ? "" : `${each.kind} ${each.file ?? ""} ${each.name}`;
    const number = counts.get(key) ?? 0;
    counts.set(key, number + 1);
    found.set(`${key} ${number}`, each);
  }
  return found;
}

function change(kind: Change["kind"], at: Reached, before?: Reached): Change {
  const was = before === undefined ? "" : before.name === at.name ? placeOf(before) : before.name;
  const from = was === "" ? "" : ` (${was.trim()} before)`;
  return { kind, name: at.name, text: `${at.name}${placeOf(at)} ${kind}${from}`, at };
}

function placeOf({ kind, file, line }: Reached): string {
  return file === undefined || line === undefined || kind === "module" ? "" : ` in ${file}:${line}`;
}
