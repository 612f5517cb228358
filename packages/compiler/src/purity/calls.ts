import { isBuiltin } from "node:module";
import { type Node, nodes, unwrap } from "../ast.ts";
import { readingMethods, writers, writingMethods } from "../fingerprint/writes.ts";
import { Access } from "./access.ts";
import type { Call } from "./effect.ts";
import {
  chainingMethods,
  copyingFunctions,
  copyingMethods,
  fillingMethods,
  furtherWriters,
  maybeWritingMethods,
  passingFunctions,
  takingMethods,
} from "./language.ts";
import { stepOf } from "./program.ts";
import {
  builtin,
  type ClassValue,
  type Closure,
  type Fresh,
  join,
  nothing,
  only,
  type Origin,
  type Place,
  type Routine,
  type Value,
} from "./value.ts";

/** A call, by what it is given. */
interface Given {
  readonly node: Node;
  readonly args: readonly Value[];
  /** Where the arguments are written. */
  readonly nodes: readonly Node[];
}

/** The part that knows what calls do. */
export abstract class Calls extends Access {
  /** A call whose result nobody looks at. */
  protected unused: Node | undefined;

  protected abstract objectOf(node: Node): Value;
  protected abstract argument(node: Node): Value;
  protected abstract closureAt(node: Node, receiver?: Value): Closure;
  protected abstract runClosure(
    closure: Closure,
    args: readonly Value[],
    receiver: Value,
    isUnused: boolean,
  ): Value;

  protected call(node: Node): Value {
    const isUnused = this.unused === node;
    const inner = unwrap(node["callee"] as Node);
    const callee = inner.type === "ChainExpression" ? unwrap(inner["expression"] as Node) : inner;
    const written = nodes(node["arguments"]);
    if (callee.type === "Super") return this.callSuper(node, written);
    if (callee.type !== "MemberExpression") {
      const value = this.evaluate(callee);
      return this.invoke(value, this.arguments(written), nothing, node, written);
    }
    const object = unwrap(callee["object"] as Node);
    const step = stepOf(callee);
    if (isUnused && maybeWritingMethods.has(step)) this.unused = object;
    const receiver = this.objectOf(object);
    if (callee["computed"] === true) this.evaluate(callee["property"] as Node);
    const before = this.lookedUp.length;
    const args = this.arguments(written);
    const selfReads = this.lookedUp.slice(before);
    const given = { node, args, nodes: written };
    const results = [...receiver].map((each) => {
      const members = this.read(only(each), step, callee);
      const callable = [...members].filter(isCallable);
      if (callable.length > 0)
        return this.invoke(new Set(callable), args, only(each), node, written);
      if (each.kind === "closure" || each.kind === "routine")
        return this.reflect(each, step, given);
      if (each.kind !== "builtin" && each.kind !== "namespace")
        return this.method(each, step, given, { start: object.start, isUnused, selfReads });
      return this.invoke(members, args, only(each), node, written);
    });
    if (receiver.size === 0) this.runFunctions(args, node);
    return join(...results);
  }

  private arguments(written: readonly Node[]): Value[] {
    return written.map((each) => this.argument(each));
  }

  /** What a function does that is called with these arguments. */
  protected invoke(
    callee: Value,
    args: readonly Value[],
    receiver: Value,
    node: Node,
    written: readonly Node[] = [],
  ): Value {
    const results = [...callee].map((each) => {
      switch (each.kind) {
        case "closure":
          return this.runClosure(each, args, receiver, false);
        case "routine":
          return this.run(each, args, receiver, node);
        case "builtin":
          return this.builtinCall(each.path, { node, args, nodes: written }, each.isNoted);
        default:
          this.runFunctions(args, node);
          return nothing;
      }
    });
    if (callee.size === 0) this.runFunctions(args, node);
    return join(...results);
  }

  /** Whoever is given a function may call it, with what is not known. */
  private runFunctions(args: readonly Value[], node: Node): void {
    for (const arg of args)
      for (const each of arg)
        if (each.kind === "closure") this.maybe(() => this.runClosure(each, [], nothing, false));
        else if (each.kind === "routine") this.maybe(() => this.run(each, [], nothing, node));
  }

