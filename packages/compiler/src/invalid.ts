import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/**
 * An error for an option that is not as it should be. Nothing else of the compiler needs rote while it runs, and
 * this must not either: it may run while the program is in the middle of loading rote, which cannot be loaded by
 * anybody else until that is done.
 */
export function invalidOption(message: string, option: string, value: unknown): Error {
  const fields = { option, value };
  try {
    const { RoteError } = require("rote") as typeof import("rote");
    return new RoteError("ERR_INVALID_OPTION", message, fields);
  } catch {
    return Object.assign(
      new Error(message),
      { name: "RoteError", code: "ERR_INVALID_OPTION" },
      fields,
    );
  }
}
