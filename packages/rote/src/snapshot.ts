import { type Whole, wholes } from "./cache/whole.ts";
import type { CacheStats } from "./handle.ts";
import { handleFor } from "./memoized.ts";

/**
 * The statistics of every memoized function of this copy of rote, by name. Functions that are gone
 * are left out, and none is kept alive by having been counted. Of more than 64 that were
 * memoized in one turn of the event loop, the further ones are there once they are used in a later one.
 *
 * @example
 * ```ts
 * import { memoize, snapshot } from "rote";
 *
 * const square = memoize((n: number) => n * n, { name: "square" });
 * square(3) + square(3); //=> 18
 * snapshot().find(({ name }) => name === "square")?.stats.hits; //=> 1
 * ```
 */
export function snapshot(): { name: string; stats: CacheStats }[] {
  return wholes
    .find()
    .map(snapshotOf)
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** What `snapshot` says of one function. */
export function snapshotOf(whole: Whole): { name: string; stats: CacheStats } {
  return { name: whole.name, stats: handleFor(whole).stats() };
}
