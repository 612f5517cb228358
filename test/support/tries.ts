import { runs } from "./runs.ts";

/**
 * How often one of several properties is tried that share a nightly run's number between them:
 * `quick` times in `npm test`, one `share`-th of the number in the nightly run.
 */
export function tries(quick: number, share: number): number {
  return Math.max(quick, Math.ceil(runs(quick) / share));
}
