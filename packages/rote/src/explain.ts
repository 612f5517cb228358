import { Entry, FAILURE, FLIGHT, GHOST, REJECTION } from "./cache/entry.ts";
import type { Memo } from "./cache/memo.ts";
import type { RemovalCause } from "./cache/removal.ts";
import { type Clock, sharedClock } from "./cache/time.ts";
import type { Key } from "./key/trie.ts";
import { stack } from "./run/stack.ts";

/** What a call would do now, and why. Instants (`…At`, `freshUntil`) are milliseconds of the clock, `Date.now()` by default. */
export type Explanation =
  | {
      /** The stored result would be returned. */
      readonly outcome: "hit";
      readonly reason: "fresh";
      readonly freshUntil: number;
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
      readonly reason: RemovalCause | "never seen" | "off";
      /** When the entry was removed, or expired, where there was one of which something is still known. */
      readonly removedAt: number | undefined;
      readonly message: string;
    };

/** For `fn.cache.explain`. */
export function explain(memo: Memo, key: Key): Explanation {
  if (!stack.isEnabled) return willRun("off", undefined, "memoization is switched off");
  const clock = memo.whole.clock ?? sharedClock();
  const time = clock.read();
  const found = memo.trie.get(key);
  if (found instanceof Entry) return explainEntry(memo, found, clock, time);
  if (found !== undefined) return willHit(Infinity, clock);
  const removal = memo.removals.find(key);
  if (removal === undefined) {
    return willRun(
      "never seen",
      undefined,
      "there was no such call, or it was removed so long ago that nothing is known of it",
    );
  }
  return willRun(removal.cause, clock.toInstant(removal.at), `its entry was ${removal.cause}`);
}

function explainEntry(memo: Memo, entry: Entry, clock: Clock, time: number): Explanation {
  const { state, value, flight } = entry;
  const freshUntil = memo.entries?.timeOf(entry) ?? Infinity;
  if (state === FLIGHT && flight !== null) {
    const duration = time - flight.startedAt;
    return {
      outcome: "wait",
      reason: "in flight",
      startedAt: clock.toInstant(flight.startedAt),
      duration,
      message: `The call would join a run that has been in flight for ${duration} ms.`,
    };
  }
  if (state === GHOST)
    return willRun("evicted", clock.toInstant(freshUntil), "its entry was evicted");
  if (state <= REJECTION && memo.entries?.isUsable(entry) === true) {
    if (state !== FAILURE && state !== REJECTION) return willHit(freshUntil, clock);
    return {
      outcome: "throw",
      reason: "failed",
      error: value,
      freshUntil: clock.toInstant(freshUntil),
      message: "The last run has failed, which is remembered.",
    };
  }
  return willRun("expired", clock.toInstant(freshUntil), "its entry has expired");
}

function willHit(freshUntil: number, clock: Clock): Explanation {
  const instant = clock.toInstant(freshUntil);
  return {
    outcome: "hit",
    reason: "fresh",
    freshUntil: instant,
    message:
      instant === Infinity
        ? "The call would return the stored result, which does not expire."
        : `The call would return the stored result, fresh until ${timeOf(instant)}.`,
  };
}

function willRun(
  reason: RemovalCause | "never seen" | "off",
  removedAt: number | undefined,
  why: string,
): Explanation {
  const when = removedAt === undefined ? "" : ` at ${timeOf(removedAt)}`;
  return { outcome: "run", reason, removedAt, message: `The call would run: ${why}${when}.` };
}

function timeOf(instant: number): string {
  const date = new Date(instant);
  return Number.isNaN(date.getTime()) ? String(instant) : date.toISOString();
}
