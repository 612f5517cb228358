import fc from "fast-check";
import { expect, test, vi } from "vitest";

import { crc32, tableCrc32 } from "./crc32.ts";

const text = (content: string): Uint8Array => Buffer.from(content);

test.each([
  ["", 0],
  ["a", 0xe8b7be43],
  ["123456789", 0xcbf43926],
  ["The quick brown fox jumps over the lazy dog", 0x414fa339],
])("the checksum of %j is that of zlib", (content, expected) => {
  expect(crc32(text(content))).toBe(expected);
  expect(tableCrc32(text(content))).toBe(expected);
});

test("the table agrees with the platform, in one piece and in several", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(300), (bytes, cut) => {
      const whole = crc32(bytes);
      expect(tableCrc32(bytes)).toBe(whole);
      expect(tableCrc32(bytes.subarray(cut), crc32(bytes.subarray(0, cut)))).toBe(whole);
      expect(crc32(bytes.subarray(cut), tableCrc32(bytes.subarray(0, cut)))).toBe(whole);
    }),
  );
});

test("where zlib has none, the table is used", async () => {
  vi.resetModules();
  vi.stubGlobal("process", { getBuiltinModule: () => ({}) });
  try {
    const elsewhere = await import("./crc32.ts");
    expect(elsewhere.crc32(text("123456789"))).toBe(0xcbf43926);
  } finally {
    vi.unstubAllGlobals();
  }
});
