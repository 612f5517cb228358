import { bodyOf, identifier, isNode, keyName, type Node, nodes, unwrap } from "../ast.ts";
import { treeOf } from "../fingerprint/files.ts";
import type { Linker, Module, Target } from "../fingerprint/link.ts";
import { isOptionsAlone, memoizedBy, memoizeName } from "../fingerprint/rote-options.ts";

import { type Around, type Declared, declaredBy, isFunction } from "./around.ts";
import { shapeOfInit } from "./language.ts";
import {
  anyStep,
  builtin,
  type ClassValue,
  join,
  type Located,
  nothing,
  only,
  type Origin,
  Place,
  type Routine,
  type Value,
} from "./value.ts";

interface FoundMember {
  readonly member: Node;
  readonly owner: ClassValue;
}

/** Expressions that are primitives, whatever is in them. */
const primitives = new Set(["Literal", "TemplateLiteral", "BinaryExpression", "UnaryExpression"]);

/** How many modules are kept as trees. */
const kept = 64;

/** What the names of the program stand for: functions, classes, variables, globals. */
export class Program {
  private readonly linker: Linker;
  private readonly tops = new Map<Module, ReadonlyMap<string, Declared>>();
  private readonly values = new Map<Module, Map<string, Value>>();
  private readonly captured = new WeakMap<Declared, Map<string, Value>>();
  private readonly routines = new Map<Module, Map<number, Routine>>();
  private readonly classes = new Map<Module, Map<number, ClassValue>>();

  constructor(linker: Linker) {
    this.linker = linker;
  }

  /** The value of a name that is not declared in the function itself; nothing if it is a global. */
  lookup(name: string, module: Module, around: Around | undefined): Value | undefined {
    for (let at = around; at !== undefined; at = at.parent) {
      const declared = at.names.get(name);
      if (declared !== undefined) return this.capturedValue(name, declared, module, at);
    }
    return module.facts.names.names.has(name) ? this.topValue(name, module) : undefined;
  }

  private capturedValue(name: string, declared: Declared, module: Module, at: Around): Value {
    const known = this.captured.get(declared)?.get(name);
    if (known !== undefined) return known;
    const values = this.captured.get(declared) ?? new Map<string, Value>();
    this.captured.set(declared, values);
    const root = `${module.file.path}\0${declared.node.start}\0${name}`;
    values.set(name, nothing);
    const value = this.declaredValue(name, declared, root, module, at);
    values.set(name, value);
    return value;
  }

  private topValue(name: string, module: Module): Value {
    let values = this.values.get(module);
    if (values === undefined) this.values.set(module, (values = new Map()));
    const known = values.get(name);
    if (known !== undefined) return known;
    // While it is worked out it may be asked for again.
    values.set(name, nothing);
    const declared = module.facts.byName.has(name) ? this.topOf(module).get(name) : undefined;
    const root = `${module.file.path}\0${name}`;
    const value =
      declared === undefined
        ? this.importedValue(name, module, [])
        : this.declaredValue(name, declared, root, module, undefined);
    values.set(name, value);
    return value;
  }

  /** What a name leads to in another module, or in Node. */
  private importedValue(name: string, module: Module, path: readonly string[]): Value {
    const target = this.linker.local(module, name, path);
    const value = this.targetValue(target);
    const isWhole = target.vertex.kind === "whole";
    return isWhole && path.length === 0 ? only({ kind: "namespace", module, name }) : value;
  }

  private targetValue({ vertex, index, path }: Target): Value {
    if (vertex.kind === "leaf")
      return vertex.type === "builtin" ? only(builtin([vertex.text, ...path])) : nothing;
    if (vertex.kind !== "declaration") return nothing;
    const name = vertex.declaration.names[index];
    if (name === undefined) return nothing;
    return this.follow(this.topValue(name, vertex.module), path);
  }

  private follow(value: Value, path: readonly string[]): Value {
    let at = value;
    for (const step of path) at = join(...[...at].map((each) => this.member(each, step)));
    return at;
  }

  /** The modules' own declarations, by name. */
  private topOf(module: Module): ReadonlyMap<string, Declared> {
    const known = this.tops.get(module);
    if (known !== undefined) return known;
    const tree = treeOf(module.file);
    const made =
      tree === undefined ? new Map<string, Declared>() : declaredBy(bodyOf(tree.program));
    if (this.tops.size >= kept) this.tops.delete(this.tops.keys().next().value as Module);
    this.tops.set(module, made);
    return made;
  }

