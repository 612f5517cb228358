/**
 * Whether a contender's answers are right, in a process of its own: strange arguments would be in the
 * type feedback of everything timed afterwards.
 *
 * Wrong is a call that gets the result of another. Running again where it was not necessary is slow,
 * not wrong; a contender that does so on the row's own inputs has no hits to time, and is out as well.
 */
export async function check(row, { wrap }) {
  if (row.measures === "cold") return checkAnswer(row, wrap);

  const problems = [];
  const notes = [];
  for (const [what, a, b] of row.differ) {
    const problem = tryPair(wrap, row.shape, a, b) ?? tryPair(wrap, row.shape, b, a);
    if (problem === "throws") problems.push(`throws on ${what}`);
    else if (problem === "shares") problems.push(`confuses ${what}`);
  }
  for (const [what, a, b] of row.same ?? []) {
    if (tryPair(wrap, row.shape, a, b) !== "shares") notes.push(`runs again for another ${what}`);
  }
  for (const result of [undefined, 0]) {
    if (!keeps(wrap, row, result)) notes.push(`runs again after a result of ${result}`);
  }
  if (row.shape.keys === "identity" && !(await letsGo(wrap, row.shape))) {
    notes.push("keeps every object alive");
  }
  if (row.measures === "heap") return { problems, notes };
  return row.measures === "bounded"
    ? tryBounded(row, wrap, problems, notes)
    : tryHits(row, wrap, problems, notes);
}

function tryHits(row, wrap, problems, notes) {
  const { answer, runs, isWrong } = passTwice(row, wrap);
  if (isWrong) problems.push("wrong results");
  const hasHits = runs <= row.runs * 1.01;
  if (runs < row.runs) problems.push("too few runs");
  return { problems, notes, hasHits, answer };
}

/** The hit ratio is that of the policy, no matter of right or wrong; run.mjs knows what rote's has to be. */
function tryBounded(row, wrap, problems, notes) {
  const { answer, runs, isWrong } = passTwice(row, wrap);
  if (isWrong) problems.push("wrong results");
  const hitRatio = 1 - runs / (2 * row.calls);
  notes.push(`hits are ${(100 * hitRatio).toFixed(2)} %`);
  return { problems, notes, hitRatio, answer };
}

function passTwice(row, wrap) {
  const answer = row.pass(row.fn, row.inputs());
  let runs = 0;
  const fn = withParameters(row.shape.parameters, (...args) => {
    runs++;
    return row.fn(...args);
  });
  const memoized = wrap(fn, row.shape);
  let isWrong = false;
  for (let i = 0; i < 2; i++) isWrong ||= row.pass(memoized, row.inputs()) !== answer;
  return { answer, runs, isWrong };
}

function checkAnswer(row, wrap) {
  const answer = row.unit((fn) => wrap(fn, row.shape));
  return { problems: answer === row.answer ? [] : [`answers ${answer}`], notes: [], answer };
}

function tryPair(wrap, shape, a, b) {
  let runs = 0;
  const memoized = wrap(
    withParameters(shape.parameters, () => ++runs),
    shape,
  );
  try {
    const first = memoized(...a);
    return memoized(...b) === first ? "shares" : undefined;
  } catch {
    return "throws";
  }
}

function keeps(wrap, { shape, differ }, result) {
  let runs = 0;
  const fn = withParameters(shape.parameters, () => {
    runs++;
    return result;
  });
  const memoized = wrap(fn, shape);
  const [, args] = differ.at(-1);
  memoized(...args);
  memoized(...args);
  return runs === 1;
}

/** Whether an object that only the memoized function has seen is collected. */
async function letsGo(wrap, shape) {
  const memoized = wrap(
    withParameters(shape.parameters, () => 1),
    shape,
  );
  const call = () => {
    const objects = [{ id: 1 }, { id: 2 }].slice(0, shape.parameters);
    memoized(...objects);
    return new WeakRef(objects[0]);
  };
  const reference = call();
  for (let i = 0; i < 5 && reference.deref(); i++) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    globalThis.gc();
  }
  memoized(...[{}, {}].slice(0, shape.parameters)); // alive until here, and past any one-entry memory
  return reference.deref() === undefined;
}

/** Contenders look at `fn.length`, some at the source text: parameters must be written out. */
function withParameters(parameters, run) {
  switch (parameters) {
    case 1:
      return (a) => run(a);
    case 2:
      return (a, b) => run(a, b);
    case 3:
      return (a, b, c) => run(a, b, c);
    default:
      return (...all) => run(...all);
  }
}
