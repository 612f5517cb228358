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
