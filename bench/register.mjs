/**
 * What `@rote/compiler/register` costs a program that marks nothing, and what passing calls on costs a
 * function that is configured:
 *
 *     npm run bench:register
 *
 * Processes with and without the hook take turns. A figure is the CPU time of a whole process, the
 * median of all rounds; what a busy machine adds is in both.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { memoizeMarked } from "rote/compiled";

const rounds = Number(process.argv[2] ?? 15);
const files = 1000;
const packages = fileURLToPath(new URL("../packages", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "rote-register-"));

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

/** Milliseconds of CPU, of a process that does nothing but run `file`. */
function measure(file, options) {
  const { stdout, status, stderr } = spawnSync(process.execPath, [...options, file], {
    cwd: folder,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr);
  return Number(stdout);
}

function compare(file) {
  const [without, within] = [[], []];
  for (let round = 0; round < rounds; round++) {
    without.push(measure(file, []));
    within.push(measure(file, ["--import", "@rote/compiler/register"]));
  }
  return { without: median(without), with: median(within) };
}

/** Nanoseconds of CPU for a hit. */
function hit(fn) {
  const loops = 5_000_000;
  let best = Infinity;
  let sum = 0;
  for (let batch = 0; batch < 7; batch++) {
    const before = process.cpuUsage();
    for (let i = 0; i < loops; i++) sum += fn(i & 1023);
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, ((user + system) * 1000) / loops);
  }
  if (sum <= 0) throw new Error("wrong results");
  return best;
}

try {
  mkdirSync(join(folder, "node_modules/@rote"), { recursive: true });
  symlinkSync(join(packages, "rote"), join(folder, "node_modules/rote"), "junction");
  symlinkSync(join(packages, "compiler"), join(folder, "node_modules/@rote/compiler"), "junction");
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  const report =
    "const { user, system } = process.cpuUsage(); console.log((user + system) / 1000);";
  writeFileSync(join(folder, "none.js"), report);
  const line =
    "export const value = (a, b) => (a === b ? [a] : { a, b, text: 'used by others' });\n";
  const license = readFileSync(new URL("../LICENSE", import.meta.url), "utf8");
  let imports = "";
  for (let file = 0; file < files; file++) {
    // Each begins elsewhere in a text as people write it: a search is quicker in nothing but x.
    const text = license.slice(file) + license.repeat(4);
    writeFileSync(join(folder, `file${file}.js`), `${line}/* ${text.slice(0, 4000)} */\n`);
    imports += `import "./file${file}.js";\n`;
  }
  writeFileSync(join(folder, "many.js"), imports + report);

  const none = compare("none.js");
  const many = compare("many.js");
  const added = none.with - none.without;
  const meta = { id: "bench#fn", name: "fn" };
  const figures = {
    "start without the hook": `${none.without.toFixed(1)} ms`,
    "start with it": `${none.with.toFixed(1)} ms`,
    "added to the start": `${added.toFixed(1)} ms`,
    [`added by ${files} files without a mark`]: `${(many.with - many.without - added).toFixed(1)} ms of ${many.without.toFixed(0)} ms`,
    "a hit of a marked function": `${hit(memoizeMarked((n) => n, meta)).toFixed(1)} ns`,
    "a hit of one that is configured": `${hit(memoizeMarked((n) => n, { ...meta, isConfigurable: true })).toFixed(1)} ns`,
  };
  console.log(`Node ${process.versions.node}, ${rounds} rounds`);
  for (const [what, figure] of Object.entries(figures)) console.log(`${what.padEnd(40)} ${figure}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
