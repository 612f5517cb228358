/**
 * Whether what is marked in a built file is memoized there.
 *
 * 1. The directive stays in the text of a function, whoever has read it.
 * 2. What the transform writes is known by what it says of the function, which no minifier changes: the id.
 * 3. A declared function is memoized if its name is given to such a call, in its own scope; an
 *    expression if it is given itself; a member if its class, or its object, is, with the name.
 */
import {
  beyondBrackets,
  identifier,
  isNode,
  keyName,
  type Node,
  nodes,
  parse,
  type Path,
  walk,
} from "./ast.ts";
import { lineAndColumn } from "./diagnostic.ts";
import { hasDirective } from "./marks.ts";
import { qualifiedName } from "./names.ts";
import { Shadows } from "./shadows.ts";

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
  const marked: Path[] = [];
  const calls: MarkCall[] = [];
  walk(tree.program, (at) => {
    shadows.read(at);
    if (hasDirective(at.node)) marked.push(at);
    const call = readCall(at.node);
    if (call !== undefined) calls.push(call);
  });
  const isRead = readers(calls, shadows);
  const unread = marked
    .filter((at) => !isRead(at))
    .map((at) => ({ name: qualifiedName(at), ...lineAndColumn(code, at.node.start) }));
  return { memoized: calls.flatMap(({ ids }) => ids), unread };
}

/** A call that the transform has written for what is marked. */
interface MarkCall {
  readonly node: Node;
  /** The function, the class, its prototype, or the object. */
  readonly target: Node;
  readonly ids: readonly string[];
  /** Of the members, if it is about some, those that no function has been found for yet. */
  readonly members: Set<string> | undefined;
}

function readCall(node: Node): MarkCall | undefined {
  if (node.type !== "CallExpression") return undefined;
  const [target, meta] = nodes(node["arguments"]);
  if (target === undefined || meta === undefined) return undefined;
  const id = idIn(meta);
  if (id !== undefined) return { node, target, ids: [id], members: undefined };
  if (meta.type !== "ArrayExpression") return undefined;
  const pairs = nodes(meta["elements"]).map((pair) => nodes(pair["elements"]));
  const ids = pairs.map(([, own]) => (own === undefined ? undefined : idIn(own)));
  const names = pairs.map(([name]) => textOf(name));
  const isComplete = (texts: (string | undefined)[]): texts is string[] =>
    !texts.includes(undefined);
  if (pairs.length === 0 || !isComplete(ids) || !isComplete(names)) return undefined;
  return { node, target, ids, members: new Set(names) };
}

/** The id that an object tells, if it is what the transform writes. */
function idIn(meta: Node): string | undefined {
  const fields = new Map(
    nodes(meta["properties"]).map((field) => [keyName(field), textOf(field["value"])]),
  );
  const id = fields.get("id");
  return id?.includes("#") === true && fields.get("name") !== undefined ? id : undefined;
}

/** A text, also one between backticks, as some minifiers write it. */
function textOf(value: unknown): string | undefined {
  if (!isNode(value)) return undefined;
  if (value.type === "Literal")
    return typeof value["value"] === "string" ? value["value"] : undefined;
  const [only, ...others] = nodes(value["quasis"]);
  if (value.type !== "TemplateLiteral" || only === undefined || others.length > 0) return undefined;
  return (only["value"] as { cooked: string }).cooked;
}

/** Says of a marked function whether one of the calls is about it. */
function readers(calls: readonly MarkCall[], shadows: Shadows): (path: Path) => boolean {
  const byTarget = new Map(calls.map((call) => [call.target, call]));

  const isNamed = ({ node }: Path, name: string): boolean =>
    calls.some(
      (call) =>
        identifier(call.target) === name &&
        shadows.scopeOf(name, call.node.start) === shadows.scopeOf(name, node.start, node),
    );

  const isMember = (member: Path, name: string): boolean => {
    const owner = member.parent as Path;
    if (owner.node.type === "ObjectExpression")
      return byTarget.get(beyondBrackets(owner).outer)?.members?.delete(name) === true;
    const { start, end } = owner.node;
    const isInside = ({ node }: MarkCall): boolean => start <= node.start && node.end <= end;
    // Where static blocks are compiled away, the call is somewhere behind the class.
    const call =
      calls.find((each) => isInside(each) && each.members?.has(name) === true) ??
      calls.find(
        (each) =>
          each.node.start >= end && !isThis(each.target) && each.members?.has(name) === true,
      );
    return call?.members?.delete(name) === true;
  };

  return (path) => {
    if (byTarget.has(beyondBrackets(path).outer)) return true;
    const { parent } = path;
    const member = parent?.node;
    const isOwned =
      member?.type === "MethodDefinition" ||
      (member?.type === "Property" && (member["method"] === true || member["kind"] === "get"));
    const key = isOwned ? keyName(member) : undefined;
    if (key !== undefined) return isMember(parent as Path, key);
    const name = boundName(path);
    return name !== undefined && isNamed(path, name);
  };
}

/** `this`, or `this.prototype`: what a class calls itself in its own body. */
function isThis(target: Node): boolean {
  const root = target.type === "MemberExpression" ? target["object"] : target;
  return isNode(root) && root.type === "ThisExpression";
}

/** The name by which others know the function: declared, or, as some tools write it, of a variable. */
function boundName(path: Path): string | undefined {
  if (path.node.type === "FunctionDeclaration") return identifier(path.node["id"]);
  const { outer, parent } = beyondBrackets(path);
  const at = parent?.node;
  if (at?.type === "VariableDeclarator") return identifier(at["id"]);
  return at?.type === "AssignmentExpression" && at["right"] === outer
    ? identifier(at["left"])
    : undefined;
}
