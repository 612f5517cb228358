/** The comparison for machines. The schema is described in the README of this package: change both together. */
import type { Comparison, Request, WayReport } from "./compare.ts";
import type { Outcome, Timing } from "./protocol.ts";
import { spreadOf } from "./statistics.ts";

export function toJson(request: Request, comparison: Comparison, isFine: boolean): string {
  const { outcome, ways, difference, warnings } = comparison;
  const plain = medianOf(ways.find(({ way }) => way === "plain"));
  const document = {
    schema: 1,
    node: process.versions.node,
    file: request.file,
    function: request.name,
    arguments: request.args,
    ok: isFine,
    outcome: describe(outcome),
    ways: ways.map((report) => describeWay(report, plain)),
    ...(difference && {
      difference: {
        [difference.left]: describe(difference.leftOutcome),
        [difference.right]: describe(difference.rightOutcome),
      },
    }),
    timeoutMs: request.timeoutMs,
    warnings,
  };
  return `${JSON.stringify(document, writeBeyondJson, 2)}\n`;
}

function describe(outcome: Outcome): object {
  if (outcome.kind === "threw") return { threw: outcome.text };
  return { returned: outcome.copy?.value ?? null, text: outcome.text };
}

function describeWay(report: WayReport, plainMs: number | undefined): object {
  const { way, status, reason, timings, counts } = report;
  const median = medianOf(report);
  return {
    way,
    status,
    ...(reason !== undefined && { reason }),
    wallMs: describeTimes(timings, ({ wallMs }) => wallMs),
    cpuMs: describeTimes(timings, ({ cpuMs }) => cpuMs),
    calls: counts?.calls ?? null,
    runs: counts?.runs ?? null,
    reruns: counts?.reruns ?? null,
    deepest: counts?.deepest ?? null,
    counted: counts?.functions ?? null,
    speedUp: plainMs !== undefined && median !== undefined ? plainMs / median : null,
  };
}

function describeTimes(
  timings: readonly Timing[],
  pick: (timing: Timing) => number,
): object | null {
  const all = timings.map(pick);
  const spread = spreadOf(all);
  return spread === undefined ? null : { ...spread, all };
}

function medianOf(report: WayReport | undefined): number | undefined {
  if (report?.status !== "measured") return undefined;
  return spreadOf(report.timings.map(({ wallMs }) => wallMs))?.median;
}

/** A bigint as on the command line, `"123n"`; a number that JSON lacks as its name. */
function writeBeyondJson(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  return value;
}
