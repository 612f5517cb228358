import { describe, expect, test } from "vitest";

import { Malformed } from "./byte-reader.ts";
import { argumentsFromBytes } from "./canonical-reader.ts";
import { KeyedContent } from "./keyed-content.ts";

function read(hex: string): unknown[] | Malformed {
  return argumentsFromBytes(Buffer.from(hex.replaceAll(" ", ""), "hex"));
}

/** Each differs in one place from bytes that are the form of a call; a text in it is its length and ASCII. */
const malformed: [what: string, hex: string, reason: string, good: string][] = [
  ["another format", "02 00", "the format is not version 1", "01 00"],
  ["no bytes", "", "the bytes end too early", "01 00"],
  ["a byte too many", "01 00 00", "more bytes than there should be", "01 00"],
  ["an argument too few", "01 02 00", "fewer bytes than announced", "01 02 00 00"],
  ["more arguments than bytes", "01 7f 00", "fewer bytes than announced", "01 01 00"],
  ["a long varint", "01 01 04 80 00", "more bytes than needed", "01 01 04 00"],
  ["an unknown value", "01 01 10", "no value begins like this", "01 01 0f"],
  ["a receiver behind others", "01 02 00 0f", "no value begins like this", "01 02 0f 00"],
  ["a large integer", "01 01 04 80 80 80 80 10", "more than 32 bits", "01 01 04 ff ff ff ff 0f"],
  ["an integer as a double", "01 01 07 3ff0000000000000", "a shorter form", "01 01 07 3fe0000000000000"],
  ["-0 as a double", "01 01 07 8000000000000000", "a shorter form", "01 01 06"],
  ["NaN as a double", "01 01 07 7ff8000000000000", "a shorter form", "01 01 05"],
  ["half a double", "01 01 07 3fe00000", "the bytes end too early", "01 01 07 3fe0000000000000"],
  ["a long bigint", "01 01 08 02 00 01", "more bytes than needed", "01 01 08 01 01"],
  ["a bigint -0", "01 01 09 00", "a negative zero", "01 01 08 00"],
  ["an unknown symbol", "01 01 0c 03 616263", "no well-known symbol", "01 01 0c 05 6d61746368"],
  ["an object to come", "01 01 0e 00", "not met before", "01 02 0d 0e 00 20 00 00"],
  ["an object without tokens", "01 01 0d", "the bytes end too early", "01 01 0d 20 00 00"],
  ["an unknown object", "01 01 0d 25 00 00", "no object begins like this", "01 01 0d 21 00 00"],
  ["names out of order", "01 01 0d 20 02 0162 0161 00 00 00", "names are not in order", "01 01 0d 20 02 0161 0162 00 00 00"],
  ["a name twice", "01 01 0d 20 02 0161 0161 00 00 00", "names are not in order", "01 01 0d 20 01 0161 00 00"],
  ["symbols out of order", "01 01 0d 20 00 02 0b0162 0b0161 00 00", "symbols are not in order", "01 01 0d 20 00 02 0b0161 0b0162 00 00"],
  ["a well-known symbol first", "01 01 0d 20 00 02 0c056d61746368 0b017a 00 00", "symbols are not in order", "01 01 0d 20 00 02 0b017a 0c056d61746368 00 00"],
  ["a text among the symbols", "01 01 0d 20 00 01 0a0161 00", "neither registered nor well-known", "01 01 0d 20 00 01 0b0161 00"],
  ["a full array as one with holes", "01 01 0d 23 01 01 0130 00 00", "without holes", "01 01 0d 23 02 01 0130 00 00"],
  ["an empty array as one with holes", "01 01 0d 23 00 00 00", "without holes", "01 01 0d 22 00"],
  ["an element behind the end", "01 01 0d 23 01 01 0131 00 00", "beyond the end", "01 01 0d 23 02 01 0131 00 00"],
  ["an array's length as a property", "01 01 0d 23 01 01 06 6c656e677468 00 04 02", "a property that it cannot have", "01 01 0d 23 01 01 06 6c656e677469 00 04 02"],
  ["an array that is too long", "01 01 0d 23 80 80 80 80 10 00 00", "too long", "01 01 0d 23 ff ff ff ff 0f 00 00"],
  ["a class without a name", "01 01 0d 24 00 00", "no name", "01 01 0d 24 01 41 00"],
  ["a date that is none", "01 01 0d 30 01 00 00", "content that it cannot have", "01 01 0d 30 05 00 00"],
  ["a date from text", "01 01 0d 30 0a 04 32303230 00 00", "content that it cannot have", "01 01 0d 30 04 00 00 00"],
  ["a date at -0", "01 01 0d 30 06 00 00", "content that it cannot have", "01 01 0d 30 04 00 00 00"],
  ["a pattern that is none", "01 01 0d 31 0a 01 28 0a 00 04 00 00 00", "content that it cannot have", "01 01 0d 31 0a 01 61 0a 00 04 00 00 00"],
  ["flags out of order", "01 01 0d 31 0a 01 61 0a 02 6967 04 00 00 00", "content that it cannot have", "01 01 0d 31 0a 01 61 0a 02 6769 04 00 00 00"],
  ["a pattern's lastIndex as a property", "01 01 0d 31 0a 01 61 0a 00 04 00 01 09 6c617374496e646578 00 00", "a property that it cannot have", "01 01 0d 31 0a 01 61 0a 00 04 00 01 09 6c617374496e646579 00 00"],
  ["an address in another form", "01 01 0d 32 0a 08 687474703a2f2f61 00 00", "content that it cannot have", "01 01 0d 32 0a 09 687474703a2f2f612f 00 00"],
  ["no address", "01 01 0d 32 0a 01 61 00 00", "content that it cannot have", "01 01 0d 32 0a 09 687474703a2f2f612f 00 00"],
  ["an address that is an object", "01 01 0d 32 0d 00 00 20 00 00", "content that it cannot have", "01 01 0d 32 0a 09 687474703a2f2f612f 00 00"],
  ["a key twice in a Map", "01 01 0d 33 02 00 01 00 02 00 00", "a key that it cannot have", "01 01 0d 33 02 00 01 01 02 00 00"],
  ["-0 as the key of a Map", "01 01 0d 33 01 06 00 00 00", "a key that it cannot have", "01 01 0d 33 01 04 00 06 00 00"],
  ["an object twice in a Set", "01 01 0d 34 02 0e 00 0e 00 00 00", "an element that it cannot have", "01 01 0d 34 02 0e 00 00 00 00"],
  ["-0 in a Set", "01 01 0d 34 01 06 00 00", "an element that it cannot have", "01 01 0d 34 01 04 00 00 00"],
  ["a buffer in a state that there is not", "01 01 0d 35 00 00 00 00", "a buffer", "01 01 0d 35 02 00 00 00"],
  ["a detached buffer with bytes", "01 01 0d 35 03 01 00 00 00", "a buffer", "01 01 0d 35 03 00 00 00"],
  ["a buffer beyond its largest length", "01 01 0d 35 04 02 02 00 00 00 00", "a buffer", "01 01 0d 35 04 04 02 00 00 00 00"],
  ["a boxed number of text", "01 01 0d 38 0a 00 00 00", "content that it cannot have", "01 01 0d 39 0a 00 00 00"],
  ["a boxed undefined", "01 01 0d 38 00 00 00", "content that it cannot have", "01 01 0d 38 04 00 00 00"],
  ["a boxed object", "01 01 0d 38 0d 00 00 20 00 00", "content that it cannot have", "01 01 0d 38 04 00 00 00"],
  ["a character of a boxed text as a property", "01 01 0d 39 0a 01 61 01 0130 00 00", "belongs to the content", "01 01 0d 39 0a 01 61 01 0131 00 00"],
  ["half an element", "01 01 0d 43 01 00 00 00", "content that it cannot have", "01 01 0d 43 02 00 00 00 00"],
  ["an element as a property", "01 01 0d 41 01 00 01 0130 00 00", "belongs to the content", "01 01 0d 41 01 00 01 0161 00 00"],
  ["an element behind the end as a property", "01 01 0d 41 01 00 01 0131 00 00", "a property that it cannot have", "01 01 0d 41 01 00 01 0161 00 00"],
  ["a property of a long typed array", `01 01 0d 41 8120 ${"00".repeat(4097)} 01 0161 00 00`, "belongs to the content", `01 01 0d 41 8020 ${"00".repeat(4096)} 01 0161 00 00`],
  ["a duration of two signs", "01 01 0d 57 0402 0401 0400 0400 0400 0400 0400 0400 0400 0400 00 00", "content that it cannot have", "01 01 0d 57 0402 0402 0400 0400 0400 0400 0400 0400 0400 0400 00 00"],
  ["a day that there is not", "01 01 0d 51 0a 18 323032302d30322d33305b752d63613d69736f383630315d 01 00 00", "content that it cannot have", "01 01 0d 51 0a 18 323032302d30322d32395b752d63613d69736f383630315d 01 00 00"],
  ["a day with an instant", "01 01 0d 51 0a 18 323032302d30322d32395b752d63613d69736f383630315d 0800 00 00", "content that it cannot have", "01 01 0d 51 0a 18 323032302d30322d32395b752d63613d69736f383630315d 01 00 00"],
]; // prettier-ignore

