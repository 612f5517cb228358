import type { StoreAddress, SyncStore } from "./store.ts";

/**
 * How many runs share each claim of a store, of all functions: who claims again what is held here gets
 * the same fence, and the claim is given back with the last of them.
 */
const claimsOf: WeakMap<SyncStore, Map<string, number>> = new WeakMap();

function claimName({ digest, namespace }: StoreAddress, fence: number): string {
  return `${digest} ${fence} ${namespace}`;
}

/** Who shares the claims of a store. */
export class Claims {
  private readonly shared: Map<string, number>;

  constructor(store: SyncStore) {
    let shared = claimsOf.get(store);
    if (shared === undefined) claimsOf.set(store, (shared = new Map()));
    this.shared = shared;
  }

  hold(address: StoreAddress, fence: number): void {
    const name = claimName(address, fence);
    this.shared.set(name, (this.shared.get(name) ?? 0) + 1);
  }

  /** Whether nobody here shares it any more. */
  leave(address: StoreAddress, fence: number): boolean {
    if (fence === 0) return false;
    const name = claimName(address, fence);
    const left = (this.shared.get(name) ?? 1) - 1;
    if (left > 0) this.shared.set(name, left);
    else this.shared.delete(name);
    return left === 0;
  }
}
