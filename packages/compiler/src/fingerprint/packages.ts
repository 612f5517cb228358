import { createHash } from "node:crypto";
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";

/** A package that is not part of the sources, with all that it depends on. */
export interface PackageInfo {
  readonly name: string;
  readonly version: string;
  /** Names, versions and contents of all packages that it may load. */
  readonly digest: string;
  /** The path of a lockfile that is there, but is not read: the versions are those installed. */
  readonly unread: string | undefined;
}

interface LockEntry {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly dependencies?: Record<string, string>;
  readonly optionalDependencies?: Record<string, string>;
  readonly peerDependencies?: Record<string, string>;
}

interface Lock {
  readonly directory: string;
  readonly entries: Readonly<Record<string, LockEntry>> | undefined;
  readonly unread: string | undefined;
}

/** A package as a list of what it needs, wherever that was read. */
interface Found {
  readonly key: string;
  readonly label: string;
  readonly needs: readonly string[];
}

/** Of npm, the first of these counts. */
const READ = ["npm-shrinkwrap.json", "package-lock.json"];
/** Of others. Their formats change with each major version, and what is installed says the same. */
const UNREAD = ["pnpm-lock.yaml", "yarn.lock", "bun.lock", "bun.lockb"];

/** Knows packages by what lockfiles say of them, or else by what is installed. */
export class Packages {
  private readonly known = new Map<string, PackageInfo>();
  private readonly locks = new Map<string, Lock>();

  /** The directory of the package that a file is part of, if it is installed as one. */
  static rootOf(file: string): string | undefined {
    const match = /^(.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+)[\\/]/.exec(file);
    return match?.[1];
  }

  clear(): void {
    this.known.clear();
    this.locks.clear();
  }

  describe(root: string): PackageInfo {
    const known = this.known.get(root);
    if (known !== undefined) return known;
    const manifest = readJson(join(root, "package.json")) as { name?: string; version?: string };
    const lock = this.lockFor(root);
    const key = relative(lock.directory, root).split(sep).join("/");
    const isLocked = lock.entries?.[key] !== undefined;
    const find = isLocked
      ? (at: string) => findLocked(lock.entries ?? {}, at)
      : (at: string) => findInstalled(at);
    const info: PackageInfo = {
      name: manifest.name ?? key,
      version: manifest.version ?? "0.0.0",
      digest: digestClosure(isLocked ? key : root, find),
      unread: isLocked ? undefined : lock.unread,
    };
    this.known.set(root, info);
    return info;
  }

  /** The lockfile that is nearest above the outermost `node_modules`. */
  private lockFor(root: string): Lock {
    const start = root.slice(0, root.search(/[\\/]node_modules[\\/]/)) || sep;
    const known = this.locks.get(start);
    if (known !== undefined) return known;
    let lock: Lock = { directory: start, entries: undefined, unread: undefined };
    for (let at = start; ; at = dirname(at)) {
      const paths = (names: readonly string[]): string | undefined =>
        names.map((name) => join(at, name)).find((path) => existsSync(path));
      const path = paths(READ) ?? paths(UNREAD);
      if (path !== undefined) {
        const { packages } = readJson(path) as { packages?: Record<string, LockEntry> };
        // Those of npm 6 have no packages, others are no JSON.
        lock = {
          directory: at,
          entries: packages,
          unread: packages === undefined ? path : undefined,
        };
        break;
      }
      if (dirname(at) === at) break;
    }
    this.locks.set(start, lock);
    return lock;
  }
}

function readJson(path: string): object {
  try {
    const value: unknown = JSON.parse(readFileSync(path, "utf8"));
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}

/** All that can be reached, each with what it needs, so that it also counts who gets which version. */
function digestClosure(root: string, find: (key: string) => Found | undefined): string {
  const lines = new Map<string, string>();
  const labels = new Map<string, Found | undefined>();
  const look = (key: string): Found | undefined => {
    if (!labels.has(key)) labels.set(key, find(key));
    return labels.get(key);
  };
  const queue = [root];
  for (const key of queue) {
    if (lines.has(key)) continue;
    const found = look(key);
    if (found === undefined) continue;
    const needs = found.needs.map((need) => look(need)?.label ?? "").sort();
    lines.set(key, `${found.label} ${needs.join(" ")}`);
    queue.push(...found.needs);
  }
  const [first = "", ...rest] = lines.values();
  const text = [first, ...[...new Set(rest)].sort()].join("\n");
  return createHash("sha256").update(text).digest("hex");
}

function findLocked(entries: Readonly<Record<string, LockEntry>>, key: string): Found | undefined {
  const entry = entries[key];
  if (entry === undefined) return undefined;
  if (entry.link === true && entry.resolved !== undefined)
    return findLocked(entries, entry.resolved);
  const names = Object.keys({
    ...entry.dependencies,
    ...entry.optionalDependencies,
    ...entry.peerDependencies,
  });
  const needs = names.flatMap((name) => {
    for (let at = key; ; at = parentOf(at)) {
      const candidate = `${at === "" ? "" : `${at}/`}node_modules/${name}`;
      if (entries[candidate] !== undefined) return [candidate];
      if (at === "") return [];
    }
  });
  const name = key.slice(key.lastIndexOf("node_modules/") + "node_modules/".length);
  const label = `${name}@${entry.version ?? ""}:${entry.integrity ?? entry.resolved ?? ""}`;
  return { key, label, needs };
}

function parentOf(key: string): string {
  return key.slice(0, Math.max(0, key.lastIndexOf("/")));
}

function findInstalled(directory: string): Found | undefined {
  const manifest = readJson(join(directory, "package.json")) as LockEntry & { name?: string };
  if (manifest.version === undefined) return undefined;
  const names = Object.keys({
    ...manifest.dependencies,
    ...manifest.optionalDependencies,
    ...manifest.peerDependencies,
  });
  const needs = names.flatMap((name) => {
    for (let at = directory; dirname(at) !== at; at = dirname(at)) {
      const candidate = join(at, "node_modules", name);
      // Who loads it from there looks for what it needs beside its real place: pnpm links everything.
      if (existsSync(join(candidate, "package.json"))) return [realpathSync(candidate)];
    }
    return [];
  });
  return { key: directory, label: `${manifest.name ?? ""}@${manifest.version}`, needs };
}
