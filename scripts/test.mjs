/**
 * Runs the tests (vitest) and ends with one plain line: `412 passed, 0 failed`.
 *
 *     npm test                             every project except `package`
 *     npm test -- --project unit key       one project, only files whose path contains "key"
 *     npm run nightly                      --runs 1000000: every property a million times
 *
 * Arguments are vitest's own, except --runs and --silence (seconds without a sign of life after which
 * a run is given up: code that loops for ever also blocks the runner's own time limits).
 */
import { parseCLI, startVitest } from "vitest/node";

const everyDay = ["unit", "properties", "faults", "examples", "docs", "types"];

/** Counts tests, and files or processes which broke without reaching one. */
class Totals {
  passed = 0;
  failed = 0;

  count(modules, unhandledErrors = []) {
    this.failed += unhandledErrors.length;
    for (const module of modules) {
      let failedInside = 0;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === "passed") this.passed += 1;
        if (state === "failed") failedInside += 1;
      }
      const brokeOutside = failedInside === 0 && module.state() === "failed";
      this.failed += brokeOutside ? 1 : failedInside;
    }
  }

  onTestRunEnd(modules, unhandledErrors) {
    this.count(modules, unhandledErrors);
  }

  close() {
    // No test at all is a failure too: a filter that matches nothing proves nothing.
    if (this.passed + this.failed === 0) this.failed = 1;
    console.log(`\n${this.passed} passed, ${this.failed} failed`);
    process.exitCode = this.failed === 0 ? 0 : 1;
  }
}

/** Gives a run up when no test has begun or ended for too long, and says which files hang. */
class Watchdog {
  running = new Set();
  ended = new Set();

  constructor(seconds, giveUp) {
    this.seconds = seconds;
    this.giveUp = giveUp;
  }

  onTestModuleStart(module) {
    this.running.add(module);
    this.wind();
  }

  onTestModuleEnd(module) {
    this.running.delete(module);
    this.ended.add(module);
    this.wind();
  }

  onTestCaseResult() {
    this.wind();
  }

  onTestRunEnd() {
    clearTimeout(this.timer);
  }

  wind() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      const names = [...this.running].map((module) => module.relativeModuleId);
      console.error(`error: no test ended for ${this.seconds} s, so the run was given up.`);
      console.error(`hint: look for an endless loop in ${names.join(", ")}.`);
      this.giveUp(this);
    }, this.seconds * 1000);
  }
}

const args = process.argv.slice(2);

/** Takes one option of ours out of vitest's: --name VALUE or --name=VALUE. */
function takeOption(name) {
  const at = args.findIndex((argument) => argument === name || argument.startsWith(`${name}=`));
  if (at === -1) return undefined;
  const [option] = args.splice(at, 1);
  return option.includes("=") ? option.slice(name.length + 1) : args.splice(at, 1)[0];
}

const runs = takeOption("--runs");
if (runs !== undefined) process.env.ROTE_RUNS = runs;
const silence = Number(takeOption("--silence") ?? (runs === undefined ? 300 : 4 * 3600));

const totals = new Totals();
const watchdog = new Watchdog(silence, ({ running, ended }) => {
  totals.count(ended);
  totals.failed += running.size;
  totals.close();
  // The runner kills its workers when this process ends; a message would not reach them.
  process.exit();
});

const { filter, options } = parseCLI(["vitest", "run", ...args]);
try {
  const vitest = await startVitest(filter, {
    project: everyDay,
    ...options,
    watch: false,
    reporters: ["default", totals, watchdog],
  });
  await vitest?.close();
} catch (error) {
  console.error(error);
  totals.failed += 1;
}
totals.close();
