import { RoteError } from "../errors.ts";
import { show } from "../options.ts";
import type { Store } from "../tier/store.ts";
import { cases } from "./cases.ts";

/** A store that a case may do anything to. */
export interface OpenedStore {
  readonly store: Store;
  /** Another handle on the same entries, as another process has it. */
  again(): Store | Promise<Store>;
  /** Called when the case is over, whether it has failed or not; handles may have been closed. */
  end?(): void | Promise<void>;
}

/** How {@link storeConformance} runs. */
export interface ConformanceOptions {
  /**
   * Registers a test: that of `node:test`, of Vitest or of Jest.
   * @defaultValue the global `test`
   */
  test?: (name: string, run: () => Promise<void>) => unknown;
  /** Cases that are left out, by name, and for each a sentence that says why. */
  skip?: { readonly [name: string]: string };
}

/**
 * Registers a test for each promise that a store makes: what is written is read, names keep apart,
 * tags and namespaces remove what they should and nothing else, one holder of a claim at a time, late
 * writes refused. A store that passes can be given to `memoize`.
 *
 * @param name - What the tests are called.
 * @param open - Opens an empty store, anew for each case.
 * @param options - See {@link ConformanceOptions}.
 * @throws {RoteError} `ERR_INVALID_ARGUMENT` if there is no `test`, or a case to skip that does not exist or
 * has no reason.
 *
 * @example
 * ```ts
 * import { memoryStore, storeConformance } from "rote/testing";
 *
 * const names: string[] = [];
 * storeConformance(
 *   "memoryStore",
 *   () => {
 *     const store = memoryStore();
 *     return { store, again: () => store.again() };
 *   },
 *   { test: (name) => names.push(name) },
 * );
 * names[0]; //=> "memoryStore: nothing is read where nothing was written"
 * ```
 */
export function storeConformance(
  name: string,
  open: () => OpenedStore | Promise<OpenedStore>,
  options: ConformanceOptions = {},
): void {
  const { skip = {} } = options;
  const test = options.test ?? (globalThis as { test?: ConformanceOptions["test"] }).test;
  if (typeof test !== "function") {
    throw new RoteError(
      "ERR_INVALID_ARGUMENT",
      `storeConformance takes a function that registers a test as options.test where there is no global one; received ${show(test)}. Pass test from "node:test" or from "vitest".`,
    );
  }
  for (const [skipped, reason] of Object.entries(skip)) {
    if (Object.hasOwn(cases, skipped) && typeof reason === "string" && reason !== "") continue;
    throw new RoteError(
      "ERR_INVALID_ARGUMENT",
      Object.hasOwn(cases, skipped)
        ? `skip has to say why "${skipped}" is left out; received ${show(reason)}. Write a sentence.`
        : `skip names "${skipped}", which is no case. The cases are: ${Object.keys(cases).join("; ")}.`,
    );
  }
  for (const [sentence, run] of Object.entries(cases)) {
    if (Object.hasOwn(skip, sentence)) continue;
    test(`${name}: ${sentence}`, async () => {
      const opened = await open();
      const others: Store[] = [];
      try {
        await run(opened.store, async () => {
          const other = await opened.again();
          others.push(other);
          return other;
        });
      } finally {
        for (const each of [opened.store, ...others]) await each.close();
        await opened.end?.();
      }
    });
  }
}
