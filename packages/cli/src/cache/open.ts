/** How a command gets at a store, and what it says when it cannot. */
import { RoteError } from "rote";
import { disk, type DiskListing, type DiskStore, type DiskView, viewDisk } from "rote/disk";
import { isManifest, splitNamespace } from "rote/store";
import { Failure } from "../failure.ts";
import { plain } from "./text.ts";

/** Looks at a store. */
export function withView<Result>(
  path: string | undefined,
  look: (view: DiskView) => Result,
): Result {
  return failing(() => {
    const view = viewDisk(path);
    try {
      return look(view);
    } finally {
      view.close();
    }
  });
}

/** Changes a store that is there: one that is not is not made. */
export function withStore<Result>(
  path: string | undefined,
  change: (store: DiskStore, view: DiskView) => Result,
): Result {
  return failing(() => {
    const view = viewDisk(path);
    let setAsideAs: string | undefined;
    let store: DiskStore | undefined;
    try {
      store = disk(view.path, {
        // The bounds are those of the programs that use it.
        maxBytes: Infinity,
        onProblem: (problem) => (setAsideAs ??= problem.setAsideAs),
      });
      const result = change(store, view);
      if (setAsideAs === undefined) return result;
    } finally {
      // The last one to close a file clears its log away, if it may write.
      view.close();
      store?.close();
    }
    throw new Failure(
      `"${plain(view.path)}" is damaged; it was set aside as "${plain(setAsideAs)}", and a new store begun`,
      "What was in it is lost to the programs that use it: they run their functions again.",
      1,
    );
  });
}

/** Looks at a store for as long as somebody takes to read what is printed. */
export async function withViewLater(
  path: string | undefined,
  look: (view: DiskView) => Promise<void>,
): Promise<void> {
  const view = failing(() => viewDisk(path));
  try {
    await look(view);
  } catch (error) {
    throw asFailure(error);
  } finally {
    view.close();
  }
}

function failing<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw asFailure(error);
  }
}

/** What a store has thrown ends with the sentence that says what to do. */
function asFailure(error: unknown): unknown {
  if (!(error instanceof RoteError)) return error;
  const message = plain(error.message).replace(/^disk: /, "");
  const end = message.lastIndexOf(". ");
  return new Failure(message.slice(0, end), message.slice(end + 2));
}

/** The namespaces that a name means: all versions of a function, or the one of this very namespace. */
export function namespacesOf(view: DiskView, name: string): string[] {
  const all = new Set<string>();
  for (const { namespace } of view.list()) if (!isManifest(namespace)) all.add(namespace);
  const found = [...all].filter(
    (namespace) => namespace === name || splitNamespace(namespace).name === name,
  );
  if (found.length > 0) return found;
  const names = [...new Set([...all].map((namespace) => splitNamespace(namespace).name))];
  throw new Failure(
    `no entries of ${JSON.stringify(name)} in "${plain(view.path)}"`,
    names.length === 0
      ? "The store is empty."
      : `It has those of ${names.slice(0, 8).map(plain).join(", ")}${names.length > 8 ? ", …" : ""}: rote cache ls shows all.`,
  );
}

/** Entries in the order in which they were last used, the latest first. */
export function byUse(listings: Iterable<DiskListing>): DiskListing[] {
  return [...listings].sort((a, b) => b.usedAt - a.usedAt);
}
