import { RoteError } from "../errors.ts";

/**
 * Whether an error is the engine's own stack overflow, as V8, JavaScriptCore and SpiderMonkey spell
 * it, and no other RangeError.
 */
export function isStackOverflow(error: unknown): boolean {
  if (typeof error !== "object" || error === null) return false;
  try {
    const { name, message } = error as { name?: unknown; message?: unknown };
    return (
      (name === "RangeError" &&
        typeof message === "string" &&
        message.startsWith("Maximum call stack size exceeded")) ||
      (name === "InternalError" && message === "too much recursion")
    );
  } catch {
    // What is thrown may be anything, a proxy for instance, and what its getters throw is nobody's error.
    return false;
  }
}

/**
 * Whether an error says that the call could not be run to its end, which an old result must not hide:
 * there was no stack for it, or it needs its own result.
 */
export function isRefusal(error: unknown): boolean {
  return (
    isStackOverflow(error) ||
    (error instanceof RoteError && (error.code === "ERR_DEPTH" || error.code === "ERR_CYCLE"))
  );
}
