import { identifier, isNode, type Node, nodes } from "../ast.ts";
import type { Given } from "./doings.ts";
import { isErased } from "./erased.ts";

/** What a name inside of a declaration stands for. */
export interface Binding {
  /** The form in which it is declared, and its number there: in the order in which the form meets its locals. */
  readonly owner: object;
  number: number | undefined;
  /** A member of an enum or a namespace, which others read by its name. */
  readonly member: string | undefined;
  /** It comes anew with every call of a function. */
  readonly isInFunction: boolean;
  /** The path outside of the declaration, `["table", "rows"]`, that it is another name for. */
  alias: readonly string[] | undefined;
  /** What its function was given that it is, or is a part of. */
  given: Given | undefined;
}

/** The names of one block or function, and those around it. */
export class Scope {
  private readonly names = new Map<string, Binding>();
  readonly parent: Scope | undefined;
  readonly isInFunction: boolean;

  constructor(parent: Scope | undefined, isInFunction: boolean = parent?.isInFunction ?? false) {
    this.parent = parent;
    this.isInFunction = isInFunction;
  }

  declare(name: string, owner: object, member?: string): void {
    if (this.names.has(name)) return;
    const { isInFunction } = this;
    const unknown = { number: undefined, alias: undefined, given: undefined };
    this.names.set(name, { owner, member, isInFunction, ...unknown });
  }

  find(name: string): Binding | undefined {
    for (let scope: Scope | undefined = this; scope !== undefined; scope = scope.parent) {
      const found = scope.names.get(name);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

/** The names that a pattern binds, in their order. */
export function boundNames(pattern: unknown): string[] {
  if (!isNode(pattern)) return [];
  switch (pattern.type) {
    case "Identifier":
      return [pattern["name"] as string];
    case "ObjectPattern":
      return nodes(pattern["properties"]).flatMap((each) =>
        boundNames(each.type === "Property" ? each["value"] : each),
      );
    case "ArrayPattern":
      return nodes(pattern["elements"]).flatMap(boundNames);
    case "AssignmentPattern":
      return boundNames(pattern["left"]);
    case "RestElement":
      return boundNames(pattern["argument"]);
    case "TSParameterProperty":
      return boundNames(pattern["parameter"]);
    default:
      return [];
  }
}

/** The names that a statement declares in the list of statements it stands in; those of `var` are found by {@link varNames}. */
export function lexicalNames(statement: Node): string[] {
  if (isErased(statement)) return [];
  switch (statement.type) {
    case "VariableDeclaration":
      return statement["kind"] === "var"
        ? []
        : nodes(statement["declarations"]).flatMap(({ id }) => boundNames(id));
    case "FunctionDeclaration":
    case "ClassDeclaration":
    case "TSEnumDeclaration":
    case "TSModuleDeclaration":
    case "TSImportEqualsDeclaration":
      return boundNames(statement["id"]);
    case "ExportNamedDeclaration":
    case "ExportDefaultDeclaration":
    case "LabeledStatement": {
      const inner = statement["declaration"] ?? statement["body"];
      return isNode(inner) && inner.type.endsWith("Declaration") ? lexicalNames(inner) : [];
    }
    default:
      return [];
  }
}

/** The names declared with `var` in a statement, however deep, but not in the functions in it. */
export function varNames(node: unknown, found: string[] = []): string[] {
  if (Array.isArray(node)) for (const each of node) varNames(each, found);
  if (!isNode(node) || isErased(node)) return found;
  if (node.type === "VariableDeclaration") {
    if (node["kind"] === "var")
      for (const { id } of nodes(node["declarations"])) found.push(...boundNames(id));
    return found;
  }
  for (const field of statementFields) varNames(node[field], found);
  if (withBody.has(node.type)) varNames(node["body"], found);
  return found;
}

/** Where statements hold statements. Functions and classes have a `body`, too. */
const statementFields = [
  "consequent",
  "alternate",
  "init",
  "left",
  "block",
  "handler",
  "finalizer",
  "cases",
] as const;

const withBody = new Set([
  "BlockStatement",
  "CatchClause",
  "DoWhileStatement",
  "ForInStatement",
  "ForOfStatement",
  "ForStatement",
  "LabeledStatement",
  "WhileStatement",
  "WithStatement",
]);

/** The private names that a class declares. */
export function privateNames(body: Node): string[] {
  return nodes(body["body"]).flatMap(({ key }) =>
    isNode(key) && key.type === "PrivateIdentifier" ? [identifier(key) as string] : [],
  );
}
