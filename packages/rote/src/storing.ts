import type { AnyFunction } from "./cache/memo.ts";
import type { Whole } from "./cache/whole.ts";
import { invalidationsSoFar, isInvalidated } from "./cache/tags.ts";
import { keyOfCall } from "./call/any.ts";
import { now } from "./run/clock.ts";
import { isRefusal } from "./run/overflow.ts";
import { isRunRecursive, revalidateLater } from "./run/revalidate.ts";
import { readCaller } from "./run/signal.ts";
import { stack } from "./run/stack.ts";
import { isThenable } from "./run/thenable.ts";
import { refreshUnderWay } from "./run/watch.ts";
import type { StoredCall } from "./tier/stored-call.ts";
import type { Found, Tier } from "./tier/tier.ts";

/**
 * `fn` with a store below the memory: what is there is returned instead of a run, what a run returns is
 * written. It is a part of the run for everything above it, so single flight, bounds and recursion stay
 * as they are. A suspension passes and leaves nothing; the claim is made again when the run is repeated.
 */
export function storing(whole: Whole, fn: AnyFunction, tier: Tier): AnyFunction {
  const { life } = tier.rules;
  const runSync = (
    receiver: unknown,
    args: readonly unknown[],
    call: StoredCall,
    old: Found | undefined,
    isForced: boolean,
  ): unknown => {
    const claim = isForced ? tier.claimAtOnce(call) : tier.claim(call);
    if (typeof claim === "object")
      return promised(whole, claim, () => give(whole, tier, call, claim));
    const startedAt = now();
    let value: unknown;
    try {
      value = Reflect.apply(fn, receiver as never, args as never);
    } catch (error) {
      const isOver = stack.segment?.isSuspended !== true && !isRefusal(error);
      if (isOver && old === undefined) writeFailure(error, startedAt, call, claim, false);
      else tier.release(call, claim);
      if (isOver && old !== undefined)
        return promised(whole, old, () => rescue(whole, tier, call, old));
      throw error;
    }
    if (stack.segment?.isSuspended === true) {
      // Somebody has caught it: what is returned is not the result.
      tier.release(call, claim);
      return value;
    }
    if (!isThenable(value)) {
      // As in memory: a refresh that was overtaken while it ran has lost.
      if (refreshUnderWay(whole.memo, call.key)?.isOvertaken === true) tier.release(call, claim);
      else writeResult(receiver, args, value, startedAt, call, claim, undefined);
      return value;
    }
    tier.begin(call);
    const since = invalidationsSoFar();
    return Promise.resolve(value).then(
      (result) => {
        writeLate(receiver, args, result, startedAt, call, claim, since);
        return result;
      },
      (error: unknown) => failLate(error, startedAt, call, claim, old),
    );
  };
  const runAsync = async (
    receiver: unknown,
    args: readonly unknown[],
    call: StoredCall,
    old: Found | undefined,
    isForced: boolean,
  ): Promise<unknown> => {
    const claim = isForced ? tier.claimAtOnce(call) : await tier.claimLater(call, later);
    if (typeof claim === "object") return give(whole, tier, call, claim);
    const gone = goneSignal(args);
    if (gone !== undefined) {
      // Everybody has left while it waited for its claim.
      tier.release(call, claim);
      whole.runs--;
      throw gone.reason;
    }
    tier.begin(call);
    const since = invalidationsSoFar();
    const startedAt = now();
    let result: unknown;
    try {
      result = await Reflect.apply(fn, receiver as never, args as never);
    } catch (error) {
      if (goneSignal(args) !== undefined) tier.end(call);
      return failLate(error, startedAt, call, claim, old);
    }
    if (goneSignal(args) !== undefined) tier.end(call);
    writeLate(receiver, args, result, startedAt, call, claim, since);
    return result;
  };
  /** Where everybody has left, nobody knows how the run would have ended: it leaves nothing, as in memory. */
  const goneSignal = (args: readonly unknown[]) =>
    readCaller(args, whole.byIdentity)?.signals.find(({ aborted }) => aborted);
  /** The same for a run that took its time: what was set, deleted, cleared or invalidated meanwhile wins. */
  const writeLate = (
    receiver: unknown,
    args: readonly unknown[],
    value: unknown,
    startedAt: number,
    call: StoredCall,
    fence: number,
    since: number,
  ): void => {
    if (tier.end(call)) writeResult(receiver, args, value, startedAt, call, fence, since);
    else tier.release(call, fence);
  };
  const failLate = (
    error: unknown,
    startedAt: number,
    call: StoredCall,
    fence: number,
    old: Found | undefined,
  ): unknown => {
    const isOver = tier.end(call) && !isRefusal(error);
    if (isOver && old === undefined) writeFailure(error, startedAt, call, fence, true);
    else tier.release(call, fence);
    if (isOver && old !== undefined) return rescue(whole, tier, call, old);
    throw error;
  };
  const writeResult = (
    receiver: unknown,
    args: readonly unknown[],
    value: unknown,
    startedAt: number,
    call: StoredCall,
    fence: number,
    /** When a run that took its time began. */
    since: number | undefined,
  ): void => {
    const runTime = now() - startedAt;
    let ttl: number;
    let tags: readonly string[];
    try {
      ttl = life.ttlOf(receiver, value, args);
      tags = life.tagsOf(receiver, value, args);
    } catch (error) {
      tier.release(call, fence);
      throw error;
    }
    const isPromised = since !== undefined;
    if (isPromised && isInvalidated(tags, since)) tier.release(call, fence);
    else tier.write(call, value, { ttl, runTime, tags, isFailure: false, isPromised }, fence);
    tier.handOver(call, ttl);
  };
  const writeFailure = (
    error: unknown,
    startedAt: number,
    call: StoredCall,
    fence: number,
    isPromised: boolean,
  ): void => {
    const { errorTtl: ttl } = life;
    const runTime = now() - startedAt;
    tier.write(call, error, { ttl, runTime, tags: [], isFailure: true, isPromised }, fence);
  };
  return function (this: unknown, ...args: unknown[]): unknown {
    const { isForced } = whole;
    whole.isForced = false;
    const wantsFresh = tier.rules.whileRevalidate > 0 && isRunRecursive(whole.memo);
    const named = tier.callOf(whole.memo, keyOfCall(whole.memo, this, args), args);
    const call = wantsFresh ? { ...named, wantsFresh } : named;
    const found = isForced ? undefined : tier.find(call);
    if (found !== undefined && tier.mayReturn(found, call)) {
      if (found.ttl <= 0) revalidateLater(whole.memo, this, args, call.key);
      return promised(whole, found, () => give(whole, tier, call, found));
    }
    // It has a value in hand, for the case that the run fails.
    const old = found !== undefined && tier.mayRescue(found) ? found : undefined;
    return (whole.isAsync ? runAsync : runSync)(this, args, call, old, isForced);
  };
}

/** What the store has, as a run would have given it; and it is counted as no run. */
function give(
  whole: Whole,
  tier: Tier,
  call: StoredCall,
  { isFailure, value, ttl }: Found,
): unknown {
  whole.runs--;
  tier.handOver(call, ttl);
  if (isFailure) throw value;
  return value;
}

/** A run has failed, and the store has an old result that may be returned in its place. */
function rescue(whole: Whole, tier: Tier, call: StoredCall, { value, ttl }: Found): unknown {
  whole.rescued++;
  tier.handOver(call, ttl);
  return value;
}

/** As the run would have given it: in a promise, where it gave one. */
function promised(whole: Whole, { isPromised }: Found, giveIt: () => unknown): unknown {
  return whole.isAsync || isPromised ? Promise.resolve().then(giveIt) : giveIt();
}

interface Platform {
  setTimeout(callback: () => void, milliseconds: number): unknown;
}

function later(milliseconds: number): Promise<void> {
  return new Promise((resolve) =>
    (globalThis as unknown as Platform).setTimeout(resolve, milliseconds),
  );
}
