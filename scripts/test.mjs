/**
 * Runs the tests (vitest) and ends with one plain line: `412 passed, 0 failed`.
 *
 *     npm test                             every project except `package`
 *     npm test -- --project unit key       one project, only files whose path contains "key"
 *     npm run nightly                      --runs 1000000: every property a million times
 *
 * Arguments are vitest's own, except --runs.
 */
import { parseCLI, startVitest } from "vitest/node";

const everyDay = ["unit", "properties", "faults", "examples", "docs", "types"];

/** Counts what was asked for: tests, and files or processes which broke without reaching one. */
class Totals {
  passed = 0;
  failed = 0;

  onTestRunEnd(modules, unhandledErrors) {
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
}

const args = process.argv.slice(2);
const runsAt = args.findIndex(
  (argument) => argument === "--runs" || argument.startsWith("--runs="),
);
if (runsAt !== -1) {
  const [option] = args.splice(runsAt, 1);
  process.env.ROTE_RUNS = option.includes("=") ? option.split("=")[1] : args.splice(runsAt, 1)[0];
}

const totals = new Totals();
const { filter, options } = parseCLI(["vitest", "run", ...args]);
try {
  const vitest = await startVitest(filter, {
    project: everyDay,
    ...options,
    watch: false,
    reporters: ["default", totals],
  });
  await vitest?.close();
} catch (error) {
  console.error(error);
  totals.failed += 1;
}

// No test at all is a failure too: a filter that matches nothing proves nothing.
if (totals.passed + totals.failed === 0) totals.failed = 1;
console.log(`\n${totals.passed} passed, ${totals.failed} failed`);
process.exitCode = totals.failed === 0 ? 0 : 1;
