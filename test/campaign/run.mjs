/**
 * npm run campaign [-- --kills 1000 --flips 100000 --processes 8 --keys 500 --contested 10000 --holders 20] [--write]
 *
 * Tries to get a wrong result out of a store on disk: processes that are killed while they write, files
 * with a bit flipped or an end cut off, many processes that want the same, holders that are killed or frozen,
 * and clocks that are set wrong. Prints what came of it, and
 * with --write puts it into docs/reliability.md. Exits 1 if anything was wrong.
 */
import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { open, valueOf } from "./worker.mjs";

const worker = fileURLToPath(new URL("worker.mjs", import.meta.url));
const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "1000" },
    flips: { type: "string", default: "100000" },
    processes: { type: "string", default: "8" },
    keys: { type: "string", default: "500" },
    contested: { type: "string", default: "10000" },
    holders: { type: "string", default: "20" },
    seed: { type: "string", default: "1" },
    write: { type: "boolean", default: false },
  },
});
const [kills, flips, processes, keys, contested, holders] = [
  values.kills,
  values.flips,
  values.processes,
  values.keys,
  values.contested,
  values.holders,
].map(Number);

// Mulberry32: the same campaign for the same seed.
let state = Number(values.seed);
function random() {
  state = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
}
const below = (n) => Math.floor(random() * n);

const temporary = () => mkdtempSync(join(tmpdir(), "rote-campaign-"));
const isRight = (found, n) => {
  try {
    assert.deepEqual(found, valueOf(n));
    return true;
  } catch {
    return false;
  }
};

const DAY = 86_400_000;
const table = [];
let isWrong = false;
await tryKills();
await tryFlips();
await tryContest(
  "Cold processes that want the same",
  Array.from({ length: processes }, () => 0),
);
await tryContest("The same with clocks set back and forward", [0, -DAY, DAY, -365 * DAY]);
await tryRace();
await tryHolders("SIGKILL", "Holders that are killed in the middle of a run");
if (process.platform !== "win32")
  await tryHolders("SIGSTOP", "Holders that are frozen in the middle of a run");
for (const { what, tried, outcome } of table) console.log(`${what}: ${tried}; ${outcome}`);
if (values.write) writeReport();
if (isWrong) process.exitCode = 1;

function note(what, tried, outcome, hasFailed) {
  isWrong ||= hasFailed;
  table.push({ what, tried, outcome });
  console.error(`${hasFailed ? "✗" : "✓"} ${what}`);
}

/** Writers are killed at any moment; whoever comes after them looks at everything that they were given. */
async function tryKills() {
  let [acknowledged, kept, wrong, failures] = [0, 0, 0, 0];
  const directory = temporary();
  for (let trial = 0; trial < kills; trial++) {
    const from = trial * 10_000;
    const child = fork(worker, ["write", directory, String(from)], {
      stdio: ["ignore", "pipe", "inherit", "ipc"],
    });
    let text = "";
    child.stdout.on("data", (chunk) => (text += chunk));
    await once(child.stdout, "data");
    await new Promise((resolve) => setTimeout(resolve, random() * 20));
    child.kill("SIGKILL");
    await once(child, "close");
    const told = text.split("\n").slice(0, -1).map(Number);
    let runs = 0;
    try {
      const { store, memoized } = open(directory, (n) => (runs++, valueOf(n)), {
        maxEntries: 1,
        wait: 0,
      });
      for (const n of told) if (!isRight(memoized(n), n)) wrong++;
      store.close();
    } catch {
      failures++;
    }
    acknowledged += told.length;
    kept += told.length - runs;
    if (trial % 50 === 49) rmSync(directory, { recursive: true, force: true });
  }
  rmSync(directory, { recursive: true, force: true });
  note(
    "Writers killed with `kill -9`",
    `${kills} processes, ${acknowledged} results that they had been given`,
    `${kept} there for the next process, ${acknowledged - kept} missing, ${wrong} wrong, ${failures} failures`,
    wrong + failures > 0,
  );
}

