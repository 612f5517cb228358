import { identifier, isNode, keyName, type Node, nodes, unwrap } from "../ast.ts";

import type { Module } from "../fingerprint/link.ts";
import type { Call } from "./effect.ts";
import type { NoteCode } from "./note.ts";
import { isFunction } from "./around.ts";
import { stepOf } from "./program.ts";
import { Recorder } from "./recorder.ts";
import {
  anyStep,
  builtin,
  type ClassValue,
  type Fresh,
  fresh,
  join,
  nothing,
  only,
  type Origin,
  Place,
  putInto,
  type Routine,
  takeFrom,
  type Value,
} from "./value.ts";

const codes = {
  parameter: "ROTE_MUTATES_ARGUMENT",
  receiver: "ROTE_MUTATES_ARGUMENT",
  outer: "ROTE_WRITES_OUTSIDE",
} as const satisfies Record<Place["base"], NoteCode>;

/** Globals that are primitives. */
const constants = new Set(["undefined", "Infinity", "NaN"]);

/** How something is changed. */
export interface Change {
  readonly start: number;
  /** Something is put where it may be looked up: `cache.set(k, v)`, `cache[k] = v`, `cached = v`. */
  readonly isFill: boolean;
  /** It does so only if nothing is there: `cache[k] ??= v`. */
  readonly looksUp?: boolean;
  /** Where it happens, if that is in a function which is called. */
  readonly within?: { readonly module: Module; readonly calls: readonly Call[] };
}

/** Functions have these by themselves. */
const ofFunctions = new Set(["apply", "bind", "call", "length", "name", "prototype", "toString"]);

/** The part that reads names and members, and writes to them. */
export abstract class Access extends Recorder {
  protected receiver: Value = nothing;
  private readonly objects = new Map<Node, Map<string, Fresh>>();

  protected abstract evaluate(node: Node | undefined): Value;
  protected abstract run(
    routine: Routine,
    args: readonly Value[],
    receiver: Value,
    at: Node,
  ): Value;

  /**
   * The object that an expression makes: one for each expression and each part of what it makes, however often it is
   * run. Else there would be no end to what a value may be.
   */
  protected freshAt(node: Node, rest: Value, part = "", ofClass?: ClassValue): Fresh {
    const key = ofClass === undefined ? part : `${part}\0${ofClass.place.root}`;
    let parts = this.objects.get(node);
    if (parts === undefined) this.objects.set(node, (parts = new Map()));
    const known = parts.get(key);
    if (known === undefined) {
      const made = fresh(rest, ofClass);
      parts.set(key, made);
      return made;
    }
    known.rest = join(known.rest, rest);
    return known;
  }

  protected named(name: string, node: Node): Value {
    const binding = this.scope.find(name);
    if (binding !== undefined) return this.get(binding);
    const { module, around } = this.routine;
    const value = this.program.lookup(name, module, around);
    if (value === undefined) return constants.has(name) ? nothing : only(builtin([name]));
    for (const each of value)
      if (each.kind === "place") {
        this.noteRead(each, node.start);
        if (this.isTest) this.noteLookup(each);
      }
    return value;
  }

  /** Of everything that a value may be, a member. */
  protected read(value: Value, step: string, node: Node): Value {
    return join(...[...value].map((each) => this.readOf(each, step, node)));
  }

  private readOf(origin: Origin, step: string, node: Node): Value {
    // Numbers, whatever it is.
    if ((step === "length" || step === "size") && origin.kind !== "class") return nothing;
    switch (origin.kind) {
      case "fresh": {
        const found = origin.ofClass && this.program.findMember(origin.ofClass, step, false);
        if (found === undefined) return takeFrom(origin, step);
        return this.memberOf(origin, found.member, step, node) ?? takeFrom(origin, step);
      }
      case "closure":
        return nothing;
      case "routine": {
        if (ofFunctions.has(step) || origin.around !== undefined) return nothing;
        return only(placeOf(origin).inside(step));
      }
      case "place": {
        if (step === anyStep) this.noteLookup(origin);
        const { shape } = origin;
        const found =
          typeof shape === "object" ? this.program.findMember(shape, step, false) : undefined;
        const value = found && this.memberOf(origin, found.member, step, node);
        if (value !== undefined) return value;
        const members = this.program.member(origin, step);
        for (const each of members) if (each.kind === "place" && this.isTest) this.noteLookup(each);
        return members;
      }
      case "class":
        this.noteRead(origin.place, node.start);
        return this.program.member(origin, step);
      default:
        return this.program.member(origin, step);
    }
  }

