import type { Settled } from "../cache/entry.ts";
import { RoteError } from "../errors.ts";
import { entriesOf, type Flight } from "./flight.ts";
import type { Caller } from "./signal.ts";
import { currentFlight, endWait, track } from "./waiting.ts";

/** A caller that waits, and may cease to. */
export interface Waiter {
  readonly insists: boolean;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** A caller waits for a flight that is pending: what it gets. Who `insists` on the run gets no old result instead. */
export function join(flight: Flight, caller: Caller | undefined, insists = false): unknown {
  const { promise, memo } = flight;
  const { signals } = caller ?? NOBODY;
  if (signals.length === 0) flight.stays = true;
  if (!insists) flight.isAwaited = true;
  const { patience } = memo.whole;
  const isPlain = !insists || (memo.entries?.stale ?? null) === null;
  const own =
    signals.length === 0 && patience === undefined && isPlain
      ? promise
      : new Promise((resolve, reject) => {
          wait(flight, signals, insists, resolve, reject);
        });
  return own instanceof Promise && own.constructor === Promise ? track(flight, own) : own;
}

const NOBODY: { readonly signals: Caller["signals"] } = { signals: [] };

/** Lets those who wait know when the promise settles. A function of its own: what it makes must not hold a caller. */
function tellWaiting(flight: Flight): void {
  const { waiting, promise } = flight;
  flight.isWatched = true;
  (promise as PromiseLike<unknown>).then(
    (value) => waiting.forEach((each) => each.resolve(value)),
    (error: unknown) => waiting.forEach((each) => each.reject(error)),
  );
}

/** The old result that a flight is to replace, where it may be returned in its place. */
function inHand(flight: Flight): Settled | undefined {
  const entries = entriesOf(flight.memo);
  const entry = entries.current(flight.key, flight);
  try {
    return entry === undefined ? undefined : entries.stale?.inHand(entry);
  } catch {
    // Where the clock fails, nothing is known to be good.
    return undefined;
  }
}

/** Waits until the flight lands, one of the caller's signals fires, or its time is up. */
function wait(
  flight: Flight,
  signals: Caller["signals"],
  insists: boolean,
  resolve: (value: unknown) => void,
  reject: (error: unknown) => void,
): void {
  const { memo } = flight;
  const { patience } = memo.whole;
  // Whoever leaves does not wait any more.
  const from = currentFlight();
  const timer: { cancel?: () => void } = {};
  const finish = (): void => {
    flight.waiting.delete(waiter);
    try {
      timer.cancel?.();
    } catch {
      // What cannot be called off will find nobody waiting.
    }
    for (const signal of signals) signal.removeEventListener("abort", onAbort);
  };
  const waiter: Waiter = {
    insists,
    resolve(value) {
      finish();
      resolve(value);
    },
    reject(error) {
      finish();
      reject(error);
    },
  };
  const onAbort = (): void => {
    if (!flight.waiting.has(waiter)) return;
    finish();
    const reason = signals.find(({ aborted }) => aborted)?.reason;
    if (from !== undefined) endWait(from, flight);
    reject(reason);
    flight.leave(reason);
  };
  if (!flight.isWatched) tellWaiting(flight);
  flight.waiting.add(waiter);
  if (signals.length > 0) flight.callers++;
  for (const signal of signals) signal.addEventListener("abort", onAbort);
  if (signals.some(({ aborted }) => aborted)) {
    onAbort();
    return;
  }
  if (patience === undefined) return;
  const isOurs = flight.promise instanceof Promise;
  const cancel: unknown = patience.schedule(() => {
    // One that has landed, and is ours, is about to tell.
    if (!flight.waiting.has(waiter) || (isOurs && !flight.isPending)) return;
    finish();
    if (from !== undefined) endWait(from, flight);
    // Impatient, but interested: the run goes on.
    flight.stays = true;
    const old = insists ? undefined : inHand(flight);
    if (old !== undefined) {
      memo.whole.rescued++;
      resolve(old.value);
      return;
    }
    reject(
      new RoteError(
        "ERR_TIMEOUT",
        `A call of "${memo.whole.name}" has waited for ${patience.timeout} ms, as long as options.timeout allows. The run goes on and its result is kept: call again, or allow more time.`,
      ),
    );
  }, patience.timeout);
  if (typeof cancel === "function") {
    timer.cancel = cancel as () => void;
    return;
  }
  finish();
  flight.stays = true;
  reject(
    new RoteError(
      "ERR_INVALID_RESULT",
      `schedule of "${memo.whole.name}" must return a function that calls off what it has scheduled; it returned ${cancel === null ? "null" : `a value of type ${typeof cancel}`}. Return () => clearTimeout(timer), for instance.`,
      { option: "schedule", value: cancel },
    ),
  );
}
