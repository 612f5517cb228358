/** `rote compare`: what memoization does to one call of one function. */
import { Command } from "commander";
import { parseDuration } from "../duration.ts";
import { existingFile } from "../file.ts";
import { Failure } from "../failure.ts";
import type { ExitCode } from "../failure.ts";
import { colorsFor, createProgressLine } from "../terminal.ts";
import { parseArguments } from "./arguments.ts";
import { compare } from "./compare.ts";
import type { Comparison, Difference, Request } from "./compare.ts";
import { toJson } from "./json.ts";
import type { Outcome } from "./protocol.ts";
import { report, showCall } from "./report.ts";

interface CompareOptions {
  readonly runs?: string;
  readonly timeout: string;
  readonly json?: true;
}

const examples = `
Arguments are JSON, with 123n for a BigInt; text keeps its own quotes:

  rote compare fibonacci.ts fibonacci 36
  rote compare partitions.ts partitions 400n
  rote compare edit-distance.ts editDistance '"kitten"' '"sitting"'

Exit code: 0 all ways agree, 1 they differ or the function throws, 2 wrong usage.`;

export function compareCommand(onEnd: (exitCode: ExitCode) => void): Command {
  return new Command("compare")
    .summary("run a function plain, memoized and tabulated, and compare")
    .description(
      "Calls an exported function in three ways, each time in a fresh process: plain, memoized " +
        "(top-down) and tabulated (bottom-up). Shows what each costs, and checks that all of them " +
        "return the same. A function that its module has not memoized is memoized for this, with " +
        "its recursion.",
    )
    .argument("<file>", "TypeScript or JavaScript module")
    .argument("<function>", "the name under which it exports the function")
    .argument("[args...]", "arguments of the call, as JSON")
    .option("--runs <count>", "cold runs of each way (default: 5, fewer if they are slow)")
    .option("--timeout <duration>", "stop a run that takes longer: 500ms, 10s, 2m", "10s")
    .option("--json", "print the comparison for machines")
    .addHelpText("after", examples)
    .action(async (file: string, name: string, args: string[], options: CompareOptions) => {
      onEnd(await run(file, name, args, options));
    });
}

async function run(
  file: string,
  name: string,
  args: readonly string[],
  options: CompareOptions,
): Promise<ExitCode> {
  const request: Request = {
    file: existingFile(file, "Give the module that exports the function."),
    name,
    args: parseArguments(args),
    runs: options.runs === undefined ? undefined : parseRuns(options.runs),
    timeoutMs: parseDuration(options.timeout, "--timeout"),
  };
  const progress = createProgressLine(process.stderr);
  let comparison: Comparison;
  // Ends like this, and not at once, so that child processes and files are cleared away first.
  process.once("SIGINT", () => process.exit(130));
  process.once("exit", () => progress.clear());
  try {
    comparison = await compare(request, (text) => progress.show(text));
  } finally {
    progress.clear();
  }
  const problem = problemIn(request, comparison);
  if (options.json) {
    process.stdout.write(toJson(request, comparison, problem === undefined));
  } else if (comparison.outcome.kind === "returned") {
    process.stdout.write(report(request, comparison, colorsFor(process.stdout)));
  }
  if (problem !== undefined) throw problem;
  return 0;
}

function parseRuns(text: string): number {
  const runs = Number(text);
  if (!Number.isInteger(runs) || runs < 1) {
    const received = JSON.stringify(text);
    throw new Failure(
      `--runs must be a whole number from 1; received ${received}`,
      `--runs 5 is the usual number.`,
    );
  }
  return runs;
}

/** What is wrong with the function, if anything: not with how the command was called. */
function problemIn(request: Request, comparison: Comparison): Failure | undefined {
  const { difference, outcome, ways } = comparison;
  if (difference !== undefined) return explainDifference(request, difference);
  if (outcome.kind === "returned") {
    const ended = ways.find(({ status }) => status === "failed");
    if (ended === undefined) return undefined;
    const message = `${showCall(request)}, ${ended.way}, ${ended.reason}`;
    return new Failure(message, `Memoized, it returned ${outcome.text}`, 1);
  }
  const isPlainToo = ways.some(({ way, status }) => way === "plain" && status === "failed");
  const who = isPlainToo ? ", plain and memoized alike" : "";
  return new Failure(
    `${showCall(request)} threw ${outcome.text}${who}`,
    outcome.overflow ? overflowHint : `Are these the arguments that ${request.name} takes?`,
    1,
  );
}

const overflowHint = `Memoized, only recursion: "off", or recursion outside memoized functions, overflows the stack.`;

function explainDifference(request: Request, difference: Difference): Failure {
  const { left, leftOutcome, right, rightOutcome } = difference;
  const width = Math.max(left.length, right.length) + 1;
  const line = (way: string, { kind, text }: Outcome): string =>
    `  ${`${way}:`.padEnd(width)} ${kind === "threw" ? "threw " : ""}${text}`;
  const isOverflow = rightOutcome.kind === "threw" && rightOutcome.overflow;
  return new Failure(
    [
      `${showCall(request)} does not end the same way each time`,
      line(left, leftOutcome),
      line(right, rightOutcome),
    ].join("\n"),
    isOverflow
      ? overflowHint
      : `It may read something besides its arguments (a clock, a counter, randomness), or change them.`,
    1,
  );
}
