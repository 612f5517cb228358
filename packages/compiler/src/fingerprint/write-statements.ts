import { identifier, isNode, type Node, nodes } from "../ast.ts";
import { isErased } from "./erased.ts";
import { lexicalNames } from "./scope.ts";
import { shapes } from "./shapes.ts";
import { DeclarationWriter } from "./write-declarations.ts";

/** Statements. */
export abstract class StatementWriter extends DeclarationWriter {
  protected block(node: Node): void {
    const statements = nodes(node["body"]);
    this.put("{");
    this.scoped(statements.flatMap(lexicalNames), () => this.list(statements));
    this.put("}");
  }

  protected branches(node: Node): void {
    this.put(`${node.type}(`);
    for (const field of shapes[node.type] ?? []) {
      const isBody = field !== "test" && field !== "object";
      if (isBody && isNode(node[field])) this.body(node[field]);
      else this.visit(node[field]);
      this.put(",");
    }
    this.put(")");
  }

  /** Braces around one statement that declares nothing make no difference. */
  protected body(node: Node): void {
    const statements = node.type === "BlockStatement" ? nodes(node["body"]) : [node];
    const left = statements.filter((each) => !isErased(each));
    const [only] = left;
    if (left.length === 1 && only !== undefined && !only.type.endsWith("Declaration"))
      return this.statement(only);
    this.visit(node);
  }

  protected loop(node: Node): void {
    const head = (node["init"] ?? node["left"]) as Node | undefined;
    if (node.type !== "ForStatement" && head?.type !== "VariableDeclaration") this.noteWrite(node);
    this.scoped(head === undefined ? [] : lexicalNames(head), () => {
      this.put(`${node.type}${node["await"] === true ? " await" : ""}(`);
      this.visit(head);
      for (const field of ["test", "update", "right"])
        if (field in node) {
          this.put(",");
          this.visit(node[field]);
        }
      this.noteElements(node);
      this.put(",");
      this.body(node["body"] as Node);
      this.put(")");
    });
  }

  protected switchOf(node: Node): void {
    const cases = nodes(node["cases"]);
    this.put("Switch(");
    this.visit(node["discriminant"]);
    this.scoped(
      cases.flatMap((each) => nodes(each["consequent"]).flatMap(lexicalNames)),
      () => {
        for (const each of cases) {
          this.put("case ");
          this.visit(each["test"]);
          this.list(nodes(each["consequent"]));
        }
      },
    );
    this.put(")");
  }

  protected label(node: Node): void {
    const name = identifier(node["label"]);
    this.put(`${node.type}(`);
    if (node.type === "LabeledStatement") {
      this.labels.push(name as string);
      this.body(node["body"] as Node);
      this.labels.pop();
    } else if (name !== undefined) this.put(`${this.labels.lastIndexOf(name)}`);
    this.put(")");
  }
}
