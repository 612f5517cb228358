import type { Change, Reached } from "./reached.ts";
import type { RemovalCause } from "./removal.ts";

/** What a call would do now, and why. Instants (`…At`, `freshUntil`) are milliseconds of the clock, `Date.now()` by default. */
export type Explanation =
  | {
      /** The stored result would be returned. */
      readonly outcome: "hit";
      /** `"stored"`: it is not in memory, but in the store. */
      readonly reason: "fresh" | "stored";
      readonly freshUntil: number;
      readonly message: string;
    }
  | {
      /** The stored result would be returned although it is past its TTL. */
      readonly outcome: "stale";
      /** While a run refreshes it, or because the last run has failed a short while ago. */
      readonly reason: "revalidated" | "failed";
      readonly freshUntil: number;
      /** Until when it would be returned so. */
      readonly staleUntil: number;
      /** Whether a refresh is under way, or scheduled. If there is none, the call would see to one, unless the last run has failed. */
      readonly isRefreshing: boolean;
      readonly message: string;
    }
  | {
      /** A failure is remembered, which the call would meet. */
      readonly outcome: "throw";
      readonly reason: "failed";
      /** What was thrown; for a promise that was rejected, the promise. */
      readonly error: unknown;
      readonly freshUntil: number;
      readonly message: string;
    }
  | {
      /** The call would join a run whose promise has not settled. */
      readonly outcome: "wait";
      readonly reason: "in flight";
      readonly startedAt: number;
      /** Milliseconds since then. */
      readonly duration: number;
      readonly message: string;
    }
  | {
      /** The function would run. */
      readonly outcome: "run";
      readonly reason: RunReason;
      /** When the entry was removed, expired or ceased to be fresh, where there was one of which something is still known. */
      readonly removedAt: number | undefined;
      /** What `@rote/compiler` knows of the code, where it is there. */
      readonly code?: CodeExplanation;
      readonly message: string;
    };

/**
 * Why a function would run. `"stale"`: its result is past its TTL, and would be returned if the run failed.
 * `"code changed"`: the store has the result, of other code or of another version.
 */
export type RunReason = RemovalCause | "stale" | "never seen" | "code changed" | "no scope" | "off";

/** What is known of the code of a function whose call would run. */
export interface CodeExplanation {
  /** What it can reach, itself first; `undefined` where nobody knows, as in a build that was not asked for it. */
  readonly reached: readonly Reached[] | undefined;
  /** Where the store has the call all the same, of other code or of another version; the latest, if there are several. */
  readonly found: { readonly namespace: string; readonly writtenAt: number } | undefined;
  /** Which declarations make the difference to `found`, if both sides are known. */
  readonly changed: readonly Change[] | undefined;
}

/** The function would run. */
export function willRun(
  reason: RunReason,
  removedAt: number | undefined,
  why: string,
): RunExplanation {
  const when =
    removedAt === undefined ? "" : ` ${reason === "stale" ? "since" : "at"} ${timeOf(removedAt)}`;
  return { outcome: "run", reason, removedAt, message: `The call would run: ${why}${when}.` };
}

/** An instant, for people. */
export function timeOf(instant: number): string {
  const date = new Date(instant);
  return Number.isNaN(date.getTime()) ? String(instant) : date.toISOString();
}

/** An explanation of a call that would run. */
export type RunExplanation = Extract<Explanation, { outcome: "run" }>;
