/**
 * Whether a source may hold anything for the transform: a directive or something like one, a comment,
 * or an import of rote. One look at the text, before anything is parsed or even loaded.
 */
export function mayBeMarked(code: string): boolean {
  return mentions(code) && marks.test(code);
}

/** What a source has that is not passed over. */
export const marks: RegExp = /["']\s*use[\s_-]*memo[ir]|@memoize\b|["']rote["']/;

/**
 * The same of a text or of its bytes, quickly: it says yes too often. Every mark and every call of `memoize` has
 * these letters in it; a second search, for the import, would take longer than this one.
 */
export function mentions(code: string | NodeJS.TypedArray): boolean {
  return typeof code === "string"
    ? code.includes("memo")
    : // As bytes, and of whatever array: neither is to be turned into something else before.
      Buffer.prototype.includes.call(code, letters);
}

const letters = Buffer.from("memo");
