import { identifier, isNode, type Node, nodes, unwrap } from "../ast.ts";
import { isErased } from "../fingerprint/erased.ts";
import { boundNames, lexicalNames, type Scope, varNames } from "../fingerprint/scope.ts";

import { isFunction } from "./around.ts";
import { type Summaries, type Summary, tooLong } from "./effect.ts";
import { Expressions } from "./expressions.ts";
import { shapeOfType } from "./language.ts";
import type { Program } from "./program.ts";
import { type Env, joinEnvs } from "./recorder.ts";
import {
  anyStep,
  type Closure,
  join,
  nothing,
  only,
  Place,
  type Routine,
  type Shape,
  type Value,
} from "./value.ts";

/** What one run of a function has returned so far, and where it has ended. */
interface Frame {
  returns: Value;
  yields: Value;
  exits: Env | undefined;
}

interface ClosureState {
  params: Value[];
  receiver: Value;
  returns: Value;
  isRunning: boolean;
  isStale: boolean;
  times: number;
}

/** Says what a function does, from its text and what is known of those that it calls. */
export function summarise(program: Program, summaries: Summaries, routine: Routine): Summary {
  return new Reader(program, summaries, routine).summary();
}

class Reader extends Expressions {
  private frame: Frame = { returns: nothing, yields: nothing, exits: undefined };
  private jumps: Env | undefined;
  private readonly closures = new Map<Node, Closure>();
  private readonly states = new Map<Node, ClosureState>();

  summary(): Summary {
    const { node, owner } = this.routine;
    this.receiver = only(new Place("receiver", "receiver", "this", { shape: owner }));
    try {
      if (node.type === "ClassBody") this.construction(node);
      else this.body(node, this.parameters(node));
    } catch (error) {
      // What has been found until then counts. Functions that are deeper than the stack, or that take longer than all
      // others, are what machines write.
      if (!(error instanceof RangeError || error === tooLong)) throw error;
    }
    const { effects, lookups } = this;
    const isGenerator = node["generator"] === true;
    const returns = isGenerator ? only(this.freshAt(node, this.frame.yields)) : this.frame.returns;
    return { effects, lookups, returns };
  }

  /** Fields in their order, and the constructor, if there is one. */
  private construction(body: Node): void {
    const members = nodes(body["body"]);
    for (const member of members) {
      const isField = member.type === "PropertyDefinition" || member.type === "AccessorProperty";
      if (!isField || member["static"] === true || !isNode(member["value"])) continue;
      const value = this.evaluate(member["value"]);
      this.change(this.receiver, identifier(member["key"]) ?? anyStep, value, {
        start: member.start,
        isFill: false,
      });
    }
    const maker = members.find((each) => each["kind"] === "constructor")?.["value"];
    if (isNode(maker) && isFunction(maker)) this.body(maker, this.parameters(maker));
  }

  /** What the parameters stand for, seen from inside. */
  private parameters(node: Node): Value[] {
    return nodes(node["params"]).map((given, index) => {
      let pattern = given.type === "TSParameterProperty" ? (given["parameter"] as Node) : given;
      if (pattern.type === "AssignmentPattern") pattern = pattern["left"] as Node;
      const isRest = pattern.type === "RestElement";
      const inner = isRest ? (pattern["argument"] as Node) : pattern;
      const said = shapeOfType(pattern["typeAnnotation"]);
      if (said === "primitive") return nothing;
      const name = identifier(inner) ?? "";
      const shape: Shape =
        said === "collection" ? said : said === undefined ? undefined : this.classNamed(said.name);
      const place = new Place("parameter", String(index), name, {
        shape: isRest ? undefined : shape,
      });
      // The list of rest arguments is made for each call; what is in it is not.
      return only(isRest ? this.freshAt(given, only(place)) : place);
    });
  }

  private classNamed(name: string): Shape {
    const { module, around } = this.routine;
    const value = this.program.lookup(name, module, around) ?? nothing;
    return [...value].find((each) => each.kind === "class");
  }

  private body(node: Node, args: readonly Value[]): Value {
    const parameters = nodes(node["params"]);
    const isArrow = node.type === "ArrowFunctionExpression";
    const body = node["body"] as Node;
    const names = (): string[] => [
      ...parameters.flatMap(boundNames),
      ...(isArrow ? [] : ["arguments"]),
      ...(body.type === "BlockStatement" ? varNames(body["body"]) : []),
    ];
    const scope = this.scopeOf(node, names);
    const own = node.type === "FunctionExpression" ? identifier(node["id"]) : undefined;
    return this.within(scope, () => {
      if (!isArrow) {
        const all = scope.find("arguments");
        if (all !== undefined) this.set(all, only(this.freshAt(node, join(...args), "arguments")));
      }
      if (own !== undefined && scope.find(own) === undefined) {
        scope.declare(own, this);
        const binding = scope.find(own);
        if (binding !== undefined)
          this.set(binding, only(node === this.routine.node ? this.routine : this.closureAt(node)));
      }
      parameters.forEach((pattern, index) => {
        const isRest = pattern.type === "RestElement";
        const value = args[index] ?? nothing;
        this.bind(isRest ? (pattern["argument"] as Node) : pattern, value, "declare");
      });
      if (body.type === "BlockStatement") this.statements(nodes(body["body"]), body);
      else this.frame.returns = join(this.frame.returns, this.evaluate(body));
      return this.frame.returns;
    });
  }

