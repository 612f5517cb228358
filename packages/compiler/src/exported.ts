import { identifier, isNode, keyName, type Node, nodes, unwrap } from "./ast.ts";

/**
 * The functions that a file exports under these names, where they are written: declared or assigned,
 * exported in a list or by default, or as properties of `module.exports`. What is no function there,
 * such as a call of `memoize`, is not among them.
 */
export function exportedFunctions(program: Node, names: readonly string[]): Set<Node> {
  const wanted = new Set(names);
  const statements = nodes(program["body"]);
  const found = new Set<Node>();
  const add = (name: string | undefined, value: unknown): void => {
    const fn = name !== undefined && wanted.has(name) ? functionIn(value, statements) : undefined;
    if (fn !== undefined) found.add(fn);
  };
  const addWhole = (value: unknown): void => {
    add("default", value);
    // Those of an object are as good as exports.
    const whole = valueOf(value, statements);
    if (whole?.type !== "ObjectExpression") return;
    for (const property of nodes(whole["properties"]))
      if (property["kind"] === "init") add(keyName(property), property["value"]);
  };
  for (const statement of statements) {
    switch (statement.type) {
      case "ExportNamedDeclaration":
        if (isNode(statement["source"])) break;
        for (const [name, value] of declaredBy(statement["declaration"])) add(name, value);
        for (const { local, exported } of nodes(statement["specifiers"]))
          add(textOf(exported), local);
        break;
      case "ExportDefaultDeclaration":
        addWhole(statement["declaration"]);
        break;
      case "TSExportAssignment":
        addWhole(statement["expression"]);
        break;
      case "ExpressionStatement":
        for (const { name, value } of assignedExports(statement["expression"])) {
          if (name === undefined) addWhole(value);
          else add(name, value);
        }
    }
  }
  return found;
}

/** The function that an expression is, or that a name at the top of the file stands for. */
function functionIn(value: unknown, statements: readonly Node[]): Node | undefined {
  const node = valueOf(value, statements);
  return node !== undefined && functions.has(node.type) && isNode(node["body"]) ? node : undefined;
}

const functions = new Set(["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression"]);

function valueOf(value: unknown, statements: readonly Node[]): Node | undefined {
  const node = unwrap(value);
  const name = identifier(node);
  if (name === undefined) return node;
  const values = statements
    .flatMap((statement) => [...declaredBy(statement), ...declaredBy(statement["declaration"])])
    // The last is the one with a body, where overloads precede it.
    .filter(([own]) => own === name);
  return unwrap(values.at(-1)?.[1]);
}

/** Names that a declaration declares, with their values. */
function declaredBy(declaration: unknown): [name: string | undefined, value: unknown][] {
  if (!isNode(declaration)) return [];
  if (declaration.type === "VariableDeclaration")
    return nodes(declaration["declarations"]).map(({ id, init }) => [identifier(id), init]);
  return declaration.type === "FunctionDeclaration"
    ? [[identifier(declaration["id"]), declaration]]
    : [];
}

/** What `exports.name = …`, `module.exports = …` and a row of them assign; without a name, all of it. */
function assignedExports(expression: unknown): { name: string | undefined; value: unknown }[] {
  const targets: (string | undefined)[] = [];
  let value = unwrap(expression);
  while (value?.type === "AssignmentExpression" && value["operator"] === "=") {
    const { left } = value;
    if (isModuleExports(left)) targets.push(undefined);
    else if (isNode(left) && isExports(left["object"])) targets.push(propertyOf(left));
    else if (identifier(left) !== "exports") return [];
    value = unwrap(value["right"]);
  }
  return targets.map((name) => ({ name, value }));
}

function isExports(node: unknown): boolean {
  return identifier(node) === "exports" || isModuleExports(node);
}

function isModuleExports(node: unknown): boolean {
  return isNode(node) && identifier(node["object"]) === "module" && propertyOf(node) === "exports";
}

function propertyOf({ computed, property }: Node): string | undefined {
  return computed === true ? undefined : identifier(property);
}

function textOf(name: unknown): string | undefined {
  return identifier(name) ?? (isNode(name) ? String(name["value"]) : undefined);
}
