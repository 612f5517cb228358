import { parse, type Path, walk } from "./ast.ts";
import { lineAndColumn } from "./diagnostic.ts";
import { hasDirective } from "./marks.ts";
import { qualifiedName } from "./names.ts";
import { Shadows } from "./shadows.ts";
import { Written } from "./written.ts";

/** A function of a built file that has the directive. */
export interface UnreadFunction {
  /** What it is called there, such as `Polygon.prototype.area`. */
  readonly name: string;
  /** From 1 on. */
  readonly line: number;
  /** From 1 on, in UTF-16 units. */
  readonly column: number;
}

/** What {@link checkOutput} has found in a file. */
export interface OutputReport {
  /** The ids of the marked functions that are memoized, in the order of the file. */
  readonly memoized: readonly string[];
  /** Functions with a directive that nobody has read. */
  readonly unread: readonly UnreadFunction[];
}

/**
 * Looks in a built file for functions that are marked with `"use memoize"`, and whether they are memoized.
 *
 * It needs no source map, and takes minified code. Where a minifier has removed the directives, as Terser does,
 * it does not see what is missing; code in texts, as in webpack's `eval` modes, is not looked into.
 *
 * @param code - JavaScript, as it was built.
 * @param path - Its path, whose ending says which language it is.
 * @returns `undefined` if it is not valid.
 */
export function checkOutput(code: string, path: string): OutputReport | undefined {
  if (!code.includes("use memoize") && !code.includes("#")) return { memoized: [], unread: [] };
  const tree = parse(code, path, undefined);
  if (tree === undefined) return undefined;
  const shadows = new Shadows();
  const written = new Written(shadows);
  const marked: Path[] = [];
  walk(tree.program, (at) => {
    shadows.read(at);
    written.read(at.node);
    if (hasDirective(at.node)) marked.push(at);
  });
  const unread = marked
    .filter((at) => !written.isAbout(at))
    .map((at) => ({ name: qualifiedName(at), ...lineAndColumn(code, at.node.start) }));
  return { memoized: written.ids, unread };
}
