/** What the transform could not do, or found strange. The function is left as it is. */
export interface Diagnostic {
  /** Stable, for programs. */
  readonly code: DiagnosticCode;
  readonly file: string;
  /** From 1 on. */
  readonly line: number;
  /** From 1 on, in UTF-16 units. */
  readonly column: number;
  /** What is wrong, and why. */
  readonly reason: string;
  /** What to do about it. */
  readonly remedy: string;
}

/** The stable codes of a {@link Diagnostic}. */
export type DiagnosticCode = keyof typeof texts;

const texts = {
  ROTE_GENERATOR: [
    "A generator cannot be memoized: its callers would share one iterator, which can be read once.",
    "Memoize a function that returns an array.",
  ],
  ROTE_CONSTRUCTOR: [
    "A constructor cannot be memoized: every new would share one object.",
    "Memoize a function that returns an instance.",
  ],
  ROTE_SETTER: [
    "A setter returns nothing that could be remembered.",
    "Mark the getter: what it remembers is forgotten when the property is set.",
  ],
  ROTE_PRIVATE: [
    "A private method cannot be replaced, not even inside its class.",
    "Decorate it with @memoize, or mark a function that it calls.",
  ],
  ROTE_COMPUTED: [
    "Its name is computed, so it is not known here what to memoize, nor what to call it.",
    "Write the name out, or use memoizeMethods, or memoize(fn, { name }).",
  ],
  ROTE_SWITCH: [
    "A function declared in a case of a switch belongs to all cases, and there is no place that runs before each of them.",
    "Put braces around the statements of the case, or declare the function outside of the switch.",
  ],
  ROTE_NO_BLOCK: [
    "The function is the whole branch of an if, where nothing can be put beside it.",
    "Put braces around it.",
  ],
  ROTE_REPLACED: [
    "Something that follows may take its place under the same name: another declaration, a computed name, or a spread.",
    "Move it behind that, or remove the one that is not meant.",
  ],
  ROTE_FILE: [
    "A directive at the top of a file marks no function.",
    "Move it into the functions that are meant, as their first statement.",
  ],
  ROTE_POSITION: [
    "It is not at the beginning of a function, so it is no directive but a text that nobody reads.",
    "Move it up, to be the first statement of the function.",
  ],
  ROTE_SPELLING: [
    "This is not how the mark is spelt.",
    'Write "use memoize" in the function, or /* @memoize */ before an arrow function.',
  ],
  ROTE_COMMENT: [
    "The comment /* @memoize */ marks an arrow function that it stands directly before, and here is none.",
    'Move it right before the arrow function; in any other function, write "use memoize".',
  ],
} as const;

/** One line for people: `src/a.ts:3:5 ROTE_SETTER: …`. */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  const { code, file, line, column, reason, remedy } = diagnostic;
  return `${file}:${line}:${column} ${code}: ${reason} ${remedy}`;
}

/** Makes the diagnostics of one file. */
export function createReporter(
  file: string,
  code: string,
): { readonly found: Diagnostic[]; report(code: DiagnosticCode, at: number): void } {
  const found: Diagnostic[] = [];
  return {
    found,
    report(kind, at) {
      const [reason, remedy] = texts[kind];
      found.push({ code: kind, file, ...lineAndColumn(code, at), reason, remedy });
    },
  };
}

/** The place of an offset, both from 1 on. */
export function lineAndColumn(code: string, at: number): { line: number; column: number } {
  const lines = code.slice(0, at).split(/\r\n|[\n\r\u2028\u2029]/);
  return { line: lines.length, column: (lines.at(-1) as string).length + 1 };
}
