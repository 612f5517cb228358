/**
 * npm run bench [-- --rows integer,fresh] [--contenders rote,memoize] [--mode isolated|mixed|both]
 *               [--rounds 7] [--json FILE]
 *
 * Every figure comes from a process of its own, the contenders one after another, round after round;
 * then medians over the rounds. How and why: bench/README.md. A run of everything replaces
 * bench/results/latest.json and bench/results/README.md; any other only prints, or writes FILE.
 * Exits 1 if rote itself answers wrongly or not at all.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { contenders as allContenders, loadContender } from "./contenders/index.mjs";
import { describeMachine } from "./measure/machine.mjs";
import { runProcess } from "./measure/process.mjs";
import { toJson } from "./measure/results.mjs";
import { ratios, summarize } from "./measure/summary.mjs";
import { renderReport } from "./report.mjs";
import { rows as allRows } from "./rows/index.mjs";

const PEER_ROUNDS = 3;

const options = readOptions();
const results = [];
for (const row of options.rows) {
  const checks = await checkContenders(row);
  for (const mode of modesOf(row)) results.push(await runRow(row, mode, checks));
}

const packageNames = options.rows.map(({ floor }) => floor.packageName).filter(Boolean);
for (const name of options.contenders) {
  const contender = await loadContender(name).catch(() => undefined);
  packageNames.push(contender?.packageName ?? name);
}
const run = { machine: describeMachine(packageNames), rounds: options.rounds, results };
if (options.isWhole) {
  writeFileSync(new URL("results/latest.json", import.meta.url), toJson(run));
  writeFileSync(new URL("results/README.md", import.meta.url), renderReport(run));
}
if (options.json) writeFileSync(options.json, toJson(run));
progress("");
process.stdout.write(renderReport(run));
const isWrong = ({ name, status }) => name === "rote" && status !== "right";
if (results.some(({ contenders }) => contenders.some(isWrong))) process.exitCode = 1;

/** Before anything is timed: contender -> { status, problems, notes }. */
async function checkContenders(row) {
  const checks = {};
  for (const name of options.contenders) {
    if (!(await takesPart(name, row))) continue;
    progress(`${row.id}: checking ${name}`);
    const report = await runProcess(row.id, name, "check");
    if (name === "rote") report.problems?.push(...missedHitRatio(row, report));
    checks[name] = { status: statusOf(report), problems: [], notes: [], ...report };
  }
  return checks;
}

function statusOf({ failure, problems, hasHits }) {
  if (failure) return failure;
  if (hasHits === false) return "never hits";
  return problems.length > 0 ? "wrong" : "right";
}

/** Peers have the hit ratio of their policy; rote has promised one. */
function missedHitRatio({ hitRatio: bar }, { hitRatio }) {
  if (bar === undefined || (hitRatio >= bar.least && hitRatio <= bar.most)) return [];
  const [least, most] = [bar.least, bar.most].map((share) => `${100 * share} %`);
  return [`hits have to be ${least} to ${most}`];
}

async function takesPart(name, row) {
  const contender = await loadContender(name).catch(() => undefined);
  if (contender === undefined) return true; // the check says why
  return contender.takesPart?.(row) ?? row.shape.options === undefined;
}

/** Rounds over floor, rote and peers, whoever is still in the race. */
async function runRow(row, mode, checks) {
  const samples = { floor: [] };
  const statuses = {};
  for (const [name, { status }] of Object.entries(checks)) {
    samples[name] = [];
    statuses[name] = status;
  }
  for (let round = 0; round < options.rounds; round++) {
    for (const name of Object.keys(samples)) {
      const isOut = statuses[name] && statuses[name] !== "right" && statuses[name] !== "wrong";
      if (isOut || !playsIn(round, name)) continue;
      progress(`${row.id}, ${mode}: round ${round + 1} of ${options.rounds}, ${name}`);
      const { value, answer, failure } = await runProcess(row.id, name, mode);
      const expected = checks[name]?.answer;
      if (failure) statuses[name] = failure;
      else if (expected !== undefined && expected !== answer) statuses[name] = "wrong";
      else samples[name][round] = value;
      if (failure && name === "floor") throw new Error(`The floor of ${row.id} ${failure}`);
    }
  }
  return {
    row: row.id,
    mode,
    floor: { name: row.floor.name, ...summarize(samples.floor), samples: samples.floor },
    contenders: Object.entries(checks).map(([name, { problems, notes }]) => ({
      name,
      status: statuses[name],
      problems,
      notes,
      ...summarize(samples[name]),
      ratio: summarize(ratios(samples[name], samples.floor)),
      samples: samples[name],
    })),
  };
}

/** Peers are ten times slower far more often than ten per cent: three rounds of the seven will do. */
function playsIn(round, name) {
  if (name === "floor" || name === "rote" || options.rounds <= PEER_ROUNDS) return true;
  return round % Math.ceil(options.rounds / PEER_ROUNDS) === 0;
}

function modesOf(row) {
  const own = row.modes ?? ["isolated", "mixed"];
  return options.mode === "both" ? own : own.filter((mode) => mode === options.mode);
}

function readOptions() {
  const { values } = parse({
    rows: { type: "string" },
    contenders: { type: "string" },
    mode: { type: "string", default: "both" },
    rounds: { type: "string", default: "7" },
    json: { type: "string" },
  });
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) misuse(`--rounds must be an integer above 0`);
  if (!["isolated", "mixed", "both"].includes(values.mode)) {
    misuse(`--mode must be isolated, mixed or both`);
  }
  const chosen = pick("--contenders", values.contenders, allContenders);
  return {
    rows: pick(
      "--rows",
      values.rows,
      allRows.map(({ id }) => id),
    ).map((id) => allRows.find((row) => row.id === id)),
    contenders: chosen.filter((name) => name !== "floor"),
    mode: values.mode,
    rounds,
    json: values.json,
    isWhole: !values.rows && !values.contenders && values.mode === "both",
  };
}

function parse(known) {
  try {
    return parseArgs({ options: known });
  } catch (error) {
    return misuse(error.message);
  }
}

function pick(option, text, known) {
  if (!text) return known;
  const names = text.split(",");
  const unknown = names.find((name) => name !== "floor" && !known.includes(name));
  if (unknown !== undefined)
    misuse(`${option}: there is no "${unknown}"; there are ${known.join(", ")}`);
  return names;
}

function misuse(message) {
  process.stderr.write(`error: ${message}\n`);
  process.exit(2);
}

function progress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}
