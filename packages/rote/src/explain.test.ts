/** What `fn.cache.explain` says of a call that memory does not have, where there is a store or a compiler. */
import { cacheOf } from "rote";
import type { Explanation, MemoizeOptions, Reached } from "rote";
import { memoizeMarked } from "rote/compiled";
import { defineStore, isManifest, packReached, readManifest } from "rote/store";
import type { SyncStore } from "rote/store";
import { memoryStore, type MemoryStore } from "rote/testing";
import { describe, expect, test } from "vitest";

interface Code {
  readonly digest: string;
  readonly reached?: object | (() => readonly Reached[]);
}

function declaration(name: string, file: string, line: number, text: string): Reached {
  return { kind: "declaration", name, file, line, column: 1, digest: text, uses: "" };
}

const price: Reached = { ...declaration("price", "shop.ts", 3, "aa"), kind: "function" };
const table = (text: string): Reached => declaration("priceTable", "rates.ts", 14, text);

/** As the compiler's hooks say it. */
function code(digest: string, ...reached: Reached[]): Code {
  return { digest, reached: () => reached };
}

const first = code("1-01", price, table("01"));
const second = code("1-02", price, table("02"));

/** A function in a process of its own. */
function process(
  fingerprint: Code | undefined,
  options: MemoizeOptions<(n: number) => unknown>,
  body = (n: number): unknown => n * 2,
) {
  const meta = { id: "shop/shop.ts#price", name: "price", options: options as MemoizeOptions };
  const fn = memoizeMarked(body, {
    ...meta,
    ...(fingerprint !== undefined && { fingerprint }),
  });
  return { call: fn, explain: (n: number): Explanation => cacheOf(fn).explain(n) };
}

const on = (store: SyncStore) => ({ store: defineStore(store) });
const manifestsIn = (store: MemoryStore) =>
  [...store.list()].filter(({ namespace }) => isManifest(namespace));

