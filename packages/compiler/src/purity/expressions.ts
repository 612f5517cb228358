import { identifier, isNode, keyName, type Node, nodes, unwrap } from "../ast.ts";

import { noted } from "./access.ts";
import { isFunction } from "./around.ts";
import { Calls } from "./calls.ts";
import { stepOf } from "./program.ts";
import { joinEnvs } from "./recorder.ts";
import { builtin, type ClassValue, join, nothing, only, type Value } from "./value.ts";

/** The part that says what expressions stand for, and does what they do. */
export abstract class Expressions extends Calls {
  protected abstract yields(value: Value): void;

  protected evaluate(given: Node | undefined): Value {
    if (given === undefined || this.env === undefined) return nothing;
    this.summaries.count();
    const node = unwrap(given);
    switch (node.type) {
      case "Literal":
      case "Super":
      case "MetaProperty":
        return node.type === "MetaProperty" ? this.builtins(metaOf(node), node) : nothing;
      case "Identifier":
        return this.builtins(this.named(node["name"] as string, node), node);
      case "ThisExpression":
        return this.receiver;
      case "MemberExpression":
        return this.builtins(this.member(node), node);
      case "ChainExpression":
        return this.evaluate(node["expression"] as Node);
      case "FunctionExpression":
      case "ArrowFunctionExpression":
        return only(this.closureAt(node));
      case "ClassExpression":
        return this.classExpression(node);
      case "CallExpression":
        return this.call(node);
      case "NewExpression":
        return this.construct(node);
      case "AssignmentExpression":
        return this.assignment(node);
      case "UpdateExpression":
        this.target(node["argument"] as Node, nothing, { isSelf: true, looksUp: false });
        return nothing;
      case "UnaryExpression":
        return this.unary(node);
      case "LogicalExpression":
        return this.logical(node);
      case "ConditionalExpression":
        return this.conditional(node);
      case "BinaryExpression":
        return this.binary(node);
      case "SequenceExpression": {
        let last = nothing;
        for (const each of nodes(node["expressions"])) last = this.evaluate(each);
        return last;
      }
      case "ObjectExpression":
        return this.object(node);
      case "ArrayExpression": {
        const elements = nodes(node["elements"]);
        const values = elements.map((each) => this.argument(each));
        if (elements.some(({ type }) => type === "SpreadElement"))
          return only(this.freshAt(node, join(...values)));
        const fields = new Map(values.map((value, index) => [String(index), value]));
        return only(this.complete(this.freshAt(node, nothing), nothing, fields));
      }
      case "TemplateLiteral":
        for (const each of nodes(node["expressions"])) this.evaluate(each);
        return nothing;
      case "TaggedTemplateExpression":
        return this.tagged(node);
      case "AwaitExpression":
        return this.evaluate(node["argument"] as Node);
      case "YieldExpression": {
        const value = this.evaluate(node["argument"] as Node | undefined);
        this.yields(node["delegate"] === true ? this.contents(value, node) : value);
        return nothing;
      }
      case "ImportExpression":
        this.evaluate(node["source"] as Node);
        return nothing;
      default:
        return node.type.startsWith("JSX") ? this.markup(node) : nothing;
    }
  }

  /** Globals are looked up in the tables once, where they are read to the end. */
  private builtins(value: Value, node: Node): Value {
    let isNoted = false;
    for (const each of value)
      if (each.kind === "builtin" && !each.isNoted)
        isNoted = this.noteBuiltin(each.path, node.start) || isNoted;
    return isNoted ? noted(value) : value;
  }

  /** What an object is, whose member is about to be read: a global may have to be read further. */
  protected objectOf(given: Node): Value {
    const node = unwrap(given);
    if (node.type === "Identifier") return this.named(node["name"] as string, node);
    if (node.type === "MetaProperty") return metaOf(node);
    if (node.type === "Super") return this.receiver;
    return node.type === "MemberExpression" ? this.member(node) : this.evaluate(node);
  }

  protected member(node: Node): Value {
    const object = this.objectOf(node["object"] as Node);
    if (node["computed"] === true) this.evaluate(node["property"] as Node);
    return this.read(object, stepOf(node), node);
  }

  /** A value in a list of arguments or elements; of a spread one, what is in it. */
  protected argument(node: Node): Value {
    if (node.type !== "SpreadElement") return this.evaluate(node);
    return this.contents(this.evaluate(node["argument"] as Node), node);
  }

  private assignment(node: Node): Value {
    const operator = node["operator"] as string;
    const left = unwrap(node["left"] as Node);
    const right = node["right"] as Node;
    if (operator === "=") {
      const before = this.lookedUp.length;
      const value = this.filling(right);
      if (left.type.endsWith("Pattern")) this.bind(left, value, "assign");
      // `isBusy = true` is a switch, and no result.
      else this.target(left, value, { isSelf: isBoolean(right), looksUp: false, before });
      return value;
    }
    if (!/^(?:\?\?|\|\||&&)=$/.test(operator)) {
      const value = this.evaluate(right);
      this.target(left, value, { isSelf: true, looksUp: false });
      return nothing;
    }
    const known = this.testing(() => this.evaluate(left));
    let value = nothing;
    this.maybe(() => {
      value = this.evaluate(right);
      this.target(left, join(known, value), { isSelf: false, looksUp: operator !== "&&=" });
    });
    return join(known, value);
  }

  private before = 0;

  /** What is put somewhere. `cache[k] || make(k)` looks up, and what is put there does not depend on it. */
  private filling(given: Node): Value {
    const node = unwrap(given);
    this.before = this.lookedUp.length;
    if (node.type !== "LogicalExpression" || node["operator"] === "&&") return this.evaluate(node);
    const left = this.testing(() => this.evaluate(node["left"] as Node));
    const before = this.lookedUp.length;
    let right = nothing;
    this.maybe(() => {
      right = this.evaluate(node["right"] as Node);
    });
    this.before = before;
    return join(left, right);
  }

