import { memoize } from "rote";
import type { Memoized } from "rote";

/** Called as `namespace.counted(n)`, its receiver is the module namespace. */
export const counted: Memoized<(this: unknown, n: number) => string> = memoize(function (
  this: unknown,
  n: number,
) {
  return typeof this + n;
});
