/** What is asked of a store's file by whoever looks at it: statements that read, and what they return. */
import { sealOf, seedOf } from "./column.ts";
import type { Value } from "./platform.ts";

/** No page of a list holds up others. */
export const PAGE = 200;
/** How many troubles SQLite names of one file. */
const TROUBLES = 100;

export type Row = Record<string, Value>;

export interface ListRow {
  readonly id: number;
  readonly written_at: number;
  readonly used_at: number | null;
}

export const LIST: string = `SELECT entries.id AS id, name, digest, size, written_at, expires_at, run_time, used_at,
    (SELECT count(*) FROM tags WHERE entry = entries.id) AS tags
  FROM entries JOIN namespaces ON namespaces.id = namespace LEFT JOIN uses ON uses.entry = entries.id
  WHERE entries.id > ?1 AND (?2 IS NULL OR name = ?2) ORDER BY entries.id LIMIT ${PAGE}`;

export const TAGS: string = "SELECT tag FROM tags WHERE entry = ?";

export const READ: string = `SELECT seal, size, typeof(bytes) AS type, length(bytes) AS length, bytes FROM entries
  WHERE namespace = (SELECT id FROM namespaces WHERE name = ?) AND digest = ?`;

export const ROWS: string = `SELECT entries.id AS id, name, digest, seal, size, typeof(bytes) AS type, length(bytes) AS length
  FROM entries LEFT JOIN namespaces ON namespaces.id = namespace
  WHERE entries.id > ? ORDER BY entries.id LIMIT ${PAGE}`;

export const COUNTS: string =
  "SELECT (SELECT entries FROM state) AS said, (SELECT count(*) FROM entries) AS found";

export const CHECK: string = `PRAGMA integrity_check(${TROUBLES})`;

export function isWhole(row: Row, namespace: string, digest: Uint8Array): boolean {
  return (
    row["seal"] === sealOf(seedOf(namespace), digest) &&
    row["type"] === "blob" &&
    row["length"] === row["size"]
  );
}

export function toHexadecimal(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
