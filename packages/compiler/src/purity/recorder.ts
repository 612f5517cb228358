import type { Node } from "../ast.ts";
import type { FindingCode } from "../fingerprint/finding.ts";
import { isOutput, outsideAt } from "../fingerprint/outside.ts";
import { type Binding, Scope } from "../fingerprint/scope.ts";
import type { Effect, Summaries } from "./effect.ts";
import { keyOf } from "./effect.ts";
import type { NoteCode } from "./note.ts";
import type { Program } from "./program.ts";
import { join, nothing, type Place, type Routine, type Value } from "./value.ts";

/** What locals stand for at one point of a function; nothing where it cannot be. */
export type Env = Map<Binding, Value>;

const byFinding: Partial<Record<FindingCode, NoteCode>> = {
  ROTE_UNSEEN_CLOCK: "ROTE_CLOCK",
  ROTE_UNSEEN_ENV: "ROTE_ENVIRONMENT",
  ROTE_UNSEEN_RANDOM: "ROTE_RANDOM",
};

/** The part of reading a function that keeps what it does, and what its locals are. */
export abstract class Recorder {
  protected readonly program: Program;
  protected readonly summaries: Summaries;
  protected readonly routine: Routine;
  protected scope: Scope = new Scope(undefined, true);
  /** Nothing behind a `return` or `throw`. */
  protected env: Env | undefined = new Map();
  readonly effects: Map<string, Effect> = new Map();
  readonly lookups: Set<string> = new Set();
  /** The same in the order in which they were met, for what an expression depends on. */
  protected readonly lookedUp: string[] = [];
  /** Inside of a condition. */
  protected isTest = false;

  constructor(program: Program, summaries: Summaries, routine: Routine) {
    this.program = program;
    this.summaries = summaries;
    this.routine = routine;
  }

  protected record(effect: Effect): void {
    if (this.env === undefined) return;
    const key = keyOf(effect);
    if (!this.effects.has(key)) this.effects.set(key, effect);
  }

  protected note(code: NoteCode, start: number, about: string, place?: Place): void {
    const { module } = this.routine;
    this.record({ code, module, start, place, about, isFill: false, calls: [] });
  }

  protected noteLookup(place: Place): void {
    this.lookups.add(place.key);
    this.lookedUp.push(place.key);
  }

  protected noteRead(place: Place, start: number): void {
    if (place.base !== "outer") return;
    this.note("ROTE_READS_STATE", start, place.name, place);
  }

  /** The clock, the environment, input and output; whether it was one of them. */
  protected noteBuiltin(path: readonly string[], start: number): boolean {
    const outside = outsideAt(path);
    const isDirectory = outside?.code === "ROTE_UNSEEN_LOCATION" && path.includes("cwd");
    const code = isOutput(path)
      ? "ROTE_IO"
      : isDirectory
        ? "ROTE_ENVIRONMENT"
        : outside && byFinding[outside.code];
    if (code === undefined) return false;
    this.note(code, start, path.filter((step) => step !== "default").join("."));
    return true;
  }

  protected get(binding: Binding): Value {
    return this.env?.get(binding) ?? nothing;
  }

  protected set(binding: Binding, value: Value): void {
    this.env?.set(binding, value);
  }

  /** Runs something that may not be run. */
  protected maybe(run: () => void): void {
    const before = this.copyEnv();
    run();
    this.env = joinEnvs(before, this.env);
  }

  protected copyEnv(): Env | undefined {
    return this.env && new Map(this.env);
  }

  /** Runs something until another time makes no difference. */
  protected repeat(run: () => void): void {
    for (let times = 0; times < 3; times++) {
      const before = this.copyEnv();
      run();
      this.env = joinEnvs(before, this.env);
      if (isSame(before, this.env)) return;
    }
  }

  protected within<T>(scope: Scope, run: () => T): T {
    const before = this.scope;
    this.scope = scope;
    const result = run();
    this.scope = before;
    return result;
  }

  private readonly scopes = new Map<Node, Scope>();

  /** The scope that a node opens. It is the same each time, as the locals in it are. */
  protected scopeOf(node: Node, names: () => readonly string[]): Scope {
    const known = this.scopes.get(node);
    if (known !== undefined) return known;
    const made = new Scope(this.scope, true);
    for (const name of names()) made.declare(name, this);
    this.scopes.set(node, made);
    return made;
  }
}

export function joinEnvs(a: Env | undefined, b: Env | undefined): Env | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  const joined = new Map(a);
  for (const [binding, value] of b) joined.set(binding, join(a.get(binding) ?? nothing, value));
  return joined;
}

function isSame(a: Env | undefined, b: Env | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  if (a.size !== b.size) return false;
  for (const [binding, value] of b) if (a.get(binding)?.size !== value.size) return false;
  return true;
}