  /** A method of a class, or what a getter returns. */
  private memberOf(origin: Origin, member: Node, step: string, node: Node): Value | undefined {
    const owner =
      origin.kind === "fresh" ? origin.ofClass : origin.kind === "place" ? origin.shape : undefined;
    if (typeof owner !== "object") return undefined;
    const found = this.program.findMember(owner, step, false);
    const value = isNode(member["value"]) ? unwrap(member["value"]) : undefined;
    if (found === undefined || value === undefined || !isNode(value["body"])) return undefined;
    const { module, around, name } = found.owner;
    const routine = this.program.routine(module, value, `${name}.${step}`, around, found.owner);
    if (member["kind"] === "method" || (isFunction(value) && member["kind"] === undefined))
      return only(routine);
    return member["kind"] === "get" ? this.run(routine, [], only(origin), node) : undefined;
  }

  /** What comes out of a value when it is iterated or spread. */
  protected contents(value: Value, node: Node): Value {
    const maps = [...value].filter((each) => each.kind === "fresh" && each.isMap);
    if (maps.length === 0) return this.elements(value, node);
    const others = new Set([...value].filter((each) => !maps.includes(each)));
    const pair = this.freshAt(node, this.elements(new Set(maps), node), "pair");
    return join(this.elements(others, node), only(pair));
  }

  /** An element of a list by its number: known for lists that are written out. */
  protected at(value: Value, index: number, node: Node): Value {
    const isList = (each: Origin): boolean => each.kind === "fresh" && !each.isMap;
    const lists = new Set([...value].filter(isList));
    const others = new Set([...value].filter((each) => !isList(each)));
    return join(this.read(lists, String(index), node), this.contents(others, node));
  }

  /** Everything that may be in a value. */
  protected elements(value: Value, node: Node): Value {
    return this.read(new Set([...value].filter(({ kind }) => kind !== "builtin")), anyStep, node);
  }

  /** `step` of everything that a value may be is changed; without one, the object itself. */
  protected change(
    object: Value,
    step: string | undefined,
    value: Value,
    { start, isFill, looksUp = false, within }: Change,
    selfReads: readonly string[] = [],
  ): void {
    for (const each of object) {
      if (each.kind === "fresh") {
        putInto(each, step ?? anyStep, value);
        continue;
      }
      const place = this.placeToChange(each, step);
      if (place === undefined) continue;
      const { key } = place;
      const isKept = isFill && !selfReads.includes(key);
      const isCache = isKept && (looksUp || this.lookups.has(key)) && place.base !== "parameter";
      const code = isCache ? "ROTE_HIDDEN_CACHE" : codes[place.base];
      const container = each.kind === "place" ? each : undefined;
      this.record({
        code,
        module: within?.module ?? this.routine.module,
        start,
        place,
        about: place.label,
        isFill: isKept,
        ...(container && container.base !== "outer" && { put: { container, step, value } }),
        calls: within?.calls ?? [],
      });
    }
  }

  private placeToChange(origin: Origin, step: string | undefined): Place | undefined {
    const inside = (place: Place): Place =>
      step === undefined || step === anyStep ? place : place.inside(step);
    switch (origin.kind) {
      case "place":
        return inside(origin);
      case "class":
        return inside(origin.place);
      case "routine":
        return origin.around === undefined ? inside(placeOf(origin)) : undefined;
      case "builtin": {
        const [first = ""] = origin.path;
        // What a module of CommonJS exports is set when it is loaded.
        if (first === "arguments" || (first === "module" && step === "exports")) return undefined;
        const path = origin.path.filter((each) => each !== "globalThis");
        const [root = "globalThis", ...rest] = path;
        const place = new Place("outer", `\0${root}`, root, { steps: rest });
        return inside(place);
      }
      default:
        return undefined;
    }
  }

