/** The command line as a whole: its commands, and how every failure is told. */
import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { compareCommand } from "./compare/command.ts";
import { Failure } from "./failure.ts";
import type { ExitCode } from "./failure.ts";
import { colorsFor } from "./terminal.ts";

export async function main(args: readonly string[]): Promise<ExitCode> {
  let exitCode: ExitCode = 0;
  const onEnd = (code: ExitCode): void => void (exitCode = code);
  const commands = [compareCommand(onEnd)];
  const program = new Command("rote")
    .description("See what memoization does to a function.")
    .version(version(), "-V, --version");
  for (const command of [program, ...commands]) {
    // Commander would print usage errors and exit by itself; they are told like all others, below.
    command.exitOverride().configureOutput({ outputError() {} });
  }
  for (const command of commands) program.addCommand(command);

  try {
    await program.parseAsync(args, { from: "user" });
    return exitCode;
  } catch (error) {
    return tell(error, args);
  }
}

function version(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

function tell(error: unknown, args: readonly string[]): ExitCode {
  if (error instanceof CommanderError && error.exitCode === 0) return 0;
  const failure = asFailure(error, args);
  if (failure === undefined) return 2;
  const colors = colorsFor(process.stderr);
  process.stderr.write(`${colors.red("error:")} ${failure.message}\n`);
  if (failure.hint !== undefined) {
    process.stderr.write(`${colors.cyan("hint:")} ${failure.hint}\n`);
  }
  return failure.exitCode;
}

/** @returns `undefined` if everything has been said: commander has printed its help. */
function asFailure(error: unknown, args: readonly string[]): Failure | undefined {
  if (error instanceof Failure) return error;
  if (!(error instanceof CommanderError)) throw error;
  if (error.code === "commander.help") return undefined;
  // "error: unknown command 'comapre'\n(Did you mean compare?)"
  const [message = "", suggestion] = error.message.replace(/^error: /, "").split("\n");
  const help = args[0] === "compare" ? "rote compare --help" : "rote --help";
  return new Failure(message, suggestion?.replace(/^\(|\)$/g, "") ?? `See: ${help}`);
}
