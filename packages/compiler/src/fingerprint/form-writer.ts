import { isNode, type Node, nodes } from "../ast.ts";
import { isErased } from "./erased.ts";
import { Observer } from "./observe.ts";
import { Scope } from "./scope.ts";
import { shapes } from "./shapes.ts";

/** The frame of writing a form: lists, statements, and nodes whose fields are written one by one. */
export abstract class FormWriter extends Observer {
  /** Writes a node by its kind. */
  protected abstract node(node: Node): void;

  /** Statements: declarations one by one, and without what is erased. */
  list(statements: readonly Node[]): void {
    this.put("[");
    for (const statement of statements) this.statement(statement);
    this.put("]");
  }

  protected statement(node: Node): void {
    if (isErased(node)) return;
    if (node.type === "ExportNamedDeclaration" || node.type === "ExportDefaultDeclaration") {
      const inner = node["declaration"];
      if (isNode(inner)) this.statement(inner);
    } else if (node.type === "VariableDeclaration") {
      for (const declarator of nodes(node["declarations"])) {
        this.put(node["kind"] === "const" ? "let" : (node["kind"] as string));
        this.visit(declarator);
        this.put(";");
      }
    } else {
      this.visit(node);
      this.put(";");
    }
  }

  protected visit(value: unknown): void {
    if (Array.isArray(value)) {
      this.put("[");
      for (const each of value) {
        this.visit(each);
        this.put(",");
      }
      this.put("]");
    } else if (value === null || value === undefined) this.put("_");
    else if (isNode(value)) this.node(value);
    else this.put(JSON.stringify(value));
  }

  protected plain(node: Node): void {
    const fields = shapes[node.type];
    if (fields === undefined) {
      // A kind of a newer parser: it is there, and nothing is known of what is in it.
      this.put(`${node.type}?`);
      return this.see({ code: "ROTE_UNSEEN_SOURCE" }, node);
    }
    this.put(`${node.type}(`);
    for (const field of fields) {
      this.visit(node[field]);
      this.put(",");
    }
    this.put(")");
  }

  protected scoped(names: readonly string[], write: () => void): void {
    const outer = this.scope;
    this.scope = this.declareAll(names, new Scope(outer));
    write();
    this.scope = outer;
  }

  /** Names that others read as members, so that they stay. */
  protected members(names: readonly string[], write: () => void): void {
    const outer = this.scope;
    this.scope = new Scope(outer);
    for (const name of names) this.scope.declare(name, this.owner, name);
    write();
    this.scope = outer;
  }
}