  private target(
    given: Node,
    value: Value,
    how: { isSelf: boolean; looksUp: boolean; before?: number },
  ): void {
    const node = unwrap(given);
    const reads = how.before === undefined ? [] : this.lookedUp.slice(this.before);
    const change = { isFill: !how.isSelf, looksUp: how.looksUp };
    if (node.type === "Identifier") {
      const binding = this.scope.find(node["name"] as string);
      if (binding !== undefined) this.set(binding, value);
      else this.assignOuter(node, reads, change);
    } else if (node.type === "MemberExpression") {
      const object = this.objectOf(node["object"] as Node);
      if (node["computed"] === true) this.evaluate(node["property"] as Node);
      this.change(object, stepOf(node), value, { ...change, start: node.start }, reads);
    }
  }

  private unary(node: Node): Value {
    const argument = unwrap(node["argument"] as Node);
    const inner = argument.type === "ChainExpression" ? (argument["expression"] as Node) : argument;
    if (node["operator"] === "delete" && inner.type === "MemberExpression") {
      const object = this.objectOf(inner["object"] as Node);
      if (inner["computed"] === true) this.evaluate(inner["property"] as Node);
      this.change(object, stepOf(inner), nothing, { start: inner.start, isFill: false });
    } else if (node["operator"] === "!") this.testing(() => this.evaluate(argument));
    // `typeof document` asks whether there is one.
    else if (node["operator"] !== "typeof" || argument.type !== "Identifier")
      this.evaluate(argument);
    return nothing;
  }

  private binary(node: Node): Value {
    // By hand: sums may be longer than the stack is deep.
    const rights: Node[] = [];
    let at = node;
    for (; at.type === "BinaryExpression"; at = unwrap(at["left"] as Node)) rights.push(at);
    const compares = /^(?:[!=]==?|in)$/.test(node["operator"] as string);
    const run = (): void => {
      if (at.type !== "PrivateIdentifier") this.evaluate(at);
      for (const each of rights.reverse()) {
        const value = this.evaluate(each["right"] as Node);
        if (each["operator"] === "in")
          for (const origin of value) if (origin.kind === "place") this.noteLookup(origin);
      }
    };
    if (compares) this.testing(run);
    else run();
    return nothing;
  }

  private logical(node: Node): Value {
    const left = this.testing(() => this.evaluate(node["left"] as Node));
    let right = nothing;
    this.maybe(() => {
      right = this.evaluate(node["right"] as Node);
    });
    return node["operator"] === "&&" ? right : join(left, right);
  }

  private conditional(node: Node): Value {
    this.testing(() => this.evaluate(node["test"] as Node));
    const before = this.copyEnv();
    const yes = this.evaluate(node["consequent"] as Node);
    const after = this.env;
    this.env = before;
    const no = this.evaluate(node["alternate"] as Node);
    this.env = joinEnvs(after, this.env);
    return join(yes, no);
  }

  protected testing<T>(run: () => T): T {
    const before = this.isTest;
    this.isTest = true;
    const value = run();
    this.isTest = before;
    return value;
  }

  private object(node: Node): Value {
    const fields = new Map<string, Value>();
    let rest = nothing;
    const made = this.freshAt(node, nothing);
    for (const property of nodes(node["properties"])) {
      if (property.type === "SpreadElement") {
        const value = this.contents(this.evaluate(property["argument"] as Node), property);
        rest = join(rest, value);
        // What is spread may take the place of what was there before.
        for (const [name, known] of fields) fields.set(name, join(known, value));
        continue;
      }
      if (property["computed"] === true) this.evaluate(property["key"] as Node);
      const name = keyName(property);
      const inner = unwrap(property["value"] as Node);
      const value = isFunction(inner)
        ? only(this.closureAt(inner, only(made)))
        : this.evaluate(inner);
      if (name === undefined) rest = join(rest, value);
      else fields.set(name, value);
    }
    return only(this.complete(made, rest, fields));
  }

  private complete(
    made: ReturnType<Expressions["freshAt"]>,
    rest: Value,
    fields: ReadonlyMap<string, Value>,
  ): typeof made {
    made.rest = join(made.rest, rest);
    for (const [name, value] of fields) {
      made.exact.add(name);
      made.fields.set(name, join(made.fields.get(name) ?? nothing, value));
    }
    return made;
  }

  private classExpression(node: Node): Value {
    const name = identifier(node["id"]) ?? "anonymous";
    return only(this.localClass(node, name));
  }

  /** A class inside of the function: what it captures is not followed. */
  protected localClass(node: Node, name: string): ClassValue {
    const { module, around } = this.routine;
    return this.program.classOf(module, node, name, around);
  }

  private tagged(node: Node): Value {
    const values = nodes((node["quasi"] as Node)["expressions"]).map((each) => this.evaluate(each));
    const tag = this.evaluate(node["tag"] as Node);
    return this.invoke(tag, [nothing, ...values], nothing, node);
  }

  /** What JSX is made of. Components are run by somebody else. */
  private markup(node: Node): Value {
    for (const value of Object.values(node))
      for (const each of Array.isArray(value) ? value : [value])
        if (isNode(each)) this.evaluate((each["expression"] as Node | undefined) ?? each);
    return only(this.freshAt(node, nothing));
  }
}

function isBoolean(node: Node): boolean {
  return typeof unwrap(node)["value"] === "boolean";
}

function metaOf(node: Node): Value {
  const path = [identifier(node["meta"]), identifier(node["property"])] as string[];
  return path[0] === "new" ? nothing : only(builtin(path));
}
