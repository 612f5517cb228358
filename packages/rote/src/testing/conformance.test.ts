import { describe, expect, test } from "vitest";

import type { AsyncStore, Store, SyncStore } from "../tier/store.ts";
import { cases } from "./cases.ts";
import { memoryStore, storeConformance } from "./index.ts";

/** The same store, in the other form. */
function asyncOf(store: SyncStore): AsyncStore {
  const later =
    <Args extends unknown[], Result>(method: (...args: Args) => Result) =>
    async (...args: Args): Promise<Result> =>
      method.apply(store, args);
  return {
    isAsync: true,
    read: later(store.read),
    write: later(store.write),
    discard: later(store.discard),
    remove: later(store.remove),
    clear: later(store.clear),
    invalidateTag: later(store.invalidateTag),
    revision: later(store.revision),
    claim: later(store.claim),
    release: later(store.release),
    async *list(namespace) {
      yield* store.list(namespace);
    },
    flush: later(store.flush),
    close: later(store.close),
  };
}

const openSync = () => {
  const store = memoryStore();
  return { store, again: () => store.again() };
};
const openAsync = () => {
  const store = memoryStore();
  return { store: asyncOf(store), again: () => asyncOf(store.again()) };
};

describe("the reference passes", () => {
  storeConformance("sync", openSync, { test });
  storeConformance("async", openAsync, { test });
});

/** Whether any case fails for a store with a fault in it. */
async function failures(spoil: (store: SyncStore) => Partial<SyncStore>): Promise<string[]> {
  const failed: string[] = [];
  for (const [sentence, run] of Object.entries(cases)) {
    const store = memoryStore();
    const spoiled = (each: ReturnType<typeof memoryStore>): Store => {
      const changed = spoil(each) as Record<PropertyKey, unknown>;
      return new Proxy(each, {
        get(target, name) {
          const value = Object.hasOwn(changed, name)
            ? changed[name]
            : (Reflect.get(target, name, target) as unknown);
          return typeof value === "function" ? (value.bind(target) as unknown) : value;
        },
      });
    };
    try {
      await run(spoiled(store), async () => spoiled(store.again()));
    } catch {
      failed.push(sentence);
    }
  }
  return failed;
}

describe("a store with a fault fails", () => {
  const faults: Record<string, (store: SyncStore) => Partial<SyncStore>> = {
    "forgets what is written": () => ({ write: () => true }),
    "keeps the array that was given": (store) => {
      const kept = new Map<string, Uint8Array>();
      return {
        write: (address, bytes, note) => {
          kept.set(address.digest + address.namespace, bytes);
          return store.write(address, bytes, note);
        },
        read: (address) => store.read(address) && kept.get(address.digest + address.namespace),
      };
    },
    "takes the whole buffer for the part": (store) => ({
      write: (address, bytes, note, fence) =>
        store.write(address, new Uint8Array(bytes.buffer as ArrayBuffer), note, fence),
    }),
    "cuts off what is long": (store) => ({
      read: (address) => store.read(address)?.slice(0, 65_536),
    }),
    "normalises names": (store) => ({
      read: ({ namespace, digest }) => store.read({ namespace: namespace.normalize(), digest }),
      write: ({ namespace, digest }, ...rest) =>
        store.write({ namespace: namespace.normalize(), digest }, ...rest),
    }),
    "ends names at a null": (store) => ({
      read: ({ namespace, digest }) =>
        store.read({ namespace: namespace.split("\0")[0] as string, digest }),
      write: ({ namespace, digest }, ...rest) =>
        store.write({ namespace: namespace.split("\0")[0] as string, digest }, ...rest),
    }),
    "clears by prefix": (store) => ({
      clear: (namespace) => {
        for (const each of store.list())
          if (each.namespace.startsWith(namespace)) store.remove(each);
      },
    }),
    "finds tags by prefix": (store) => ({
      invalidateTag: (tag) => {
        let count = 0;
        for (const each of store.list())
          if (each.tags.some((other) => other.startsWith(tag)) && store.remove(each)) count++;
        return count;
      },
    }),
    "never says whether it removed": (store) => ({
      remove: (address) => {
        store.remove(address);
        return true;
      },
    }),
    "has one revision for ever": () => ({ revision: () => 0 }),
    "counts writes as revisions": (store) => {
      let writes = 0;
      return {
        revision: () => store.revision() + writes,
        write: (...args) => {
          writes++;
          return store.write(...args);
        },
      };
    },
    "gives every claim": () => ({ claim: () => ({ fence: 1, isAbsent: false }) }),
    "gives a new fence to who has one": (store) => {
      let more = 0;
      return {
        claim: (address) => {
          const claim = store.claim(address);
          return claim && { ...claim, fence: claim.fence + more++ };
        },
      };
    },
    "does not look at fences": (store) => ({
      write: (address, bytes, note) => store.write(address, bytes, note),
    }),
    "says of everything that it is absent": (store) => ({
      claim: (address) => {
        const claim = store.claim(address);
        return claim && { ...claim, isAbsent: true };
      },
    }),
    "keeps claims for ever": () => ({ release: () => {} }),
    "keeps claims of what was written": (store) => ({
      write: (address, bytes, note, fence) =>
        (fence === undefined || store.claim(address)?.fence === fence) &&
        store.write(address, bytes, note),
    }),
    // An earlier fence is refused all the same.
    "lets be written what was removed meanwhile": (store) => ({
      write: (address, bytes, note, fence) => {
        if (store.write(address, bytes, note, fence)) return true;
        const mayWrite = fence !== undefined && store.claim(address)?.fence === fence + 1;
        return mayWrite && store.write(address, bytes, note, fence + 1);
      },
    }),
    "lets be written what has an invalidated tag": (store) => ({
      write: (address, bytes, note, fence) => {
        if (!store.write(address, bytes, { ...note, tags: [] }, fence)) return false;
        return store.write(address, bytes, note);
      },
    }),
    "discards whatever there is": (store) => ({
      discard: (address) => void store.remove(address),
    }),
    "discards nothing": () => ({ discard: () => {} }),
    "works when it is closed": () => ({ close: () => {} }),
    "lists everything": (store) => ({ list: () => store.list() }),
    "loses the expiry": (store) => ({
      *list(namespace) {
        for (const each of store.list(namespace)) yield { ...each, expiresAt: 0 };
      },
    }),
  };

  test.for(Object.entries(faults))("that %s", async ([, spoil]) => {
    const failed = await failures(spoil);
    expect(failed.length).toBeGreaterThan(0);
  });
});

describe("what it is asked", () => {
  test("cases are left out with a reason, and only those that exist", () => {
    const [first = ""] = Object.keys(cases);
    const names: string[] = [];
    const options = { test: (name: string) => names.push(name) };
    storeConformance("store", openSync, { ...options, skip: { [first]: "It cannot." } });
    expect(names.length).toBe(Object.keys(cases).length - 1);
    const skipping = (skip: Record<string, string>) => () =>
      storeConformance("store", openSync, { ...options, skip });
    expect(skipping({ nonsense: "why" })).toThrow(/"nonsense", which is no case\. The cases are: /);
    expect(skipping({ [first]: "" })).toThrow(/has to say why/);
  });

  test("without a global test it wants one", () => {
    expect(() => storeConformance("store", openSync, {})).toThrow(
      /Pass test from "node:test" or from "vitest"/,
    );
  });
});
