import { createRequire } from "node:module";
import type MagicString from "magic-string";
import { directivesOf, type Node, nodes, type Path, startOf } from "./ast.ts";

const require = createRequire(import.meta.url);

/** A method or getter to replace. */
export interface Member {
  readonly name: string;
  readonly isStatic: boolean;
  readonly meta: string;
}

/**
 * Changes one file. Three rules keep its lines, and the text of every function:
 *
 * 1. Nothing is removed, and what is added has no line break.
 * 2. Statements go before the first statement of their list, behind its directives.
 * 3. Inner functions are changed before outer ones, since both may end at the same place.
 */
export class Rewriter {
  private readonly code: string;
  private readonly text: MagicString;
  private readonly memoize: string;
  private readonly members: string;
  private readonly used = new Set<string>();
  /** Where a statement needs the semicolon that it did without, behind all that is wrapped there. */
  private readonly ends = new Set<number>();
  /** What goes to the beginning of a list, the last first. */
  private readonly statements = new Map<Node, string[]>();

  constructor(code: string) {
    // Loaded when first needed, as the parser is.
    const { default: Text } = require("magic-string") as typeof import("magic-string");
    this.code = code;
    this.text = new Text(code);
    this.memoize = this.unique("__memoize");
    this.members = this.unique("__memoizeMembers");
  }

  /** Rebinds the name of a declared function; one without a name gets one that nobody sees. */
  rebind(node: Node, list: Node, name: string | undefined, meta: string): void {
    const local = name ?? this.unique("__default");
    if (name === undefined) {
      const [keyword] = functionKeyword.exec(this.code.slice(node.start)) as RegExpExecArray;
      this.text.appendLeft(node.start + keyword.length, ` ${local}`);
    }
    this.begin(list, `${local} = ${PURE} ${this.use(this.memoize)}(${local}, ${meta});`);
  }

  /** Wraps a function that has no name of its own. */
  wrap(path: Path, meta: string): void {
    this.surround(path, `${PURE} ${this.use(this.memoize)}(`, `, ${meta})`);
  }

  /** The same for one that has: as a declaration, whose name can be rebound. */
  wrapNamed(path: Path, name: string, meta: string): void {
    const rebound = `${name} = ${this.use(this.memoize)}(${name}, ${meta})`;
    this.surround(path, `${PURE} (() => { ${rebound}; return ${name}; `, " })()");
  }

  /** Replaces methods and getters of a class, or of an object literal. */
  replace(owner: Path, members: readonly Member[]): void {
    if (owner.node.type === "ClassBody") this.replaceInClass(owner.node, members);
    else this.replaceInObject(owner, members);
  }

  /** Before anybody else gets the object. */
  private replaceInObject(path: Path, members: readonly Member[]): void {
    this.surround(path, `${PURE} ${this.use(this.members)}(`, `, ${writeMembers(members)})`);
  }

  /** Before the static fields are evaluated, which may call them. */
  private replaceInClass(body: Node, members: readonly Member[]): void {
    const calls = [
      ["this.prototype", members.filter(({ isStatic }) => !isStatic)] as const,
      ["this", members.filter(({ isStatic }) => isStatic)] as const,
    ].flatMap(([owner, own]) =>
      own.length === 0 ? [] : [`${this.use(this.members)}(${owner}, ${writeMembers(own)});`],
    );
    this.text.appendLeft(body.start + 1, ` static { ${calls.join(" ")} }`);
  }

  /** Gives a call of `memoize` a third argument. */
  pass(call: Node, meta: string): void {
    const given = nodes(call["arguments"]);
    const end = (given.at(-1) as Node).end;
    this.text.appendLeft(end, `${given.length === 1 ? ", void 0" : ""}, ${meta}`);
  }

  /** Writes the statements that go to the beginning of lists, and imports what has been used. */
  finish(program: Node, isModule: boolean): MagicString {
    const names = [
      ["memoizeMarked", this.memoize] as const,
      ["memoizeMembers", this.members] as const,
    ]
      .filter(([, local]) => this.used.has(local))
      .map(([name, local]) => `${name}${isModule ? " as " : ": "}${local}`)
      .join(", ");
    const importing = isModule
      ? `import { ${names} } from "rote/compiled";`
      : `const { ${names} } = require("rote/compiled");`;
    if (names !== "") this.begin(program, importing);
    for (const end of this.ends) this.text.appendLeft(end, ";");
    for (const [list, texts] of this.statements) this.insert(list, texts.reverse().join(" "));
    return this.text;
  }

  /** A name that the file does not contain. */
  private unique(base: string): string {
    let name = base;
    for (let count = 1; this.code.includes(name); count++) name = `${base}${count}`;
    return name;
  }

  private use(local: string): string {
    this.used.add(local);
    return local;
  }

  private surround(path: Path, before: string, after: string): void {
    const { node } = path;
    const needsBrackets = isHead(path);
    this.text.prependRight(node.start, needsBrackets ? `(${before}` : before);
    this.text.appendLeft(node.end, needsBrackets ? `${after})` : after);
    if (isEndedByLine(path)) this.ends.add(node.end);
  }

  /** A statement for the beginning of a list, before those that are there already. */
  private begin(list: Node, statement: string): void {
    const texts = this.statements.get(list) ?? [];
    texts.push(statement);
    this.statements.set(list, texts);
  }

  private insert(list: Node, text: string): void {
    const statements = nodes(list["body"]);
    const directive = directivesOf(statements).at(-1);
    if (directive === undefined) {
      this.text.appendLeft(startOf(statements[0] as Node), `${text} `);
      return;
    }
    const isEnded = this.code[directive.end - 1] === ";";
    this.text.appendLeft(directive.end, `${isEnded ? "" : ";"} ${text}`);
  }
}

/**
 * Whether something is done with the value at once: it is called, or a member of it taken. Bundlers take
 * what is said of a call for the whole row of calls and members, and `new` its first arguments.
 */
function isHead({ node, parent }: Path): boolean {
  const head = parent === undefined ? undefined : headIn[parent.node.type];
  return head !== undefined && parent?.node[head] === node;
}

const headIn: Readonly<Record<string, string>> = {
  CallExpression: "callee",
  NewExpression: "callee",
  MemberExpression: "object",
  TaggedTemplateExpression: "tag",
  TSNonNullExpression: "expression",
  TSInstantiationExpression: "expression",
};

/**
 * Whether a statement, or a field of a class, ends here without a semicolon. Nothing can follow an arrow function,
 * so a line that begins with `(` or `[` is another statement; of a call it would be the continuation.
 */
function isEndedByLine({ node, parent }: Path): boolean {
  if (node.type !== "ArrowFunctionExpression") return false;
  let at = parent;
  while (at?.node.end === node.end && !ended.has(at.node.type)) at = at.parent;
  return at?.node.end === node.end && at.parent?.node["init"] !== at.node;
}

const ended = new Set([
  "ExpressionStatement",
  "VariableDeclaration",
  "ReturnStatement",
  "ThrowStatement",
  "ExportDefaultDeclaration",
  "TSExportAssignment",
  "PropertyDefinition",
  "AccessorProperty",
]);

/** Tells bundlers that a function nobody uses may go, although it is memoized. */
const PURE = "/* @__PURE__ */";

const functionKeyword = /^(?:async(?:\s|\/\*[\s\S]*?\*\/)+)?function/;

function writeMembers(members: readonly Member[]): string {
  return `[${members.map(({ name, meta }) => `[${JSON.stringify(name)}, ${meta}]`).join(", ")}]`;
}
