/** Which versions of a function a store has, which of them is of the present code, and what has changed since the others. */
import { readFileSync } from "node:fs";
import { type Change, explain, type Fingerprint, transform } from "@rote/compiler";
import type { DiskView } from "rote/disk";
import { type Manifest, manifestsOf, readManifest, splitNamespace } from "rote/store";
import { plain, showSpan } from "../cache/text.ts";
import { showCount } from "../compare/statistics.ts";
import type { Colors } from "../terminal.ts";

/** The results of one version of a function. */
export interface StoredVersion {
  readonly namespace: string;
  readonly name: string;
  /** The option `version`, if it had one. */
  readonly version: string | null;
  readonly entries: number;
  /** When the last one was written, in epoch milliseconds. */
  readonly writtenAt: number;
  /** Whether they are of the present code; `null` if the store does not say. */
  readonly isPresent: boolean | null;
  /** What makes the difference to the present code; `null` if the store does not say. */
  readonly changes: readonly Change[] | null;
}

/** The versions that a store has of a function, the latest first. */
export function storedVersions(
  view: DiskView,
  names: ReadonlySet<string>,
  { digest, reached }: Fingerprint,
): StoredVersion[] {
  const manifests = new Map<string, Manifest>();
  for (const name of names)
    for (const listing of view.list(manifestsOf(name))) {
      const manifest = readManifest(view.read(listing));
      if (manifest !== undefined) manifests.set(manifest.namespace, manifest);
    }
  const found = new Map<string, StoredVersion>();
  for (const { namespace, writtenAt } of view.list()) {
    const { name, version } = splitNamespace(namespace);
    if (!names.has(name)) continue;
    const known = found.get(namespace);
    const manifest = manifests.get(namespace);
    const isPresent = manifest === undefined ? null : manifest.digest === digest;
    const before = isPresent === true ? undefined : manifest?.reached;
    found.set(namespace, {
      namespace,
      name,
      version: version ?? null,
      entries: (known?.entries ?? 0) + 1,
      writtenAt: Math.max(known?.writtenAt ?? 0, writtenAt),
      isPresent,
      changes: known?.changes ?? (before === undefined ? null : explain(before, reached)),
    });
  }
  return [...found.values()].sort((a, b) => b.writtenAt - a.writtenAt);
}

/** What a store may call a function: as the compiler does, and by its own name. */
export function storedNames(file: string, { reached }: Fingerprint): Set<string> {
  const own = reached[0]?.name ?? "";
  const names = new Set([own, own.slice(own.lastIndexOf(".") + 1)]);
  for (const { id } of transform(readFileSync(file, "utf8"), file)?.memoized ?? []) {
    const qualified = id.slice(id.lastIndexOf("#") + 1).replaceAll(".prototype.", ".");
    if (qualified === own) names.add(id);
  }
  return names;
}

/** The versions for people. */
export function sayVersions(
  path: string,
  versions: readonly StoredVersion[],
  now: number,
  { dim, green }: Colors,
): string[] {
  if (versions.length === 0) return ["", `Nothing of it is stored in ${plain(path)}.`];
  const lines = ["", `Stored in ${plain(path)}:`];
  for (const { namespace, name, version, entries, writtenAt, isPresent, changes } of versions) {
    const { digest = "" } = splitNamespace(namespace);
    const which = version === null ? `code ${digest.slice(0, 8)}` : `version ${version}`;
    const count = entries === 1 ? "one entry" : `${showCount(entries)} entries`;
    const mark = isPresent === true ? `  ${green("the present code")}` : "";
    const span = showSpan(now - writtenAt);
    const when = dim(`${count}, the last ${span === "now" ? "just now" : `${span} ago`}`);
    lines.push(`  ${plain(name)} ${plain(which)}  ${when}${mark}`);
    if (isPresent === true || version !== null) continue;
    if (changes === null) lines.push(`    ${dim("what it was made of is not stored")}`);
    else if (changes.length === 0) lines.push("    the code has changed");
    for (const { text } of changes ?? []) lines.push(`    ${plain(text)}`);
  }
  return lines;
}
