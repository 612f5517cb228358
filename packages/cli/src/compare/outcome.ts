/** How a call ended, in a form that reaches another process and can be compared there. */
import { inspect, isDeepStrictEqual } from "node:util";
import { serialize } from "node:v8";
import type { Outcome } from "./protocol.ts";

export function returned(value: unknown): Outcome {
  const text = show(value);
  try {
    serialize(value);
    return { kind: "returned", copy: { value }, text };
  } catch {
    // A function, say, or something nested too deep: then the two are told apart by how they look.
    return { kind: "returned", text };
  }
}

export function threw(error: unknown): Outcome {
  try {
    if (error instanceof Error) {
      const { name, message } = error;
      const overflow = error instanceof RangeError && /call stack/i.test(message);
      return { kind: "threw", text: `${name}: ${message}`, overflow };
    }
  } catch {
    // Anything may be thrown, such as a proxy that was revoked.
  }
  return { kind: "threw", text: show(error), overflow: false };
}

export function isSame(left: Outcome, right: Outcome): boolean {
  if (left.kind === "returned" && right.kind === "returned" && left.copy && right.copy) {
    return isDeepStrictEqual(left.copy.value, right.copy.value);
  }
  return left.kind === right.kind && left.text === right.text;
}

/** One value on one line, long ones shortened. */
export function show(value: unknown): string {
  try {
    return inspect(value, {
      breakLength: Infinity,
      compact: true,
      depth: 4,
      maxArrayLength: 12,
      maxStringLength: 400,
    });
  } catch {
    return `<${typeof value} that cannot be shown>`;
  }
}
