/**
 * The shape of the packages and the direction of their imports:
 *
 * 1. `exports` names every subpath: no wildcard, `types` before `default`, each file there, `./package.json` among them.
 * 2. In packages/rote/src the folders are the steps of a call. A file imports its own step and
 *    earlier ones (key ← cache ← run ← tier ← call), never a later one; files at the top may import any step.
 * 3. The core imports no subpath, and nothing but itself: no dependency, no `node:`.
 * 4. A subpath imports the core and itself. Those that run everywhere import nothing else, no `node:` either.
 * 5. cli uses the public surface of rote alone.
 */
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";

import { parseSync } from "vite";

const root = fileURLToPath(new URL("..", import.meta.url));
const steps = ["key", "cache", "run", "tier", "call"];
const everywhere = ["compiled", "disk", "metrics", "scope"];
const problems = [];

function checkExports(directory) {
  const manifest = JSON.parse(readFileSync(join(root, directory, "package.json"), "utf8"));
  const where = `${directory}/package.json`;
  const exports = manifest.exports ?? {};
  if (exports["./package.json"] !== "./package.json") {
    problems.push(`${where}: exports lacks "./package.json"`);
  }
  const files = Object.values(manifest.bin ?? {});
  for (const [subpath, target] of Object.entries(exports)) {
    if (subpath.includes("*")) problems.push(`${where}: "${subpath}" is a wildcard`);
    if (subpath === "./package.json") continue;
    const conditions = Object.keys(target);
    if (conditions[0] !== "types" || conditions.at(-1) !== "default") {
      problems.push(`${where}: "${subpath}" must list "types" first and "default" last`);
    }
    files.push(...Object.values(target));
  }
  for (const file of files) {
    if (!existsSync(join(root, directory, file))) {
      problems.push(`${where}: ${file} does not exist after the build`);
    }
  }
}

/** Every module a file names in import or export declarations, type-only ones included, and in import(). */
function importsOf(path) {
  const found = parseSync(path, readFileSync(path, "utf8")).module;
  const dynamic = found.dynamicImports.map(({ moduleRequest }) =>
    readFileSync(path, "utf8").slice(moduleRequest.start + 1, moduleRequest.end - 1),
  );
  const reexported = found.staticExports
    .flatMap(({ entries }) => entries)
    .flatMap(({ moduleRequest }) => (moduleRequest ? [moduleRequest.value] : []));
  return new Set([
    ...found.staticImports.map(({ moduleRequest }) => moduleRequest.value),
    ...reexported,
    ...dynamic,
  ]);
}

function sourcesIn(directory) {
  return globSync("**/*.ts", { cwd: join(root, directory) })
    .filter((path) => !/\.test(-d)?\.ts$/.test(path) && !path.includes(`fixtures${sep}`))
    .map((path) => join(root, directory, path));
}

function checkCore() {
  const source = join(root, "packages/rote/src");
  const folderOf = (path) => {
    const inside = relative(source, path);
    return inside.includes(sep) ? inside.split(sep)[0] : "";
  };
  for (const path of sourcesIn("packages/rote/src")) {
    const folder = folderOf(path);
    const isSubpath = folder !== "" && !steps.includes(folder);
    const where = relative(root, path);
    for (const specifier of importsOf(path)) {
      if (!specifier.startsWith(".")) {
        if (!isSubpath) problems.push(`${where}: the core may not import "${specifier}"`);
        else if (everywhere.includes(folder))
          problems.push(`${where}: "${folder}" runs everywhere and may not import "${specifier}"`);
        continue;
      }
      const target = resolve(dirname(path), specifier);
      const targetFolder = folderOf(target);
      if (!existsSync(target)) problems.push(`${where}: ${specifier} does not exist`);
      if (targetFolder === folder) continue;
      if (isSubpath) {
        if (targetFolder !== "" && !steps.includes(targetFolder))
          problems.push(`${where}: "${folder}" may not import the subpath "${targetFolder}"`);
        continue;
      }
      const targetStep = steps.indexOf(targetFolder);
      if (targetFolder !== "" && targetStep === -1) {
        problems.push(`${where}: the core may not import the subpath "${targetFolder}"`);
      } else if (folder !== "" && targetStep > steps.indexOf(folder)) {
        problems.push(`${where}: step "${folder}" may not import the later step "${targetFolder}"`);
      } else if (
        folder !== "" &&
        /^(memoize|handle|decorate|index)\.ts$/.test(specifier.slice(3))
      ) {
        problems.push(`${where}: a step may not import ${specifier}, which joins the steps`);
      }
    }
  }
}

function checkCli() {
  const cli = join(root, "packages/cli/src");
  for (const path of sourcesIn("packages/cli/src")) {
    for (const specifier of importsOf(path)) {
      const isOutside =
        specifier.startsWith(".") &&
        relative(cli, resolve(dirname(path), specifier)).startsWith("..");
      if (isOutside) {
        problems.push(
          `${relative(root, path)}: "${specifier}" is outside the package; import "rote"`,
        );
      }
    }
  }
}

checkExports("packages/rote");
checkExports("packages/cli");
checkExports("packages/compiler");
checkCore();
checkCli();

for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;
