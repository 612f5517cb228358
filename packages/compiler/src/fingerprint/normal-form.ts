import { isNode, type Node } from "../ast.ts";
import type { Form, ModuleNames } from "./observe.ts";
import { boundNames } from "./scope.ts";
import { shapes } from "./shapes.ts";
import { jsxText } from "./write-jsx.ts";
import { StatementWriter } from "./write-statements.ts";

/**
 * Writes the normal form of a declaration: docs/design/0017-fingerprints.md. A change here that changes
 * the form of any program needs a new `algorithm` in reach.ts.
 *
 * 1. Whatever can be told apart when the program runs is told apart; texts are quoted, so that no two trees meet.
 * 2. Locals are numbers in the order in which they are met, names of the module are holes, filled by what they lead to.
 */
export function writeForm(
  roots: readonly Node[],
  own: readonly string[],
  names: ModuleNames,
  target?: Node,
): Form {
  const writer = new Writer(own, names, target);
  writer.list(roots);
  return writer.form();
}

class Writer extends StatementWriter {
  protected node(node: Node): void {
    if (node === this.target) return this.within(() => this.kind(node));
    this.kind(node);
  }

  private kind(node: Node): void {
    switch (node.type) {
      case "Identifier":
      case "JSXIdentifier":
      case "MemberExpression":
      case "JSXMemberExpression":
      case "MetaProperty":
        return this.path(node);
      case "Literal":
        return this.literal(node);
      case "TemplateLiteral":
        return this.template(node, false);
      case "TaggedTemplateExpression":
        return this.tagged(node);
      case "CallExpression":
      case "NewExpression":
        return this.call(node);
      case "ImportExpression":
        return this.importCall(node);
      case "Property":
        return this.property(node);
      case "FunctionDeclaration":
      case "ClassDeclaration":
      case "TSEnumDeclaration":
      case "TSModuleDeclaration":
      case "TSImportEqualsDeclaration":
        return this.declaration(node);
      case "FunctionExpression":
      case "ArrowFunctionExpression":
        return this.fn(node);
      case "ClassExpression":
        return this.classOf(node);
      case "VariableDeclaration":
        // In the head of a loop.
        this.put(node["kind"] === "const" ? "let" : (node["kind"] as string));
        return this.visit(node["declarations"]);
      case "VariableDeclarator":
        return this.declarator(node);
      case "ObjectPattern":
      case "ArrayPattern":
      case "AssignmentPattern":
      case "RestElement":
        return this.pattern(node, false);
      case "BlockStatement":
        return this.block(node);
      case "IfStatement":
      case "WhileStatement":
      case "DoWhileStatement":
      case "WithStatement":
        if (node.type === "WithStatement") this.see({ code: "ROTE_UNSEEN_CODE" }, node);
        return this.branches(node);
      case "ForStatement":
      case "ForInStatement":
      case "ForOfStatement":
        return this.loop(node);
      case "SwitchStatement":
        return this.switchOf(node);
      case "CatchClause":
        return this.scoped(boundNames(node["param"]), () => {
          this.put("Catch(");
          this.pattern(node["param"], true);
          this.block(node["body"] as Node);
          this.put(")");
        });
      case "LabeledStatement":
      case "BreakStatement":
      case "ContinueStatement":
        return this.label(node);
      case "BinaryExpression":
      case "LogicalExpression":
        return this.operands(node);
      case "PrivateIdentifier":
        return this.privateName(node);
      case "ThisExpression":
      case "Super":
        this.noteReceiver();
        return this.plain(node);
      case "AssignmentExpression":
      case "UpdateExpression":
      case "UnaryExpression":
        this.noteWrite(node);
        return this.plain(node);
      case "JSXElement":
      case "JSXFragment":
        return this.jsx(node);
      case "JSXText":
        return this.put(JSON.stringify(jsxText(node["raw"] as string)));
      case "EmptyStatement":
        return this.put("{[]}");
      default:
        if (isNode(node["expression"]) && shapes[node.type] === undefined)
          return this.visit(node["expression"]);
        return this.plain(node);
    }
  }
}
