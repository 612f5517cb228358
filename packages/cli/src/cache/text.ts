/** What is in a store, for people: nothing of it reaches the terminal as a command to it. */
import { inspect } from "node:util";
import { KeyedContent } from "rote/store";
import type { Colors } from "../terminal.ts";

/**
 * Control characters, and those that change the direction of text: written as they are in code. Names,
 * tags and values come from whoever has written the store.
 */
const unseen = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069\p{Surrogate}]/gu;

function escape(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code < 0x100
    ? `\\x${code.toString(16).padStart(2, "0")}`
    : `\\u${code.toString(16).padStart(4, "0")}`;
}

/** A name or a tag on one line. */
export function plain(text: string): string {
  return text.replace(unseen, escape);
}

/** One value on one line, shortened. */
export function showShortly(value: unknown): string {
  return plain(
    show(value, {
      breakLength: Infinity,
      compact: true,
      depth: 3,
      maxArrayLength: 8,
      maxStringLength: 80,
    }),
  );
}

/** One value whole, on as many lines as it takes. */
export function showWhole(value: unknown): string {
  const options = { depth: Infinity, maxArrayLength: Infinity, maxStringLength: Infinity };
  return show(value, options).split("\n").map(plain).join("\n");
}

function show(value: unknown, options: object): string {
  try {
    return inspect(named(value), options);
  } catch {
    return `<${typeof value} that cannot be shown>`;
  }
}

/** An instance of a class of which only its content was kept, under the name of its class. */
function named(value: unknown): unknown {
  return value instanceof KeyedContent ? { [value.className]: value.content } : value;
}

/** The arguments of a call on one line. */
export function showArguments(args: readonly unknown[] | undefined): string {
  if (args === undefined) return "?";
  const list = args.map(showShortly).join(", ");
  return `(${list.length > 100 ? `${list.slice(0, 99)}…` : list})`;
}

const spans: readonly (readonly [name: string, ms: number])[] = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
];

/** The largest unit alone: `3 d`, `5 m`; `now` below a second. */
export function showSpan(ms: number): string {
  const [name, unit] = spans.find(([, each]) => ms >= each) ?? ["", 0];
  return unit === 0 ? "now" : `${Math.floor(ms / unit)} ${name}`;
}

/** `2026-11-03 14:05:09` in universal time, as machines that share a store have no other in common. */
export function showInstant(instant: number): string {
  if (instant === Infinity) return "never";
  const date = new Date(instant);
  return Number.isNaN(date.getTime())
    ? String(instant)
    : date.toISOString().replace("T", " ").replace(/\..*/, " UTC");
}

/** Columns as wide as their widest cell; the first and those named are aligned to the left. */
export function table(
  titles: readonly string[],
  rows: readonly (readonly string[])[],
  colors: Colors,
  left: readonly string[] = [],
): string[] {
  const widths = titles.map((title, column) =>
    rows.reduce((width, row) => Math.max(width, row[column]?.length ?? 0), title.length),
  );
  const line = (cells: readonly string[]): string =>
    `  ${cells
      .map((text, column) => {
        const isLeft = column === 0 || left.includes(titles[column] ?? "");
        return isLeft ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0);
      })
      .join("   ")}`.trimEnd();
  return [colors.dim(line(titles)), ...rows.map(line)];
}
