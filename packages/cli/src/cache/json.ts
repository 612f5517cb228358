/** What is in a store, for machines. The documents are described in the README of this package: change both together. */
import type { DiskListing } from "rote/disk";
import { type Inspection, splitNamespace } from "rote/store";
import { isDeepStrictEqual } from "node:util";
import { showWhole } from "./text.ts";

/** Raised by a change that could break a reader. */
const schema = 1;

export function document(path: string, rest: object): string {
  return `${JSON.stringify({ schema, path, ...rest }, null, 2)}\n`;
}

/** One entry: what the store says of it, and what it says itself. */
export function describeEntry(listing: DiskListing, { problem, entry }: Inspection): object {
  const { namespace, digest, size, tags, usedAt } = listing;
  return {
    ...describeNamespace(namespace),
    digest,
    createdAt: entry?.createdAt ?? null,
    writtenAt: listing.writtenAt,
    usedAt,
    expiresAt: instantOf(listing.expiresAt),
    runTimeMs: entry === undefined ? null : (entry.runTime ?? null),
    size,
    tags,
    problem: problem ?? null,
    kind: entry?.kind ?? null,
    arguments: entry?.arguments?.map(describeValue) ?? null,
    value: entry === undefined || problem !== undefined ? null : describeValue(entry.value),
  };
}

export function describeNamespace(namespace: string): object {
  const { name, version, digest } = splitNamespace(namespace);
  return { namespace, name, version: version ?? null, textDigest: digest ?? null };
}

/** JSON has no `Infinity`: what never comes is `null`. */
export function instantOf(instant: number): number | null {
  return Number.isFinite(instant) ? instant : null;
}

/** As JSON if it comes back from that as it was, else `null`; and as text. */
function describeValue(value: unknown): object {
  return { json: isJson(value) ? value : null, text: showWhole(value) };
}

function isJson(value: unknown): boolean {
  try {
    return isDeepStrictEqual(JSON.parse(JSON.stringify(value)), value);
  } catch {
    // undefined, a bigint, a cycle, or nested too deep.
    return false;
  }
}
