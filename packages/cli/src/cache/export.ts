/** `rote cache export`: a store as JSON lines, one for each entry. */
import type { DiskView } from "rote/disk";
import { inspect, isManifest } from "rote/store";
import { describeEntry } from "./json.ts";

/** The lines, of results alone; an entry that went away since it was listed has none. */
export function* exportLines(
  view: DiskView,
  namespaces: readonly string[] | undefined,
  withBytes: boolean,
): Generator<string> {
  for (const namespace of namespaces ?? [undefined]) {
    for (const listing of view.list(namespace)) {
      if (isManifest(listing.namespace)) continue;
      const bytes = view.read(listing);
      if (bytes === undefined) continue;
      yield `${JSON.stringify({
        ...describeEntry(listing, inspect(bytes)),
        ...(withBytes && { bytes: Buffer.from(bytes).toString("base64") }),
      })}\n`;
    }
  }
}
