/** `rote run`: a program whose marked functions are memoized. */
import { spawn } from "node:child_process";
import * as nodeModule from "node:module";
import { constants } from "node:os";
import { extname } from "node:path";
import { Command } from "commander";
import { existingFile } from "../file.ts";
import { Failure } from "../failure.ts";

interface RunOptions {
  readonly stats?: true;
}

const help = `
Options of rote come before the file; everything behind it is the program's own:

  rote run app.ts
  rote run --stats app.ts --port 8080

Exit code: that of the program; 128 and more if a signal ended it; 2 wrong usage.`;

export function runCommand(onEnd: (exitCode: number) => void): Command {
  return new Command("run")
    .summary('run a program whose functions are marked with "use memoize"')
    .description(
      "Runs a program in Node, TypeScript too, and memoizes the functions that are marked, as " +
        "node --import @rote/compiler/register does.",
    )
    .argument("<file>", "TypeScript or JavaScript")
    .argument("[args...]", "arguments of the program")
    .option("--stats", "show at the end what was memoized, on standard error")
    .passThroughOptions()
    .addHelpText("after", help)
    .action(async (file: string, args: string[], { stats }: RunOptions) => {
      const path = existingFile(file, "Give the file that Node should run.");
      if (!("registerHooks" in nodeModule)) throw tooOld();
      onEnd(await run(path, args, stats === true));
    });
}

function tooOld(): Failure {
  return new Failure(
    `rote run needs Node 22.15 or newer; this is ${process.versions.node}`,
    `Build the program with a plugin of @rote/compiler, and run that.`,
  );
}

/** Signals that ask the program to end, when they are sent to this process alone. */
const passedOn = ["SIGTERM", "SIGHUP"] as const;

function run(path: string, args: readonly string[], showsStats: boolean): Promise<number> {
  const preload = new URL(`preload${extname(import.meta.url)}`, import.meta.url);
  // Not in the environment, which the program's own children would inherit.
  if (showsStats) preload.searchParams.set("stats", "");
  const child = spawn(process.execPath, ["--import", preload.href, path, ...args], {
    stdio: "inherit",
  });
  for (const signal of passedOn) process.on(signal, () => child.kill(signal));
  // A terminal has sent it to the program as well, which decides what to do about it.
  process.on("SIGINT", () => {});
  return new Promise((resolve, reject) => {
    child.on("error", ({ message }) =>
      reject(new Failure(`Node cannot be started: ${message}`, `It is ${process.execPath}.`)),
    );
    child.on("exit", (code, signal) =>
      resolve(signal === null ? (code ?? 1) : 128 + constants.signals[signal]),
    );
  });
}
