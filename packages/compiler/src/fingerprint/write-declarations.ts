import { identifier, isNode, keyName, type Node, nodes } from "../ast.ts";
import { isErased } from "./erased.ts";
import { boundNames, lexicalNames, privateNames, varNames } from "./scope.ts";
import { FunctionWriter } from "./write-functions.ts";

/** What else is declared: classes, enums, namespaces and other names for them. */
export abstract class DeclarationWriter extends FunctionWriter {
  private privateCount = 0;

  protected classOf(node: Node): void {
    const body = node["body"] as Node;
    const own = node.type === "ClassExpression" ? boundNames(node["id"]) : [];
    this.put("Class(");
    this.visit(node["decorators"]);
    this.scoped(own, () => {
      this.visit(node["superClass"]);
      this.noteClass(this.doings.name, node["superClass"]);
      const numbers = new Map<string, number>();
      for (const name of privateNames(body))
        if (!numbers.has(name)) numbers.set(name, this.privateCount++);
      this.privates.push(numbers);
      for (const member of nodes(body["body"])) if (!isErased(member)) this.member(member);
      this.privates.pop();
    });
    this.put(")");
  }

  protected member(node: Node): void {
    if (node.type === "StaticBlock") {
      const statements = nodes(node["body"]);
      const names = [...varNames(statements), ...statements.flatMap(lexicalNames)];
      this.put("static");
      return this.scoped(names, () => this.list(statements));
    }
    this.put(node["static"] === true ? "static " : "own ");
    this.put(`${node.type === "MethodDefinition" ? (node["kind"] as string) : node.type} `);
    this.key(node);
    this.decorators(node);
    this.put("=");
    // The values of own fields are computed for every instance.
    const isLater = node.type !== "MethodDefinition" && node["static"] !== true;
    if (isLater) this.enterFunction(node);
    this.doings.named(keyName(node), () => this.visit(node["value"]));
    if (isLater) this.leaveFunction(node);
    this.put(";");
  }

  protected declaration(node: Node): void {
    if (node.type === "TSModuleDeclaration" || isNode(node["id"])) this.boundName(node["id"]);
    this.put("=");
    const name = identifier(node["id"]);
    if (node.type === "FunctionDeclaration") this.doings.named(name, () => this.fn(node));
    else if (node.type === "ClassDeclaration") this.doings.named(name, () => this.classOf(node));
    else if (node.type === "TSEnumDeclaration") this.enumOf(node);
    else if (node.type === "TSModuleDeclaration") this.namespace(node);
    else this.alias(node["moduleReference"] as Node);
  }

  /** What `import name = …` is another name for. */
  protected alias(reference: Node): void {
    if (reference.type === "TSExternalModuleReference") {
      const { value } = reference["expression"] as Node;
      return this.refer({ from: value as string, path: [] }, reference);
    }
    const path: string[] = [];
    let at = reference;
    for (; at.type === "TSQualifiedName"; at = at["left"] as Node)
      path.unshift(identifier(at["right"]) as string);
    this.putPath({ root: at, path, flags: path.map(() => ".").join("") }, reference);
  }

  protected enumOf(node: Node): void {
    const members = nodes((node["body"] as Node)["members"]);
    const nameOf = ({ id }: Node): string => {
      const { name, value, quasis } = id as { name?: string; value?: string; quasis?: unknown };
      const text = nodes(quasis)[0]?.["value"] as { cooked: string } | undefined;
      return name ?? value ?? text?.cooked ?? "";
    };
    this.put("Enum(");
    this.members(members.map(nameOf), () => {
      for (const member of members) {
        this.put(`${JSON.stringify(nameOf(member))}=`);
        this.visit(member["initializer"]);
        this.put(",");
      }
    });
    this.put(")");
  }

  protected namespace(node: Node): void {
    const statements = nodes((node["body"] as Node)["body"]);
    const exported = statements.filter(({ type }) => type === "ExportNamedDeclaration");
    const names = exported.flatMap(({ declaration }) =>
      isNode(declaration) ? [...lexicalNames(declaration), ...varNames(declaration)] : [],
    );
    this.put("Namespace(");
    const locals = [...varNames(statements), ...statements.flatMap(lexicalNames)];
    const fresh = locals.filter((name) => !names.includes(name));
    this.members(names, () => this.scoped(fresh, () => this.list(statements)));
    this.put(")");
  }
}
