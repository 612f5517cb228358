import type { Node } from "../ast.ts";
import type { Effects } from "../fingerprint/effects.ts";
import { treeOf } from "../fingerprint/files.ts";
import type { Linker, Module } from "../fingerprint/link.ts";
import { placeOf } from "../fingerprint/unseen.ts";
import { aroundOf, isFunction } from "./around.ts";
import type { Effect } from "./effect.ts";
import { type Note, type NoteCode, type NoteStep, noteTextOf } from "./note.ts";
import { Program } from "./program.ts";
import { type Silence, silencesOf } from "./silence.ts";
import { isWrittenElsewhere } from "./state.ts";
import { AllSummaries } from "./summaries.ts";
import type { ClassValue, Routine } from "./value.ts";

/** The function that notes are about, by where it is. */
export interface Subject {
  readonly module: Module;
  readonly start: number;
  readonly end: number;
  readonly name: string;
}

/** Makes the notes of functions. What is known of other functions is kept. */
export class Notes {
  private readonly linker: Linker;
  private readonly program: Program;
  private readonly summaries: AllSummaries;
  private readonly root: string;
  private readonly ignored: ReadonlySet<string>;

  constructor(linker: Linker, root: string, ignored: readonly NoteCode[]) {
    this.linker = linker;
    this.root = root;
    this.ignored = new Set(ignored);
    this.program = new Program(linker);
    this.summaries = new AllSummaries(this.program);
  }

  of(subject: Subject, loading: Effects): Note[] {
    const routines = this.routinesAt(subject);
    const used = new Set<Silence>();
    const found = routines.flatMap((routine) => this.ofRoutine(routine, loading, subject, used));
    const own = routines.filter(({ module }) => module === subject.module);
    for (const routine of own) found.push(...this.silencesIn(routine, subject, used));
    return found
      .filter(({ code }) => !this.ignored.has(code))
      .sort((a, b) =>
        a.file === b.file ? a.line - b.line || a.column - b.column : a.file < b.file ? -1 : 1,
      );
  }

  /** The function there; of a variable or an argument, the functions that it may be. */
  private routinesAt({ module, start, end, name }: Subject): Routine[] {
    const tree = treeOf(module.file);
    const found = tree && aroundOf(tree.program, start, end);
    if (found === undefined) return [];
    const { node, parents, around } = found;
    if (isFunction(node)) {
      const owner = this.ownerOf(parents, module, around);
      return [this.program.routine(module, node, name, around, owner)];
    }
    const isVariable = node.type === "VariableDeclarator" || node.type === "VariableDeclaration";
    const value = isVariable
      ? this.program.lookup(name, module, around)
      : this.program.resolve(node, module, around, name);
    return [...(value ?? [])].filter((each): each is Routine => each.kind === "routine");
  }

  private ownerOf(
    parents: readonly Node[],
    module: Module,
    around: Routine["around"],
  ): ClassValue | undefined {
    const [body, member] = [parents.at(-2), parents.at(-1)];
    if (body?.type !== "ClassBody" || member?.["static"] === true) return undefined;
    const node = parents.at(-3) as Node;
    return this.program.classOf(module, node, "anonymous", around);
  }

  private ofRoutine(
    routine: Routine,
    loading: Effects,
    subject: Subject,
    used: Set<Silence>,
  ): Note[] {
    const { effects, lookups } = this.summaries.of(routine);
    const all = [...effects.values()].map((effect) => asCache(effect, lookups));
    const caches = new Set(
      all.flatMap(({ code, place }) => (code === "ROTE_HIDDEN_CACHE" ? [place?.key] : [])),
    );
    const written = new Set(
      all.flatMap(({ code, place }) => (code === "ROTE_READS_STATE" ? [] : [place?.root])),
    );
    const isMeant = ({ code, place }: Effect): boolean => {
      if (place === undefined) return true;
      if (code !== "ROTE_READS_STATE")
        return code === "ROTE_HIDDEN_CACHE" || !caches.has(place.key);
      return (
        !written.has(place.root) && isWrittenElsewhere(place, routine.node, this.linker, loading)
      );
    };
    return onePerPlace(all)
      .filter((effect) => isMeant(effect) && !this.isSilenced(effect, routine, used))
      .map((effect) => this.noteOf(effect, routine, subject));
  }

