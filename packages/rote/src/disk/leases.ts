/**
 * Who may make an entry. A lease is a row with the name, a fence, and who holds it.
 *
 * 1. Fences of all names come from one counter in the file, so that none is ever given twice, whatever
 *    was removed. A write with a fence is done only while the row of its name has that very fence.
 * 2. A holder with leases counts up in its own row. No clock is compared with that of another process:
 *    who finds the count unchanged for `limit` milliseconds of its own monotonic clock takes it that
 *    the holder was killed or is frozen, and may take all of its leases. A clock that is set back or
 *    forward has no part in this.
 * 3. A row that is given back stays, so that a late write is known as such, until 10 000 later claims.
 *    A fence whose row is gone is refused.
 */
import type { StoreAddress } from "../tier/store.ts";
import { digestOf } from "./entries.ts";
import { Heartbeat } from "./heartbeat.ts";
import type { Platform } from "./platform.ts";
import { Damage } from "./problem.ts";
import type { StoreFile } from "./store-file.ts";

/** How often a holder's count goes up, and how long it may stand still, in milliseconds. */
export interface Beats {
  readonly every: number;
  readonly limit: number;
}

export const BEATS: Beats = { every: 250, limit: 3000 };

/** How many claims later a row that was given back may be dropped. */
const MEMORY = 10_000;

/** To forget them costs a little patience. */
const MAX_SEEN = 10_000;

const FIND = `SELECT fence, holder, beat FROM leases LEFT JOIN holders ON holders.id = holder
  WHERE namespace = ? AND digest = ?`;

interface Row {
  readonly fence: number;
  readonly holder: number | null;
  /** `null` for a holder that has no row any more. */
  readonly beat: number | null;
}

interface Seen {
  readonly beat: number;
  readonly since: number;
}

/** The leases of one handle on one file. */
export class Leases {
  readonly #platform: Platform;
  readonly #beats: Beats;
  readonly #holder: number;
  readonly #heartbeat = new Heartbeat();
  /**
   * Of leases of others, by fence: the last count of the holder, and since when it has been that. Not
   * by holder: between two of its leases it does not count, and begins anew.
   */
  readonly #seen = new Map<number, Seen>();
  #isHolding = false;

  constructor(platform: Platform, beats: Beats) {
    this.#platform = platform;
    this.#beats = beats;
    this.#holder = 1 + Math.floor(platform.random() * 2 ** 48);
  }

  claim(file: StoreFile, address: StoreAddress): number | undefined {
    const digest = digestOf(address);
    const { id } = file.addNamespace(address.namespace);
    const find = (): Row | undefined =>
      file.sql(FIND).get(id, digest) as unknown as Row | undefined;
    // Whoever waits asks often, and must not keep the others from writing.
    const first = find();
    if (first !== undefined && this.#isHeld(first))
      return first.holder === this.#holder ? first.fence : undefined;
    // Before anybody can see the lease: without a beat, there is none.
    this.#heartbeat.beat(this.#platform, file.path, this.#holder, this.#beats.every);
    try {
      return file.transaction(() => {
        const row = find();
        if (row !== undefined && this.#isHeld(row))
          return row.holder === this.#holder ? row.fence : undefined;
        if (row?.holder !== null && row?.holder !== undefined) this.#bury(file, row.holder);
        return this.#take(file, id, digest);
      });
    } finally {
      if (!this.#isHolding) this.#heartbeat.rest();
    }
  }

  release(file: StoreFile, address: StoreAddress, fence: number): void {
    const id = file.findNamespace(address.namespace)?.id ?? -1;
    const digest = digestOf(address);
    file.transaction(() => {
      file
        .sql(
          "UPDATE leases SET holder = NULL WHERE namespace = ? AND digest = ? AND fence = ? AND holder = ?",
        )
        .run(id, digest, fence, this.#holder);
      const other = file.sql("SELECT 1 FROM leases WHERE holder = ? LIMIT 1").get(this.#holder);
      if (other !== undefined) return;
      file.sql("DELETE FROM holders WHERE id = ?").run(this.#holder);
      this.#isHolding = false;
    });
    if (!this.#isHolding) this.#heartbeat.rest();
  }

  /** Gives everything back, and ends the heartbeat whether that works or not. */
  close(file: StoreFile | undefined): void {
    this.#heartbeat.stop();
    if (!this.#isHolding) return;
    this.#isHolding = false;
    file?.transaction(() => this.#bury(file, this.#holder));
  }

  /** Whether somebody holds it who may be alive. */
  #isHeld({ fence, holder, beat }: Row): boolean {
    if (holder === null || beat === null) return false;
    if (holder === this.#holder) return true;
    const now = this.#platform.now();
    const seen = this.#seen.get(fence);
    if (seen?.beat === beat) return now - seen.since < this.#beats.limit;
    if (this.#seen.size >= MAX_SEEN) this.#seen.clear();
    this.#seen.set(fence, { beat, since: now });
    return true;
  }

  /** Frees whatever a holder has. If it is frozen rather than dead, it learns of it by its fences. */
  #bury(file: StoreFile, holder: number): void {
    file.sql("UPDATE leases SET holder = NULL WHERE holder = ?").run(holder);
    file.sql("DELETE FROM holders WHERE id = ?").run(holder);
  }

  #take(file: StoreFile, namespace: number, digest: Uint8Array): number {
    const row = file.sql("UPDATE state SET fence = fence + 1 RETURNING fence").get();
    if (row === undefined) throw new Damage("The row of the file's state is missing.");
    const fence = row["fence"] as number;
    file.sql("INSERT OR IGNORE INTO holders (id, beat) VALUES (?, 0)").run(this.#holder);
    file
      .sql("INSERT OR REPLACE INTO leases (namespace, digest, fence, holder) VALUES (?, ?, ?, ?)")
      .run(namespace, digest, fence, this.#holder);
    file
      .sql(
        `DELETE FROM leases WHERE (namespace, digest) IN
          (SELECT namespace, digest FROM leases WHERE holder IS NULL AND fence < ? LIMIT 4)`,
      )
      .run(fence - MEMORY);
    this.#isHolding = true;
    return fence;
  }
}
