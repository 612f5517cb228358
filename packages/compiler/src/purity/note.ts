/** Something that makes a memoized function more, or less, than a function of its arguments. */
export interface Note {
  /** Stable, for programs. */
  readonly code: NoteCode;
  /** Where it happens, which may be in another function than the memoized one. */
  readonly file: string;
  /** From 1 on. */
  readonly line: number;
  /** From 1 on, in UTF-16 units. */
  readonly column: number;
  /** The memoized function that it is about. */
  readonly function: string;
  /** What happens there, and why that and memoization do not go together. */
  readonly reason: string;
  /** What to do about it. */
  readonly remedy: string;
  /** The functions that lead there, the memoized one first; a single one if it is there itself. */
  readonly chain: readonly NoteStep[];
}

/** One function on the way to a {@link Note}, and where it is written. */
export interface NoteStep {
  readonly name: string;
  readonly file: string;
  readonly line: number;
}

/** The stable codes of a {@link Note}. */
export type NoteCode = keyof typeof texts;

/** `…` stands for what it is about. */
const texts = {
  ROTE_MUTATES_ARGUMENT: [
    "It changes …, which a hit does not do.",
    "Work on a copy, or return what is new.",
  ],
  ROTE_WRITES_OUTSIDE: [
    "It writes to …, which is outside of it; a hit does not do that.",
    "Return what is to be written, and write it where the function is called.",
  ],
  ROTE_READS_STATE: [
    "It reads …, which is written at run time; a hit returns what it was before.",
    "Pass the value as an argument, or clear the cache where it is written.",
  ],
  ROTE_CLOCK: [
    "It reads the clock (…), and a hit returns the time of the run.",
    "Pass the time as an argument, or give a ttl.",
  ],
  ROTE_RANDOM: [
    "It draws a random number (…), and a hit returns the same one again.",
    "Pass a seed or what was drawn as an argument.",
  ],
  ROTE_ENVIRONMENT: [
    "It reads the environment (…), which is no argument.",
    "Read it once, and pass what is needed as an argument.",
  ],
  ROTE_IO: [
    "It reaches the world outside of the program (…), which a hit does not do.",
    "Do that where the function is called; if what it reads may be old, give a ttl and silence this.",
  ],
  ROTE_HIDDEN_CACHE: [
    "It keeps results in …, a cache of its own that nothing bounds or clears.",
    "Remove it: the function is memoized.",
  ],
  ROTE_NEEDLESS_SILENCE: [
    "The comment silences …, and there is nothing to silence.",
    "Remove the comment.",
  ],
  ROTE_INVALID_SILENCE: [
    "The comment silences nothing: ….",
    "Write codes and a reason: // rote-ignore ROTE_IO: logging only",
  ],
} as const;

/** The codes that a comment may silence. */
export const silenceable: ReadonlySet<string> = new Set(
  Object.keys(texts).filter((code) => !code.endsWith("_SILENCE")),
);

/** What is said of a code, about one thing. */
export function noteTextOf(
  code: NoteCode,
  about: string,
): { readonly reason: string; readonly remedy: string } {
  const [reason, remedy] = texts[code];
  return { reason: reason.replace("…", () => about), remedy };
}

/**
 * One line for people: `src/a.ts:3:5 ROTE_IO: …`, with the way there if it is in another function.
 *
 * @example
 * ```ts no-run
 * import { createFingerprinter, formatNote } from "@rote/compiler";
 *
 * for (const note of createFingerprinter().notes("src/rates.ts", "price")) console.warn(formatNote(note));
 * ```
 */
export function formatNote({ code, file, line, column, reason, remedy, chain }: Note): string {
  const [first, ...rest] = chain;
  const steps = rest.map((step) => ` → ${step.name} (${step.file}:${step.line})`);
  const way = first === undefined || rest.length === 0 ? "" : ` [${first.name}${steps.join("")}]`;
  return `${file}:${line}:${column} ${code}: ${reason} ${remedy}${way}`;
}
