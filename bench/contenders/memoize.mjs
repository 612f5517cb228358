/** memoize keys on its first argument; its README gives `cacheKey: JSON.stringify` for all the others. */
import memoize from "memoize";
import { curried } from "./curried.mjs";

export const packageName = "memoize";

export function wrap(fn, { parameters, keys }) {
  if (keys === "identity" && parameters === 2) return curried(memoize, fn);
  if (parameters === 1 && keys !== "content") return memoize(fn);
  return memoize(fn, { cacheKey: JSON.stringify });
}
