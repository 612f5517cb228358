/** Most results are no objects. Where every run passes, this comes first: it is inlined everywhere. */
export function mayBeThenable(value: unknown): boolean {
  return typeof value === "object" || typeof value === "function";
}

/** Whether `await` would wait for it. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    mayBeThenable(value) && value !== null && (value instanceof Promise || hasThen(value as object))
  );
}

/** Results may be anything, a proxy for instance, and what their getters throw is nobody's error. */
function hasThen(value: object): boolean {
  try {
    return typeof (value as { then?: unknown }).then === "function";
  } catch {
    return false;
  }
}

/** Waits for any thenable: for the first thing that it says, also if it throws. */
export function observe(
  value: PromiseLike<unknown>,
  onResult: (result: unknown) => void,
  onError: (error: unknown) => void,
): void {
  let hasSettled = false;
  const once = (settle: (outcome: unknown) => void) => (outcome: unknown) => {
    if (hasSettled) return;
    hasSettled = true;
    settle(outcome);
  };
  try {
    value.then(once(onResult), once(onError));
  } catch (error) {
    once(onError)(error);
  }
}
