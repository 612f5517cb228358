import type { Found } from "./entries.ts";
import type { Platform } from "./platform.ts";
import type { StoreFile } from "./store-file.ts";

/** A use is worth nothing new until the last one is that old, in milliseconds. */
export const COARSE = 60_000;
/** How many are noted at most. */
const MAX = 1000;

/** When entries were last read: noted here, and written to the file once a minute at most. */
export class Uses {
  readonly #platform: Platform;
  /** By the entry's number. */
  readonly #noted = new Map<number, number>();
  /** Those that were written, lest they be written again. */
  readonly #written = new Map<number, number>();
  #writtenAt: number;

  constructor(platform: Platform) {
    this.#platform = platform;
    this.#writtenAt = platform.now();
  }

  note({ id, writtenAt }: Found, file: StoreFile): void {
    const now = this.#platform.clock();
    if (now - Math.max(writtenAt, this.#written.get(id) ?? 0) < COARSE) return;
    if (this.#noted.size < MAX) this.#noted.set(id, now);
    if (this.#platform.now() - this.#writtenAt < COARSE) return;
    try {
      this.write(file);
    } catch {
      // What is read is not lost for it.
      this.#writtenAt = this.#platform.now();
    }
  }

  write(file: StoreFile): void {
    this.#writtenAt = this.#platform.now();
    if (this.#noted.size === 0) return;
    file.transaction(() => {
      for (const [id, usedAt] of this.#noted)
        file
          .sql(
            "INSERT OR REPLACE INTO uses (entry, used_at) SELECT id, ? FROM entries WHERE id = ?",
          )
          .run(usedAt, id);
    });
    if (this.#written.size > MAX) this.#written.clear();
    for (const [id, usedAt] of this.#noted) this.#written.set(id, usedAt);
    this.#noted.clear();
  }

  clear(): void {
    this.#noted.clear();
    this.#written.clear();
  }
}
