/** Amounts of bytes, on the command line and for people. */
import { Failure } from "./failure.ts";

const units: readonly string[] = ["B", "KiB", "MiB", "GiB", "TiB"];

/** `100MiB`, `2GiB`, or a number of bytes. */
export function parseBytes(text: string, option: string): number {
  const match = /^(\d+(?:\.\d+)?) ?(B|KiB|MiB|GiB|TiB)?$/i.exec(text);
  const unit = units.findIndex((each) => each.toLowerCase() === (match?.[2] ?? "B").toLowerCase());
  const bytes = match === null ? NaN : Number(match[1]) * 1024 ** unit;
  if (!Number.isSafeInteger(Math.round(bytes))) {
    throw new Failure(
      `${option} must be a number of bytes, 0 or more; received ${JSON.stringify(text)}`,
      `Write it as 500KiB, 100MiB or 2GiB.`,
    );
  }
  return Math.round(bytes);
}

/** Three significant digits: `1.23 MiB`, `817 B`. */
export function showBytes(bytes: number): string {
  let amount = bytes;
  let unit = 0;
  for (; amount >= 999.5 && unit < units.length - 1; unit++) amount /= 1024;
  const digits = unit === 0 || amount >= 99.95 ? 0 : amount >= 9.995 ? 1 : 2;
  return `${amount.toFixed(digits)} ${units[unit]}`;
}