  private declaredValue(
    name: string,
    declared: Declared,
    root: string,
    module: Module,
    around: Around | undefined,
  ): Value {
    const { kind, node, init, steps, isConst } = declared;
    if (kind === "function") return only(this.routine(module, node, name, around));
    if (kind === "class") return only(this.classOf(module, node, name, around));
    if (isConst && steps.length === 0 && primitives.has(init?.type ?? "")) return nothing;
    if (kind === "variable" && init !== undefined && isConst) {
      const value = this.follow(this.constant(name, init, module, around), steps);
      if (value.size > 0) return value;
    }
    const variable = around === undefined ? { module, name } : undefined;
    const located: Located | undefined =
      init === undefined || steps.length > 0 ? undefined : { node: init, module, around };
    const shape =
      init === undefined || steps.length > 0
        ? undefined
        : (shapeOfInit(init) ?? this.classMade(init, module, around));
    return only(
      new Place("outer", root, name, {
        shape,
        init: located,
        variable,
        around,
      }),
    );
  }

  /** A value that is written out where it is declared: a function, a class, or another name for one of these. */
  private constant(name: string, init: Node, module: Module, around: Around | undefined): Value {
    if (isFunction(init)) return only(this.routine(module, init, name, around));
    if (init.type === "ClassExpression") return only(this.classOf(module, init, name, around));
    if (init.type === "CallExpression") return this.wrapped(name, init, module, around);
    return init.type === "Identifier" || init.type === "MemberExpression"
      ? this.resolve(init, module, around)
      : nothing;
  }

  /** `memoize(fn)` is that function, and so is what any other wrapper is given in its place. */
  private wrapped(name: string, call: Node, module: Module, around: Around | undefined): Value {
    const memoized = memoizedBy(
      call,
      (callee) => memoizeName(callee, module.facts.names.rote) !== undefined,
    );
    const given = memoized === undefined ? nodes(call["arguments"]) : [memoized];
    if (memoized === undefined && isOptionsAlone(call)) return nothing;
    const functions = given
      .map((each) => unwrap(each))
      .filter((each) => isFunction(each) || memoized !== undefined);
    return join(...functions.map((each) => this.resolve(each, module, around, name)));
  }

  /** An expression without effects: names, members, functions. */
  resolve(node: Node, module: Module, around: Around | undefined, name = "anonymous"): Value {
    const at = unwrap(node);
    if (isFunction(at)) return only(this.routine(module, at, name, around));
    if (at.type === "ClassExpression") return only(this.classOf(module, at, name, around));
    if (at.type === "Identifier") {
      const own = at["name"] as string;
      const found = this.lookup(own, module, around);
      return found ?? only(builtin([own]));
    }
    if (at.type !== "MemberExpression") return nothing;
    const object = this.resolve(at["object"] as Node, module, around);
    return this.follow(object, [stepOf(at)]);
  }

  /** What a member of something is, as far as the text says. Getters are not called. */
  member(origin: Origin, step: string): Value {
    switch (origin.kind) {
      case "place":
        return this.memberOfPlace(origin, step);
      case "class": {
        const found = this.findMember(origin, step, true);
        if (found !== undefined) return this.memberValue(found.member, found.owner, step);
        return only(origin.place.inside(step));
      }
      case "builtin":
        return only(
          origin.path.length < 6 ? builtin([...origin.path, step], origin.isNoted) : origin,
        );
      case "namespace":
        return this.importedValue(origin.name, origin.module, [step]);
      default:
        return nothing;
    }
  }

