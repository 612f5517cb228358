/** Where and with what a run was made: a figure without these means nothing. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus } from "node:os";

const root = new URL("../../", import.meta.url);

const versionOf = (name) => {
  try {
    return JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, root), "utf8"))
      .version;
  } catch {
    return "not installed";
  }
};

const git = (...args) => {
  try {
    return execFileSync("git", args, { cwd: root, encoding: "utf8", stdio: "pipe" }).trim();
  } catch {
    return undefined;
  }
};

export const describeMachine = (packageNames) => ({
  date: new Date().toISOString(),
  commit: git("rev-parse", "--short", "HEAD"),
  hasChanges: Boolean(
    git(
      "status",
      "--porcelain",
      "--",
      "packages/rote",
      "bench",
      // What a run writes is no part of what it measured.
      ":!bench/results",
      ":!bench/README.md",
    ),
  ),
  node: process.version,
  cpu: cpus()[0]?.model.trim() ?? "unknown",
  cores: cpus().length,
  versions: Object.fromEntries([...new Set(packageNames)].map((name) => [name, versionOf(name)])),
});
