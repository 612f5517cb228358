import { attachStore } from "../attach-store.ts";
import { RoteError } from "../errors.ts";
import { show } from "../options.ts";
import { provideStores } from "../store-option.ts";
import type { Store } from "../tier/store.ts";

const methods = [
  "read",
  "write",
  "discard",
  "remove",
  "clear",
  "invalidateTag",
  "revision",
  "claim",
  "release",
  "list",
  "flush",
  "close",
] as const satisfies readonly (keyof Store)[];

/**
 * Tells rote of a store of your own, which can then be passed to `memoize` as the option `store`. It
 * is the very object that was given; `storeConformance` of `rote/testing` shows whether it keeps its promises.
 *
 * @param store - See `Store`.
 * @throws {RoteError} `ERR_INVALID_ARGUMENT` if it lacks a method.
 *
 * @example
 * ```ts
 * import { memoize } from "rote";
 * import { defineStore } from "rote/store";
 * import { memoryStore } from "rote/testing";
 *
 * const store = defineStore(memoryStore());
 * const options = { store, name: "square", version: "1" };
 * memoize((n: number) => n * n, options)(3); //=> 9
 * const again = memoize((n: number) => n * n, options);
 * again(3); //=> 9
 * again.cache.stats().runs; //=> 0
 * ```
 */
export function defineStore<Own extends Store>(store: Own): Own {
  const lacking = methods.find(
    (method) => typeof (store as Partial<Store> | null | undefined)?.[method] !== "function",
  );
  if (lacking !== undefined || typeof store.isAsync !== "boolean") {
    throw new RoteError(
      "ERR_INVALID_ARGUMENT",
      typeof store !== "object" || store === null
        ? `defineStore takes a store; received ${show(store)}. See Store of "rote/store" for its methods.`
        : `defineStore takes a store, and this one has no ${lacking ?? "isAsync, which says whether its methods return promises"}. See Store of "rote/store" for what it has to do.`,
      { value: store },
    );
  }
  provideStores(attachStore);
  return store;
}