  private memberOfPlace(place: Place, step: string): Value {
    const { shape, init } = place;
    if (typeof shape === "object") {
      const found = this.findMember(shape, step, false);
      if (found?.member["kind"] === "method")
        return this.memberValue(found.member, found.owner, step);
    }
    if (init?.node.type !== "ObjectExpression") return only(place.inside(step));
    const { module, around } = init;
    const properties = nodes(init.node["properties"]).filter(
      (each) => step === anyStep || keyName(each) === step,
    );
    const values = properties.map((each) => {
      const value = isNode(each["value"]) ? unwrap(each["value"]) : undefined;
      if (value === undefined || each["kind"] === "set") return nothing;
      if (isFunction(value) && each["kind"] === "init")
        return only(this.routine(module, value, keyName(each) ?? "anonymous", around));
      if (value.type === "Identifier") {
        const named = this.resolve(value, module, around);
        if ([...named].some(({ kind }) => kind === "routine" || kind === "class")) return named;
      }
      if (step === anyStep) return nothing;
      const inner = { node: value, module, around };
      return only(place.inside(step, { shape: shapeOfInit(value), init: inner }));
    });
    const isAny = step === anyStep || properties.length === 0;
    return join(...values, isAny ? only(place.inside(step)) : nothing);
  }

  private memberValue(member: Node, owner: ClassValue, step: string): Value {
    const value = isNode(member["value"]) ? unwrap(member["value"]) : undefined;
    if (!isFunction(value)) return only(owner.place.inside(step));
    const name = `${owner.name}.${step}`;
    return only(this.routine(owner.module, value, name, owner.around, owner));
  }

  private readonly members = new WeakMap<ClassValue, Map<string, FoundMember | undefined>>();

  /** A member of a class by its name, its own or that of a class which it extends. */
  findMember(from: ClassValue, step: string, isStatic: boolean): FoundMember | undefined {
    let known = this.members.get(from);
    if (known === undefined) this.members.set(from, (known = new Map()));
    const key = `${isStatic} ${step}`;
    if (known.has(key)) return known.get(key);
    const found = this.lookForMember(from, step, isStatic);
    known.set(key, found);
    return found;
  }

  private lookForMember(
    from: ClassValue,
    step: string,
    isStatic: boolean,
  ): FoundMember | undefined {
    let at: ClassValue | undefined = from;
    for (let depth = 0; at !== undefined && depth < 8; depth++) {
      const owner: ClassValue = at;
      const member = nodes((owner.node["body"] as Node)["body"]).find(
        (each) =>
          (each["static"] === true) === isStatic &&
          each["kind"] !== "constructor" &&
          keyName(each) === step,
      );
      if (member !== undefined) return { member, owner };
      at = this.superclass(owner);
    }
    return undefined;
  }

  superclass({ node, module, around }: ClassValue): ClassValue | undefined {
    const { superClass } = node;
    if (!isNode(superClass)) return undefined;
    return [...this.resolve(superClass, module, around)].find((each) => each.kind === "class");
  }

  /** The class that `new Account()` makes an instance of. */
  private classMade(
    init: Node,
    module: Module,
    around: Around | undefined,
  ): ClassValue | undefined {
    if (init.type !== "NewExpression") return undefined;
    const value = this.resolve(init["callee"] as Node, module, around);
    return [...value].find((each) => each.kind === "class");
  }

  routine(
    module: Module,
    node: Node,
    name: string,
    around: Around | undefined,
    owner?: ClassValue,
  ): Routine {
    let all = this.routines.get(module);
    if (all === undefined) this.routines.set(module, (all = new Map()));
    const known = all.get(node.start);
    if (known !== undefined) return known;
    const own = identifier(node["id"]) ?? name;
    const made: Routine = { kind: "routine", module, node, name: own, around, owner };
    all.set(node.start, made);
    return made;
  }

  classOf(module: Module, node: Node, name: string, around: Around | undefined): ClassValue {
    let all = this.classes.get(module);
    if (all === undefined) this.classes.set(module, (all = new Map()));
    const known = all.get(node.start);
    if (known !== undefined) return known;
    const own = identifier(node["id"]) ?? name;
    const variable = around === undefined ? { module, name: own } : undefined;
    const place = new Place("outer", `${module.file.path}\0class ${node.start}`, own, { variable });
    const made: ClassValue = { kind: "class", module, node, name: own, around, place };
    all.set(node.start, made);
    return made;
  }
}

/** The name of a member, a private one with its `#`; of a computed one, that of any. */
export function stepOf(member: Node): string {
  const property = member["property"] as Node;
  if (member["computed"] !== true) return identifier(property) ?? anyStep;
  const key = unwrap(property);
  return key.type === "Literal" && typeof key["value"] === "string" ? key["value"] : anyStep;
}
