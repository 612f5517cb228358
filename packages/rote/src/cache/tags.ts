import type { Entry } from "./entry.ts";
import { sharedClock } from "./time.ts";

/**
 * Tags of entries. Nothing knows which entries have a tag: an entry knows its own, and when it came;
 * the process knows when each tag was last invalidated. So functions, receivers and scopes
 * of which nobody knows any more are reached, too. Every entry of a function with tags is asked again
 * in each tick of the clock, and an invalidation is a tick.
 */
let invalidations = 0;
const invalidatedAt = new Map<string, number>();

/** From now on, what has this tag is not there any more. */
export function invalidate(tag: string): void {
  invalidatedAt.set(tag, ++invalidations);
  sharedClock().nextTick();
}

/** To be asked when a run begins that takes its time. */
export function invalidationsSoFar(): number {
  return invalidations;
}

/** Whether one of the tags has been invalidated since then. */
export function isInvalidated(tags: readonly string[], since: number): boolean {
  return since !== invalidations && tags.some((tag) => (invalidatedAt.get(tag) ?? 0) > since);
}

interface Tagged {
  readonly tags: readonly string[];
  readonly since: number;
}

/** The tags of the entries of one cache. */
export class Tags {
  private readonly tagged: WeakMap<Entry, Tagged> = new WeakMap();

  put(entry: Entry, tags: readonly string[], since: number): void {
    this.tagged.set(entry, { tags, since });
  }

  isInvalid(entry: Entry): boolean {
    const tagged = this.tagged.get(entry);
    return tagged !== undefined && isInvalidated(tagged.tags, tagged.since);
  }
}
