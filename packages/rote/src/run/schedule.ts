interface Platform {
  setTimeout(callback: () => void, milliseconds: number): unknown;
  clearTimeout(timer: unknown): void;
}

/** Longer timers fire at once. */
const LONGEST = 2 ** 31 - 1;

/**
 * Calls `callback` after that many milliseconds, however many; what is returned calls it off.
 * Looked up late, so that fake timers work, and never what keeps a process alive.
 */
export function schedule(callback: () => void, milliseconds: number): () => void {
  const { clearTimeout } = globalThis as unknown as Platform;
  let timer: unknown;
  const start = (left: number): void => {
    timer = (globalThis as unknown as Platform).setTimeout(
      () => (left > LONGEST ? start(left - LONGEST) : callback()),
      Math.min(left, LONGEST),
    );
    (timer as { unref?: () => void }).unref?.();
  };
  start(milliseconds);
  return () => clearTimeout(timer);
}
