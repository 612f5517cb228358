/** `rote check`: is what is marked memoized? */
import type { Note, NoteCode } from "@rote/compiler";
import { Command } from "commander";
import { existingFile } from "../file.ts";
import { Failure } from "../failure.ts";
import type { ExitCode } from "../failure.ts";
import { showCount } from "../compare/statistics.ts";
import { type Colors, colorsFor } from "../terminal.ts";
import { type CheckedFile, checkFile, kindOf } from "./check.ts";

interface CheckOptions {
  readonly source?: true;
  readonly strict?: true;
  readonly ignore?: readonly string[];
  readonly json?: true;
}

const help = `
JavaScript is taken for what a build has written, and its marked functions have to be
memoized there. TypeScript and JSX are sources: what cannot be memoized in them is shown,
and notes of what makes a memoized function more than a function of its arguments.

  rote check dist/*.js
  rote check src/*.ts
  rote check --source server.mjs

Exit code: 0 all marked functions are memoized, 1 some are not, or with --strict there are notes,
2 wrong usage.`;

export function checkCommand(onEnd: (exitCode: ExitCode) => void): Command {
  return new Command("check")
    .summary('see that functions marked with "use memoize" are memoized')
    .description(
      'Finds functions with the directive "use memoize": in built files those that nobody has ' +
        "read, in sources those that cannot be memoized.",
    )
    .argument("<files...>", "built files, or sources")
    .option("--source", "all of them are sources, JavaScript too")
    .option("--strict", "notes are failures")
    .option("--ignore <codes...>", "codes of notes that are not made")
    .option("--json", "print what was found for machines")
    .addHelpText("after", help)
    .action(async (files: string[], options: CheckOptions) => onEnd(await run(files, options)));
}

async function run(
  files: readonly string[],
  { source, strict, ignore, json }: CheckOptions,
): Promise<ExitCode> {
  const paths = files.map(
    (file) => [file, existingFile(file, `Give its files: ${file}/*.js`)] as const,
  );
  // Loaded here, since no other command needs a parser.
  const compiler = await import("@rote/compiler");
  const fingerprinter = compiler.createFingerprinter({ ignore: (ignore ?? []) as NoteCode[] });
  const checked = paths.map(([file, path]) =>
    checkFile(compiler, file, path, kindOf(path, source === true), fingerprinter),
  );
  const lines = linesOf(checked, compiler.formatNote);
  const count = checked.reduce((sum, { findings }) => sum + findings.length, 0);
  process.stdout.write(
    json === true ? toJson(checked, count) : report(checked, colorsFor(process.stdout), lines),
  );
  if (count === 0 && strict === true && lines.length > 0)
    throw new Failure(
      lines.length === 1 ? "there is 1 note" : `there are ${showCount(lines.length)} notes`,
      "Mend them, or silence them with a reason: // rote-ignore ROTE_IO: logging only",
      1,
    );
  if (count === 0) return 0;
  const what = count === 1 ? "1 mark does" : `${showCount(count)} marks do`;
  throw new Failure(`${what} not memoize anything`, "Each is explained above, with its place.", 1);
}

/** Files share helpers, and notes of these. */
function linesOf(checked: readonly CheckedFile[], format: (note: Note) => string): string[] {
  return [...new Set(checked.flatMap(({ notes }) => notes.map(format)))];
}

/** Described in the README of this package: change both together. */
function toJson(checked: readonly CheckedFile[], count: number): string {
  return `${JSON.stringify({ schema: 1, ok: count === 0, files: checked }, null, 2)}\n`;
}

function report(checked: readonly CheckedFile[], colors: Colors, notes: readonly string[]): string {
  const lines = checked.flatMap(({ file, findings }) =>
    findings.map(
      ({ line, column, code, reason, remedy }) =>
        `${colors.bold(`${file}:${line}:${column}`)} ${colors.yellow(code)}: ${reason} ${remedy}`,
    ),
  );
  lines.push(
    ...notes.map((line) =>
      line.replace(/^(\S+) (\w+)/, `${colors.bold("$1")} ${colors.yellow("$2")}`),
    ),
  );
  const ids = (kind: CheckedFile["kind"]): number =>
    checked.reduce((sum, each) => sum + (each.kind === kind ? each.memoized.length : 0), 0);
  const [built, written] = [ids("output"), ids("source")];
  const hasSources = checked.some(({ kind }) => kind === "source");
  const hasOutputs = checked.some(({ kind }) => kind === "output");
  if (hasOutputs) lines.push(`${functions(built)} memoized in built files`);
  if (hasSources) lines.push(`${functions(written)} to be memoized in sources`);
  return `${lines.join("\n")}\n`;
}

function functions(count: number): string {
  return `${showCount(count)} marked ${count === 1 ? "function" : "functions"}`;
}
