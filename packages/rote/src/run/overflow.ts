import { FRAME } from "./frame.ts";
import { stack } from "./stack.ts";

/**
 * Whether an error is the engine's own stack overflow, as V8, JavaScriptCore and SpiderMonkey spell
 * it, and no other RangeError.
 */
export function isStackOverflow(error: unknown): boolean {
  if (typeof error !== "object" || error === null) return false;
  const { name, message } = error as { name?: unknown; message?: unknown };
  return (
    (name === "RangeError" &&
      typeof message === "string" &&
      message.startsWith("Maximum call stack size exceeded")) ||
    (name === "InternalError" && message === "too much recursion")
  );
}

/** Words of stack that leave room for a wrapper, what it calls, and a body of usual size. */
export const ROOM = 1500;

const filler: unknown[] = new Array(ROOM).fill(0);

/**
 * Overflows here, where it is seen, rather than a little later in the middle of something: a call
 * with that many arguments puts them all on the stack, however the engine has compiled the code.
 */
export function probeRoom(words: number): void {
  Reflect.apply(take, undefined, words === ROOM ? filler : new Array(words).fill(0));
}

function take(): void {}

/** Whether there are so many words of stack. */
export function hasRoom(words: number): boolean {
  try {
    probeRoom(words);
    return true;
  } catch {
    return false;
  }
}

/** Whether the runs that an error has ended cannot have filled the stack: there is far more room than they took. */
export function hadRoom(at: number): boolean {
  const ended = (stack.top - at) / FRAME;
  return hasRoom(ROOM + Math.min(200 * ended, 50_000));
}
