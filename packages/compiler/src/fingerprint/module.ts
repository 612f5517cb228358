import { bodyOf, identifier, isNode, type Node, nodes, type Tree, unwrap } from "../ast.ts";
import { readRoteNames } from "../rote-names.ts";
import { isErased } from "./erased.ts";
import { writeForm } from "./normal-form.ts";
import type { Form, ModuleNames } from "./observe.ts";
import { lexicalNames, varNames } from "./scope.ts";

/** A declaration at the top of a module, or a statement there: what a fingerprint is made of. */
export interface Declaration {
  /** What it binds, in its order; nothing if it is a statement. */
  readonly names: string[];
  /** One; more if declarations share a name, as those of an enum may. */
  readonly forms: Form[];
  /** Where it stands; as many places as forms. */
  readonly places: { readonly start: number; readonly end: number }[];
  readonly isStatement: boolean;
}

/** One name of another module; `"*"` is all of them. */
export interface Foreign {
  readonly from: string;
  readonly name: string;
  /** What an import says of the kind of file, beyond what its name says. */
  readonly attributes: string;
}

/** What one module declares, imports and exports. */
export interface ModuleFacts {
  readonly declarations: readonly Declaration[];
  readonly byName: ReadonlyMap<string, Declaration>;
  readonly imports: ReadonlyMap<string, Foreign>;
  readonly exports: ReadonlyMap<string, Foreign | string>;
  readonly stars: readonly Foreign[];
  /** Modules that are loaded with it, in order; `isBare` for `import "./x"`. */
  readonly loads: readonly { readonly from: string; readonly isBare: boolean }[];
  readonly isCommonJs: boolean;
  readonly names: ModuleNames;
}

/** The name under which `export default 1` binds its value. */
const defaultName = "*default*";

/** Reads the facts of a module. */
export function readModule(tree: Tree): ModuleFacts {
  return new Reader(tree).facts();
}

class Reader {
  private readonly declarations: Declaration[] = [];
  private readonly parts = new Map<Declaration, Node[]>();
  private readonly byName = new Map<string, Declaration>();
  private readonly imports = new Map<string, Foreign>();
  private readonly exports = new Map<string, Foreign | string>();
  private readonly stars: Foreign[] = [];
  private readonly loads: { from: string; isBare: boolean }[] = [];
  private readonly names: ModuleNames;
  private readonly isCommonJs: boolean;

  constructor({ program, isModule }: Tree) {
    const statements = bodyOf(program);
    this.isCommonJs = !isModule;
    for (const statement of statements) this.readImports(statement);
    const declared = [...statements.flatMap(lexicalNames), ...statements.flatMap(topVarNames)];
    const names = new Set([...declared, ...this.imports.keys()]);
    this.names = { names, rote: readRoteNames(program), isCommonJs: this.isCommonJs };
    for (const statement of statements) if (!isErased(statement)) this.read(statement);
  }

  facts(): ModuleFacts {
    const { declarations, byName, imports, exports, stars, loads, isCommonJs, names } = this;
    for (const [{ names: own, forms }, parts] of this.parts)
      for (const part of parts) forms.push(writeForm([part], own, names));
    return { declarations, byName, imports, exports, stars, loads, isCommonJs, names };
  }

  private readImports(statement: Node): void {
    if (statement.type === "TSImportEqualsDeclaration") {
      const { expression } = statement["moduleReference"] as Node;
      const id = identifier(statement["id"]);
      if (!isNode(expression) || id === undefined || isErased(statement)) return;
      this.imports.set(id, { from: expression["value"] as string, name: "*", attributes: "" });
      this.loads.push({ from: expression["value"] as string, isBare: false });
      return;
    }
    if (!isNode(statement["source"]) || statement["importKind"] === "type") return;
    if (statement["exportKind"] === "type") return;
    const from = statement["source"]["value"] as string;
    const specifiers = nodes(statement["specifiers"]);
    const isImport = statement.type === "ImportDeclaration";
    const isBare = isImport && specifiers.length === 0;
    this.loads.push({ from, isBare });
    if (!isImport) return;
    const attributes = attributesOf(statement);
    for (const specifier of specifiers) {
      if (specifier["importKind"] === "type") continue;
      const local = identifier(specifier["local"]) as string;
      const name =
        specifier.type === "ImportNamespaceSpecifier"
          ? "*"
          : specifier.type === "ImportDefaultSpecifier"
            ? "default"
            : exportName(specifier["imported"]);
      this.imports.set(local, { from, name, attributes });
    }
  }

