/** `rote cache show`: the entries of one function, or one of them whole. */
import type { DiskListing, DiskView } from "rote/disk";
import { inspect, type Inspection } from "rote/store";
import { showBytes } from "../bytes.ts";
import { showMs } from "../compare/statistics.ts";
import { Failure } from "../failure.ts";
import type { Colors } from "../terminal.ts";
import { showNamespace } from "./functions.ts";
import { describeEntry, document } from "./json.ts";
import { byUse, namespacesOf } from "./open.ts";
import { plain, showArguments, showInstant, showSpan, showWhole, table } from "./text.ts";

export interface ShowOptions {
  readonly digest: string | undefined;
  readonly limit: number;
  readonly isJson: boolean;
}

interface Shown {
  readonly listing: DiskListing;
  readonly inspection: Inspection;
}

/** The entries of a function, the last used ones first. */
export function show(
  view: DiskView,
  name: string,
  { digest, limit, isJson }: ShowOptions,
  now: number,
  colors: Colors,
): string {
  const namespaces = namespacesOf(view, name);
  const all = byUse(namespaces.flatMap((namespace) => [...view.list(namespace)]));
  const meant =
    digest === undefined ? all : all.filter((listing) => listing.digest.startsWith(digest));
  if (meant.length === 0) {
    throw new Failure(
      `no entry of ${JSON.stringify(name)} has a digest that begins with ${JSON.stringify(digest)}`,
      "rote cache show with the name alone lists them.",
    );
  }
  const shown = meant
    .slice(0, limit)
    .map((listing) => ({ listing, inspection: look(view, listing) }));
  if (isJson) {
    return document(view.path, {
      count: meant.length,
      entries: shown.map(({ listing, inspection }) => describeEntry(listing, inspection)),
    });
  }
  const [only] = shown;
  if (digest !== undefined && meant.length === 1 && only !== undefined)
    return whole(only, now, colors);
  const rest = meant.length - shown.length;
  const lines = ["", ...entryTable(shown, now, colors), ""];
  if (rest > 0) lines.push(colors.dim(`  ${rest} more: --limit ${meant.length} shows all.`));
  lines.push(colors.dim("  --digest and the first digits of one shows that entry with its value."));
  return `${lines.join("\n")}\n`;
}

function look(view: DiskView, listing: DiskListing): Inspection {
  // A damaged row, or an entry that was removed since it was listed.
  const bytes = view.read(listing);
  return bytes === undefined ? { problem: "damaged", entry: undefined } : inspect(bytes);
}

function entryTable(shown: readonly Shown[], now: number, colors: Colors): string[] {
  const titles = ["digest", "version", "run time", "bytes", "age", "expires", "tags", "arguments"];
  const rows = shown.map(({ listing, inspection: { problem, entry } }) => [
    listing.digest.slice(0, 10),
    showNamespace(listing.namespace)[1],
    entry?.runTime === undefined ? "—" : showMs(entry.runTime),
    showBytes(listing.size),
    showSpan(now - (entry?.createdAt ?? listing.writtenAt)),
    showExpiry(listing.expiresAt, now),
    listing.tags.map(plain).join(" "),
    `${entry === undefined ? "" : showArguments(entry.arguments)}${problem === undefined ? "" : ` (${problem})`}`.trim(),
  ]);
  return table(titles, rows, colors, ["version", "tags", "arguments"]);
}

function showExpiry(expiresAt: number, now: number): string {
  if (expiresAt === Infinity) return "never";
  return expiresAt <= now ? "expired" : `in ${showSpan(expiresAt - now)}`;
}

function whole({ listing, inspection }: Shown, now: number, colors: Colors): string {
  const { problem, entry } = inspection;
  const [name, version] = showNamespace(listing.namespace);
  const indented = (text: string): string => text.replaceAll("\n", "\n    ");
  const facts: (readonly [string, string])[] = [
    ["function", `${name} ${version}`.trim()],
    ["digest", listing.digest],
    ["created", showInstant(entry?.createdAt ?? listing.writtenAt)],
    ["used", showInstant(listing.usedAt)],
    ["expires", `${showInstant(listing.expiresAt)}${listing.expiresAt <= now ? " (expired)" : ""}`],
    ["run time", entry?.runTime === undefined ? "—" : showMs(entry.runTime)],
    ["bytes", showBytes(listing.size)],
    ["tags", listing.tags.map(plain).join(" ") || "none"],
  ];
  const lines = ["", ...facts.map(([title, text]) => `  ${colors.dim(title.padEnd(9))}   ${text}`)];
  if (problem !== undefined) lines.push("", `  ${colors.yellow("problem:")} ${problem}`);
  if (entry !== undefined) {
    const { arguments: args, argumentsProblem } = entry;
    lines.push("", `  ${colors.dim("arguments")}`);
    if (args === undefined) lines.push(`    ${argumentsProblem ?? ""}`);
    else for (const each of args) lines.push(`    ${indented(showWhole(each))}`);
    if (problem === undefined) {
      lines.push(
        "",
        `  ${colors.dim(titleOf[entry.kind])}`,
        `    ${indented(showWhole(entry.value))}`,
      );
    }
  }
  return `${lines.join("\n")}\n`;
}

const titleOf = {
  result: "result",
  encoded: "result, as encode has made it",
  error: "thrown",
  failure: "thrown",
} as const;
