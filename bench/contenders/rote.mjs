/**
 * Ours, from its build. Defaults throughout; objects compared by identity are asked for, as a user would,
 * and what the row asks for is an option.
 */
import { memoize } from "rote";

export const packageName = "rote";

export const takesPart = () => true;

export function wrap(fn, { keys, options }) {
  if (keys === "identity") return memoize(fn, { ...options, key: "identity" });
  return options === undefined ? memoize(fn) : memoize(fn, options);
}