  protected closureAt(node: Node, receiver?: Value): Closure {
    const known = this.closures.get(node);
    if (known !== undefined) return known;
    const isArrow = node.type === "ArrowFunctionExpression";
    const made: Closure = {
      kind: "closure",
      node,
      scope: this.scope,
      receiver: isArrow ? this.receiver : (receiver ?? nothing),
    };
    this.closures.set(node, made);
    return made;
  }

  protected runClosure(
    { node, scope, receiver }: Closure,
    args: readonly Value[],
    given: Value,
    isUnused: boolean,
  ): Value {
    if (this.env === undefined) return nothing;
    const isArrow = node.type === "ArrowFunctionExpression";
    const state = this.states.get(node) ?? {
      params: [],
      receiver,
      returns: nothing,
      isRunning: false,
      isStale: false,
      times: 0,
    };
    this.states.set(node, state);
    const isRest = nodes(node["params"]).map(({ type }) => type === "RestElement");
    let isNew = state.times === 0;
    nodes(node["params"]).forEach((pattern, index) => {
      const value = isRest[index]
        ? only(this.freshAt(pattern, join(...args.slice(index))))
        : (args[index] ?? nothing);
      const joined = join(state.params[index] ?? nothing, value);
      isNew ||= joined.size !== state.params[index]?.size;
      state.params[index] = joined;
    });
    if (!isArrow) state.receiver = join(state.receiver, given);
    if (state.isRunning) {
      state.isStale ||= isNew;
      return state.returns;
    }
    if (!isNew && state.times > 6) return state.returns;
    for (let round = 0; round < 3; round++) {
      state.isStale = false;
      this.runOnce(node, scope, state, isUnused);
      if (!state.isStale) break;
    }
    return state.returns;
  }

  private runOnce(node: Node, scope: Scope, state: ClosureState, isUnused: boolean): void {
    const { frame, receiver, jumps, isTest } = this;
    this.frame = { returns: state.returns, yields: nothing, exits: undefined };
    this.isTest = false;
    this.receiver = state.receiver;
    this.jumps = undefined;
    state.isRunning = true;
    state.times++;
    const body = unwrap(node["body"] as Node);
    if (isUnused) this.unused = body;
    this.within(scope, () => this.body(node, state.params));
    state.isRunning = false;
    const { returns, yields, exits } = this.frame;
    state.returns =
      node["generator"] === true ? only(this.freshAt(node, yields)) : join(state.returns, returns);
    this.env = joinEnvs(this.env, exits);
    Object.assign(this, { frame, receiver, jumps, isTest });
  }

  protected yields(value: Value): void {
    this.frame.yields = join(this.frame.yields, value);
  }

  /** A list of statements with names of its own. */
  private statements(list: readonly Node[], owner: Node): void {
    const scope = this.scopeOf(owner, () => list.flatMap(lexicalNames));
    this.within(scope, () => {
      for (const each of list) {
        const inner = isNode(each["declaration"]) ? each["declaration"] : each;
        const name = identifier(inner["id"]) ?? "";
        const binding = scope.find(name);
        if (binding === undefined) continue;
        if (isFunction(inner)) this.set(binding, only(this.closureAt(inner)));
        else if (inner.type === "ClassDeclaration")
          this.set(binding, only(this.localClass(inner, name)));
      }
      for (const each of list) this.statement(each);
    });
  }

