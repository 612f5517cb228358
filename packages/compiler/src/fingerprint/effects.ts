import {
  type EffectIndex,
  type LateWrite,
  PROTOTYPES,
  type Subject,
  subjectOf,
} from "./effect-index.ts";
import type { DeclarationVertex, LeafVertex, Linker, Module, Vertex } from "./link.ts";
import type { Step } from "./reach.ts";

/**
 * What loading the modules of one file does to their declarations.
 *
 * 1. A statement that changes a declaration belongs to it; one that calls a function which changes it, too.
 * 2. So does a variable whose value is computed by a call that surely changes it. Of what else such calls do nothing is
 *    known, and siblings are not to be mixed up: `const b = a.extend()` does not belong to `a`.
 * 3. A statement that changes something through a local, such as the variable of a loop, belongs to all that it uses.
 * 4. Statements that change globals, or call functions that change prototypes of the language, and all of a module that is imported without a name, belong to every function.
 *
 * What a module does is in the index, which all files share. What is particular to one file is which modules it loads,
 * in which order.
 */
export class Effects {
  private readonly linker: Linker;
  readonly index: EffectIndex;
  /** The modules that are loaded, by the order in which they run. */
  private readonly places = new Map<Module, number>();
  private readonly known = new Map<Vertex, readonly DeclarationVertex[]>();
  private hasUses = false;
  /** What other walks over the same modules have found out. */
  readonly steps: Map<Vertex, Step> = new Map();
  /** What belongs to every function. */
  readonly global: readonly Vertex[];

  constructor(linker: Linker, index: EffectIndex, root: Module) {
    this.linker = linker;
    this.index = index;
    const bare = new Set<Module | LeafVertex>();
    for (const module of closureOf(index, root, bare)) {
      this.places.set(module, this.places.size);
      index.add(module);
    }
    const global: Vertex[] = [...bare].filter((each) => "kind" in each);
    for (const module of this.places.keys())
      for (const vertex of index.globalsOf(module, bare.has(module))) global.push(vertex);
    const patches = this.loaded(index.direct.get(PROTOTYPES) ?? []);
    patches.push(...this.callersOf(PROTOTYPES));
    this.global = [...new Set([...global, ...patches.sort((a, b) => this.compare(a, b))])];
  }

  /** The statements and variables that belong to a declaration, in the order in which they run. */
  of(vertex: Vertex): readonly DeclarationVertex[] {
    const known = this.known.get(vertex);
    if (known !== undefined) return known;
    const all = new Set(this.loaded(this.index.direct.get(subjectOf(vertex)) ?? []));
    for (const caller of this.callersOf(subjectOf(vertex))) all.add(caller);
    if (vertex.kind === "declaration") all.delete(vertex);
    const found = [...all].sort((a, b) => this.compare(a, b));
    this.known.set(vertex, found);
    return found;
  }

  /** Whether a statement runs before that place of a module. */
  isBefore({ module, declaration }: DeclarationVertex, other: Module, start: number): boolean {
    if (module === other) return (declaration.places[0]?.start ?? 0) < start;
    return (this.places.get(module) ?? 0) < (this.places.get(other) ?? 0);
  }

  /** Where functions write to a declaration, or to data. */
  lateWrites(vertex: Vertex): readonly LateWrite[] {
    const writes = this.index.late.get(subjectOf(vertex))?.values() ?? [];
    return [...writes].filter(({ module }) => this.places.has(module));
  }

  private loaded(vertices: Iterable<DeclarationVertex>): DeclarationVertex[] {
    return [...vertices].filter(({ module }) => this.places.has(module));
  }

  private compare(a: DeclarationVertex, b: DeclarationVertex): number {
    const { places, index } = this;
    const placeOf = ({ module }: DeclarationVertex): number => places.get(module) ?? 0;
    return placeOf(a) - placeOf(b) || (index.order.get(a) ?? 0) - (index.order.get(b) ?? 0);
  }

  /** The statements, and the calls that give variables their values, that lead to a function which writes to it. */
  private callersOf(subject: Subject): DeclarationVertex[] {
    const writers = this.loaded(this.index.late.get(subject)?.keys() ?? []);
    if (writers.length === 0) return [];
    if (!this.hasUses) for (const module of this.places.keys()) this.index.addUses(module);
    this.hasUses = true;
    const reached = new Set(writers);
    for (const each of reached)
      for (const user of this.loaded(this.index.users.get(each) ?? [])) reached.add(user);
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
}

/** The modules that a module loads, in the order in which they run, itself last. */
function closureOf(index: EffectIndex, root: Module, bare: Set<Module | LeafVertex>): Module[] {
  const found: Module[] = [];
  const seen = new Set<Module>([root]);
  const open = (module: Module): { module: Module; next: Iterator<Module> } => {
    const loads = index.loadsOf(module);
    for (const each of loads.bare) bare.add(each);
    return { module, next: loads.modules.values() };
  };
  // By hand: chains of modules may be longer than the stack is deep.
  const stack = [open(root)];
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const next = top.next.next();
    if (next.done === true) {
      found.push(top.module);
      stack.pop();
    } else if (!seen.has(next.value)) {
      seen.add(next.value);
      stack.push(open(next.value));
    }
  }
  return found;
}