  /** `call`, `apply` and `bind` of a function. */
  private reflect(fn: Closure | Routine, step: string, { node, args }: Given): Value {
    const [receiver = nothing, ...rest] = args;
    if (step === "call") return this.invoke(only(fn), rest, receiver, node);
    if (step === "bind") return only(fn);
    if (step !== "apply") return nothing;
    const inner = this.contents(rest[0] ?? nothing, node);
    return this.invoke(
      only(fn),
      Array.from({ length: 4 }, () => inner),
      receiver,
      node,
    );
  }

  /** A method of the language, or one of which nothing is known. */
  private method(
    object: Origin,
    step: string,
    given: Given,
    how: { start: number; isUnused: boolean; selfReads: readonly string[] },
  ): Value {
    const { args, node } = given;
    const self = only(object);
    const inside = (): Value => this.elements(self, node);
    if (object.kind === "place" && (step === "get" || step === "has")) this.noteLookup(object);
    const isSure =
      !maybeWritingMethods.has(step) ||
      how.isUnused ||
      object.kind === "fresh" ||
      (object.kind === "place" && object.shape === "collection");
    if (writingMethods.has(step) && isSure) {
      const from = step === "splice" ? 2 : step === "set" && args.length > 1 ? 1 : 0;
      const put =
        fillingMethods.has(step) || step === "splice" ? join(...args.slice(from)) : nothing;
      this.change(
        self,
        undefined,
        put,
        { start: how.start, isFill: step === "set" },
        how.selfReads,
      );
    }
    const called = this.callbacks(step, self, given);
    if (called !== undefined) return called;
    if (chainingMethods.has(step)) return self;
    if (takingMethods.has(step))
      return join(inside(), step === "get" ? nothing : (args[1] ?? nothing));
    if (step === "entries") return only(this.pairs(inside(), node));
    if (copyingMethods.has(step)) {
      const others = step === "concat" ? args.map((each) => this.contents(each, node)) : [];
      return only(this.freshAt(node, join(inside(), ...others)));
    }
    return nothing;
  }

  /** Methods that call what they are given, with what they give it. */
  private callbacks(step: string, self: Value, { args, node }: Given): Value | undefined {
    const [callback = nothing, second = nothing] = args;
    if (![...args].some((arg) => [...arg].some(isCallable))) return undefined;
    const inside = this.elements(self, node);
    const run = (values: readonly Value[], isUnused = false): Value => {
      let result = nothing;
      this.repeat(() => {
        const each = [...callback].map((fn) =>
          fn.kind === "closure"
            ? this.runClosure(fn, values, nothing, isUnused)
            : this.invoke(only(fn), values, nothing, node),
        );
        result = join(result, ...each);
      });
      return result;
    };
    switch (step) {
      case "forEach":
        return run([inside, nothing, self], true);
      case "map":
        return only(this.freshAt(node, run([inside, nothing, self])));
      case "flatMap":
        return only(this.freshAt(node, join(this.contents(run([inside, nothing, self]), node))));
      case "reduce":
      case "reduceRight": {
        const first = args.length > 1 ? second : inside;
        const once = run([first, inside, nothing, self]);
        return join(first, once, run([join(first, once), inside, nothing, self]));
      }
      case "sort":
      case "toSorted":
        run([inside, inside]);
        return step === "sort" ? self : only(this.freshAt(node, inside));
      case "then":
      case "catch":
      case "finally":
        return join(self, ...args.map((fn) => this.invoke(fn, [self], nothing, node)));
      case "find":
      case "findLast":
        run([inside, nothing, self]);
        return inside;
      case "filter":
        run([inside, nothing, self]);
        return only(this.freshAt(node, inside));
      case "replace":
      case "replaceAll":
        this.runFunctions(args, node);
        return nothing;
      default:
        if (readingMethods.has(step) && step !== "get") run([inside, nothing, self]);
        else this.runFunctions(args, node);
        return undefined;
    }
  }

