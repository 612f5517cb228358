/**
 * What has to go. Expired entries first and those that are too old, then whatever is worth least: by
 * the run time that it saves per byte and millisecond since it was last used. The worst of a few at
 * random, so that no order of all has to be kept.
 */
import type { Bounds } from "./options.ts";
import type { Platform } from "./platform.ts";
import { readState } from "./entries.ts";
import type { StoreFile } from "./store-file.ts";
import { COARSE } from "./uses.ts";

/** How many expired and how many old rows go at a time. */
const FEW = 64;
/** Of those looked at, how many in a row, how many rows in all, and how many of them go. */
const [RUN, LOOKED_AT, EVICTED] = [4, 16, 2];
/** For how long at a time, in milliseconds; and pages that are given back at a time. */
const [WHILE, GIVEN_BACK] = [10, 256];
/** What a row costs besides its bytes, about. */
const ROW = 200;
/** What is free in the file may be a share of it, so that not every entry grows and shrinks it. */
const SLACK = 1 / 16;

/** Bytes of the file: those in use, and those that are free for the next entries. */
export interface Space {
  readonly used: number;
  readonly free: number;
}

export function spaceOf(file: StoreFile): Space {
  const { size, pages, free } = file
    .sql(
      `SELECT (SELECT page_size FROM pragma_page_size) AS size,
        (SELECT page_count FROM pragma_page_count) AS pages,
        (SELECT freelist_count FROM pragma_freelist_count) AS free`,
    )
    .get() as unknown as { size: number; pages: number; free: number };
  return { used: (pages - free) * size, free: free * size };
}

function isOver(file: StoreFile, { maxBytes, maxEntries }: Bounds): boolean {
  return spaceOf(file).used > maxBytes || readState(file).entries > maxEntries;
}

const EXPIRED = `DELETE FROM entries WHERE id IN
  (SELECT id FROM entries WHERE expires_at <= ? LIMIT ${FEW})`;
// Numbers go up with each write, so the first were written first.
const OLD = `DELETE FROM entries WHERE id IN
  (SELECT id FROM (SELECT id, written_at FROM entries ORDER BY id LIMIT ${FEW}) WHERE written_at <= ?)`;

export interface Trimmed {
  readonly expired: number;
  readonly evicted: number;
  /** Whether the bounds are kept now. */
  readonly isDone: boolean;
}

/** Drops what the bounds do not allow, for a few milliseconds at most. */
export function trim(file: StoreFile, bounds: Bounds, platform: Platform): Trimmed {
  const now = platform.clock();
  const until = platform.now() + WHILE;
  const trimmed = file.transaction(() => {
    let expired = Number(file.sql(EXPIRED).run(now).changes);
    if (bounds.maxAge < Infinity) expired += Number(file.sql(OLD).run(now - bounds.maxAge).changes);
    let evicted = 0;
    let isDone = !isOver(file, bounds);
    while (!isDone && platform.now() < until) {
      const worst = findWorst(file, now, platform.random);
      for (const id of worst) file.sql("DELETE FROM entries WHERE id = ?").run(id);
      evicted += worst.length;
      isDone = worst.length === 0 || !isOver(file, bounds);
    }
    return { expired, evicted, isDone };
  });
  const { used, free } = spaceOf(file);
  if (free > used * SLACK) file.exec(`PRAGMA incremental_vacuum(${GIVEN_BACK})`);
  return trimmed;
}

const SOME = `SELECT id, size, run_time, max(written_at, coalesce(used_at, written_at)) AS used_at
  FROM entries LEFT JOIN uses ON entry = id WHERE id >= ? ORDER BY id LIMIT ${RUN}`;

interface Candidate {
  readonly id: number;
  readonly size: number;
  readonly run_time: number;
  readonly used_at: number;
}

function findWorst(file: StoreFile, now: number, random: () => number): number[] {
  const { first, last } = file
    .sql("SELECT (SELECT min(id) FROM entries) AS first, (SELECT max(id) FROM entries) AS last")
    .get() as unknown as { first: number | null; last: number };
  if (first === null) return [];
  const candidates = new Map<number, number>();
  for (let i = 0; i < LOOKED_AT; i += RUN) {
    const from = first + Math.floor(random() * (last - first + 1));
    for (const each of file.sql(SOME).all(from) as unknown as Candidate[])
      candidates.set(each.id, valueOf(each, now));
  }
  return [...candidates]
    .sort(([, a], [, b]) => a - b)
    .slice(0, EVICTED)
    .map(([id]) => id);
}

/**
 * What an entry is worth. Uses are known to the minute: within it, only what a run costs counts. A run
 * that was not measured, or a clock set back, makes no entry worth nothing.
 */
function valueOf({ size, run_time: runTime, used_at: usedAt }: Candidate, now: number): number {
  return Math.max(runTime, 0.001) / ((size + ROW) * Math.max(now - usedAt, COARSE));
}
