/**
 * How a store gets at its file, and what happens when it cannot.
 *
 * 1. A file that is not the one under its name any more was removed or set aside: the one that is there
 *    is opened, and made if there is none.
 * 2. A damaged file is set aside and a new one begun, once in an hour; then what was asked is done there.
 * 3. A file that another process keeps locked is waited for, 250 ms at most. Whoever waited in vain
 *    does not wait at all for the next five seconds.
 * 4. All else is thrown, and the file is opened anew for the next call.
 */
import { RoteError } from "../errors.ts";
import { isDatabaseName, type Location } from "./location.ts";
import type { DiskProblem } from "./options.ts";
import type { Platform, Status } from "./platform.ts";
import { kindOf, type Operation, storeError } from "./problem.ts";
import { setAside } from "./set-aside.ts";
import { isSame, PATIENCE, statusOf, StoreFile } from "./store-file.ts";

const IMPATIENT = 5000;
const HOUR = 3_600_000;
/** One process may find what another has made damaged, too. */
const ATTEMPTS = 3;

export class Access {
  readonly #location: Location;
  readonly #platform: Platform;
  readonly #report: (problem: DiskProblem) => void;
  readonly #onLost: (file: StoreFile) => void;
  /** Of the file that is open, or was tried to be. */
  #status: Status | undefined;
  #file: StoreFile | undefined;
  #isClosed = false;
  #impatientUntil: number = -Infinity;
  #lastSetAside: number = -Infinity;

  /** `onLost` is called when an open file is given up: what was known about it is not true of the next. */
  constructor(
    location: Location,
    platform: Platform,
    report: (problem: DiskProblem) => void,
    onLost: (file: StoreFile) => void,
  ) {
    this.#location = location;
    this.#platform = platform;
    this.#report = report;
    this.#onLost = onLost;
  }

  /**
   * Does something with the file, which has been under its name in the last `maxAge` milliseconds.
   *
   * @throws {RoteError} `ERR_STORE`, after it was reported.
   */
  run<Result>(operation: Operation, maxAge: number, work: (file: StoreFile) => Result): Result {
    if (this.#isClosed) {
      throw new RoteError(
        "ERR_STORE",
        `disk: the store on "${this.#location.shown}" is closed. Open another one with disk().`,
      );
    }
    for (let attempt = 1; ; attempt++) {
      try {
        const file = this.#open(maxAge);
        if (operation !== "read") file.endView();
        file.patience = this.#platform.now() < this.#impatientUntil ? 0 : PATIENCE;
        return work(file);
      } catch (error) {
        // What is no fault of the file is said as it is.
        if (error instanceof RoteError) throw error;
        const kind = kindOf(error);
        if (kind === "damaged" && attempt < ATTEMPTS && this.#replace(operation, error)) continue;
        if (kind === "busy") this.#impatientUntil = this.#platform.now() + IMPATIENT;
        else this.lose();
        this.#tell(kind === "busy" ? "busy" : "failed", operation, error);
        throw storeError(operation, this.#location.shown, error);
      }
    }
  }

  /** Gives the file up; the next call opens it anew. */
  lose(): void {
    if (this.#file === undefined) return;
    const file = this.#file;
    this.#file = undefined;
    // While it is still open: leases may be given back.
    this.#onLost(file);
    file.close();
  }

  /** For good. */
  close(): void {
    this.lose();
    this.#isClosed = true;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  #open(maxAge: number): StoreFile {
    if (this.#file?.isCurrent(maxAge) === false) this.lose();
    if (this.#file !== undefined) return this.#file;
    this.#status = statusOf(this.#platform, this.#location.path);
    this.#file = StoreFile.open(this.#location, this.#platform);
    this.#status = this.#file.status;
    return this.#file;
  }

  /** Sets a damaged file aside; `false` if it is not to be. */
  #replace(operation: Operation, cause: unknown): boolean {
    const { path } = this.#location;
    const now = this.#platform.now();
    // What was open once is ours, whatever it is called.
    const isOurs = this.#file !== undefined || isDatabaseName(path);
    const damaged = this.#status;
    this.lose();
    if (!isOurs || now - this.#lastSetAside < HOUR) return false;
    try {
      const isDamaged = (): boolean => isSame(statusOf(this.#platform, path), damaged);
      const setAsideAs = setAside(this.#location, isDamaged, this.#platform);
      if (setAsideAs === undefined) return true;
      this.#lastSetAside = now;
      this.#tell("damaged", operation, cause, setAsideAs);
      return true;
    } catch {
      // The damage is what is thrown.
      return false;
    }
  }

  #tell(
    type: DiskProblem["type"],
    operation: Operation,
    cause: unknown,
    setAsideAs?: string,
  ): void {
    const { path } = this.#location;
    this.#report({ type, operation, path, cause, ...(setAsideAs !== undefined && { setAsideAs }) });
  }
}
