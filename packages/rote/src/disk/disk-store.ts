import type { Claim, StoreAddress, StoreListing, StoreNote, SyncStore } from "../tier/store.ts";
import { sleep } from "../tier/sleep.ts";
import { Access } from "./access.ts";
import { spaceOf, trim } from "./bounds.ts";
import {
  checkEntry,
  clearNamespace,
  digestOf,
  discardEntry,
  dropRow,
  listPage,
  readEntry,
  readState,
  removeEntry,
  removeTagged,
  writeEntry,
} from "./entries.ts";
import { type Beats, Leases } from "./leases.ts";
import type { Location } from "./location.ts";
import { type Bounds, boundsOf, type DiskOptions } from "./options.ts";
import { Pending, type Task } from "./pending.ts";
import type { Platform } from "./platform.ts";
import { kindOf, type Operation } from "./problem.ts";
import { Counts, type DiskStats } from "./stats.ts";
import type { StoreFile } from "./store-file.ts";
import { Uses } from "./uses.ts";

declare global {
  // The language has it from ES2026 on, and Node since long before; a compiler's library may not know it yet.
  interface SymbolConstructor {
    readonly asyncDispose: unique symbol;
  }
}

/** How long ago the file may last have been seen under its name, in milliseconds, when it is read, and when it is written. */
const [READING, WRITING, CLAIMING] = [1000, 100, 0];
/** When what was put off is tried again, in milliseconds; and how long a flush waits for it. */
const [AGAIN, FLUSH] = [100, 5000];
/** After how many writes the bounds are looked at, with a bound of entries and without; and after which share of their bytes. */
const [COUNTED, UNCOUNTED, SHARE] = [16, 64, 1 / 64];

/** What {@link disk} returns. */
export class DiskStore implements SyncStore {
  readonly isAsync = false;
  /** The database file. */
  readonly path: string;
  readonly #platform: Platform;
  readonly #bounds: Bounds;
  readonly #beats: Beats;
  readonly #access: Access;
  readonly #counts: Counts;
  readonly #pending = new Pending();
  readonly #uses: Uses;
  #leases: Leases;
  #writesUntilTrim = 0;
  #bytesUntilTrim = 0;
  #callOff: (() => void) | undefined;

