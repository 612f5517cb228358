/**
 * A report that takes thirty seconds takes them once. The program runs itself in two processes, one
 * after the other, which share a store on disk: the first one makes the report, the second one has it.
 *
 * Here it takes one second; `SECONDS=30 node examples/thirty-seconds.ts` is the real thing.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { memoize } from "rote";
import { disk } from "rote/disk";

interface Report {
  readonly title: string;
  readonly lines: readonly string[];
}

const [directory] = process.argv.slice(2);
if (directory === undefined) runTwice();
else makeReport(directory);

function makeReport(path: string): void {
  const store = disk(path);
  const report = memoize(
    (options: { year: number; by: string }): Report => {
      const seconds = Number(process.env["SECONDS"] ?? 1);
      const end = performance.now() + seconds * 1000;
      let steps = 0;
      while (performance.now() < end) steps++;
      return { title: `${options.year} by ${options.by}`, lines: [`${steps > 0}`] };
    },
    { store, name: "report", version: "1" },
  );
  const startedAt = performance.now();
  const { title } = report({ by: "month", year: 2026 });
  const milliseconds = performance.now() - startedAt;
  console.log(JSON.stringify({ title, milliseconds, runs: report.cache.stats().runs }));
  store.close();
}

function runTwice(): void {
  const shared = mkdtempSync(join(tmpdir(), "rote-"));
  try {
    const [first, second] = [1, 2].map(
      () =>
        JSON.parse(
          execFileSync(process.execPath, [fileURLToPath(import.meta.url), shared], {
            encoding: "utf8",
          }),
        ) as { title: string; milliseconds: number; runs: number },
    );
    assert.equal(first?.title, "2026 by month");
    assert.equal(second?.title, first.title);
    assert.deepEqual([first.runs, second.runs], [1, 0]);
    assert.ok(second.milliseconds * 10 < first.milliseconds);
    console.log(
      `The first process took ${first.milliseconds.toFixed(0)} ms, the next one ${second.milliseconds.toFixed(1)} ms.`,
    );
  } finally {
    rmSync(shared, { recursive: true, force: true });
  }
}
