import { createHash } from "node:crypto";
import type { Effects } from "./effects.ts";
import type { DeclarationVertex, Linker, Module, Target, Vertex } from "./link.ts";
import type { Declaration } from "./module.ts";
import type { Form, Reference } from "./observe.ts";

/** The version of the normal form and of the digest: another one, another fingerprint. */
export const algorithm = 1;

/** What a fingerprint starts from: a declaration, or a function in one. */
export interface Root {
  readonly module: Module;
  readonly declaration: Declaration;
  /** Which of the names of the declaration. */
  readonly index: number;
  /** The form of the function, if it is only a part of the declaration. */
  readonly form: Form | undefined;
}

/** A use of another vertex. */
export interface Edge {
  readonly to: Vertex;
  /** Which of its names, and members of it. */
  readonly what: string;
  readonly form: Form | undefined;
  readonly reference: Reference | undefined;
  readonly target: Target | undefined;
}

/** One vertex that was reached, and what it uses in turn. */
export interface Step {
  readonly vertex: Vertex | undefined;
  readonly module: Module | undefined;
  readonly forms: readonly Form[];
  readonly digest: string;
  readonly edges: readonly Edge[];
}

const digests = new WeakMap<object, string>();

/**
 * Walks all that a function can reach, in an order that follows from the code alone, and hashes it on the way.
 *
 * A vertex is a number in the order in which it is reached first, so that cycles end, neither names nor the order
 * of files count, and it does count whether two uses share one table or have two that are alike.
 */
export function reach(
  linker: Linker,
  effects: Effects,
  root: Root,
): { digest: string; steps: Step[] } {
  const hash = createHash("sha256").update(`rote fingerprint ${algorithm}\n`);
  const numbers = new Map<Vertex, number>();
  const queue: Vertex[] = [];
  const steps: Step[] = [];
  const numberOf = (vertex: Vertex): number => {
    const known = numbers.get(vertex);
    if (known !== undefined) return known;
    numbers.set(vertex, numbers.size);
    queue.push(vertex);
    return numbers.size - 1;
  };
  const take = (step: Step): void => {
    steps.push(step);
    let line = step.digest;
    for (const { to, what } of step.edges) line += ` ${numberOf(to)}${what}`;
    hash.update(`${line}\n`);
  };

  take(firstStep(linker, effects, root));
  for (const vertex of queue) {
    const known = effects.steps.get(vertex) ?? effects.index.sharedStep(vertex);
    const step = known ?? stepOf(linker, effects, vertex);
    if (known === undefined) {
      effects.steps.set(vertex, step);
      effects.index.share(vertex, step, touchedBy(step));
    }
    take(step);
  }
  return { digest: `${algorithm}-${hash.digest("hex")}`, steps };
}

function firstStep(linker: Linker, effects: Effects, root: Root): Step {
  const { module, declaration, index, form } = root;
  const vertex = linker.vertex(module, declaration);
  const forms = form === undefined ? [] : [form];
  const edges = forms.flatMap((each) => edgesOf(linker, effects, vertex, each));
  // A method may reach all of its class; a function in a function, what is around it.
  if (form === undefined || form.readsReceiver || form.text.includes("^"))
    edges.push(plainEdge(vertex, declaration.names.length > 1 ? `#${index}` : ""));
  for (const each of effects.global) edges.push(plainEdge(each, "!"));
  const digest = digestOf(form?.text ?? "");
  return { vertex: undefined, module, forms, digest, edges };
}

function plainEdge(to: Vertex, what: string): Edge {
  return { to, what, form: undefined, reference: undefined, target: undefined };
}

function stepOf(linker: Linker, effects: Effects, vertex: Vertex): Step {
  switch (vertex.kind) {
    case "leaf": {
      const digest = cached(vertex, () => digestOf(`${vertex.type} ${vertex.text}`));
      const edges = effects.of(vertex).map((each) => plainEdge(each, "!"));
      return { vertex, module: undefined, forms: [], digest, edges };
    }
    case "whole":
      return wholeStep(linker, effects, vertex.module);
    default: {
      const { module, declaration } = vertex;
      const { forms } = declaration;
      const edges = forms.flatMap((each) => edgesOf(linker, effects, vertex, each));
      for (const each of effects.of(vertex)) edges.push(plainEdge(each, "!"));
      const digest = cached(declaration, () =>
        digestOf(JSON.stringify([declaration.names.length, ...forms.map(({ text }) => text)])),
      );
      return { vertex, module, forms, digest, edges };
    }
  }
}

/** What would have to be changed by some module for the step to be another one: see `stepOf` and `momentOf`. */
function touchedBy({ vertex, edges }: Step): Vertex[] {
  const all = vertex === undefined ? [] : [vertex];
  for (const { to, reference } of edges) if (reference?.isImmediate === true) all.push(to);
  return all;
}

function wholeStep(linker: Linker, effects: Effects, module: Module): Step {
  const { facts, whole } = module;
  const isOpaque = facts.isCommonJs || facts.exports.has("export=");
  const exports = isOpaque ? [] : linker.exportsOf(module);
  const edges: Edge[] = exports.map(([, target]) => ({
    ...plainEdge(target.vertex, whatOf(target)),
    target,
  }));
  // What a module of CommonJS exports is known when it has run.
  if (isOpaque)
    for (const declaration of facts.declarations)
      edges.push(plainEdge(linker.vertex(module, declaration), ""));
  for (const each of effects.of(whole)) edges.push(plainEdge(each, "!"));
  const digest = digestOf(JSON.stringify(["module", ...exports.map(([name]) => name)]));
  return { vertex: whole, module, forms: [], digest, edges };
}

function edgesOf(linker: Linker, effects: Effects, vertex: DeclarationVertex, form: Form): Edge[] {
  const { module } = vertex;
  return form.references.map((reference) => {
    const target = linker.target(module, reference);
    const what = whatOf(target) + momentOf(effects, module, reference, target);
    return { to: target.vertex, what, form, reference, target };
  });
}

function whatOf({ vertex, index, path }: Target): string {
  const isOneOfMany = vertex.kind === "declaration" && vertex.declaration.names.length > 1;
  return (isOneOfMany ? `#${index}` : "") + path.map((step) => `.${JSON.stringify(step)}`).join("");
}

/** What is read while the module is loaded is read before or after a statement that changes it. */
function momentOf(
  effects: Effects,
  module: Module,
  reference: Reference,
  { vertex }: Target,
): string {
  if (!reference.isImmediate) return "";
  const all = effects.of(vertex);
  const before = all.filter((each) => effects.isBefore(each, module, reference.start));
  return all.length === 0 ? "" : `@${before.length}`;
}

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function cached(key: object, make: () => string): string {
  const known = digests.get(key);
  if (known !== undefined) return known;
  const made = make();
  digests.set(key, made);
  return made;
}
