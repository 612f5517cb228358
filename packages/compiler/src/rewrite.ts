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
  replace(owner: Node, members: readonly Member[]): void {
    if (owner.type === "ClassBody") this.replaceInClass(owner, members);
    else this.replaceInObject(owner, members);
  }

  /** Before anybody else gets the object. */
  private replaceInObject(owner: Node, members: readonly Member[]): void {
    this.text.prependRight(owner.start, `${PURE} ${this.use(this.members)}(`);
    this.text.appendLeft(owner.end, `, ${writeMembers(members)})`);
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

  private surround({ node, parent }: Path, before: string, after: string): void {
    // `new memoized(fn)()` would be a new call of the memoizer.
    const isMade = parent?.node.type === "NewExpression" && parent.node["callee"] === node;
    this.text.prependRight(node.start, isMade ? `(${before}` : before);
    this.text.appendLeft(node.end, isMade ? `${after})` : after);
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

/** Tells bundlers that a function nobody uses may go, although it is memoized. */
const PURE = "/* @__PURE__ */";

const functionKeyword = /^(?:async(?:\s|\/\*[\s\S]*?\*\/)+)?function/;

function writeMembers(members: readonly Member[]): string {
  return `[${members.map(({ name, meta }) => `[${JSON.stringify(name)}, ${meta}]`).join(", ")}]`;
}
