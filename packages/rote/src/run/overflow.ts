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
