/**
 * Whether a source may hold anything for the transform: a directive or something like one, a comment,
 * or an import of rote. One look at the text, before anything is parsed or even loaded.
 */
export function mayBeMarked(code: string): boolean {
  return marks.test(code);
}

const marks = /["']\s*use[ _-]?memo|@memoize\b|["']rote["']/i;
