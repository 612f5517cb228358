import { identifier, keyName, type Node, nodes, unwrap } from "../ast.ts";
import { FormWriter } from "./form-writer.ts";
import { isOptionsAlone, optionsOfResult } from "./rote-options.ts";
import { memberName } from "./writes.ts";

/** Expressions. */
export abstract class ExpressionWriter extends FormWriter {
  protected privates: Map<string, number>[] = [];

  /** Not by recursion to the left: a sum of ten thousand terms is as deep. */
  protected operands(node: Node): void {
    const rights: Node[] = [];
    let at = node;
    for (; isOperation(at) && at !== this.target; at = unwrap(at["left"] as Node)) rights.push(at);
    this.put("(".repeat(rights.length));
    this.visit(at);
    for (const { type, operator, right } of rights.reverse()) {
      this.put(`${type === "LogicalExpression" ? "?" : ""}${String(operator)}`);
      this.visit(right);
      this.put(")");
    }
  }

  /** A name, or a name and members of it. */
  protected path(node: Node): void {
    const found = this.pathOf(node);
    if (found !== undefined) return this.putPath(found, node);
    const isNamed = node["computed"] !== true || memberName(node) !== undefined;
    const property = node["property"] as Node;
    this.put(node["optional"] === true ? "Maybe(" : "Member(");
    this.visit(node["object"]);
    this.put(",");
    if (isNamed && property.type !== "PrivateIdentifier")
      this.put(JSON.stringify(memberName(node) ?? property["name"]));
    else this.visit(property);
    this.put(")");
  }

  protected literal(node: Node): void {
    const { value, regex, bigint } = node as unknown as {
      value: unknown;
      regex?: { pattern: string; flags: string };
      bigint?: string;
    };
    if (regex !== undefined)
      this.put(`RegExp(${JSON.stringify(regex.pattern)}${regex.flags.split("").sort().join("")})`);
    else if (typeof bigint === "string") this.put(`${BigInt(bigint)}n`);
    else if (typeof value === "number") this.put(`${value}`);
    else this.put(JSON.stringify(value));
  }

  protected template({ quasis, expressions }: Node, isTagged: boolean): void {
    const texts = nodes(quasis).map((each) => each["value"] as { raw: string; cooked: string });
    // Without a tag and without holes it is a text like any other.
    if (!isTagged && texts.length === 1) return this.put(JSON.stringify(texts[0]?.cooked));
    this.put("Template(");
    for (const { raw, cooked } of texts)
      this.put(`${JSON.stringify(cooked ?? null)}${isTagged ? JSON.stringify(raw) : ""},`);
    this.visit(expressions);
    this.put(")");
  }

  /** A call of its tag, with the texts and the values. */
  protected tagged(node: Node): void {
    const { tag, quasi } = node as unknown as { tag: Node; quasi: Node };
    this.noteCall({ ...node, callee: tag }, [quasi, ...nodes(quasi["expressions"])]);
    this.put("Tag(");
    this.visit(tag);
    this.template(quasi, true);
    this.put(")");
  }

  protected call(node: Node): void {
    const given = nodes(node["arguments"]);
    if (this.loads(node, given)) return;
    this.noteCall(node, given);
    this.put(`${node["optional"] === true ? "Maybe" : ""}${node.type}(`);
    this.visit(node["callee"]);
    this.put(",");
    const [fn, options] = given;
    if (fn !== undefined && this.isMemoize(node["callee"])) {
      this.visit(isOptionsAlone(node) ? optionsOfResult(fn) : fn);
      this.visit(optionsOfResult(options));
    } else this.visit(given);
    this.put(")");
  }

  protected importCall(node: Node): void {
    const source = unwrap(node["source"] as Node);
    this.put("Import(");
    if (typeof source["value"] === "string") this.refer({ from: source["value"], path: [] }, node);
    else {
      this.see({ code: "ROTE_UNSEEN_IMPORT" }, node);
      this.visit(source);
    }
    this.visit(node["options"]);
    this.put(")");
  }

  protected property(node: Node): void {
    const { key, value } = node as unknown as { key: Node; value: Node };
    this.put(`${node["method"] === true ? "method" : (node["kind"] as string)} `);
    const isPlain = node["computed"] !== true && node["shorthand"] !== true;
    // `{ __proto__: value }` makes no property.
    if (isPlain && node["method"] !== true && (key["name"] ?? key["value"]) === "__proto__")
      this.put("prototype");
    else this.key(node);
    this.put(":");
    this.doings.named(keyName(node), () => this.visit(value));
  }

  protected key(node: Node): void {
    const key = node["key"] as Node;
    if (node["computed"] === true) {
      this.put("(");
      this.visit(key);
      this.put(")");
    } else if (key.type === "PrivateIdentifier") this.privateName(key);
    else this.put(JSON.stringify(String(key["name"] ?? key["value"])));
  }

  protected privateName(node: Node): void {
    const name = identifier(node) as string;
    const number = this.privates.findLast((each) => each.has(name))?.get(name);
    this.put(number === undefined ? `#${JSON.stringify(name)}` : `#${number}`);
  }
}

function isOperation({ type }: Node): boolean {
  return type === "BinaryExpression" || type === "LogicalExpression";
}