describe("a call whose result is there of other code", () => {
  test("would run because of the declarations that changed", () => {
    const store = memoryStore();
    process(first, on(store)).call(1);
    const explanation = process(second, on(store.again())).explain(1);
    expect(explanation).toMatchObject({
      outcome: "run",
      reason: "code changed",
      message:
        "The call would run: the store has its result of other code: priceTable in rates.ts:14 changed.",
      code: {
        reached: [price, { name: "priceTable" }],
        found: { namespace: expect.stringMatching(/^shop\/shop\.ts#price\/t:[\da-f]{64}$/) },
        changed: [{ kind: "changed", name: "priceTable" }],
      },
    });
    expect(process(second, on(store.again())).explain(2)).toMatchObject({
      reason: "never seen",
      code: { found: undefined, changed: undefined, reached: [{ name: "price" }, {}] },
    });
  });

  test("and back at the older code it would be returned", () => {
    const store = memoryStore();
    process(first, on(store)).call(1);
    process(second, on(store.again())).call(1);
    expect(process(first, on(store.again())).explain(1)).toMatchObject({
      outcome: "hit",
      reason: "stored",
      freshUntil: Infinity,
    });
  });

  test("is told from the latest of several", () => {
    let time = 1000;
    const clock = () => time;
    const store = memoryStore(clock);
    for (const [index, each] of ["01", "02", "03"].entries()) {
      time += 10;
      process(code(`1-${index}`, price, table("0"), declaration(`a${each}`, "a.ts", 1, each)), {
        ...on(store.again()),
        clock,
      }).call(1);
    }
    const { message } = process(code("1-9", price, table("0")), on(store.again())).explain(1);
    expect(message).toContain(": a03 in a.ts:1 removed.");
  });

  test("names three changes and counts the others", () => {
    const store = memoryStore();
    process(code("1-1", price), on(store)).call(1);
    const more = ["a", "b", "c", "d", "e"].map((name) => declaration(name, "a.ts", 1, name));
    expect(process(code("1-2", price, ...more), on(store.again())).explain(1).message).toContain(
      "a in a.ts:1 added, b in a.ts:1 added, c in a.ts:1 added, and 2 more.",
    );
  });

  test.for([
    ["there is no list of either", { digest: "1-01" }, { digest: "1-02" }],
    ["the list of the older one is not there", { digest: "1-01" }, second],
    ["that of the present one is not there", first, { digest: "1-02" }],
    ["no compiler was there", undefined, second],
  ] as const)("has changed code where %s", ([, before, after]) => {
    const store = memoryStore();
    process(before, on(store), (n) => n + 0).call(1);
    expect(process(after, on(store.again())).explain(1)).toMatchObject({
      reason: "code changed",
      message: expect.stringContaining("of other code: the code has changed"),
      code: { changed: undefined, found: { namespace: expect.any(String) } },
    });
  });

  test("of a build is compared as that of the hooks", () => {
    const store = memoryStore();
    const built = { digest: "1-01", reached: packReached([price, table("01")]) };
    process(built, on(store)).call(1);
    expect(process(second, on(store.again())).explain(1).message).toContain("priceTable in rates");
    const text = { digest: "1-03", reached: { files: 1, reached: [[0]] } };
    expect(process(text, on(store.again())).explain(1)).toMatchObject({
      code: { reached: undefined },
    });
  });

  test("of another version says so", () => {
    const store = memoryStore();
    process(undefined, { ...on(store), version: "1" }).call(1);
    const later = { ...on(store.again()), version: "2" };
    expect(process(undefined, later).explain(1)).toMatchObject({
      reason: "code changed",
      message: 'The call would run: the store has its result of version "1".',
    });
    const before = memoryStore();
    process(first, on(before)).call(1);
    expect(process(first, { ...on(before.again()), version: "2" }).explain(1).message).toContain(
      "from before it had a version",
    );
  });

  test("of the same code says what else an address is made of", () => {
    const store = memoryStore();
    process(first, { ...on(store), dependsOn: [1] }).call(1);
    expect(process(first, { ...on(store.again()), dependsOn: [2] }).explain(1)).toMatchObject({
      message: expect.stringContaining("same code with other values of what env or dependsOn"),
      code: { changed: [] },
    });
  });

  test("of another function is none", () => {
    const store = memoryStore();
    process(first, { ...on(store), name: "other" }).call(1);
    expect(process(second, on(store.again())).explain(1).message).toContain("no such call");
  });
});

describe("a call that memory does not have", () => {
  const remembering = { rememberErrors: "1h", ttl: 100, staleWhileRevalidate: 100 } as const;
  const failing = (): never => {
    throw new RangeError("no");
  };

  test("would return what the store has, and count nothing", () => {
    let time = 1000;
    const options = { ...remembering, clock: () => time };
    const store = memoryStore(() => time);
    process(first, { ...on(store), ...options }).call(1);
    const { explain, call } = process(first, { ...on(store.again()), ...options });
    expect(explain(1)).toMatchObject({ outcome: "hit", reason: "stored", freshUntil: 1100 });
    time = 1150;
    expect(explain(1)).toMatchObject({ outcome: "stale", freshUntil: 1100, staleUntil: 1200 });
    time = 1250;
    expect(explain(1)).toMatchObject({ outcome: "run", reason: "never seen" });
    expect(cacheOf(call).stats()).toMatchObject({ hits: 0, misses: 0, runs: 0 });
    expect(cacheOf(call).stats().store).toMatchObject({ hits: 0, misses: {}, errors: 0 });
  });

  test("would run with an old result at hand", () => {
    let time = 1000;
    const options = { ttl: 100, staleIfError: 100, clock: () => time };
    const store = memoryStore(() => time);
    process(first, { ...on(store), ...options }).call(1);
    time = 1150;
    const { explain } = process(first, { ...on(store.again()), ...options });
    expect(explain(1)).toMatchObject({ outcome: "run", reason: "stale", removedAt: 1100 });
  });

  test("would throw the failure that the store remembers", () => {
    const store = memoryStore();
    const options = { ...on(store), ...remembering };
    expect(() => process(first, options, failing).call(1)).toThrow("no");
    expect(process(first, { ...options, ...on(store.again()) }, failing).explain(1)).toMatchObject({
      outcome: "throw",
      error: expect.any(RangeError),
    });
  });

  test("lists what the function reaches without a store, too", () => {
    const { explain } = process(first, {});
    expect(explain(1)).toMatchObject({
      outcome: "run",
      reason: "never seen",
      code: { reached: [price, { name: "priceTable" }], found: undefined, changed: undefined },
    });
    expect(process({ digest: "1-01" }, {}).explain(1)).not.toHaveProperty("code");
    expect(process(undefined, {}).explain(1)).not.toHaveProperty("code");
  });
});

describe("a manifest", () => {
  test("is written once, and never looked at by a call", () => {
    const store = memoryStore();
    let lists = 0;
    let reads = 0;
    const counted = (from: MemoryStore): SyncStore => {
      const own = from.again();
      const read = own.read.bind(own);
      own.read = (address) => {
        if (isManifest(address.namespace)) reads++;
        return read(address);
      };
      return own;
    };
    const fingerprint = { digest: "1-01", reached: () => (lists++, [price]) };
    const { call } = process(fingerprint, on(counted(store)));
    for (const n of [1, 2, 3, 1]) call(n);
    expect([lists, reads, manifestsIn(store).length]).toEqual([1, 1, 1]);
    const again = process(fingerprint, on(counted(store)));
    again.call(1);
    again.call(1);
    expect([lists, reads]).toEqual([1, 1]);
    again.call(4);
    expect([lists, reads, manifestsIn(store).length]).toEqual([1, 2, 1]);
  });

  test("says what it is of", () => {
    const store = memoryStore();
    process(first, on(store)).call(1);
    const [listing] = manifestsIn(store);
    const manifest = readManifest(store.read(listing!));
    expect(manifest).toMatchObject({ digest: "1-01", reached: [price, table("01")] });
    expect([...store.list(manifest?.namespace)]).toHaveLength(1);
  });

  test("is completed by who knows more, and not the other way round", () => {
    const store = memoryStore();
    const reachedIn = () => readManifest(store.read(manifestsIn(store)[0]!))?.reached?.length;
    process({ digest: "1-01" }, on(store)).call(1);
    expect(reachedIn()).toBe(undefined);
    process(first, on(store.again())).call(2);
    expect(reachedIn()).toBe(2);
    process({ digest: "1-01" }, on(store.again())).call(3);
    expect(reachedIn()).toBe(2);
  });

  test("of more declarations than anybody reads has no list", () => {
    const store = memoryStore();
    const many = Array.from({ length: 10_001 }, (_, n) => declaration(`a${n}`, "a.ts", n, "0"));
    process(code("1-01", ...many), on(store)).call(1);
    expect(readManifest(store.read(manifestsIn(store)[0]!))).toMatchObject({
      digest: "1-01",
      reached: undefined,
    });
  });

  test.for([
    ["is damaged", (bytes: Uint8Array) => bytes.fill(7, 60, 70)],
    ["is cut off", (bytes: Uint8Array) => bytes.subarray(0, 40)],
    ["is nothing of ours", () => new Uint8Array([1, 2, 3])],
    ["is gone", () => undefined],
  ] as const)("that %s leaves: the code has changed", ([, spoil]) => {
    const store = memoryStore();
    process(first, on(store)).call(1);
    const [listing] = manifestsIn(store);
    const spoilt = spoil(store.read(listing!)!);
    if (spoilt === undefined) store.remove(listing!);
    else store.write(listing!, spoilt, listing!);
    expect(process(second, on(store.again())).explain(1)).toMatchObject({
      reason: "code changed",
      message: expect.stringContaining("the code has changed"),
      code: { changed: undefined, reached: [{}, {}] },
    });
    // Who writes under that code again mends it.
    process(first, on(store.again())).call(2);
    expect(process(second, on(store.again())).explain(1).message).toContain("priceTable");
  });

  test.for(["read", "write", "list"] as const)(
    "whose store cannot %s it is nothing to a call",
    (method) => {
      const store = memoryStore();
      const own: SyncStore = store.again();
      const any = own as unknown as Record<string, (...given: unknown[]) => unknown>;
      const plain = any[method]!.bind(own);
      any[method] = (where: unknown, ...rest: unknown[]) => {
        const name = typeof where === "string" ? where : (where as { namespace: string }).namespace;
        if (name === undefined || isManifest(name)) throw new Error("no manifests here");
        return plain(where, ...rest);
      };
      const errors: unknown[] = [];
      const { call, explain } = process(first, on(own));
      cacheOf(call).on("storeError", ({ error }) => errors.push(error));
      expect([call(1), call(2)]).toEqual([2, 4]);
      expect(cacheOf(call).stats().store).toMatchObject({ writes: 2, errors: 0 });
      expect(explain(3)).toMatchObject({ outcome: "run", reason: "never seen" });
      expect(errors).toEqual([]);
    },
  );
});
