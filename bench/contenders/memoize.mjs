/**
 * memoize keys on its first argument; its README gives `cacheKey: JSON.stringify` for all the others.
 * For a bound it takes the cache of another package, and a TTL is a timer for each entry.
 */
import { LRUCache } from "lru-cache";
import memoize from "memoize";
import { curried } from "./curried.mjs";

export const packageName = "memoize";

export const takesPart = () => true;

export function wrap(fn, { parameters, keys, options }) {
  if (keys === "identity" && parameters === 2) return curried(memoize, fn);
  const limits = options === undefined ? {} : limitsOf(options);
  if (parameters === 1 && keys !== "content") return memoize(fn, limits);
  return memoize(fn, { ...limits, cacheKey: JSON.stringify });
}

const limitsOf = ({ maxEntries, ttl }) => ({
  cache: maxEntries === undefined ? new Map() : new LRUCache({ max: maxEntries }),
  maxAge: ttl,
});
