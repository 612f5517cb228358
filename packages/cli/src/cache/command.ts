/** `rote cache`: what a disk store holds, whether it is sound, and what may go. */
import { once } from "node:events";
import { statSync } from "node:fs";
import { Command } from "commander";
import { isManifest, manifestsOf } from "rote/store";
import { parseBytes, showBytes } from "../bytes.ts";
import { showCount } from "../compare/statistics.ts";
import { parseAge } from "../duration.ts";
import { Failure } from "../failure.ts";
import type { ExitCode } from "../failure.ts";
import { colorsFor } from "../terminal.ts";
import { exportLines } from "./export.ts";
import { list, stats } from "./functions.ts";
import { document } from "./json.ts";
import { namespacesOf, withStore, withView, withViewLater } from "./open.ts";
import { prune, type Pruned } from "./prune.ts";
import { show } from "./show.ts";
import { plain } from "./text.ts";
import { report, verify } from "./verify.ts";

interface Json {
  readonly json?: true;
}

const where = "the file or directory that was given to disk() (default: where disk() puts it)";
const named =
  "the name of a function, for all of its versions, or one namespace, such as render/v:3";

const help = `
PATH is what was given to disk(); without one, the place that disk() takes by default.
Looking changes nothing; only prune and clear write.

Exit code: 0 fine, 1 verify has found something, 2 wrong usage, or the store cannot be read.`;

export function cacheCommand(onEnd: (exitCode: ExitCode) => void): Command {
  const print = (text: string): void => void process.stdout.write(text);
  const command = new Command("cache")
    .summary("look at what a disk store holds, check it, and clear it")
    .description("Shows, checks and clears the results that disk() keeps in a file.")
    .addHelpText("after", help);
  const colors = colorsFor(process.stdout);

  command
    .command("ls")
    .summary("list functions with their entries, bytes, run time and ages")
    .description(
      "Lists the functions whose results are stored, those first whose runs took longest.",
    )
    .argument("[path]", where)
    .option("--json", "print the list for machines")
    .action((path: string | undefined, { json }: Json) =>
      withView(path, (view) => print(list(view, Date.now(), json === true, colors))),
    );

  command
    .command("show")
    .summary("show the entries of a function, or one with its value")
    .description("Shows the entries of a function, the last used ones first, or one of them whole.")
    .argument("<path-and-name...>", `[path] and ${named}`)
    .option("--digest <digits>", "the entry whose digest begins so, whole if it is one")
    .option("--limit <count>", "how many entries at most", "50")
    .option("--json", "print the entries for machines, with their values")
    .action((args: string[], options: Json & { digest?: string; limit: string }) => {
      const [path, name] = pathAndName(args);
      const wanted = {
        digest: options.digest === undefined ? undefined : parseDigest(options.digest),
        limit: parseCount(options.limit, "--limit"),
        isJson: options.json === true,
      };
      withView(path, (view) => print(show(view, name, wanted, Date.now(), colors)));
    });

  command
    .command("stats")
    .summary("show the sums of the whole store")
    .description("Shows how much a store holds, and what it took to make it.")
    .argument("[path]", where)
    .option("--json", "print the sums for machines")
    .action((path: string | undefined, { json }: Json) =>
      withView(path, (view) =>
        print(stats(view, statSync(view.path).size, Date.now(), json === true, colors)),
      ),
    );

  command
    .command("verify")
    .summary("check the file and every entry in it")
    .description(
      "Checks the pages and indexes of the file, opens every entry, reads its arguments and its " +
        "value, and compares the digest of the arguments with the address. Changes nothing. " +
        "Exit code 1 if anything is wrong.",
    )
    .argument("[path]", where)
    .option("--json", "print what was found for machines")
    .action((path: string | undefined, { json }: Json) =>
      withView(path, (view) => {
        const verified = verify(view, Date.now());
        print(report(view, verified, json === true, colors));
        if (verified.findings.length > 0) onEnd(1);
      }),
    );

  command
    .command("prune")
    .summary("remove expired and damaged entries, and more if asked to")
    .description(
      "Removes entries that have expired or are damaged. With --older-than, also older ones; with " +
        "--max-bytes, also those that are worth least, by run time per byte and last use.",
    )
    .argument("[path]", where)
    .option("--older-than <duration>", "remove what was written longer ago: 12h, 7d")
    .option("--max-bytes <bytes>", "keep entries of so many bytes at most: 100MiB, 2GiB")
    .option("--json", "print what was removed for machines")
    .action(
      (path: string | undefined, options: Json & { olderThan?: string; maxBytes?: string }) => {
        const { olderThan, maxBytes } = options;
        const bounds = {
          olderThan: olderThan === undefined ? undefined : parseAge(olderThan, "--older-than"),
          maxBytes: maxBytes === undefined ? undefined : parseBytes(maxBytes, "--max-bytes"),
        };
        const [file, pruned] = withStore(path, (store, view) => [
          view.path,
          prune(store, view, bounds, Date.now()),
        ]);
        const { bytes, ...removed } = pruned;
        print(options.json === true ? document(file, { removed, bytes }) : sayPruned(pruned));
      },
    );

  command
    .command("clear")
    .summary("remove all entries of a function, or all there are")
    .description(
      "Removes all entries of a function; with --yes and without a name, everything in the store.",
    )
    .argument("[path-and-name...]", `[path] and ${named}; with --yes, only [path]`)
    .option("--yes", "clear the whole store")
    .option("--json", "print what was removed for machines")
    .action((args: string[], { yes, json }: Json & { yes?: true }) => {
      const [path, name] = whatToClear(args, yes === true);
      const [file, count] = withStore(path, (store, view) => {
        const listed = new Map<string, number>();
        for (const { namespace } of view.list())
          listed.set(namespace, (listed.get(namespace) ?? 0) + 1);
        const meant = name === undefined ? [...listed.keys()] : namespacesOf(view, name);
        for (const namespace of meant) store.clear(namespace);
        if (name !== undefined) store.clear(manifestsOf(name));
        store.flush();
        const results = meant.filter((each) => !isManifest(each));
        return [view.path, results.reduce((sum, each) => sum + (listed.get(each) ?? 0), 0)];
      });
      print(
        json === true
          ? document(file, { removed: count })
          : `Removed ${sayEntries(count)} from ${plain(file)}.\n`,
      );
    });

  command
    .command("export")
    .summary("print every entry as a line of JSON")
    .description("Prints every entry, with its arguments and its value, as a line of JSON.")
    .argument("[path]", where)
    .option("--name <name>", `only those of one function: ${named}`)
    .option("--bytes", "add the stored bytes, in Base64: with these nothing is lost")
    .option("--json", "as without: the lines are JSON")
    .action((path: string | undefined, options: { name?: string; bytes?: true }) =>
      withViewLater(path, async (view) => {
        const { name } = options;
        const namespaces = name === undefined ? undefined : namespacesOf(view, name);
        await writeLines(exportLines(view, namespaces, options.bytes === true));
      }),
    );
  return command;
}

