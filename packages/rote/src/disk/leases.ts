/**
 * Who may make an entry. A lease is a row with the name, a fence, and who holds it; there is none when
 * it was given back.
 *
 * 1. Fences of all names come from one counter in the file, so that none is ever given twice, whatever
 *    was removed. It is the fence of a row of its own, whose namespace is 0: in the same page as the
 *    leases, because a transaction costs as much as the pages it changes. A write with a fence is done only if it finds the row of its name with that very fence,
 *    and takes it away in the same transaction.
 * 2. A holder with leases counts up in its own row. No clock is compared with that of another process:
 *    who finds the count unchanged for `limit` milliseconds of its own monotonic clock takes it that
 *    the holder was killed or is frozen, and may take all of its leases. A clock that is set back or
 *    forward has no part in this.
 * 3. Who removes an entry removes its lease, too: what is being made is of before. A tag takes nothing
 *    from who is making an entry, of which it is not known yet whether it will have the tag; that is
 *    noted, with the last fence that was given before, for as long as somebody holds one of those.
 */
import type { Claim, StoreAddress } from "../tier/store.ts";
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

/** To forget them costs a little patience. */
const MAX_SEEN = 10_000;

const FIND = `SELECT fence, holder, beat FROM leases LEFT JOIN holders ON holders.id = holder
  WHERE namespace = ? AND digest = ?`;

const END = "DELETE FROM leases WHERE namespace = ? AND digest = ? AND fence = ? AND holder = ?";

const INVALIDATED = "SELECT 1 FROM invalidations WHERE fence >= ? LIMIT 1";

const EXISTS = "SELECT 1 FROM entries WHERE namespace = ? AND digest = ?";

interface Row {
  readonly fence: number;
  readonly holder: number;
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
  /** What others had when it was asked for last. */
  readonly #awaited = new Set<string>();
  /** The fences that are held here, as far as is known. */
  readonly #held = new Set<number>();
  /** Whether it has a row. */
  #isKnown = false;

  constructor(platform: Platform, beats: Beats) {
    this.#platform = platform;
    this.#beats = beats;
    this.#holder = 1 + Math.floor(platform.random() * 2 ** 48);
  }

  claim(file: StoreFile, address: StoreAddress): Claim | undefined {
    const digest = digestOf(address);
    const { id } = file.addNamespace(address.namespace);
    const find = (): Row | undefined =>
      file.sql(FIND).get(id, digest) as unknown as Row | undefined;
    // Whoever waits asks often, and must not keep the others from writing.
    const isAwaited = this.#awaited.size > 0 && this.#awaited.has(address.digest);
    if (isAwaited && this.#isOthers(find())) return undefined;
    // Before anybody can see the lease: without a beat, there is none.
    this.#heartbeat.beat(this.#platform, file.path, this.#holder, this.#beats.every);
    let claim: Claim | undefined;
    try {
      claim = file.transaction(() => {
        const row = find();
        if (row?.holder === this.#holder) {
          // After an invalidation another fence, because a run that begins now is not of before it.
          if (file.sql(INVALIDATED).get(row.fence) === undefined)
            return { fence: row.fence, isAbsent: false };
        } else if (row !== undefined) {
          if (this.#isOthers(row)) return undefined;
          this.#bury(file, row.holder);
        }
        const isAbsent = file.sql(EXISTS).get(id, digest) === undefined;
        return { fence: this.#take(file, id, digest), isAbsent };
      });
      if (claim !== undefined) this.#held.add(claim.fence);
    } finally {
      if (this.#held.size === 0) this.#heartbeat.rest();
    }
    if (claim === undefined) this.#await(address.digest);
    else if (isAwaited) this.#awaited.delete(address.digest);
    return claim;
  }

  release(file: StoreFile, address: StoreAddress, fence: number): void {
    const id = file.findNamespace(address.namespace)?.id ?? -1;
    file.sql(END).run(id, digestOf(address), fence, this.#holder);
    this.ended(fence);
  }

  /** It is held no more. */
  ended(fence: number): void {
    this.#held.delete(fence);
    if (this.#held.size === 0) this.#heartbeat.rest();
  }

  /** Gives everything back, and ends the heartbeat whether that works or not. */
  close(file: StoreFile | undefined): void {
    this.#heartbeat.stop();
    if (this.#isKnown) file?.transaction(() => this.#bury(file, this.#holder));
  }

  /** Whether another one has it who may be alive. */
  #isOthers(row: Row | undefined): boolean {
    if (row === undefined || row.holder === this.#holder || row.beat === null) return false;
    const { fence, beat } = row;
    const now = this.#platform.now();
    const seen = this.#seen.get(fence);
    if (seen?.beat === beat) return now - seen.since < this.#beats.limit;
    if (this.#seen.size >= MAX_SEEN) this.#seen.clear();
    this.#seen.set(fence, { beat, since: now });
    return true;
  }

  #await(digest: string): void {
    if (this.#awaited.size >= MAX_SEEN) this.#awaited.clear();
    this.#awaited.add(digest);
  }

  /** Frees whatever a holder has. If it is frozen rather than dead, it learns of it by its fences. */
  #bury(file: StoreFile, holder: number): void {
    file.sql("DELETE FROM leases WHERE holder = ?").run(holder);
    file.sql("DELETE FROM holders WHERE id = ?").run(holder);
  }

  #take(file: StoreFile, namespace: number, digest: Uint8Array): number {
    const row = file
      .sql("UPDATE leases SET fence = fence + 1 WHERE namespace = 0 RETURNING fence")
      .get();
    if (row === undefined) throw new Damage("The row of the last fence is missing.");
    const fence = row["fence"] as number;
    const holder = this.#holder;
    this.#isKnown = true;
    file
      .sql("INSERT OR REPLACE INTO leases (namespace, digest, fence, holder) VALUES (?, ?, ?, ?)")
      .run(namespace, digest, fence, holder);
    const { changes } = file
      .sql("INSERT OR IGNORE INTO holders (id, beat) VALUES (?, 0)")
      .run(holder);
    // Those that were killed with nothing in hand; who is alive comes back with its next lease.
    if (Number(changes) > 0)
      file.sql("DELETE FROM holders WHERE id NOT IN (SELECT holder FROM leases)").run();
    return fence;
  }
}
