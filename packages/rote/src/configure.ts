import { wholes } from "./cache/whole.ts";
import { environment } from "./development.ts";
import { RoteError } from "./errors.ts";
import { show } from "./options.ts";
import { catchUp } from "./run/forget.ts";
import { stack } from "./run/stack.ts";

/**
 * Forgets every entry of every memoized function of this copy of rote. Called from
 * inside a run, it frees the memory of each when that is next called.
 *
 * @example
 * ```ts
 * import { clearAll, memoize } from "rote";
 *
 * const square = memoize((n: number) => n * n);
 * square(3); //=> 9
 * clearAll();
 * square.cache.size; //=> 0
 * ```
 */
export function clearAll(): void {
  stack.entriesEpoch++;
  if (stack.isEnabled) stack.epoch = stack.entriesEpoch;
  // In the middle of a run, what it relies on has to be seen to first: each function does, when called.
  if (stack.segment !== null) return;
  for (const { memo, receivers } of wholes.find()) {
    catchUp(memo);
    for (const own of receivers?.all() ?? []) catchUp(own);
  }
}

/** What `ROTE` says: `"off"`, `"bare"`, or nothing. Read when the first function is memoized. */
export function roteMode(): "on" | "off" | "bare" {
  if (mode === undefined) {
    const value = environment("ROTE");
    mode = value === "off" || value === "bare" ? value : "on";
    if (mode === "off") {
      stack.isEnabled = false;
      stack.epoch = Number.NaN;
    }
  }
  return mode;
}

let mode: "on" | "off" | "bare" | undefined;

/**
 * Settings of the whole process.
 *
 * `enabled: false` turns every memoized function into a pass-through: nothing is looked up, nothing
 * kept, every call runs the original. Entries are set aside and are back after `enabled: true`. The
 * environment variable `ROTE=off` starts a process that way.
 *
 * @throws {RoteError} `ERR_INVALID_OPTION` for an unknown setting or one of the wrong type.
 *
 * @example
 * ```ts
 * import { configure, memoize } from "rote";
 *
 * let runs = 0;
 * const next = memoize(() => ++runs);
 * next(); //=> 1
 * configure({ enabled: false });
 * next(); //=> 2
 * configure({ enabled: true });
 * next(); //=> 1
 * ```
 */
export function configure(settings: { enabled?: boolean }): void {
  if (typeof settings !== "object" || settings === null) {
    throw new RoteError(
      "ERR_INVALID_ARGUMENT",
      `configure takes an object such as { enabled: false }; received ${show(settings)}.`,
      { value: settings },
    );
  }
  for (const [option, value] of Object.entries(settings)) {
    if (option !== "enabled") {
      throw new RoteError(
        "ERR_INVALID_OPTION",
        `"${option}" is not a setting of configure. Known settings: enabled.`,
        { option, value },
      );
    }
    if (value !== undefined && typeof value !== "boolean") {
      throw new RoteError(
        "ERR_INVALID_OPTION",
        `enabled must be true or false; received ${show(value)}. Leave it out to change nothing.`,
        { option, value },
      );
    }
  }
  roteMode();
  if (settings.enabled === undefined || settings.enabled === stack.isEnabled) return;
  stack.isEnabled = settings.enabled;
  // Hits compare the epoch and nothing else.
  stack.epoch = settings.enabled ? stack.entriesEpoch : Number.NaN;
}