  /** A comment where it happens, at a call that leads there, or at the head of a function on the way. */
  private isSilenced(
    { code, module, start, calls }: Effect,
    routine: Routine,
    used: Set<Silence>,
  ): boolean {
    const places: [Module, number][] = [
      [module, this.lineOf(module, start)],
      [routine.module, this.lineOf(routine.module, routine.node.start)],
    ];
    for (const call of calls) {
      places.push([call.module, this.lineOf(call.module, call.start)]);
      const { module: inner, node } = call.callee;
      places.push([inner, this.lineOf(inner, node.start)]);
    }
    let isSilenced = false;
    for (const [at, line] of places)
      for (const silence of silencesOf(at)) {
        if (silence.line !== line || silence.problem !== undefined) continue;
        if (!silence.codes.includes(code)) continue;
        used.add(silence);
        isSilenced = true;
      }
    return isSilenced;
  }

  private lineOf(module: Module, start: number): number {
    return placeOf(module, start, this.root).line;
  }

  /** Silences in the function's own text, or at its head, that do nothing. */
  private silencesIn(
    { module, node, name }: Routine,
    { name: called }: Subject,
    used: ReadonlySet<Silence>,
  ): Note[] {
    const [first, last] = [this.lineOf(module, node.start), this.lineOf(module, node.end)];
    return silencesOf(module)
      .filter((each) => first <= each.line && each.line <= last && !used.has(each))
      .map(({ start, problem, codes }) => {
        const code = problem === undefined ? "ROTE_NEEDLESS_SILENCE" : "ROTE_INVALID_SILENCE";
        const text = noteTextOf(code, problem ?? codes.join(", "));
        const own = this.stepOf(module, node, called === "" ? name : called);
        return {
          code,
          ...placeOf(module, start, this.root),
          function: own.name,
          ...text,
          chain: [own],
        };
      });
  }

  private noteOf(
    { code, module, start, about, place, calls }: Effect,
    routine: Routine,
    { name }: Subject,
  ): Note {
    const what = place?.base === "parameter" ? `its argument ${about}`.trimEnd() : about;
    const chain = [
      this.stepOf(routine.module, routine.node, name === "" ? routine.name : name),
      ...calls.map(({ callee }) => this.stepOf(callee.module, callee.node, callee.name)),
    ];
    const [first] = chain as [NoteStep];
    return {
      code,
      ...placeOf(module, start, this.root),
      function: first.name,
      ...noteTextOf(code, what),
      chain,
    };
  }

  private stepOf(module: Module, node: Node, name: string): NoteStep {
    const { file, line } = placeOf(module, node.start, this.root);
    return { name, file, line };
  }
}

/** Of what is changed at one place, the outermost of its parts. */
function onePerPlace(all: readonly Effect[]): Effect[] {
  const found = new Map<string, Effect>();
  for (const effect of all) {
    const { code, module, start, place, about } = effect;
    const what = place === undefined ? about : `${place.base} ${place.root}`;
    const key = `${code}\0${module.file.path}\0${start}\0${what}`;
    const known = found.get(key);
    if (known === undefined || (place?.steps.length ?? 0) < (known.place?.steps.length ?? 0))
      found.set(key, effect);
  }
  return [...found.values()];
}

/** What is put where this function, or one that it calls, looks it up. */
function asCache(effect: Effect, lookups: ReadonlySet<string>): Effect {
  const { code, place, isFill } = effect;
  const isCache = isFill && place !== undefined && place.base !== "parameter";
  return isCache && code !== "ROTE_HIDDEN_CACHE" && lookups.has(place.key)
    ? { ...effect, code: "ROTE_HIDDEN_CACHE" }
    : effect;
}
