/** One figure of one contender on one row, in this process: nanoseconds, or bytes for the heap row. */
import { timePass } from "./batches.mjs";
import { floorCompanions, ownCompanions, startCompanions } from "./companions.mjs";

const WARM_UP_MS = 100;
// Recursions change their compiled form several times in their first third of a second.
const RECURSION_WARM_UP_MS = 600;
const COMPANIONS_WARM_UP_US = 150_000;
const MAX_TURNS = 300;

export async function measure(row, contender, mode) {
  const isFloor = contender === undefined;
  const wrap = isFloor ? (row.floor.make ?? (await row.floor.load?.())) : contender.wrap;

  let turn;
  if (mode === "mixed") {
    const companions = isFloor
      ? floorCompanions(row.floor.peers)
      : ownCompanions(row.shape.options);
    turn = startCompanions(companions, wrap);
    const before = process.cpuUsage();
    for (let i = 0; i < MAX_TURNS; i++) {
      turn();
      const { user, system } = process.cpuUsage(before);
      if (user + system > COMPANIONS_WARM_UP_US) break;
    }
  }

  switch (row.measures) {
    case "hit":
    case "bounded":
      return measureHits(row, wrap, turn);
    case "miss":
      return measureMisses(row, wrap, turn);
    case "cold":
      return measureCold(
        row,
        isFloor && row.floor.unit ? row.floor.unit : () => row.unit(withShape(row, wrap)),
      );
    case "heap":
      return measureHeap(row, wrap);
  }
}

const withShape = (row, wrap) => (fn) => wrap(fn, row.shape);

function measureHits(row, wrap, turn) {
  const memoized = wrap(row.fn, row.shape);
  const sum = row.pass(memoized, row.inputs());
  const inputs = row.inputs();
  const pass = () => expectSame(row.pass(memoized, inputs), sum);
  const calls = row.calls ?? row.runs;
  return { value: timePass(pass, { warmUpMs: WARM_UP_MS, between: turn }) / calls, answer: sum };
}

function measureMisses(row, wrap, turn) {
  const inputs = row.inputs();
  const fresh = () => row.pass(wrap(row.fn, row.shape), inputs);
  const sum = fresh();
  const pass = () => expectSame(fresh(), sum);
  return { value: timePass(pass, { warmUpMs: WARM_UP_MS, between: turn }) / row.runs, answer: sum };
}

function measureCold(row, unit) {
  const pass = () => expectSame(unit(), row.answer);
  return { value: timePass(pass, { warmUpMs: RECURSION_WARM_UP_MS }), answer: row.answer };
}

function measureHeap(row, wrap) {
  const used = () => {
    for (let i = 0; i < 3; i++) globalThis.gc();
    const { heapUsed, external } = process.memoryUsage(); // external counts array buffers too
    return heapUsed + external;
  };
  const memoized = wrap(row.fn, row.shape);
  memoized(0);
  const before = used();
  let sum = 0;
  for (let n = 0; n < row.entries; n++) sum += memoized(n);
  const value = (used() - before) / row.entries;
  let again = 0;
  for (let n = 0; n < row.entries; n++) again += memoized(n); // and keeps the entries alive until here
  expectSame(again, sum);
  return { value, answer: sum };
}

function expectSame(actual, expected) {
  if (actual !== expected) throw new Error(`answered ${actual}, not ${expected}`);
}