/** Every file has one bit flipped, or its end cut off. */
async function tryFlips() {
  const original = temporary();
  const COUNT = 60;
  const { store, memoized } = open(original);
  for (let n = 0; n < COUNT; n++) memoized(n);
  store.close();
  let [read, runs, wrong, failures, aside] = [0, 0, 0, 0, 0];
  const directory = temporary();
  for (let trial = 0; trial < flips; trial++) {
    // Threads that have ended are only let go of in a turn of their own.
    if (trial % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    const copy = join(directory, String(trial));
    cpSync(original, copy, { recursive: true });
    const file = join(copy, "rote.db");
    let bytes = readFileSync(file);
    if (below(10) === 0) bytes = bytes.subarray(0, below(bytes.length));
    else bytes[below(bytes.length)] ^= 1 << below(8);
    writeFileSync(file, bytes);
    try {
      const opened = open(copy, (n) => (runs++, valueOf(n)), { maxEntries: 1, wait: 0 });
      for (let i = 0; i < 6; i++) {
        const n = below(COUNT);
        read++;
        if (!isRight(opened.memoized(n), n)) wrong++;
      }
      opened.store.close();
      if (readdirSync(copy).some((name) => name.includes("damaged"))) aside++;
    } catch (error) {
      failures++;
      console.error(error);
    }
    // A thread of the store may still be closing its connection.
    rmSync(copy, { recursive: true, force: true, maxRetries: 20, retryDelay: 10 });
  }
  for (const each of [original, directory]) rmSync(each, { recursive: true, force: true });
  note(
    "Files with a flipped bit, or without their end",
    `${flips} files, ${read} results asked for`,
    `${read - runs} read, ${runs} run again, ${aside} files set aside, ${wrong} wrong, ${failures} failures`,
    wrong + failures > 0,
  );
}

/** Cold processes want the same results at the same time. */
async function tryContest(what, shifts) {
  const directory = temporary();
  const children = shifts.map((shift, self) =>
    fork(worker, ["contest", directory, ...[self, keys, shift].map(String)]),
  );
  const codes = await Promise.all(children.map(async (child) => (await once(child, "exit"))[0]));
  const runs = readFileSync(join(directory, "runs.log"), "utf8").split("\n").slice(0, -1);
  const distinct = new Set(runs).size;
  rmSync(directory, { recursive: true, force: true });
  const failures = codes.filter((code) => code !== 0).length;
  note(
    what,
    `${shifts.length} processes, ${keys} results each`,
    `${runs.length} runs for ${distinct} results, ${failures} failures`,
    failures > 0 || distinct !== keys || runs.length !== keys,
  );
}

/** Processes claim and write the same entries at the same time, at the store itself. */
async function tryRace() {
  const RACING = 4;
  const directory = temporary();
  const children = Array.from({ length: RACING }, (_, self) =>
    fork(worker, ["race", directory, String(self), String(contested)]),
  );
  const codes = await Promise.all(children.map(async (child) => (await once(child, "exit"))[0]));
  const accepted = readFileSync(join(directory, "accepted.log"), "utf8").split("\n").slice(0, -1);
  const twice = accepted.length - new Set(accepted).size;
  rmSync(directory, { recursive: true, force: true });
  const failures = codes.filter((code) => code !== 0).length;
  note(
    "Contested entries",
    `${RACING} processes, ${contested} entries`,
    `${accepted.length} accepted writes, ${twice} entries with two, ${failures} failures`,
    failures > 0 || twice > 0 || accepted.length !== contested,
  );
}

/** Holders are stopped in the middle of a run; who waits for them takes over, and a late result is refused. */
async function tryHolders(signal, what) {
  const RUN_MS = 5000;
  const waits = [];
  let [wrong, failures] = [0, 0];
  const isFrozen = signal === "SIGSTOP";
  const one = async (n) => {
    const directory = temporary();
    const child = fork(worker, ["hold", directory, String(n), String(RUN_MS)], {
      stdio: ["ignore", "pipe", "inherit", "ipc"],
    });
    const ended = once(child, "close");
    await once(child.stdout, "data");
    child.kill(signal);
    try {
      const { store, memoized } = open(directory, async (i) => valueOf(i));
      const from = performance.now();
      if (!isRight(await memoized(n), n)) wrong++;
      waits.push(performance.now() - from);
      if (isFrozen) child.kill("SIGCONT");
      await ended;
      store.close();
      // Whatever the late one has tried, the entry is that of who took over.
      const again = open(directory, async () => assert.fail("it ran"));
      if (!isRight(await again.memoized(n), n)) wrong++;
      again.store.close();
    } catch (error) {
      failures++;
      console.error(error);
    }
    rmSync(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 10 });
  };
  // A few at a time: each is two processes that wait most of the time.
  for (let n = 0; n < holders; n += 5)
    await Promise.all(Array.from({ length: Math.min(5, holders - n) }, (_, i) => one(n + i + 1)));
  const longest = (Math.max(...waits) / 1000).toFixed(1);
  note(
    what,
    `${holders} holders`,
    `taken over after ${longest} s at most, ${wrong} wrong or written late, ${failures} failures`,
    wrong + failures > 0,
  );
}

function writeReport() {
  const path = new URL("../../docs/reliability.md", import.meta.url);
  const lines = [
    "# Reliability of stores on disk",
    "",
    `Generated by \`npm run campaign -- --write\` on ${new Date().toISOString().slice(0, 10)}, Node ${process.version.slice(1)}, seed ${values.seed}. It tries to get a wrong result out of a store; shorter forms of it, and the cases that have to be made by hand (a full disk, every statement and file operation that fails in turn), are in the tests.`,
    "",
    "| what | tried | what came of it |",
    "| --- | --- | --- |",
    ...table.map(({ what, tried, outcome }) => `| ${what} | ${tried} | ${outcome} |`),
    "",
    "A result that is missing costs a run. One that is wrong would be a defect, and so would be a call that fails because of its store.",
  ];
  writeFileSync(path, `${lines.join("\n")}\n`);
}
