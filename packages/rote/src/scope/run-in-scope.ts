import { RoteError } from "../errors.ts";
import { isThenable } from "../run/thenable.ts";
import { show } from "../options.ts";
import { findScopesWith, Scope } from "../run/scope.ts";
import { outside, stack } from "../run/stack.ts";

/** What rote needs of AsyncLocalStorage. */
interface Storage {
  run<Result>(scope: Scope, callback: () => Result): Result;
  getStore(): Scope | undefined;
}

interface Platform {
  process?: {
    getBuiltinModule?: (name: string) => { AsyncLocalStorage: new () => Storage } | undefined;
  };
}

let storage: Storage | undefined;

function openStorage(): Storage {
  if (storage !== undefined) return storage;
  // Not an import, which bundlers for browsers would have to be told about.
  const hooks = (globalThis as Platform).process?.getBuiltinModule?.("node:async_hooks");
  if (hooks === undefined) {
    throw new RoteError(
      "ERR_UNSUPPORTED",
      "runInScope needs AsyncLocalStorage of node:async_hooks, which this platform does not have: Node 20.16 or newer has it. Memoize what belongs to one request inside the function that handles it.",
    );
  }
  const opened = new hooks.AsyncLocalStorage();
  findScopesWith(() => opened.getStore());
  return (storage = opened);
}

/**
 * Runs `handle` in a scope of its own: what functions with `scope: "request"` remember in it, also
 * in everything asynchronous that it starts, is there for this scope alone and is dropped when it
 * ends.
 *
 * A scope ends when `handle` returns or throws, or when the promise that it returns settles. Code
 * that goes on in it afterwards runs such functions plainly. A scope inside another one sees nothing of that,
 * and when it has ended, the outer one is as before. One whose promise never settles holds
 * nothing that its own code does not hold. Scopes that run at the same time do not meet.
 *
 * @param handle - What handles a request.
 * @returns What `handle` returns; instead of a promise, another that settles as it does, once the
 * scope has ended.
 * @throws {RoteError} `ERR_INVALID_ARGUMENT` for what is no function, `ERR_UNSUPPORTED` where there is no
 * AsyncLocalStorage, in browsers for instance; and whatever `handle` throws.
 *
 * @example
 * ```ts
 * import { memoize } from "rote";
 * import { runInScope } from "rote/scope";
 *
 * let queries = 0;
 * const loadUser = memoize(
 *   async (id: string) => {
 *     queries++;
 *     return { id };
 *   },
 *   { scope: "request" },
 * );
 * const handle = async (): Promise<boolean> => (await loadUser("a")) === (await loadUser("a"));
 *
 * await runInScope(handle); //=> true
 * await runInScope(handle); //=> true
 * queries; //=> 2
 * ```
 */
export function runInScope<Result>(handle: () => Result): Result {
  if (typeof handle !== "function") {
    throw new RoteError(
      "ERR_INVALID_ARGUMENT",
      `runInScope takes a function that handles a request; received ${show(handle)}. Write runInScope(() => handle(request)).`,
      { value: handle },
    );
  }
  const scope = new Scope();
  let isPending = false;
  const run = (): Result => {
    const result = handle();
    if (!isThenable(result)) return result;
    // Inside, because some begin their work when `then` is called. Not `finally`, of which some
    // promises know nothing.
    const settled = Promise.resolve(result).then(
      (value) => {
        scope.caches = null;
        return value;
      },
      (error: unknown) => {
        scope.caches = null;
        throw error;
      },
    );
    isPending = true;
    return settled as Result;
  };
  try {
    const open = openStorage();
    // What a scope keeps ends with it, so a run in it that was repeated from outside of it would find nothing.
    return stack.segment === null ? open.run(scope, run) : outside(() => open.run(scope, run));
  } finally {
    if (!isPending) scope.caches = null;
  }
}
