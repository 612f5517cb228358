/**
 * Makes a fresh clone ready, then runs a script under the pinned Node:
 *
 *     node scripts/setup.mjs PROGRAM ARGS…
 *
 * 1. Installs what package-lock.json says (`npm ci`) if node_modules is missing or differs from it.
 * 2. Builds the packages (`tsc -b`, incremental).
 * 3. Runs PROGRAM with the Node of the dev dependency `node`, whatever the machine has.
 *
 * This file runs before anything is installed, under the machine's own Node: it uses what
 * Node 20.19 has and no dependency. It prints to stderr only, so that PROGRAM owns stdout.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { delimiter, join, sep } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const bin = join(root, "node_modules", ".bin");
const windows = process.platform === "win32";
const pinnedNode = join(root, "node_modules", "node", "bin", windows ? "node.exe" : "node");

function readJson(path) {
  return JSON.parse(readFileSync(join(root, path), "utf8"));
}

/** Why node_modules has to be installed, or undefined if it matches package-lock.json. */
function whyInstall() {
  const record = "node_modules/.package-lock.json";
  if (!existsSync(join(root, record))) return "nothing is installed yet";

  const wanted = readJson("package-lock.json").packages;
  const installed = readJson(record).packages;
  for (const [path, entry] of Object.entries(wanted)) {
    if (!path.includes("node_modules/")) continue;
    const found = installed[path];
    // An optional package may belong to another platform.
    if (found === undefined && entry.optional) continue;
    if (found?.version !== entry.version || found?.link !== entry.link) {
      return `${path} differs from package-lock.json`;
    }
  }

  const version = spawnSync(pinnedNode, ["--version"], { encoding: "utf8" }).stdout?.trim();
  if (version !== `v${wanted["node_modules/node"].version}`) return "the pinned Node is missing";
  return undefined;
}

/** The search path without this project's own programs: `npm ci` is about to remove them. */
function outerPath() {
  return (process.env.PATH ?? "")
    .split(delimiter)
    .filter((directory) => !directory.startsWith(join(root, "node_modules") + sep))
    .join(delimiter);
}

function run(program, args, options = {}) {
  const result = spawnSync(program, args, { cwd: root, stdio: "inherit", ...options });
  if (result.error) throw result.error;
  return result.status ?? 1;
}

function install() {
  const why = whyInstall();
  if (why === undefined) return;
  console.error(`Installing dependencies (npm ci): ${why}.`);
  const status = run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    env: { ...process.env, PATH: outerPath() },
    // npm's own report belongs on stderr here.
    stdio: ["inherit", 2, 2],
    shell: windows,
  });
  if (status !== 0) {
    console.error("error: npm ci failed.");
    console.error("hint: npm's message above says why; a network connection is needed once.");
    process.exit(status);
  }
}

function build() {
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  const status = run(pinnedNode, [tsc, "-b", join(root, "tsconfig.build.json")], {
    stdio: ["inherit", 2, 2],
  });
  if (status !== 0) {
    console.error("error: the build failed.");
    console.error("hint: the compiler's messages above name file and line.");
    process.exit(status);
  }
}

if (Number(process.versions.node.split(".")[0]) < 20) {
  console.error(`error: Node ${process.versions.node} cannot set this project up.`);
  console.error("hint: install Node 20.19 or newer; the project brings its own from there on.");
  process.exit(2);
}

install();
build();
const [program, ...args] = process.argv.slice(2);
if (program !== undefined) {
  const path = `${bin}${delimiter}${outerPath()}`;
  process.exitCode = run(pinnedNode, [program, ...args], { env: { ...process.env, PATH: path } });
}