describe("bytes of a call are malformed", () => {
  test.each(malformed)("with %s", (_, hex, reason, good) => {
    expect(read(good)).toBeInstanceOf(Array);
    const result = read(hex);
    expect(result).toBeInstanceOf(Malformed);
    expect(String(result)).toContain(reason);
    expect((result as Malformed).at).toBeLessThanOrEqual(hex.length / 2);
  });

  test("with a built-in that this process does not have", () => {
    const { URL } = globalThis;
    try {
      Reflect.deleteProperty(globalThis, "URL");
      expect(String(read("01 01 0d 32 0a 09 687474703a2f2f612f 00 00"))).toContain(
        "this process has no URL",
      );
    } finally {
      globalThis.URL = URL;
    }
  });
});

test("an instance of a class is read by the name of its class and its content", () => {
  const [first, second] = read("01 02 0d 0e 00 24 05 4d6f6e6579 0d 22 01 0e 00") as unknown[];
  expect(first).toBeInstanceOf(KeyedContent);
  expect(second).toBe(first);
  const { className, content } = first as KeyedContent;
  expect(className).toBe("Money");
  expect(content).toEqual([first]);
});

test("a property __proto__ is one like any other", () => {
  const [object] = read("01 01 0d 20 01 09 5f5f70726f746f5f5f 00 04 02") as object[];
  expect(Object.getPrototypeOf(object)).toBe(Object.prototype);
  expect(Object.keys(object ?? {})).toEqual(["__proto__"]);
});

test("bytes are read where they lie, and what is made of them is a copy", () => {
  const pool = Uint8Array.from([9, 9, 1, 1, 0x0d, 0x41, 1, 7, 0, 0, 9]);
  const [bytes] = argumentsFromBytes(pool.subarray(2, 10)) as [Uint8Array];
  pool[7] = 8;
  expect([...bytes]).toEqual([7]);
});
