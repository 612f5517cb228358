/** `rote explain`: what a function can reach, what of it nobody can see, and what has changed. */
import { readFileSync, writeFileSync } from "node:fs";
import type { Fingerprint, Reached } from "@rote/compiler";
import { Command } from "commander";
import { RoteError } from "rote";
import { withView } from "../cache/open.ts";
import { Failure } from "../failure.ts";
import type { ExitCode } from "../failure.ts";
import { colorsFor } from "../terminal.ts";

interface Options {
  readonly env?: readonly string[];
  readonly save?: string;
  readonly since?: string;
  /** `true` for the default place. */
  readonly store?: string | true;
  readonly name?: string;
  readonly json?: true;
}

/** What --save writes. */
interface Saved {
  readonly digest: string;
  readonly reached: readonly Reached[];
}

const help = `
FILE#FUNCTION is a function of a module: src/rates.ts#price, src/cart.ts#Cart.total, src/rates.ts#default;
or a position in it: src/rates.ts#14:5 (line and column).
--store is followed by what was given to disk(), or by nothing for the place that it takes by default.

Exit code: 0 the fingerprint is complete, and with --since unchanged; 1 it is not; 2 wrong usage.`;

export function explainCommand(onEnd: (exitCode: ExitCode) => void): Command {
  return new Command("explain")
    .summary("list what a function can reach, and what has changed")
    .description(
      "Shows the fingerprint of a function: all declarations that it can reach; and what makes it impure.",
    )
    .argument("<file#function>", "the function")
    .option("--env <names...>", "variables of the environment that it may read")
    .option("--save <file>", "keep what it reaches now, for --since")
    .option("--since <file>", "say what has changed since --save")
    .option("--store [path]", "say which versions of it are stored, and what has changed since")
    .option("--name <name>", "what the store calls it, if that is the option name")
    .option("--json", "print everything for machines")
    .addHelpText("after", help)
    .action(async (name: string, options: Options) => onEnd(await explainFunction(name, options)));
}

async function explainFunction(place: string, options: Options): Promise<ExitCode> {
  const at = place.lastIndexOf("#");
  if (at <= 0 || at === place.length - 1)
    throw new Failure(
      `"${place}" says no function of a file.`,
      "Write the file, #, and the name of the function: src/rates.ts#price",
    );
  const [file, name] = [place.slice(0, at), place.slice(at + 1)];
  // With its parser it is loaded for this command alone.
  const { createFingerprinter, explain, formatFinding, formatNote } =
    await import("@rote/compiler");
  const fingerprinter = createFingerprinter({ env: options.env ?? [] });
  const made = askFor(() => fingerprinter.fingerprint(file, toPlace(file, name)));
  const notes = fingerprinter.notes(file, toPlace(file, name));
  const before = options.since === undefined ? undefined : readSaved(options.since);
  const changes = before === undefined ? [] : explain(before.reached, made.reached);
  const hasChanged = before !== undefined && before.digest !== made.digest;
  if (options.save !== undefined) save(options.save, made);
  const stored = options.store === undefined ? undefined : await lookUp(file, made, options);

  if (options.json === true) {
    const all = {
      ...made,
      notes,
      ...(before !== undefined && { hasChanged, changes }),
      ...(stored !== undefined && { store: stored.path, stored: stored.versions }),
    };
    process.stdout.write(`${JSON.stringify(all, undefined, 2)}\n`);
  } else {
    const colors = colorsFor(process.stdout);
    const { dim, yellow, bold } = colors;
    const lines = [`${bold(place)}  ${made.digest}`, ""];
    for (const each of made.reached) lines.push(`  ${toLine(each, dim)}`);
    for (const name of made.env) lines.push(`  ${name} ${dim("environment")}`);
    if (made.unseen.length > 0) lines.push("", "Not seen:");
    for (const finding of made.unseen) lines.push(`  ${yellow(formatFinding(finding))}`);
    if (made.remarks.length > 0)
      lines.push("", ...made.remarks.map((remark) => `Remark: ${remark}`));
    if (notes.length > 0) lines.push("", "Notes:");
    for (const note of notes) lines.push(`  ${yellow(formatNote(note))}`);
    if (before !== undefined) lines.push("", hasChanged ? "Changed:" : "Nothing has changed.");
    for (const { text } of changes) lines.push(`  ${text}`);
    if (stored !== undefined)
      lines.push(...stored.say(stored.path, stored.versions, Date.now(), colors));
    process.stdout.write(`${lines.join("\n")}\n`);
  }
  return made.isComplete && !hasChanged ? 0 : 1;
}

async function lookUp(file: string, made: Fingerprint, { store, name }: Options) {
  const { storedNames, storedVersions, sayVersions: say } = await import("./stored.ts");
  const names = name === undefined ? storedNames(file, made) : new Set([name]);
  return withView(store === true ? undefined : store, (view) => ({
    path: view.path,
    versions: storedVersions(view, names, made),
    say,
  }));
}

function toLine({ kind, name, file, line }: Reached, dim: (text: string) => string): string {
  const where = file === undefined || line === undefined ? kind : `${file}:${line}`;
  return `${name} ${dim(where)}`;
}

/** `14:5` is a position. */
function toPlace(file: string, name: string): string | number {
  const match = /^(\d+):(\d+)$/.exec(name);
  if (match === null) return name;
  const lines = readText(file).split("\n");
  const before = lines.slice(0, Number(match[1]) - 1).join("\n").length;
  return before + (match[1] === "1" ? 0 : 1) + Number(match[2]) - 1;
}

function askFor(make: () => Fingerprint): Fingerprint {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof RoteError)) throw error;
    const [message = "", ...hints] = error.message.split(/(?<=\.) (?=[A-Z])/);
    throw new Failure(message, hints.join(" "));
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    throw new Failure(`${path} cannot be read.`, "Check the path.");
  }
}

function readSaved(path: string): Saved {
  const text = readText(path);
  try {
    const saved = JSON.parse(text) as Partial<Saved> | null;
    if (typeof saved?.digest === "string" && Array.isArray(saved.reached)) return saved as Saved;
  } catch {
    // Told below.
  }
  throw new Failure(`${path} is not what --save has written.`, `Write it with --save ${path}`);
}

function save(path: string, { digest, reached }: Fingerprint): void {
  try {
    writeFileSync(path, `${JSON.stringify({ digest, reached }, undefined, 2)}\n`);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Failure(`${path} cannot be written (${code ?? "unknown"}).`, "Pass another path.");
  }
}
