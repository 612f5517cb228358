import type { Claim, Store, StoreAddress, StoreListing, StoreNote } from "../tier/store.ts";

/** One promise of a store. `again` gives further handles on the same entries. */
export type Case = (store: Store, again: () => Promise<Store>) => Promise<void>;

const plain: StoreNote = { expiresAt: Infinity, runTime: 10, tags: [] };
const tagged = (...tags: string[]): StoreNote => ({ ...plain, tags });
const bytesOf = (...bytes: number[]): Uint8Array => new Uint8Array(bytes);
const digest = (n: number): string => n.toString(16).padStart(64, "0");
const at = (n: number, namespace = "fn/1"): StoreAddress => ({ namespace, digest: digest(n) });

/** As texts, so that a failure shows both. */
const shown = (value: unknown): string =>
  value instanceof Uint8Array
    ? `bytes ${value.length > 64 ? `(${value.length})` : Array.from(value).join(" ")}`
    : (JSON.stringify(value) ?? String(value));

function expectSame(what: string, found: unknown, wanted: unknown): void {
  const isSame =
    found instanceof Uint8Array && wanted instanceof Uint8Array
      ? found.length === wanted.length && found.every((byte, i) => byte === wanted[i])
      : shown(found) === shown(wanted);
  if (!isSame) throw new Error(`${what}: expected ${shown(wanted)}, found ${shown(found)}`);
}

async function expectRead(store: Store, address: StoreAddress, wanted: unknown): Promise<void> {
  expectSame(`read of ${shown(address)}`, await store.read(address), wanted);
}

async function listed(store: Store, namespace?: string): Promise<StoreListing[]> {
  const found: StoreListing[] = [];
  for await (const each of store.list(namespace)) found.push(each);
  return found.sort((a, b) =>
    `${a.namespace} ${a.digest}` < `${b.namespace} ${b.digest}` ? -1 : 1,
  );
}

/** Namespaces that a careless store takes for each other, or for something else. */
const namespaces = [
  "fn/1",
  "fn/10",
  "fn",
  "fn/1/",
  "FN/1",
  "fn/%",
  "fn/_",
  "",
  "'; DROP TABLE entries; --",
  "../fn",
  "caf\u00e9",
  "cafe\u0301",
  "\ud83d\ude00",
  "a\u0000b",
  "a\nb",
  "x".repeat(1000),
];

