import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative, sep } from "node:path";

/** The nearest package above a file. */
interface Project {
  readonly root: string;
  readonly name: string;
}

const projects = new Map<string, Project | undefined>();

function findProject(directory: string): Project | undefined {
  if (projects.has(directory)) return projects.get(directory);
  const manifest = join(directory, "package.json");
  let found: Project | undefined;
  if (existsSync(manifest)) found = { root: directory, name: nameIn(manifest, directory) };
  else if (dirname(directory) !== directory) found = findProject(dirname(directory));
  projects.set(directory, found);
  return found;
}

function nameIn(manifest: string, directory: string): string {
  try {
    const { name } = JSON.parse(readFileSync(manifest, "utf8")) as { name?: unknown };
    if (typeof name === "string" && name !== "") return name;
  } catch {
    // Whoever needs the manifest will say what is wrong with it.
  }
  return basename(directory);
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
