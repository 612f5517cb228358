import { describe, expect, test } from "vitest";

import { keySymbol, memoize, memoizeMethods } from "../index.ts";
import type { Memo } from "../cache/memo.ts";
import { keyOfCall } from "../call/any.ts";
import { memoOf } from "../call/method.ts";
import { RoteError } from "../errors.ts";
import { wholeOf } from "../memoized.ts";
import type { MemoizeOptions } from "../options.ts";
import { argumentBytes } from "./argument-bytes.ts";

function memoFor(fn: unknown): Memo {
  const whole = wholeOf(fn);
  if (whole === undefined) throw new Error("not memoized");
  return whole.memo;
}

function bytesOf(memo: Memo, args: unknown[], receiver?: unknown): string {
  return Buffer.from(argumentBytes(memo, keyOfCall(memo, receiver, args))).toString("hex");
}

/** The sentence with which a call is refused. */
function refusalOf(memo: Memo, args: unknown[], receiver?: unknown): string {
  try {
    bytesOf(memo, args, receiver);
  } catch (error) {
    if (!(error instanceof RoteError)) throw error;
    expect(error.code).toBe("ERR_NOT_STORABLE");
    return error.message;
  }
  throw new Error("was not refused");
}

type Options = MemoizeOptions<(...args: any[]) => unknown>;

function load(options: Options = {}): Memo {
  return memoFor(memoize((..._args: unknown[]): unknown => 1, { name: "loadUser", ...options }));
}

class Account {}
class Keyed {
  readonly content: unknown;
  constructor(content: unknown) {
    this.content = content;
  }
  [keySymbol](): unknown {
    return this.content;
  }
}

const NO_CONTENT =
  "it has no content that another process could recognise, so this call cannot be stored.";
const SAY_KEY = "Let options.key say what identifies the call.";

test("a call of content has the bytes of its key", () => {
  expect(bytesOf(load(), [1])).toBe("01010402");
  expect(bytesOf(load({ key: (a: number, b: number) => a + b }), [1, 2])).toBe("01010406");
  expect(bytesOf(load({ key: "identity" }), [1])).toBe("01010402");
});

