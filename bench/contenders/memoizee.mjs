/**
 * memoizee: `primitive` turns arguments into a string, its WeakMap edition is for objects, and
 * `normalizer` for content. Its default compares with every entry in turn, which is slower everywhere.
 */
import memoizee from "memoizee";
import weak from "memoizee/weak.js";

export const packageName = "memoizee";

export function wrap(fn, { parameters, keys }) {
  if (keys === "identity") return weak(fn);
  if (keys === "content") return memoizee(fn, { normalizer: (args) => JSON.stringify(args[0]) });
  return memoizee(fn, { primitive: true, length: parameters === "rest" ? false : parameters });
}
