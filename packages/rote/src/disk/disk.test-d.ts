import { expectTypeOf, test } from "vitest";

import type { Store, SyncStore } from "../tier/store.ts";
import { disk, type DiskProblem, type DiskStats } from "./index.ts";

test("a disk store is a synchronous store", () => {
  expectTypeOf(disk).returns.toExtend<SyncStore>();
  expectTypeOf(disk).returns.toExtend<Store>();
  expectTypeOf(disk().read).returns.toEqualTypeOf<Uint8Array | undefined>();
  expectTypeOf(disk().stats()).toEqualTypeOf<DiskStats>();
});

test("options are what they are", () => {
  disk("cache", { maxBytes: 2 ** 30, maxEntries: Infinity, maxAge: "7d" });
  disk(undefined, { onProblem: (problem) => expectTypeOf(problem).toEqualTypeOf<DiskProblem>() });
  // @ts-expect-error "7 days" is no Duration
  disk("cache", { maxAge: "7 days" });
  // @ts-expect-error a size is a number of bytes
  disk("cache", { maxBytes: "1GB" });
  // @ts-expect-error there is no such option
  disk("cache", { size: 1 });
  // @ts-expect-error the path comes first
  disk({ maxBytes: 2 ** 30 });
});