  /** @internal */
  constructor(location: Location, options: DiskOptions, platform: Platform, beats: Beats) {
    this.path = location.path;
    this.#platform = platform;
    this.#bounds = boundsOf(options);
    this.#beats = beats;
    this.#uses = new Uses(platform);
    this.#counts = new Counts(options.onProblem);
    this.#leases = new Leases(platform, beats);
    this.#access = new Access(
      location,
      platform,
      (problem) => this.#counts.problem(problem),
      (file) => this.#lose(file),
    );
    this.#access.run("open", WRITING, () => {});
  }

  read(address: StoreAddress): Uint8Array | undefined {
    this.#counts.of.reads++;
    const pending = this.#pending.count === 0 ? undefined : this.#pending.find(address);
    const bytes = pending?.slice() ?? this.#readFile(address);
    if (bytes !== undefined) this.#counts.of.hits++;
    return bytes;
  }

  write(address: StoreAddress, bytes: Uint8Array, note: StoreNote, fence?: number): boolean {
    checkEntry(address, bytes, note);
    if (bytes.length > this.#bounds.maxBytes) {
      this.#counts.of.tooLarge++;
      return false;
    }
    const maxAge = fence === undefined ? WRITING : CLAIMING;
    const isWritten = this.#attempt("write", maxAge, (file) =>
      this.#write(file, address, bytes, note, fence),
    );
    if (isWritten !== undefined) return isWritten;
    if (fence === undefined) {
      const copy = bytes.slice();
      const { tags } = note;
      const writtenNote = { ...note, tags: [...tags] };
      const run = (file: StoreFile): void => void this.#write(file, address, copy, writtenNote);
      if (this.#putOff({ address, bytes: copy, tags: writtenNote.tags, run })) return true;
    }
    // Nobody could say yet whether it was accepted.
    this.#counts.of.dropped++;
    return false;
  }

  discard(address: StoreAddress, bytes: Uint8Array): void {
    digestOf(address);
    // What could not be discarded now is found worthless again.
    this.#attempt("write", WRITING, (file) => {
      discardEntry(file, address, bytes);
      return true;
    });
  }

  remove(address: StoreAddress): boolean {
    digestOf(address);
    const isPending = this.#forget(
      ({ address: { namespace, digest } }) =>
        digest === address.digest && namespace === address.namespace,
    );
    return this.#access.run("write", WRITING, (file) => removeEntry(file, address)) || isPending;
  }

  clear(namespace: string): void {
    this.#forget(({ address }) => address.namespace === namespace);
    this.#access.run("write", WRITING, (file) => clearNamespace(file, namespace));
  }

  invalidateTag(tag: string): number {
    this.#forget(({ tags }) => tags.includes(tag));
    return this.#access.run("write", WRITING, (file) => removeTagged(file, tag));
  }

  revision(): number {
    return this.#access.run("read", CLAIMING, (file) => {
      file.endView();
      return readState(file).revision;
    });
  }

  claim(address: StoreAddress): Claim | undefined {
    digestOf(address);
    return this.#access.run("claim", CLAIMING, (file) => {
      const claim = this.#leases.claim(file, address);
      if (claim === undefined) return undefined;
      this.#counts.of.claims++;
      if (this.#pending.count === 0) return claim;
      this.#pending.keep(claim.fence);
      return this.#pending.find(address) === undefined ? claim : { ...claim, isAbsent: false };
    });
  }

  release(address: StoreAddress, fence: number): void {
    digestOf(address);
    const release = (file: StoreFile): true => {
      this.#leases.release(file, address, fence);
      return true;
    };
    if (this.#attempt("write", WRITING, release) === undefined)
      this.#putOff({ address, bytes: undefined, tags: [], fence, run: release });
  }

  *list(namespace?: string): Generator<StoreListing> {
    for (let after: number | undefined = -1; after !== undefined;) {
      const from: number = after;
      const { page, last } = this.#access.run("read", READING, (file) => {
        file.endView();
        return listPage(file, from, namespace);
      });
      yield* page;
      after = last;
    }
  }

  /**
   * Writes what was put off, and what is known of last uses, and gives free space back to the file system.
   *
   * @throws {RoteError} `ERR_STORE` if another process keeps the file locked for five seconds.
   */
  flush(): void {
    const until = this.#platform.now() + FLUSH;
    for (;;) {
      const isDone = this.#attempt("write", WRITING, (file) => {
        this.#uses.write(file);
        return true;
      });
      if (isDone === true) break;
      if (this.#platform.now() >= until)
        this.#access.run("write", WRITING, (file) => this.#pending.drain(file));
      sleep(20);
    }
    this.#access.run("write", WRITING, (file) => {
      file.exec("PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(PASSIVE)");
    });
  }

  close(): void {
    if (this.#access.isClosed) return;
    this.#callOff?.();
    try {
      if (this.#pending.count > 0) this.#attempt("write", WRITING, () => true);
    } finally {
      this.#access.close();
      this.#pending.clear();
    }
  }

  /**
   * `flush`, then `close`: for `await using store = disk()`. It closes also when it cannot flush.
   *
   * @throws {RoteError} `ERR_STORE` if another process keeps the file locked for five seconds.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#access.isClosed) return;
    try {
      this.flush();
    } finally {
      this.close();
    }
  }

  /** Counts of this handle since it was opened, and what the file holds of all processes. */
  stats(): DiskStats {
    return this.#access.run("read", READING, (file) => {
      file.endView();
      return {
        ...this.#counts.of,
        entries: readState(file).entries,
        bytes: spaceOf(file).used,
        freeBytes: spaceOf(file).free,
        pending: this.#pending.count,
      };
    });
  }

  #readFile(address: StoreAddress): Uint8Array | undefined {
    return this.#access.run("read", READING, (file) => {
      file.view();
      const found = readEntry(file, address);
      if (found === undefined) return undefined;
      if (found === "damaged") {
        this.#counts.of.damagedEntries++;
        dropRow(file, address);
        return undefined;
      }
      if (this.#platform.clock() - found.writtenAt >= this.#bounds.maxAge) return undefined;
      this.#uses.note(found, file);
      return found.bytes;
    });
  }

  #write(
    file: StoreFile,
    address: StoreAddress,
    bytes: Uint8Array,
    note: StoreNote,
    fence?: number,
  ): boolean {
    const isWritten = writeEntry(file, address, bytes, note, fence, this.#platform.clock());
    if (fence !== undefined) this.#leases.ended(fence);
    if (!isWritten) {
      this.#counts.of.refused++;
      return false;
    }
    this.#counts.of.writes++;
    this.#bytesUntilTrim -= bytes.length;
    if (--this.#writesUntilTrim <= 0 || this.#bytesUntilTrim <= 0) this.#trim(file);
    return true;
  }

  /** The entry is written, whatever comes of this; if it fails, the next write does it. */
  #trim(file: StoreFile): void {
    this.#writesUntilTrim = this.#bytesUntilTrim = 0;
    try {
      this.#uses.write(file);
      const { expired, evicted, isDone } = trim(file, this.#bounds, this.#platform);
      this.#counts.of.expired += expired;
      this.#counts.of.evicted += evicted;
      if (!isDone) return;
      this.#writesUntilTrim = this.#bounds.maxEntries < Infinity ? COUNTED : UNCOUNTED;
      this.#bytesUntilTrim = this.#bounds.maxBytes * SHARE;
    } catch (error) {
      if (kindOf(error) !== "busy") throw error;
    }
  }

  /** Does what was put off, then this; `undefined` if another process is writing. */
  #attempt<Result>(
    operation: Operation,
    maxAge: number,
    work: (file: StoreFile) => Result,
  ): Result | undefined {
    try {
      return this.#access.run(operation, maxAge, (file) => {
        if (this.#pending.count > 0) this.#pending.drain(file);
        return work(file);
      });
    } catch (error) {
      if (kindOf((error as Error).cause) === "busy") return undefined;
      // What cannot be written must not keep all that comes later from being written.
      this.#counts.of.dropped += this.#pending.drop(() => true);
      this.#pending.clear();
      throw error;
    }
  }

  #putOff(task: Task): boolean {
    if (!this.#pending.add(task)) return false;
    this.#counts.of.postponed++;
    this.#tryLater();
    return true;
  }

  #tryLater(): void {
    this.#callOff ??= this.#platform.schedule(() => {
      this.#callOff = undefined;
      this.#tryAgain();
    }, AGAIN);
  }

  #tryAgain(): void {
    try {
      if (this.#attempt("write", WRITING, () => true) === true) return;
    } catch {
      // It was counted and reported, and nobody is there to be told.
      return;
    }
    this.#tryLater();
  }

  #forget(isMeant: (task: Task) => boolean): boolean {
    return this.#pending.count > 0 && this.#pending.drop(isMeant) > 0;
  }

  #lose(file: StoreFile): void {
    for (const end of [() => this.#leases.close(file), () => this.#uses.write(file)]) {
      try {
        end();
      } catch {
        // Who cannot write cannot give anything back; others find out by the heartbeat.
      }
    }
    this.#uses.clear();
    this.#leases = new Leases(this.#platform, this.#beats);
  }
}
