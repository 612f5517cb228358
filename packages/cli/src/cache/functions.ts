/** `rote cache ls` and `rote cache stats`: what a store holds, added up. */
import type { DiskListing, DiskView } from "rote/disk";
import { isManifest, splitNamespace } from "rote/store";
import { showBytes } from "../bytes.ts";
import { showCount, showMs } from "../compare/statistics.ts";
import type { Colors } from "../terminal.ts";
import { describeNamespace, document } from "./json.ts";
import { plain, showSpan, table } from "./text.ts";

/** The sums of some entries. */
class Sums {
  entries = 0;
  expired = 0;
  bytes = 0;
  /** What the runs took that made them, in milliseconds: every hit saves that of its entry. */
  runTime = 0;
  oldest: number = Infinity;
  newest: number = -Infinity;
  lastUsed: number = -Infinity;

  add({ size, runTime, writtenAt, expiresAt, usedAt }: DiskListing, now: number): void {
    this.entries++;
    if (expiresAt <= now) this.expired++;
    this.bytes += size;
    this.runTime += runTime;
    this.oldest = Math.min(this.oldest, writtenAt);
    this.newest = Math.max(this.newest, writtenAt);
    this.lastUsed = Math.max(this.lastUsed, usedAt);
  }

  toJson(): object {
    const isEmpty = this.entries === 0;
    return {
      entries: this.entries,
      expired: this.expired,
      bytes: this.bytes,
      runTimeMs: this.runTime,
      oldestAt: isEmpty ? null : this.oldest,
      newestAt: isEmpty ? null : this.newest,
      lastUsedAt: isEmpty ? null : this.lastUsed,
    };
  }
}

interface Contents {
  readonly total: Sums;
  readonly byNamespace: ReadonlyMap<string, Sums>;
}

function addUp(view: DiskView, now: number): Contents {
  const total = new Sums();
  const byNamespace = new Map<string, Sums>();
  for (const listing of view.list()) {
    if (isManifest(listing.namespace)) continue;
    let sums = byNamespace.get(listing.namespace);
    if (sums === undefined) byNamespace.set(listing.namespace, (sums = new Sums()));
    sums.add(listing, now);
    total.add(listing, now);
  }
  return { total, byNamespace };
}

/** The functions of a store, those first whose runs took longest. */
export function list(view: DiskView, now: number, isJson: boolean, colors: Colors): string {
  const { byNamespace } = addUp(view, now);
  const functions = [...byNamespace].sort(([, a], [, b]) => b.runTime - a.runTime);
  if (isJson) {
    return document(view.path, {
      functions: functions.map(([namespace, sums]) => ({
        ...describeNamespace(namespace),
        ...sums.toJson(),
      })),
    });
  }
  if (functions.length === 0) return `\n  Nothing is stored in ${plain(view.path)}.\n\n`;
  const rows = functions.map(([namespace, sums]) => [
    ...showNamespace(namespace),
    showCount(sums.entries),
    showBytes(sums.bytes),
    showMs(sums.runTime),
    showSpan(now - sums.oldest),
    showSpan(now - sums.newest),
    showSpan(now - sums.lastUsed),
  ]);
  const titles = [
    "function",
    "version",
    "entries",
    "bytes",
    "run time",
    "oldest",
    "newest",
    "used",
  ];
  const lines = [
    "",
    ...table(titles, rows, colors, ["version"]),
    "",
    `  ${colors.dim(plain(view.path))}`,
  ];
  return `${lines.join("\n")}\n`;
}

/** A name, and its version or, shortened, the digest of its text. */
export function showNamespace(namespace: string): [name: string, version: string] {
  const { name, version, digest } = splitNamespace(namespace);
  const shown = version ?? (digest === undefined ? "" : `text ${digest.slice(0, 8)}`);
  return [plain(name), plain(shown)];
}

/** The store as a whole. */
export function stats(
  view: DiskView,
  fileBytes: number,
  now: number,
  isJson: boolean,
  colors: Colors,
): string {
  const { total, byNamespace } = addUp(view, now);
  const names = new Set([...byNamespace.keys()].map((each) => splitNamespace(each).name));
  if (isJson) {
    return document(view.path, {
      functions: names.size,
      namespaces: byNamespace.size,
      ...total.toJson(),
      fileBytes,
    });
  }
  const isEmpty = total.entries === 0;
  const facts: readonly (readonly [string, string])[] = [
    ["functions", `${showCount(names.size)}, in ${showCount(byNamespace.size)} versions`],
    ["entries", `${showCount(total.entries)}, ${showCount(total.expired)} of them expired`],
    ["bytes", `${showBytes(total.bytes)} in a file of ${showBytes(fileBytes)}`],
    ["run time", `${showMs(total.runTime)} to make them all again`],
    ["oldest", isEmpty ? "—" : showSpan(now - total.oldest)],
    ["newest", isEmpty ? "—" : showSpan(now - total.newest)],
    ["used", isEmpty ? "—" : showSpan(now - total.lastUsed)],
  ];
  const lines = facts.map(([name, text]) => `  ${colors.dim(name.padEnd(9))}   ${text}`);
  return `\n${lines.join("\n")}\n\n  ${colors.dim(plain(view.path))}\n`;
}
