import type { Declaration } from "./module.ts";
import type { DeclarationVertex, LeafVertex, Linker, Module, Target, Vertex } from "./link.ts";
import type { Write } from "./observe.ts";
import type { Step } from "./reach.ts";

/** Where a variable is written while the program runs. */
export interface LateWrite {
  readonly module: Module;
  readonly start: number;
}

/**
 * What loading the modules of one file does to their declarations.
 *
 * 1. A statement that changes a declaration belongs to it; one that calls a function which changes it, too.
 * 2. So does a variable whose value is computed by a call that surely changes it. Of what else such calls do nothing is
 *    known, and siblings are not to be mixed up: `const b = a.extend()` does not belong to `a`.
 * 3. A statement that changes something through a local, such as the variable of a loop, belongs to all that it uses.
 * 4. Statements that change globals, and all of a module that is imported without a name, belong to every function.
 */
export class Effects {
  private readonly linker: Linker;
  /** In the order in which they run. */
  readonly modules: readonly Module[];
  private readonly direct = new Map<DeclarationVertex, Set<DeclarationVertex>>();
  private readonly late = new Map<DeclarationVertex, Map<DeclarationVertex, LateWrite>>();
  private readonly order = new Map<DeclarationVertex, number>();
  private readonly known = new Map<DeclarationVertex, readonly DeclarationVertex[]>();
  private users: Map<DeclarationVertex, Set<DeclarationVertex>> | undefined;
  /** What other walks over the same modules have found out. */
  readonly steps: Map<Vertex, Step> = new Map();
  /** What belongs to every function. */
  readonly global: readonly Vertex[];

  constructor(linker: Linker, root: Module) {
    this.linker = linker;
    const bare = new Set<Module | LeafVertex>();
    this.modules = closureOf(linker, root, bare);
    const global: Vertex[] = [...bare].filter((each) => "kind" in each);
    for (const module of this.modules)
      for (const declaration of module.facts.declarations) {
        const vertex = linker.vertex(module, declaration);
        this.order.set(vertex, this.order.size);
        if (this.isGlobal(declaration, bare.has(module))) global.push(vertex);
        for (const form of declaration.forms) {
          for (const write of form.writes) this.note(vertex, write);
          if (!form.writesLocals || !declaration.isStatement) continue;
          for (const { name = "", path, start } of form.references)
            this.note(vertex, { name, path, kind: "written", isImmediate: true, start });
        }
      }
    this.global = global;
  }

  /** The statements and variables that belong to a declaration, in the order in which they run. */
  of(vertex: DeclarationVertex): readonly DeclarationVertex[] {
    const known = this.known.get(vertex);
    if (known !== undefined) return known;
    const all = new Set(this.direct.get(vertex));
    for (const caller of this.callersOf(vertex)) all.add(caller);
    all.delete(vertex);
    const at = (each: DeclarationVertex): number => this.order.get(each) ?? 0;
    const found = [...all].sort((a, b) => at(a) - at(b));
    this.known.set(vertex, found);
    return found;
  }

  /** Where functions write to a declaration. */
  lateWrites(vertex: DeclarationVertex): readonly LateWrite[] {
    return [...(this.late.get(vertex)?.values() ?? [])];
  }

  private isGlobal({ forms, isStatement }: Declaration, isInBare: boolean): boolean {
    return forms.some(
      ({ writesGlobals, runs }) => writesGlobals || (isInBare && (isStatement || runs)),
    );
  }

  private note(by: DeclarationVertex, write: Write): void {
    if (write.kind !== "written" && !(by.declaration.isStatement && write.isImmediate)) return;
    for (const vertex of this.written(by.module, write.name, write.path)) {
      if (write.isImmediate) {
        const known = this.direct.get(vertex);
        if (known === undefined) this.direct.set(vertex, new Set([by]));
        else known.add(by);
      } else {
        const writers = this.late.get(vertex) ?? new Map<DeclarationVertex, LateWrite>();
        if (!writers.has(by)) writers.set(by, { module: by.module, start: write.start });
        this.late.set(vertex, writers);
      }
    }
  }

  /** The declaration that a name stands for, and those that it is another name for. */
  private written(module: Module, name: string, path: readonly string[]): DeclarationVertex[] {
    const found: DeclarationVertex[] = [];
    let target: Target | undefined = this.linker.local(module, name, path);
    for (let steps = 0; target?.vertex.kind === "declaration" && steps < 8; steps++) {
      const { vertex }: { vertex: DeclarationVertex } = { vertex: target.vertex };
      found.push(vertex);
      const own: string = vertex.declaration.names[target.index] ?? "";
      const [first, ...rest]: readonly string[] =
        vertex.declaration.forms.find(({ aliases }) => aliases.has(own))?.aliases.get(own) ?? [];
      target =
        first === undefined
          ? undefined
          : this.linker.local(vertex.module, first, [...rest, ...target.path]);
    }
    return found;
  }

  /** The statements, and the calls that give variables their values, that lead to a function which writes to it. */
  private callersOf(vertex: DeclarationVertex): DeclarationVertex[] {
    const writers = this.late.get(vertex);
    if (writers === undefined) return [];
    const users = this.usersOf();
    const reached = new Set(writers.keys());
    for (const each of reached) for (const user of users.get(each) ?? []) reached.add(user);
    return [...reached].filter(
      ({ module, declaration: { isStatement, forms } }) =>
        isStatement ||
        forms.some(({ calls }) =>
          calls.some((name) => {
            const callee = this.linker.local(module, name, []).vertex;
            return callee.kind === "declaration" && reached.has(callee);
          }),
        ),
    );
  }

  private usersOf(): Map<DeclarationVertex, Set<DeclarationVertex>> {
    if (this.users !== undefined) return this.users;
    const users = new Map<DeclarationVertex, Set<DeclarationVertex>>();
    for (const user of this.order.keys())
      for (const { references } of user.declaration.forms)
        for (const reference of references) {
          const used = this.linker.target(user.module, reference).vertex;
          if (used.kind !== "declaration") continue;
          const known = users.get(used);
          if (known === undefined) users.set(used, new Set([user]));
          else known.add(user);
        }
    this.users = users;
    return users;
  }
}

/** The modules that a module loads, in the order in which they run, itself last. */
function closureOf(linker: Linker, root: Module, bare: Set<Module | LeafVertex>): Module[] {
  const found: Module[] = [];
  const seen = new Set<Module>([root]);
  // By hand: chains of modules may be longer than the stack is deep.
  const stack: { module: Module; next: Module[] }[] = [
    { module: root, next: loadsOf(linker, root, bare) },
  ];
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const next = top.next.shift();
    if (next === undefined) {
      found.push(top.module);
      stack.pop();
    } else if (!seen.has(next)) {
      seen.add(next);
      stack.push({ module: next, next: loadsOf(linker, next, bare) });
    }
  }
  return found;
}

function loadsOf(linker: Linker, module: Module, bare: Set<Module | LeafVertex>): Module[] {
  const found: Module[] = [];
  const add = (from: string, isBare: boolean): void => {
    const vertex = linker.load(module, from);
    if (vertex.kind === "leaf" && isBare && (vertex.type === "package" || vertex.type === "native"))
      bare.add(vertex);
    if (vertex.kind !== "whole") return;
    found.push(vertex.module);
    if (isBare) bare.add(vertex.module);
  };
  for (const { from, isBare } of module.facts.loads) add(from, isBare);
  for (const { forms } of module.facts.declarations)
    for (const { references } of forms)
      for (const { from } of references) if (from !== undefined) add(from, false);
  return found;
}
