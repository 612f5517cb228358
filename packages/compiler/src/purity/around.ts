import { identifier, isNode, type Node, nodes, unwrap } from "../ast.ts";
import { boundNames } from "../fingerprint/scope.ts";

import { anyStep } from "./value.ts";

/** How a name is declared. */
export interface Declared {
  readonly kind: "function" | "class" | "variable" | "other";
  /** The function, the class, or what is around the name. */
  readonly node: Node;
  /** The value of a variable, and the way from it to the name: `["a"]` in `const { a } = b`. */
  readonly init: Node | undefined;
  readonly steps: readonly string[];
  readonly isConst: boolean;
}

/** The names that are declared around a function, the nearest first. */
export interface Around {
  readonly names: ReadonlyMap<string, Declared>;
  readonly parent: Around | undefined;
  /** The function or block that declares them. */
  readonly node: Node;
}

const functions = new Set(["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression"]);

/** A function that has a body: no signature. */
export interface FunctionNode extends Node {
  readonly body: Node;
}

export function isFunction(node: Node | undefined): node is FunctionNode {
  return node !== undefined && functions.has(node.type) && isNode(node["body"]);
}

/** The names that statements declare, `var` in inner blocks left out. */
export function declaredBy(statements: readonly Node[]): Map<string, Declared> {
  const found = new Map<string, Declared>();
  for (const statement of statements) declare(statement, found);
  return found;
}

function declare(statement: Node, found: Map<string, Declared>): void {
  const other = { init: undefined, steps: [], isConst: true };
  switch (statement.type) {
    case "ExportNamedDeclaration":
    case "ExportDefaultDeclaration": {
      const inner = statement["declaration"];
      if (!isNode(inner)) return;
      if (inner.type.endsWith("Declaration")) declare(inner, found);
      if (statement.type === "ExportDefaultDeclaration" && !isNode(inner["id"]))
        found.set("*default*", { ...other, kind: kindOf(inner), node: inner, init: inner });
      return;
    }
    case "FunctionDeclaration":
    case "ClassDeclaration": {
      const name = identifier(statement["id"]);
      if (name === undefined || found.get(name)?.kind === "function") return;
      found.set(name, { ...other, kind: kindOf(statement), node: statement });
      return;
    }
    case "TSEnumDeclaration":
    case "TSModuleDeclaration":
      for (const name of boundNames(statement["id"]))
        found.set(name, { ...other, kind: "other", node: statement });
      return;
    case "VariableDeclaration":
      for (const declarator of nodes(statement["declarations"])) {
        const { id, init } = declarator;
        for (const name of boundNames(id))
          found.set(name, {
            kind: "variable",
            node: declarator,
            init: isNode(init) ? unwrap(init) : undefined,
            steps: stepsTo(id as Node, name) ?? [],
            isConst: statement["kind"] !== "let" && statement["kind"] !== "var",
          });
      }
  }
}

function kindOf(node: Node): Declared["kind"] {
  if (isFunction(node)) return "function";
  return node.type.startsWith("Class") ? "class" : "variable";
}

/** The way from a value to a name that a pattern takes out of it. */
function stepsTo(pattern: Node, name: string): string[] | undefined {
  switch (pattern.type) {
    case "Identifier":
      return pattern["name"] === name ? [] : undefined;
    case "AssignmentPattern":
      return stepsTo(pattern["left"] as Node, name);
    case "ObjectPattern":
      for (const property of nodes(pattern["properties"])) {
        const inner = (property["value"] ?? property["argument"]) as Node;
        const steps = stepsTo(inner, name);
        if (steps === undefined) continue;
        const isNamed = property.type === "Property" && property["computed"] !== true;
        const key = property["key"] as Node;
        return isNamed ? [identifier(key) ?? String(key["value"]), ...steps] : [anyStep, ...steps];
      }
      return undefined;
    case "ArrayPattern":
      for (const element of nodes(pattern["elements"])) {
        const steps = stepsTo(element, name);
        if (steps !== undefined) return [anyStep, ...steps];
      }
      return undefined;
    case "RestElement":
      return stepsTo(pattern["argument"] as Node, name);
    default:
      return undefined;
  }
}

/** The names around a node of a module, below the top of that; and the classes and objects it is in. */
export function aroundOf(
  program: Node,
  start: number,
  end: number,
): { node: Node; parents: Node[]; around: Around | undefined } | undefined {
  const parents: Node[] = [];
  let around: Around | undefined;
  let at = program;
  while (at.start !== start || at.end !== end) {
    const inner = childAround(at, start, end);
    if (inner === undefined) return undefined;
    const names = at === program ? undefined : namesOf(at);
    if (names !== undefined && names.size > 0) around = { names, parent: around, node: at };
    parents.push(at);
    at = inner;
  }
  return { node: at, parents, around };
}

function childAround(node: Node, start: number, end: number): Node | undefined {
  for (const value of Object.values(node))
    for (const each of Array.isArray(value) ? value : [value])
      if (isNode(each) && each.start <= start && end <= each.end) return each;
  return undefined;
}

function namesOf(node: Node): Map<string, Declared> | undefined {
  if (node.type === "BlockStatement" || node.type === "StaticBlock")
    return declaredBy(nodes(node["body"]));
  if (node.type.startsWith("For")) {
    const head = node["init"] ?? node["left"];
    return isNode(head) ? declaredBy([head]) : undefined;
  }
  if (!isFunction(node)) return undefined;
  const found = new Map<string, Declared>();
  for (const parameter of nodes(node["params"]))
    for (const name of boundNames(parameter))
      found.set(name, {
        kind: "other",
        node: parameter,
        init: undefined,
        steps: [],
        isConst: true,
      });
  return found;
}
