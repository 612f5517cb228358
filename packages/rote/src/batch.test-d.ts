import { describe, expectTypeOf, test } from "vitest";
import { cacheOf, isMemoized, memoize } from "./index.ts";
import type { Batched, BatchOptions, CacheHandle } from "./index.ts";

interface User {
  readonly id: number;
  // With these two a value looks like an Error to the type system, and must not be taken for one.
  readonly name: string;
  readonly message: string;
}

declare const user: User;

describe("the function of one key", () => {
  test("takes what loadMany takes many of, and promises one of what it returns", () => {
    const load = memoize.batch(async (ids: readonly number[]) => ids.map(() => user));
    expectTypeOf(load).toEqualTypeOf<Batched<number, User>>();
    expectTypeOf(load).parameter(0).toEqualTypeOf<number>();
    expectTypeOf(load).returns.toEqualTypeOf<Promise<User>>();
    expectTypeOf(load.original).returns.toEqualTypeOf<Promise<User>>();
    // @ts-expect-error a text is no key
    void load("1");
    // @ts-expect-error a key is missing
    void load();
  });

  test("an Error among the results is no value", () => {
    const load = memoize.batch(async (ids: readonly number[]) =>
      ids.map((id): User | Error => (id > 0 ? user : new Error("no such user"))),
    );
    expectTypeOf(load).returns.toEqualTypeOf<Promise<User>>();
  });

  test("results may come at once", () => {
    const load = memoize.batch((ids: readonly number[]) => ids.map(String));
    expectTypeOf(load).returns.toEqualTypeOf<Promise<string>>();
  });

  test("may be told its types", () => {
    const load = memoize.batch<string, User | undefined>(async (keys) => {
      expectTypeOf(keys).toEqualTypeOf<readonly string[]>();
      return keys.map(() => undefined);
    });
    expectTypeOf(load).returns.toEqualTypeOf<Promise<User | undefined>>();
    // @ts-expect-error a number is no user
    memoize.batch<string, User>(async (keys) => keys.map(() => 1));
  });

  test("takes an AbortSignal of the platform, or undefined in its place", () => {
    const load = memoize.batch(async (ids: readonly number[]) => ids);
    const { signal } = new AbortController();
    void load(1, signal);
    void load(1, undefined);
    // @ts-expect-error an index is no signal: say (id) => load(id)
    void [1, 2].map(load);
    // @ts-expect-error options are no signal
    void load(1, { signal });
  });

  test("goes wherever a function of one key goes", () => {
    const load = memoize.batch(async (ids: readonly number[]) => ids.map(() => user));
    const take = (fn: (id: number) => Promise<User>): Promise<User> => fn(1);
    expectTypeOf(take(load)).toEqualTypeOf<Promise<User>>();
    expectTypeOf(isMemoized(load)).toEqualTypeOf<boolean>();
  });

  test("what loads nothing is refused", () => {
    // @ts-expect-error nothing to load with
    memoize.batch();
    // @ts-expect-error a number is no function
    memoize.batch(5);
    // @ts-expect-error one result is no list
    memoize.batch(async (ids: readonly number[]) => ids.length);
    // @ts-expect-error keys come as a list
    memoize.batch(async (id: number) => [id]);
  });
});

describe("the handle", () => {
  test("is one of single keys", () => {
    const { cache } = memoize.batch(async (ids: readonly number[]) => ids.map(() => user));
    expectTypeOf(cache).toEqualTypeOf<CacheHandle<(key: number) => Promise<User>>>();
    expectTypeOf(cache.peek(1)).toEqualTypeOf<Promise<User> | undefined>();
    cache.set([1], Promise.resolve(user));
    // @ts-expect-error a text is no key
    cache.delete("1");
    // @ts-expect-error the result is a promise
    cache.set([1], user);
    const load = memoize.batch(async (ids: readonly number[]) => ids);
    expectTypeOf(cacheOf(load).peek(1)).toEqualTypeOf<Promise<number> | undefined>();
  });
});

describe("options", () => {
  const many = async (ids: readonly { id: number }[]) => ids.map(() => user);

  test("functions among them get the single key", () => {
    memoize.batch(many, {
      key: (key) => {
        expectTypeOf(key).toEqualTypeOf<{ id: number }>();
        return key.id;
      },
      maxWeight: 100,
      weigh: (value, key) => {
        expectTypeOf(value).toEqualTypeOf<User>();
        return key.id;
      },
      ttl: (value) => (value.id > 0 ? "5m" : 0),
    });
  });

  test("those of memoize, and two more", () => {
    expectTypeOf<BatchOptions<number, User>>().toExtend<{
      maxEntries?: number;
      timing?: boolean;
      maxBatch?: number;
      scheduleBatch?: (dispatch: () => void) => unknown;
    }>();
    memoize.batch(many, {
      maxBatch: 100,
      scheduleBatch: (dispatch) => setTimeout(dispatch, 10),
      maxEntries: 1000,
      ttl: "1m",
      rememberErrors: "1s",
      timeout: "5s",
      freeze: true,
      verify: 0.01,
      name: "user",
    });
  });

  test("what does not exist or has another type is refused", () => {
    // @ts-expect-error it is always async
    memoize.batch(many, { async: true });
    // @ts-expect-error a batch has no this of any one call
    memoize.batch(many, { receiver: true });
    // @ts-expect-error no run of a key is on the stack
    memoize.batch(many, { recursion: "off" });
    // @ts-expect-error nor has it a depth
    memoize.batch(many, { depthLimit: 5 });
    // @ts-expect-error the option is called maxBatch
    memoize.batch(many, { maxBatchSize: 5 });
    // @ts-expect-error a text is no number of keys
    memoize.batch(many, { maxBatch: "5" });
    // @ts-expect-error a schedule is a function
    memoize.batch(many, { scheduleBatch: 10 });
    // @ts-expect-error maxBatch is none of memoize's
    memoize(async (id: number) => id, { maxBatch: 5 });
  });
});
