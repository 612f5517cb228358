/** What memoization was worth to a program, as people read it. */
import { plain, table } from "../cache/text.ts";
import { showCount, showMs } from "../compare/statistics.ts";
import type { Colors } from "../terminal.ts";

interface Stats {
  readonly hits: number;
  readonly misses: number;
  readonly runs: number;
  readonly entries: number;
  readonly runTime: number;
  readonly timeSaved: number;
}

/** As much of "rote" as is used; the program may have brought another version than ours. */
export interface Rote {
  snapshot(): readonly { readonly name: string; readonly stats: Stats }[];
}

const titles = ["function", "calls", "hits", "runs", "entries", "run time", "saved, at least"];

/** Functions that were called, those first that saved most. */
export function showStats(functions: ReturnType<Rote["snapshot"]>, colors: Colors): string {
  const called = functions
    .filter(({ stats }) => stats.hits + stats.misses > 0)
    .toSorted((a, b) => b.stats.timeSaved - a.stats.timeSaved);
  if (called.length === 0) return `\n  No memoized function was called.\n`;
  const rows = called.map(({ name, stats }) => [
    plain(name),
    showCount(stats.hits + stats.misses),
    `${share(stats.hits, stats.hits + stats.misses)} %`,
    showCount(stats.runs),
    showCount(stats.entries),
    showMs(stats.runTime),
    showMs(stats.timeSaved),
  ]);
  return `\n${table(titles, rows, colors).join("\n")}\n`;
}

/** Nothing is rounded to all or to none. */
function share(part: number, whole: number): string {
  const percent = (part / whole) * 100;
  const rounded = Math.round(percent);
  return (rounded === 100 && part < whole) || (rounded === 0 && part > 0)
    ? percent.toFixed(2)
    : String(rounded);
}
