import type { Claim, StoreAddress, StoreListing, StoreNote, SyncStore } from "../tier/store.ts";

interface Kept extends StoreListing {
  readonly bytes: Uint8Array;
}

interface Held {
  readonly holder: MemoryStore;
  readonly fence: number;
  readonly namespace: string;
}

/** What several handles have in common, as processes have a file. */
class Shared {
  readonly kept: Map<string, Kept> = new Map();
  readonly claims: Map<string, Held> = new Map();
  /** The highest fence of each name, for as long as the storage lives. */
  readonly fences: Map<string, number> = new Map();
  /** What was invalidated while claims were held, by the claim: their writes are refused. */
  readonly invalidated: Map<Held, Set<string>> = new Map();
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
    const { kept, claims, invalidated } = this.#open;
    const name = nameOf({ namespace, digest });
    if (fence !== undefined) {
      const claim = claims.get(name);
      if (claim === undefined || claim.fence !== fence) return false;
      if (tags.some((tag) => invalidated.get(claim)?.has(tag))) return false;
      this.#end(name);
    }
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

  discard(address: StoreAddress, bytes: Uint8Array): void {
    const { kept } = this.#open;
    const name = nameOf(address);
    const found = kept.get(name)?.bytes;
    if (found?.length === bytes.length && found.every((byte, i) => byte === bytes[i]))
      kept.delete(name);
  }

  remove(address: StoreAddress): boolean {
    this.#end(nameOf(address));
    return this.#removeWhere((each) => nameOf(each) === nameOf(address)) > 0;
  }

  clear(namespace: string): void {
    for (const [name, claim] of this.#open.claims)
      if (claim.namespace === namespace) this.#end(name);
    this.#removeWhere((each) => each.namespace === namespace);
  }

  invalidateTag(tag: string): number {
    const { claims, invalidated } = this.#open;
    for (const claim of claims.values())
      invalidated.set(claim, (invalidated.get(claim) ?? new Set()).add(tag));
    return this.#removeWhere(({ tags }) => tags.includes(tag));
  }

  revision(): number {
    return this.#open.revision;
  }

  claim(address: StoreAddress): Claim | undefined {
    const { claims, fences, invalidated, kept } = this.#open;
    const name = nameOf(address);
    const held = claims.get(name);
    if (held !== undefined) {
      if (held.holder !== this) return undefined;
      if (!invalidated.has(held)) return { fence: held.fence, isAbsent: false };
      this.#end(name);
    }
    const fence = (fences.get(name) ?? 0) + 1;
    fences.set(name, fence);
    claims.set(name, { holder: this, fence, namespace: address.namespace });
    return { fence, isAbsent: !kept.has(name) };
  }

  release(address: StoreAddress, fence: number): void {
    const { claims } = this.#open;
    const held = claims.get(nameOf(address));
    if (held?.holder === this && held.fence === fence) this.#end(nameOf(address));
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
    for (const [name, { holder }] of claims) if (holder === this) this.#end(name);
    this.#shared = undefined;
  }

  get #open(): Shared {
    if (this.#shared === undefined) throw new Error("The store is closed.");
    return this.#shared;
  }

  #end(name: string): void {
    const { claims, invalidated } = this.#open;
    const claim = claims.get(name);
    if (claim === undefined) return;
    invalidated.delete(claim);
    claims.delete(name);
  }

  #removeWhere(isMeant: (entry: Kept) => boolean): number {
    const { kept } = this.#open;
    let count = 0;
    for (const [name, entry] of kept) if (isMeant(entry) && kept.delete(name)) count++;
    this.#open.revision++;
    return count;
  }
}