  private builtinCall(path: readonly string[], given: Given, isNoted: boolean): Value {
    const { args, node, nodes: written } = given;
    if (!isNoted) this.noteBuiltin(path, node.start);
    const steps = path.filter((step) => step !== "globalThis" && step !== "default");
    const name = steps.join(".");
    const start = written[0]?.start ?? node.start;
    const [first = nothing, second = nothing, third = nothing] = args;
    if (name === "Date" && (args.length === 0 || node.type === "CallExpression"))
      this.note("ROTE_CLOCK", node.start, node.type === "CallExpression" ? "Date()" : "new Date()");
    if (name === "require") return this.required(written[0]);
    if (steps[1] === "prototype" && steps.length > 3) return this.borrowed(steps, given);
    if (name === "Reflect.apply") {
      const inner = this.contents(third, node);
      return this.invoke(first, [inner, inner, inner], second, node);
    }
    const at = furtherWriters.get(name);
    if (at !== undefined)
      this.change(args[at] ?? nothing, undefined, nothing, { start, isFill: false });
    if (writers.has(name)) {
      const others = args.slice(1).map((each) => this.contents(each, node));
      const put = name === "Object.assign" ? join(...others) : third;
      this.change(first, undefined, put, { start, isFill: false });
    }
    if (passingFunctions.has(name)) return first;
    if (name === "Array.of" || name === "Promise.resolve")
      return join(only(this.freshAt(node, join(...args))), first);
    if (name === "Array.from" && second.size > 0) {
      const inner = this.contents(first, node);
      return only(this.freshAt(node, this.invoke(second, [inner], nothing, node)));
    }
    this.runFunctions(args, node);
    if (name === "Object.entries") return only(this.pairs(this.contents(first, node), node));
    if (/^(?:Object\.fromEntries|(?:Weak)?Map)$/.test(name)) {
      const made = this.freshAt(node, this.at(this.contents(first, node), 1, node));
      made.isMap = name !== "Object.fromEntries";
      return only(made);
    }
    return copyingFunctions.has(name)
      ? only(this.freshAt(node, join(...args.map((each) => this.contents(each, node)))))
      : nothing;
  }

  /** `Array.prototype.push.call(list, 1)`. */
  private borrowed(steps: readonly string[], given: Given): Value {
    const [self = nothing, ...args] = given.args;
    const [, , method = "", how] = steps;
    const inner = how === "apply" ? args.map((each) => this.contents(each, given.node)) : args;
    const start = given.nodes[0]?.start ?? given.node.start;
    const moved = { ...given, args: inner, nodes: given.nodes.slice(1) };
    const results = [...self].map((each) =>
      this.method(each, method, moved, { start, isUnused: true, selfReads: [] }),
    );
    return join(...results);
  }

  private required(source: Node | undefined): Value {
    const name = source === undefined ? undefined : unwrap(source)["value"];
    if (typeof name !== "string" || !isBuiltin(name)) return nothing;
    return only(builtin([`node:${name.replace(/^node:/, "")}`]));
  }

  protected construct(node: Node): Value {
    const written = nodes(node["arguments"]);
    const callee = this.evaluate(node["callee"] as Node);
    const args = this.arguments(written);
    const results = [...callee].map((each) => {
      if (each.kind === "class") return this.instantiate(each, args, node);
      const made = only(this.freshAt(node, nothing));
      if (each.kind !== "builtin") return join(made, this.invoke(only(each), args, made, node));
      return join(made, this.builtinCall(each.path, { node, args, nodes: written }, true));
    });
    if (callee.size > 0) return join(...results);
    this.runFunctions(args, node);
    return only(this.freshAt(node, nothing));
  }

  private pairs(inside: Value, node: Node): Fresh {
    return this.freshAt(node, only(this.freshAt(node, inside, "pair")));
  }

  private instantiate(made: ClassValue, args: readonly Value[], node: Node): Value {
    const instance = only(this.freshAt(node, nothing, "", made));
    this.run(this.constructorOf(made), args, instance, node);
    return instance;
  }

