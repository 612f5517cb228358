import { dirname } from "node:path";
import type { SourceMap } from "magic-string";
import type { MemoizeOptions } from "rote";
import { type Format, type Node, parse, type Path, type Tree, walk } from "./ast.ts";
import { Calls, type MemoizingCall } from "./calls.ts";
import { createReporter, type Diagnostic, type DiagnosticCode } from "./diagnostic.ts";
import { exportedFunctions } from "./exported.ts";
import { type Mark, Marks } from "./marks.ts";
import { mayBeMarked } from "./mentions.ts";
import { writeMeta, writeOptions } from "./meta.ts";
import { createIds, holderName, qualifiedName } from "./names.ts";
import type { Fingerprinter } from "./fingerprint/fingerprint.ts";
import { type FunctionPlace, revisionOf, writeRevision } from "./fingerprint/revision.ts";
import { findPlace, isRepeated } from "./place.ts";
import { findProject, locate } from "./project.ts";
import { type Member, Rewriter } from "./rewrite.ts";
import { readRoteNames } from "./rote-names.ts";
import { Shadows } from "./shadows.ts";
import { Written } from "./written.ts";

/** How {@link transform} works. */
export interface TransformOptions {
  /**
   * Whether the source is an ES module or CommonJS, where neither its name nor its syntax tells.
   * @defaultValue by its text
   */
  format?: Format;
  /**
   * The directory from which ids are counted, so that they are the same on every machine.
   * @defaultValue the nearest one with a package.json, whose name is part of the id
   */
  root?: string;
  /**
   * Options for every marked function; `configureMemoized` gives further ones to one of them.
   * @defaultValue what the nearest package.json says: `"rote": { "defaults": { "maxEntries": 10000 } }`
   */
  defaults?: MemoizeOptions;
  /**
   * Exported functions to memoize as if they were marked, by the names of the exports, `"default"` among them. Those
   * that are memoized already stay as they are.
   * @defaultValue none
   */
  functions?: readonly string[];
  /**
   * Makes the fingerprints that stored results are found by. What it has read is what the fingerprints are of: `refresh` it after changes.
   * @defaultValue none: they are found by the texts of the functions
   */
  fingerprinter?: Fingerprinter;
  /**
   * Whether the output also says what each function with a fingerprint reaches, so that explanations can name what has changed: some 60 bytes for each declaration.
   * @defaultValue false
   */
  manifests?: boolean;
}

/** For code that runs in this process: an expression that makes the fingerprint when a store asks for it. */
export interface LateFingerprints {
  late?(place: FunctionPlace): string;
}

/** A function that is memoized in the output. */
export interface MemoizedFunction {
  /** As in `meta` of the runtime: `shop/src/rates.ts#price`. */
  readonly id: string;
  readonly name: string;
  /** Whether it is marked, or named in `functions`; or given to `memoize`. */
  readonly by: "mark" | "call";
  /** Where the function or the call begins, in UTF-16 units. */
  readonly start: number;
}

/** What {@link transform} has made of a source. */
export interface TransformResult {
  readonly code: string;
  /** `null` if nothing has changed. */
  readonly map: SourceMap | null;
  readonly diagnostics: readonly Diagnostic[];
  readonly memoized: readonly MemoizedFunction[];
}

/**
 * Memoizes the functions of a source that are marked with the directive `"use memoize"`, or with a comment `@memoize` before an arrow
 * function, and says to calls of `memoize` which function they are about.
 *
 * Lines stay as they are, and so does the text of every function; TypeScript stays TypeScript. What
 * cannot be memoized is a diagnostic and left alone.
 *
 * @param code - The source, JavaScript or TypeScript, with JSX or without.
 * @param path - Its absolute path, whose ending says which language it is.
 * @param options - See {@link TransformOptions}.
 * @returns `undefined` if there is nothing to do, or if it is not valid: the tool that reads it next says why.
 * @throws {RoteError} `ERR_INVALID_OPTION` for defaults that cannot be written into a source, and for a field `rote` of
 * package.json that is not understood.
 */
