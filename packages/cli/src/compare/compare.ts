/**
 * The comparison itself: which runs are made, in which order, and what follows from them.
 *
 * 1. A counting run of the memoized way comes first. It finds out whether the function is there and
 *    memoized, gives the result that all others must give, and leaves the calls to tabulate.
 * 2. Timed runs go round: plain, memoized, tabulated, plain, … so that a slow minute of the machine
 *    falls on all of them. A way that is done, stopped or out of stack leaves the round.
 * 3. The plain way is counted last, and only if it finished in time.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Failure } from "../failure.ts";
import { measure } from "./measure.ts";
import type { Ended } from "./measure.ts";
import { isSame } from "./outcome.ts";
import type { Answer, Counts, Job, Outcome, Timing, Way } from "./protocol.ts";

export interface Request {
  /** Absolute path of the user's module. */
  readonly file: string;
  readonly name: string;
  readonly args: readonly unknown[];
  /** Cold runs of each way; `undefined`: five, fewer when they are slow. */
  readonly runs: number | undefined;
  readonly timeoutMs: number;
}

export interface WayReport {
  readonly way: Way;
  /** `left out`: not run at all, for the reason given. */
  status: "measured" | "stopped" | "stack overflow" | "out of memory" | "failed" | "left out";
  reason?: string;
  readonly timings: Timing[];
  counts?: Counts;
}

/** Two runs that should have ended alike. */
export interface Difference {
  readonly left: Way;
  readonly leftOutcome: Outcome;
  readonly right: Way;
  readonly rightOutcome: Outcome;
}

export interface Comparison {
  /** How the memoized call ended: what all ways should agree on. */
  readonly outcome: Outcome;
  readonly ways: readonly WayReport[];
  readonly difference: Difference | undefined;
  /** What rote warned about while the memoized function ran. */
  readonly warnings: readonly string[];
}

const usualRuns = 5;

/** No further run of a way is begun, unless asked for, once its runs took this long together. */
const patienceMs = 4_000;

/** Counting a plain run takes several times as long as the run: so many times the timeout are granted. */
const countingPatience = 3;

export async function compare(
  request: Request,
  onProgress: (text: string) => void,
): Promise<Comparison> {
  const directory = mkdtempSync(join(tmpdir(), "rote-compare-"));
  const remove = (): void => rmSync(directory, { recursive: true, force: true });
  process.once("exit", remove);
  try {
    return await new Course(request, directory, onProgress).run();
  } finally {
    process.off("exit", remove);
    remove();
  }
}

/** One comparison under way. */
class Course {
  readonly #request: Request;
  readonly #callsFile: string;
  readonly #onProgress: (text: string) => void;
  readonly #plain: WayReport = { way: "plain", status: "measured", timings: [] };
  readonly #memoized: WayReport = { way: "memoized", status: "measured", timings: [] };
  readonly #tabulated: WayReport = { way: "tabulated", status: "measured", timings: [] };
  #difference: Difference | undefined;

  constructor(request: Request, directory: string, onProgress: (text: string) => void) {
    this.#request = request;
    this.#callsFile = join(directory, "calls");
    this.#onProgress = onProgress;
  }

