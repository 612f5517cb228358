/** The command line as a whole: its commands, and how every failure is told. */
import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { cacheCommand } from "./cache/command.ts";
import { checkCommand } from "./check/command.ts";
import { compareCommand } from "./compare/command.ts";
import { explainCommand } from "./explain/command.ts";
import { Failure } from "./failure.ts";
import { runCommand } from "./run/command.ts";
import { colorsFor } from "./terminal.ts";

export async function main(args: readonly string[]): Promise<number> {
  let exitCode = 0;
  const onEnd = (code: number): void => void (exitCode = code);
  const commands = [
    runCommand(onEnd),
    compareCommand(onEnd),
    checkCommand(onEnd),
    explainCommand(onEnd),
    cacheCommand(onEnd),
  ];
  const program = new Command("rote")
    .description("Run what is memoized, see what it does to a function, and what it has stored.")
    .version(version(), "-V, --version")
    // What follows the program of rote run is the program's.
    .enablePositionalOptions();
  for (const command of [program, ...commands, ...commands.flatMap((each) => each.commands)]) {
    // Commander would print usage errors and exit by itself; they are told like all others, below.
    command.exitOverride().configureOutput({ outputError() {} });
  }
  for (const command of commands) program.addCommand(command);

  try {
    await program.parseAsync(args, { from: "user" });
    return exitCode;
  } catch (error) {
    return tell(error, program, args);
  }
}

function version(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

function tell(error: unknown, program: Command, args: readonly string[]): number {
  if (error instanceof CommanderError && error.exitCode === 0) return 0;
  const failure = asFailure(error, program, args);
  if (failure === undefined) return 2;
  const colors = colorsFor(process.stderr);
  process.stderr.write(`${colors.red("error:")} ${failure.message}\n`);
  if (failure.hint !== undefined) {
    process.stderr.write(`${colors.cyan("hint:")} ${failure.hint}\n`);
  }
  return failure.exitCode;
}

/** @returns `undefined` if everything has been said: commander has printed its help. */
function asFailure(error: unknown, program: Command, args: readonly string[]): Failure | undefined {
  if (error instanceof Failure) return error;
  if (!(error instanceof CommanderError)) throw error;
  if (error.code === "commander.help") return undefined;
  // "error: unknown command 'comapre'\n(Did you mean compare?)"
  const [message = "", suggestion] = error.message.replace(/^error: /, "").split("\n");
  const hint = suggestion?.replace(/^\(|\)$/g, "") ?? `See: ${nameOf(program, args)} --help`;
  return new Failure(message, hint);
}

/** The command that the arguments begin with, as far as there is one. */
function nameOf(program: Command, args: readonly string[]): string {
  let name = program.name();
  let { commands } = program;
  for (const argument of args) {
    const found = commands.find((each) => each.name() === argument);
    if (found === undefined) break;
    name += ` ${argument}`;
    ({ commands } = found);
  }
  return name;
}