/** As fast as they are read. A reader that has enough, such as head, ends it. */
async function writeLines(lines: Iterable<string>): Promise<void> {
  const { stdout } = process;
  let isOpen = true;
  stdout.on("error", () => (isOpen = false));
  for (const line of lines) {
    if (!isOpen) return;
    if (!stdout.write(line))
      await Promise.race([once(stdout, "drain"), once(stdout, "close")]).catch(() => {});
  }
}

function pathAndName(args: readonly string[]): [path: string | undefined, name: string] {
  if (args.length > 2) throw tooMany(args);
  const name = args.at(-1) as string;
  return [args.length === 2 ? args[0] : undefined, name];
}

function whatToClear(
  args: readonly string[],
  isWhole: boolean,
): [path: string | undefined, name: string | undefined] {
  if (isWhole) {
    if (args.length < 2) return [args[0], undefined];
    throw new Failure(
      "--yes clears the whole store, and a name only the entries of one function",
      "Leave out one of them.",
    );
  }
  if (args.length === 0) {
    throw new Failure(
      "clear needs the name of a function, or --yes to clear the whole store",
      "rote cache ls shows the names.",
    );
  }
  return pathAndName(args);
}

function tooMany(args: readonly string[]): Failure {
  return new Failure(
    `at most a path and a name are expected; received ${args.length} arguments`,
    "A path or a name with spaces needs quotes.",
  );
}

function parseDigest(text: string): string {
  if (/^[\da-f]{1,64}$/i.test(text)) return text.toLowerCase();
  throw new Failure(
    `--digest must be the first hexadecimal digits of a digest; received ${JSON.stringify(text)}`,
    "rote cache show with a name alone lists them.",
  );
}

function parseCount(text: string, option: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1) return count;
  throw new Failure(
    `${option} must be a whole number from 1; received ${JSON.stringify(text)}`,
    `${option} 50 is what it is without.`,
  );
}

function sayEntries(count: number): string {
  return count === 1 ? "one entry" : `${showCount(count)} entries`;
}

function sayPruned({ expired, damaged, old, evicted, bytes }: Pruned): string {
  const count = expired + damaged + old + evicted;
  if (count === 0) return "Nothing had to go.\n";
  const parts = Object.entries({ expired, damaged, old, evicted })
    .filter(([, each]) => each > 0)
    .map(([why, each]) => `${showCount(each)} ${why}`);
  return `Removed ${sayEntries(count)}, ${showBytes(bytes)}: ${parts.join(", ")}.\n`;
}
