import type { Key } from "../key/trie.ts";
import type { StoreAddress } from "./store.ts";

/** A call, as a store knows it. */
export interface StoredCall {
  readonly key: Key;
  readonly args: readonly unknown[];
  readonly address: StoreAddress;
  readonly argumentBytes: Uint8Array;
  /** Asked for by the function's own recursion, which is to be made of nothing stale. */
  readonly wantsFresh?: boolean;
}
