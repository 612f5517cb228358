/** The canonical form of arguments that are very deep, very wide, or only pretend to be. */
import { expect, test } from "vitest";

import { Malformed } from "../../packages/rote/src/key/byte-reader.ts";
import { canonicalBytes, Unstorable } from "../../packages/rote/src/key/canonical.ts";
import { argumentsFromBytes } from "../../packages/rote/src/key/canonical-reader.ts";
import { keyOf } from "../support/calls.ts";
import { Keyed } from "../support/recipe.ts";

function bytesOf(...args: unknown[]): Uint8Array {
  const bytes = canonicalBytes(keyOf(args));
  if (bytes instanceof Unstorable) throw new Error("refused");
  return bytes;
}

function decode(bytes: Uint8Array): unknown[] {
  const args = argumentsFromBytes(bytes);
  if (args instanceof Malformed) throw args;
  return args;
}

const wrappers: [name: string, wrap: (inner: unknown) => unknown, isRead: boolean][] = [
  ["objects", (inner) => ({ b: inner, a: 1 }), true],
  ["arrays", (inner) => [inner, inner], true],
  ["arrays with properties", (inner) => Object.assign([1], { inner }), true],
  ["Maps", (inner) => new Map([[inner, inner]]), true],
  ["Sets", (inner) => new Set([inner]), true],
  ["instances with [keySymbol]", (inner) => new Keyed(inner), false],
];

test.each(wrappers)("100 000 nested %s are written and read again", (_, wrap, isRead) => {
  let nested: unknown = {};
  for (let level = 0; level < 100_000; level++) nested = wrap(nested);
  const bytes = bytesOf(nested, "end");
  const args = decode(bytes);
  expect(args[1]).toBe("end");
  if (isRead) expect(Buffer.from(bytesOf(...args)).equals(bytes)).toBe(true);
});

test("a million elements, names, bytes, characters and digits are written and read again", () => {
  const count = 1_000_000;
  const wide: unknown[] = [
    Array.from({ length: count }, (_, i) => i),
    Array.from({ length: count }, (_, i) => ({ i })),
    Object.fromEntries(
      Array.from({ length: count / 4 }, (_, i) => [`key${(i * 7919) % count}`, i]),
    ),
    new Set(Array.from({ length: count }, (_, i) => `é${i}`)),
    new Float64Array(count / 8),
    "x".repeat(count),
    "\ud800é€".repeat(count / 4),
    2n ** BigInt(count),
    -(2n ** BigInt(count)),
  ];
  for (const value of wide) {
    const bytes = bytesOf(value);
    expect(Buffer.from(bytesOf(...decode(bytes))).equals(bytes)).toBe(true);
  }
});

test("what a large call took is given back", async () => {
  const { gc } = globalThis as { gc?: () => void };
  const large = new Uint8Array(50_000_000);
  const settle = async (below: number): Promise<number> => {
    for (let turn = 0; turn < 20 && process.memoryUsage().arrayBuffers > below; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      gc?.();
    }
    return process.memoryUsage().arrayBuffers;
  };
  const before = await settle(60_000_000);
  expect(bytesOf(large).length).toBeGreaterThan(large.length);
  expect(await settle(before + 1_000_000)).toBeLessThan(before + 10_000_000);
  expect(large).toHaveLength(50_000_000);
});

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return [...bytes, rest];
}

test("counts that no bytes are there for take no memory", () => {
  const huge = varint(2 ** 50);
  const beginnings: number[][] = [
    [1, ...huge],
    [1, 1, 0x0a, ...huge],
    [1, 1, 0x08, ...huge],
    [1, 1, 0x0e, ...huge],
    ...[0x20, 0x21, 0x22, 0x23, 0x24, 0x33, 0x34, 0x36, 0x37, 0x41, 0x49].map((code) => [
      1,
      1,
      0x0d,
      code,
      ...huge,
    ]),
    [1, 1, 0x0d, 0x20, 0, ...huge],
    [1, 1, 0x0d, 0x23, 0, ...huge],
  ];
  for (const beginning of beginnings)
    expect(argumentsFromBytes(Uint8Array.from([...beginning, 0, 0]))).toBeInstanceOf(Malformed);
});

test("arrays that are nearly all holes take memory for what they hold", () => {
  const { gc } = globalThis as { gc?: () => void };
  for (const length of [30_000_000, 2 ** 32 - 1]) {
    const arrays = 100;
    const bytes = Uint8Array.from([
      1,
      1,
      0x0d,
      0x22,
      arrays,
      ...Array.from({ length: arrays }, () => 0x0d),
      ...Array.from({ length: arrays }, () => [
        0x23,
        ...varint(length),
        1,
        1,
        0x35,
        0,
        0x03,
      ]).flat(),
    ]);
    gc?.();
    const before = process.memoryUsage().rss;
    const [list] = decode(bytes) as [unknown[][]];
    expect(process.memoryUsage().rss - before).toBeLessThan(200_000_000);
    expect(list).toHaveLength(arrays);
    expect(list[7]).toHaveLength(length);
    expect(list[7]?.[5]).toBe(true);
    expect(Object.keys(list[7] ?? [])).toEqual(["5"]);
  }
});
