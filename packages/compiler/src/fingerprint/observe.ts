import { identifier, isNode, keyName, type Node, nodes, unwrap } from "../ast.ts";
import { type RoteNames, roteCallee } from "../rote-names.ts";
import { type Doing, Doings, type Given, type How } from "./doings.ts";
import { type Outside, outsideAt } from "./outside.ts";
import { memoizeName } from "./rote-options.ts";
import { type Binding, boundNames, Scope } from "./scope.ts";
import {
  appliers,
  callingMethods,
  memberName,
  readingMethods,
  rootOf,
  targetsOf,
  type WriteKind,
  writers,
  writingMethods,
} from "./writes.ts";

/** A hole in a form: what is used there of another declaration, or of a module that is loaded there. */
export interface Reference {
  readonly name?: string | undefined;
  readonly from?: string;
  /** Members of it, as far as they are written out. */
  readonly path: readonly string[];
  /** It is read when the module is loaded, not when a function is called. */
  readonly isImmediate: boolean;
  readonly start: number;
}

/** Code that changes, or may change, what a name of the module stands for. */
export interface Write {
  readonly name: string;
  /** Members of it, as far as they are written out. */
  readonly path: readonly string[];
  readonly kind: WriteKind;
  /** What is called, or what it is passed to: to be looked up. */
  readonly how: How;
  readonly isImmediate: boolean;
  readonly start: number;
}

export interface Sight extends Outside {
  readonly start: number;
}

/** A declaration, or a function in it, without what makes no difference: its text with holes, and what was seen on the way. */
export interface Form {
  readonly text: string;
  readonly references: readonly Reference[];
  readonly writes: readonly Write[];
  readonly sights: readonly Sight[];
  /** When loaded, it calls something. */
  readonly runs: boolean;
  /** Names of the module that it calls when it is loaded. */
  readonly calls: readonly string[];
  /** When loaded, it changes what all modules see. */
  readonly writesGlobals: boolean;
  /** When loaded, it changes something through a local, of which is not known what it is. */
  readonly writesLocals: boolean;
  /** It reads `this`, or `super`, or is a method. */
  readonly readsReceiver: boolean;
  /** What a name that it declares is another name for. */
  readonly aliases: ReadonlyMap<string, readonly string[]>;
  /** What its functions and methods do to what they are given, and which there are. */
  readonly doings: readonly Doing[];
  readonly functions: ReadonlySet<string>;
  /** The class that a name is an instance of, or extends. */
  readonly classes: ReadonlyMap<string, readonly string[]>;
}

/** The names of a module. */
export interface ModuleNames {
  readonly names: ReadonlySet<string>;
  readonly rote: RoteNames;
  readonly isCommonJs: boolean;
}

interface NamePath {
  /** An identifier, or `import.meta`. */
  readonly root: Node;
  readonly path: readonly string[];
  /** For every step, `.` or `?`. */
  readonly flags: string;
}

/** The part of writing a form that knows what names stand for, and notes what is done with them. */
export class Observer {
  protected scope: Scope = new Scope(undefined, false);
  protected owner: object = {};
  protected readonly target: Node | undefined;
  private readonly own: readonly string[];
  private readonly known: ModuleNames;
  private found: Form | undefined;
  private out = "";
  private references: Reference[] = [];
  private writes: Write[] = [];
  private sights: Sight[] = [];
  private runs = false;
  private calls: string[] = [];
  private writesGlobals = false;
  private writesLocals = false;
  private readsReceiver = false;
  private aliases = new Map<string, readonly string[]>();
  private readonly classes = new Map<string, readonly string[]>();
  protected readonly doings: Doings = new Doings();
  private captured = new Map<Binding, number>();
  private count = 0;
  private depth = 0;
  private isQuiet = false;
  private readonly inlined = new Set<Node>();

  constructor(own: readonly string[], known: ModuleNames, target: Node | undefined) {
    this.own = own;
    this.known = known;
    this.target = target;
  }

  form(): Form {
    if (this.found !== undefined) return this.found;
    const { out: text, references, writes, sights, runs, calls } = this;
    const { writesGlobals, writesLocals, readsReceiver, aliases, classes } = this;
    const written = { writes, writesGlobals, writesLocals };
    const { found: doings, functions } = this.doings;
    const known = { aliases, classes, doings, functions };
    return { text, references, sights, runs, calls, ...written, readsReceiver, ...known };
  }

  protected put(text: string): void {
    this.out += text;
  }