  private read(statement: Node): void {
    switch (statement.type) {
      case "ImportDeclaration":
        return;
      case "TSImportEqualsDeclaration":
        if (!this.imports.has(identifier(statement["id"]) ?? "")) this.addParts(statement);
        return;
      case "ExportAllDeclaration": {
        const from = (statement["source"] as Node)["value"] as string;
        const all = { from, name: "*", attributes: attributesOf(statement) };
        if (isNode(statement["exported"])) this.exports.set(exportName(statement["exported"]), all);
        else this.stars.push(all);
        return;
      }
      case "ExportNamedDeclaration":
        return this.readExports(statement);
      case "ExportDefaultDeclaration":
        return this.readDefault(statement["declaration"] as Node);
      case "TSExportAssignment":
        this.exports.set("export=", "*export=*");
        return this.add(statement["expression"] as Node, ["*export=*"]);
      default:
        this.addParts(statement);
    }
  }

  private readExports(statement: Node): void {
    const { declaration, source } = statement as { declaration?: unknown; source?: unknown };
    if (isNode(declaration)) {
      this.addParts(declaration);
      const names = [...lexicalNames(declaration), ...topVarNames(declaration)];
      for (const name of names) this.exports.set(name, name);
      return;
    }
    for (const specifier of nodes(statement["specifiers"])) {
      if (specifier["exportKind"] === "type") continue;
      const local = exportName(specifier["local"]);
      const to = isNode(source)
        ? { from: source["value"] as string, name: local, attributes: attributesOf(statement) }
        : local;
      this.exports.set(exportName(specifier["exported"]), to);
    }
  }

  private readDefault(declaration: Node): void {
    const value = unwrap(declaration);
    const name = identifier(value) ?? identifier(declaration["id"]);
    const isDeclared = declaration.type.endsWith("Declaration") && name !== undefined;
    if (isDeclared) this.addParts(declaration);
    // The value of a name is what the name stands for.
    const isName = isDeclared || value.type === "Identifier";
    this.exports.set("default", isName && name !== undefined ? name : defaultName);
    if (!isName) this.add(declaration, [defaultName]);
  }

  private addParts(statement: Node): void {
    const isStatement = !statement.type.endsWith("Declaration");
    const required = requiredBy(statement);
    if (required !== undefined) this.loads.push({ from: required, isBare: true });
    for (const part of partsOf(statement))
      this.add(part, [...lexicalNames(part), ...varNames(part)], isStatement);
  }

  private add(part: Node, names: readonly string[], isStatement = false): void {
    const [known] = names.flatMap((name) => this.byName.get(name) ?? []);
    const one = known ?? { names: [], forms: [], places: [], isStatement };
    one.places.push({ start: part.start, end: part.end });
    for (const name of names) {
      if (!one.names.includes(name)) one.names.push(name);
      this.byName.set(name, one);
    }
    const parts = this.parts.get(one);
    if (parts !== undefined) parts.push(part);
    else this.parts.set(one, [part]);
    if (known === undefined) this.declarations.push(one);
  }
}

/** The parts of a statement that are declarations of their own: each variable of a list. */
export function partsOf(statement: Node): Node[] {
  const { declaration } = statement;
  if (/^Export(?:Named|Default)/.test(statement.type))
    return isNode(declaration) ? partsOf(declaration) : [];
  if (statement.type !== "VariableDeclaration") return [statement];
  return nodes(statement["declarations"]).map((declarator) => ({
    ...statement,
    declarations: [declarator],
    start: declarator.start,
    end: declarator.end,
  }));
}

/** The module of a statement that is no more than `require("./setup")`, or `await import("./setup")`. */
function requiredBy(statement: Node): string | undefined {
  if (statement.type !== "ExpressionStatement") return undefined;
  const value = unwrap(statement["expression"] as Node);
  const call = value.type === "AwaitExpression" ? unwrap(value["argument"] as Node) : value;
  const isRequire =
    call.type === "CallExpression" && identifier(unwrap(call["callee"] as Node)) === "require";
  const source = isRequire ? nodes(call["arguments"])[0] : call["source"];
  if (!isRequire && call.type !== "ImportExpression") return undefined;
  const from = isNode(source) ? unwrap(source)["value"] : undefined;
  return typeof from === "string" ? from : undefined;
}

function topVarNames(statement: Node): string[] {
  const { declaration } = statement;
  return varNames(isNode(declaration) ? declaration : statement);
}

function exportName(node: unknown): string {
  return identifier(node) ?? String((node as Node)["value"]);
}

function attributesOf(statement: Node): string {
  const from = (statement["source"] as Node)["value"] as string;
  const given = nodes(statement["attributes"])
    .map(({ key, value }) => `${exportName(key)}=${String((value as Node)["value"])}`)
    // A file called .json is JSON.
    .filter((each) => !(each === "type=json" && from.endsWith(".json")));
  return given.sort().join("&");
}
