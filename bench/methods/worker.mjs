/**
 * One process, one contender: `node --expose-gc worker.mjs ROW CONTENDER alone|company|check`.
 * "plain", "floor" and "weak" are classes without a library. Prints one line of JSON; run.mjs starts these.
 */
import { timePass } from "../measure/batches.mjs";
import { loadContender } from "./contenders.mjs";
import { makeClass, makePass, memberOf, rows } from "./rows.mjs";

const WARM_UP_MS = 300;
const COMPANIONS = 9;
const [rowId, name, mode] = process.argv.slice(2);
const row = rows.find(({ id }) => id === rowId);
const byHand = ["plain", "floor", "weak"].includes(name);

let report;
try {
  const memoize = byHand ? undefined : await loadContender(name);
  const make = (index) => {
    const type = makeClass(row, byHand ? name : "plain", index);
    if (type === undefined) throw new Error("takes no part");
    const { member, kind } = memberOf(row);
    memoize?.(type, member, kind);
    return type;
  };
  report = mode === "check" ? check(make) : { value: time(make) };
} catch (error) {
  report = { failure: `fails: ${String(error?.message ?? error).split("\n")[0]}` };
}
process.stdout.write(`${JSON.stringify(report)}\n`);

function time(make) {
  // The same methods of nine other classes, so that nothing is specialised for one.
  const companions = mode === "company" ? COMPANIONS : 0;
  for (let index = 1; index <= companions; index++) {
    const { pass } = makePass(row, make(index));
    for (let i = 0; i < 50; i++) pass();
  }
  const { pass, calls } = makePass(row, make(0));
  const answer = pass();
  const checked = () => {
    if (pass() !== answer) throw new Error("another answer");
  };
  return timePass(checked, { warmUpMs: WARM_UP_MS }) / calls;
}

/** Right results for each object, the runs there have to be, frozen objects. */
function check(make) {
  const problems = [];
  const plain = makePass(row, makeClass(row, "plain", 0)).pass();
  const { pass } = makePass(row, make(0));
  for (let i = 0; i < 2; i++) if (pass() !== plain) problems.push("wrong results");
  const { member, kind } = memberOf(row);
  const call = (object) => (kind === "getter" ? object[member] : object[member](1, 2));
  const type = make(0);
  const [a, b] = [new type(), new type()];
  b.factor = 100;
  if (call(a) === call(b)) problems.push("confuses two objects");
  try {
    const frozen = Object.freeze(new type());
    const before = call(frozen);
    if (call(frozen) !== before) problems.push("wrong results of frozen objects");
  } catch {
    problems.push("fails for frozen objects");
  }
  if (row.of === "method") {
    const object = new type();
    const zero = object[member](0, 0);
    if (Object.is(object[member](-0, 0), zero)) problems.push("confuses -0 and 0");
  }
  if (Reflect.ownKeys(a).length > 2) problems.push("leaves properties on the object");
  return { problems };
}
