import { createRequire } from "node:module";
import type { ParseResult } from "oxc-parser";

/**
 * All that the compiler knows of oxc-parser. Trees are read through `Node`, which says as much as
 * is needed: a kind, a place, and fields that are looked at by kind.
 */
export interface Node {
  readonly type: string;
  /** Offsets in UTF-16 units. */
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

/** A node and how it was reached. */
export interface Path {
  readonly node: Node;
  readonly parent: Path | undefined;
}

export interface Comment {
  readonly type: "Line" | "Block";
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

export interface Tree {
  readonly program: Node;
  readonly comments: readonly Comment[];
  /** It has `import` or `export`, or is said to be a module. */
  readonly isModule: boolean;
}

/** What kind of source a file is: an ES module or CommonJS. */
export type Format = "module" | "commonjs";

const require = createRequire(import.meta.url);

/** What a path says of its format. */
function formatByName(path: string): Format | undefined {
  const letter = /\.([mc])[jt]s$/.exec(path)?.[1];
  return letter === undefined ? undefined : letter === "m" ? "module" : "commonjs";
}

/** The tree of a source, or nothing if it is not valid: whoever runs it will say so better. */
export function parse(code: string, path: string, given: Format | undefined): Tree | undefined {
  // Loaded when first needed: most programs have no marked file.
  const { parseSync } = require("oxc-parser") as typeof import("oxc-parser");
  const format = formatByName(path) ?? given;
  const read = (sourceType: Format | "unambiguous", lang?: "jsx"): ParseResult | undefined => {
    const result = parseSync(
      path,
      code,
      lang === undefined ? { sourceType } : { sourceType, lang },
    );
    return result.errors.length === 0 ? result : undefined;
  };
  const isScript = /\.[mc]?js$/.test(path);
  const result =
    read(format ?? "unambiguous") ??
    // TypeScript with the syntax of modules may well be compiled to CommonJS afterwards.
    read("module") ??
    // Some projects have JSX in files that do not say so.
    (isScript ? (read(format ?? "unambiguous", "jsx") ?? read("module", "jsx")) : undefined);
  if (result === undefined) return undefined;
  const program = result.program as unknown as Node;
  const isModule = result.module.hasModuleSyntax
    ? hasModuleStatement(program)
    : (format ?? guess(code)) === "module";
  return { program, comments: result.comments, isModule };
}

/** `import x = require()` and `export =` are TypeScript for CommonJS. */
function hasModuleStatement(program: Node): boolean {
  return !nodes(program["body"]).some(
    ({ type, moduleReference }) =>
      type === "TSExportAssignment" ||
      (type === "TSImportEqualsDeclaration" &&
        (moduleReference as Node).type === "TSExternalModuleReference"),
  );
}

/** A `with` statement is for sloppy code. */
function guess(code: string): Format {
  return /\brequire\s*\(|\bmodule\.exports\b|\bexports\.\w|^\s*export\s*=|\bwith\s*\(/m.test(code)
    ? "commonjs"
    : "module";
}

/** Calls `visit` for every node, outer ones first, in the order of the source. */
export function walk(program: Node, visit: (path: Path) => void): void {
  // Not by recursion: a sum of ten thousand terms is as deep.
  const pending: Path[] = [{ node: program, parent: undefined }];
  let path: Path | undefined;
  while ((path = pending.pop()) !== undefined) {
    visit(path);
    const children = childrenOf(path.node);
    for (let i = children.length - 1; i >= 0; i--)
      pending.push({ node: children[i] as Node, parent: path });
  }
}

function childrenOf(node: Node): Node[] {
  const children: Node[] = [];
  for (const value of Object.values(node)) {
    if (Array.isArray(value)) children.push(...value.filter(isNode));
    else if (isNode(value)) children.push(value);
  }
  return children.sort((a, b) => a.start - b.start);
}

export function isNode(value: unknown): value is Node {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as { type?: unknown }).type === "string" &&
    typeof (value as { start?: unknown }).start === "number"
  );
}

/** The nodes in a field that is a list. */
export function nodes(value: unknown): Node[] {
  return Array.isArray(value) ? value.filter(isNode) : [];
}

/** The name of an identifier, a private one with its `#`. */
export function identifier(value: unknown): string | undefined {
  if (!isNode(value)) return undefined;
  if (value.type === "Identifier") return value["name"] as string;
  return value.type === "PrivateIdentifier" ? `#${value["name"] as string}` : undefined;
}

/** What a key is called that is written out; nothing for computed ones. */
export function keyName(owner: Node): string | undefined {
  if (owner["computed"] === true) return undefined;
  const key = owner["key"];
  if (isNode(key) && key.type === "Literal") return String(key["value"]);
  return identifier(key);
}

/** The nearest path above whose node is no mere bracket or type around an expression. */
export function beyondBrackets(path: Path): { outer: Node; parent: Path | undefined } {
  let outer = path.node;
  let { parent } = path;
  while (parent !== undefined && brackets.has(parent.node.type)) {
    outer = parent.node;
    ({ parent } = parent);
  }
  return { outer, parent };
}

/** An expression without brackets and types around it. */
export function unwrap(value: Node): Node;
export function unwrap(value: unknown): Node | undefined;
export function unwrap(value: unknown): Node | undefined {
  let node = value;
  while (isNode(node) && brackets.has(node.type)) node = node["expression"];
  return isNode(node) ? node : undefined;
}

/** Brackets and types around an expression. */
const brackets: ReadonlySet<string> = new Set([
  "ParenthesizedExpression",
  "TSAsExpression",
  "TSInstantiationExpression",
  "TSNonNullExpression",
  "TSSatisfiesExpression",
  "TSTypeAssertion",
]);

/** The directives a list of statements begins with. */
export function directivesOf(statements: readonly Node[]): Node[] {
  const end = statements.findIndex(({ directive }) => typeof directive !== "string");
  return statements.slice(0, end === -1 ? statements.length : end);
}

/** Where a statement begins, its decorators included. */
export function startOf(statement: Node): number {
  const inner = isNode(statement["declaration"]) ? statement["declaration"] : statement;
  return Math.min(statement.start, ...nodes(inner["decorators"]).map(({ start }) => start));
}

/** The statements of a program. */
export function bodyOf(program: Node): Node[] {
  return nodes(program["body"]);
}
