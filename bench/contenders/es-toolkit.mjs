/**
 * es-toolkit memoizes functions of one argument and asks to turn several into one array, with
 * `getCacheKey` for its content.
 */
import { memoize } from "es-toolkit/function";
import { curried } from "./curried.mjs";

export const packageName = "es-toolkit";

const getCacheKey = (value) => JSON.stringify(value);

export function wrap(fn, { parameters, keys }) {
  if (keys === "content") return memoize(fn, { getCacheKey });
  if (parameters === 1) return memoize(fn);
  if (keys === "identity") return curried(memoize, fn);
  const memoized = memoize((args) => fn(...args), { getCacheKey });
  return (...args) => memoized(args);
}
