import { sleep } from "../tier/sleep.ts";
import { seedOf, toColumn } from "./column.ts";
import { makeFile, type Location } from "./location.ts";
import type { Connection, Platform, Statement, Status, Value } from "./platform.ts";
import { kindOf } from "./problem.ts";
import { readySchema } from "./schema.ts";

/** How long a statement waits for other processes, in milliseconds. */
export const PATIENCE = 250;

/** How long reads may look at the same view of the file, in milliseconds. */
const VIEW = 5;

/** How long opening goes on when others open the same new file. */
const OPENING = 2000;

/** A namespace, as the file knows it. */
interface Namespace {
  readonly id: number;
  readonly seed: number;
}

/** An open database: one connection, its statements, and what was learnt about this very file. */
export class StoreFile {
  readonly path: string;
  readonly status: Status | undefined;
  readonly #connection: Connection;
  readonly #platform: Platform;
  readonly #statements = new Map<string, Statement>();
  /** Their numbers are never given to another one. */
  readonly #namespaces = new Map<string, Namespace>();
  #patience: number = PATIENCE;
  #checkedAt: number;
  /** How many reads this job has done one after the other. */
  #reads = 0;
  #isJobKnown = false;
  /** When the view that is open was opened. */
  #viewedAt: number | undefined;
  readonly #endOfJob = (): void => {
    this.#isJobKnown = false;
    try {
      this.endView();
    } catch {
      // Nobody is there to be told; whoever comes next finds out.
    }
  };

  private constructor(
    connection: Connection,
    path: string,
    platform: Platform,
    status: Status | undefined,
  ) {
    this.#connection = connection;
    this.#platform = platform;
    this.path = path;
    this.status = status;
    this.#checkedAt = platform.now();
  }

  /** Opens the file, and makes it if there is none. */
  static open(location: Location, platform: Platform): StoreFile {
    makeFile(platform, location.path);
    // Before it is opened: if it is replaced in between, that is noticed later.
    const status = statusOf(platform, location.path);
    const connection = platform.connect(location.path);
    try {
      connection.exec(`PRAGMA busy_timeout = ${PATIENCE}`);
      // Changing the journal of a new file does not wait for others who do the same.
      for (const until = platform.now() + OPENING; ;) {
        try {
          readySchema(connection, location.shown, platform);
          return new StoreFile(connection, location.path, platform, status);
        } catch (error) {
          if (kindOf(error) !== "busy" || platform.now() >= until) throw error;
          sleep(5);
        }
      }
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  /** Whether what is open is still what is found under the name; asked anew when the last answer is that old. */
  isCurrent(maxAge: number): boolean {
    const now = this.#platform.now();
    if (now - this.#checkedAt < maxAge) return true;
    this.#checkedAt = now;
    return isSame(statusOf(this.#platform, this.path), this.status);
  }

  sql(text: string): Statement {
    let statement = this.#statements.get(text);
    if (statement === undefined)
      this.#statements.set(text, (statement = this.#connection.prepare(text)));
    return statement;
  }

  /** The values of the first row, in the order of its columns. */
  row(text: string, ...values: Value[]): Value[] | undefined {
    const isNew = !this.#statements.has(text);
    const statement = this.sql(text);
    if (isNew) statement.setReturnArrays?.(true);
    const row = statement.get(...values) as Value[] | Record<string, Value> | undefined;
    return row === undefined || Array.isArray(row) ? row : Object.values(row);
  }

  exec(text: string): void {
    this.#connection.exec(text);
  }

  /**
   * Called before a read that need not see what others have written in the last few milliseconds: from the
   * second in a row of one job on, reads share a transaction, because its locks cost as much as the reading.
   */
  view(): void {
    if (!this.#isJobKnown) {
      this.#isJobKnown = true;
      void Promise.resolve().then(this.#endOfJob);
    }
    if (this.#reads++ === 0) return;
    const now = this.#platform.now();
    if (this.#viewedAt !== undefined) {
      if (now - this.#viewedAt < VIEW) return;
      this.#closeView();
    }
    this.sql("BEGIN").run();
    this.#viewedAt = now;
  }

  /** What is read from now on is the latest, and what is written is not refused for an old view. */
  endView(): void {
    this.#reads = 0;
    this.#closeView();
  }

  #closeView(): void {
    if (this.#viewedAt === undefined) return;
    this.#viewedAt = undefined;
    this.sql("COMMIT").run();
  }

  /** Milliseconds that never go back. */
  now(): number {
    return this.#platform.now();
  }

  /** Everything that `work` does, or nothing of it. */
  transaction<Result>(work: () => Result): Result {
    this.endView();
    this.sql("BEGIN IMMEDIATE").run();
    try {
      const result = work();
      this.sql("COMMIT").run();
      return result;
    } catch (error) {
      try {
        this.sql("ROLLBACK").run();
      } catch {
        // SQLite has done so itself.
      }
      throw error;
    }
  }

  /** How long statements wait for others, in milliseconds. */
  set patience(milliseconds: number) {
    if (milliseconds === this.#patience) return;
    this.exec(`PRAGMA busy_timeout = ${milliseconds}`);
    this.#patience = milliseconds;
  }

  findNamespace(name: string): Namespace | undefined {
    const known = this.#namespaces.get(name);
    if (known !== undefined) return known;
    const row = this.sql("SELECT id FROM namespaces WHERE name = ?").get(toColumn(name));
    if (row === undefined) return undefined;
    const found = { id: row["id"] as number, seed: seedOf(name) };
    this.#namespaces.set(name, found);
    return found;
  }

  /** Never inside a transaction, which may be undone. */
  addNamespace(name: string): Namespace {
    const known = this.findNamespace(name);
    if (known !== undefined) return known;
    this.sql("INSERT OR IGNORE INTO namespaces (name) VALUES (?)").run(toColumn(name));
    return this.findNamespace(name) as Namespace;
  }

  close(): void {
    this.#viewedAt = undefined;
    this.#statements.clear();
    try {
      this.#connection.close();
    } catch {
      // What cannot be closed is given up.
    }
  }
}

/** What tells a file from another one of the same name. */
export function statusOf({ files }: Platform, path: string): Status | undefined {
  return files.statSync(path, { throwIfNoEntry: false, bigint: true });
}

export function isSame(one: Status | undefined, other: Status | undefined): boolean {
  return one !== undefined && one.dev === other?.dev && one.ino === other.ino;
}
