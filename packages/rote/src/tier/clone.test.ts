import v8 from "node:v8";

import { afterEach, describe, expect, test, vi } from "vitest";

import { deserialise, serialise } from "./clone.ts";

const { cloneVersion } = serialise(1);

function payloadOf(...bytes: number[]): { cloneVersion: number; payload: Uint8Array } {
  return { cloneVersion, payload: Uint8Array.of(0xff, cloneVersion, ...bytes) };
}

describe("a payload", () => {
  test("is that of v8.serialize where there are no views", () => {
    const value = { a: [1, "b", 2n, null], c: new Map([[new Date(0), /d/g]]) };
    expect(Buffer.compare(serialise(value).payload, v8.serialize(value))).toBe(0);
  });

  test("has views as the specification says", () => {
    expect([...serialise(Uint8Array.of(7, 8)).payload]).toEqual([
      0xff,
      cloneVersion,
      92,
      2,
      2,
      7,
      8,
    ]);
    expect([...serialise(Buffer.of(7)).payload]).toEqual([0xff, cloneVersion, 92, 0, 1, 7]);
    const view = new DataView(Uint8Array.of(1, 2, 3, 4).buffer, 1, 2);
    expect([...serialise(view).payload]).toEqual([0xff, cloneVersion, 92, 12, 2, 2, 3]);
  });

  test("has of a view no more than is in its window", () => {
    const pool = Buffer.from("the password is hunter2");
    expect(Buffer.from(serialise(pool.subarray(0, 3)).payload).includes("hunter2")).toBe(false);
  });
});

describe("views", () => {
  test("come back with memory of their own, of just their length", () => {
    const bytes = new Uint8Array(16);
    const value = [
      bytes.subarray(4, 8),
      new Float64Array(bytes.buffer, 8, 1),
      Buffer.from("text"),
      new DataView(bytes.buffer, 3, 5),
    ];
    const { value: back } = deserialise(serialise(value)) as { value: ArrayBufferView[] };
    expect(back.map(({ byteOffset }) => byteOffset)).toEqual([0, 0, 0, 0]);
    expect(back.map(({ buffer }) => buffer.byteLength)).toEqual([4, 8, 4, 5]);
    expect(new Set(back.map(({ buffer }) => buffer)).size).toBe(4);
    expect(back[2]).toBeInstanceOf(Buffer);
  });

  test("are shared where they were", () => {
    const view = Uint8Array.of(1);
    const { value } = deserialise(serialise([view, view])) as { value: unknown[] };
    expect(value[0]).toBe(value[1]);
  });

  test.each([
    ["newer", "an unknown number", payloadOf(92, 99, 0)],
    ["damaged", "less than an element", payloadOf(92, 9, 7, 0, 0, 0, 0, 0, 0, 0)],
    ["damaged", "more than is there", payloadOf(92, 2, 9, 1)],
    ["damaged", "no length", payloadOf(92, 2)],
  ])("are %s with %s", (reason, _, clone) => {
    expect(deserialise(clone)).toBe(reason);
  });
});

describe("a payload that cannot be read", () => {
  test("is newer if its version is above the engine's", () => {
    const payload = Uint8Array.of(0xff, cloneVersion + 1, 0x49, 2);
    expect(deserialise({ cloneVersion: cloneVersion + 1, payload })).toBe("newer");
  });

  test.each([
    ["nothing", { cloneVersion, payload: new Uint8Array(0) }],
    ["no header", { cloneVersion, payload: Uint8Array.of(0x49, 2) }],
    [
      "another version than the envelope",
      { cloneVersion: cloneVersion - 1, payload: serialise(1).payload },
    ],
    ["an unknown tag", payloadOf(0x01)],
    ["an endless list", payloadOf(0x41, 0xff, 0xff, 0xff, 0x7f)],
    ["half a text", payloadOf(0x22, 50, 65)],
  ])("is damaged with %s", (_, clone) => {
    expect(deserialise(clone)).toBe("damaged");
  });

  test("for want of stack is no reason to remove it", () => {
    const levels = 1_000_000;
    const bytes = Buffer.alloc(2 + 4 * levels + 1, Uint8Array.of(0x6f, 0x22, 1, 0x61));
    const payload = Buffer.concat([Buffer.of(0xff, cloneVersion), bytes]);
    expect(deserialise({ cloneVersion, payload })).toBe("no room");
  });
});

describe("what V8 refuses", () => {
  test("is refused in words that show nothing of it", () => {
    const error = (() => {
      try {
        serialise({ secret: function hunter2() {} });
        return undefined;
      } catch (error) {
        return error as Error;
      }
    })();
    expect(error).toMatchObject({ code: "ERR_NOT_STORABLE" });
    expect(error?.cause).toBeUndefined();
    expect(error?.message).toMatch("node:v8 refuses it");
    expect(error?.message).not.toMatch("hunter2");
  });

  test("for want of stack says so", () => {
    let value: unknown = 1;
    for (let i = 0; i < 1_000_000; i++) value = [value];
    expect(() => serialise(value)).toThrow("The stack is too full");
  });
});

describe("where there is no V8 to ask", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  test.each([
    ["no process", undefined],
    ["no getBuiltinModule", {}],
    ["no such module", { getBuiltinModule: () => undefined }],
    [
      "nothing but trouble",
      {
        getBuiltinModule: () => {
          throw new Error("no");
        },
      },
    ],
  ])("storing says so: %s", async (_, process) => {
    vi.resetModules();
    vi.stubGlobal("process", process);
    const { checkStorable } = await import("./storable.ts");
    const elsewhere = await import("./clone.ts");
    for (const call of [
      () => elsewhere.serialise(1),
      () => elsewhere.deserialise(payloadOf(0x49, 2)),
      () => checkStorable({}),
    ])
      expect(call).toThrow(expect.objectContaining({ code: "ERR_UNSUPPORTED" }));
  });
});
