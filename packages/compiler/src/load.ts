import { readFileSync } from "node:fs";
import * as nodeModule from "node:module";
import { dirname } from "node:path";
import type { Format } from "./ast.ts";
import { hasMap, withMap } from "./chain.ts";
import { type Diagnostic, formatDiagnostic } from "./diagnostic.ts";
import type { HookOptions } from "./hooks.ts";
import type { Fingerprinter } from "./fingerprint/fingerprint.ts";
import { findProject, isForeign } from "./project.ts";
import type { FunctionPlace } from "./fingerprint/revision.ts";
import {
  type LateFingerprints,
  type MemoizedFunction,
  transform,
  type TransformOptions,
} from "./transform.ts";

type Late = typeof import("./fingerprint/late-revision.ts");
type Fingerprints = typeof import("./fingerprint/fingerprint.ts");
type Purity = typeof import("./purity/on-load.ts");

/** What is said of one file, rather than of all. */
export type Entry = Partial<Pick<NonNullable<HookOptions["entry"]>, "functions" | "onDiagnostic">>;

/**
 * Transforms what is being loaded. Diagnostics become warnings of the process.
 *
 * @returns The source with its map, or nothing if it stays as it is.
 */
export function apply(
  code: string,
  path: string,
  format: Format,
  { functions, onDiagnostic = warnOf }: Entry = {},
): string | undefined {
  // Who names functions of a file means that file.
  if (functions === undefined && isForeign(path)) return undefined;
  if (hasMap(code)) warnOfLostComments(code, path);
  const options: TransformOptions & LateFingerprints = {
    format,
    ...(functions !== undefined && { functions }),
    late: writeLate,
  };
  const result = transform(code, path, options);
  if (result === undefined) return undefined;
  result.diagnostics.forEach(onDiagnostic);
  if (findProject(dirname(path))?.notes === true) warnOfImpurities(path, code, result.memoized);
  if (result.map === null) return undefined;
  showOriginals();
  return withMap(result.code, result.map, path);
}

const require = nodeModule.createRequire(import.meta.url);
let reader: Fingerprinter | undefined;

/** What makes the functions of a file impure, for who has asked for it. */
function warnOfImpurities(path: string, code: string, memoized: readonly MemoizedFunction[]): void {
  // Loaded with the first file of a package that wants them.
  const { createFingerprinter } = require("./fingerprint/fingerprint.js") as Fingerprints;
  const { notesOn } = require("./purity/on-load.js") as Purity;
  reader ??= createFingerprinter();
  for (const line of notesOn(reader, path, code, memoized)) warn(line, "ROTE_NOTE");
}

const places: FunctionPlace[] = [];

/**
 * A function with a store asks for its fingerprint when it is memoized; all others never do, so nothing is read
 * for them. Code that was loaded finds this thread's hooks through a symbol, as it can import nothing of them.
 */
function writeLate(place: FunctionPlace): string {
  const key = Symbol.for("rote.fingerprint");
  (globalThis as Record<symbol, unknown>)[key] ??= (number: number) => {
    // Loaded with the first function that has a store.
    const { lateRevision } = require("./fingerprint/late-revision.js") as Late;
    return lateRevision(places[number] as FunctionPlace);
  };
  places.push(place);
  return `() => globalThis[Symbol.for("rote.fingerprint")]?.(${places.length - 1})`;
}

let showsOriginals = false;

/** Stack traces point at the text that was loaded. Lines are the same anyway, columns only through the map. */
function showOriginals(): void {
  if (showsOriginals) return;
  showsOriginals = true;
  const { setSourceMapsSupport } = nodeModule as Partial<typeof nodeModule>;
  if (setSourceMapsSupport === undefined) process.setSourceMapsEnabled(true);
  else setSourceMapsSupport(true, { nodeModules: false, generatedCode: false });
}

/** Compilers drop comments. */
function warnOfLostComments(code: string, path: string): void {
  const mark = /\/\*\*?\s*@memoize\s*\*\//;
  if (mark.test(code)) return;
  let original = "";
  try {
    original = readFileSync(path, "utf8");
  } catch {
    return;
  }
  if (mark.test(original))
    warn(
      `${path} has comments /* @memoize */ that another loader has removed before they could be read. Write the directive "use memoize", which stays.`,
      "ROTE_LOST_COMMENT",
    );
}

function warnOf(diagnostic: Diagnostic): void {
  warn(formatDiagnostic(diagnostic), diagnostic.code);
}

function warn(message: string, code: string): void {
  process.emitWarning(message, { type: "RoteWarning", code });
}
