/**
 * Manifests: what a fingerprint was made of, kept beside the results so that somebody can say later what has changed.
 * Format: docs/design/0017-fingerprints.md, "Manifests"; change both together.
 *
 * 1. A manifest is an entry like any other, in a namespace that no function can have. It may be evicted or cleared.
 * 2. It is written once, after the first result of a process, and read by nobody but who explains.
 * 3. Whatever goes wrong with one is nothing: no call fails, and nothing is counted.
 */
import type { Revision } from "../cache/meta.ts";
import type { Reached } from "../cache/reached.ts";
import { deserialise } from "./clone.ts";
import { DIGITS } from "./compare-reached.ts";
import { sha256 } from "./digest.ts";
import { read } from "./envelope.ts";
import type { StoreAddress } from "./store.ts";
import { packResult } from "./stored.ts";

/** What a store has of one revision of a function. */
export interface Manifest {
  /** Where its results are. */
  readonly namespace: string;
  /** Its fingerprint. */
  readonly digest: string;
  /** What it could reach; `undefined` where nobody knew. */
  readonly reached: readonly Reached[] | undefined;
}

/** A list of {@link Reached} with each file once, and digests as far as they tell apart. */
export interface PackedReached {
  readonly files: readonly string[];
  readonly reached: readonly (readonly [
    kind: number,
    name: string,
    file: number,
    line: number,
    column: number,
    digest: string,
    uses: string,
  ])[];
}

const FORMAT = 1;
const PREFIX = "manifest:";
/** By their numbers in the format: new ones are added at the end. */
const KINDS: readonly Reached["kind"][] = [
  "function",
  "declaration",
  "statement",
  "module",
  "package",
  "data",
];
/** A function that reaches more is kept without the list. */
const MOST = 10_000;
/** Bytes of a call with one text of 64 characters: docs/design/0012-canonical-arguments.md. */
const ONE_TEXT = [1, 1, 0x0a, 64];

/** The namespace of the manifests of a function. Those of functions have `/v:` in them, or end in `/t:` and a digest. */
export function manifestsOf(name: string): string {
  return PREFIX + sha256(name);
}

/**
 * Whether what is in a namespace says how results came about, and is no result: for tools that list functions.
 *
 * @param namespace - As in `StoreListing`.
 *
 * @example
 * ```ts
 * import { isManifest } from "rote/store";
 *
 * isManifest("render/v:3"); //=> false
 * ```
 */
export function isManifest(namespace: string): boolean {
  return namespace.startsWith(PREFIX) && namespace.length === PREFIX.length + 64;
}

function bytesOf(namespace: string): Uint8Array {
  const text = sha256(namespace);
  return Uint8Array.from([...ONE_TEXT, ...Array.from(text, (each) => each.charCodeAt(0))]);
}

/** Where the manifest is of the results in a namespace. */
export function manifestAddress(name: string, namespace: string): StoreAddress {
  return { namespace: manifestsOf(name), digest: sha256(bytesOf(namespace)) };
}

/** The manifest of the results in a namespace as bytes of an entry. */
export function packManifest(
  namespace: string,
  { digest, reached }: Revision,
  createdAt: number,
  runTime: number,
): Uint8Array {
  const list: Partial<PackedReached> | undefined =
    typeof reached === "function" ? packReached(reached()) : reached;
  const size = list?.reached?.length ?? 0;
  return packResult(
    { manifest: FORMAT, namespace, digest, reached: size > MOST ? undefined : list },
    { createdAt, expiresAt: Infinity, runTime, tags: [], argumentBytes: bytesOf(namespace) },
  );
}

/** Reads the bytes of a manifest; `undefined` if they are none, or damaged, or of a format that is not known. */
export function readManifest(bytes: Uint8Array | undefined): Manifest | undefined {
  const envelope = bytes === undefined ? "foreign" : read(bytes);
  const found = typeof envelope === "string" ? envelope : deserialise(envelope);
  if (typeof found === "string") return undefined;
  const { manifest, namespace, digest, reached } = (found.value ?? {}) as Record<string, unknown>;
  if (manifest !== FORMAT || typeof namespace !== "string" || typeof digest !== "string")
    return undefined;
  return { namespace, digest, reached: unpackReached(reached) };
}

/** What a function reaches, as it is written into the output of a build and into stores. */
export function packReached(reached: readonly Reached[]): PackedReached {
  const files = [...new Set(reached.flatMap(({ file }) => file ?? []))];
  return {
    files,
    reached: reached.map(({ kind, name, file, line, column, digest, uses }) => [
      KINDS.indexOf(kind),
      name,
      file === undefined ? -1 : files.indexOf(file),
      line ?? 0,
      column ?? 0,
      digest.slice(0, DIGITS),
      uses.slice(0, DIGITS),
    ]),
  };
}

/** The list again; `undefined` for anything that is none. */
export function unpackReached(packed: unknown): Reached[] | undefined {
  const { files, reached } = (packed ?? {}) as { files?: unknown; reached?: unknown };
  if (!Array.isArray(files) || !Array.isArray(reached)) return undefined;
  const all: Reached[] = [];
  for (const each of reached as unknown[]) {
    if (!Array.isArray(each)) return undefined;
    const [kind, name, file, line, column, digest, uses] = each as unknown[];
    const known = KINDS[kind as number];
    if (known === undefined || [name, digest, uses].some((text) => typeof text !== "string"))
      return undefined;
    all.push({
      kind: known,
      name: name as string,
      file: typeof file === "number" ? (files[file] as string | undefined) : undefined,
      line: typeof line === "number" && line > 0 ? line : undefined,
      column: typeof column === "number" && column > 0 ? column : undefined,
      digest: digest as string,
      uses: uses as string,
    });
  }
  return all;
}

/** What a revision reaches, whichever way that is known. */
export function reachedOf(revision: Revision | undefined): readonly Reached[] | undefined {
  const reached = revision?.reached;
  return typeof reached === "function" ? reached() : unpackReached(reached);
}
