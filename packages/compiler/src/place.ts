import { identifier, isNode, keyName, type Node, nodes, type Path } from "./ast.ts";
import type { DiagnosticCode } from "./diagnostic.ts";
import { inferredName } from "./names.ts";

/** How a marked function is memoized, by where it stands. */
export type Place =
  /** Its name is rebound at the start of a list of statements; `name` is missing in `export default function () {}`. */
  | { readonly kind: "declaration"; readonly name: string | undefined; readonly list: Node }
  /** It is wrapped in its place. */
  | { readonly kind: "expression"; readonly name: string | undefined }
  /** It has a name of its own, by which it may call itself. */
  | { readonly kind: "named expression"; readonly name: string }
  /** It is replaced on the class, its prototype, or the object. */
  | {
      readonly kind: "class member" | "object member";
      readonly name: string;
      readonly isStatic: boolean;
      readonly owner: Path;
    };

/** The place of a marked function, or why there is none. */
export function findPlace(path: Path): Place | DiagnosticCode {
  const { node, parent } = path;
  if (node["generator"] === true) return "ROTE_GENERATOR";
  if (node.type === "FunctionDeclaration") return declarationPlace(path);
  const owner = parent?.node;
  if (owner?.type === "MethodDefinition") return memberPlace(owner, parent?.parent, "class member");
  if (owner?.type === "Property" && isMethod(owner))
    return memberPlace(owner, parent?.parent, "object member");
  const own = identifier(node["id"]);
  if (own !== undefined) return { kind: "named expression", name: own };
  const name = inferredName(path);
  return name === null ? "ROTE_COMPUTED" : { kind: "expression", name };
}

function isMethod(property: Node): boolean {
  return property["method"] === true || property["kind"] === "get" || property["kind"] === "set";
}

const lists = new Set(["Program", "BlockStatement", "StaticBlock", "TSModuleBlock"]);

function declarationPlace({ node, parent }: Path): Place | DiagnosticCode {
  let at = parent;
  while (
    at !== undefined &&
    ["LabeledStatement", "ExportNamedDeclaration", "ExportDefaultDeclaration"].includes(
      at.node.type,
    )
  )
    at = at.parent;
  if (at?.node.type === "SwitchCase") return "ROTE_SWITCH";
  if (at === undefined || !lists.has(at.node.type)) return "ROTE_NO_BLOCK";
  const list = at.node;
  const name = identifier(node["id"]);
  const last = nodes(list["body"])
    .map(functionIn)
    .findLast((each) => each !== undefined && identifier(each["id"]) === name);
  return last === node || name === undefined
    ? { kind: "declaration", name, list }
    : "ROTE_REPLACED";
}

/** The function that a statement declares, under a label or exported. */
function functionIn(statement: Node): Node | undefined {
  if (statement.type === "FunctionDeclaration") return statement;
  const inner = statement["declaration"] ?? statement["body"];
  const wraps = ["LabeledStatement", "ExportNamedDeclaration", "ExportDefaultDeclaration"];
  return wraps.includes(statement.type) && isNode(inner) ? functionIn(inner) : undefined;
}

function memberPlace(
  member: Node,
  list: Path | undefined,
  kind: "class member" | "object member",
): Place | DiagnosticCode {
  if (member["kind"] === "constructor") return "ROTE_CONSTRUCTOR";
  if (member["kind"] === "set") return "ROTE_SETTER";
  if ((member["key"] as Node).type === "PrivateIdentifier") return "ROTE_PRIVATE";
  const name = keyName(member);
  if (name === undefined) return "ROTE_COMPUTED";
  const owner = list as Path;
  const members = nodes(owner.node["body"] ?? owner.node["properties"]);
  const isReplaced = members
    .slice(members.indexOf(member) + 1)
    .some((later) => mayReplace(later, member, name));
  return isReplaced ? "ROTE_REPLACED" : { kind, name, isStatic: member["static"] === true, owner };
}

/** Whether `later` may define the property again that `member` defines. */
function mayReplace(later: Node, member: Node, name: string): boolean {
  if (later.type === "SpreadElement") return true;
  if (later.type !== "Property" && later.type !== "MethodDefinition") return false;
  if (later["static"] !== member["static"]) return false;
  // A getter and a setter are one property.
  if (later["kind"] === "set" && member["kind"] === "get") return false;
  // A class with computed members says so with symbols, as a rule: [Symbol.iterator].
  const { key } = later;
  if (later["computed"] === true && isNode(key) && key.type === "Literal")
    return String(key["value"]) === name;
  if (later["computed"] === true) return later.type === "Property" && !isSymbol(later);
  if (!isNode((later["value"] as Node)["body"]) && later.type === "MethodDefinition") return false;
  return keyName(later) === name;
}

function isSymbol({ key }: Node): boolean {
  return isNode(key) && key.type === "MemberExpression" && identifier(key["object"]) === "Symbol";
}

/** Whether it stands where code may run more than once: each time, what is made there sees other things around it. */
export function isRepeated({ parent }: Path): boolean {
  for (let at = parent; at !== undefined; at = at.parent) {
    const { type } = at.node;
    if (repeating.test(type)) return true;
    if (fields.has(type) && at.node["static"] !== true) return true;
  }
  return false;
}

const repeating =
  /^(?:FunctionDeclaration|FunctionExpression|ArrowFunctionExpression|\w*While\w*|For\w*)$/;

const fields = new Set(["PropertyDefinition", "AccessorProperty"]);
