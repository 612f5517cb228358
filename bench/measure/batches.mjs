/**
 * The clocks, and batches long enough that their microseconds are exact. Figures are CPU time of the whole
 * process (garbage collection and compilation included, other people's processes not) unless they say
 * that they are the time that passed, which is what there is to say of who waits for a disk.
 */
const CLOCKS = {
  cpu() {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
  elapsed: () => performance.now() * 1000,
};

const BATCH_US = 50_000;
const BATCHES = 3;
const ENOUGH_US = 500_000;

/**
 * Nanoseconds that one `pass` takes: the fastest of three batches (fewer if they are long), since
 * what a busy machine adds is never negative. `between` runs untimed before each.
 */
export function timePass(pass, { warmUpMs, between = () => {}, clock = "cpu" }) {
  const time = CLOCKS[clock];
  const batches = planBatches(warmUpMs);
  let step = batches.next();
  while (!step.done) {
    between();
    const before = time();
    for (let i = 0; i < step.value; i++) pass();
    step = batches.next(time() - before);
  }
  return step.value;
}

/** The same of a pass that returns a promise. */
export async function timeAsyncPass(pass, { warmUpMs, clock = "cpu" }) {
  const time = CLOCKS[clock];
  const batches = planBatches(warmUpMs);
  let step = batches.next();
  while (!step.done) {
    const before = time();
    for (let i = 0; i < step.value; i++) await pass();
    step = batches.next(time() - before);
  }
  return step.value;
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
