/**
 * memoizee: `primitive` turns arguments into a string, its WeakMap edition is for objects, and
 * `normalizer` for content. Its default compares with every entry in turn, which is slower everywhere.
 * A bound is LRU, and a TTL a timer for each entry.
 */
import memoizee from "memoizee";
import weak from "memoizee/weak.js";

export const packageName = "memoizee";

export const takesPart = () => true;

export function wrap(fn, { parameters, keys, options }) {
  const limits = { max: options?.maxEntries, maxAge: options?.ttl };
  if (keys === "identity") return weak(fn, limits);
  if (keys === "content") {
    return memoizee(fn, { ...limits, normalizer: (args) => JSON.stringify(args[0]) });
  }
  const length = parameters === "rest" ? false : parameters;
  return memoizee(fn, { ...limits, primitive: true, length });
}
