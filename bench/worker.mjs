/**
 * One process, one contender, one row: `node --expose-gc worker.mjs ROW CONTENDER check|isolated|mixed`.
 * Prints one line of JSON. run.mjs starts these.
 */
import { loadContender } from "./contenders/index.mjs";
import { check } from "./measure/check.mjs";
import { measure } from "./measure/time.mjs";
import { rows } from "./rows/index.mjs";

const [rowId, name, mode] = process.argv.slice(2);
const row = rows.find(({ id }) => id === rowId);

let report;
try {
  const contender = name === "floor" ? undefined : await loadContender(name);
  report = mode === "check" ? await check(row, contender) : await measure(row, contender, mode);
} catch (error) {
  report = { failure: describe(error) };
}
process.stdout.write(`${JSON.stringify(report)}\n`);

function describe(error) {
  if (error instanceof RangeError && /call stack/i.test(error.message))
    return "overflows the stack";
  if (error?.code === "ERR_MODULE_NOT_FOUND") return "is not installed or not built";
  return `fails: ${String(error?.message ?? error).split("\n")[0]}`;
}
