import type { Memo } from "../cache/memo.ts";
import { canOwn } from "../cache/receivers.ts";
import type { Whole } from "../cache/whole.ts";
import { warnOnce } from "../development.ts";
import { catchUp } from "../run/forget.ts";
import { isOff, runPlainly } from "../run/plain.ts";
import { currentCaches } from "../run/scope.ts";
import { stack } from "../run/stack.ts";
import { callAny, newError, type Wrapper } from "./any.ts";

/** The call path of functions whose results live as long as a scope. */
export function wrapScoped(whole: Whole): Wrapper {
  return function (this: unknown, ...args: unknown[]): unknown {
    if (new.target !== undefined) throw newError(whole.memo);
    if (whole.memo.epoch !== stack.epoch && isOff()) return runPlainly(whole.memo, this, args);
    const memo = scopedMemo(whole);
    if (memo !== undefined) {
      if (canOwn(this)) whole.meet(this);
      return callAny(memo, this, args);
    }
    warnOnce(
      "ROTE_NO_SCOPE",
      `"${whole.name}" remembers results for the time of a request, and was called outside of every one, or after it had ended: nothing was kept. ` +
        'Handle each request inside runInScope(() => …) of "rote/scope", or leave out scope: "request".',
    );
    return runPlainly(whole.memo, this, args);
  };
}

/** The cache of the current scope, made if there is none; `undefined` outside of every scope. */
export function scopedMemo(whole: Whole): Memo | undefined {
  const caches = currentCaches();
  if (caches === null) return undefined;
  let memo = caches.get(whole);
  if (memo === undefined) caches.set(whole, (memo = whole.makeMemo()));
  catchUp(memo);
  return memo;
}