/** By sentence. */
export const cases: { readonly [sentence: string]: Case } = {
  async "nothing is read where nothing was written"(store) {
    await expectRead(store, at(1), undefined);
  },

  async "what is written is read, by every handle"(store, again) {
    const other = await again();
    const bytes = bytesOf(...Array.from({ length: 256 }, (_, i) => i));
    expectSame("write", await store.write(at(1), bytes, plain), true);
    await expectRead(store, at(1), bytes);
    await expectRead(other, at(1), bytes);
    await expectRead(await again(), at(1), bytes);
  },

  async "a later write takes the place of an earlier one"(store, again) {
    const other = await again();
    await store.write(at(1), bytesOf(1, 2, 3), plain);
    await other.write(at(1), bytesOf(4), plain);
    await expectRead(store, at(1), bytesOf(4));
    expectSame("listed", (await listed(store)).length, 1);
  },

  async "long entries, and those of one byte, come back whole"(store) {
    const long = new Uint8Array(1 << 20).map((_, i) => (i * 31) >> 3);
    await store.write(at(1), long, plain);
    await store.write(at(2), bytesOf(0), plain);
    await expectRead(store, at(1), long);
    await expectRead(store, at(2), bytesOf(0));
  },

  async "what is written is a copy, and so is what is read"(store) {
    const bytes = bytesOf(1, 2, 3);
    await store.write(at(1), bytes, plain);
    bytes[0] = 9;
    const read = await store.read(at(1));
    expectSame("read", read, bytesOf(1, 2, 3));
    if (read !== undefined) read[1] = 9;
    await expectRead(store, at(1), bytesOf(1, 2, 3));
  },

  async "a part of a larger buffer is written as that part"(store) {
    const whole = bytesOf(0, 1, 2, 3, 4, 5);
    await store.write(at(1), whole.subarray(2, 4), plain);
    await expectRead(store, at(1), bytesOf(2, 3));
  },

  async "calls and namespaces keep apart, whatever they are called"(store) {
    for (const [i, namespace] of namespaces.entries()) {
      await store.write(at(1, namespace), bytesOf(i, 1), plain);
      await store.write(at(2, namespace), bytesOf(i, 2), plain);
    }
    for (const [i, namespace] of namespaces.entries()) {
      await expectRead(store, at(1, namespace), bytesOf(i, 1));
      await expectRead(store, at(2, namespace), bytesOf(i, 2));
      await expectRead(store, at(3, namespace), undefined);
    }
  },

  async "remove takes one entry, and says whether there was one"(store, again) {
    const other = await again();
    await store.write(at(1), bytesOf(1), plain);
    await store.write(at(2), bytesOf(2), plain);
    expectSame("remove", await other.remove(at(1)), true);
    expectSame("remove again", await store.remove(at(1)), false);
    await expectRead(store, at(1), undefined);
    await expectRead(store, at(2), bytesOf(2));
  },

  async "clear takes one namespace, and no other"(store) {
    for (const cleared of namespaces) {
      for (const namespace of namespaces) await store.write(at(1, namespace), bytesOf(1), plain);
      await store.clear(cleared);
      for (const namespace of namespaces) {
        const wanted = namespace === cleared ? undefined : bytesOf(1);
        await expectRead(store, at(1, namespace), wanted);
      }
    }
  },

  async "invalidateTag takes what has the tag, in every namespace"(store, again) {
    const other = await again();
    await store.write(at(1), bytesOf(1), tagged("user:1", "page"));
    await store.write(at(2), bytesOf(2), tagged("user:2", "page"));
    await store.write(at(3, "other/1"), bytesOf(3), tagged("user:1"));
    await store.write(at(4), bytesOf(4), tagged("user:11", "user", "USER:1"));
    await store.write(at(5), bytesOf(5), plain);
    expectSame("invalidateTag", await other.invalidateTag("user:1"), 2);
    await expectRead(store, at(1), undefined);
    await expectRead(store, at(2), bytesOf(2));
    await expectRead(store, at(3, "other/1"), undefined);
    await expectRead(store, at(4), bytesOf(4));
    await expectRead(store, at(5), bytesOf(5));
    expectSame("again", await store.invalidateTag("user:1"), 0);
  },

  async "an entry that is written anew has its new tags alone"(store) {
    await store.write(at(1), bytesOf(1), tagged("old", "both"));
    await store.write(at(1), bytesOf(2), tagged("new", "both"));
    expectSame("old", await store.invalidateTag("old"), 0);
    await expectRead(store, at(1), bytesOf(2));
    expectSame("both", await store.invalidateTag("both"), 1);
    await store.write(at(1), bytesOf(3), plain);
    expectSame("new", await store.invalidateTag("new"), 0);
    await expectRead(store, at(1), bytesOf(3));
  },

  async "the revision is another one after a removal by anybody, and the same after a write"(
    store,
    again,
  ) {
    const other = await again();
    const removals: (() => unknown)[] = [
      () => other.remove(at(1)),
      () => other.clear("fn/1"),
      () => other.invalidateTag("tag"),
      () => store.remove(at(1)),
    ];
    for (const remove of removals) {
      const before = await store.revision();
      for (const writer of [store, other]) await writer.write(at(1), bytesOf(1), tagged("tag"));
      await store.read(at(1));
      expectSame("revision after a write", await store.revision(), before);
      await remove();
      const after = await store.revision();
      if (after === before) throw new Error("the revision is the same after a removal");
    }
  },

  async "list tells what there is, of one namespace or of all"(store) {
    const expiresAt = 4_102_444_800_000;
    await store.write(at(1), bytesOf(1, 2), { expiresAt, runTime: 1.5, tags: ["b", "a"] });
    await store.write(at(2, "other/1"), bytesOf(3), plain);
    const all = await listed(store);
    expectSame(
      "all",
      all.map(({ writtenAt: _, tags, ...each }) => ({ ...each, tags: [...tags].sort() })),
      [
        { ...at(1), expiresAt, runTime: 1.5, size: 2, tags: ["a", "b"] },
        { ...at(2, "other/1"), expiresAt: Infinity, runTime: 10, size: 1, tags: [] },
      ],
    );
    // Infinity is no JSON.
    expectSame("never", all[1]?.expiresAt === Infinity, true);
    expectSame(
      "instants",
      all.every(({ writtenAt }) => Number.isFinite(writtenAt)),
      true,
    );
    expectSame("one", (await listed(store, "other/1")).length, 1);
    expectSame("none", (await listed(store, "other")).length, 0);
  },

  async "one holder at a time has a claim, and may claim it again"(store, again) {
    const other = await again();
    const fence = (await store.claim(at(1)))?.fence;
    if (fence === undefined || !(fence > 0)) throw new Error(`no fence above 0: ${shown(fence)}`);
    expectSame("again", (await store.claim(at(1)))?.fence, fence);
    expectSame("of another", await other.claim(at(1)), undefined);
    const second = await other.claim(at(2));
    if (second === undefined) throw new Error("a claim keeps others from another name");
    await other.release(at(1), fence);
    expectSame("after a release by another", await other.claim(at(1)), undefined);
    await store.release(at(1), fence);
    const later = (await other.claim(at(1)))?.fence;
    if (later === undefined || !(later > fence))
      throw new Error(`a later claim has the fence ${shown(later)} after ${shown(fence)}`);
    await store.release(at(1), fence);
    expectSame("after a late release", await store.claim(at(1)), undefined);
  },

  async "a claim says that there is no entry only if there is none"(store, again) {
    const other = await again();
    await store.write(at(1), bytesOf(1), plain);
    expectSame("of its own", (await store.claim(at(1)))?.isAbsent, false);
    await store.write(at(2), bytesOf(1), plain);
    expectSame("of another", (await other.claim(at(2)))?.isAbsent, false);
    const { fence } = (await store.claim(at(3))) as Claim;
    await store.write(at(3), bytesOf(1), plain, fence);
    expectSame("made meanwhile", (await other.claim(at(3)))?.isAbsent, false);
  },

  async "a write with an earlier fence is refused"(store, again) {
    const other = await again();
    const early = (await store.claim(at(1)))?.fence as number;
    await store.release(at(1), early);
    const late = (await other.claim(at(1)))?.fence as number;
    expectSame("early, before", await store.write(at(1), bytesOf(1), plain, early), false);
    await expectRead(other, at(1), undefined);
    expectSame("late", await other.write(at(1), bytesOf(2), plain, late), true);
    expectSame("early, after", await store.write(at(1), bytesOf(1), plain, early), false);
    await expectRead(store, at(1), bytesOf(2));
    // What is set by hand asks for no fence.
    expectSame("without", await store.write(at(1), bytesOf(3), plain), true);
  },

  async "what is written with a fence gives the claim back"(store, again) {
    const other = await again();
    const fence = (await store.claim(at(1)))?.fence as number;
    expectSame("written", await store.write(at(1), bytesOf(1), plain, fence), true);
    const later = (await other.claim(at(1)))?.fence;
    if (later === undefined || !(later > fence))
      throw new Error(`the next claim has the fence ${shown(later)} after ${shown(fence)}`);
    expectSame("with the same again", await store.write(at(1), bytesOf(2), plain, fence), false);
    await expectRead(store, at(1), bytesOf(1));
  },

  async "what was removed meanwhile is not written"(store, again) {
    const other = await again();
    const removed = (await store.claim(at(1)))?.fence as number;
    const cleared = (await store.claim(at(2)))?.fence as number;
    const kept = (await store.claim(at(1, "other/1")))?.fence as number;
    await other.remove(at(1));
    expectSame("removed", await store.write(at(1), bytesOf(1), plain, removed), false);
    await other.clear(at(2).namespace);
    expectSame("cleared", await store.write(at(2), bytesOf(1), plain, cleared), false);
    expectSame("of another", await store.write(at(1, "other/1"), bytesOf(1), plain, kept), true);
    const next = (await store.claim(at(1)))?.fence;
    if (next === undefined || !(next > removed)) throw new Error("the claim was not ended");
    expectSame("begun afterwards", await store.write(at(1), bytesOf(1), plain, next), true);
  },

  async "what has a tag that was invalidated meanwhile is not written"(store, again) {
    const other = await again();
    const early = (await store.claim(at(1)))?.fence as number;
    const untagged = (await store.claim(at(2)))?.fence as number;
    await other.invalidateTag("tag");
    const late = (await store.claim(at(3)))?.fence as number;
    expectSame("from before", await store.write(at(1), bytesOf(1), tagged("tag"), early), false);
    await expectRead(store, at(1), undefined);
    expectSame(
      "another tag",
      await store.write(at(2), bytesOf(1), tagged("other"), untagged),
      true,
    );
    expectSame("from after", await store.write(at(3), bytesOf(1), tagged("tag"), late), true);
  },

  async "who claims again after a tag was invalidated may write what has it"(store, again) {
    const other = await again();
    await store.claim(at(1));
    await other.invalidateTag("tag");
    const late = (await store.claim(at(1)))?.fence as number;
    expectSame("to another", await other.claim(at(1)), undefined);
    expectSame("from after", await store.write(at(1), bytesOf(1), tagged("tag"), late), true);
    await expectRead(other, at(1), bytesOf(1));
  },

  async "what is discarded goes if it is still the same, and nobody hears of it"(store, again) {
    const other = await again();
    await store.write(at(1), bytesOf(1, 2), plain);
    const fence = (await other.claim(at(1)))?.fence as number;
    const revision = await other.revision();
    await store.discard(at(1), bytesOf(1, 3));
    await expectRead(store, at(1), bytesOf(1, 2));
    await store.discard(at(1), bytesOf(1, 2));
    await expectRead(other, at(1), undefined);
    await store.discard(at(1), bytesOf(1, 2));
    expectSame("the revision", await other.revision(), revision);
    expectSame("the claim", await other.write(at(1), bytesOf(4), plain, fence), true);
  },

  async "a holder that closes gives back its claims"(store, again) {
    const other = await again();
    const fence = (await other.claim(at(1)))?.fence as number;
    await other.close();
    const later = (await store.claim(at(1)))?.fence;
    if (later === undefined || !(later > fence)) throw new Error("the claim outlives its holder");
  },

  async "what is written is there for those who come after a flush and a close"(store, again) {
    const other = await again();
    await other.write(at(1), bytesOf(1), tagged("tag"));
    await other.flush();
    await other.close();
    await expectRead(store, at(1), bytesOf(1));
    await expectRead(await again(), at(1), bytesOf(1));
    expectSame("tag", await store.invalidateTag("tag"), 1);
  },

  async "a closed store refuses to work, and may be closed again"(store, again) {
    const other = await again();
    await other.close();
    await other.close();
    let isRefused = false;
    try {
      await other.read(at(1));
    } catch {
      isRefused = true;
    }
    expectSame("refused", isRefused, true);
    await store.write(at(1), bytesOf(1), plain);
    await expectRead(store, at(1), bytesOf(1));
  },
};
