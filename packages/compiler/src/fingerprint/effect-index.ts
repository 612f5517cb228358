import { Conduct } from "./conduct.ts";
import type { DeclarationVertex, LeafVertex, Linker, Module, Target, Vertex } from "./link.ts";
import type { Declaration } from "./module.ts";
import type { Write } from "./observe.ts";
import type { Step } from "./reach.ts";

/** Where a variable is written while the program runs. */
export interface LateWrite {
  readonly module: Module;
  readonly start: number;
}

/** What may be changed: a declaration, what a module of CommonJS exports, or a file of data or a package by its path. */
export type Subject = Vertex | string;

/** The prototypes of the language, which all functions share. */
export const PROTOTYPES: Subject = "prototypes";

/** What a module loads, in this order. */
export interface Loads {
  readonly modules: readonly Module[];
  /** Those that are loaded without a name, and packages and native code that are. */
  readonly bare: readonly (Module | LeafVertex)[];
}

/**
 * What modules do to declarations, theirs and others'. It is the same whoever loads them, so each is looked at once;
 * who asks says which modules are loaded, and in which order: see effects.ts.
 */
export class EffectIndex {
  private readonly linker: Linker;
  private readonly conduct: Conduct;
  private readonly noted = new Set<Module>();
  private readonly counted = new Set<Module>();
  private readonly loads = new Map<Module, Loads>();
  private readonly globals = new Map<Module, readonly (readonly DeclarationVertex[])[]>();
  /** The statements, and the values of variables, that change a declaration while they are loaded. */
  readonly direct: Map<Subject, Set<DeclarationVertex>> = new Map();
  /** The functions that change it, each with the first place. */
  readonly late: Map<Subject, Map<DeclarationVertex, LateWrite>> = new Map();
  /** Steps of walks that are the same for everybody, as long as nobody is known who changes these. */
  private readonly steps = new Map<Vertex, { step: Step; unless: readonly Vertex[] }>();
  /** Who uses it. */
  readonly users: Map<DeclarationVertex, Set<DeclarationVertex>> = new Map();
  /** Where it stands in its module. */
  readonly order: Map<DeclarationVertex, number> = new Map();

  constructor(linker: Linker) {
    this.linker = linker;
    this.conduct = new Conduct(linker);
  }

  /** Keeps a step that no effect has a part in, so far. */
  share(vertex: Vertex, step: Step, unless: readonly Vertex[]): void {
    if (!this.isAnyChanged(unless)) this.steps.set(vertex, { step, unless });
  }

  /** A step that was kept, unless modules that were noted since have a part in it. */
  sharedStep(vertex: Vertex): Step | undefined {
    const shared = this.steps.get(vertex);
    return shared === undefined || this.isAnyChanged(shared.unless) ? undefined : shared.step;
  }

  private isAnyChanged(vertices: readonly Vertex[]): boolean {
    const subjects = vertices.map(subjectOf);
    return subjects.some((each) => this.direct.has(each) || this.late.has(each));
  }

  /** Takes note of what a module does. */
  add(module: Module): void {
    if (this.noted.has(module)) return;
    this.noted.add(module);
    for (const [place, declaration] of module.facts.declarations.entries()) {
      const vertex = this.linker.vertex(module, declaration);
      this.order.set(vertex, place);
      for (const form of declaration.forms) {
        for (const write of form.writes) this.note(vertex, write);
        if (declaration.isStatement)
          for (const name of form.calls) this.noteConfigured(vertex, name);
        if (!form.writesLocals || !declaration.isStatement) continue;
        const kind = "written" as const;
        for (const { name = "", path, start } of form.references)
          this.note(vertex, { name, path, kind, how: { kind }, isImmediate: true, start });
      }
    }
  }

  /** Takes note of what the declarations of a module use. */
  addUses(module: Module): void {
    if (this.counted.has(module)) return;
    this.counted.add(module);
    for (const declaration of module.facts.declarations) {
      const user = this.linker.vertex(module, declaration);
      for (const { references } of declaration.forms)
        for (const reference of references) {
          const used = this.linker.target(module, reference).vertex;
          if (used.kind === "declaration") addTo(this.users, used, user);
        }
    }
  }

