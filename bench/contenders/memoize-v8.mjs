/**
 * memoize once more, with a key that loses no plain data: the structured-clone bytes as a string.
 * Without it the rows about content would have no peer whose answers are right. Elsewhere it sits out.
 */
import { serialize } from "node:v8";
import memoize from "memoize";
import { wrap as wrapPlain } from "./memoize.mjs";

export const packageName = "memoize";

export const takesPart = (row) => row.shape.keys === "content";

const cacheKey = (args) => serialize(args).latin1Slice();

export const wrap = (fn, shape) =>
  shape.keys === "identity" ? wrapPlain(fn, shape) : memoize(fn, { cacheKey });
