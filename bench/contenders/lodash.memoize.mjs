/** lodash.memoize keys on its first argument; a resolver makes one key of several. */
import memoize from "lodash.memoize";
import { curried } from "./curried.mjs";

export const packageName = "lodash.memoize";

export function wrap(fn, { parameters, keys }) {
  if (keys === "identity" && parameters === 2) return curried(memoize, fn);
  if (parameters === 1 && keys !== "content") return memoize(fn);
  return memoize(fn, (...args) => JSON.stringify(args));
}
