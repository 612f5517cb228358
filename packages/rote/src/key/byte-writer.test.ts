import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { ByteReader, Malformed } from "./byte-reader.ts";
import { ByteWriter, swap } from "./byte-writer.ts";

function written(write: (writer: ByteWriter) => void): Buffer {
  const writer = new ByteWriter();
  write(writer);
  return Buffer.from(writer.copy());
}

function withoutCount(bytes: Buffer): Buffer {
  const reader = new ByteReader(bytes);
  const length = reader.varint();
  expect(bytes.length - reader.at).toBe(length);
  return bytes.subarray(reader.at);
}

describe("texts", () => {
  test("of whole characters are in UTF-8, however long they are", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary", maxLength: 200 }),
      fc.string({ unit: "binary-ascii", maxLength: 200 }),
      fc
        .tuple(fc.nat(60), fc.constantFrom("é", "€", "😀"))
        .map(([n, last]) => "x".repeat(n) + last),
    );
    fc.assert(
      fc.property(text, (whole) => {
        const bytes = written((writer) => writer.text(whole));
        expect(withoutCount(bytes).equals(Buffer.from(whole, "utf8"))).toBe(true);
        expect(new ByteReader(bytes).text()).toBe(whole);
      }),
      { numRuns: 1000 },
    );
  });

  test("of any code units can be read again, and no two have the same bytes", () => {
    const unit = fc.constantFrom("a", "\ud800", "\udbff", "\udc00", "\udfff", "\u07ff", "\u0800");
    const units = fc.array(unit, { maxLength: 80 }).map((all) => all.join(""));
    fc.assert(
      fc.property(units, units, (a, b) => {
        const [bytes, others] = [a, b].map((text) => written((writer) => writer.text(text)));
        expect(new ByteReader(bytes as Buffer).text()).toBe(a);
        expect(bytes?.equals(others as Buffer)).toBe(a === b);
      }),
      { numRuns: 2000 },
    );
  });

  test("have one form: no long one, no pair of surrogates in two parts, nothing above the last character", () => {
    const read = (hex: string): string => new ByteReader(Buffer.from(hex, "hex")).text();
    expect(read("04f09f9880")).toBe("😀");
    expect(read("03eda080")).toBe("\ud800");
    for (const hex of [
      "06eda0bdedb880", // 😀 as two surrogates
      "02c080", // NUL in two bytes
      "03e08080", // and in three
      "04f0808080", // and in four
      "04f4908080", // 2²⁰ + 2¹⁶
      "0180", // no beginning
      "02c3", // too short
      "02c341", // no continuation
      "01c3", // ends within a character
      "8100", // a count with a byte too many
    ])
      expect(() => read(hex), hex).toThrow(Malformed);
  });
});

describe("numbers", () => {
  test("of any size are counted in as few bytes as possible", () => {
    const value = fc.oneof(
      fc.maxSafeNat(),
      fc.nat(300),
      fc.constantFrom(2 ** 31, 2 ** 32, 2 ** 35),
    );
    fc.assert(
      fc.property(value, (value) => {
        const bytes = written((writer) => writer.varint(value));
        expect(bytes).toHaveLength(Math.max(1, Math.ceil(BigInt(value).toString(2).length / 7)));
        expect(new ByteReader(bytes).varint()).toBe(value);
      }),
    );
    expect(() => new ByteReader(Buffer.from("ff".repeat(7) + "7f", "hex")).varint()).toThrow("2⁵³");
  });

  test("that are bigints can be read again", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 300n }), (value) => {
        const bytes = written((writer) => writer.magnitude(value));
        expect(new ByteReader(bytes).magnitude()).toBe(value);
      }),
    );
  });
});

test("elements are turned to the other order of bytes and back", () => {
  const bytes = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
  swap(bytes, 2);
  expect([...bytes]).toEqual([2, 1, 4, 3, 6, 5, 8, 7]);
  swap(bytes, 2);
  swap(bytes, 8);
  expect([...bytes]).toEqual([8, 7, 6, 5, 4, 3, 2, 1]);
});
