import { invalidate } from "./cache/tags.ts";
import { warnOnce } from "./development.ts";
import { RoteError } from "./errors.ts";
import { show } from "./options.ts";
import { outside } from "./run/stack.ts";
import { findStores } from "./store-option.ts";

/**
 * Lets every result be gone that has this tag, by the option `tags`: of every function, receiver and
 * request, in memory and in the stores in use.
 *
 * What a promise brings that is pending meanwhile is not kept. A synchronous run that invalidates a tag
 * of its own result keeps it.
 *
 * In memory it takes no time in proportion: results go when they are next asked for, or swept. Other
 * processes that use the same store see it within a second. A store that fails is left out.
 *
 * @param tag - One tag, exactly.
 * @throws {RoteError} `ERR_INVALID_ARGUMENT` for what is no text.
 *
 * @example
 * ```ts
 * import { invalidateTag, memoize } from "rote";
 *
 * let runs = 0;
 * const page = memoize((user: string, n: number) => `${user} ${n} ${++runs}`, {
 *   tags: (_page, user) => [`user:${user}`],
 * });
 * page("ada", 1); //=> "ada 1 1"
 * page("bob", 1); //=> "bob 1 2"
 * invalidateTag("user:ada");
 * page("ada", 1); //=> "ada 1 3"
 * page("bob", 1); //=> "bob 1 2"
 * ```
 */
export function invalidateTag(tag: string): void {
  if (typeof tag !== "string") {
    throw new RoteError(
      "ERR_INVALID_ARGUMENT",
      `invalidateTag takes one tag, a text; received ${show(tag)}. For several, call it for each.`,
      { value: tag },
    );
  }
  invalidate(tag);
  for (const store of findStores()) {
    try {
      outside(() => store.invalidateTag(tag));
    } catch {
      warnOnce(
        "ROTE_STORE",
        "A store has failed to invalidate a tag: what it keeps with it may still be returned. Invalidate it again when the store works.",
      );
    }
  }
}