describe("a call is refused with position, reason and remedy", () => {
  test("for an instance of a class", () => {
    expect(refusalOf(load(), [1, new Account()])).toBe(
      `Argument 2 of "loadUser" is an instance of Account: ${NO_CONTENT} Give Account a [keySymbol]() method, or options.key to say what identifies the call.`,
    );
  });

  test("for a function, and for what the platform has made", () => {
    expect(refusalOf(load(), [() => 1])).toBe(
      `Argument 1 of "loadUser" is a function: ${NO_CONTENT} ${SAY_KEY}`,
    );
    expect(refusalOf(load(), [new Error("secret")])).toBe(
      `Argument 1 of "loadUser" is an instance of Error: ${NO_CONTENT} ${SAY_KEY}`,
    );
    expect(refusalOf(load(), [Object.create({})])).toContain(" is an object: ");
    expect(refusalOf(load(), [new (class extends Array {})()])).toContain(" is an array: ");
    expect(refusalOf(load(), [Math])).toContain(" is an object: ");
  });

  test("for a symbol that is not registered, wherever it stands", () => {
    const sentence = `is a symbol that is not registered: ${NO_CONTENT} Make it with Symbol.for(). Or let options.key say what identifies the call.`;
    expect(refusalOf(load(), [Symbol("secret")])).toBe(`Argument 1 of "loadUser" ${sentence}`);
    expect(refusalOf(load(), [{ [Symbol("secret")]: 1 }])).toBe(
      `Argument 1 of "loadUser", at [symbol], ${sentence}`,
    );
    expect(refusalOf(load(), [Object(Symbol("secret"))])).toContain(", at valueOf(), is a symbol");
    expect(bytesOf(load(), [Symbol.iterator])).toBe("01010c086974657261746f72");
  });

  test("with the place inside of an argument", () => {
    const at = (argument: unknown): string | undefined =>
      /, at (.*), is /.exec(refusalOf(load(), [0, argument]))?.[1];
    const it = new Account();
    expect(at({ options: { user: it } })).toBe("options.user");
    expect(at({ z: 1, a: [1, { b: it }] })).toBe("a[1].b");
    expect(at([[[it]]])).toBe("[0][0][0]");
    expect(at(Object.assign([1], { total: it }))).toBe("total");
    expect(at(new Map<unknown, unknown>([[1, 2]]).set(3, it))).toBe("values()[1]");
    expect(at(new Map([[it, 2]]))).toBe("keys()[0]");
    expect(at({ set: new Set([1, it]) })).toBe("set.values()[1]");
    expect(at(Object.assign(/a/, { lastIndex: it }))).toBe("lastIndex");
    expect(at(Object.assign(new Date(0), { by: it }))).toBe("by");
    expect(at(new Keyed(it))).toBe("[keySymbol]()");
    expect(at({ a: new Keyed([it]) })).toBe("a[keySymbol]()[0]");
    expect(at({ "ada@example.org": it })).toBe("[…]");
    expect(at({ 17: it })).toBe("[17]");
    const shared = { deep: it };
    expect(at([shared, { again: shared }])).toBe("[0].deep");
    let deep: unknown = it;
    for (let level = 0; level < 100_000; level++) deep = { a: deep };
    expect(at({ top: deep })).toBe("top.a.a.a….a.a.a.a");
  });

  test("and shows no content", () => {
    const secret = { password: "hunter2", tokens: ["secret"], check: () => 1 };
    const message = refusalOf(load(), ["hunter2", secret]);
    expect(message).toContain(", at check, is a function");
    expect(message).not.toMatch(/hunter2|secret/);
  });

  test("for what the key function returns", () => {
    expect(refusalOf(load({ key: (user: unknown) => ({ user }) }), [new Account()])).toBe(
      `The key of "loadUser", at user, is an instance of Account: ${NO_CONTENT} Give Account a [keySymbol]() method, or let options.key return something else.`,
    );
    expect(refusalOf(load({ key: () => () => 1 }), [])).toBe(
      `The key of "loadUser" is a function: ${NO_CONTENT} Let options.key return what identifies the call by content.`,
    );
  });

  test('for every object with key: "identity"', () => {
    expect(refusalOf(load({ key: "identity" }), [1, {}])).toBe(
      `Argument 2 of "loadUser" is an object: with key: "identity" it is known by identity, which ends with the process, so this call cannot be stored. Memoize without key: "identity", or with a function of the arguments as options.key.`,
    );
    expect(refusalOf(load({ key: "identity" }), [[]])).toContain("is an array");
  });

  test("for a receiver, and counts arguments after it", () => {
    const memo = memoFor(
      memoize(
        function (this: unknown, _a: unknown) {
          return this;
        },
        { name: "area" },
      ),
    );
    expect(refusalOf(memo, [1], new Account())).toBe(
      'The receiver of "area" is an instance of Account: receivers are known by identity, which ends with the process, so this call cannot be stored. Memoize a function that takes what it needs of this as an argument, or, if it needs nothing of it, with { receiver: false }.',
    );
    expect(refusalOf(memo, [() => 1], undefined)).toContain('Argument 1 of "area" is a function');
    expect(bytesOf(memo, [1], undefined)).toBe("01020f0402");
    expect(bytesOf(memo, [1], "text")).toBe("01020a04746578740402");
  });

  test("for a method, whose keys do not say on what it was called", () => {
    class Circle {
      area(): number {
        return 1;
      }
    }
    memoizeMethods(Circle, { area: {} });
    const whole = wholeOf(Circle.prototype.area);
    if (whole === undefined) throw new Error("not memoized");
    const circle = new Circle();
    expect(refusalOf(memoOf(whole, circle), [], circle)).toContain(
      'The receiver of "area" is an instance of Circle: ',
    );
  });
});

describe("classes with [keySymbol]", () => {
  const named = (name: string): new (content: unknown) => object => {
    const type = class extends Keyed {};
    Object.defineProperty(type, "name", { value: name });
    return type;
  };

  test("are known by name, so a second one of that name is refused", () => {
    const [First, Second] = [named("Price"), named("Price")];
    expect(bytesOf(load(), [new First(1)])).toBe("01010d240550726963650402");
    expect(refusalOf(load(), [new Second(1)])).toBe(
      'Argument 1 of "loadUser" is an instance of a second class named Price: another process could not tell the classes apart, so this call cannot be stored. Rename one of them, or give it a name of its own, as in static name = "OtherPrice".',
    );
    expect(bytesOf(load(), [new First(1)])).toBe("01010d240550726963650402");
    class Third extends Keyed {
      static override name = "ThirdPrice";
    }
    expect(bytesOf(load(), [new Third(1)])).toContain(Buffer.from("ThirdPrice").toString("hex"));
  });

  test("and without a name are refused, as is what has no class of its own", () => {
    const sentence =
      'Argument 1 of "loadUser" is an instance of a class without a name: another process could not recognise the class, so this call cannot be stored. Give the class a name, as in static name = "Account".';
    expect(refusalOf(load(), [new (named(""))(1)])).toBe(sentence);
    expect(refusalOf(load(), [Object.create({ [keySymbol]: () => 1 })])).toBe(sentence);
    expect(refusalOf(load(), [Object.create(Object.create(Keyed.prototype), {})])).toBe(sentence);
  });

  test("give their name up when they are collected", async () => {
    const { gc } = globalThis as { gc?: () => void };
    const use = (): string => bytesOf(load(), [new (named("Fleeting"))(1)]);
    const first = use();
    let again = "";
    for (let turn = 0; turn < 30 && again === ""; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      gc?.();
      try {
        again = use();
      } catch (error) {
        expect(error).toBeInstanceOf(RoteError);
      }
    }
    expect(again).toBe(first);
  });
});
