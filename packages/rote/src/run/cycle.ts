import type { Memo } from "../cache/memo.ts";
import { RoteError } from "../errors.ts";
import type { Key } from "../key/trie.ts";
import { argsAt, FRAME, isSameFrame, memoAt, writeFrame } from "./frame.ts";
import { type Segment, stack } from "./stack.ts";

/** `f(3)`: numbers, booleans and bigints as they are, everything else by its type alone. */
export function describeCall(name: string, args: readonly unknown[]): string {
  const shown = args.map((arg) => {
    if (typeof arg === "bigint") return `${arg}n`;
    if (typeof arg === "number") return Object.is(arg, -0) ? "-0" : String(arg);
    if (typeof arg === "boolean" || arg === null || arg === undefined) return String(arg);
    return Array.isArray(arg) ? "array" : typeof arg;
  });
  return `${name}(${shown.join(", ")})`;
}

/** The calls under way as frames, outermost first. */
function callsUnderWay(): unknown[] {
  const segments: Segment[] = [];
  for (let { segment } = stack; segment !== null; segment = segment.outer)
    segments.unshift(segment);
  return segments.flatMap((segment, i) => {
    const end = segments[i + 1]?.base ?? stack.top;
    // With a drive, the frame at the base is the last pending call.
    return [
      ...segment.pending.slice(0, Math.max(0, segment.pendingEnd - FRAME)),
      ...stack.slots.slice(segment.base, end),
    ];
  });
}

/** The error for a call that needs its own result. */
export function cycleError(memo: Memo, args: readonly unknown[], key: Key): RoteError {
  const calls = callsUnderWay();
  const end = calls.length;
  writeFrame(calls, end, memo, undefined, args, key);
  let first = end - FRAME;
  while (first > 0 && !isSameFrame(calls, first, calls, end)) first -= FRAME;
  const cycle: string[] = [];
  for (let at = Math.max(first, 0); at <= end; at += FRAME) {
    if (calls[at] !== undefined)
      cycle.push(describeCall(memoAt(calls, at).whole.name, argsAt(calls, at)));
  }
  return cycleErrorOf(cycle);
}

/** The error for calls that wait for each other, the first one repeated at the end. */
export function cycleErrorOf(cycle: readonly string[]): RoteError {
  const shown = cycle.length > 12 ? [...cycle.slice(0, 6), "…", ...cycle.slice(-5)] : cycle;
  return new RoteError(
    "ERR_CYCLE",
    `This call needs its own result: ${shown.join(" → ")}. Give the recursion a case that ends it, or break the cycle.`,
    { cycle },
  );
}
