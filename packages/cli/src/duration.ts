import { Failure } from "./failure.ts";

const unitInMs: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** The longest delay a timer can wait for; it fires at once for anything above. */
const longestMs = 2 ** 31 - 1;

/** Milliseconds of a duration on the command line: `500ms`, `10s`, `2m`, or a number of milliseconds. */
export function parseDuration(text: string, option: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text);
  const ms = match === null ? NaN : Number(match[1]) * (unitInMs[match[2] ?? "ms"] ?? NaN);
  if (!(ms > 0 && ms <= longestMs)) {
    throw new Failure(
      `${option} must be a duration above 0 and below 25 days; received ${JSON.stringify(text)}`,
      `Write it as 500ms, 10s or 2m.`,
    );
  }
  return ms;
}
