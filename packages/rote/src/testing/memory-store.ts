import type { StoreAddress, StoreListing, StoreNote, SyncStore } from "../tier/store.ts";

interface Kept extends StoreListing {
  readonly bytes: Uint8Array;
}

interface Claim {
  readonly holder: MemoryStore;
  readonly fence: number;
}

/** What several handles have in common, as processes have a file. */
class Shared {
  readonly kept: Map<string, Kept> = new Map();
  readonly claims: Map<string, Claim> = new Map();
  /** The highest fence of each name, for as long as the storage lives. */
  readonly fences: Map<string, number> = new Map();
  revision = 0;
}

const nameOf = ({ namespace, digest }: StoreAddress): string => `${digest} ${namespace}`;

/**
 * The reference of what a store does, in memory: for tests, and to read when writing one. It never
 * forgets anything by itself, expired or not.
 *
 * @param clock - The time in epoch milliseconds; `Date.now` by default.
 *
 * @example
 * ```ts
 * import { memoryStore } from "rote/testing";
 *
 * const store = memoryStore();
 * const address = { namespace: "render/3", digest: "00" };
 * store.write(address, new Uint8Array([1, 2]), { expiresAt: Infinity, runTime: 5, tags: [] }); //=> true
 * store.read(address); //=> new Uint8Array([1, 2])
 * store.again().read(address); //=> new Uint8Array([1, 2])
 * ```
 */
export function memoryStore(clock: () => number = Date.now): MemoryStore {
  return new MemoryStore(new Shared(), clock);
}

/** What {@link memoryStore} returns. */
export class MemoryStore implements SyncStore {
  readonly isAsync = false;
  readonly #clock: () => number;
  #shared: Shared | undefined;

  /** @internal */
  constructor(shared: Shared, clock: () => number) {
    this.#shared = shared;
    this.#clock = clock;
  }

  /** Another handle on the same entries, as another process has it. */
  again(): MemoryStore {
    return new MemoryStore(this.#open, this.#clock);
  }

  read(address: StoreAddress): Uint8Array | undefined {
    return this.#open.kept.get(nameOf(address))?.bytes.slice();
  }

  write(
    { namespace, digest }: StoreAddress,
    bytes: Uint8Array,
    { expiresAt, runTime, tags }: StoreNote,
    fence?: number,
  ): boolean {
    const { kept, fences } = this.#open;
    const name = nameOf({ namespace, digest });
    if (fence !== undefined && fence < (fences.get(name) ?? 0)) return false;
    kept.set(name, {
      namespace,
      digest,
      expiresAt,
      runTime,
      tags: [...tags],
      bytes: bytes.slice(),
      size: bytes.length,
      writtenAt: this.#clock(),
    });
    return true;
  }

  remove(address: StoreAddress): boolean {
    return this.#removeWhere((each) => nameOf(each) === nameOf(address)) > 0;
  }

  clear(namespace: string): void {
    this.#removeWhere((each) => each.namespace === namespace);
  }

  invalidateTag(tag: string): number {
    return this.#removeWhere(({ tags }) => tags.includes(tag));
  }

  revision(): number {
    return this.#open.revision;
  }

  claim(address: StoreAddress): number | undefined {
    const { claims, fences } = this.#open;
    const name = nameOf(address);
    const held = claims.get(name);
    if (held !== undefined) return held.holder === this ? held.fence : undefined;
    const fence = (fences.get(name) ?? 0) + 1;
    fences.set(name, fence);
    claims.set(name, { holder: this, fence });
    return fence;
  }

  release(address: StoreAddress, fence: number): void {
    const { claims } = this.#open;
    const held = claims.get(nameOf(address));
    if (held?.holder === this && held.fence === fence) claims.delete(nameOf(address));
  }

  *list(namespace?: string): Generator<StoreListing> {
    for (const { bytes: _, ...listing } of this.#open.kept.values())
      if (namespace === undefined || listing.namespace === namespace) yield listing;
  }

  flush(): void {
    void this.#open;
  }

  close(): void {
    if (this.#shared === undefined) return;
    const { claims } = this.#shared;
    for (const [name, { holder }] of claims) if (holder === this) claims.delete(name);
    this.#shared = undefined;
  }

  get #open(): Shared {
    if (this.#shared === undefined) throw new Error("The store is closed.");
    return this.#shared;
  }

  #removeWhere(isMeant: (entry: Kept) => boolean): number {
    const { kept } = this.#open;
    let count = 0;
    for (const [name, entry] of kept) if (isMeant(entry) && kept.delete(name)) count++;
    this.#open.revision++;
    return count;
  }
}
