import { makeConfigurable } from "../configurable.ts";
import { decorateProperty } from "../decorate.ts";
import { memoizeMethod } from "../define.ts";
import { isMemoized } from "../memoized.ts";
import type { MarkedMeta } from "./memoize-marked.ts";

/**
 * Memoizes methods and getters that are marked with the directive `"use memoize"`, each per object: for the code that `@rote/compiler` writes.
 * People have `@memoize` and `memoizeMethods`.
 *
 * @param owner - What has them as its own properties: an object, a class for static ones, or its prototype.
 * @param members - Each name with what is known of the function.
 * @returns `owner`.
 * @throws {RoteError} As `memoizeMethods`.
 *
 * @example
 * ```ts
 * import { memoizeMembers } from "rote/compiled";
 *
 * let runs = 0;
 * const die = memoizeMembers(
 *   {
 *     throw() {
 *       return ++runs;
 *     },
 *   },
 *   [["throw", { id: "game/die.ts#die.throw", name: "throw" }]],
 * );
 * die.throw(); //=> 1
 * die.throw(); //=> 1
 * ```
 */
export function memoizeMembers<Owner extends object>(
  owner: Owner,
  members: readonly (readonly [name: string, meta: MarkedMeta])[],
): Owner {
  for (const [name, meta] of members) {
    const memoize: typeof memoizeMethod = (original, property, options) =>
      meta.isConfigurable === true
        ? makeConfigurable(original, options, true, (given) =>
            memoizeMethod(original, property, given, meta),
          )
        : memoizeMethod(original, property, options, meta);
    const descriptor = Object.getOwnPropertyDescriptor(owner, name);
    if (isMemoized(descriptor?.get ?? descriptor?.value)) continue;
    Object.defineProperty(owner, name, decorateProperty(name, descriptor, meta.options, memoize));
  }
  return owner;
}
