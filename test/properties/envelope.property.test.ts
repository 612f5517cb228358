/** What is stored is read as it was, or as a miss: values, refusals, and damaged bytes. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { RoteError } from "rote";

import { deserialise, serialise } from "../../packages/rote/src/tier/clone.ts";
import { read } from "../../packages/rote/src/tier/envelope.ts";
import { checkStorable } from "../../packages/rote/src/tier/storable.ts";
import {
  type About,
  openStored,
  packFailure,
  packResult,
} from "../../packages/rote/src/tier/stored.ts";
import { equalArguments } from "../support/equality.ts";
import { randomFrom } from "../support/recipe.ts";
import { runs } from "../support/runs.ts";
import { findDifference } from "../support/same.ts";
import { odd, oddities, storable } from "../support/storables.ts";
import { tries } from "../support/tries.ts";

const anyAbout: fc.Arbitrary<About> = fc.record({
  isPromised: fc.boolean(),
  createdAt: fc.double({ noNaN: true, noDefaultInfinity: true }),
  expiresAt: fc.oneof(fc.constant(Infinity), fc.double({ min: 1, noNaN: true })),
  runTime: fc.option(fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }), {
    nil: undefined,
  }),
  tags: fc.array(fc.string({ unit: "binary" }), { maxLength: 3 }),
  argumentBytes: fc.uint8Array({ maxLength: 40 }),
});

const about: About = {
  createdAt: 1_700_000_000_000,
  expiresAt: Infinity,
  runTime: 12.5,
  tags: ["users", "user:7"],
  argumentBytes: Uint8Array.of(1, 2, 3),
};

function refusalOf(value: unknown): RoteError | undefined {
  try {
    checkStorable(value);
    return undefined;
  } catch (error) {
    if (error instanceof RoteError && error.code === "ERR_NOT_STORABLE") return error;
    throw error;
  }
}

/** What V8 makes of a value that nobody has refused; `undefined` if it cannot. */
function cloneUnchecked(value: unknown): { value: unknown } | undefined {
  try {
    const read = deserialise(serialise(value));
    return typeof read === "string" ? undefined : read;
  } catch {
    return undefined;
  }
}

describe("a value that can be stored", () => {
  test("is read as it was: content, prototypes, keys and their order, sharing", () => {
    fc.assert(
      fc.property(storable, anyAbout, (value, about) => {
        const stored = openStored(packResult(value, about), about.argumentBytes, 0);
        if (typeof stored === "string") throw new Error(stored);
        expect(findDifference(value, stored.value)).toBeUndefined();
        expect(equalArguments([value], [stored.value], "value")).toBe(true);
        expect({ ...stored, value: 0 }).toStrictEqual({ isFailure: false, value: 0, ...about });
      }),
      { numRuns: runs(2000) },
    );
  });

  test("is read as it was when it was thrown", () => {
    fc.assert(
      fc.property(storable, (value) => {
        const stored = openStored(packFailure(value, about), about.argumentBytes, 0);
        if (typeof stored === "string") throw new Error(stored);
        expect(stored.isFailure).toBe(true);
        expect(findDifference(value, stored.value)).toBeUndefined();
      }),
      { numRuns: runs(500) },
    );
  });

  test("and is stored twice gives the same bytes", () => {
    fc.assert(
      fc.property(storable, (value) => {
        expect(Buffer.compare(packResult(value, about), packResult(value, about))).toBe(0);
      }),
      { numRuns: runs(300) },
    );
  });
});

