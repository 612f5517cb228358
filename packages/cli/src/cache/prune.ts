/** `rote cache prune`: removes what nobody gets any more, and what a bound does not allow. */
import type { DiskListing, DiskStore, DiskView } from "rote/disk";
import { Failure } from "../failure.ts";
import { plain } from "./text.ts";
import { verifyEntry } from "./verify.ts";

export interface PruneOptions {
  /** In milliseconds. */
  readonly olderThan: number | undefined;
  readonly maxBytes: number | undefined;
}

/** How many entries went, and why. */
export interface Pruned {
  expired: number;
  damaged: number;
  old: number;
  evicted: number;
  bytes: number;
}

/** What a row costs besides its bytes, as the store itself reckons. */
const rowBytes = 200;

export function prune(
  store: DiskStore,
  view: DiskView,
  { olderThan, maxBytes }: PruneOptions,
  now: number,
): Pruned {
  const pruned: Pruned = { expired: 0, damaged: 0, old: 0, evicted: 0, bytes: 0 };
  const remove = (listing: DiskListing, why: "expired" | "damaged" | "old" | "evicted"): void => {
    const bytes = why === "expired" ? view.read(listing) : undefined;
    // Somebody may be making it anew, and is not to be disturbed.
    if (bytes !== undefined) store.discard(listing, bytes);
    else if (!store.remove(listing)) return;
    pruned[why]++;
    pruned.bytes += listing.size;
  };
  const damaged = new Set<string>();
  for (const { address, message } of view.check()) {
    if (address !== undefined) damaged.add(nameOf(address));
    else {
      throw new Failure(
        `"${plain(view.path)}" is damaged itself: ${plain(message)}`,
        "Remove the file: the programs that use it make a new one.",
        1,
      );
    }
  }
  let kept: DiskListing[] = [];
  for (const listing of view.list()) {
    if (listing.expiresAt <= now) remove(listing, "expired");
    else if (damaged.has(nameOf(listing)) || verifyEntry(view, listing)?.isLost === true)
      remove(listing, "damaged");
    else if (olderThan !== undefined && now - listing.writtenAt > olderThan) remove(listing, "old");
    else if (maxBytes !== undefined) kept.push(listing);
  }
  if (maxBytes !== undefined) {
    let bytes = kept.reduce((sum, { size }) => sum + size, 0);
    kept = kept.sort((a, b) => worthOf(a, now) - worthOf(b, now));
    for (const listing of kept) {
      if (bytes <= maxBytes) break;
      bytes -= listing.size;
      remove(listing, "evicted");
    }
  }
  // Gives the space back to the file system.
  store.flush();
  return pruned;
}

function nameOf({ namespace, digest }: { namespace: string; digest: string }): string {
  return `${digest} ${namespace}`;
}

/** As the store's own bounds have it: the run time saved per byte and time since the last use. */
function worthOf({ runTime, size, usedAt }: DiskListing, now: number): number {
  return Math.max(runTime, 0.001) / ((size + rowBytes) * Math.max(now - usedAt, 1));
}
