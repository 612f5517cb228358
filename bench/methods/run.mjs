/**
 * npm run bench:methods [-- --rounds 7]
 *
 * What a call of a memoized method costs beside one that keeps its results by hand, in a process with
 * one class and in one with ten. Prints a table, and writes bench/results/methods.json and methods.md.
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { describeMachine } from "../measure/machine.mjs";
import { runWorker } from "../measure/process.mjs";
import { writeResults } from "../measure/results.mjs";
import { ratios, summarize } from "../measure/summary.mjs";
import { peers } from "./contenders.mjs";
import { render } from "./render.mjs";
import { rows } from "./rows.mjs";

const worker = fileURLToPath(new URL("worker.mjs", import.meta.url));
const { values: options } = parseArgs({ options: { rounds: { type: "string", default: "7" } } });
const rounds = Number(options.rounds);
if (!Number.isInteger(rounds) || rounds < 1) {
  console.error("error: --rounds must be an integer above 0");
  process.exit(2);
}

let isRight = true;
const results = [];
for (const { id } of rows)
  for (const mode of ["alone", "company"]) results.push(await runRow(id, mode));

const run = { machine: describeMachine(peers), rounds, results };
writeResults("methods", run, render(run));
if (!isRight) process.exitCode = 1;

async function runRow(id, mode) {
  const problems = {};
  const names = [];
  for (const name of ["floor", "weak", ...peers]) {
    const report = await runWorker(worker, [id, name, "check"]);
    problems[name] = report.failure ? [report.failure] : report.problems;
    if (!report.failure) names.push(name);
  }
  // What is written by hand is for numbers that are not -0.
  problems.floor = problems.weak = [];
  if (problems.rote.length > 0) isRight = false;
  const samples = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const name of names) {
      const { value, failure } = await runWorker(worker, [id, name, mode]);
      if (failure) throw new Error(`${id}: ${name} ${failure}`);
      samples[name].push(value);
    }
  }
  const figures = names.map((name) => ({
    name,
    problems: problems[name],
    ...summarize(samples[name]),
    ratio: summarize(ratios(samples[name], samples.floor)),
  }));
  return { row: id, mode, contenders: figures };
}
