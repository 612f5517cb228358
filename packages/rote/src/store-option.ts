import type { Whole } from "./cache/whole.ts";
import { RoteError } from "./errors.ts";
import type { MemoizeOptions } from "./options.ts";
import type { SyncStore } from "./tier/store.ts";

/** Puts a store below the memory of a function. */
type Attach = (whole: Whole, options: MemoizeOptions) => void;

/**
 * What stores need is in the bundle of those who have one: `disk()` and `defineStore()` bring it
 * along. `import { memoize } from "rote"` does without.
 */
let attach: Attach | undefined;

export function provideStores(attaching: Attach): void {
  attach = attaching;
}

let refs: WeakRef<SyncStore>[] = [];

/** Stores in use are found again, for as long as anybody has them. */
export function noteStore(store: SyncStore): void {
  const known = findStores();
  if (known.includes(store)) return;
  refs = [...known, store].map((each) => new WeakRef(each));
}

export function findStores(): SyncStore[] {
  return refs.map((ref) => ref.deref()).filter((store) => store !== undefined);
}

/** For the option `store`. */
export function attachStore(whole: Whole, options: MemoizeOptions): void {
  if (attach === undefined) {
    throw new RoteError(
      "ERR_INVALID_OPTION",
      `store of "${whole.name}" is an object that rote has not been told of. Pass it through defineStore() of "rote/store", or use disk() of "rote/disk".`,
      { option: "store", value: options.store },
    );
  }
  attach(whole, options);
}
