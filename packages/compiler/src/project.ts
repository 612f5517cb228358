import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative, sep } from "node:path";
import { invalidOption } from "./invalid.ts";

/** The nearest package above a file, and what its package.json says in the field `rote`. */
export interface Project {
  readonly root: string;
  /** That of its directory, if it has none. */
  readonly name: string;
  readonly isNamed: boolean;
  /** Options for every marked function of the package. */
  readonly defaults: object | undefined;
  /** Although it is in node_modules, it has marked functions that nobody has read yet. */
  readonly isSource: boolean;
  /** What makes its memoized functions impure is a warning. */
  readonly notes: boolean;
}

const projects = new Map<string, Project | undefined>();

/**
 * @throws {RoteError} `ERR_INVALID_OPTION` for a field `rote` that is not understood.
 */
export function findProject(directory: string): Project | undefined {
  if (projects.has(directory)) return projects.get(directory);
  const manifest = join(directory, "package.json");
  const above = dirname(directory) === directory ? undefined : dirname(directory);
  let found = existsSync(manifest) ? readProject(manifest, directory) : undefined;
  // One without a name says of a folder what its files are, as in dist/esm, and is no package.
  if (found?.isNamed !== true && above !== undefined) {
    const outer = findProject(above);
    if (outer?.isNamed === true || found === undefined) found = outer;
  }
  projects.set(directory, found);
  return found;
}

function readProject(manifest: string, root: string): Project {
  const { name, rote } = readManifest(manifest);
  const settings = rote === undefined ? {} : readSettings(rote, manifest);
  const isNamed = typeof name === "string" && name !== "";
  return {
    root,
    name: isNamed ? name : basename(root),
    // Whoever has settings means to be the one that is asked.
    isNamed: isNamed || rote !== undefined,
    defaults: settings.defaults,
    isSource: settings.source === true,
    notes: settings.notes === true,
  };
}

function readManifest(manifest: string): { name?: unknown; rote?: unknown } {
  try {
    const content = JSON.parse(readFileSync(manifest, "utf8")) as object | null;
    return content ?? {};
  } catch {
    // Whoever needs the manifest will say what is wrong with it.
    return {};
  }
}

function readSettings(
  settings: unknown,
  manifest: string,
): { defaults?: object; source?: boolean; notes?: boolean } {
  const refuse = (option: string, value: unknown, rule: string): Error =>
    invalidOption(
      `${option} in ${manifest} ${rule}; received ${kindOf(value)}. Write it as "rote": { "defaults": { "maxEntries": 10000 } }.`,
      option,
      value,
    );
  if (!isObject(settings)) throw refuse("rote", settings, "must be an object");
  for (const [field, value] of Object.entries(settings)) {
    if (field === "defaults") {
      if (!isObject(value)) throw refuse("rote.defaults", value, "must be an object of options");
    } else if (field === "source" || field === "notes") {
      if (typeof value !== "boolean") throw refuse(`rote.${field}`, value, "must be true or false");
    } else throw refuse(`rote.${field}`, value, "is unknown: there are defaults, source and notes");
  }
  return settings;
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "an array" : `a ${typeof value}`;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const installed = /[\\/]node_modules[\\/]/;

/** Whether a file belongs to a package that was installed, and that does not ask to be read. */
export function isForeign(path: string): boolean {
  return installed.test(path) && findProject(dirname(path))?.isSource !== true;
}

/**
 * Where a file is, the same on every machine and from every directory: the name of its package, and
 * the path in it. With `root`, the path from there.
 */
export function locate(path: string, root: string | undefined): string {
  const project = root === undefined ? findProject(dirname(path)) : { root, name: "" };
  if (project === undefined) return basename(path);
  const inside = relative(project.root, path).split(sep).join("/");
  return project.name === "" ? inside : `${project.name}/${inside}`;
}
