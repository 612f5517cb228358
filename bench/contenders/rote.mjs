/** Ours, from its build. Defaults throughout; objects compared by identity are asked for, as a user would. */
import { memoize } from "rote";

export const packageName = "rote";

export const wrap = (fn, { keys }) =>
  keys === "identity" ? memoize(fn, { key: "identity" }) : memoize(fn);
