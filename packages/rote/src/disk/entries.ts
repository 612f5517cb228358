/** The statements about entries, each a whole by itself. */
import { RoteError } from "../errors.ts";
import { show } from "../options.ts";
import type { StoreAddress, StoreListing, StoreNote } from "../tier/store.ts";
import { fromColumn, sealOf, toColumn } from "./column.ts";
import { Damage } from "./problem.ts";
import type { StoreFile } from "./store-file.ts";

const HEXADECIMAL = /^(?:[\da-f]{2})+$/;

/** The bytes of a digest. */
export function digestOf({ digest }: StoreAddress): Uint8Array {
  if (typeof digest !== "string" || !HEXADECIMAL.test(digest)) {
    throw new RoteError(
      "ERR_INVALID_ARGUMENT",
      `disk: the digest of an address must be pairs of the digits 0 to 9 and a to f; received ${show(digest)}. Use a hash of the call in lower-case hexadecimal.`,
      { value: digest },
    );
  }
  const bytes = new Uint8Array(digest.length / 2);
  for (let i = 0; i < bytes.length; i++)
    bytes[i] = Number.parseInt(digest.slice(2 * i, 2 * i + 2), 16);
  return bytes;
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
  const row = file.sql(READ).get(namespace.id, digest);
  if (row === undefined) return undefined;
  const { id, seal, size, written_at: writtenAt, bytes } = row as unknown as ReadRow;
  const isWhole =
    seal === sealOf(namespace.seed, digest) && bytes instanceof Uint8Array && bytes.length === size;
  return isWhole ? { id, writtenAt, bytes } : "damaged";
}

interface ReadRow {
  readonly id: number;
  readonly seal: unknown;
  readonly size: unknown;
  readonly written_at: number;
  readonly bytes: unknown;
}

const COLUMNS = "namespace, digest, seal, size, written_at, expires_at, run_time, bytes";
const WRITE = `INSERT OR REPLACE INTO entries (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`;
const WRITE_FENCED = `INSERT OR REPLACE INTO entries (${COLUMNS}) SELECT ?, ?, ?, ?, ?, ?, ?, ?
  WHERE EXISTS (SELECT 1 FROM leases WHERE namespace = ? AND digest = ? AND fence = ?)`;
const TAG = `INSERT OR IGNORE INTO tags (entry, tag)
  SELECT id, ? FROM entries WHERE namespace = ? AND digest = ?`;

/** Writes an entry; `false` if somebody has claimed the name since the claim with this fence. */
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
  const insert = (): boolean =>
    fence === undefined
      ? Number(file.sql(WRITE).run(...values).changes) > 0
      : Number(file.sql(WRITE_FENCED).run(...values, id, digest, fence).changes) > 0;
  if (tags.length === 0) return insert();
  return file.transaction(() => {
    if (!insert()) return false;
    for (const tag of tags) file.sql(TAG).run(toColumn(tag), id, digest);
    return true;
  });
}

const REVISE = "UPDATE state SET revision = revision + 1";

/** Every removal is told, also of what is not here: others may remember it. */
function removing<Result>(file: StoreFile, remove: () => Result): Result {
  return file.transaction(() => {
    file.sql(REVISE).run();
    return remove();
  });
}

export function removeEntry(file: StoreFile, address: StoreAddress): boolean {
  const digest = digestOf(address);
  const id = file.findNamespace(address.namespace)?.id ?? -1;
  return removing(file, () => {
    const remove = file.sql("DELETE FROM entries WHERE namespace = ? AND digest = ?");
    return Number(remove.run(id, digest).changes) > 0;
  });
}

/** Takes a row out of the way, without a word: nobody was given it. */
export function dropRow(file: StoreFile, address: StoreAddress): void {
  const id = file.findNamespace(address.namespace)?.id ?? -1;
  file.sql("DELETE FROM entries WHERE namespace = ? AND digest = ?").run(id, digestOf(address));
}

export function clearNamespace(file: StoreFile, name: string): void {
  const id = file.findNamespace(name)?.id ?? -1;
  removing(file, () => file.sql("DELETE FROM entries WHERE namespace = ?").run(id));
}

export function removeTagged(file: StoreFile, tag: string): number {
  return removing(file, () =>
    Number(
      file
        .sql("DELETE FROM entries WHERE id IN (SELECT entry FROM tags WHERE tag = ?)")
        .run(toColumn(tag)).changes,
    ),
  );
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
