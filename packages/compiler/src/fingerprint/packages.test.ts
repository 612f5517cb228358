import { mkdirSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { createFingerprinter, type Fingerprint } from "./fingerprint.ts";
import { money } from "./fixtures/must-change.ts";
import { createProject, type Project } from "./fixtures/programs.ts";

const main = { "main.ts": 'import { pay } from "money"; export const f = () => pay;' };
let project: Project;
afterEach(() => project.remove());

function fingerprint(): Fingerprint {
  return createFingerprinter({ root: project.root }).fingerprint(
    join(project.root, "main.ts"),
    "f",
  );
}

const { "package-lock.json": lock = "", ...installed } = money();

test.each(["pnpm-lock.yaml", "yarn.lock", "bun.lock", "bun.lockb"])(
  "%s is not read, which is said once",
  (name) => {
    project = createProject({ ...installed, ...main, [name]: "lockfile: 1\n" });
    const { remarks, isComplete } = fingerprint();
    expect(remarks).toEqual([
      expect.stringMatching(`^${name} is not read: of packages, the versions`),
    ]);
    expect(isComplete).toBe(true);
  },
);

test("a lockfile of npm without packages is not read, either", () => {
  const old = '{ "lockfileVersion": 1, "dependencies": {} }';
  project = createProject({ ...installed, ...main, "package-lock.json": old });
  expect(fingerprint().remarks).toHaveLength(1);
});

test("there is no note where a lockfile of npm is read, where there is none, and where no package is used", () => {
  project = createProject({ ...money(), ...main, "yarn.lock": "" });
  expect(fingerprint().remarks).toEqual([]);
  project.write({ "package-lock.json": undefined, "yarn.lock": undefined });
  expect(fingerprint().remarks).toEqual([]);
  project.write({ "yarn.lock": "", "main.ts": "export const f = () => 1;" });
  expect(fingerprint().remarks).toEqual([]);
});

test("npm-shrinkwrap.json comes before package-lock.json, as for npm", () => {
  project = createProject({ ...money(), ...main });
  const { digest } = fingerprint();
  project.write({ "npm-shrinkwrap.json": lock.replace("sha-1.0.0", "sha-other") });
  expect(fingerprint().digest).not.toBe(digest);
});

/** As pnpm installs: every package once, in a directory of its own, and links to what it needs beside it. */
function installLinked(deepVersion: string): void {
  const manifest = (name: string, version: string, needs: string): string =>
    `{ "name": "${name}", "version": "${version}", "main": "i.js", "dependencies": { ${needs} } }`;
  const store = "node_modules/.pnpm";
  project = createProject({
    ...main,
    "pnpm-lock.yaml": "lockfileVersion: '9.0'\n",
    [`${store}/money@1/node_modules/money/package.json`]: manifest(
      "money",
      "1.0.0",
      '"round": "*"',
    ),
    [`${store}/money@1/node_modules/money/i.js`]: "exports.pay = 1;",
    [`${store}/round@1/node_modules/round/package.json`]: manifest("round", "1.0.0", '"deep": "*"'),
    [`${store}/deep/node_modules/deep/package.json`]: manifest("deep", deepVersion, ""),
  });
  const link = (from: string, to: string): void => {
    mkdirSync(join(project.root, dirname(from)), { recursive: true });
    symlinkSync(join(project.root, store, to), join(project.root, from), "junction");
  };
  link("node_modules/money", "money@1/node_modules/money");
  link(`${store}/money@1/node_modules/round`, "round@1/node_modules/round");
  link(`${store}/round@1/node_modules/deep`, "deep/node_modules/deep");
}

test("what a linked package needs in turn counts with its version", () => {
  installLinked("1.0.0");
  const first = fingerprint();
  project.remove();
  installLinked("1.0.0");
  expect(fingerprint().digest).toBe(first.digest);
  project.remove();
  installLinked("1.0.1");
  expect(fingerprint().digest).not.toBe(first.digest);
  expect(first.remarks).toHaveLength(1);
});
