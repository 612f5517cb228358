import type { AnyFunction } from "../cache/memo.ts";
import type { Meta } from "../cache/meta.ts";
import { makeConfigurable } from "../configurable.ts";
import { memoizeFunction } from "../define.ts";
import { isMemoized } from "../memoized.ts";
import type { MemoizeOptions } from "../options.ts";

/** What `@rote/compiler` says of a function that is marked. */
export interface MarkedMeta extends Meta {
  /** The options of the whole project. */
  readonly options?: MemoizeOptions;
  /** Its own module calls `configureMemoized` for it. */
  readonly isConfigurable?: boolean;
  /** The name that JavaScript would have given it, had it been left in its place. */
  readonly inferredName?: string;
}

/**
 * What the directive `"use memoize"` becomes: for the code that `@rote/compiler` writes, not for that of people, who have `memoize`.
 *
 * @param fn - The marked function.
 * @param meta - See {@link MarkedMeta}.
 * @returns The memoized function.
 * @throws {RoteError} As `memoize`.
 *
 * @example
 * ```ts
 * import { memoizeMarked } from "rote/compiled";
 *
 * const half = memoizeMarked((n: number) => n / 2, { id: "shop/src/half.ts#half", name: "half" });
 * half(6); //=> 3
 * ```
 */
export function memoizeMarked<Fn extends AnyFunction>(fn: Fn, meta: MarkedMeta): Fn {
  // Two tools have read the directive.
  if (isMemoized(fn)) return fn;
  const { inferredName, options } = meta;
  if (inferredName !== undefined)
    Object.defineProperty(fn, "name", { value: inferredName, configurable: true });
  const make = (given: MemoizeOptions | undefined): AnyFunction => memoizeFunction(fn, given, meta);
  return (
    meta.isConfigurable === true ? makeConfigurable(fn, options, false, make) : make(options)
  ) as Fn;
}
