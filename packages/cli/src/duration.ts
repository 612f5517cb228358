import { Failure } from "./failure.ts";

const unitInMs: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** The longest delay a timer can wait for; it fires at once for anything above. */
const longestMs = 2 ** 31 - 1;

/** Milliseconds of a duration on the command line: `500ms`, `10s`, `2m`, or a number of milliseconds. */
export function parseDuration(text: string, option: string): number {
  const ms = toMilliseconds(text);
  if (!(ms > 0 && ms <= longestMs)) {
    throw new Failure(
      `${option} must be a duration above 0 and below 25 days; received ${JSON.stringify(text)}`,
      `Write it as 500ms, 10s or 2m.`,
    );
  }
  return ms;
}

/** Milliseconds of an age on the command line: nothing waits for it, so it may be any. */
export function parseAge(text: string, option: string): number {
  const ms = toMilliseconds(text);
  if (!(ms > 0 && ms < Infinity)) {
    throw new Failure(
      `${option} must be a duration above 0; received ${JSON.stringify(text)}`,
      `Write it as 30m, 12h or 7d.`,
    );
  }
  return ms;
}

function toMilliseconds(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text);
  return match === null ? NaN : Number(match[1]) * (unitInMs[match[2] ?? "ms"] ?? NaN);
}
