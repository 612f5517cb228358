/** `rote cache verify`: is everything in a store what it should be? */
import type { DiskListing, DiskView } from "rote/disk";
import { inspect } from "rote/store";
import { showCount } from "../compare/statistics.ts";
import type { Colors } from "../terminal.ts";
import { showNamespace } from "./functions.ts";
import { document } from "./json.ts";
import { plain } from "./text.ts";

/** What is wrong with an entry, or with the file. */
export interface Finding {
  readonly namespace: string | undefined;
  readonly digest: string | undefined;
  /** Whether no call can ever get the entry; what is newer or foreign may be of use to somebody. */
  readonly isLost: boolean;
  readonly message: string;
}

export interface Verified {
  readonly entries: number;
  readonly expired: number;
  readonly findings: readonly Finding[];
}

export function verify(view: DiskView, now: number): Verified {
  const findings: Finding[] = view.check().map(({ address, message }) => ({
    namespace: address?.namespace,
    digest: address?.digest,
    isLost: address !== undefined,
    message,
  }));
  // Where the file itself is damaged, reading on would say the same thing many times.
  const isSound = findings.every(({ namespace }) => namespace !== undefined);
  let entries = 0;
  let expired = 0;
  if (!isSound) return { entries, expired, findings };
  for (const listing of view.list()) {
    entries++;
    if (listing.expiresAt <= now) expired++;
    const finding = verifyEntry(view, listing);
    if (finding !== undefined) findings.push(finding);
  }
  return { entries, expired, findings };
}

/** `undefined` too for a row that is gone, or is damaged, which the file's own check has found. */
export function verifyEntry(view: DiskView, listing: DiskListing): Finding | undefined {
  const bytes = view.read(listing);
  if (bytes === undefined) return undefined;
  const { namespace, digest } = listing;
  const found = (message: string, isLost: boolean): Finding => ({
    namespace,
    digest,
    isLost,
    message,
  });
  const { problem, entry } = inspect(bytes);
  if (entry !== undefined && entry.digest !== digest)
    return found("It belongs to another call than its address says.", true);
  switch (problem) {
    case undefined:
      return entry?.argumentsProblem === undefined
        ? undefined
        : found(`Its arguments cannot be read here. ${entry.argumentsProblem}`, false);
    case "truncated":
      return found("It ends too early.", true);
    case "damaged":
      return found("It is not as it was written.", true);
    case "foreign":
      return found("It was not written by rote.", false);
    case "newer":
      return found("It was written by a newer rote or a newer Node.", false);
    case "no room":
      return found("Its value is nested too deep to be read.", false);
  }
}

export function report(
  view: DiskView,
  { entries, expired, findings }: Verified,
  isJson: boolean,
  colors: Colors,
): string {
  if (isJson) {
    return document(view.path, {
      ok: findings.length === 0,
      entries,
      expired,
      findings: findings.map(({ namespace, digest, message }) => ({
        namespace: namespace ?? null,
        digest: digest ?? null,
        message,
      })),
    });
  }
  const lines = findings.map(({ namespace, digest, message }) => {
    const where =
      namespace === undefined
        ? "the file"
        : `${showNamespace(namespace).join(" ").trim()} ${digest?.slice(0, 10) ?? ""}`;
    return `  ${colors.yellow(where)}   ${plain(message)}`;
  });
  if (findings.length === 0) {
    const count = entries === 1 ? "one entry" : `${showCount(entries)} entries`;
    lines.push(
      `  ${colors.green("Everything is right")}: ${count}, ${showCount(expired)} expired, and the file.`,
    );
  }
  return `\n${lines.join("\n")}\n\n  ${colors.dim(plain(view.path))}\n`;
}
