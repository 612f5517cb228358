import type { Memo } from "../cache/memo.ts";
import type { Receivers } from "../cache/receivers.ts";
import type { Whole } from "../cache/whole.ts";
import { catchUp } from "../run/forget.ts";
import { isOff, runPlainly } from "../run/plain.ts";
import { stack } from "../run/stack.ts";
import { callAny } from "./any.ts";

/** Any call of a method: as `callAny`, with the cache of the receiver. */
export function callMethod(whole: Whole, receiver: unknown, args: readonly unknown[]): unknown {
  if (whole.memo.epoch !== stack.epoch && isOff()) return runPlainly(whole.memo, receiver, args);
  return callAny(memoOf(whole, receiver), receiver, args);
}

/** The cache of a receiver, up to date. */
export function memoOf(whole: Whole, receiver: unknown): Memo {
  catchUp(whole.memo);
  const own = (whole.receivers as Receivers).of(receiver);
  catchUp(own);
  return own;
}