  /** Writes the form that was asked for, in the scopes around it. */
  protected within(write: () => void): void {
    this.out = "";
    [this.references, this.writes, this.sights] = [[], [], []];
    [this.owner, this.count, this.readsReceiver] = [{}, 0, false];
    write();
    this.found = this.form();
  }

  protected declareAll(names: readonly string[], scope: Scope): Scope {
    for (const name of names) scope.declare(name, this.owner);
    return scope;
  }

  protected see(outside: Outside, { start }: Node): void {
    this.sights.push({ ...outside, start });
  }

  protected quietly(write: () => void): void {
    const before = this.isQuiet;
    this.isQuiet = true;
    write();
    this.isQuiet = before;
  }

  protected enterFunction(node: Node): void {
    if (!this.inlined.has(node)) this.depth++;
  }

  protected leaveFunction(node: Node): void {
    if (!this.inlined.has(node)) this.depth--;
  }

  /** The parameters of a function that is the declaration's own. */
  protected noteParams(of: string | undefined, params: readonly Node[]): void {
    if (of === undefined) return;
    for (const [to, param] of params.entries())
      for (const name of boundNames(param)) {
        const binding = this.scope.find(name);
        if (binding !== undefined) binding.given = { of, to };
      }
  }

  /** `const registry = new Registry()`, `class Registry extends Base`. */
  protected noteClass(name: string | undefined, node: unknown): void {
    const path = isNode(node) ? this.outerPath(node) : undefined;
    if (name !== undefined && path !== undefined && this.scope.find(name) === undefined)
      this.classes.set(name, path);
  }

  /** What a function was given, if an expression is that or a part of it. */
  private givenOf(node: Node): Given | undefined {
    let at = unwrap(node);
    while (at.type === "MemberExpression" || at.type === "ChainExpression")
      at = unwrap((at["object"] ?? at["expression"]) as Node);
    if (at.type === "ThisExpression") return this.doings.receiver;
    return this.scope.find(identifier(at) ?? "")?.given;
  }

  protected noteReceiver(): void {
    this.readsReceiver = true;
  }

  /** The name that a declaration gives. */
  protected boundName(id: unknown): void {
    const name = identifier(id);
    if (name === undefined) return this.put("_");
    const binding = this.scope.find(name);
    if (binding === undefined) this.put(`=${this.own.indexOf(name)}`);
    else this.putLocal(binding, id as Node, name);
  }

  private putLocal(binding: Binding, node: Node, name: string): void {
    if (binding.member !== undefined) return this.put(`@${JSON.stringify(name)}`);
    if (binding.owner === this.owner) {
      binding.number ??= this.count++;
      return this.put(`%${binding.number}`);
    }
    const number = this.captured.get(binding) ?? this.captured.size;
    this.captured.set(binding, number);
    if (binding.isInFunction) this.see({ code: "ROTE_UNSEEN_CAPTURE" }, node);
    this.put(`^${number}`);
  }

  protected pathOf(node: Node): NamePath | undefined {
    const path: string[] = [];
    let flags = "";
    let at = unwrap(node);
    for (; ; at = unwrap(at["object"] as Node)) {
      if (at.type === "JSXMemberExpression") {
        path.unshift((at["property"] as Node)["name"] as string);
        flags = `.${flags}`;
      } else if (at.type === "MemberExpression") {
        const name = memberName(at);
        if (name === undefined) return undefined;
        path.unshift(name);
        flags = `${at["optional"] === true ? "?" : "."}${flags}`;
      } else break;
    }
    return at.type === "Identifier" || at.type === "JSXIdentifier" || at.type === "MetaProperty"
      ? { root: at, path, flags }
      : undefined;
  }

