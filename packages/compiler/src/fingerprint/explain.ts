import type { Reached } from "./manifest.ts";

/** What makes one fingerprint of a function differ from another. */
export interface Change {
  readonly kind: "changed" | "added" | "removed";
  readonly name: string;
  /** For people: `priceTable in rates.ts:14 changed`. */
  readonly text: string;
  /** Where it is now; where it was, if it is gone. */
  readonly at: Reached;
}

/**
 * Says which declarations make the difference between two fingerprints of one function.
 *
 * Declarations are recognised by file and name. One that has only been moved or renamed is no change.
 *
 * @param before - `reached` of one fingerprint, as it was or as it was stored.
 * @param after - `reached` of the other.
 */
export function explain(before: readonly Reached[], after: readonly Reached[]): Change[] {
  const old = keyed(before);
  const now = keyed(after);
  const changes: Change[] = [];
  const added: Reached[] = [];
  for (const [key, each] of now) {
    const was = old.get(key);
    if (was === undefined) added.push(each);
    else if (was.digest !== each.digest) changes.push(change("changed", each));
  }
  const removed = [...old].filter(([key]) => !now.has(key)).map(([, each]) => each);
  for (const each of added) {
    const moved = removed.findIndex(
      ({ kind, digest }) => kind === each.kind && digest === each.digest,
    );
    const versions = removed.findIndex(
      ({ kind, name }) =>
        kind === "package" && each.kind === kind && packageOf(name) === packageOf(each.name),
    );
    const same = moved === -1 ? versions : moved;
    if (same === -1) changes.push(change("added", each));
    else if (moved === -1) changes.push(change("changed", each, removed[same]));
    if (same !== -1) removed.splice(same, 1);
  }
  for (const each of removed) changes.push(change("removed", each));
  if (changes.length > 0) return changes;
  // No text has changed, but what is used where.
  for (const [key, each] of now) {
    const was = old.get(key);
    if (was !== undefined && was.uses !== each.uses) changes.push(change("changed", each));
  }
  return changes;
}

function packageOf(name: string): string {
  return name.replace(/(.)@.*$/, "$1");
}

/** Names may come twice, and statements have none. */
function keyed(reached: readonly Reached[]): Map<string, Reached> {
  const found = new Map<string, Reached>();
  for (const each of reached) {
    const key = `${each.kind === "function" ? "declaration" : each.kind} ${each.file ?? ""} ${each.name}`;
    let number = 0;
    while (found.has(`${key} ${number}`)) number++;
    found.set(`${key} ${number}`, each);
  }
  return found;
}

function change(kind: Change["kind"], at: Reached, before?: Reached): Change {
  const { name, file, line } = at;
  const isNamed = file !== undefined && line !== undefined;
  const where = isNamed && at.kind !== "module" ? ` in ${file}:${line}` : "";
  const from = before === undefined ? "" : ` (${before.name} before)`;
  return { kind, name, text: `${name}${where} ${kind}${from}`, at };
}
