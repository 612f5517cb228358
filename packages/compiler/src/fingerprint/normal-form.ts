import { identifier, isNode, type Node, nodes } from "../ast.ts";
import { isErased } from "./erased.ts";
import { Observer, type Form, type ModuleNames } from "./observe.ts";
import { boundNames, lexicalNames, privateNames, Scope, varNames } from "./scope.ts";
import { shapes } from "./shapes.ts";
import { bare, memberName } from "./writes.ts";
import { jsxText } from "./jsx-text.ts";
import { isOptionsAlone, optionsOfResult } from "./rote-options.ts";

/**
 * Writes the normal form of a declaration: docs/design/0017-fingerprints.md. A change here that changes
 * the form of any program needs a new `version` in digest.ts.
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

class Writer extends Observer {
  private labels: string[] = [];
  private privates: Map<string, number>[] = [];
  private privateCount = 0;

  /** Statements: declarations one by one, and without what is erased. */
  list(statements: readonly Node[]): void {
    this.put("[");
    for (const statement of statements) this.statement(statement);
    this.put("]");
  }

  private statement(node: Node): void {
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

  private visit(value: unknown): void {
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

  private node(node: Node): void {
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
        this.put("Tag(");
        this.visit(node["tag"]);
        this.template(node["quasi"] as Node, true);
        return this.put(")");
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

  private plain(node: Node): void {
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

  /** Not by recursion to the left: a sum of ten thousand terms is as deep. */
  private operands(node: Node): void {
    const rights: Node[] = [];
    let at = node;
    for (; isOperation(at) && at !== this.target; at = bare(at["left"] as Node)) rights.push(at);
    this.put("(".repeat(rights.length));
    this.visit(at);
    for (const { type, operator, right } of rights.reverse()) {
      this.put(`${type === "LogicalExpression" ? "?" : ""}${String(operator)}`);
      this.visit(right);
      this.put(")");
    }
  }

  /** A name, or a name and members of it. */
  private path(node: Node): void {
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

  private literal(node: Node): void {
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

  private template({ quasis, expressions }: Node, isTagged: boolean): void {
    const texts = nodes(quasis).map((each) => each["value"] as { raw: string; cooked: string });
    // Without a tag and without holes it is a text like any other.
    if (!isTagged && texts.length === 1) return this.put(JSON.stringify(texts[0]?.cooked));
    this.put("Template(");
    for (const { raw, cooked } of texts)
      this.put(`${JSON.stringify(cooked ?? null)}${isTagged ? JSON.stringify(raw) : ""},`);
    this.visit(expressions);
    this.put(")");
  }

  private call(node: Node): void {
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

  private importCall(node: Node): void {
    const source = bare(node["source"] as Node);
    this.put("Import(");
    if (typeof source["value"] === "string") this.refer({ from: source["value"], path: [] }, node);
    else {
      this.see({ code: "ROTE_UNSEEN_IMPORT" }, node);
      this.visit(source);
    }
    this.visit(node["options"]);
    this.put(")");
  }

  private property(node: Node): void {
    const { key, value } = node as unknown as { key: Node; value: Node };
    this.put(`${node["method"] === true ? "method" : (node["kind"] as string)} `);
    const isPlain = node["computed"] !== true && node["shorthand"] !== true;
    // `{ __proto__: value }` makes no property.
    if (isPlain && node["method"] !== true && (key["name"] ?? key["value"]) === "__proto__")
      this.put("prototype");
    else this.key(node);
    this.put(":");
    this.visit(value);
  }

  private key(node: Node): void {
    const key = node["key"] as Node;
    if (node["computed"] === true) {
      this.put("(");
      this.visit(key);
      this.put(")");
    } else if (key.type === "PrivateIdentifier") this.privateName(key);
    else this.put(JSON.stringify(String(key["name"] ?? key["value"])));
  }

  private declaration(node: Node): void {
    if (node.type === "TSModuleDeclaration" || isNode(node["id"])) this.boundName(node["id"]);
    this.put("=");
    if (node.type === "FunctionDeclaration") this.fn(node);
    else if (node.type === "ClassDeclaration") this.classOf(node);
    else if (node.type === "TSEnumDeclaration") this.enumOf(node);
    else if (node.type === "TSModuleDeclaration") this.namespace(node);
    else this.alias(node["moduleReference"] as Node);
  }

  /** What `import name = …` is another name for. */
  private alias(reference: Node): void {
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

  private declarator(node: Node): void {
    const id = node["id"] as Node;
    const init = node["init"];
    this.pattern(id, true);
    this.put("=");
    const wasRead = isNode(init) && this.noteAlias(id, init);
    if (wasRead) this.quietly(() => this.visit(init));
    else this.visit(init);
  }

  /** `isBinding`: in a declaration, not in an assignment. */
  private pattern(node: unknown, isBinding: boolean): void {
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

  private fn(node: Node): void {
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
    this.scope = this.declareAll(own, new Scope(outer, true));
    this.scope = this.declareAll(params.flatMap(boundNames), new Scope(this.scope, true));
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
    this.leaveFunction(node);
    this.scope = outer;
    this.labels = labels;
  }

  private param(node: Node): void {
    this.decorators(node);
    if (node.type === "TSParameterProperty") {
      const [name] = boundNames(node);
      this.put(`property ${JSON.stringify(name)} `);
      this.decorators(node["parameter"] as Node);
      this.pattern(node["parameter"], true);
    } else this.pattern(node, true);
    this.put(",");
  }

  private decorators(node: Node): void {
    if (nodes(node["decorators"]).length > 0) this.visit(node["decorators"]);
  }

  private classOf(node: Node): void {
    const body = node["body"] as Node;
    const own = node.type === "ClassExpression" ? boundNames(node["id"]) : [];
    this.put("Class(");
    this.visit(node["decorators"]);
    this.scoped(own, () => {
      this.visit(node["superClass"]);
      const numbers = new Map<string, number>();
      for (const name of privateNames(body))
        if (!numbers.has(name)) numbers.set(name, this.privateCount++);
      this.privates.push(numbers);
      for (const member of nodes(body["body"])) if (!isErased(member)) this.member(member);
      this.privates.pop();
    });
    this.put(")");
  }

  private member(node: Node): void {
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
    this.visit(node["value"]);
    if (isLater) this.leaveFunction(node);
    this.put(";");
  }

  private privateName(node: Node): void {
    const name = identifier(node) as string;
    const number = this.privates.findLast((each) => each.has(name))?.get(name);
    this.put(number === undefined ? `#${JSON.stringify(name)}` : `#${number}`);
  }

  private enumOf(node: Node): void {
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

  private namespace(node: Node): void {
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

  private block(node: Node): void {
    const statements = nodes(node["body"]);
    this.put("{");
    this.scoped(statements.flatMap(lexicalNames), () => this.list(statements));
    this.put("}");
  }

  private branches(node: Node): void {
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
  private body(node: Node): void {
    const statements = node.type === "BlockStatement" ? nodes(node["body"]) : [node];
    const left = statements.filter((each) => !isErased(each));
    const [only] = left;
    if (left.length === 1 && only !== undefined && !only.type.endsWith("Declaration"))
      return this.statement(only);
    this.visit(node);
  }

  private loop(node: Node): void {
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

  private switchOf(node: Node): void {
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

  private label(node: Node): void {
    const name = identifier(node["label"]);
    this.put(`${node.type}(`);
    if (node.type === "LabeledStatement") {
      this.labels.push(name as string);
      this.body(node["body"] as Node);
      this.labels.pop();
    } else if (name !== undefined) this.put(`${this.labels.lastIndexOf(name)}`);
    this.put(")");
  }

  private jsx(node: Node): void {
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

  private scoped(names: readonly string[], write: () => void): void {
    const outer = this.scope;
    this.scope = this.declareAll(names, new Scope(outer));
    write();
    this.scope = outer;
  }

  /** Names that others read as members, so that they stay. */
  private members(names: readonly string[], write: () => void): void {
    const outer = this.scope;
    this.scope = new Scope(outer);
    for (const name of names) this.scope.declare(name, this.owner, name);
    write();
    this.scope = outer;
  }
}

function isOperation({ type }: Node): boolean {
  return type === "BinaryExpression" || type === "LogicalExpression";
}
