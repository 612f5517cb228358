import type { Whole } from "../cache/whole.ts";
import { warnOnce } from "../development.ts";

/** A refresh that nobody waits for has failed. Whoever listens knows. */
export function warnAboutRefresh({ name, listeners }: Whole, error: unknown): void {
  if (listeners?.has("error") === true) return;
  warnOnce(
    "ROTE_REFRESH",
    `A refresh of "${name}" in the background has failed: ${error instanceof Error ? error.name : typeof error}. The old result is returned until its own end. ` +
      'To see such errors, listen to them: fn.cache.on("error", …).',
  );
}

/** The same once its promise is rejected, which is then no unhandled rejection. A function of its own: what it makes must hold nothing else. */
export function warnWhenRejected(promise: Promise<unknown>, whole: Whole): void {
  promise.catch((error: unknown) => warnAboutRefresh(whole, error));
}
