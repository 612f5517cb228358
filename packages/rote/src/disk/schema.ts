/**
 * The tables of the file: docs/design/0014-disk.md, and both change together.
 */
import { APPLICATION, checkFormat, FORMAT } from "./format.ts";
import type { Connection, Platform } from "./platform.ts";

const REMEDIES = {
  foreign: ", which is left as it is. Pass another path to disk().",
  newer: ", and is left as it is. Update rote, or pass another path to disk().",
};

const TABLES = `
CREATE TABLE state (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  rote_format INTEGER NOT NULL,
  revision INTEGER NOT NULL,
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
  holder INTEGER NOT NULL,
  PRIMARY KEY (namespace, digest)
) WITHOUT ROWID;
CREATE TABLE invalidations (tag PRIMARY KEY NOT NULL, fence INTEGER NOT NULL) WITHOUT ROWID;
CREATE TRIGGER entry_added AFTER INSERT ON entries BEGIN
  UPDATE state SET entries = entries + 1;
END;
CREATE TRIGGER entry_removed AFTER DELETE ON entries BEGIN
  UPDATE state SET entries = entries - 1;
  DELETE FROM uses WHERE entry = old.id;
  DELETE FROM tags WHERE entry = old.id;
END;
`;

/**
 * Readies a connection to a file, and an empty file.
 *
 * @throws {RoteError} `ERR_STORE` for somebody else's database and for that of a newer rote, both of
 * which are left as they are.
 */
export function readySchema(connection: Connection, shown: string, platform: Platform): void {
  const isEmpty = checkFormat(connection, shown, REMEDIES) === "empty";
  // Before anything is written: it cannot be changed afterwards.
  if (isEmpty) connection.exec("PRAGMA auto_vacuum = INCREMENTAL");
  connection.exec(
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = 4194304; PRAGMA recursive_triggers = ON",
  );
  if (isEmpty) makeTables(connection, shown, platform);
}

function makeTables(connection: Connection, shown: string, { clock, random }: Platform): void {
  connection.exec("BEGIN IMMEDIATE");
  try {
    // Another process may have been faster.
    if (checkFormat(connection, shown, REMEDIES) === "empty") {
      // A file that takes the place of a lost one must not repeat its numbers.
      const start = Math.floor(clock()) * 1024 + Math.floor(random() * 1024);
      connection.exec(
        `${TABLES}
        INSERT INTO state (id, rote_format, revision, entries) VALUES (1, ${FORMAT}, ${start}, 0);
        INSERT INTO leases (namespace, digest, fence, holder) VALUES (0, x'', ${start}, 0);
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
