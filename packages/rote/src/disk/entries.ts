/** The statements about entries, each a whole by itself. */
import { RoteError } from "../errors.ts";
import { show } from "../options.ts";
import type { StoreAddress, StoreListing, StoreNote } from "../tier/store.ts";
import { fromColumn, sealOf, toColumn } from "./column.ts";
import { Damage } from "./problem.ts";
import type { Value } from "./platform.ts";
import type { StoreFile } from "./store-file.ts";

/** The bytes of a digest. */
export function digestOf({ digest }: StoreAddress): Uint8Array {
  const isText = typeof digest === "string" && digest.length > 0 && digest.length % 2 === 0;
  const bytes = new Uint8Array(isText ? digest.length / 2 : 0);
  let isDigest = isText;
  for (let i = 0; i < bytes.length; i++) {
    const high = nibble(digest.charCodeAt(2 * i));
    const low = nibble(digest.charCodeAt(2 * i + 1));
    isDigest &&= high >= 0 && low >= 0;
    bytes[i] = (high << 4) | low;
  }
  if (isDigest) return bytes;
  throw new RoteError(
    "ERR_INVALID_ARGUMENT",
    `disk: the digest of an address must be pairs of the digits 0 to 9 and a to f; received ${show(digest)}. Use a hash of the call in lower-case hexadecimal.`,
    { value: digest },
  );
}

/** The value of a hexadecimal digit in lower case, below 0 for what is none. */
function nibble(unit: number): number {
  if (unit >= 0x30 && unit <= 0x39) return unit - 0x30;
  return unit >= 0x61 && unit <= 0x66 ? unit - 0x57 : -1;
}

const READ =
  "SELECT id, seal, size, written_at, bytes FROM entries WHERE namespace = ? AND digest = ?";

export interface Found {
  readonly id: number;
  readonly writtenAt: number;
  readonly bytes: Uint8Array;
}

/** The entry, `"damaged"` for a row that is not what its place in the index says, `undefined` for none. */
export function readEntry(file: StoreFile, address: StoreAddress): Found | "damaged" | undefined {
  const namespace = file.findNamespace(address.namespace);
  if (namespace === undefined) return undefined;
  const digest = digestOf(address);
  const row = file.row(READ, namespace.id, digest);
  if (row === undefined) return undefined;
  const [id, seal, size, writtenAt, bytes] = row as [number, Value, Value, number, Value];
  const isWhole =
    seal === sealOf(namespace.seed, digest) && bytes instanceof Uint8Array && bytes.length === size;
  return isWhole ? { id, writtenAt, bytes } : "damaged";
}

/** What breaks a rule of a table must be the file, so nothing that would is let through. */
export function checkEntry(address: StoreAddress, bytes: unknown, note: StoreNote): void {
  digestOf(address);
  const check = (isValid: boolean, what: string, rule: string, value: unknown): void => {
    if (isValid) return;
    throw new RoteError(
      "ERR_INVALID_ARGUMENT",
      `disk: ${what} of an entry must be ${rule}; received ${show(value)}.`,
      { value },
    );
  };
  const { expiresAt, runTime, tags } = note;
  check(bytes instanceof Uint8Array, "the bytes", "a Uint8Array", bytes);
  check(
    typeof expiresAt === "number" && !Number.isNaN(expiresAt),
    "expiresAt",
    "epoch milliseconds, or Infinity for never",
    expiresAt,
  );
  check(Number.isFinite(runTime), "runTime", "a finite number of milliseconds", runTime);
  const isTexts = Array.isArray(tags) && tags.every((tag) => typeof tag === "string");
  check(isTexts, "tags", "an array of texts", tags);
}

const COLUMNS = "namespace, digest, seal, size, written_at, expires_at, run_time, bytes";
const WRITE = `INSERT OR REPLACE INTO entries (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`;
const END_LEASE = "DELETE FROM leases WHERE namespace = ? AND digest = ? AND fence = ?";
const INVALIDATED = "SELECT 1 FROM invalidations WHERE tag = ? AND fence >= ?";
const TAG = `INSERT OR IGNORE INTO tags (entry, tag)
  SELECT id, ? FROM entries WHERE namespace = ? AND digest = ?`;

/**
 * Writes an entry. With a fence it takes the lease away, and is `false` if there is none with that fence or
 * one of the tags was invalidated since.
 */
export function writeEntry(
  file: StoreFile,
  address: StoreAddress,
  bytes: Uint8Array,
  { expiresAt, runTime, tags }: StoreNote,
  fence: number | undefined,
  now: number,
): boolean {
  const digest = digestOf(address);
  const { id, seed } = file.addNamespace(address.namespace);
  const values = [
    id,
    digest,
    sealOf(seed, digest),
    bytes.length,
    now,
    // In this form, entries without an end are in no index.
    expiresAt === Infinity ? null : expiresAt,
    runTime,
    bytes,
  ];
  const insert = (): true => {
    file.sql(WRITE).run(...values);
    for (const tag of tags) file.sql(TAG).run(toColumn(tag), id, digest);
    return true;
  };
  if (fence === undefined) return tags.length === 0 ? insert() : file.transaction(insert);
  return file.transaction(() => {
    if (Number(file.sql(END_LEASE).run(id, digest, fence).changes) === 0) return false;
    const isInvalidated = (tag: string): boolean =>
      file.sql(INVALIDATED).get(toColumn(tag), fence) !== undefined;
    return !tags.some(isInvalidated) && insert();
  });
}

