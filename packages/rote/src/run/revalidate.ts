import type { Entries } from "../cache/entries.ts";
import { Entry } from "../cache/entry.ts";
import type { Memo } from "../cache/memo.ts";
import { Refresh, type Stale } from "../cache/stale.ts";
import type { Key } from "../key/trie.ts";
import { afterJobs } from "./after-jobs.ts";
import type { Flight } from "./flight.ts";
import { FRAME } from "./frame.ts";
import { isThenable } from "./thenable.ts";
import { flyBehind } from "./fly.ts";
import { catchUp } from "./forget.ts";
import { runOutermost } from "./outermost.ts";
import { isAmong, isUnderWay } from "./pins.ts";
import { isOff } from "./plain.ts";
import { currentCaches } from "./scope.ts";
import { type Caller, readCaller } from "./signal.ts";
import { outside, stack } from "./stack.ts";
import { currentFlight, runInside } from "./waiting.ts";
import { warnAboutRefresh, warnWhenRejected } from "./warn-refresh.ts";

/**
 * Whether the function itself is asking, in a recursion. What it asks for is then run rather than
 * returned stale: a refresh would otherwise be made of what is stale, one level of it at a time.
 */
export function isRecursive(memo: Memo): boolean {
  if (memo.whole.isAsync)
    return (currentFlight() as Partial<Flight> | undefined)?.memo?.whole === memo.whole;
  return !stack.isOutside && isUnderWay(memo);
}

/** The same, asked by the run of a call before it begins: its own frame, or flight, is on top. */
export function isRunRecursive(memo: Memo): boolean {
  const { whole } = memo;
  if (whole.isAsync) return (currentFlight() as Partial<Flight> | undefined)?.isRecursive === true;
  const { segment, slots, top } = stack;
  if (segment === null) return false;
  const { base, pending, pendingEnd } = segment;
  return isAmong(slots, base, top - FRAME, whole) || isAmong(pending, 0, pendingEnd - FRAME, whole);
}

/**
 * A stale result is being returned: sees to it that it is refreshed, if nobody has yet. Where
 * promises are returned, the run begins now, otherwise when `schedule` says.
 */
export function revalidate(
  memo: Memo,
  receiver: unknown,
  args: readonly unknown[],
  entry: Entry,
  caller: Caller | undefined,
): void {
  const { stale } = memo.entries as Entries;
  const { segment, isOutside } = stack;
  // While a suspension is on its way up, nothing is begun that has nothing to do with it.
  if (stale === null || !stale.isDue(entry) || (segment?.isSuspended === true && !isOutside))
    return;
  // A listener may have dropped it.
  if (memo.whole.listeners !== null && memo.trie.get(entry.key) !== entry) return;
  if (memo.whole.isAsync) {
    flyBehind(memo, receiver, args, entry, caller);
    return;
  }
  const refresh = new OwnRun(memo, receiver, args, entry);
  stale.begin(refresh);
  if (!isThenable(entry.value)) scheduleRefresh(stale, refresh);
  else if (segment === null) refresh.begin();
  else void Promise.resolve().then(laterOf(refresh));
}

/**
 * A result that is stale already is about to be kept and returned, for the first time in this process: the
 * same, once it is there.
 */
export function revalidateLater(
  memo: Memo,
  receiver: unknown,
  args: readonly unknown[],
  key: Key,
): void {
  afterJobs(() => {
    try {
      if (isOff() || isElsewhere(memo)) return;
      catchUp(memo);
      const entry = memo.trie.get(key);
      if (memo.entries === null || !(entry instanceof Entry)) return;
      memo.entries.clock.read();
      const caller = memo.whole.isAsync ? readCaller(args, memo.whole.byIdentity) : undefined;
      revalidate(memo, receiver, args, entry, caller);
    } catch (error) {
      // The clock, perhaps; nobody would catch it here.
      warnAboutRefresh(memo.whole, error);
    }
  });
}

function scheduleRefresh(stale: Stale, refresh: OwnRun): void {
  const { schedule } = stale.rules;
  const later = laterOf(refresh);
  try {
    outside(() => schedule(later, 0));
  } catch (error) {
    if (!refresh.hasBegun) stale.end(refresh.entry);
    warnAboutRefresh(refresh.memo.whole, error);
  }
}

/** What may be held by a timer that never fires: it keeps nothing alive. */
function laterOf(refresh: OwnRun): () => void {
  const ref = new WeakRef(refresh);
  return () => ref.deref()?.begin();
}

/** Whether the scope has ended to which the entries belong, or it is not the one in which we are: what is run would find nothing of it. */
function isElsewhere(memo: Memo): boolean {
  return memo.whole.isScoped && currentCaches()?.get(memo.whole) !== memo;
}

/** The refresh of a function that is not known to return promises. */
class OwnRun extends Refresh {
  readonly memo: Memo;
  private readonly receiver: unknown;
  private readonly args: readonly unknown[];
  hasBegun = false;

  constructor(memo: Memo, receiver: unknown, args: readonly unknown[], entry: Entry) {
    super(entry);
    this.memo = memo;
    this.receiver = receiver;
    this.args = args;
  }

  /** Runs it, unless that has become pointless. */
  begin(): void {
    const { memo, entry } = this;
    if (this.hasBegun) return;
    this.hasBegun = true;
    catchUp(memo);
    const entries = memo.entries as Entries;
    const stale = entries.stale as Stale;
    if (!stale.isOf(this)) return;
    try {
      entries.clock.read();
      if (!isOff() && !isElsewhere(memo) && !stale.isPaused(entry) && entries.isKept(entry))
        this.run(stale);
    } catch (error) {
      // The clock has failed, perhaps in a timer, where nobody would catch it.
      warnAboutRefresh(memo.whole, error);
    } finally {
      if (this.flight === null && stale.isOf(this)) stale.end(entry);
    }
  }

  private run(stale: Stale): void {
    const { memo, key } = this;
    const { whole } = memo;
    const { extraRuns } = whole;
    this.outer = stale.running;
    stale.running = this;
    try {
      // Nobody waits for it: not the flight either of which the call was a part, and so the timer.
      const value = runInside(undefined, () =>
        outside(() => runOutermost(memo, this.receiver, this.args, key, { isForced: true })),
      );
      if (value instanceof Promise) warnWhenRejected(value, whole);
    } catch (error) {
      warnAboutRefresh(whole, error);
    } finally {
      stale.running = this.outer;
      // Unless it was refused, as a cycle for instance.
      if (whole.extraRuns > extraRuns) whole.refreshes++;
    }
  }
}