export function transform(
  code: string,
  path: string,
  options: TransformOptions = {},
): TransformResult | undefined {
  const { functions = [] } = options;
  if (functions.length === 0 && !mayBeMarked(code)) return undefined;
  const tree = parse(code, path, options.format);
  if (tree === undefined) return undefined;
  const { found: diagnostics, report } = createReporter(path, code);
  const { found, calls } = findAll(code, tree, functions, report);
  const rewriter = new Rewriter(code);
  const defaults = writeOptions(options.defaults ?? findProject(dirname(path))?.defaults);
  const idOf = createIds(locate(path, options.root));
  const memoized: MemoizedFunction[] = [];
  /** Of one class or object. */
  const members = new Map<Node, Member[]>();
  /** In the order of the source. */
  const edits: (() => void)[] = [];

  const fingerprintOf = ({ node }: Path, qualified: string): string | undefined => {
    const { fingerprinter, late } = options as TransformOptions & LateFingerprints;
    const place = { path, code, offset: node.start, name: qualified };
    if (late !== undefined) return late(place);
    const withReached = options.manifests === true;
    return fingerprinter && writeRevision(revisionOf(fingerprinter, place), withReached);
  };
  const note = (at: Path, by: "mark" | "call", qualified: string): MemoizedFunction => {
    const name = qualified.slice(qualified.lastIndexOf(".") + 1);
    const one = { id: idOf(qualified), name, by, start: at.node.start };
    memoized.push(one);
    return one;
  };
  const passMeta = ({ path: at }: MemoizingCall): void => {
    const qualified = qualifiedName(at);
    const { id, name } = note(at, "call", qualified);
    const fingerprint = fingerprintOf(at, qualified);
    const meta = writeMeta({ id, name, isOneOfMany: isRepeated(at), fingerprint });
    edits.push(() => rewriter.pass(at.node, meta));
  };
  const memoize = ({ path: at, at: markAt }: Mark): void => {
    const place = findPlace(at);
    if (typeof place === "string") {
      report(place, markAt);
      return;
    }
    const isUnnamed = place.kind === "declaration" && place.name === undefined;
    const qualified = isUnnamed ? "default" : qualifiedName(at);
    const { id, name } = note(at, "mark", qualified);
    const meta = writeMeta({
      id,
      name,
      isOneOfMany: isRepeated(at),
      inferredName: isUnnamed ? "default" : place.kind === "expression" ? place.name : undefined,
      isConfigurable: [place.name, name, holderName(at)].some((each) => calls.configures(each)),
      fingerprint: fingerprintOf(at, qualified),
      options: defaults,
    });
    const member = {
      name: place.name ?? name,
      isStatic: "isStatic" in place && place.isStatic,
      meta,
    };
    switch (place.kind) {
      case "declaration":
        edits.push(() => rewriter.rebind(at.node, place.list, place.name, meta));
        return;
      case "expression":
        edits.push(() => rewriter.wrap(at, meta));
        return;
      case "named expression":
        edits.push(() => rewriter.wrapNamed(at, place.name, meta));
        return;
      default: {
        const known = members.get(place.owner.node);
        known?.push(member);
        if (known !== undefined) return;
        const all = [member];
        members.set(place.owner.node, all);
        edits.push(() => rewriter.replace(place.owner, all));
      }
    }
  };

  for (const one of found) {
    if ("by" in one) passMeta(one);
    else memoize(one);
  }
  if (edits.length === 0)
    return diagnostics.length === 0 ? undefined : { code, map: null, diagnostics, memoized };
  for (const edit of edits.reverse()) edit();
  const text = rewriter.finish(tree.program, tree.isModule);
  const map = text.generateMap({ source: path, includeContent: true, hires: true });
  return { code: text.toString(), map, diagnostics, memoized };
}

/** What is marked and what is given to `memoize`, in the order of the source; and what is configured. */
function findAll(
  code: string,
  { program, comments }: Tree,
  functions: readonly string[],
  report: (code: DiagnosticCode, at: number) => void,
): { found: (Mark | MemoizingCall)[]; calls: Calls } {
  const calls = new Calls(readRoteNames(program));
  const marks = new Marks(code, comments, report);
  const shadows = new Shadows();
  const written = new Written(shadows);
  const named = exportedFunctions(program, functions);
  const readNamed = (path: Path): Mark | undefined =>
    named.has(path.node) ? { path, at: path.node.start } : undefined;
  const found: (Mark | MemoizingCall)[] = [];
  walk(program, (path) => {
    shadows.read(path);
    written.read(path.node);
    const one = marks.read(path) ?? readNamed(path) ?? calls.read(path);
    if (one !== undefined) found.push(one);
  });
  marks.finish();
  // A name may be declared again below the call. What another tool has memoized already, and knows better, stays.
  const isMeant = (one: Mark | MemoizingCall): boolean =>
    "by" in one ? !shadows.hides(one.by, one.path.node.start) : !written.isAbout(one.path);
  return { found: found.filter(isMeant), calls };
}
