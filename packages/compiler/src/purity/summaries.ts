import { type Effect, type Summaries, type Summary, tooLong } from "./effect.ts";
import type { Program } from "./program.ts";
import { summarise } from "./reader.ts";
import { nothing, type Routine } from "./value.ts";

/** As many functions are looked at inside of each other; what calls deeper ones do is not known then. */
const deepest = 48;

/** Expressions that are looked at for one question, repeated ones each time. */
const mostSteps = 10_000;

interface Running {
  readonly routine: Routine;
  /** What is known of it so far. */
  summary: Summary;
  /** Somebody has asked for it who is inside of it. */
  isAsked: boolean;
  readonly provisional: Routine[];
}

const empty: Summary = { effects: new Map<string, Effect>(), lookups: new Set(), returns: nothing };

/**
 * What functions do, each worked out once.
 *
 * 1. A function that is asked for inside of itself is what is known of it so far: nothing at first. It is worked out again
 *    until that is all.
 * 2. What depends on something unfinished is kept until that is worked out again.
 */
export class AllSummaries implements Summaries {
  private readonly program: Program;
  private readonly known = new Map<Routine, Summary>();
  /** Of those that depend on something unfinished, what was known after the last round. */
  private readonly partial = new Map<Routine, Summary>();
  private readonly running: Running[] = [];
  private steps = 0;
  /** Counts whenever something new is known. */
  private growth = 0;
  /** How far down the stack something unfinished has been asked for. */
  private lowest = Infinity;

  constructor(program: Program) {
    this.program = program;
  }

  count(): void {
    if (++this.steps > mostSteps) throw tooLong;
  }

  of(routine: Routine): Summary {
    if (this.running.length === 0) this.steps = 0;
    const known = this.known.get(routine);
    if (known !== undefined) return known;
    const at = this.running.findIndex((each) => each.routine === routine);
    const running = this.running[at];
    if (running !== undefined) {
      running.isAsked = true;
      this.lowest = Math.min(this.lowest, at);
      return running.summary;
    }
    return this.running.length >= deepest ? empty : this.workOut(routine);
  }

  private workOut(routine: Routine): Summary {
    const depth = this.running.length;
    const start = this.partial.get(routine) ?? empty;
    const own: Running = { routine, summary: start, isAsked: false, provisional: [] };
    const around = this.lowest;
    this.running.push(own);
    let isOpen = false;
    for (let round = 0; round < 5; round++) {
      this.lowest = Infinity;
      for (const each of own.provisional.splice(0)) this.known.delete(each);
      const before = this.growth;
      const { summary } = own;
      own.summary = merged(summary, summarise(this.program, this, routine));
      if (sizeOf(own.summary) > sizeOf(summary)) this.growth++;
      // Who is further down goes on until nothing is new: rounds within rounds would take forever.
      isOpen = this.lowest < depth;
      if (isOpen || !own.isAsked || this.growth === before) break;
    }
    this.running.pop();
    this.known.set(routine, own.summary);
    const below = this.running.at(-1);
    if (isOpen) {
      this.partial.set(routine, own.summary);
      below?.provisional.push(routine, ...own.provisional);
    } else for (const each of [routine, ...own.provisional]) this.partial.delete(each);
    this.lowest = Math.min(around, isOpen ? this.lowest : Infinity);
    return own.summary;
  }
}

/** What has been found stays, so that there is an end to it. */
function merged(before: Summary, after: Summary): Summary {
  if (before === empty) return after;
  return { ...after, effects: new Map([...after.effects, ...withoutNew(before, after)]) };
}

function withoutNew({ effects }: Summary, after: Summary): [string, Effect][] {
  return [...effects].filter(([key]) => !after.effects.has(key));
}

function sizeOf({ effects, lookups, returns }: Summary): number {
  return effects.size + lookups.size + returns.size;
}
