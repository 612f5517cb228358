import { identifier, isNode, keyName, type Node, nodes } from "./ast.ts";

/** What rote is called in one file: its functions by their local names, and whole namespaces. */
export interface RoteNames {
  readonly memoize: ReadonlySet<string>;
  readonly configureMemoized: ReadonlySet<string>;
  readonly namespaces: ReadonlySet<string>;
}

/** Reads the imports of rote, and the calls of `require`, at the top of a file. */
export function readRoteNames(program: Node): RoteNames {
  const names = {
    memoize: new Set<string>(),
    configureMemoized: new Set<string>(),
    namespaces: new Set<string>(),
  };
  const add = (imported: string, local: string | undefined): void => {
    if (local === undefined) return;
    if (imported === "memoize" || imported === "configureMemoized") names[imported].add(local);
    else if (imported === "*") names.namespaces.add(local);
  };
  for (const statement of nodes(program["body"])) {
    if (statement.type === "ImportDeclaration" && isRote(statement["source"])) {
      for (const specifier of nodes(statement["specifiers"])) {
        const { imported } = specifier;
        const isWhole = specifier.type === "ImportNamespaceSpecifier";
        add(isWhole ? "*" : textOf(imported), identifier(specifier["local"]));
      }
    } else if (statement.type === "TSImportEqualsDeclaration") {
      const { expression } = statement["moduleReference"] as Node;
      if (isRote(expression)) add("*", identifier(statement["id"]));
    } else if (statement.type === "VariableDeclaration") {
      for (const declarator of nodes(statement["declarations"])) {
        if (!isRequire(declarator)) continue;
        const id = declarator["id"] as Node;
        add("*", identifier(id));
        for (const property of nodes(id["properties"]))
          add(keyName(property) ?? "", identifier(property["value"]));
      }
    }
  }
  return names;
}

function isRote(source: unknown): boolean {
  return isNode(source) && source["value"] === "rote";
}

function textOf(name: unknown): string {
  return isNode(name) ? (identifier(name) ?? String(name["value"])) : "";
}

/** Whether it declares what `require("rote")` returns. */
export function isRequire(declarator: Node): boolean {
  const call = declarator["init"];
  return (
    isNode(call) &&
    call.type === "CallExpression" &&
    identifier(call["callee"]) === "require" &&
    isRote(nodes(call["arguments"])[0])
  );
}

/** If a callee is this function of rote, as far as names tell: the local name that it depends on. */
export function roteCallee(
  callee: unknown,
  fn: "memoize" | "configureMemoized",
  names: RoteNames,
): string | undefined {
  const name = identifier(callee);
  if (name !== undefined) return names[fn].has(name) ? name : undefined;
  if (!isNode(callee) || callee.type !== "MemberExpression" || callee["computed"] === true)
    return undefined;
  const object = identifier(callee["object"]);
  return object !== undefined &&
    names.namespaces.has(object) &&
    identifier(callee["property"]) === fn
    ? object
    : undefined;
}
