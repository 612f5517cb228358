/** Arguments on the command line: JSON, and `123n` for a BigInt wherever JSON has a number. */
import { randomUUID } from "node:crypto";
import { Failure } from "../failure.ts";

/** A JSON string (skipped as a whole), or a BigInt literal. */
const stringOrBigInt = /"(?:[^"\\]|\\.)*"|(-?(?:0|[1-9]\d*))n\b/g;

export function parseArguments(texts: readonly string[]): unknown[] {
  return texts.map((text, index) => parseArgument(text, index + 1));
}

function parseArgument(text: string, position: number): unknown {
  // JSON.parse has no BigInt, so each becomes a string that nobody else can have written.
  const marker = `${randomUUID()}:`;
  const marked = text.replace(stringOrBigInt, (whole: string, digits: string | undefined) =>
    digits === undefined ? whole : `"${marker}${digits}"`,
  );
  try {
    return JSON.parse(marked, (_key, value: unknown) =>
      typeof value === "string" && value.startsWith(marker)
        ? BigInt(value.slice(marker.length))
        : value,
    );
  } catch {
    throw new Failure(`argument ${position} is not JSON: ${text}`, hintFor(text));
  }
}

function hintFor(text: string): string {
  if (/^(undefined|NaN|[+-]?Infinity)$/.test(text)) {
    return `JSON has no ${text}: export a small memoized function that takes none and calls yours.`;
  }
  if (/^[\w\s.,:;/@+-]*$/.test(text)) {
    return `Text needs quotes of its own, inside those of the shell: '${JSON.stringify(text)}'`;
  }
  return `Write it as JSON, inside quotes for the shell: '{"depth":3}', '[1,2]', '"text"', 36, 36n.`;
}
