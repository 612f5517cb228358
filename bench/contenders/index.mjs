/**
 * Who takes part. A contender is loaded by name, in a process of its own, so that no peer's code is in
 * the memory, or in the type feedback, of another.
 *
 * Each file exports `packageName` and `wrap(fn, shape)`: the fastest documented options of that library
 * which keep every entry, for a function of the given shape:
 *
 *   parameters   1, 2, 3 or "rest"
 *   keys         "primitives", "identity" (objects, each of its own) or "content" (fresh, equal objects)
 *   options      if the row asks for them, { maxEntries, ttl }: a bound, and milliseconds
 *
 * A contender that cannot do what a row asks for sits out: `takesPart(row)` says so. Without it, a
 * contender takes part in the rows without options.
 *
 * `floor` is no file: what an expert writes by hand differs from row to row, so it stands in the rows.
 */
export const contenders = [
  "rote",
  "memoize",
  "memoize-v8",
  "micro-memoize",
  "memoizee",
  "nano-memoize",
  "lodash.memoize",
  "es-toolkit",
  "reselect",
  "fast-memoize",
  "memoizerific",
];

export const loadContender = (name) => import(`./${name}.mjs`);