describe("what is refused", () => {
  test("would have changed, or failed; what is not would not", () => {
    let refused = 0;
    fc.assert(
      fc.property(odd, (value) => {
        const clone = cloneUnchecked(value);
        const hasChanged = clone === undefined || findDifference(value, clone.value) !== undefined;
        const error = refusalOf(value);
        if (error !== undefined) refused++;
        expect(error !== undefined, error?.message).toBe(hasChanged);
      }),
      { numRuns: tries(3000, 10) },
    );
    expect(refused).toBeGreaterThan(300);
  });

  test.each(oddities)("%s", (says, makeOdd) => {
    const value = makeOdd();
    const clone = cloneUnchecked(value);
    if (clone !== undefined) expect(findDifference(value, clone.value)).toBeDefined();
    expect(refusalOf(value)?.message.slice(0, says.length)).toBe(says);
  });
});

describe("bytes that are not as they were written", () => {
  const values: unknown[] = [
    undefined,
    { rows: [{ id: 1, name: "Ada", tags: new Set(["a", "b"]) }], total: 1n },
    Array.from({ length: 300 }, (_, i) => `row ${i}`),
    { bytes: Buffer.from("some bytes"), more: new Float64Array(20), at: new Date(0) },
    "text ".repeat(2000),
  ];
  const envelopes = [
    ...values.map((value) => packResult(value, about)),
    packFailure(new TypeError("no", { cause: new Error("why") }), about),
    packResult(1, { ...about, tags: [], argumentBytes: new Uint8Array(0), expiresAt: 9e15 }),
  ];

  function openAny(bytes: Uint8Array, envelope: Uint8Array): unknown {
    const original = read(envelope);
    if (typeof original === "string") throw new Error(original);
    return openStored(bytes, original.argumentBytes, 0);
  }

  test("are a miss, whichever bits were changed", () => {
    const random = randomFrom(7);
    const reasons = new Map<string, number>();
    for (let count = runs(100_000); count > 0; count--) {
      const envelope = envelopes[random(envelopes.length)] as Uint8Array;
      const bytes = envelope.slice();
      // Half of the changes meet the header.
      const first = random(8 * (random(2) === 0 ? 56 : bytes.length));
      flip(bytes, first);
      for (let more = [0, 0, 1, 2, 7, 31][random(6)] as number; more > 0; more--) {
        const bit = random(8 * bytes.length);
        if (bit !== first) flip(bytes, bit);
      }
      const reason = openAny(bytes, envelope);
      if (typeof reason !== "string") throw new Error(`Bit ${first} was not missed.`);
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    }
    // None is taken for what a newer rote has written, and left for ever.
    expect([...reasons.keys()].sort()).toEqual(["damaged", "foreign", "truncated"]);
  });

  test("are a miss, wherever they end", () => {
    for (const envelope of envelopes) {
      const step = envelope.length < 1000 ? 1 : 97;
      for (let length = 0; length < envelope.length; length += step)
        expect(openAny(envelope.subarray(0, length), envelope)).toBe("truncated");
      expect(openAny(Buffer.concat([envelope, Buffer.alloc(1)]), envelope)).toBe("damaged");
    }
  });

  test("are a miss, also when there is nothing right about them", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, hasMagic) => {
        if (hasMagic) bytes.set(Buffer.from("rote").subarray(0, bytes.length));
        expect(typeof openStored(bytes, new Uint8Array(0), 0)).toBe("string");
      }),
      { numRuns: runs(5000) },
    );
  });

  function flip(bytes: Uint8Array, bit: number): void {
    const at = bit >> 3;
    bytes[at] = (bytes[at] as number) ^ (1 << (bit & 7));
  }

  test("throw nothing when the checksum is right: V8 is given any payload", () => {
    const random = randomFrom(11);
    const { cloneVersion } = serialise(1);
    for (let count = runs(5000); count > 0; count--) {
      const value = values[random(values.length)];
      const payload = Uint8Array.from(serialise(value).payload);
      for (let more = random(4); more >= 0; more--) {
        const at = 2 + random(payload.length - 2);
        payload[at] = random(256);
      }
      const read = deserialise({ cloneVersion, payload });
      expect(typeof read === "string" ? ["damaged", "newer"] : [read]).toContain(read);
    }
  });
});
