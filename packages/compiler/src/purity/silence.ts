import type { Comment } from "../ast.ts";
import { readFileSync } from "node:fs";
import type { Module } from "../fingerprint/link.ts";
import { treeOf } from "../fingerprint/files.ts";
import { silenceable } from "./note.ts";

/** A comment that silences notes: `// rote-ignore ROTE_IO: logging only`. */
export interface Silence {
  readonly module: Module;
  readonly start: number;
  /** The line that it is about, from 1 on. */
  readonly line: number;
  readonly codes: readonly string[];
  /** What is wrong with it, so that it silences nothing. */
  readonly problem: string | undefined;
}

const spelling = /^[\s*]*rote-ignore\b(?<codes>[^:]*)(?::(?<reason>.*))?$/s;

const known = new WeakMap<Module, readonly Silence[]>();

/** The silences in a module. */
export function silencesOf(module: Module): readonly Silence[] {
  const before = known.get(module);
  if (before !== undefined) return before;
  const found = readSilences(module);
  known.set(module, found);
  return found;
}

function readSilences(module: Module): Silence[] {
  const comments = (treeOf(module.file)?.comments ?? []).filter(({ value }) =>
    value.includes("rote-ignore"),
  );
  if (comments.length === 0) return [];
  const text = readFileSync(module.file.path, "utf8");
  const lines = text.split("\n");
  return comments.flatMap((comment) => {
    const match = spelling.exec(comment.value);
    if (match === null) return [];
    const codes = (match.groups?.["codes"] ?? "").split(/[\s,]+/).filter((code) => code !== "");
    const reason = (match.groups?.["reason"] ?? "").trim();
    const line = lineAfter(comment, text, lines);
    return { module, start: comment.start, line, codes, problem: problemOf(codes, reason) };
  });
}

function problemOf(codes: readonly string[], reason: string): string | undefined {
  const unknown = codes.find((code) => !silenceable.has(code));
  if (codes.length === 0) return "it says no code";
  if (unknown !== undefined) return `there is no code ${unknown} that could be silenced`;
  return reason === "" ? "it gives no reason" : undefined;
}

/** Its own line, if there is something before it; else the next one that is not a comment. */
function lineAfter({ start, end }: Comment, text: string, lines: readonly string[]): number {
  const own = text.slice(0, start).split("\n").length;
  const before = text.slice(text.lastIndexOf("\n", start - 1) + 1, start);
  const rest = text.slice(end).split("\n", 1)[0] ?? "";
  if (before.trim() !== "" || rest.trim() !== "") return own;
  let line = text.slice(0, end).split("\n").length + 1;
  while (line < lines.length && /^\s*(?:\/\/.*|\/\*.*\*\/\s*)?$/.test(lines[line - 1] ?? ""))
    line++;
  return line;
}
