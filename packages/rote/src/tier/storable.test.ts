import { describe, expect, test, vi } from "vitest";

import { checkStorable } from "./storable.ts";

class User {
  name = "Ada";
}

const user = new User();

function messageFor(value: unknown, root?: string): string {
  try {
    checkStorable(value, root);
  } catch (error) {
    expect(error).toMatchObject({ name: "RoteError", code: "ERR_NOT_STORABLE" });
    return (error as Error).message;
  }
  return "stored";
}

describe("a refusal", () => {
  test("says where, what, what would become of it, and what to do", () => {
    const rows: unknown[] = [1, 2, 3, { owner: new User() }];
    expect(messageFor({ rows })).toBe(
      "result.rows[3].owner is an instance of User: stored, it would come back as a plain object. Return plain data, or say how to store it with options.encode and options.decode.",
    );
  });

  test.each<[string, unknown]>([
    [
      "result[value 1]",
      new Map([
        [1, { a: 1 } as unknown],
        [2, new User()],
      ]),
    ],
    ["result[key 0]", new Map([[new User(), 1]])],
    ["result[item 1].a", new Set([{ a: 1 }, { a: new User() }])],
    ["result.a[7]", { a: Array.from({ length: 8 }, (_, i) => (i === 7 ? new User() : i)) }],
    ["result.a[100]", { a: Array.from({ length: 200 }, (_, i) => (i === 100 ? new User() : i)) }],
    ["result.a[4000000000]", { a: Object.assign([], { 4_000_000_000: new User() }) }],
    ["result[7].größe.$1", { 7: { größe: { $1: new User() } } }],
    ["result[a property of 15 characters]", { "ada@example.org": new User() }],
    ["result[a property of 41 characters]", { ["x".repeat(41)]: new User() }],
    ["result[0].a", [{ a: user, b: user }]],
  ])("names the path %s", (path, value) => {
    expect(messageFor(value)).toMatch(`${path} is an instance of User:`);
  });

  test("names the first place in the order in which the value is read", () => {
    expect(messageFor({ a: { deep: [new User()] }, b: () => 1 })).toMatch("result.a.deep[0] is");
    expect(messageFor([[[Symbol()]], new User()])).toMatch("result[0][0][0] is a symbol");
  });

  test("shortens a long path in the middle", () => {
    const value = { a: { b: { c: [[[[[[{ d: { e: { f: { g: new User() } } } }]]]]]] } } };
    expect(messageFor(value)).toMatch("result.a.b.c[0][0][0]…[0].d.e.f.g is an instance");
  });

  test("calls the root what it is told", () => {
    expect(messageFor([() => 1], "encode(result)")).toMatch("encode(result)[0] is a function");
  });

  test("shows nothing of the value", () => {
    const secret = "hunter2";
    class Account {
      [secret] = secret;
    }
    for (const value of [
      { "the password is hunter2": new Account() },
      new Map([[secret, new Account()]]),
      Object.assign(new Date(), { [`${secret} `]: secret }),
      Object.defineProperty({}, `${secret}!`, { get: () => secret }),
    ])
      expect(messageFor(value)).not.toContain(secret);
  });
});

describe("the walk", () => {
  test("runs no code of the value", () => {
    const run = vi.fn(() => 1);
    const trap = new Proxy({}, { get: run });
    class Sly {
      get [Symbol.toStringTag](): string {
        run();
        return "Object";
      }
      static get prototypes(): number {
        return run();
      }
    }
    Object.defineProperty(Sly, "name", { get: run });
    const long = (): unknown[] => Array.from({ length: 100 }, () => 1);
    class Asked {
      static [Symbol.hasInstance](): boolean {
        return run() === 1;
      }
    }
    for (const value of [
      Object.defineProperty(long(), Symbol.toStringTag, { get: run }),
      Object.defineProperty(long(), "constructor", { get: run }),
      Object.defineProperty(long(), "constructor", { value: Asked }),
      Object.defineProperty(new Uint8Array(500), "constructor", { value: Asked }),
      Object.defineProperty(new Uint8Array(500), Symbol.toStringTag, { get: run }),
      Object.defineProperty(long(), 50, { get: run, enumerable: true }),
      new Proxy({}, trap),
      new Proxy([], trap),
      Object.defineProperty({}, "a", { get: run, enumerable: true }),
      Object.defineProperty({}, Symbol.toStringTag, { get: run }),
      Object.defineProperty(new Uint8Array(500), "a", { get: run }),
      Object.defineProperty(new Uint8Array(500), Symbol.for("nodejs.util.inspect.custom"), {
        value: run,
      }),
      new Sly(),
    ])
      expect(messageFor(value)).not.toBe("stored");
    expect(run).not.toHaveBeenCalled();
  });

  test("asks each object once, and ends in cycles", () => {
    const shared: unknown[] = [];
    let value: unknown = shared;
    // Two to the power of a hundred paths.
    for (let i = 0; i < 100; i++) value = [value, value];
    shared.push(value);
    expect(messageFor(value)).toBe("stored");
  });

  test("takes a list of a billion holes by its keys", () => {
    const list: unknown[] = [];
    list.length = 2 ** 32 - 1;
    expect(messageFor(list)).toBe("stored");
    list[2 ** 31] = new User();
    expect(messageFor(list)).toMatch("result[2147483648] is an instance");
  });

  test("finds an odd element among many holes", () => {
    const list = Array.from({ length: 100 }, () => 1) as unknown[];
    list.length = 100_000;
    list[99_999] = new User();
    expect(messageFor(list)).toMatch("result[99999] is an instance");
  });
});

describe("depth", () => {
  const wraps: [string, (inner: unknown) => unknown][] = [
    ["objects", (inner) => ({ inner })],
    ["lists", (inner) => [inner]],
    ["sparse lists", (inner) => Object.assign([], { 50: inner })],
    ["maps, as keys", (inner) => new Map([[inner, 1]])],
    ["maps, as values", (inner) => new Map([[1, inner]])],
    ["sets", (inner) => new Set([inner])],
  ];

  function nest(wrap: (inner: unknown) => unknown, levels: number): unknown {
    let value: unknown = 1;
    for (let i = 0; i < levels; i++) value = wrap(value);
    return value;
  }

  test.each(wraps)("of 500 %s is stored, of 501 not", (_, wrap) => {
    expect(messageFor(nest(wrap, 500))).toBe("stored");
    expect(messageFor(nest(wrap, 501))).toMatch("is nested more than 500 levels deep");
  });

  test("of a million levels is refused like that of 501", () => {
    const value = nest((inner) => [inner], 1_000_000);
    expect(messageFor(value)).toMatch(/^result\[0\].*….* is nested.*Return a flatter form/s);
  });

  test("is that at which V8 meets an object first, not that of the shortest path", () => {
    let list: { next: unknown } = { next: null };
    const nodes = [list];
    for (let i = 0; i < 600; i++) nodes.push((list = { next: list }));
    expect(messageFor(nodes)).toBe("stored");
    expect(messageFor(nodes.toReversed())).toMatch("levels deep");
  });
});
