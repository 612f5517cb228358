/**
 * The process of one single run. It loads the user's module in the way its environment says
 * (`ROTE=bare`, `ROTE=off`, or memoized), calls the function once, reports, and is gone:
 * no run can profit from what another one has compiled, cached or left on the heap.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { deserialize, serialize } from "node:v8";
import { Worker, isMainThread, parentPort, workerData } from "node:worker_threads";
import { Failure } from "../failure.ts";
import { load } from "./load.ts";
import type { Handle, Loaded } from "./load.ts";
import { ascending } from "./order.ts";
import { returned, threw } from "./outcome.ts";
import type { Answer, Counts, Job, Message, Order, Outcome, Timing } from "./protocol.ts";

/**
 * The plain way is counted through wrappers, which need more stack than the function alone; and where that overflows
 * its stack, the counts say what it would have taken. Only what is used of a stack takes memory, but a
 * system may refuse to reserve the larger one.
 */
const countingStacksMb = [960, 192];

type Say = (message: Message) => Promise<void>;

if (isMainThread) {
  process.once("message", (job: Job) => void answerAndExit(job));
} else {
  // The main thread checks what arrives when it passes it on; here it only has to keep its order.
  const say: Say = async (message) => parentPort?.postMessage(message);
  void perform(workerData as Job, say);
}

async function answerAndExit(job: Job): Promise<void> {
  const say: Say = (message) =>
    new Promise((resolve) => void process.send?.(message, () => resolve()));
  if (job.purpose === "count" && job.way === "plain") await performOnLargeStack(job, say);
  else await perform(job, say);
  // The module may keep timers or sockets open; this process was only here for the answer.
  process.exit(0);
}

async function performOnLargeStack(job: Job, say: Say): Promise<void> {
  for (const stackSizeMb of countingStacksMb) {
    if (await performInWorker(job, say, stackSizeMb)) return;
  }
}

/** @returns Whether the job was answered. */
async function performInWorker(job: Job, say: Say, stackSizeMb: number): Promise<boolean> {
  const worker = new Worker(new URL(import.meta.url), {
    workerData: job,
    stdout: true,
    resourceLimits: { stackSizeMb },
  });
  let isAnswered = false;
  let sent = Promise.resolve();
  await new Promise<void>((resolve) => {
    worker.on("message", (message: Message) => {
      sent = sent.then(() => say(message));
      if (message.type === "loaded") return;
      isAnswered = true;
      resolve();
    });
    // Without an answer (out of memory, say) the counts stay unknown.
    worker.on("error", () => resolve());
    worker.on("exit", () => resolve());
  });
  await sent;
  return isAnswered;
}

async function perform(job: Job, say: Say): Promise<void> {
  try {
    const loaded = await load(job.file, job.name);
    await say({ type: "loaded" });
    await say(job.purpose === "time" ? await time(job, loaded) : await count(job, loaded));
  } catch (error) {
    const failure = error instanceof Failure ? error : new Failure(String(error));
    const { message, hint } = failure;
    await say({ type: "refused", message, ...(hint === undefined ? {} : { hint }) });
  }
}

/** The call that the job is about, ready to be made. */
function callOf(job: Job, { rote, fn }: Loaded): () => unknown {
  if (job.way !== "tabulated") return () => fn(...job.args);
  const { calls, index } = deserialize(readFileSync(job.callsFile)) as {
    calls: unknown[][];
    index: number;
  };
  return () => rote.tabulate(fn, calls)[index];
}

async function time(job: Job, loaded: Loaded): Promise<Answer> {
  const call = callOf(job, loaded);
  let outcome: Outcome;
  let timing: Timing | undefined;
  loaded.rote.clearAll();
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  try {
    let value = call();
    if (value instanceof Promise) value = await value;
    const wallMs = performance.now() - startedAt;
    const cpu = process.cpuUsage(cpuBefore);
    timing = { wallMs, cpuMs: (cpu.user + cpu.system) / 1000 };
    outcome = returned(value);
  } catch (error) {
    outcome = threw(error);
  }
  return { type: "answer", outcome, ...(timing && { timing }), warnings: [] };
}

async function count(job: Job, loaded: Loaded): Promise<Answer> {
  const warnings = collectWarnings();
  const call = callOf(job, loaded);
  loaded.rote.clearAll();
  const before = statsOf(loaded);
  let outcome: Outcome;
  try {
    let value = call();
    // As where it is timed: other thenables are results like any other.
    if (value instanceof Promise) value = await value;
    outcome = returned(value);
  } catch (error) {
    outcome = threw(error);
  }
  const counts = countsSince(before, loaded);
  const order =
    job.way === "memoized" && outcome.kind === "returned" ? keepOrder(job, loaded) : undefined;
  // Warnings are emitted on a later turn.
  await new Promise((resolve) => setImmediate(resolve));
  return { type: "answer", outcome, counts, ...(order && { order }), warnings };
}

type Stats = ReturnType<Handle["stats"]>;

function statsOf({ memoized }: Loaded): Map<string, Stats> {
  return new Map(Array.from(memoized, ([name, handle]) => [name, handle.stats()]));
}

function countsSince(before: ReadonlyMap<string, Stats>, loaded: Loaded): Counts {
  const total = { calls: 0, runs: 0, reruns: 0, deepest: 0, functions: [] as string[] };
  for (const [name, after] of statsOf(loaded)) {
    const { hits = 0, misses = 0, runs = 0, reruns = 0 } = before.get(name) ?? {};
    const calls = after.hits + after.misses - hits - misses;
    if (calls === 0) continue;
    total.calls += calls;
    total.runs += after.runs - runs;
    total.reruns += after.reruns - reruns;
    total.deepest = Math.max(total.deepest, after.depth);
    total.functions.push(name);
  }
  return { ...total, ownDeepest: loaded.handle.stats().depth };
}

/** Leaves the calls of this run, in ascending order, to the processes that tabulate. */
function keepOrder(job: Job, { handle }: Loaded): Order {
  const keys = Array.from(handle.entries(), ([key]) => key);
  const order = ascending(keys, job.args);
  if ("reason" in order) return order;
  writeFileSync(job.callsFile, serialize(order));
  return { calls: order.calls.length };
}

function collectWarnings(): string[] {
  const warnings: string[] = [];
  process.on("warning", (warning: Error & { code?: string }) => {
    if (/rote/i.test(`${warning.name} ${warning.code ?? ""}`)) warnings.push(warning.message);
  });
  return warnings;
}
