import { warnOnce } from "../development.ts";
import type { DiskProblem } from "./options.ts";

/** Counts of one handle, and what the file holds of all processes. */
export interface DiskStats {
  readonly reads: number;
  /** Reads that found an entry. */
  readonly hits: number;
  readonly writes: number;
  /** Writes with the fence of a claim that somebody else had got since. */
  readonly refused: number;
  /** Writes of what is larger than `maxBytes`. */
  readonly tooLarge: number;
  /** Writes and releases that were put off because another process was writing. */
  readonly postponed: number;
  /** Writes that were given up for that reason. */
  readonly dropped: number;
  /** Claims that were given. */
  readonly claims: number;
  /** Entries that this handle removed because they had expired or were too old. */
  readonly expired: number;
  /** Entries that this handle removed for the bounds. */
  readonly evicted: number;
  /** Rows that were not what they should be, and were removed. */
  readonly damagedEntries: number;
  /** Damaged files that this handle has set aside. */
  readonly setAside: number;
  /** How often another process kept the file locked for too long. */
  readonly busy: number;
  /** How often the system refused to read or write. */
  readonly failed: number;
  /** Entries in the file. */
  readonly entries: number;
  /** Bytes of the file that are in use. */
  readonly bytes: number;
  /** Bytes of the file that are free for further entries, or will be given back. */
  readonly freeBytes: number;
  /** Writes and releases that are put off at present. */
  readonly pending: number;
}

type Counted = Omit<DiskStats, "entries" | "bytes" | "freeBytes" | "pending">;

type Numbers = { -readonly [name in keyof Counted]: number };

export class Counts {
  readonly of: Numbers = {
    reads: 0,
    hits: 0,
    writes: 0,
    refused: 0,
    tooLarge: 0,
    postponed: 0,
    dropped: 0,
    claims: 0,
    expired: 0,
    evicted: 0,
    damagedEntries: 0,
    setAside: 0,
    busy: 0,
    failed: 0,
  };
  readonly #onProblem: ((problem: DiskProblem) => void) | undefined;
  #isTelling = false;

  constructor(onProblem: ((problem: DiskProblem) => void) | undefined) {
    this.#onProblem = onProblem;
  }

  problem(problem: DiskProblem): void {
    this.of[problem.type === "damaged" ? "setAside" : problem.type]++;
    // Who uses the store while being told is not told of what that meets, without end.
    if (this.#isTelling) return;
    this.#isTelling = true;
    try {
      this.#onProblem?.(problem);
    } catch (error) {
      warnOnce(
        "ROTE_LISTENER",
        `onProblem of disk has thrown, which is ignored: ${error instanceof Error ? error.name : typeof error}. Handle errors inside it.`,
      );
    } finally {
      this.#isTelling = false;
    }
  }
}
