/** The comparison as people read it: the result, a table, and what there is to say about it. */
import { basename } from "node:path";
import type { Colors } from "../terminal.ts";
import type { Comparison, Request, WayReport } from "./compare.ts";
import { show } from "./outcome.ts";
import { showCount, showFactor, showMs, showRange, spreadOf } from "./statistics.ts";

const unknown = "—";

/** Values and arguments longer than this get their own lines, or are cut. */
const longestCall = 60;

export function report(request: Request, comparison: Comparison, colors: Colors): string {
  const { outcome, ways, warnings } = comparison;
  const lines = [
    "",
    `  ${colors.bold(showCall(request))} ${colors.dim("=")} ${colors.green(outcome.text)}`,
    "",
    ...table(request, ways, colors),
    "",
    ...summary(request, comparison, colors),
    ...warnings.map((warning) => `  ${colors.yellow("warning:")} ${warning}`),
  ];
  return `${lines.join("\n")}\n`;
}

/** `fibonacci(36)`, as it would be written in code. */
export function showCall({ name, args, file }: Pick<Request, "name" | "args" | "file">): string {
  const callee = name === "default" ? basename(file) : name;
  const list = args.map(show).join(", ");
  return `${callee}(${list.length > longestCall ? `${list.slice(0, longestCall - 1)}…` : list})`;
}

interface Cell {
  readonly text: string;
  readonly color?: (text: string) => string;
}

function table(request: Request, ways: readonly WayReport[], colors: Colors): string[] {
  const shown = ways.filter(({ status }) => status !== "left out");
  const baseline = baselineOf(request, ways);
  const titles = ["", "time", "spread", "calls", "runs", "speed-up", "depth"];
  const rows = [
    titles.map((text): Cell => ({ text, color: colors.dim })),
    ...shown.map((way) => row(request, way, baseline, colors)),
  ];
  const widths = titles.map((_title, column) =>
    Math.max(...rows.map((cells) => cells[column]?.text.length ?? 0)),
  );
  return rows.map((cells) => {
    const padded = cells.map(({ text, color }, column) => {
      const width = widths[column] ?? 0;
      const filled = column === 0 ? text.padEnd(width) : text.padStart(width);
      return color === undefined ? filled : color(filled);
    });
    return `  ${padded.join("   ")}`.trimEnd();
  });
}

function row(
  request: Request,
  report: WayReport,
  baseline: Baseline | undefined,
  colors: Colors,
): Cell[] {
  const { way, status, timings, counts } = report;
  const spread = spreadOf(timings.map(({ wallMs }) => wallMs));
  const isMeasured = status === "measured" && spread !== undefined;
  const time = isMeasured
    ? showMs(spread.median)
    : status === "stopped"
      ? `> ${showMs(request.timeoutMs)}`
      : status;
  const count = (value: number | undefined): Cell => ({
    text: value === undefined ? unknown : showCount(value),
  });
  const faster = way === "plain" || !isMeasured ? undefined : speedUp(baseline, spread.median);
  return [
    { text: way, color: colors.bold },
    isMeasured ? { text: time, color: colors.bold } : { text: time, color: colors.yellow },
    { text: isMeasured && timings.length > 1 ? showRange(spread) : "", color: colors.dim },
    count(counts?.calls),
    count(counts?.runs),
    faster === undefined
      ? { text: way === "plain" && isMeasured ? "1 ×" : "" }
      : { text: faster.text, color: faster.factor > 1 ? colors.green : colors.yellow },
    count(counts?.deepest),
  ];
}

/** What the other ways are compared with: the plain time, or at least how long it was waited for. */
interface Baseline {
  readonly ms: number;
  readonly isLowerBound: boolean;
}

function baselineOf(request: Request, ways: readonly WayReport[]): Baseline | undefined {
  const plain = ways.find(({ way }) => way === "plain");
  if (plain?.status === "stopped") return { ms: request.timeoutMs, isLowerBound: true };
  const spread = spreadOf(plain?.timings.map(({ wallMs }) => wallMs) ?? []);
  return plain?.status === "measured" && spread
    ? { ms: spread.median, isLowerBound: false }
    : undefined;
}

function speedUp(
  baseline: Baseline | undefined,
  ms: number,
): { factor: number; text: string } | undefined {
  if (baseline === undefined) return undefined;
  const factor = baseline.ms / ms;
  return { factor, text: `${baseline.isLowerBound ? "> " : ""}${showFactor(factor)}` };
}

function summary(request: Request, comparison: Comparison, colors: Colors): string[] {
  const lines: string[] = [];
  const { ways } = comparison;
  const verdict = verdictOf(request, ways);
  if (verdict !== undefined) lines.push(`  ${verdict}`);
  for (const { way, status, reason } of ways) {
    if (status === "left out") lines.push(`  Not ${way}: ${reason}.`);
  }
  const counted = ways.find(({ way }) => way === "memoized")?.counts?.functions ?? [];
  if (counted.length > 1) {
    lines.push(colors.dim(`  Calls and runs are those of ${counted.join(", ")} together.`));
  }
  const runs = ways.map(({ timings }) => timings.length).filter((length) => length > 0);
  if (runs.length > 0) {
    const least = Math.min(...runs);
    const most = Math.max(...runs);
    const text = least === most ? `${most}` : `${least} to ${most}`;
    const noun = most === 1 ? "one cold run" : `medians of ${text} cold runs`;
    lines.push(
      colors.dim(`  Times: ${noun}, each in a fresh process; Node ${process.versions.node}.`),
    );
  }
  return lines;
}

/** What memoization was worth, in one sentence. */
function verdictOf(request: Request, ways: readonly WayReport[]): string | undefined {
  const plain = ways.find(({ way }) => way === "plain");
  const memoized = ways.find(({ way }) => way === "memoized");
  const spread = spreadOf(memoized?.timings.map(({ wallMs }) => wallMs) ?? []);
  if (plain === undefined || memoized?.counts === undefined || spread === undefined) {
    return undefined;
  }
  const { runs } = memoized.counts;
  if (plain.status === "stack overflow") {
    return `Plain, the recursion overflows the stack; memoized, it is limited by memory only.`;
  }
  const faster = speedUp(baselineOf(request, ways), spread.median);
  if (faster === undefined) return undefined;
  const plainRuns = plain.counts?.runs;
  if (runs === plainRuns) {
    return `Within this one call nothing repeats: ${countRuns(runs)} either way. Equal calls after it are hits.`;
  }
  const work =
    plainRuns === undefined ? "" : `: ${countRuns(runs)} instead of ${showCount(plainRuns)}`;
  return faster.factor >= 1.05
    ? `Memoized, it is ${inWords(faster.text)} as fast${work}.`
    : `For this one call memoizing does not pay${work}.`;
}

function inWords(factor: string): string {
  return factor.replace("> ", "more than ").replace(" ×", " times");
}

function countRuns(runs: number): string {
  return `${showCount(runs)} ${runs === 1 ? "run" : "runs"}`;
}