  /** All that making an instance does: fields, and the constructor. */
  private constructorOf(owner: ClassValue): Routine {
    const { module, node, name, around } = owner;
    return this.program.routine(module, node["body"] as Node, `new ${name}`, around, owner);
  }

  private callSuper(node: Node, written: readonly Node[]): Value {
    const { owner } = this.routine;
    const args = this.arguments(written);
    const parent = owner && this.program.superclass(owner);
    if (parent !== undefined) this.run(this.constructorOf(parent), args, this.receiver, node);
    return nothing;
  }

  /** What a function of the program does with these arguments. */
  protected run(routine: Routine, args: readonly Value[], receiver: Value, at: Node): Value {
    if (this.env === undefined) return nothing;
    const { effects, lookups, returns } = this.summaries.of(routine);
    const call: Call = { module: this.routine.module, start: at.start, callee: routine };
    const translate = new Translation(
      args,
      receiver,
      (value, step) => this.read(value, step, at),
      (part, ofClass) => this.freshAt(at, nothing, part, ofClass),
    );
    for (const effect of effects.values()) {
      const calls = [call, ...effect.calls];
      const { put, place } = effect;
      if (put === undefined || place === undefined || place.base === "outer") {
        this.record({ ...effect, calls });
        continue;
      }
      this.summaries.count();
      const { module, start, isFill } = effect;
      const object = translate.place(put.container);
      // What was put where by a call far away is seldom looked at, and there is much of it.
      const value = calls.length > 4 ? nothing : translate.value(put.value);
      const looksUp = effect.code === "ROTE_HIDDEN_CACHE";
      this.change(object, put.step, value, { start, isFill, looksUp, within: { module, calls } });
    }
    const isOwn = [...receiver].some((each) => each.kind === "place" && each.base === "receiver");
    for (const key of lookups) if (isOwn || !key.startsWith("receiver")) this.lookups.add(key);
    return translate.value(returns);
  }
}

function isCallable(origin: Origin): boolean {
  return origin.kind === "closure" || origin.kind === "routine";
}

/** Puts the arguments of a call in the place of the parameters of a function. */
class Translation {
  private readonly args: readonly Value[];
  private readonly receiver: Value;
  private readonly read: (value: Value, step: string) => Value;
  private readonly make: (part: string, ofClass: ClassValue | undefined) => Fresh;
  private readonly made = new Map<Fresh, Fresh>();

  constructor(
    args: readonly Value[],
    receiver: Value,
    read: (value: Value, step: string) => Value,
    make: (part: string, ofClass: ClassValue | undefined) => Fresh,
  ) {
    this.args = args;
    this.receiver = receiver;
    this.read = read;
    this.make = make;
  }

  place({ base, root, steps }: Place): Value {
    let value = base === "receiver" ? this.receiver : (this.args[Number(root)] ?? nothing);
    for (const step of steps) value = this.read(value, step);
    return value;
  }

  /** What is made anew is one object for each place in the result. */
  value(value: Value, part = "result"): Value {
    if (value.size === 0) return value;
    return join(...[...value].map((each) => this.origin(each, part)));
  }

  private origin(origin: Origin, part: string): Value {
    if (origin.kind === "place" && origin.base !== "outer") return this.place(origin);
    // What a function returns is run by whoever calls it.
    if (origin.kind === "closure") return nothing;
    if (origin.kind !== "fresh") return only(origin);
    const known = this.made.get(origin);
    if (known !== undefined) return only(known);
    const made = this.make(part, origin.ofClass);
    made.isMap ||= origin.isMap;
    this.made.set(origin, made);
    const inside = part.split("\0").length < 4 ? (step: string) => `${part}\0${step}` : () => part;
    made.rest = join(made.rest, this.value(origin.rest, inside("")));
    for (const [name, field] of origin.fields) {
      const value = this.value(field, inside(name));
      made.fields.set(name, join(made.fields.get(name) ?? nothing, value));
      if (origin.exact.has(name)) made.exact.add(name);
    }
    return only(made);
  }
}
