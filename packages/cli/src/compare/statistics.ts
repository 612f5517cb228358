/** Numbers for people: medians, spreads, times, counts. */

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** @returns `undefined` if there are no values. */
export function spreadOf(values: readonly number[]): Spread | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const low = sorted[(sorted.length - 1) >> 1];
  const high = sorted[sorted.length >> 1];
  const [min] = sorted;
  const max = sorted.at(-1);
  if (low === undefined || high === undefined || min === undefined || max === undefined) {
    return undefined;
  }
  return { median: (low + high) / 2, min, max };
}

/** `48 315 633`: groups of three, as in print, in any locale. */
export function showCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, " ");
}

/** Three significant digits: `1.23 s`, `61.3 µs`. */
export function showMs(ms: number): string {
  const unit = unitOf(ms);
  return `${inUnit(ms, unit)} ${unit.name}`;
}

/** `405–430 ms`: from the least to the most. */
export function showRange({ min, max }: Spread): string {
  const unit = unitOf(max);
  return `${inUnit(min, unit)}–${inUnit(max, unit)} ${unit.name}`;
}

/** `6 754 ×`, `1.3 ×`. */
export function showFactor(factor: number): string {
  return `${factor < 10 ? factor.toFixed(factor < 0.1 ? 2 : 1) : showCount(Math.round(factor))} ×`;
}

interface Unit {
  readonly name: string;
  readonly ms: number;
}

function unitOf(ms: number): Unit {
  if (ms < 0.9995) return { name: "µs", ms: 0.001 };
  if (ms < 999.5) return { name: "ms", ms: 1 };
  return { name: "s", ms: 1000 };
}

function inUnit(ms: number, unit: Unit): string {
  const amount = ms / unit.ms;
  if (amount >= 99.95) return amount.toFixed(0);
  return amount.toFixed(amount >= 9.995 ? 1 : 2);
}
