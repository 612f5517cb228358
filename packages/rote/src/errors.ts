/** The stable codes of {@link RoteError}. */
export type RoteErrorCode =
  | "ERR_INVALID_OPTION"
  | "ERR_INVALID_ARGUMENT"
  | "ERR_NOT_MEMOIZED"
  | "ERR_IN_USE"
  | "ERR_NEW"
  | "ERR_CYCLE"
  | "ERR_DEPTH"
  | "ERR_VERIFY"
  | "ERR_TIMEOUT"
  | "ERR_INVALID_RESULT"
  | "ERR_NOT_STORABLE"
  | "ERR_STORE"
  | "ERR_UNSUPPORTED";

/** What a {@link RoteError} can carry besides its sentence; which fields are there depends on the code. */
export interface RoteErrorFields {
  /** The option that was refused (`ERR_INVALID_OPTION`), or whose function gave something invalid (`ERR_INVALID_RESULT`). */
  option?: string;
  /** What was received instead of a valid option or argument. */
  value?: unknown;
  /** The calls that wait for each other, first one repeated at the end (`ERR_CYCLE`). */
  cycle?: readonly string[];
  /** What made it fail. */
  cause?: unknown;
}

/**
 * The one error class of rote. `code` is stable and meant for programs; the message says what was
 * received, what the rule is and what to do next, and never shows argument values other than
 * numbers, booleans and bigints.
 *
 * @example
 * ```ts
 * import { memoize, RoteError } from "rote";
 *
 * const loop: (n: number) => number = memoize((n) => loop(n));
 * try {
 *   loop(1);
 * } catch (error) {
 *   error instanceof RoteError && error.code; //=> "ERR_CYCLE"
 * }
 * ```
 */
export class RoteError extends Error {
  override readonly name: string = "RoteError";
  readonly code: RoteErrorCode;
  declare readonly option?: string;
  declare readonly value?: unknown;
  declare readonly cycle?: readonly string[];

  constructor(code: RoteErrorCode, message: string, fields: RoteErrorFields = {}) {
    super(message, "cause" in fields ? { cause: fields.cause } : undefined);
    this.code = code;
    if (fields.option !== undefined) this.option = fields.option;
    if ("value" in fields) this.value = fields.value;
    if (fields.cycle !== undefined) this.cycle = fields.cycle;
  }
}
