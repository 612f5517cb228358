/** Are the marked functions of these files memoized, or would they be? */
import { readFileSync } from "node:fs";
import { extname } from "node:path";
import type { Fingerprinter, Note, OutputReport, TransformResult } from "@rote/compiler";
import { Failure } from "../failure.ts";

/** A built file has to be memoized already; a source is one that somebody is going to read. */
export type FileKind = "output" | "source";

export interface Finding {
  readonly code: string;
  /** From 1 on, as columns. */
  readonly line: number;
  readonly column: number;
  readonly reason: string;
  readonly remedy: string;
}

export interface CheckedFile {
  /** As the user named it. */
  readonly file: string;
  readonly kind: FileKind;
  /** The ids of the marked functions that are memoized, or will be. */
  readonly memoized: readonly string[];
  readonly findings: readonly Finding[];
  /** What makes memoized functions of a source impure. */
  readonly notes: readonly Note[];
}

/** As much of the compiler as is used. */
export interface Compiler {
  transform(code: string, path: string): TransformResult | undefined;
  checkOutput(code: string, path: string): OutputReport | undefined;
}

const sources = new Set([".ts", ".mts", ".cts", ".tsx", ".jsx"]);

/** TypeScript and JSX are sources; JavaScript is taken for built, unless it is said not to be. */
export function kindOf(path: string, areSources: boolean): FileKind {
  return areSources || sources.has(extname(path)) ? "source" : "output";
}

export function checkFile(
  compiler: Compiler,
  file: string,
  path: string,
  kind: FileKind,
  fingerprinter: Fingerprinter,
): CheckedFile {
  const code = readFileSync(path, "utf8");
  const checked = (): Checked =>
    kind === "source"
      ? checkSource(compiler, file, path, code, fingerprinter)
      : checkBuilt(compiler, file, path, code);
  try {
    return { file, kind, ...checked() };
  } catch (error) {
    const { code: kindOfError, message } = error as Error & { code?: unknown };
    // Of what package.json says.
    throw kindOfError === "ERR_INVALID_OPTION" ? new Failure(message) : error;
  }
}

type Checked = Pick<CheckedFile, "memoized" | "findings" | "notes">;

function checkSource(
  { transform, checkOutput }: Compiler,
  file: string,
  path: string,
  code: string,
  fingerprinter: Fingerprinter,
): Checked {
  const result = transform(code, path);
  // It may have nothing to be done, or errors.
  if (result === undefined && checkOutput(code, path) === undefined)
    throw new Failure(
      `${file} has syntax errors`,
      `Nothing can be said of its marks before they are mended.`,
    );
  const { memoized = [], diagnostics = [] } = result ?? {};
  return {
    memoized: memoized.flatMap(({ by, id }) => (by === "mark" ? [id] : [])),
    findings: diagnostics.map(({ code, line, column, reason, remedy }) => ({
      code,
      line,
      column,
      reason,
      remedy,
    })),
    notes: memoized.flatMap(({ start }) => fingerprinter.notes(path, start)),
  };
}

function checkBuilt({ checkOutput }: Compiler, file: string, path: string, code: string): Checked {
  const report = checkOutput(code, path);
  if (report === undefined) {
    throw new Failure(
      `${file} is no valid JavaScript`,
      `Give built files, such as dist/*.js; TypeScript is known by its ending, other sources by --source.`,
    );
  }
  return {
    memoized: report.memoized,
    findings: report.unread.map(({ name, line, column }) => ({
      code: "ROTE_UNREAD",
      line,
      column,
      reason: `${name} has the directive "use memoize", and nobody has read it: it is not memoized.`,
      remedy: `Build with a plugin of @rote/compiler, such as @rote/compiler/vite.`,
    })),
    notes: [],
  };
}
