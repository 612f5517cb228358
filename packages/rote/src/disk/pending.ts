import type { StoreAddress } from "../tier/store.ts";
import type { StoreFile } from "./store-file.ts";

/** How much may be put off. */
const MAX_BYTES = 16 * 2 ** 20;
const MAX_COUNT = 1000;

/** Something that was put off because another process was writing. */
export interface Task {
  readonly address: StoreAddress;
  /** What is to be written; `undefined` for a claim that is to be given back. */
  readonly bytes: Uint8Array | undefined;
  readonly tags: readonly string[];
  /** Of the claim that is to be given back. */
  readonly fence?: number;
  readonly run: (file: StoreFile) => void;
}

/** What was put off, in the order in which it was asked for; with a bound. */
export class Pending {
  #tasks: Task[] = [];
  #size = 0;

  get count(): number {
    return this.#tasks.length;
  }

  /** Whether there was room. A claim is given back in any case. */
  add(task: Task): boolean {
    const size = task.bytes?.length ?? 0;
    const isFull = this.#tasks.length >= MAX_COUNT || this.#size + size > MAX_BYTES;
    if (isFull && task.bytes !== undefined) return false;
    this.#tasks.push(task);
    this.#size += size;
    return true;
  }

  /** What would be read, once it is written. */
  find({ namespace, digest }: StoreAddress): Uint8Array | undefined {
    return this.#tasks.findLast(
      ({ address, bytes }) =>
        bytes !== undefined && address.digest === digest && address.namespace === namespace,
    )?.bytes;
  }

  /** Forgets what was to be written. */
  drop(isMeant: (task: Task) => boolean): number {
    const before = this.#tasks.length;
    this.#tasks = this.#tasks.filter((task) => task.bytes === undefined || !isMeant(task));
    this.#size = this.#tasks.reduce((sum, { bytes }) => sum + (bytes?.length ?? 0), 0);
    return before - this.#tasks.length;
  }

  /** Whoever claims again has it still: it is not given back. */
  keep(fence: number): void {
    this.#tasks = this.#tasks.filter((task) => task.fence !== fence);
  }

  /** Does what was put off; what throws stays, and all that comes after it. */
  drain(file: StoreFile): void {
    let done = 0;
    try {
      for (const task of this.#tasks) {
        task.run(file);
        done++;
      }
    } finally {
      for (const task of this.#tasks.splice(0, done)) this.#size -= task.bytes?.length ?? 0;
    }
  }

  clear(): void {
    this.#tasks = [];
    this.#size = 0;
  }
}
