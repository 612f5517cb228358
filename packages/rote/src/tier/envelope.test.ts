import { describe, expect, test } from "vitest";

import { crc32 } from "node:zlib";

import { type Envelope, type MissReason, open, pack, read, REMOVED } from "./envelope.ts";

const argumentBytes = Uint8Array.of(1, 2, 3, 4, 5);

const envelope: Envelope = {
  kind: "result",
  isPromised: false,
  createdAt: 1000,
  expiresAt: 2000,
  runTime: 12.5,
  tags: ["users", "user:7"],
  argumentBytes,
  cloneVersion: 15,
  payload: Uint8Array.of(0xff, 15, 0x49, 2),
};

/** The header by the specification, and nothing of the code that is tested. */
interface Raw {
  magic: string;
  length: number;
  version: number;
  flags: number;
  createdAt: number;
  expiresAt: number;
  runTime: number;
  tagsLength: number;
  argumentLength: number;
  payloadLength: number;
  cloneVersion: number;
  rest: number[];
  /** Where it is cut off before the checksum is made. */
  end: number;
}

/** An envelope with a right checksum, whatever is in it: tag "é", argument bytes 7 8 9, two bytes of payload. */
function write(changes: Partial<Raw> = {}): Uint8Array {
  const raw: Raw = {
    magic: "rote",
    length: 56 + 4 + 3 + 2,
    version: 1,
    flags: 0,
    createdAt: 1000,
    expiresAt: 2000,
    runTime: 3,
    tagsLength: 4,
    argumentLength: 3,
    payloadLength: 2,
    cloneVersion: 15,
    rest: [1, 0, 0xe9, 0, 7, 8, 9, 0xff, 15],
    end: Infinity,
    ...changes,
  };
  const whole = Buffer.alloc(56 + raw.rest.length);
  const bytes = whole.subarray(0, Math.min(raw.end, whole.length));
  whole.write(raw.magic, 0, "latin1");
  whole.writeUInt32LE(raw.length, 8);
  whole.writeUInt16LE(raw.version, 12);
  whole.writeUInt16LE(raw.flags, 14);
  whole.writeDoubleLE(raw.createdAt, 16);
  whole.writeDoubleLE(raw.expiresAt, 24);
  whole.writeDoubleLE(raw.runTime, 32);
  whole.writeUInt32LE(raw.tagsLength, 40);
  whole.writeUInt32LE(raw.argumentLength, 44);
  whole.writeUInt32LE(raw.payloadLength, 48);
  whole.writeUInt32LE(raw.cloneVersion, 52);
  whole.set(raw.rest, 56);
  bytes.writeUInt32LE(crc32(bytes.subarray(8), crc32(bytes.subarray(0, 4))), 4);
  return bytes;
}

describe("an envelope", () => {
  test("is read as it was packed", () => {
    expect(open(pack(envelope), argumentBytes, 1999)).toStrictEqual({ ...envelope });
  });

  test("is written as the specification says", () => {
    expect(read(write())).toStrictEqual({
      kind: "result",
      isPromised: false,
      createdAt: 1000,
      expiresAt: 2000,
      runTime: 3,
      tags: ["é"],
      argumentBytes: Buffer.of(7, 8, 9),
      cloneVersion: 15,
      payload: Buffer.of(0xff, 15),
    });
    const packed = pack(read(write()) as Envelope);
    expect(Buffer.compare(packed, write())).toBe(0);
  });

  test("is read wherever its bytes begin", () => {
    const bytes = Buffer.concat([Buffer.alloc(3), pack(envelope), Buffer.alloc(5)]);
    expect(open(bytes.subarray(3, -5), argumentBytes, 0)).toMatchObject({ runTime: 12.5 });
  });

  test.each(["result", "encoded", "failure", "error"] as const)(
    "keeps that %s was promised",
    (kind) => {
      const envelopeOfPromise = { ...envelope, kind, isPromised: true };
      expect(pack(envelopeOfPromise)[14]).toBe((pack({ ...envelope, kind })[14] as number) | 16);
      expect(read(pack(envelopeOfPromise))).toStrictEqual(envelopeOfPromise);
    },
  );

  test.each(["result", "encoded", "failure", "error"] as const)("keeps the kind %s", (kind) => {
    expect(read(pack({ ...envelope, kind }))).toMatchObject({ kind });
  });

  test.each<Partial<Envelope>>([
    { createdAt: 0, expiresAt: Infinity, runTime: undefined },
    { createdAt: -0, expiresAt: -8.64e15, runTime: 0 },
    { createdAt: -Number.MAX_VALUE, expiresAt: 5e-324, runTime: Number.MAX_VALUE },
    { cloneVersion: 0xffffffff },
    { tags: [] },
    { tags: ["", "\ufeffmark", "\ud800", "\u{1f600}", "x".repeat(0xffff)] },
    { tags: Array.from({ length: 1000 }, (_, i) => `tag ${i}`) },
    { argumentBytes: new Uint8Array(0), payload: new Uint8Array(0) },
    { argumentBytes: new Uint8Array(100_000).fill(9), payload: new Uint8Array(70_000).fill(1) },
  ])("keeps fields at their limits, %#", (changes) => {
    const bytes = pack({ ...envelope, ...changes });
    expect(read(bytes)).toStrictEqual({ ...envelope, ...changes });
  });

  test("that never expires has one form", () => {
    const bytes = pack({ ...envelope, expiresAt: Infinity });
    expect(Buffer.from(bytes.subarray(24, 32)).toString("hex")).toBe("000000000000f07f");
    expect(open(bytes, argumentBytes, Number.MAX_VALUE)).toMatchObject({ expiresAt: Infinity });
  });
});

