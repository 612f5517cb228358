/**
 * nano-memoize: a Map for one argument, a scan of all entries for more. Its `serializer` hands the text
 * to the function instead of the object, so content is compared with `equals`.
 */
import { isDeepStrictEqual } from "node:util";
import nano from "nano-memoize";

const { nanomemoize } = nano; // CommonJS, whatever its package.json says

export const packageName = "nano-memoize";

export const wrap = (fn, { keys }) =>
  keys === "content" ? nanomemoize(fn, { equals: isDeepStrictEqual }) : nanomemoize(fn);
