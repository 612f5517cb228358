/**
 * The tables of the file: docs/design/0014-disk.md, and both change together.
 */
import { RoteError } from "../errors.ts";
import type { Connection, Platform } from "./platform.ts";

export const FORMAT = 1;

/** The text `rote`, as an integer. */
const APPLICATION = 0x72_6f_74_65;

const TABLES = `
CREATE TABLE state (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  revision INTEGER NOT NULL,
  fence INTEGER NOT NULL,
  entries INTEGER NOT NULL
);
CREATE TABLE namespaces (id INTEGER PRIMARY KEY, name NOT NULL UNIQUE);
CREATE TABLE entries (
  id INTEGER PRIMARY KEY,
  namespace INTEGER NOT NULL,
  digest BLOB NOT NULL,
  seal INTEGER NOT NULL,
  size INTEGER NOT NULL,
  written_at REAL NOT NULL,
  expires_at REAL,
  run_time REAL NOT NULL,
  bytes BLOB NOT NULL
);
CREATE UNIQUE INDEX entries_by_call ON entries (namespace, digest);
CREATE INDEX entries_by_expiry ON entries (expires_at) WHERE expires_at IS NOT NULL;
CREATE TABLE uses (entry INTEGER PRIMARY KEY, used_at REAL NOT NULL);
CREATE TABLE tags (entry INTEGER NOT NULL, tag NOT NULL, PRIMARY KEY (entry, tag)) WITHOUT ROWID;
CREATE INDEX tags_by_tag ON tags (tag);
CREATE TABLE holders (id INTEGER PRIMARY KEY, beat INTEGER NOT NULL);
CREATE TABLE leases (
  namespace INTEGER NOT NULL,
  digest BLOB NOT NULL,
  fence INTEGER NOT NULL,
  holder INTEGER,
  PRIMARY KEY (namespace, digest)
) WITHOUT ROWID;
CREATE INDEX leases_by_holder ON leases (holder) WHERE holder IS NOT NULL;
CREATE INDEX leases_by_fence ON leases (fence) WHERE holder IS NULL;
CREATE TRIGGER entry_added AFTER INSERT ON entries BEGIN
  UPDATE state SET entries = entries + 1;
END;
CREATE TRIGGER entry_removed AFTER DELETE ON entries BEGIN
  UPDATE state SET entries = entries - 1;
  DELETE FROM uses WHERE entry = old.id;
  DELETE FROM tags WHERE entry = old.id;
END;
`;

interface Format {
  readonly application: number;
  readonly version: number;
  readonly tables: number;
}

function formatOf(connection: Connection): Format {
  return connection
    .prepare(
      `SELECT (SELECT application_id FROM pragma_application_id) AS application,
        (SELECT user_version FROM pragma_user_version) AS version,
        (SELECT count(*) FROM sqlite_schema) AS tables`,
    )
    .get() as unknown as Format;
}

/**
 * Readies a connection to a file, and an empty file.
 *
 * @throws {RoteError} `ERR_STORE` for somebody else's database and for that of a newer rote, both of
 * which are left as they are.
 */
export function readySchema(connection: Connection, shown: string, platform: Platform): void {
  const { application, version, tables } = formatOf(connection);
  const isEmpty = application === 0 && version === 0 && tables === 0;
  if (!isEmpty && application !== APPLICATION) {
    throw new RoteError(
      "ERR_STORE",
      `disk: "${shown}" is a database of another program, which is left as it is. Pass another path to disk().`,
    );
  }
  if (version > FORMAT) {
    throw new RoteError(
      "ERR_STORE",
      `disk: "${shown}" was made by a newer rote (format ${version}; this one knows ${FORMAT}), and is left as it is. Update rote, or pass another path to disk().`,
    );
  }
  // Before anything is written: it cannot be changed afterwards.
  if (isEmpty) connection.exec("PRAGMA auto_vacuum = INCREMENTAL");
  connection.exec(
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = 4194304; PRAGMA recursive_triggers = ON",
  );
  if (isEmpty) makeTables(connection, platform);
}

function makeTables(connection: Connection, { clock, random }: Platform): void {
  connection.exec("BEGIN IMMEDIATE");
  try {
    // Another process may have been faster.
    if (formatOf(connection).tables === 0) {
      // A file that takes the place of a lost one must not repeat its numbers.
      const start = Math.floor(clock()) * 1024 + Math.floor(random() * 1024);
      connection.exec(
        `${TABLES}
        INSERT INTO state (id, revision, fence, entries) VALUES (1, ${start}, ${start}, 0);
        PRAGMA application_id = ${APPLICATION};
        PRAGMA user_version = ${FORMAT}`,
      );
    }
    connection.exec("COMMIT");
  } catch (error) {
    connection.exec("ROLLBACK");
    throw error;
  }
}
