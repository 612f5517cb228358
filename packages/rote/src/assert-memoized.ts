import type { Callable } from "./cache/memo.ts";
import { RoteError } from "./errors.ts";
import { isMemoized, type Memoized } from "./memoized.ts";
import { show } from "./options.ts";

/**
 * Throws unless `fn` is memoized. A directive `"use memoize"` that no tool has read does nothing, and
 * says nothing: this does.
 *
 * @param fn - The function that is marked.
 * @returns `fn`, with its cache in its type.
 * @throws {RoteError} `ERR_NOT_MEMOIZED`.
 *
 * @example
 * ```ts
 * import { assertMemoized, memoize } from "rote";
 *
 * assertMemoized(memoize(Math.sqrt)).cache.size; //=> 0
 * assertMemoized(Math.sqrt); //=> throws ERR_NOT_MEMOIZED
 * ```
 */
export function assertMemoized<Fn extends Callable>(fn: Fn): Memoized<Fn> {
  if (!isMemoized(fn)) throw notCompiled("assertMemoized", fn);
  return fn as unknown as Memoized<Fn>;
}

/** The error for a function that a compiler should have memoized. */
export function notCompiled(caller: string, value: unknown): RoteError {
  const shown =
    typeof value === "function" && value.name !== "" ? `the function "${value.name}"` : show(value);
  return new RoteError(
    "ERR_NOT_MEMOIZED",
    `${caller} takes a memoized function; received ${shown}, which is not. ` +
      'A directive "use memoize" needs @rote/compiler: start Node with --import @rote/compiler/register, or use the plugin of your bundler. ' +
      "Called from an import cycle, before its module has run, a marked function is not memoized yet.",
    { value },
  );
}