  /** Gives the names of a pattern, or the targets of an assignment, what they stand for. */
  protected bind(pattern: Node | undefined, value: Value, how: "declare" | "assign"): void {
    const target = pattern && unwrap(pattern);
    switch (target?.type) {
      case "Identifier": {
        const name = target["name"] as string;
        const binding = this.scope.find(name);
        if (binding !== undefined) this.set(binding, value);
        else if (how === "assign") this.assignOuter(target, [], { isFill: true });
        return;
      }
      case "MemberExpression": {
        const object = this.evaluate(target["object"] as Node);
        if (target["computed"] === true) this.evaluate(target["property"] as Node);
        this.change(object, stepOf(target), value, { start: target.start, isFill: true });
        return;
      }
      case "ObjectPattern":
        for (const property of nodes(target["properties"])) {
          if (property.type !== "Property") {
            const rest = this.freshAt(property, this.contents(value, property));
            this.bind(property["argument"] as Node, only(rest), how);
            continue;
          }
          if (property["computed"] === true) this.evaluate(property["key"] as Node);
          const inner = this.read(value, keyName(property) ?? anyStep, property);
          for (const each of inner)
            if (each.kind === "builtin" && !each.isNoted)
              this.noteBuiltin(each.path, property.start);
          this.bind(property["value"] as Node, noted(inner), how);
        }
        return;
      case "ArrayPattern": {
        const inner = this.contents(value, target);
        const elements = target["elements"] as readonly (Node | null)[];
        for (const [index, element] of elements.entries()) {
          if (element === null) continue;
          if (element.type !== "RestElement")
            this.bind(element, this.at(value, index, target), how);
          else this.bind(element["argument"] as Node, only(this.freshAt(element, inner)), how);
        }
        return;
      }
      case "AssignmentPattern": {
        let whole = value;
        this.maybe(() => {
          whole = join(value, this.evaluate(target["right"] as Node));
        });
        this.bind(target["left"] as Node, whole, how);
        return;
      }
      case "TSParameterProperty": {
        const inner = target["parameter"] as Node;
        this.bind(inner, value, how);
        const name = identifier(inner["left"] ?? inner) ?? anyStep;
        this.change(this.receiver, name, value, { start: target.start, isFill: false });
        return;
      }
      case "RestElement":
        this.bind(target["argument"] as Node, value, how);
    }
  }

  /** A variable that is not the function's own is written. */
  protected assignOuter(
    target: Node,
    selfReads: readonly string[],
    how: Omit<Change, "start">,
  ): void {
    const { module, around } = this.routine;
    const name = target["name"] as string;
    const value = this.program.lookup(name, module, around);
    const start = target.start;
    if (value === undefined) {
      this.note("ROTE_WRITES_OUTSIDE", start, name, new Place("outer", `\0${name}`, name));
      return;
    }
    // Imports and functions cannot be; a parameter of the function around can.
    const places = [...value].filter((each) => each.kind === "place");
    const own =
      places.length > 0 || around === undefined
        ? places
        : [new Place("outer", `${module.file.path}\0${name}`, name, { around })];
    this.change(new Set(own), undefined, nothing, { ...how, start }, selfReads);
  }
}

/** The same, with its globals looked up already. */
export function noted(value: Value): Value {
  return [...value].some((each) => each.kind === "builtin" && !each.isNoted)
    ? new Set([...value].map((each) => (each.kind === "builtin" ? builtin(each.path, true) : each)))
    : value;
}

/** What is kept in properties of a function. */
function placeOf(routine: Routine): Place {
  const known = ofRoutines.get(routine);
  if (known !== undefined) return known;
  const { module, node, name } = routine;
  const root = `${module.file.path}\0function ${node.start}`;
  const made = new Place("outer", root, name, { variable: { module, name } });
  ofRoutines.set(routine, made);
  return made;
}

const ofRoutines = new WeakMap<Routine, Place>();