describe("what cannot be packed", () => {
  test.each<[string, Partial<Record<keyof Envelope, unknown>>]>([
    ["createdAt of a stored entry must be a finite instant", { createdAt: NaN }],
    ["createdAt of a stored entry must be a finite instant", { createdAt: Infinity }],
    ["expiresAt of a stored entry must be an instant", { expiresAt: NaN }],
    ["expiresAt of a stored entry must be an instant", { expiresAt: -Infinity }],
    ["runTime of a stored entry must be finite milliseconds", { runTime: -1 }],
    ["runTime of a stored entry must be finite milliseconds", { runTime: NaN }],
    ["a tag of a stored entry must be a text of at most 65535", { tags: ["x".repeat(65_536)] }],
    ["a tag of a stored entry must be a text of at most 65535", { tags: [7] }],
  ])("%s, %#", (message, changes) => {
    expect(() => pack({ ...envelope, ...changes } as Envelope)).toThrow(
      expect.objectContaining({
        code: "ERR_INVALID_ARGUMENT",
        message: expect.stringContaining(message) as string,
      }),
    );
  });

  test("is an entry of more than 2³¹ − 1 bytes", () => {
    const payload = { length: 2 ** 31 - 1 - 56 - 5 + 1 } as Uint8Array;
    expect(() => pack({ ...envelope, tags: [], payload })).toThrow(
      expect.objectContaining({
        code: "ERR_NOT_STORABLE",
        message: expect.stringContaining("would have 2147483648") as string,
      }),
    );
  });
});

describe("a miss", () => {
  const right = Uint8Array.of(7, 8, 9);

  test.each<[MissReason, string, Uint8Array]>([
    ["truncated", "nothing", new Uint8Array(0)],
    ["truncated", "half a magic", Buffer.from("ro")],
    ["truncated", "half a frame", write().subarray(0, 15)],
    ["truncated", "half an envelope", write().subarray(0, 60)],
    ["truncated", "a longer length", write({ length: 66 })],
    ["truncated", "the longest length", write({ length: 0xffffffff })],
    ["foreign", "something short", Buffer.from("rode")],
    ["foreign", "another magic", write({ magic: "Rote" })],
    ["foreign", "nothing but zeros", new Uint8Array(100)],
    ["damaged", "a shorter length", write({ length: 64 })],
    ["damaged", "no length", write({ length: 0 })],
    ["damaged", "more behind it", Buffer.concat([write(), Buffer.alloc(1)])],
    ["damaged", "version 0", write({ version: 0 })],
    ["damaged", "nothing but a frame", write({ length: 16, end: 16 })],
    ["damaged", "half a header", write({ length: 42, end: 42 })],
    ["damaged", "a header without an end", write({ length: 55, end: 55 })],
    [
      "damaged",
      "half a tag length at the very end",
      write({ length: 57, tagsLength: 1, argumentLength: 0, payloadLength: 0, rest: [1] }),
    ],
    ["damaged", "a result that is described", write({ flags: 2 })],
    ["damaged", "a failure that is encoded", write({ flags: 5 })],
    ["damaged", "all of them", write({ flags: 7 })],
    ["damaged", "tags beyond the end", write({ tagsLength: 0xffffffff })],
    ["damaged", "arguments beyond the end", write({ argumentLength: 0xffffffff })],
    ["damaged", "a payload beyond the end", write({ payloadLength: 0xffffffff })],
    ["damaged", "bytes that are in no section", write({ payloadLength: 1 })],
    ["damaged", "a tag beyond its section", write({ rest: [2, 0, 0xe9, 0, 7, 8, 9, 0xff, 15] })],
    ["damaged", "half a tag length", write({ tagsLength: 5, argumentLength: 2 })],
    ["damaged", "no time of creation", write({ createdAt: NaN })],
    ["damaged", "an endless time of creation", write({ createdAt: Infinity })],
    ["damaged", "no expiry", write({ expiresAt: NaN })],
    ["damaged", "an expiry before all time", write({ expiresAt: -Infinity })],
    ["damaged", "no run time", write({ runTime: NaN })],
    ["damaged", "a run time below 0", write({ runTime: -2 })],
    ["damaged", "an endless run time", write({ runTime: Infinity })],
    ["newer", "version 2", write({ version: 2 })],
    ["newer", "the last version", write({ version: 0xffff, createdAt: NaN })],
    ["newer", "version 2 with nothing but a frame", write({ version: 2, length: 16, end: 16 })],
    ["newer", "a compressed payload", write({ flags: 8 })],
    ["newer", "an unknown flag", write({ flags: 0x8000 })],
    ["newer", "an unknown flag of what was promised", write({ flags: 0x8010 })],
    ["other arguments", "other arguments", write({ rest: [1, 0, 0xe9, 0, 7, 8, 8, 0xff, 15] })],
    ["other codec", "an encoded result", write({ flags: 4 })],
    ["expired", "an entry at its expiry", write({ expiresAt: 1500 })],
  ])("is %s: %s", (reason, _, bytes) => {
    expect(open(bytes, right, 1500)).toBe(reason);
  });

  test("of another version is no reason to believe what is damaged", () => {
    const bytes = write();
    bytes[12] = 2;
    expect(open(bytes, right, 0)).toBe("damaged");
  });

  test("is a result that is not encoded, for a function with decode", () => {
    expect(open(write(), right, 0, true)).toBe("other codec");
    expect(open(write({ flags: 4 }), right, 0, true)).toMatchObject({ kind: "encoded" });
    // Failures are never encoded.
    expect(open(write({ flags: 3 }), right, 0, true)).toMatchObject({ kind: "error" });
  });

  test("is no reason to remove what somebody else can read", () => {
    expect([...REMOVED].sort()).toEqual(["damaged", "expired", "truncated"]);
  });
});
