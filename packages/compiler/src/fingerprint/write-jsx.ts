import { isNode, type Node, nodes } from "../ast.ts";
import { ExpressionWriter } from "./write-expressions.ts";

/** JSX. */
export abstract class JsxWriter extends ExpressionWriter {
  protected jsx(node: Node): void {
    this.noteJsx(node);
    const opening = node["openingElement"];
    this.put("JSX(");
    if (isNode(opening)) {
      const name = opening["name"] as Node;
      const text = name["name"];
      // <div> is a text, <Row>, <row.Cell> and <this.Cell> are values.
      if (name.type === "JSXIdentifier" && /^[a-z]|-/.test(text as string) && text !== "this")
        this.put(JSON.stringify(text));
      else this.visit(name);
      this.put(",");
      for (const each of nodes(opening["attributes"])) {
        if (each.type === "JSXAttribute") {
          const key = each["name"] as Node;
          const { namespace, name } = key as { namespace?: Node; name?: unknown };
          const text = namespace === undefined ? name : [namespace["name"], (name as Node)["name"]];
          this.put(JSON.stringify(text));
          this.put("=");
          this.visit(each["value"]);
        } else this.visit(each);
        this.put(",");
      }
    }
    this.put(")[");
    for (const child of nodes(node["children"])) {
      if (child.type === "JSXText" && jsxText(child["raw"] as string) === "") continue;
      const inner = child["expression"];
      if (isNode(inner) && inner.type === "JSXEmptyExpression") continue;
      this.visit(child);
      this.put(",");
    }
    this.put("]");
  }
}

/** What is left of a text in JSX: the space around line breaks is for the reader of the source. */
export function jsxText(raw: string): string {
  const lines = raw.split(/\r\n|\n|\r/);
  return lines
    .map((line, index) => {
      const from = index === 0 ? line : line.replace(/^[\t ]+/, "");
      return index === lines.length - 1 ? from : from.replace(/[\t ]+$/, "");
    })
    .filter((line) => line !== "")
    .join(" ");
}
