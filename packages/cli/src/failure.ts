/** Exit codes: 0 fine; 1 the command ran and found a problem; 2 it could not run as it was called. */
export type ExitCode = 0 | 1 | 2;

/** Something to tell the user and stop for: one sentence on what is wrong, one on what to do. */
export class Failure extends Error {
  readonly hint: string | undefined;
  readonly exitCode: ExitCode;

  constructor(message: string, hint?: string, exitCode: ExitCode = 2) {
    super(message);
    this.name = "Failure";
    this.hint = hint;
    this.exitCode = exitCode;
  }
}
