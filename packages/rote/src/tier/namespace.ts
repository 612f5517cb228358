/** What a namespace says of the function whose results are in it. */
export interface NamespaceParts {
  readonly name: string;
  /** The option `version`, if it had one. */
  readonly version: string | undefined;
  /** Otherwise the digest of its text and of what `dependsOn` listed, in lower-case hexadecimal. */
  readonly digest: string | undefined;
}

/**
 * Takes the namespace apart that a memoized function has in a store, for tools that show one. A namespace
 * of any other form is a name alone.
 *
 * @param namespace - As in `StoreListing`.
 *
 * @example
 * ```ts
 * import { memoize } from "rote";
 * import { defineStore, splitNamespace } from "rote/store";
 * import { memoryStore } from "rote/testing";
 *
 * const store = defineStore(memoryStore());
 * memoize((n: number) => n * n, { store, name: "square", version: "3" })(2); //=> 4
 * const [entry] = store.list();
 * splitNamespace(entry?.namespace ?? ""); //=> { name: "square", version: "3", digest: undefined }
 * ```
 */
export function splitNamespace(namespace: string): NamespaceParts {
  // A name may hold a slash as a version may; one with "/v:" in it is not told apart, and nothing but
  // what is shown depends on it.
  const match = /^(.*?)\/(?:v:(.*)|t:([\da-f]{64}))$/s.exec(namespace);
  if (match === null) return { name: namespace, version: undefined, digest: undefined };
  return { name: match[1] as string, version: match[2], digest: match[3] };
}
