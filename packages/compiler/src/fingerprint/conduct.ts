import type { How } from "./doings.ts";
import type { DeclarationVertex, Linker, Module } from "./link.ts";
import type { Write } from "./observe.ts";

/** A function of a declaration: `fill`, `Registry.learn`. */
interface Own {
  readonly vertex: DeclarationVertex;
  readonly of: string;
}

/** Chains of names, of classes and of calls are followed so far. */
const FAR = 16;

/**
 * Knows what functions and methods of the sources do to what they are given: whether `registry.learn(1)` changes
 * `registry`, because `learn` writes to `this`, and `fill(table)` the table, because `fill` writes to its parameter.
 *
 * Of a function or class that is not in the sources, or is chosen at run time, nothing is known. Then it is
 * taken to change nothing: to say otherwise of every call would be a finding for almost every function.
 */
export class Conduct {
  private readonly linker: Linker;

  constructor(linker: Linker) {
    this.linker = linker;
  }

  /** Whether what is called, or what something is passed to, is known to change it. */
  changes(module: Module, { name, path, how }: Write): boolean {
    return this.does(module, how, [name, ...path], new Set());
  }

  /** `subject`: the path, from `module`, of what it is about. */
  private does(
    module: Module,
    how: How,
    subject: readonly string[],
    seen: Set<string>,
    home: Module = module,
  ): boolean {
    if (how.kind === "written") return true;
    const isCall = how.kind === "called";
    const path = isCall ? [...subject, how.method] : how.callee;
    const to = isCall ? "this" : how.index;
    return this.functionsAt(isCall ? module : home, path).some(({ vertex, of }) => {
      const key = `${vertex.module.file.path} ${of} ${to}`;
      if (seen.has(key) || seen.size > FAR * FAR) return false;
      seen.add(key);
      return vertex.declaration.forms.some(({ doings }) =>
        doings.some(
          (doing) =>
            doing.of === of &&
            doing.to === to &&
            this.does(module, doing.how, subject, seen, vertex.module),
        ),
      );
    });
  }

  /** The function that a path leads to, if it is one of the sources. */
  private functionsAt(module: Module, path: readonly string[]): Own[] {
    const [first, ...rest] = path;
    if (first === undefined) return [];
    let { vertex, index, path: left } = this.linker.local(module, first, rest);
    for (let far = 0; vertex.kind === "declaration" && far < FAR; far++) {
      const { names, forms } = vertex.declaration;
      const own = names[index] ?? "";
      const of = [own, ...left].join(".");
      if (forms.some(({ functions }) => functions.has(of))) return [{ vertex, of }];
      const alias = forms.find(({ aliases }) => aliases.has(own))?.aliases.get(own);
      // A method of an instance is one of its class, or of what that extends.
      const made = forms.find(({ classes }) => classes.has(own))?.classes.get(own);
      const [next, ...steps] = alias ?? made ?? [];
      if (next === undefined || (alias === undefined && left.length !== 1)) return [];
      ({ vertex, index, path: left } = this.linker.local(vertex.module, next, [...steps, ...left]));
    }
    return [];
  }
}
