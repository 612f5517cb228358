import { identifier, isNode, type Node, nodes, unwrap } from "../ast.ts";
import { boundNames, lexicalNames, Scope, varNames } from "./scope.ts";
import { JsxWriter } from "./write-jsx.ts";

/** Functions, and the patterns that bind names. */
export abstract class FunctionWriter extends JsxWriter {
  protected labels: string[] = [];

  protected declarator(node: Node): void {
    const id = node["id"] as Node;
    const init = node["init"];
    this.pattern(id, true);
    this.put("=");
    const wasRead = isNode(init) && this.noteAlias(id, init);
    const name = this.scope.find(identifier(id) ?? "") === undefined ? identifier(id) : undefined;
    const made = unwrap(init);
    if (made?.type === "NewExpression") this.noteClass(name, made["callee"]);
    this.doings.named(name, () => {
      if (wasRead) this.quietly(() => this.visit(init));
      else this.visit(init);
    });
  }

  /** `isBinding`: in a declaration, not in an assignment. */
  protected pattern(node: unknown, isBinding: boolean): void {
    if (!isNode(node)) return this.put("_");
    switch (node.type) {
      case "Identifier":
        return isBinding ? this.boundName(node) : this.visit(node);
      case "ObjectPattern":
        this.put("{");
        for (const each of nodes(node["properties"])) {
          if (each.type === "Property") {
            this.key(each);
            this.put(":");
            this.pattern(each["value"], isBinding);
          } else this.pattern(each, isBinding);
          this.put(",");
        }
        return this.put("}");
      case "ArrayPattern":
        this.put("[");
        for (const each of node["elements"] as unknown[]) {
          this.pattern(each, isBinding);
          this.put(",");
        }
        return this.put("]");
      case "AssignmentPattern":
        this.put("(");
        this.pattern(node["left"], isBinding);
        this.put("=");
        this.visit(node["right"]);
        return this.put(")");
      case "RestElement":
        this.put("...");
        return this.pattern(node["argument"], isBinding);
      default:
        this.visit(node);
    }
  }

  protected fn(node: Node): void {
    const { body } = node as unknown as { body: Node };
    const isBlock = body.type === "BlockStatement";
    const statements = isBlock ? nodes(body["body"]) : [];
    const isArrow = node.type === "ArrowFunctionExpression";
    const params = nodes(node["params"]).filter((each) => identifier(each) !== "this");
    const outer = this.scope;
    const own = node.type === "FunctionExpression" ? boundNames(node["id"]) : [];
    const { labels } = this;
    this.labels = [];
    this.enterFunction(node);
    const of = this.doings.enter(node);
    this.scope = this.declareAll(own, new Scope(outer, true));
    this.scope = this.declareAll(params.flatMap(boundNames), new Scope(this.scope, true));
    this.noteParams(of, params);
    const async = node["async"] === true ? "async " : "";
    this.put(`${async}${isArrow ? "Arrow" : "Function"}${node["generator"] === true ? "*" : ""}(`);
    for (const param of params) this.param(param);
    this.put(")");
    if (isBlock) {
      // What has the name of a parameter is the parameter.
      const given = new Set(params.flatMap(boundNames));
      const inBody = [...varNames(statements), ...statements.flatMap(lexicalNames)];
      const fresh = inBody.filter((name) => !given.has(name));
      this.scope = this.declareAll(fresh, new Scope(this.scope, true));
      this.list(statements);
    } else {
      this.put("[ReturnStatement(");
      this.visit(body);
      this.put(",);]");
    }
    this.doings.leave();
    this.leaveFunction(node);
    this.scope = outer;
    this.labels = labels;
  }

  protected param(node: Node): void {
    this.decorators(node);
    if (node.type === "TSParameterProperty") {
      const [name] = boundNames(node);
      this.put(`property ${JSON.stringify(name)} `);
      this.decorators(node["parameter"] as Node);
      this.pattern(node["parameter"], true);
    } else this.pattern(node, true);
    this.put(",");
  }

  protected decorators(node: Node): void {
    if (nodes(node["decorators"]).length > 0) this.visit(node["decorators"]);
  }
}
