/**
 * What the command and its child processes say to each other.
 *
 * 1. The command sends one `Job`; the child loads the module and says `loaded`, then calls the
 *    function once, answers, and exits. A process never makes a second measurement.
 * 2. A child that counts does not time, and the other way round.
 */

/** The three ways of running one and the same function. */
export type Way = "plain" | "memoized" | "tabulated";

export interface Job {
  readonly purpose: "count" | "time";
  readonly way: Way;
  /** Absolute path of the user's module. */
  readonly file: string;
  /** The export to call. */
  readonly name: string;
  readonly args: readonly unknown[];
  /** Where the calls in ascending order are kept: written when memoized calls are counted, read to tabulate. */
  readonly callsFile: string;
}

/** How the call ended. */
export type Outcome =
  | {
      readonly kind: "returned";
      /** Absent when the value could not be copied to another process. */
      readonly copy?: { readonly value: unknown };
      readonly text: string;
    }
  | { readonly kind: "threw"; readonly text: string; readonly overflow: boolean };

export interface Timing {
  readonly wallMs: number;
  /** Time the process spent on its processors, all threads; can exceed the wall time. */
  readonly cpuMs: number;
}

/** Of all memoized exports of the module together: a function may leave its work to another one. */
export interface Counts {
  readonly calls: number;
  readonly runs: number;
  readonly reruns: number;
  /** The deepest recursion reached, in runs inside one another. */
  readonly deepest: number;
  /** The same of the function in question alone. */
  readonly ownDeepest: number;
  /** The exports that were called. */
  readonly functions: readonly string[];
}

/** Whether the calls that a run made can be made bottom-up, or in one sentence why not. */
export type Order = { readonly calls: number } | { readonly reason: string };

export type Message =
  | { readonly type: "loaded" }
  /** The job cannot be done: wrong usage, in the words for the user. */
  | { readonly type: "refused"; readonly message: string; readonly hint?: string }
  | {
      readonly type: "answer";
      readonly outcome: Outcome;
      readonly timing?: Timing;
      readonly counts?: Counts;
      readonly order?: Order;
      /** What rote itself warned about during the run. */
      readonly warnings: readonly string[];
    };

export type Answer = Extract<Message, { type: "answer" }>;
