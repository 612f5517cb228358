interface Platform {
  process?: { nextTick?: (callback: () => void) => void };
  setTimeout?: (callback: () => void, milliseconds: number) => unknown;
}

/**
 * Calls `callback` once the promise jobs of this turn are done, those that others queue among them.
 *
 * Node has a queue for that, but works it off before the promise jobs unless it is asked from one of
 * them. Where there is none, it is the next timer. Looked up late, so that fake timers work.
 */
export function afterJobs(callback: () => void): void {
  const { process, setTimeout } = globalThis as Platform;
  if (typeof process?.nextTick === "function") {
    const { nextTick } = process;
    void Promise.resolve().then(() => nextTick(callback));
  } else if (typeof setTimeout === "function") setTimeout(callback, 0);
  else void Promise.resolve().then(callback);
}
