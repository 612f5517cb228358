import { identifier, isNode, type Node, nodes, type Path } from "./ast.ts";
import { isRequire } from "./rote-names.ts";

/** Where names mean something else than at the top of the file: in the scopes that declare them again. */
export class Shadows {
  private readonly ranges: { name: string; start: number; end: number }[] = [];

  /** Notes what the node declares, if it declares something. */
  read(path: Path): void {
    const { node, parent } = path;
    if (node.type === "VariableDeclarator") {
      const isVar = parent?.node["kind"] === "var";
      if (!isRequire(node)) this.add(node["id"], scopeOf(path, isVar ? functionScopes : scopes));
    } else if (declarations.has(node.type)) {
      this.add(node["id"], scopeOf(path, scopes));
    } else if (node.type === "FunctionExpression" || node.type === "ClassExpression") {
      this.add(node["id"], node);
    } else if (node.type === "CatchClause") {
      this.add(node["param"], node);
    }
    for (const param of nodes(node["params"])) this.add(param, node);
  }

  /** Whether `name` means something else at this place than at the top of the file. */
  hides(name: string, at: number): boolean {
    return this.ranges.some(
      ({ name: hidden, start, end }) => hidden === name && start <= at && at < end,
    );
  }

  /**
   * The scope whose declaration a name means at this place, if it is declared in the file; `inner` is
   * a declared function, whose own parameters are not what its name means.
   */
  scopeOf(name: string, at: number, inner?: Node): string | undefined {
    let found: { start: number; end: number } | undefined;
    for (const range of this.ranges) {
      if (range.name !== name || at < range.start || range.end <= at) continue;
      if (range.start === inner?.start && range.end === inner.end) continue;
      if (found === undefined || range.end - range.start < found.end - found.start) found = range;
    }
    return found === undefined ? undefined : `${found.start}–${found.end}`;
  }

  private add(pattern: unknown, { start, end }: Node): void {
    for (const name of boundBy(pattern)) this.ranges.push({ name, start, end });
  }
}

const declarations = new Set([
  "FunctionDeclaration",
  "ClassDeclaration",
  "TSEnumDeclaration",
  "TSModuleDeclaration",
]);

const functionScopes = new Set([
  "Program",
  "FunctionDeclaration",
  "FunctionExpression",
  "ArrowFunctionExpression",
  "StaticBlock",
  "TSModuleBlock",
]);

const scopes = new Set([
  ...functionScopes,
  "BlockStatement",
  "ForStatement",
  "ForInStatement",
  "ForOfStatement",
  "SwitchStatement",
]);

function scopeOf({ node, parent }: Path, kinds: ReadonlySet<string>): Node {
  let at = parent;
  while (at !== undefined && !kinds.has(at.node.type)) at = at.parent;
  return at?.node ?? node;
}

/** The names that a pattern binds. */
function boundBy(pattern: unknown): string[] {
  if (!isNode(pattern)) return [];
  const name = identifier(pattern);
  if (name !== undefined) return [name];
  const inner = [
    ...nodes(pattern["properties"]).map((property) => property["value"] ?? property),
    ...nodes(pattern["elements"]),
    // A default, the rest, and a parameter that is a property, too.
    pattern["left"],
    pattern["argument"],
    pattern["parameter"],
  ];
  return inner.flatMap(boundBy);
}
