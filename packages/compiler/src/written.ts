/**
 * What the transform has written into a file: that is how to tell which of its marked functions are memoized.
 *
 * 1. The directive stays in the text of a function, whoever has read it.
 * 2. What the transform writes is known by what it says of the function, which no minifier changes: the id.
 * 3. A declared function is memoized if its name is given to such a call, in its own scope; an
 *    expression if it is given itself; a member if its class, or its object, is, with the name.
 */
import { beyondBrackets, identifier, isNode, keyName, type Node, nodes, type Path } from "./ast.ts";
import type { Shadows } from "./shadows.ts";

/** The calls in one file that the transform has written for what is marked. */
export class Written {
  private readonly shadows: Shadows;
  private readonly calls = new Map<Node, MarkCall>();

  constructor(shadows: Shadows) {
    this.shadows = shadows;
  }

  /** In the order of the file. */
  get ids(): string[] {
    return [...this.calls.values()].flatMap(({ ids }) => ids);
  }

  /** Notes the node, if it is such a call. */
  read(node: Node): void {
    const call = readCall(node);
    if (call !== undefined) this.calls.set(call.target, call);
  }

  /** Whether one of the calls is about this marked function, to be asked when all have been read, and once for each. */
  isAbout(path: Path): boolean {
    if (this.calls.size === 0) return false;
    if (this.calls.has(beyondBrackets(path).outer)) return true;
    const { parent } = path;
    const member = parent?.node;
    const isOwned =
      (member?.type === "MethodDefinition" && member["kind"] !== "set") ||
      (member?.type === "Property" && (member["method"] === true || member["kind"] === "get"));
    const key = isOwned ? keyName(member) : undefined;
    if (key !== undefined) return this.isMember(parent as Path, key);
    const name = boundName(path);
    return name !== undefined && this.isNamed(path, name);
  }

  private isNamed({ node }: Path, name: string): boolean {
    const scope = this.shadows.scopeOf(name, node.start, node);
    return [...this.calls.values()].some(
      (call) =>
        identifier(call.target) === name && this.shadows.scopeOf(name, call.node.start) === scope,
    );
  }

  private isMember(member: Path, name: string): boolean {
    const owner = member.parent as Path;
    if (owner.node.type === "ObjectExpression")
      return this.calls.get(beyondBrackets(owner).outer)?.members?.delete(name) === true;
    const { start, end } = owner.node;
    const isInside = ({ node }: MarkCall): boolean => start <= node.start && node.end <= end;
    const calls = [...this.calls.values()];
    // Where static blocks are compiled away, the call is somewhere behind the class.
    const call =
      calls.find((each) => isInside(each) && each.members?.has(name) === true) ??
      calls.find(
        (each) =>
          each.node.start >= end && !isThis(each.target) && each.members?.has(name) === true,
      );
    return call?.members?.delete(name) === true;
  }
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
