/**
 * A call is turned into a sequence of tokens, and the tokens are walked through a trie.
 * A token is a primitive of the caller's, or one of the marks below, which no caller can hold.
 *
 * The sequence is prefix-free: no call's tokens are the beginning of another's, because every mark
 * says how many tokens follow, or is followed by a count. So a trie slot is either the end of every
 * call that reaches it or of none.
 */
export class Mark {
  /**
   * Which object of the same call is met again here: aliases and cycles are part of the content.
   * -1 for every other mark.
   */
  readonly alias: number;
  constructor(alias = -1) {
    this.alias = alias;
  }
}

/** Here stands an object with content; its own tokens follow when the tokens in front of it are done. */
export const NESTED: Mark = new Mark();
/** Here stands something known by identity; it is walked before all tokens, through weak maps. */
export const IDENTITY: Mark = new Mark();
export const NEGATIVE_ZERO: Mark = new Mark();
/** `this` where it is `undefined`, `globalThis` or a module namespace: no receiver at all. */
export const NO_RECEIVER: Mark = new Mark();

const aliases: Mark[] = [];

/** The one mark for a given object, so that tokens compare by `===`. */
export function aliasOf(index: number): Mark {
  while (aliases.length <= index) aliases.push(new Mark(aliases.length));
  return aliases[index] as Mark;
}

/**
 * `===`, and `NaN` equals itself; `-0` never gets here: it is a mark. Each type has its own
 * comparison, because V8 compiles one that has seen several as a call.
 */
export function isSameToken(a: unknown, b: unknown): boolean {
  if (typeof a === "object") return typeof b === "object" && a === b;
  if (typeof a === "string") return typeof b === "string" && a === b;
  if (typeof a === "number") return typeof b === "number" && (a === b || (a !== a && b !== b));
  return a === b;
}