  protected putPath({ root, path, flags }: NamePath, node: Node): void {
    const steps = (from: number): string =>
      path
        .slice(from)
        .map((step, index) => `${flags[from + index]}${JSON.stringify(step)}`)
        .join("");
    if (root.type === "MetaProperty") {
      const meta = [identifier(root["meta"]), identifier(root["property"])] as string[];
      this.put(`meta ${meta.join(".")}${steps(0)}`);
      if (meta[0] === "new") this.noteReceiver();
      else this.seePath([...meta, ...path], node);
      return;
    }
    const name = root["name"] as string;
    if (name === "this") {
      this.noteReceiver();
      return this.put(`this${steps(0)}`);
    }
    const binding = this.scope.find(name);
    if (binding !== undefined) {
      this.putLocal(binding, root, name);
      this.put(steps(0));
      const alias = binding.alias ?? [];
      const isOutside = alias[0] !== undefined && !this.known.names.has(alias[0]);
      // Where the other name was given, it may have been seen already.
      if (isOutside && outsideAt(alias) === undefined) this.seePath([...alias, ...path], node);
    } else if (this.known.names.has(name)) {
      const maybe = flags.indexOf("?");
      const sure = maybe === -1 ? path.length : maybe;
      this.refer({ name, path: path.slice(0, sure) }, node);
      this.put(steps(sure));
    } else if (this.known.isCommonJs && (name === "exports" || name === "module")) {
      // What a module of CommonJS exports is known when it has run: all of it may have a part in that.
      this.refer({ name, path: [] }, node);
      this.put(steps(0));
    } else {
      this.put(`global ${JSON.stringify(name)}${steps(0)}`);
      if (name === "arguments") return;
      this.seePath([name, ...path], node);
    }
  }

  private seePath(path: readonly string[], node: Node): void {
    const outside = this.isQuiet ? undefined : outsideAt(path);
    if (outside !== undefined) this.see(outside, node);
  }

  protected refer(
    to: { readonly name?: string; readonly from?: string; readonly path: readonly string[] },
    { start }: Node,
  ): void {
    this.references.push({ ...to, isImmediate: this.depth === 0, start });
    this.put("$");
  }

  /** The path, from a name of the module or a global, that an expression is. */
  private outerPath(node: Node): readonly string[] | undefined {
    const found = this.pathOf(node);
    if (found === undefined) return undefined;
    const { root, path } = found;
    if (root.type === "MetaProperty")
      return [identifier(root["meta"]) ?? "", identifier(root["property"]) ?? "", ...path];
    const name = root["name"] as string;
    const binding = this.scope.find(name);
    if (binding === undefined) return [name, ...path];
    return binding.alias === undefined ? undefined : [...binding.alias, ...path];
  }

  /** Notes what is another name for what; whether all that is read of it has been noted, too. */
  protected noteAlias(id: Node, init: Node): boolean {
    const given = this.givenOf(init);
    if (given !== undefined) this.give(boundNames(id), given);
    const path = this.outerPath(init);
    if (path === undefined || path[0] === "arguments") return false;
    const give = (pattern: unknown, to: readonly string[]): void => {
      const [name] = boundNames(pattern);
      if (name === undefined) return;
      const binding = this.scope.find(name);
      if (binding === undefined) this.aliases.set(name, to);
      else binding.alias = to;
    };
    if (id.type === "Identifier") give(id, path);
    if (id.type !== "ObjectPattern") return false;
    const properties = nodes(id["properties"]);
    const isWrittenOut = properties.every((each) => keyName(each) !== undefined);
    const isGlobal = !this.known.names.has(path[0] as string);
    for (const each of properties) {
      const key = keyName(each);
      if (key === undefined) continue;
      give(each["value"], [...path, key]);
      if (isGlobal && isWrittenOut) this.seePath([...path, key], each);
    }
    return isGlobal && isWrittenOut;
  }

  private give(names: readonly string[], given: Given): void {
    for (const name of names) {
      const binding = this.scope.find(name);
      if (binding !== undefined) binding.given ??= given;
    }
  }

  /** In `for (const row of table)`, what is done to `row` is done to `table`. */
  protected noteElements(loop: Node): void {
    const head = loop["left"] as Node | undefined;
    if (loop.type !== "ForOfStatement" || head?.type !== "VariableDeclaration") return;
    const names = nodes(head["declarations"]).flatMap(({ id }) => boundNames(id));
    const given = this.givenOf(loop["right"] as Node);
    if (given !== undefined) this.give(names, given);
    const root = rootOf(loop["right"] as Node, false);
    const path = root === undefined ? undefined : this.outerPath(root);
    for (const name of names) {
      const binding = this.scope.find(name);
      if (binding !== undefined) binding.alias = path;
    }
  }

  protected noteWrite(node: Node): void {
    if (node.type === "UnaryExpression" && node["operator"] !== "delete") return;
    const left = (node["left"] ?? node["argument"]) as Node;
    for (const target of targetsOf(left)) {
      // A local that is assigned is changed; what it pointed to is not.
      const isLocal = this.scope.find(identifier(target) ?? "") !== undefined;
      if (!isLocal) this.write(target, { kind: "written" });
    }
  }

