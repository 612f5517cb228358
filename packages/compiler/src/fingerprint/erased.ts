import { isNode, type Node, nodes } from "../ast.ts";
import { typesOnly } from "./shapes.ts";

/** Whether nothing is left of a statement or member when types are removed. */
export function isErased(node: Node): boolean {
  if (typesOnly.has(node.type) || node["declare"] === true) return true;
  switch (node.type) {
    case "EmptyStatement":
    case "DebuggerStatement":
      return true;
    case "ExpressionStatement":
      // Whether a function is marked does not change what it returns.
      return node["directive"] === "use memoize";
    case "MethodDefinition":
      return isNode(node["value"]) && typesOnly.has(node["value"].type);
    case "TSImportEqualsDeclaration":
      return node["importKind"] === "type";
    case "TSModuleDeclaration":
      return !isInstantiated(node);
    case "ExportNamedDeclaration":
      return (
        node["exportKind"] === "type" ||
        (isNode(node["declaration"]) && isErased(node["declaration"]))
      );
    case "ExportDefaultDeclaration":
      return isNode(node["declaration"]) && isErased(node["declaration"]);
    default:
      return false;
  }
}

/** A namespace of types alone is no value. */
function isInstantiated({ body }: Node): boolean {
  return isNode(body) && nodes(body["body"]).some((statement) => !isErased(statement));
}
