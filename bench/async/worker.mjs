/**
 * One process, one contender: `node --expose-gc worker.mjs ROW CONTENDER check|time`, or with "awaits" as
 * the row. Prints one line of JSON; run.mjs starts these, under several versions of Node.
 */
import { timeAsyncPass } from "../measure/batches.mjs";
import { primitive } from "../rows/primitive.mjs";
import { loadWrap } from "./contenders.mjs";
import { loops, rows } from "./rows.mjs";

// Async code takes its time to be compiled, older versions of Node in particular.
const WARM_UP_MS = 500;
const [rowId, name, mode] = process.argv.slice(2);
const row = rows.find(({ id }) => id === rowId);

let report;
try {
  const wrap = await loadWrap(name);
  if (rowId === "awaits") report = await timeAwaits(wrap);
  else report = mode === "check" ? await check(wrap) : { value: await time(row.make(wrap), row) };
} catch (error) {
  report = { failure: `fails: ${String(error?.message ?? error).split("\n")[0]}` };
}
process.stdout.write(`${JSON.stringify({ ...report, node: process.version })}\n`);

async function time(pass, { calls }) {
  const answer = await pass();
  const checked = async () => {
    if ((await pass()) !== answer) throw new Error("another answer");
  };
  return (await timeAsyncPass(checked, { warmUpMs: WARM_UP_MS })) / calls;
}

/** What it answers, how often it runs, and what it confuses. */
async function check(wrap) {
  const answer = await row.make((fn) => fn)();
  let runs = 0;
  const pass = row.make((fn) =>
    wrap(async (n) => {
      runs++;
      return fn(n);
    }),
  );
  const problems = [];
  for (let i = 0; i < 2; i++) if ((await pass()) !== answer) problems.push("wrong results");
  if (runs !== row.runs) problems.push(`${runs} runs, not ${row.runs}`);

  const { differ } = primitive.find(({ id }) => id === "integer");
  for (const [what, a, b] of differ) {
    let count = 0;
    const f = wrap(async (_) => ++count);
    if ((await f(...a)) === (await f(...b))) problems.push(`confuses ${what}`);
  }
  return { problems };
}

/** Before the first memoized call of the process, after it, and inside one. */
async function timeAwaits(wrap) {
  const times = {};
  const timeAll = async (when) => {
    for (const [what, loop] of Object.entries(loops)) {
      times[what] = { ...times[what], [when]: await time(loop.pass, loop) };
    }
  };
  await timeAll("before");
  await wrap(async (n) => n + 1)(1);
  await timeAll("after");
  await wrap(async () => timeAll("inside"))(1);
  return { times };
}