  private write(target: Node, how: How, kind: WriteKind = how.kind): void {
    const given = this.givenOf(target);
    // Of a part of it nobody knows which methods it has.
    if (given !== undefined && (kind === "written" || !isMember(target)))
      this.doings.note(given, how);
    const root = rootOf(target);
    if (root === undefined) return;
    const [name] = this.outerPath(root) ?? [];
    if (name === undefined) {
      if (this.depth === 0 && (kind === "written" || kind === "called")) this.writesLocals = true;
      return;
    }
    const [, ...path] = this.outerPath(target) ?? [];
    const isImmediate = this.depth === 0;
    const isGlobal = !this.known.names.has(name);
    const isPrototype = isGlobal && path.includes("prototype") && kind !== "called";
    if (!isGlobal || (isPrototype && !(isImmediate && kind === "written")))
      this.writes.push({ name, path, kind, how, isImmediate, start: target.start });
    else if (kind === "written" && isImmediate && name !== "module" && name !== "exports")
      this.writesGlobals = true;
  }

  protected noteCall(node: Node, given: readonly Node[]): void {
    const callee = unwrap(node["callee"] as Node);
    if (this.depth === 0) this.runs = true;
    const path = this.outerPath(callee);
    const isGlobal = path !== undefined && !this.known.names.has(path[0] as string);
    if (isGlobal) this.noteGlobalCall(node, path, given);
    else if (path !== undefined && this.depth === 0) this.calls.push(path[0] as string);
    let passed: WriteKind = "passed";
    if (callee.type === "MemberExpression") {
      const method = memberName(callee) ?? "";
      if (callingMethods.has(method)) this.inline(given);
      const isWritten = writingMethods.has(method);
      const isRead = readingMethods.has(method);
      const how = isWritten
        ? ({ kind: "written" } as const)
        : ({ kind: "called", method } as const);
      // What is called like a method of the language may be one of the sources.
      if (!isGlobal) this.write(callee["object"] as Node, how, isRead ? "given" : how.kind);
      if (!isGlobal && (isWritten || isRead) && !appliers.has(method)) passed = "given";
    }
    if (/Function/.test(callee.type)) this.inline([callee]);
    const writes = isGlobal && writers.has(path.join("."));
    if (writes && given[0] !== undefined) this.write(given[0], { kind: "written" });
    if (isGlobal || this.isFromRote(callee)) return;
    for (const [index, argument] of given.entries()) {
      const value = argument.type === "SpreadElement" ? (argument["argument"] as Node) : argument;
      const isPath = this.pathOf(value) !== undefined || unwrap(value).type === "ThisExpression";
      if (isPath) this.write(value, { kind: "passed", callee: path ?? [], index }, passed);
    }
  }

  private inline(functions: readonly Node[]): void {
    for (const each of functions) this.inlined.add(unwrap(each));
  }

  private noteGlobalCall(node: Node, path: readonly string[], given: readonly Node[]): void {
    const name = path.filter((step) => step !== "globalThis").join(".");
    if (name === "Function") this.see({ code: "ROTE_UNSEEN_CODE" }, node);
    if (name === "Date" && (given.length === 0 || node.type === "CallExpression"))
      this.see({ code: "ROTE_UNSEEN_CLOCK" }, node);
  }

  /** `require("./x")`. */
  protected loads(node: Node, given: readonly Node[]): boolean {
    const path = this.outerPath(node["callee"] as Node);
    const isRequire = path?.[0] === "require" && !this.known.names.has("require");
    if (!isRequire || path.length > 1) return false;
    const source = given[0] === undefined ? undefined : unwrap(given[0]);
    if (typeof source?.["value"] === "string") {
      this.refer({ from: source["value"], path: [] }, node);
      return true;
    }
    this.see({ code: "ROTE_UNSEEN_IMPORT" }, node);
    return false;
  }

  protected isMemoize(callee: unknown): boolean {
    const name = memoizeName(callee, this.known.rote);
    return name !== undefined && this.scope.find(name) === undefined;
  }

  private isFromRote(callee: Node): boolean {
    return (
      this.isMemoize(callee) ||
      roteCallee(callee, "configureMemoized", this.known.rote) !== undefined
    );
  }

  /** JSX is a call of `React.createElement`, if there is one. */
  protected noteJsx(node: Node): void {
    if (this.known.names.has("React")) this.refer({ name: "React", path: [] }, node);
  }
}

function isMember(node: Node): boolean {
  const { type } = unwrap(node);
  return type === "MemberExpression" || type === "ChainExpression";
}