  /** The declarations of a module that belong to every function; `isInBare`: it is imported without a name. */
  globalsOf(module: Module, isInBare: boolean): readonly DeclarationVertex[] {
    const known = this.globals.get(module);
    const found =
      known ??
      [false, true].map((each) =>
        module.facts.declarations
          .filter((declaration) => isGlobal(declaration, each))
          .map((declaration) => this.linker.vertex(module, declaration)),
      );
    if (known === undefined) this.globals.set(module, found);
    return found[isInBare ? 1 : 0] ?? [];
  }

  loadsOf(module: Module): Loads {
    const known = this.loads.get(module);
    if (known !== undefined) return known;
    const modules: Module[] = [];
    const bare: (Module | LeafVertex)[] = [];
    const add = (from: string, isBare: boolean): void => {
      const vertex = this.linker.load(module, from);
      const isLeaf = vertex.kind === "leaf";
      if (isLeaf && isBare && (vertex.type === "package" || vertex.type === "native"))
        bare.push(vertex);
      if (vertex.kind !== "whole") return;
      modules.push(vertex.module);
      if (isBare) bare.push(vertex.module);
    };
    for (const { from, isBare } of module.facts.loads) add(from, isBare);
    for (const { forms } of module.facts.declarations)
      for (const { references } of forms)
        for (const { from } of references) if (from !== undefined) add(from, false);
    const found = { modules, bare };
    this.loads.set(module, found);
    return found;
  }

  private note(by: DeclarationVertex, write: Write): void {
    const { isStatement } = by.declaration;
    const isPossible = isStatement && write.isImmediate && write.kind !== "given";
    if (write.kind !== "written" && !isPossible && !this.conduct.changes(by.module, write)) return;
    for (const vertex of this.written(by.module, write.name, write.path)) {
      // `R.append(x, list)` is called like a method that writes. A statement has no other use.
      const isPackage = vertex.kind === "leaf" && vertex.type === "package";
      if (isPackage && !(isStatement && write.isImmediate)) continue;
      const subject = isMissing(vertex) ? PROTOTYPES : subjectOf(vertex);
      if (write.isImmediate) {
        addTo(this.direct, subject, by);
        continue;
      }
      const writers = this.late.get(subject) ?? new Map<DeclarationVertex, LateWrite>();
      if (!writers.has(by)) writers.set(by, { module: by.module, start: write.start });
      this.late.set(subject, writers);
    }
  }

  /** `setLocale("de")`, of a package. */
  private noteConfigured(by: DeclarationVertex, name: string): void {
    const { vertex } = this.linker.local(by.module, name, []);
    if (vertex.kind === "leaf" && vertex.type === "package")
      addTo(this.direct, subjectOf(vertex), by);
  }

  /** The declaration that a name stands for, and those that it is another name for. */
  private written(module: Module, name: string, path: readonly string[]): Vertex[] {
    const found: Vertex[] = [];
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
    const last = target?.vertex;
    const isObject =
      last?.kind === "leaf"
        ? last.type === "json" ||
          last.type === "package" ||
          (isMissing(last) && target?.path.includes("prototype") === true)
        : last?.kind === "whole" && last.module.facts.isCommonJs;
    if (last !== undefined && isObject) found.push(last);
    return found;
  }
}

/** A name that no module declares leads to what is missing: a global. */
function isMissing(vertex: Vertex): boolean {
  return vertex.kind === "leaf" && vertex.type === "missing";
}

/** Parts of one file of data are changed together, and so are the files of a package. */
export function subjectOf(vertex: Vertex): Subject {
  const isShared = vertex.kind === "leaf" && (vertex.type === "json" || vertex.type === "package");
  return isShared ? (vertex.path ?? vertex) : vertex;
}

function isGlobal({ forms, isStatement }: Declaration, isInBare: boolean): boolean {
  return forms.some(
    ({ writesGlobals, runs }) => writesGlobals || (isInBare && (isStatement || runs)),
  );
}

function addTo<Key>(
  map: Map<Key, Set<DeclarationVertex>>,
  key: Key,
  value: DeclarationVertex,
): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, new Set([value]));
  else known.add(value);
}
