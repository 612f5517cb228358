import { Entry, FAILURE, FLIGHT, GHOST, type Pending, REJECTION, RESULT } from "./cache/entry.ts";
import { type Explanation, timeOf, willRun } from "./cache/explanation.ts";
import type { Memo } from "./cache/memo.ts";
import { revisionOf } from "./cache/meta.ts";
import type { Stale } from "./cache/stale.ts";
import { type Clock, sharedClock } from "./cache/time.ts";
import type { Key } from "./key/trie.ts";
import { stack } from "./run/stack.ts";

/** For `fn.cache.explain`. */
export function explain(memo: Memo, key: Key): Explanation {
  if (!stack.isEnabled) return willRun("off", undefined, "memoization is switched off");
  const found = explainMemory(memo, key);
  const { lower, meta } = memo.whole;
  if (found.outcome !== "run") return found;
  if (lower !== null) return lower.explain(memo, key, found);
  const reached = revisionOf(meta)?.reached;
  return typeof reached === "function"
    ? { ...found, code: { reached: reached(), found: undefined, changed: undefined } }
    : found;
}

function explainMemory(memo: Memo, key: Key): Explanation {
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
  if (state === FLIGHT && flight !== null) return willWait(flight, clock, time);
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
  const stale = memo.entries?.stale;
  if (stale?.mayReturn(entry) === true) return willBeStale(stale, entry, freshUntil, clock);
  const refresh = stale?.flightOf(entry) ?? null;
  if (refresh !== null) return willWait(refresh, clock, time);
  if (memo.entries?.isKept(entry) === true)
    return willRun("stale", clock.toInstant(freshUntil), "its entry has been stale");
  const until = freshUntil + (state === RESULT && stale ? stale.window : 0);
  return willRun("expired", clock.toInstant(until), "its entry has expired");
}

function willWait(flight: Pending, clock: Clock, time: number): Explanation {
  const duration = time - flight.startedAt;
  return {
    outcome: "wait",
    reason: "in flight",
    startedAt: clock.toInstant(flight.startedAt),
    duration,
    message: `The call would join a run that has been in flight for ${duration} ms.`,
  };
}

function willBeStale(stale: Stale, entry: Entry, freshUntil: number, clock: Clock): Explanation {
  const isPaused = stale.isPaused(entry);
  const isRefreshing = stale.isRefreshing(entry);
  const staleUntil = clock.toInstant(stale.staleUntil(entry));
  const why = isRefreshing
    ? "while a refresh is under way"
    : isPaused
      ? "because the last run has failed"
      : "and have it refreshed";
  return {
    outcome: "stale",
    reason: isPaused ? "failed" : "revalidated",
    freshUntil: clock.toInstant(freshUntil),
    staleUntil,
    isRefreshing,
    message:
      staleUntil === Infinity
        ? `The call would return the stale result, ${why}.`
        : `The call would return the stale result, ${why}, until ${timeOf(staleUntil)}.`,
  };
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
