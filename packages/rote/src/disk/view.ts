/**
 * A store's file as whoever looks after it sees it. Looking changes nothing: the file is opened for
 * reading alone, nothing counts as used, and what is damaged is neither removed nor set aside.
 * The tables: docs/design/0014-disk.md.
 */
import { RoteError } from "../errors.ts";
import type { StoreAddress, StoreListing } from "../tier/store.ts";
import { fromColumn, toColumn } from "./column.ts";
import { digestOf } from "./entries.ts";
import { checkFormat } from "./format.ts";
import type { Location } from "./location.ts";
import type { Connection, Statement } from "./platform.ts";
import { storeError } from "./problem.ts";
import {
  CHECK,
  COUNTS,
  isWhole,
  LIST,
  type ListRow,
  PAGE,
  READ,
  type Row,
  ROWS,
  TAGS,
  toHexadecimal,
} from "./view-rows.ts";

/** How long it waits for a writer that closes or repairs the file, in milliseconds. */
const PATIENCE = 2000;

const REMEDIES = { foreign: ". Pass the path of a store.", newer: ". Update rote." };

/** One entry, as {@link DiskView} lists it. */
export interface DiskListing extends StoreListing {
  /** When it was last read or written, in epoch milliseconds; reads are noted once a minute. */
  readonly usedAt: number;
}

/** Something that is wrong with a store's file. */
export interface DiskTrouble {
  /** The entry, if it is about one. */
  readonly address: StoreAddress | undefined;
  /** One sentence. */
  readonly message: string;
}

/** What {@link viewDisk} returns. It may be used until `close`, while others read and write the file. */
export class DiskView {
  /** The database file. */
  readonly path: string;
  readonly #shown: string;
  readonly #connection: Connection;
  readonly #isEmpty: boolean;
  readonly #statements = new Map<string, Statement>();

  /** @internal */
  constructor({ path, shown }: Location, connection: Connection) {
    this.path = path;
    this.#shown = shown;
    this.#connection = connection;
    this.#isEmpty = this.#checkFormat();
  }

  /**
   * Every entry there is, perhaps expired; of one namespace if one is given.
   *
   * @throws {RoteError} `ERR_STORE` if the file cannot be read.
   */
  *list(namespace?: string): Generator<DiskListing> {
    if (this.#isEmpty) return;
    const name = namespace === undefined ? null : toColumn(namespace);
    for (let after = -1, isLast = false; !isLast;) {
      const page = this.#read(() => this.#sql(LIST).all(after, name).map(this.#listingOf));
      for (const { listing } of page) yield listing;
      after = page.at(-1)?.id ?? after;
      isLast = page.length < PAGE;
    }
  }

  /**
   * The bytes of an entry; `undefined` if there is none, or its row is damaged: `check` says so.
   *
   * @throws {RoteError} `ERR_STORE` if the file cannot be read.
   */
  read(address: StoreAddress): Uint8Array | undefined {
    const digest = digestOf(address);
    if (this.#isEmpty) return undefined;
    const row = this.#read(() => this.#sql(READ).get(toColumn(address.namespace), digest));
    if (row === undefined || !isWhole(row, address.namespace, digest)) return undefined;
    return row["bytes"] as Uint8Array;
  }

  /**
   * What is wrong with the file: SQLite's own check of every page and index, the rows that are not what
   * their place says, and the count of entries. It reads the whole file. What is in the bytes of an entry
   * is checked by `inspect` of `rote/store`.
   */
  check(): DiskTrouble[] {
    if (this.#isEmpty) return [];
    try {
      const troubles = this.#read(() => this.#connection.prepare(CHECK).all())
        .flatMap(({ integrity_check: text }) => String(text).split("\n"))
        .filter((line) => line !== "ok" && line !== "*** in database main ***");
      if (troubles.length > 0) return troubles.map((message) => ({ address: undefined, message }));
      return this.#read(() => [...this.#checkCount(), ...this.#checkRows()]);
    } catch (error) {
      // Too damaged to be checked.
      return [{ address: undefined, message: (error as Error).message }];
    }
  }

  /** Gives the file back. It cannot be used afterwards. */
  close(): void {
    this.#statements.clear();
    this.#connection.close();
  }

  /** Whether nothing was ever written: a file that another process is about to fill. */
  #checkFormat(): boolean {
    return this.#read(() => {
      this.#connection.exec(`PRAGMA busy_timeout = ${PATIENCE}`);
      return checkFormat(this.#connection, this.#shown, REMEDIES) === "empty";
    }, "open");
  }

  *#checkCount(): Generator<DiskTrouble> {
    const row = this.#sql(COUNTS).get() as { said: number | null; found: number };
    if (row.said === row.found) return;
    const message =
      row.said === null
        ? "The row of the file's state is missing."
        : `The file says that it has ${row.said} entries; it has ${row.found}.`;
    yield { address: undefined, message };
  }

  *#checkRows(): Generator<DiskTrouble> {
    for (let after = -1, isLast = false; !isLast;) {
      const rows = this.#sql(ROWS).all(after);
      for (const row of rows) {
        const namespace = row["name"] === null ? undefined : fromColumn(row["name"]);
        const digest = row["digest"] as Uint8Array;
        if (namespace === undefined) {
          yield {
            address: undefined,
            message: `Entry ${String(row["id"])} belongs to a namespace that is not there.`,
          };
        } else if (!isWhole(row, namespace, digest)) {
          const address = { namespace, digest: toHexadecimal(digest) };
          yield { address, message: "The row is not what its place in the file says." };
        }
      }
      after = (rows.at(-1)?.["id"] as number | undefined) ?? after;
      isLast = rows.length < PAGE;
    }
  }

  readonly #listingOf = (row: Row): { id: number; listing: DiskListing } => {
    const { id, written_at: writtenAt, used_at: usedAt } = row as unknown as ListRow;
    const tags = row["tags"] === 0 ? [] : this.#sql(TAGS).all(id);
    return {
      id,
      listing: {
        namespace: fromColumn(row["name"]),
        digest: toHexadecimal(row["digest"] as Uint8Array),
        expiresAt: (row["expires_at"] as number | null) ?? Infinity,
        runTime: row["run_time"] as number,
        size: row["size"] as number,
        writtenAt,
        usedAt: Math.max(writtenAt, usedAt ?? writtenAt),
        tags: tags.map(({ tag }) => fromColumn(tag)),
      },
    };
  };

  #sql(text: string): Statement {
    let statement = this.#statements.get(text);
    if (statement === undefined)
      this.#statements.set(text, (statement = this.#connection.prepare(text)));
    return statement;
  }

  #read<Result>(work: () => Result, operation: "open" | "read" = "read"): Result {
    try {
      return work();
    } catch (error) {
      if (error instanceof RoteError) throw error;
      throw storeError(operation, this.#shown, error);
    }
  }
}
