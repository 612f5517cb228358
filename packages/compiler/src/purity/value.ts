/**
 * What an expression may stand for, as far as it matters who else can see it.
 *
 * 1. A value is a set: whatever it may be on some path. The empty one is what nothing is known of, or a primitive.
 * 2. A place is an object that was there before the function was called: a change of it is a note.
 * 3. A fresh object was made by the function: a change of it is nobody's business. What has been put into it may be
 *    an older one, and is still known when it is taken out again.
 */
import type { Node } from "../ast.ts";
import type { Scope } from "../fingerprint/scope.ts";
import type { Module } from "../fingerprint/link.ts";
import type { Around } from "./around.ts";

export type Value = ReadonlySet<Origin>;

export type Origin = Place | Fresh | Closure | Routine | ClassValue | Builtin | Namespace;

/** What is known of a place by its declaration: a collection of the language, or an instance of a class of the program. */
export type Shape = "collection" | ClassValue | undefined;

/** What is known of a place when it is made. */
interface PlaceFacts {
  readonly shape?: Shape;
  readonly init?: Located | undefined;
  readonly variable?: Variable | undefined;
  readonly around?: Around | undefined;
  readonly steps?: readonly string[];
  readonly top?: Place;
}

/** An object from outside of a function, or something inside of one. */
export class Place {
  readonly kind = "place";
  readonly base: "parameter" | "receiver" | "outer";
  /** Tells roots apart: the number of a parameter, or what names an outer variable everywhere. */
  readonly root: string;
  readonly name: string;
  readonly steps: readonly string[];
  /** The same for the same place, also in other functions if it is an outer one. */
  readonly key: string;
  /** The place that it is in, however deep. */
  readonly top: Place;
  readonly shape: Shape;
  /** The expression that it is declared with, and where. */
  readonly init: Located | undefined;
  /** The module variable that it is, or is a part of. */
  readonly variable: Variable | undefined;
  /** What declares it, if that is a function around the one that is looked at. */
  readonly around: Around | undefined;
  private readonly children = new Map<string, Place>();

  constructor(base: Place["base"], root: string, name: string, known: PlaceFacts = {}) {
    this.base = base;
    this.root = root;
    this.name = name;
    this.steps = known.steps ?? [];
    this.key = [root, ...this.steps].join("\0");
    this.top = known.top ?? this;
    this.shape = known.shape;
    this.init = known.init;
    this.variable = known.variable;
    this.around = known.around;
  }

  /** Something inside of it. Deeper than a few steps, all is one. */
  inside(step: string, known: PlaceFacts = {}): Place {
    if (this.steps.length >= 3) return this;
    const child = this.children.get(step);
    if (child !== undefined) return child;
    const { base, root, name, variable, around } = this;
    const steps = [...this.steps, step];
    const made = new Place(base, root, name, { variable, around, top: this.top, ...known, steps });
    this.children.set(step, made);
    return made;
  }

  /** For people: `table.rows`, `this.total`. */
  get label(): string {
    const steps = this.steps.map((step) => (step === anyStep ? "[…]" : `.${step}`)).join("");
    return this.name === "" ? steps.replace(/^\./, "") : `${this.name}${steps}`;
  }
}

/** The step that stands for every element or member. */
export const anyStep = "[]";

export interface Located {
  readonly node: Node;
  readonly module: Module;
  readonly around: Around | undefined;
}

/** A variable at the top of a module. */
export interface Variable {
  readonly module: Module;
  readonly name: string;
}

/** An object that the function has made, by what is in it. */
export interface Fresh {
  readonly kind: "fresh";
  readonly fields: Map<string, Value>;
  /** What was in it under names that are not known; not under those that {@link fields} had from the beginning. */
  rest: Value;
  readonly exact: Set<string>;
  readonly ofClass: ClassValue | undefined;
  /** Its elements come in pairs of a key and a value. */
  isMap: boolean;
}

/** A function inside of the one that is looked at. */
export interface Closure {
  readonly kind: "closure";
  readonly node: Node;
  readonly scope: Scope;
  readonly receiver: Value;
}

/** A function of the program that is looked at on its own. */
export interface Routine {
  readonly kind: "routine";
  readonly module: Module;
  readonly node: Node;
  readonly name: string;
  readonly around: Around | undefined;
  readonly owner: ClassValue | undefined;
}

export interface ClassValue {
  readonly kind: "class";
  readonly module: Module;
  readonly node: Node;
  readonly name: string;
  readonly around: Around | undefined;
  /** Its static members. */
  readonly place: Place;
}

/** A global, or an export of a module of Node, by its path. */
export interface Builtin {
  readonly kind: "builtin";
  readonly path: readonly string[];
  /** It has been looked up in the tables already. */
  readonly isNoted: boolean;
}

/** All exports of a module, under the name that an import gives them. */
export interface Namespace {
  readonly kind: "namespace";
  readonly module: Module;
  readonly name: string;
}

export const nothing: Value = new Set<Origin>();

export function only(origin: Origin): Value {
  return new Set([origin]);
}

export function join(...values: readonly Value[]): Value {
  let joined: Value = nothing;
  let made: Set<Origin> | undefined;
  for (const value of values) {
    if (value.size === 0 || value === joined) continue;
    if (joined.size === 0) joined = value;
    else
      for (const each of value) {
        if (joined.has(each)) continue;
        if (made === undefined) joined = made = new Set(joined);
        made.add(each);
      }
  }
  return joined.size > most && made !== undefined ? widened(joined) : joined;
}

/** A value may be as many things; what is more than that is not told apart. */
const most = 12;

/** Parts of one object are that object. */
function widened(value: Value): Value {
  return new Set([...value].map((each) => (each.kind === "place" ? each.top : each)));
}

export function fresh(rest: Value, ofClass?: ClassValue): Fresh {
  return { kind: "fresh", fields: new Map(), rest, exact: new Set(), ofClass, isMap: false };
}

/** What may be taken out of a fresh object. */
export function takeFrom(object: Fresh, step: string): Value {
  if (step === anyStep) return join(object.rest, ...object.fields.values());
  const field = object.fields.get(step) ?? nothing;
  return object.exact.has(step) ? field : join(field, object.rest);
}

/** Puts something into a fresh object. Whether that is instead of what was there is not known. */
export function putInto(object: Fresh, step: string, value: Value): void {
  if (value.size === 0) return;
  if (step === anyStep) {
    object.rest = join(object.rest, value);
    for (const [name, known] of object.fields) object.fields.set(name, join(known, value));
  } else object.fields.set(step, join(object.fields.get(step) ?? nothing, value));
}

const builtins = new Map<string, Builtin>();

/** A global or an export of a module of Node: one object for each path, so that values do not grow. */
export function builtin(path: readonly string[], isNoted = false): Builtin {
  const key = `${isNoted} ${path.join("\0")}`;
  let known = builtins.get(key);
  if (known === undefined) builtins.set(key, (known = { kind: "builtin", path, isNoted }));
  return known;
}