  private statement(node: Node): void {
    if (this.env === undefined || isErased(node)) return;
    switch (node.type) {
      case "ExpressionStatement": {
        const expression = unwrap(node["expression"] as Node);
        const awaited =
          expression.type === "AwaitExpression"
            ? unwrap(expression["argument"] as Node)
            : expression;
        this.unused =
          awaited.type === "ChainExpression" ? (awaited["expression"] as Node) : awaited;
        this.evaluate(expression);
        return;
      }
      case "VariableDeclaration":
        for (const { id, init } of nodes(node["declarations"])) {
          if (isNode(init)) this.bind(id as Node, this.evaluate(init), "declare");
          else if (node["kind"] !== "var") this.bind(id as Node, nothing, "declare");
        }
        return;
      case "ReturnStatement": {
        const { argument } = node;
        const value = isNode(argument) ? this.evaluate(argument) : nothing;
        this.frame.returns = join(this.frame.returns, value);
        this.frame.exits = joinEnvs(this.frame.exits, this.env);
        this.env = undefined;
        return;
      }
      case "ThrowStatement":
        this.evaluate(node["argument"] as Node);
        this.env = undefined;
        return;
      case "BlockStatement":
        return this.statements(nodes(node["body"]), node);
      case "IfStatement":
        return this.branch(node);
      case "WhileStatement":
      case "DoWhileStatement":
      case "ForStatement":
      case "ForInStatement":
      case "ForOfStatement":
        return this.loop(node);
      case "SwitchStatement":
        return this.choice(node);
      case "TryStatement":
        return this.attempt(node);
      case "BreakStatement":
      case "ContinueStatement":
        this.jumps = joinEnvs(this.jumps, this.env);
        this.env = undefined;
        return;
      case "LabeledStatement":
      case "WithStatement":
        if (isNode(node["object"])) this.evaluate(node["object"]);
        this.statement(node["body"] as Node);
        this.env = joinEnvs(this.env, this.jumps);
    }
  }

  private branch(node: Node): void {
    this.testing(() => this.evaluate(node["test"] as Node));
    const before = this.copyEnv();
    this.statement(node["consequent"] as Node);
    const after = this.env;
    this.env = before;
    if (isNode(node["alternate"])) this.statement(node["alternate"]);
    this.env = joinEnvs(after, this.env);
  }

  private loop(node: Node): void {
    const jumps = this.jumps;
    this.jumps = undefined;
    const head = node["init"] ?? node["left"];
    const isDeclared = isNode(head) && head.type === "VariableDeclaration";
    const scope = this.scopeOf(node, () => (isDeclared ? lexicalNames(head) : []));
    this.within(scope, () => {
      const { right } = node;
      const isIn = node.type === "ForInStatement";
      if (isNode(right)) {
        const value = this.evaluate(right);
        const inner = isIn ? nothing : this.contents(value, right);
        this.repeat(() => {
          const target = isDeclared ? (nodes(head["declarations"])[0]?.["id"] as Node) : head;
          this.bind(target as Node, inner, isDeclared ? "declare" : "assign");
          this.statement(node["body"] as Node);
          this.env = joinEnvs(this.env, this.jumps);
        });
        return;
      }
      if (isDeclared) this.statement(head);
      else if (isNode(head)) this.evaluate(head);
      const isOnce = node.type === "DoWhileStatement";
      const round = (): void => {
        const { test, update } = node;
        if (isNode(test) && !isOnce) this.testing(() => this.evaluate(test));
        this.statement(node["body"] as Node);
        this.env = joinEnvs(this.env, this.jumps);
        if (isNode(update)) this.evaluate(update);
        if (isNode(test) && isOnce) this.testing(() => this.evaluate(test));
      };
      if (isOnce) round();
      this.repeat(round);
    });
    this.env = joinEnvs(this.env, this.jumps);
    this.jumps = jumps;
  }

  private choice(node: Node): void {
    const jumps = this.jumps;
    this.jumps = undefined;
    this.testing(() => this.evaluate(node["discriminant"] as Node));
    const cases = nodes(node["cases"]);
    const all = cases.flatMap((each) => nodes(each["consequent"]));
    const scope = this.scopeOf(node, () => all.flatMap(lexicalNames));
    const before = this.copyEnv();
    this.within(scope, () => {
      for (const each of cases) {
        this.env = joinEnvs(this.env, before && new Map(before));
        if (isNode(each["test"])) this.evaluate(each["test"]);
        for (const statement of nodes(each["consequent"])) {
          if (isFunction(statement)) {
            const binding = scope.find(identifier(statement["id"]) ?? "");
            if (binding !== undefined) this.set(binding, only(this.closureAt(statement)));
          }
          this.statement(statement);
        }
      }
    });
    const isWhole = cases.some((each) => !isNode(each["test"]));
    this.env = joinEnvs(joinEnvs(this.env, this.jumps), isWhole ? undefined : before);
    this.jumps = jumps;
  }

  private attempt(node: Node): void {
    const before = this.copyEnv();
    this.statement(node["block"] as Node);
    const after = this.env;
    const { handler, finalizer } = node;
    if (isNode(handler)) {
      this.env = joinEnvs(before, this.copyEnv());
      const scope = this.scopeOf(handler, () => boundNames(handler["param"]));
      this.within(scope, () => {
        if (isNode(handler["param"])) this.bind(handler["param"], nothing, "declare");
        this.statement(handler["body"] as Node);
      });
      this.env = joinEnvs(after, this.env);
    }
    if (!isNode(finalizer)) return;
    const isDead = this.env === undefined;
    this.env ??= before && new Map(before);
    this.statement(finalizer);
    if (isDead) this.env = undefined;
  }
}
