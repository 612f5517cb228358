/**
 * The clock of every figure: CPU time of the whole process (garbage collection and compilation
 * included, other people's processes not) over batches long enough that its microseconds are exact.
 */
const BATCH_US = 50_000;
const BATCHES = 3;
const ENOUGH_US = 500_000;

/**
 * Nanoseconds that one `pass` takes: the fastest of three batches (fewer if they are long), since
 * what a busy machine adds is never negative. `between` runs untimed before each.
 */
export function timePass(pass, { warmUpMs, between = () => {} }) {
  const batches = planBatches(warmUpMs);
  let step = batches.next();
  while (!step.done) {
    between();
    const before = process.cpuUsage();
    for (let i = 0; i < step.value; i++) pass();
    step = batches.next(microsecondsSince(before));
  }
  return step.value;
}

/** The same of a pass that returns a promise. */
export async function timeAsyncPass(pass, { warmUpMs }) {
  const batches = planBatches(warmUpMs);
  let step = batches.next();
  while (!step.done) {
    const before = process.cpuUsage();
    for (let i = 0; i < step.value; i++) await pass();
    step = batches.next(microsecondsSince(before));
  }
  return step.value;
}

function microsecondsSince(before) {
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

/** Yields how many passes to make and is told how long they took; returns the nanoseconds of one. */
function* planBatches(warmUpMs) {
  let passes = 1;
  let last = 0;
  for (let spent = 0; spent < warmUpMs * 1000; spent += last) {
    if (spent > 0 && last < BATCH_US / 4) passes *= 2;
    last = yield passes;
  }
  passes = Math.max(1, Math.ceil((passes * BATCH_US) / last));

  let fastest = Infinity;
  for (let i = 0, spent = 0; i < BATCHES && spent < ENOUGH_US; i++) {
    // A pass as long as a batch deserves a clean heap. Otherwise none: code compiled for closures
    // that a collection removes is thrown away with them, and would be compiled on the clock.
    if (passes === 1) globalThis.gc();
    last = yield passes;
    spent += last;
    fastest = Math.min(fastest, last / passes);
  }
  return fastest * 1000;
}
