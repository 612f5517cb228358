/**
 * Whether a source may hold anything for the transform: a directive or something like one, a comment,
 * or an import of rote. One look at the text, before anything is parsed or even loaded.
 */
export function mayBeMarked(code: string): boolean {
  return mentions(code) && marks.test(code);
}

/** What a source has that is not passed over. */
export const marks: RegExp = /["']\s*use[\s_-]*memo[ir]|@memoize\b|["']rote["']/;

/** The same of a text or of its bytes, quickly: it says yes too often. */
export function mentions(code: { includes(text: string): boolean }): boolean {
  return code.includes("memo") || code.includes("rote");
}
