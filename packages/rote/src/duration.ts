/**
 * A length of time: a number of milliseconds, or a text with its unit.
 *
 * @example
 * ```ts
 * import { type Duration, memoize } from "rote";
 *
 * const fresh: Duration = "5m";
 * const rate = memoize((currency: string) => currency.length / 10, { ttl: fresh });
 * rate("EUR"); //=> 0.3
 * ```
 */
export type Duration = number | `${number}${"ms" | "s" | "m" | "h" | "d"}`;

const UNITS: { readonly [unit: string]: number } = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** What a duration must be, for messages. */
export const DURATION_RULE =
  'milliseconds, 0 or more, or a text such as "250ms", "30s", "5m", "2h" or "7d"';

/** In milliseconds; `NaN` for what is no duration. */
export function toMilliseconds(value: unknown): number {
  if (typeof value === "number") return value >= 0 ? value : Number.NaN;
  if (typeof value !== "string") return Number.NaN;
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(value);
  return match === null ? Number.NaN : Number(match[1]) * (UNITS[match[2] as string] as number);
}
