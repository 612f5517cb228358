/**
 * Everything CI does, step by step; ends with one plain line, which counts tests and steps:
 *
 *     npm run check                    every step
 *     npm run check -- --no-tests      without the steps that `npm test` has done already
 *     npm run check -- types lint      only the steps named
 *
 * A step is a command; it fails with its exit code, and only then is its output shown.
 */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const packages = ["packages/rote", "packages/cli", "packages/compiler"];

/** The name, and the scripts to run under this Node, in order. The build precedes all: setup.mjs. */
const steps = [
  { name: "types", commands: [["node_modules/typescript/bin/tsc", "-p", "tsconfig.json"]] },
  { name: "lint", commands: [["node_modules/oxlint/bin/oxlint"]] },
  { name: "format", commands: [["node_modules/oxfmt/bin/oxfmt", "--check"]] },
  { name: "exports", commands: [["scripts/check-exports.mjs"]] },
  { name: "docs", commands: [["scripts/check-docs.mjs"]] },
  { name: "size", commands: [["scripts/check-sizes.mjs"]], showOutput: true },
  { name: "dead code", commands: [["node_modules/knip/bin/knip.js", "--no-progress"]] },
  {
    name: "publint",
    commands: packages.map((path) => ["node_modules/publint/src/cli.js", path, "--strict"]),
  },
  {
    name: "published types",
    commands: [
      [
        "node_modules/@arethetypeswrong/cli/dist/index.js",
        "--pack",
        "packages/rote",
        "--profile",
        "esm-only",
      ],
    ],
  },
  { name: "tests", commands: [["scripts/test.mjs"]], isTests: true, isPartOfNpmTest: true },
  {
    name: "packed tarball",
    commands: [["scripts/test.mjs", "--project", "package"]],
    isTests: true,
  },
];

/** Runs one script; resolves to its exit code and everything it wrote. */
function run([script, ...args]) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [script, ...args], {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    child.stdout.on("data", (chunk) => (output += chunk));
    child.stderr.on("data", (chunk) => (output += chunk));
    child.on("close", (code) => resolve({ code: code ?? 1, output: output.trimEnd() }));
  });
}

/** The counts in the closing line of a test step. */
function readTotals(output) {
  const line = /^(\d+) passed, (\d+) failed$/m.exec(output.slice(output.lastIndexOf("\n") + 1));
  return line === null ? undefined : { passed: Number(line[1]), failed: Number(line[2]) };
}

const args = process.argv.slice(2);
const skipsTests = args.includes("--no-tests");
const wanted = args.filter((argument) => !argument.startsWith("-"));
for (const argument of args) {
  if (argument === "--no-tests" || steps.some((step) => step.name === argument)) continue;
  console.error(`error: there is no step "${argument}".`);
  console.error(`hint: the steps are ${steps.map((step) => `"${step.name}"`).join(", ")}.`);
  process.exit(2);
}

let passed = 0;
let failed = 0;
for (const step of steps) {
  if (wanted.length > 0 && !wanted.includes(step.name)) continue;
  if (skipsTests && step.isPartOfNpmTest) continue;

  const startedAt = performance.now();
  let isGood = true;
  const outputs = [];
  for (const command of step.commands) {
    const { code, output } = await run(command);
    if (code !== 0) isGood = false;
    outputs.push(output);
    const totals = step.isTests ? readTotals(output) : undefined;
    passed += totals?.passed ?? 0;
    failed += totals?.failed ?? 0;
  }
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`${isGood ? "✓" : "✗"} ${step.name.padEnd(16)} ${seconds.padStart(6)} s`);
  if (isGood) passed += 1;
  else failed += 1;
  if (!isGood || step.showOutput) {
    console.log(`\n${outputs.join("\n").replaceAll(/^/gm, "    ")}\n`);
  }
}

console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
