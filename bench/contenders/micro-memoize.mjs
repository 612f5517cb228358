/**
 * micro-memoize compares arguments with those of every entry in turn (Object.is, or "deep").
 * `maxSize: Infinity` is refused silently and means 1, so the largest integer says "keep everything".
 */
import { memoize } from "micro-memoize";

export const packageName = "micro-memoize";

const maxSize = Number.MAX_SAFE_INTEGER;

export const wrap = (fn, { keys }) =>
  memoize(fn, keys === "content" ? { maxSize, isKeyItemEqual: "deep" } : { maxSize });
