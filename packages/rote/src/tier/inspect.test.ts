import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { keySymbol, memoize, type MemoizeOptions } from "../index.ts";
import { defineStore, inspect, KeyedContent } from "../store/index.ts";
import { memoryStore } from "../testing/index.ts";
import { pack, read } from "./envelope.ts";

/** The bytes that one call stores, and the digest of its address. */
function stored<Parameters extends unknown[]>(
  fn: (...args: Parameters) => unknown,
  args: Parameters,
  options: MemoizeOptions = {},
): { bytes: Uint8Array; digest: string } {
  const store = defineStore(memoryStore());
  const memoized = memoize(fn, { store, name: "fn", version: "1", ...options } as never);
  try {
    (memoized as (...args: Parameters) => unknown)(...args);
  } catch {
    // It is what was thrown that is looked at.
  }
  const [listing] = store.list();
  if (listing === undefined) throw new Error("nothing was stored");
  return { bytes: store.read(listing) ?? new Uint8Array(), digest: listing.digest };
}

const pair = (text: string, list: number[]): object => ({ text, list });

describe("a stored entry", () => {
  test("is read without knowing its call", () => {
    const { bytes, digest } = stored(pair, ["a", [1, 2]], {
      clock: () => 1000,
      ttl: 500,
      tags: ["x", "y"],
    } as MemoizeOptions);
    expect(inspect(bytes)).toEqual({
      problem: undefined,
      entry: {
        kind: "result",
        createdAt: 1000,
        expiresAt: 1500,
        runTime: expect.any(Number),
        tags: ["x", "y"],
        digest,
        arguments: ["a", [1, 2]],
        argumentsProblem: undefined,
        valueSize: expect.any(Number),
        value: { text: "a", list: [1, 2] },
      },
    });
  });

  test("says whether it is a result, an encoded one, an error or something else that was thrown", () => {
    const thrower = (thrown: unknown): never => {
      throw thrown;
    };
    const remembering = { rememberErrors: "5m", key: () => 1 } as MemoizeOptions;
    const error = inspect(stored(thrower, [new RangeError("no")], remembering).bytes).entry;
    expect(error?.kind).toBe("error");
    expect(error?.value).toBeInstanceOf(RangeError);
    const failure = inspect(stored(thrower, ["no"], remembering).bytes).entry;
    expect([failure?.kind, failure?.value]).toEqual(["failure", "no"]);
    const coding = { encode: () => [1], decode: () => new Map() } as MemoizeOptions;
    const encoded = inspect(stored(() => new Map(), [], coding).bytes).entry;
    expect([encoded?.kind, encoded?.value]).toEqual(["encoded", [1]]);
  });

  test("has instances of classes among its arguments as the name of their class and their content", () => {
    class Account {
      [keySymbol](): unknown {
        return 7;
      }
    }
    const { entry } = inspect(
      stored((account: Account) => account !== null, [new Account()]).bytes,
    );
    const [account] = entry?.arguments ?? [];
    expect(account).toBeInstanceOf(KeyedContent);
    expect(account).toEqual({ className: "Account", content: 7 });
  });

  test("whose arguments are not in canonical form is read but for them", () => {
    const envelope = read(stored(pair, ["a", []]).bytes);
    if (typeof envelope === "string") throw new Error(envelope);
    const { problem, entry } = inspect(pack({ ...envelope, argumentBytes: new Uint8Array([9]) }));
    expect(problem).toBe(undefined);
    expect(entry?.arguments).toBe(undefined);
    expect(entry?.argumentsProblem).toBe("At byte 1: the format is not version 1.");
    expect(entry?.value).toEqual({ text: "a", list: [] });
  });

  test("whose value cannot be read is read but for that, and says why", () => {
    const envelope = read(stored(pair, ["a", []]).bytes);
    if (typeof envelope === "string") throw new Error(envelope);
    const newer = inspect(pack({ ...envelope, cloneVersion: 999 }));
    expect([newer.problem, newer.entry?.value]).toEqual(["newer", undefined]);
    expect(newer.entry?.arguments).toEqual(["a", []]);
    const damaged = inspect(pack({ ...envelope, payload: new Uint8Array([0xff]) }));
    expect(damaged.problem).toBe("damaged");
  });
});

describe("bytes that are no whole entry", () => {
  const { bytes } = stored(pair, ["a", [1, 2]]);

  test("are told from each other", () => {
    const changed = bytes.slice();
    changed[bytes.length - 1]! ^= 1;
    expect(inspect(changed)).toEqual({ problem: "damaged", entry: undefined });
    expect(inspect(bytes.subarray(0, -1))).toEqual({ problem: "truncated", entry: undefined });
    expect(inspect(new Uint8Array(100))).toEqual({ problem: "foreign", entry: undefined });
    expect(inspect(new Uint8Array())).toEqual({ problem: "truncated", entry: undefined });
  });

  test("never throw, whatever is changed in them", () => {
    const envelope = read(bytes);
    if (typeof envelope === "string") throw new Error(envelope);
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (argumentBytes, payload) => {
        // The checksum is right, so that all that is behind it is tried.
        const { problem, entry } = inspect(pack({ ...envelope, argumentBytes, payload }));
        expect(entry).toBeDefined();
        expect(problem === undefined || problem === "damaged" || problem === "newer").toBe(true);
      }),
    );
    fc.assert(
      fc.property(
        fc.nat({ max: bytes.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        (at, mask) => {
          const changed = bytes.slice();
          changed[at]! ^= mask;
          expect(inspect(changed).entry).toBe(undefined);
        },
      ),
    );
  });
});
