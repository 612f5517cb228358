import type { SourceMap } from "magic-string";
import type { MemoizeOptions } from "rote";
import { type Format, type Node, parse, type Path, walk } from "./ast.ts";
import { Calls, type MemoizingCall } from "./calls.ts";
import { createReporter, type Diagnostic } from "./diagnostic.ts";
import { type Mark, Marks } from "./marks.ts";
import { mayBeMarked } from "./mentions.ts";
import { writeMeta, writeOptions } from "./meta.ts";
import { createIds, qualifiedName } from "./names.ts";
import { findPlace } from "./place.ts";
import { locate } from "./project.ts";
import { type Member, Rewriter } from "./rewrite.ts";
import { readRoteNames } from "./rote-names.ts";
import { Shadows } from "./shadows.ts";

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
   * @defaultValue none
   */
  defaults?: MemoizeOptions;
}

/** A function that is memoized in the output. */
export interface MemoizedFunction {
  /** As in `meta` of the runtime: `shop/src/rates.ts#price`. */
  readonly id: string;
  readonly name: string;
  /** Whether it is marked, or given to `memoize`. */
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
 * @throws {RoteError} `ERR_INVALID_OPTION` for defaults that cannot be written into a source.
 */
export function transform(
  code: string,
  path: string,
  options: TransformOptions = {},
): TransformResult | undefined {
  if (!mayBeMarked(code)) return undefined;
  const tree = parse(code, path, options.format);
  if (tree === undefined) return undefined;
  const { program, isModule } = tree;
  const { found: diagnostics, report } = createReporter(path, code);
  const names = readRoteNames(program);
  const calls = new Calls(names);
  const marks = new Marks(code, tree.comments, report);
  const shadows = new Shadows();
  const found: (Mark | MemoizingCall)[] = [];
  walk(program, (each) => {
    shadows.read(each);
    const one = marks.read(each) ?? calls.read(each);
    if (one !== undefined) found.push(one);
  });
  marks.finish();

  const rewriter = new Rewriter(code);
  const defaults = writeOptions(options.defaults);
  const idOf = createIds(locate(path, options.root));
  const memoized: MemoizedFunction[] = [];
  const owners = new Map<Node, Member[]>();
  /** In the order of the source. */
  const edits: (() => void)[] = [];
  const note = (at: Path, by: "mark" | "call", isDefault = false): MemoizedFunction => {
    const qualified = isDefault ? "default" : qualifiedName(at);
    const name = qualified.slice(qualified.lastIndexOf(".") + 1);
    const one = { id: idOf(qualified), name, by, start: at.node.start };
    memoized.push(one);
    return one;
  };

  for (const one of found) {
    const { path: at } = one;
    const { node } = at;
    if ("by" in one) {
      if (shadows.hides(one.by, node.start)) continue;
      const { id, name } = note(at, "call");
      edits.push(() => rewriter.pass(node, writeMeta({ id, name })));
      continue;
    }
    const place = findPlace(at);
    if (typeof place === "string") {
      report(place, one.at);
      continue;
    }
    const isDefault = place.kind === "declaration" && place.name === undefined;
    const { id, name } = note(at, "mark", isDefault);
    const meta = writeMeta({
      id,
      name,
      inferredName: isDefault ? "default" : place.kind === "expression" ? place.name : undefined,
      isConfigurable: calls.configures(place.name) || calls.configures(name),
      options: defaults,
    });
    switch (place.kind) {
      case "declaration":
        edits.push(() => rewriter.rebind(node, place.list, place.name, meta));
        break;
      case "expression":
        edits.push(() => rewriter.wrap(at, meta));
        break;
      case "named expression":
        edits.push(() => rewriter.wrapNamed(at, place.name, meta));
        break;
      default: {
        const { owner, isStatic } = place;
        const known = owners.get(owner);
        const members = known ?? [];
        members.push({ name: place.name, isStatic, meta });
        if (known !== undefined) break;
        owners.set(owner, members);
        edits.push(() =>
          owner.type === "ClassBody"
            ? rewriter.replaceInClass(owner, members)
            : rewriter.replaceInObject(owner, members),
        );
      }
    }
  }
  if (edits.length === 0)
    return diagnostics.length === 0 ? undefined : { code, map: null, diagnostics, memoized };
  for (const edit of edits.reverse()) edit();
  const text = rewriter.finish(program, isModule);
  const map = text.generateMap({ source: path, includeContent: true, hires: true });
  return { code: text.toString(), map, diagnostics, memoized };
}
