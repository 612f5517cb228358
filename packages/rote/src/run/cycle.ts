import type { Memo } from "../cache/memo.ts";
import { RoteError } from "../errors.ts";
import { isSameToken } from "../key/token.ts";
import type { Key } from "../key/trie.ts";
import { type Frame, FRAME, frameAt, type Segment, stack } from "./stack.ts";

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

export function isSameKey(a: Key, b: Key): boolean {
  const { objects, tokens } = a;
  return (
    a.count === b.count &&
    tokens.length === b.tokens.length &&
    objects?.length === b.objects?.length &&
    (objects === null || objects.every((object, i) => object === b.objects?.[i])) &&
    tokens.every((token, i) => isSameToken(token, b.tokens[i]))
  );
}

/** The calls under way, outermost first. */
export function callsUnderWay(): Frame[] {
  const segments: Segment[] = [];
  for (let segment = stack.segment; segment !== null; segment = segment.outer) segments.unshift(segment);
  const calls: Frame[] = [];
  segments.forEach((segment, i) => {
    const end = segments[i + 1]?.base ?? stack.top;
    // With a drive, the frame at the base is the last pending call.
    calls.push(...segment.pending.slice(0, -1));
    for (let at = segment.base; at < end && stack.slots[at] !== undefined; at += FRAME) calls.push(frameAt(at, true));
  });
  return calls;
}

/** The error for a call that needs its own result. */
export function cycleError(memo: Memo, args: readonly unknown[], key: Key): RoteError {
  const calls = callsUnderWay();
  let first = calls.length - 1;
  while (first > 0 && !(calls[first]?.memo === memo && isSameKey((calls[first] as Frame).key, key))) first--;
  const cycle = calls.slice(Math.max(first, 0)).map((call) => describeCall(call.memo.name, call.args));
  cycle.push(describeCall(memo.name, args));
  const shown = cycle.length > 12 ? [...cycle.slice(0, 6), "…", ...cycle.slice(-5)] : cycle;
  return new RoteError(
    "ERR_CYCLE",
    `This call needs its own result: ${shown.join(" → ")}. Give the recursion a case that ends it, or break the cycle.`,
    { cycle },
  );
}
