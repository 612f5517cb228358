/** Something that a fingerprint cannot see, and where. */
export interface Finding {
  /** Stable, for programs. */
  readonly code: FindingCode;
  readonly file: string;
  /** From 1 on. */
  readonly line: number;
  /** From 1 on, in UTF-16 units. */
  readonly column: number;
  /** What is there, and why it is not seen. */
  readonly reason: string;
  /** What to do about it. */
  readonly remedy: string;
  /** The variable of the environment that it is about, if it is written out. */
  readonly variable?: string;
}

/** The stable codes of a {@link Finding}. */
export type FindingCode = keyof typeof texts;

const texts = {
  ROTE_UNSEEN_CODE: [
    "It runs code that is made at run time, which is in no source.",
    "Call a function instead, or give version.",
  ],
  ROTE_UNSEEN_IMPORT: [
    "What it loads is known only at run time, or cannot be found.",
    "Write the specifier out as a text, or give version.",
  ],
  ROTE_UNSEEN_ENV: [
    "It reads the environment or the command line, which differ from one process to the next.",
    'Pass what it needs as an argument, or name the variables: env: ["NAME"].',
  ],
  ROTE_UNSEEN_CLOCK: [
    "It reads the clock, so that its result depends on when it ran.",
    "Pass the time as an argument, or give version and a ttl.",
  ],
  ROTE_UNSEEN_RANDOM: [
    "It draws a random number, so that two runs give two results.",
    "Pass a seed or what was drawn as an argument, or give version.",
  ],
  ROTE_UNSEEN_CAPTURE: [
    "It reads a local of the function around it, which differs from one call of that to the next.",
    "Pass it as an argument, or give dependsOn with its value.",
  ],
  ROTE_UNSEEN_STATE: [
    "It reads a variable of its module that functions write at run time.",
    "Pass the value as an argument, or give version.",
  ],
  ROTE_UNSEEN_NATIVE: [
    "It runs native code, which has no source here.",
    "Give a version that changes with the binary.",
  ],
  ROTE_UNSEEN_GLOBAL: [
    "It reads a global that no standard defines, and no module that it can reach.",
    "Import it, pass it as an argument, or give version.",
  ],
  ROTE_UNSEEN_LOCATION: [
    "It reads where its file or its process is; what it finds there is not part of the fingerprint.",
    "Import the data, pass it as an argument, or give version.",
  ],
  ROTE_UNSEEN_SOURCE: [
    "A module that it reaches could not be read or is not valid.",
    "Mend the module; until then, give version.",
  ],
} as const;

/** What is said of a code. */
export function textOf(code: FindingCode): { readonly reason: string; readonly remedy: string } {
  const [reason, remedy] = texts[code];
  return { reason, remedy };
}

/** One line for people: `src/a.ts:3:5 ROTE_UNSEEN_CLOCK: …`. */
export function formatFinding({ code, file, line, column, reason, remedy }: Finding): string {
  return `${file}:${line}:${column} ${code}: ${reason} ${remedy}`;
}
