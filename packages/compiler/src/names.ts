import { beyondBrackets, identifier, isNode, keyName, type Node, type Path } from "./ast.ts";

/**
 * The name that JavaScript gives a function without one, by where it stands; `null` where that is
 * known only at run time, and `undefined` where it gets none.
 */
export function inferredName(path: Path): string | null | undefined {
  const { outer, parent } = beyondBrackets(path);
  const at = parent?.node;
  switch (at?.type) {
    case "VariableDeclarator":
      return at["init"] === outer ? identifier(at["id"]) : undefined;
    case "AssignmentPattern":
      return at["right"] === outer ? identifier(at["left"]) : undefined;
    case "AssignmentExpression":
      return at["right"] === outer &&
        ["=", "&&=", "||=", "??="].includes(at["operator"] as string) &&
        // Not in brackets.
        (at["left"] as Node).start === at.start
        ? identifier(at["left"])
        : undefined;
    case "Property":
    case "PropertyDefinition":
    case "AccessorProperty": {
      if (at["value"] !== outer) return undefined;
      const name = keyName(at);
      // `__proto__: value` makes no property.
      if (at.type === "Property" && name === "__proto__") return undefined;
      return name ?? null;
    }
    case "ExportDefaultDeclaration":
      return "default";
    default:
      return undefined;
  }
}

/** Where a node is, by the names around it: `Polygon.prototype.area`, `outer.inner`. */
export function qualifiedName(path: Path): string {
  const names: string[] = [];
  for (let at: Path | undefined = path; at !== undefined; at = at.parent) {
    const own = nameOf(at);
    if (own !== undefined && own.at(-1) !== names[0]) names.unshift(...own);
    else if (own !== undefined && own.length > 1) names.unshift(...own.slice(0, -1));
  }
  return names.length === 0 ? "anonymous" : names.join(".");
}

/** The name of what a function is given to: a variable, a property, what is assigned to. */
export function holderName(path: Path): string | undefined {
  const { parent } = beyondBrackets(path);
  return parent === undefined ? undefined : declaredName(parent.node);
}

function nameOf({ node, parent }: Path): string[] | undefined {
  const name = declaredName(node);
  if (name === undefined) return undefined;
  if (node.type !== "MethodDefinition" || node["static"] === true) return [name];
  return parent?.node.type === "ClassBody" ? ["prototype", name] : [name];
}

function declaredName(node: Node): string | undefined {
  switch (node.type) {
    case "FunctionDeclaration":
    case "FunctionExpression":
    case "ClassDeclaration":
    case "ClassExpression":
    case "VariableDeclarator":
    case "TSModuleDeclaration":
      return dottedName(node["id"]);
    case "Property":
    case "PropertyDefinition":
    case "AccessorProperty":
    case "MethodDefinition":
      return keyName(node);
    case "AssignmentExpression": {
      const left = node["left"];
      return (
        identifier(left) ??
        (isNode(left) && left.type === "MemberExpression" && left["computed"] !== true
          ? identifier(left["property"])
          : undefined)
      );
    }
    case "ExportDefaultDeclaration":
      return isNode(node["declaration"]) && !isNode(node["declaration"]["id"])
        ? "default"
        : undefined;
    default:
      return undefined;
  }
}

/** `A.B` is one declaration of a namespace. */
function dottedName(id: unknown): string | undefined {
  if (!isNode(id) || id.type !== "TSQualifiedName") return identifier(id);
  return `${dottedName(id["left"])}.${identifier(id["right"])}`;
}

/** Makes the ids of one file: where it is, and which function of it; no two the same. */
export function createIds(file: string): (qualified: string) => string {
  const given = new Set<string>();
  return (qualified) => {
    let id = `${file}#${qualified}`;
    for (let count = 2; given.has(id); count++) id = `${file}#${qualified}~${count}`;
    given.add(id);
    return id;
  };
}
