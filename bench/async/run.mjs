/**
 * npm run bench:async [-- --rounds 7] [--node PROGRAM]…
 *
 * What a call of a memoized async function costs, and what having called one costs every await of the
 * process. The awaits are measured under this Node and under every other one that --node names.
 * Prints tables, and writes bench/results/async.json and async.md.
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { describeMachine } from "../measure/machine.mjs";
import { runWorker } from "../measure/process.mjs";
import { writeResults } from "../measure/results.mjs";
import { ratios, summarize } from "../measure/summary.mjs";
import { contenders } from "./contenders.mjs";
import { render } from "./render.mjs";
import { rows } from "./rows.mjs";

const worker = fileURLToPath(new URL("worker.mjs", import.meta.url));
const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "7" },
    node: { type: "string", multiple: true, default: [] },
  },
});
const rounds = Number(options.rounds);
if (!Number.isInteger(rounds) || rounds < 1) {
  console.error("error: --rounds must be an integer above 0");
  process.exit(2);
}

let isRight = true;
const results = [];
for (const { id } of rows) results.push(await runRow(id));
const awaits = [];
for (const program of [process.execPath, ...options.node]) awaits.push(await runAwaits(program));

const run = { machine: describeMachine(["rote", "p-memoize"]), rounds, results, awaits };
writeResults("async", run, render(run));
if (!isRight) process.exitCode = 1;

async function runRow(id) {
  const problems = {};
  for (const name of ["rote", "p-memoize"]) {
    const report = await runWorker(worker, [id, name, "check"]);
    problems[name] = report.failure ? [report.failure] : report.problems;
  }
  if (problems.rote.length > 0) isRight = false;
  const samples = Object.fromEntries(contenders.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const name of contenders) {
      const { value, failure } = await runWorker(worker, [id, name, "time"]);
      if (failure) throw new Error(`${id}: ${name} ${failure}`);
      samples[name].push(value);
    }
  }
  const figures = contenders.map((name) => ({
    name,
    problems: problems[name] ?? [],
    ...summarize(samples[name]),
    ratio: summarize(ratios(samples[name], samples.floor)),
  }));
  return { row: id, contenders: figures };
}

/** The plain function as well: how much the second and the third measurement of a process differ by themselves. */
async function runAwaits(program) {
  let node;
  const times = {};
  for (let round = 0; round < rounds; round++) {
    for (const name of ["plain", "rote"]) {
      const report = await runWorker(worker, ["awaits", name, "time"], { program });
      if (report.failure) throw new Error(`awaits: ${name} ${report.failure}`);
      node = report.node;
      for (const [what, sample] of Object.entries(report.times)) {
        ((times[what] ??= {})[name] ??= []).push(sample);
      }
    }
  }
  const rowOf = ([what, { plain, rote }]) => ({
    what,
    before: summarize(rote.map(({ before }) => before)),
    after: share(rote, "after"),
    inside: share(rote, "inside"),
    plainAfter: share(plain, "after"),
    plainInside: share(plain, "inside"),
  });
  return { node, rows: Object.entries(times).map(rowOf) };
}

function share(samples, when) {
  return summarize(samples.map((sample) => sample[when] / sample.before));
}
