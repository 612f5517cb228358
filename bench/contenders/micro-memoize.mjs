/**
 * micro-memoize compares arguments with those of every entry in turn (Object.is, or "deep").
 * `maxSize: Infinity` is refused silently and means 1, so the largest integer says "keep everything".
 * A bound is LRU, and a TTL a timer for each entry; it sits out where the bound is large or the calls are many.
 */
import { memoize } from "micro-memoize";

export const packageName = "micro-memoize";

export const takesPart = ({ shape: { options }, calls = 0 }) =>
  (options?.maxEntries ?? 0) <= 1000 && calls <= 10_000;

export function wrap(fn, { keys, options }) {
  const limits = { maxSize: options?.maxEntries ?? Number.MAX_SAFE_INTEGER };
  if (options?.ttl !== undefined) limits.expires = options.ttl;
  return memoize(fn, keys === "content" ? { ...limits, isKeyItemEqual: "deep" } : limits);
}