  async run(): Promise<Comparison> {
    const first = await this.#countMemoized();
    const ways = [this.#plain, this.#memoized, this.#tabulated];
    if (first.outcome.kind === "returned") {
      await this.#prepareTabulated(first);
      await this.#timeAll(first.outcome, ways);
      if (this.#plain.status !== "stopped") await this.#countPlain(first.outcome);
    } else {
      // Nothing to time; but does the plain function fail like this, too?
      this.#leaveOut(this.#tabulated, "the memoized call threw");
      this.#memoized.status = first.outcome.overflow ? "stack overflow" : "failed";
      this.#note(this.#plain, await this.#measure("time", "plain"), first.outcome);
      this.#plain.timings.length = 0;
    }
    const { outcome, warnings } = first;
    return { outcome, ways, difference: this.#difference, warnings };
  }

  async #countMemoized(): Promise<Answer> {
    this.#onProgress("memoized: counting calls");
    const { name, timeoutMs } = this.#request;
    const ended = await this.#measure("count", "memoized");
    if (ended.type === "stopped") {
      const message = `${name}, memoized, was stopped after ${timeoutMs / 1000} s`;
      throw new Failure(message, `Give it more time with --timeout, or smaller arguments.`, 1);
    }
    if (ended.type === "died") {
      const hint = ended.outOfMemory
        ? `Give it more with NODE_OPTIONS=--max-old-space-size=8192, or smaller arguments.`
        : `A function that ends its process, or is ended from outside, cannot be compared.`;
      throw new Failure(`${name}, memoized, ${ended.how}`, hint, 1);
    }
    if (ended.counts) this.#memoized.counts = ended.counts;
    return ended;
  }

  /** Counts a bottom-up run, to see whether every call finds what it needs. */
  async #prepareTabulated(first: Answer): Promise<void> {
    const { order, outcome } = first;
    if (order === undefined || "reason" in order) {
      this.#leaveOut(this.#tabulated, order?.reason ?? "its calls are unknown");
      return;
    }
    this.#onProgress("tabulated: counting calls");
    const ended = await this.#measure("count", "tabulated");
    this.#note(this.#tabulated, ended, outcome);
    if (ended.type !== "answer" || ended.counts === undefined) return;
    this.#tabulated.counts = ended.counts;
    if (this.#tabulated.status === "measured" && ended.counts.ownDeepest > 1) {
      const { name } = this.#request;
      const reason = `even with its arguments in ascending order, ${name} needs calls that come later`;
      this.#leaveOut(this.#tabulated, reason);
    }
  }

  async #timeAll(expected: Outcome, ways: readonly WayReport[]): Promise<void> {
    const { runs } = this.#request;
    const rounds = runs ?? usualRuns;
    for (let round = 1; round <= rounds; round += 1) {
      for (const report of ways) {
        const spentMs = report.timings.reduce((sum, { wallMs }) => sum + wallMs, 0);
        const isPatient = runs !== undefined || spentMs < patienceMs;
        if (report.status !== "measured" || !isPatient) continue;
        this.#onProgress(`${report.way}: run ${round} of ${rounds}`);
        this.#note(report, await this.#measure("time", report.way), expected);
      }
    }
  }

  async #countPlain(expected: Outcome): Promise<void> {
    this.#onProgress("plain: counting calls");
    const timeoutMs = this.#request.timeoutMs * countingPatience;
    const ended = await this.#measure("count", "plain", timeoutMs);
    // Counting takes more stack, too, than the run itself: without an answer the counts stay unknown.
    if (ended.type !== "answer") return;
    if (ended.outcome.kind === "threw" && ended.outcome.overflow) return;
    if (ended.counts) this.#plain.counts = ended.counts;
    this.#check("plain", ended.outcome, expected);
  }

  /** Adds what one run of a way brought to its report. */
  #note(report: WayReport, ended: Ended, expected: Outcome): void {
    if (ended.type === "stopped") report.status = "stopped";
    else if (ended.type === "died") {
      report.status = ended.outOfMemory ? "out of memory" : "failed";
      report.reason = ended.how;
    } else if (ended.outcome.kind === "threw" && ended.outcome.overflow) {
      report.status = "stack overflow";
    } else {
      if (ended.timing) report.timings.push(ended.timing);
      if (ended.outcome.kind === "threw") report.status = "failed";
      this.#check(report.way, ended.outcome, expected);
    }
  }

  #check(way: Way, outcome: Outcome, expected: Outcome): void {
    if (isSame(outcome, expected)) return;
    this.#difference ??= {
      left: way,
      leftOutcome: outcome,
      right: "memoized",
      rightOutcome: expected,
    };
  }

  #leaveOut(report: WayReport, reason: string): void {
    report.status = "left out";
    report.reason = reason;
  }

  #measure(
    purpose: Job["purpose"],
    way: Way,
    timeoutMs: number = this.#request.timeoutMs,
  ): Promise<Ended> {
    const { file, name, args } = this.#request;
    return measure({ purpose, way, file, name, args, callsFile: this.#callsFile }, timeoutMs);
  }
}
