/**
 * The order of a bottom-up run: the calls that a memoized run has made, sorted so that each comes
 * after the calls it needs. That ascending arguments do it is a guess; a counting run checks it.
 */
import { isDeepStrictEqual } from "node:util";

type Ordered = number | bigint | string;

/** The calls in ascending order with the place of the one that was asked for, or why there is none. */
export type Ascending =
  | { readonly calls: readonly unknown[][]; readonly index: number }
  | { readonly reason: string };

/**
 * @param entries - What `cache.entries()` gave: argument lists, or keys where a `key` function made them.
 * @param asked - The arguments of the call that was asked for.
 */
export function ascending(entries: readonly unknown[], asked: readonly unknown[]): Ascending {
  const calls: unknown[][] = entries.filter((entry) => Array.isArray(entry));
  const found = calls.find((call) => isDeepStrictEqual(call, asked));
  if (calls.length < entries.length || found === undefined) {
    return {
      reason: "its cache does not hold its arguments, only what a key function made of them",
    };
  }
  if (calls.length === 1) {
    return {
      reason: "the call needed no other call of the function, so there is nothing to order",
    };
  }
  if (calls.some((call) => call.length !== found.length)) {
    return { reason: "its calls have different numbers of arguments" };
  }
  for (let position = 0; position < found.length; position += 1) {
    const reason = whyUnordered(calls, position);
    if (reason !== undefined) return { reason };
  }
  calls.sort(compareCalls);
  return { calls, index: calls.indexOf(found) };
}

function whyUnordered(calls: readonly unknown[][], position: number): string | undefined {
  const first = calls[0]?.[position];
  const isOrdered = (value: unknown): boolean =>
    typeof value === typeof first && isNumberOrText(value) && !Number.isNaN(value);
  if (calls.every((call) => isOrdered(call[position]))) return undefined;

  // An argument that is passed along unchanged needs no order, but must survive the way to another process.
  const constant = calls.every((call) => isDeepStrictEqual(call[position], first));
  if (constant && isCopyable(first)) return undefined;
  return `argument ${position + 1} is not always a number, a bigint or text, so its calls have no ascending order`;
}

function isNumberOrText(value: unknown): value is Ordered {
  return typeof value === "number" || typeof value === "bigint" || typeof value === "string";
}

function isCopyable(value: unknown): boolean {
  try {
    return isDeepStrictEqual(structuredClone(value), value);
  } catch {
    return false;
  }
}

function compareCalls(left: readonly unknown[], right: readonly unknown[]): number {
  for (let position = 0; position < left.length; position += 1) {
    const a = left[position];
    const b = right[position];
    if (!isNumberOrText(a) || !isNumberOrText(b)) continue;
    // A longer text is usually made of shorter ones, whatever its letters.
    if (typeof a === "string" && typeof b === "string" && a.length !== b.length) {
      return a.length - b.length;
    }
    if (a < b) return -1;
    if (a > b) return 1;
  }
  return 0;
}