const REMOVE = "DELETE FROM entries WHERE namespace = ? AND digest = ?";
const REVISE = "UPDATE state SET revision = revision + 1";

/** Every removal is told, also of what is not here: others may remember it. */
export function removeEntry(file: StoreFile, address: StoreAddress): boolean {
  const digest = digestOf(address);
  const id = file.findNamespace(address.namespace)?.id ?? -1;
  return file.transaction(() => {
    file.sql(REVISE).run();
    file.sql("DELETE FROM leases WHERE namespace = ? AND digest = ?").run(id, digest);
    return Number(file.sql(REMOVE).run(id, digest).changes) > 0;
  });
}

export function discardEntry(file: StoreFile, address: StoreAddress, bytes: Uint8Array): void {
  const id = file.findNamespace(address.namespace)?.id ?? -1;
  file.sql(`${REMOVE} AND bytes = ?`).run(id, digestOf(address), bytes);
}

/** Takes a row out of the way, without a word: nobody was given it. */
export function dropRow(file: StoreFile, address: StoreAddress): void {
  file.endView();
  const id = file.findNamespace(address.namespace)?.id ?? -1;
  file.sql(REMOVE).run(id, digestOf(address));
}

/** How long many removals go on before others may write, in milliseconds. */
const WHILE = 150;

/**
 * Removes many; what others begin and write meanwhile stays. They are told of with the last of them: who
 * has heard of it must find none.
 *
 * @param refuse - Sees to it that nothing is written that is being made now.
 */
function removeAll(file: StoreFile, where: string, value: Value, refuse: () => void): number {
  const ids = file.transaction(() => {
    refuse();
    // In the order of the table, so that each of its pages is written once.
    return file.sql(`SELECT id FROM entries WHERE ${where} ORDER BY id`).all(value);
  });
  // A number may have been given to another entry meanwhile.
  const remove = file.sql(`DELETE FROM entries WHERE id = ? AND ${where}`);
  let count = 0;
  for (let i = 0; ;) {
    file.transaction(() => {
      const until = file.now() + WHILE;
      do {
        const id = ids[i++]?.["id"] ?? null;
        count += Number(remove.run(id, value).changes);
      } while (i < ids.length && file.now() < until);
      if (i >= ids.length) file.sql(REVISE).run();
    });
    if (i >= ids.length) return count;
  }
}

export function clearNamespace(file: StoreFile, name: string): void {
  const id = file.findNamespace(name)?.id ?? -1;
  removeAll(file, "namespace = ?", id, () =>
    file.sql("DELETE FROM leases WHERE namespace = ?").run(id),
  );
}

// A fence says when a lease was given; what is older than all of those that are held concerns nobody.
const FORGET_INVALIDATIONS = `DELETE FROM invalidations
  WHERE fence < (SELECT coalesce(min(fence), ${Number.MAX_SAFE_INTEGER}) FROM leases WHERE namespace > 0)`;
const NOTE_INVALIDATION = `INSERT OR REPLACE INTO invalidations (tag, fence)
  SELECT ?, fence FROM leases WHERE namespace = 0 AND EXISTS (SELECT 1 FROM leases WHERE namespace > 0)`;

export function removeTagged(file: StoreFile, tag: string): number {
  const column = toColumn(tag);
  return removeAll(file, "id IN (SELECT entry FROM tags WHERE tag = ?)", column, () => {
    file.sql(FORGET_INVALIDATIONS).run();
    file.sql(NOTE_INVALIDATION).run(column);
  });
}

/** The numbers of the whole file. */
export interface State {
  readonly revision: number;
  readonly entries: number;
}

export function readState(file: StoreFile): State {
  const row = file.sql("SELECT revision, entries FROM state").get();
  if (row === undefined) throw new Damage("The row of the file's state is missing.");
  return row as unknown as State;
}

const PAGE = 200;
const LIST = `SELECT entries.id AS id, name, digest, size, written_at, expires_at, run_time,
    (SELECT count(*) FROM tags WHERE entry = entries.id) AS tags
  FROM entries JOIN namespaces ON namespaces.id = namespace
  WHERE entries.id > ?1 AND (?2 IS NULL OR namespace = ?2) ORDER BY entries.id LIMIT ${PAGE}`;

interface ListRow {
  readonly id: number;
  readonly name: unknown;
  readonly digest: Uint8Array;
  readonly size: number;
  readonly written_at: number;
  readonly expires_at: number | null;
  readonly run_time: number;
  readonly tags: number;
}

/** A page of the list, of entries behind `after`, and where it ends. No page holds up others. */
export function listPage(
  file: StoreFile,
  after: number,
  namespace: string | undefined,
): { readonly page: StoreListing[]; readonly last: number | undefined } {
  const id = namespace === undefined ? null : (file.findNamespace(namespace)?.id ?? -1);
  const rows = file.sql(LIST).all(after, id) as unknown as ListRow[];
  const page = rows.map((row) => ({
    namespace: fromColumn(row.name),
    digest: Array.from(row.digest, (byte) => byte.toString(16).padStart(2, "0")).join(""),
    expiresAt: row.expires_at ?? Infinity,
    runTime: row.run_time,
    size: row.size,
    writtenAt: row.written_at,
    tags: row.tags === 0 ? [] : tagsOf(file, row.id),
  }));
  return { page, last: rows.length === PAGE ? rows.at(-1)?.id : undefined };
}

function tagsOf(file: StoreFile, entry: number): string[] {
  const rows = file.sql("SELECT tag FROM tags WHERE entry = ?").all(entry);
  return rows.map(({ tag }) => fromColumn(tag));
}
