import { describe, expect, test } from "vitest";

import { otherRealm } from "../../../../test/support/recipe.ts";
import { deserialise, serialise } from "./clone.ts";
import { describeError, reviveError } from "./failure.ts";
import { type About, openStored, packFailure } from "./stored.ts";

const about: About = {
  createdAt: 0,
  expiresAt: Infinity,
  runTime: undefined,
  tags: [],
  argumentBytes: new Uint8Array(0),
};

function store(thrown: unknown): unknown {
  const stored = openStored(packFailure(thrown, about), about.argumentBytes, 0);
  if (typeof stored === "string") throw new Error(stored);
  expect(stored.isFailure).toBe(true);
  return stored.value;
}

/** All that can be seen of an error, but for who reads its stack. */
function seen(error: unknown): unknown {
  return Reflect.ownKeys(error as object).map((key) => [
    key,
    Object.getOwnPropertyDescriptor(error, key)?.enumerable,
    Reflect.get(error as object, key),
  ]);
}

describe("an error that was thrown", () => {
  test.each([Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError])(
    "comes back as one of its type: %o",
    (Type) => {
      const error = Object.assign(new Type("no"), { code: "ERR_NO", errno: -2, info: { a: [1n] } });
      const back = store(error);
      expect(back).toBeInstanceOf(Type);
      expect(Object.getPrototypeOf(back)).toBe(Type.prototype);
      expect(seen(back)).toStrictEqual(seen(error));
      expect(Object.prototype.toString.call(back)).toBe("[object Error]");
    },
  );

  test("comes back without what it did not have", () => {
    const bare = new Error();
    delete bare.stack;
    expect(seen(store(bare))).toEqual([]);
    const named = Object.assign(new Error("no", { cause: undefined }), { name: "Odd", stack: 5 });
    expect(seen(store(named))).toStrictEqual(seen(named));
  });

  test("keeps the errors that it leads to, and the way back", () => {
    const cause = Object.assign(new TypeError("why"), { code: 7 });
    const error = Object.assign(new Error("no", { cause }), { first: cause });
    (cause as Error).cause = error;
    const back = store(error) as typeof error;
    expect(back.cause).toBeInstanceOf(TypeError);
    expect(back.cause).toMatchObject({ message: "why", code: 7, cause: back });
    expect(back.first).toBe(back.cause);
  });

  test("keeps causes of any depth", () => {
    let error = new Error("0");
    for (let i = 1; i <= 10_000; i++) error = new Error(String(i), { cause: error });
    let back = store(error) as Error;
    for (; back.cause !== undefined; back = back.cause as Error);
    expect(back.message).toBe("0");
  });

  test("keeps the list of an AggregateError", () => {
    const inner = Object.assign(new RangeError("a"), { code: "A" });
    const error = new AggregateError([inner, 7, { plain: true }, inner], "all");
    const back = store(error) as AggregateError;
    expect(back).toBeInstanceOf(AggregateError);
    expect(back.errors).toMatchObject([{ message: "a", code: "A" }, 7, { plain: true }, {}]);
    expect(back.errors[0]).toBeInstanceOf(RangeError);
    expect(back.errors[3]).toBe(back.errors[0]);
    expect(Object.keys(back)).toEqual([]);
  });

  test("keeps a list that is more than its elements", () => {
    const list: unknown[] = Object.assign([], { 1: "a", more: true });
    const error = Object.assign(new AggregateError([]), { errors: list });
    expect((store(error) as AggregateError).errors).toStrictEqual(list);
    error.errors = Object.assign([1], { length: 3 });
    expect((store(error) as AggregateError).errors).toStrictEqual(error.errors);
    error.errors = list;
    Object.defineProperty(list, 0, { get: () => 1, enumerable: true });
    expect(() => store(error)).toThrow(/^error\.errors\[0\] is an accessor/);
  });

  test("of another realm comes back as one of this", () => {
    expect(store(new otherRealm.Error("no"))).toBeInstanceOf(Error);
  });

  test("and is none comes back as a result would", () => {
    for (const thrown of ["no", undefined, { code: 1 }, [new Date(0)]])
      expect(store(thrown)).toStrictEqual(thrown);
  });
});

describe("what was thrown and cannot be stored", () => {
  class NotFound extends Error {}
  const odd = (changes: PropertyDescriptorMap): Error =>
    Object.defineProperties(new Error("no"), changes);

  test.each<[string, unknown]>([
    [
      "error is an instance of NotFound: stored, it would come back as a plain Error",
      new NotFound(),
    ],
    ["error.cause is an instance of NotFound", new Error("no", { cause: new NotFound() })],
    [
      "error.cause.cause.a is a function",
      new Error("", {
        cause: new Error("", { cause: Object.assign(new Error(), { a: () => 1 }) }),
      }),
    ],
    ["error.errors[1] is an instance of NotFound", new AggregateError([1, new NotFound()])],
    [
      "error.info.reason is an error",
      Object.assign(new Error("no"), { info: { reason: new Error() } }),
    ],
    ["error is an instance of DOMException", new DOMException("no", "AbortError")],
    ["error is an instance of a class without a name", Object.setPrototypeOf(new Error(), null)],
    ["error has a property whose name is a symbol", odd({ [Symbol("a")]: { value: 1 } })],
    ["error.a is an accessor", odd({ a: { get: () => 1 } })],
    ["error.stack is an accessor", odd({ stack: { get: () => "no" } })],
    [
      "error.errors[0] is an accessor",
      odd({ errors: { value: Object.defineProperty([1], 0, { get: () => 1 }) } }),
    ],
    ["error is a proxy", new Proxy(new Error("no"), {})],
    ["error is a function", () => 1],
    ["error is an instance of Response", new Response()],
  ])("%s", (message, thrown) => {
    expect(() => packFailure(thrown, about)).toThrow(
      expect.objectContaining({
        code: "ERR_NOT_STORABLE",
        message: expect.stringMatching(
          new RegExp(`^${message.replaceAll(/[[\].]/g, "\\$&")}`),
        ) as string,
      }),
    );
  });
});

describe("a description", () => {
  test.each<[string, unknown]>([
    ["newer", [["FutureError", []]]],
    ["damaged", [[7, []]]],
    ["damaged", []],
    ["damaged", undefined],
    ["damaged", { length: 1 }],
    ["damaged", [["Error", 5]]],
    ["damaged", [["Error", [["cause", false, 1, 1]]]]],
    ["damaged", [["Error", [["cause", false, 1, "at"]]]]],
    ["damaged", [["Error", [["cause", false, 3, 1]]]]],
    ["damaged", [["Error", [["errors", false, 2, [[4, 0]]]]]]],
    ["damaged", [["Error", [["errors", false, 2, 5]]]]],
  ])("that makes no sense is %s, %#", (reason, description) => {
    expect(reviveError(description)).toBe(reason);
  });

  test("does not pollute what it is made with", () => {
    const back = reviveError([["Error", [["__proto__", true, 0, { polluted: true }]]]]);
    const { value } = back as { value: Error };
    expect(Object.getPrototypeOf(value)).toBe(Error.prototype);
    expect(Object.keys(value)).toEqual(["__proto__"]);
  });

  test("is data: it is written and read like a result", () => {
    const description = describeError(Object.assign(new Error("no"), { code: 1 }));
    const read = deserialise(serialise(description));
    expect(read).toStrictEqual({ value: description });
  });
});
