import { describe, expectTypeOf, test } from "vitest";
import {
  cacheOf,
  clearAll,
  configure,
  isMemoized,
  keySymbol,
  memoize,
  memoizeMethods,
  RoteError,
  tabulate,
} from "./index.ts";
import type { CacheHandle, Memoized, MemoizeOptions } from "./index.ts";

interface User {
  readonly id: number;
  readonly name: string;
}

describe("the shape of the original in the types", () => {
  test("a memoized function has the type of its original, and a cache", () => {
    const load = (id: string): number => id.length;
    const memoized = memoize(load);
    expectTypeOf(memoized).toEqualTypeOf<Memoized<typeof load>>();
    expectTypeOf(memoized).toExtend<typeof load>();
    expectTypeOf(memoized).parameters.toEqualTypeOf<[id: string]>();
    expectTypeOf(memoized).returns.toEqualTypeOf<number>();
    expectTypeOf(memoized.original).toEqualTypeOf<typeof load>();
    expectTypeOf(memoized.cache).toEqualTypeOf<CacheHandle<typeof load>>();

    // @ts-expect-error a number is no string
    memoized(1);
    // @ts-expect-error one argument is missing
    memoized();
    // @ts-expect-error one argument too many
    memoized("a", "b");
    // @ts-expect-error the cache stays
    memoized.cache = memoized.cache;
    // @ts-expect-error the original stays
    memoized.original = load;
  });

  test("a recursive function may refer to the name it is being given", () => {
    const fib = memoize((n: number): number => (n < 2 ? n : fib(n - 1) + fib(n - 2)));
    expectTypeOf(fib).toBeCallableWith(36);
    expectTypeOf(fib).returns.toEqualTypeOf<number>();
    const bounded = memoize((n: number): bigint => (n < 2 ? 1n : bounded(n - 1)), {
      depthLimit: 100,
    });
    expectTypeOf(bounded).returns.toEqualTypeOf<bigint>();
  });

  test("overloads", () => {
    function parse(text: string): string;
    function parse(value: number, radix: number): number;
    function parse(value: string | number, _radix?: number): string | number {
      return value;
    }
    const memoized = memoize(parse);
    expectTypeOf(memoized("a")).toEqualTypeOf<string>();
    expectTypeOf(memoized(1, 10)).toEqualTypeOf<number>();
    // @ts-expect-error there is no overload for a number alone
    memoized(1);
    expectTypeOf(memoize(parse, { key: "identity" })("a")).toEqualTypeOf<string>();
    expectTypeOf(memoize({ key: "identity" })(parse)(1, 10)).toEqualTypeOf<number>();
  });

  test("generics", () => {
    const first = memoize(<T>(list: readonly T[]): T | undefined => list[0]);
    expectTypeOf(first([1, 2])).toEqualTypeOf<number | undefined>();
    expectTypeOf(first(["a"])).toEqualTypeOf<string | undefined>();

    const pick = memoize(<T, K extends keyof T>(object: T, key: K): T[K] => object[key], {
      freeze: true,
    });
    expectTypeOf(pick({ a: 1, b: "x" }, "b")).toEqualTypeOf<string>();
    // @ts-expect-error "c" is no key
    pick({ a: 1 }, "c");

    const same = memoize({ timing: true })(<const T>(value: T): T => value);
    expectTypeOf(same("a")).toEqualTypeOf<"a">();
  });

  test("type predicates", () => {
    const isUser = memoize((value: unknown): value is User => typeof value === "object");
    const value = {} as unknown;
    if (isUser(value)) expectTypeOf(value).toEqualTypeOf<User>();
    else expectTypeOf(value).toEqualTypeOf<unknown>();
    const list: unknown[] = [];
    expectTypeOf(list.filter(isUser)).toEqualTypeOf<User[]>();
  });

  test("assertion signatures", () => {
    const assertUser: Memoized<(value: unknown) => asserts value is User> = memoize(
      (value: unknown): asserts value is User => {
        if (value === null) throw new Error("no user");
      },
    );
    const value = {} as unknown;
    assertUser(value);
    expectTypeOf(value).toEqualTypeOf<User>();
  });

  test("this parameters", () => {
    const area = memoize(function (this: { width: number }, height: number): number {
      return this.width * height;
    });
    expectTypeOf(area).thisParameter.toEqualTypeOf<{ width: number }>();
    expectTypeOf(area).parameters.toEqualTypeOf<[height: number]>();
    const shape = { width: 2, area };
    expectTypeOf(shape.area(3)).toEqualTypeOf<number>();
    // @ts-expect-error void has no width
    area(3);
    // @ts-expect-error this object has no width
    area.call({}, 3);
  });

  test("default, optional and rest parameters", () => {
    const plain = (name: string, greeting = "hello", ...marks: string[]) => {
      return greeting + name + marks.join("");
    };
    const greet = memoize(plain);
    expectTypeOf(greet).parameters.toEqualTypeOf<Parameters<typeof plain>>();
    greet("Ada");
    greet("Ada", undefined, "!", "?");
    // @ts-expect-error a mark is a string
    greet("Ada", "hi", 1);

    const inline = memoize((a: number, b = 2, { c = 3 } = {}) => a + b + c);
    expectTypeOf(inline.original).parameters.toEqualTypeOf<
      [a: number, b?: number | undefined, options?: { c?: number | undefined } | undefined]
    >();
    // @ts-expect-error a string is no number
    inline(1, "2");
    // @ts-expect-error a string is no result
    inline.cache.set([1], "5");
    const curried = memoize({ timing: true })((a: number, b = 2) => a + b);
    expectTypeOf(curried).parameters.toEqualTypeOf<[a: number, b?: number | undefined]>();
    // @ts-expect-error a parameter needs a type, as without memoize
    memoize((n) => n.foo.bar);

    const optional = memoize((a: number, b?: string) => (b ?? "") + a);
    expectTypeOf(optional).parameters.toEqualTypeOf<[a: number, b?: string | undefined]>();
  });

  test("promises, tuples, unions and never", () => {
    expectTypeOf(memoize(async (id: string) => ({ id }))).returns.toEqualTypeOf<
      Promise<{ id: string }>
    >();
    expectTypeOf(memoize((n: number): [n: number, text: string] => [n, ""])).returns.toEqualTypeOf<
      [n: number, text: string]
    >();
    expectTypeOf(memoize((n: number): "a" | "b" => (n > 0 ? "a" : "b"))).returns.toEqualTypeOf<
      "a" | "b"
    >();
    expectTypeOf(
      memoize((): never => {
        throw new Error("never");
      }),
    ).returns.toEqualTypeOf<never>();
  });

  test("own properties of the original", () => {
    const labelled = memoize(Object.assign((n: number) => n, { label: "x" }));
    expectTypeOf(labelled.label).toEqualTypeOf<string>();
    expectTypeOf(labelled(1)).toEqualTypeOf<number>();
  });

  test("a memoized function goes wherever its original goes", () => {
    const double = memoize((n: number) => n * 2);
    expectTypeOf([1, 2].map((n) => double(n))).toEqualTypeOf<number[]>();
    const take = (fn: (n: number) => number): number => fn(1);
    expectTypeOf(take(double)).toEqualTypeOf<number>();
  });

  test("memoizing what is memoized keeps the signature", () => {
    const twice = memoize(memoize((n: number) => `${n}`));
    expectTypeOf(twice).parameters.toEqualTypeOf<[n: number]>();
    expectTypeOf(twice).returns.toEqualTypeOf<string>();
  });
});

describe("call positions", () => {
  test("with options, and curried", () => {
    const length = (text: string): number => text.length;
    expectTypeOf(memoize(length, {})).toEqualTypeOf<Memoized<typeof length>>();
    expectTypeOf(memoize({ freeze: true })(length)).toEqualTypeOf<Memoized<typeof length>>();
    expectTypeOf(memoize({})(length)("abc")).toEqualTypeOf<number>();
  });

  test("what is no function is refused", () => {
    // @ts-expect-error a number is no function
    memoize(5);
    // @ts-expect-error a string is no function
    memoize("text");
    // @ts-expect-error nothing to memoize
    memoize();
    // @ts-expect-error a class is no function that can be called
    memoize(class Account {});
    // @ts-expect-error a number is no function, in the curried form
    memoize({ freeze: true })(5);
  });
});

describe("options", () => {
  const load = (user: User, fresh: boolean): string => user.name + fresh;

  test("every option has its type", () => {
    expectTypeOf<MemoizeOptions<typeof load>>().toExtend<{
      receiver?: boolean | undefined;
      recursion?: "restart" | "off" | undefined;
      depthLimit?: number | undefined;
      freeze?: boolean | undefined;
      verify?: number | undefined;
      timing?: boolean | undefined;
      name?: string | undefined;
    }>();
    memoize(load, {
      key: "value",
      receiver: false,
      recursion: "restart",
      depthLimit: 500,
      freeze: true,
      verify: 0.01,
      timing: true,
      name: "load",
    });
    memoize(load, { key: "identity" });
    memoize(load, { recursion: "off" });
  });

  test("a key function sees the arguments of the function", () => {
    memoize(load, {
      key: (user, fresh) => {
        expectTypeOf(user).toEqualTypeOf<User>();
        expectTypeOf(fresh).toEqualTypeOf<boolean>();
        return [user.id, fresh];
      },
    });
    memoize(load, { key: (user) => user.id });
    // @ts-expect-error a User has no email
    memoize(load, { key: (user) => user.email });
  });

  test("what does not exist or has another type is refused", () => {
    // @ts-expect-error the option is called depthLimit
    memoize(load, { depthlimit: 5 });
    // @ts-expect-error "values" is no key
    memoize(load, { key: "values" });
    // @ts-expect-error a string is no limit
    memoize(load, { depthLimit: "5" });
    // @ts-expect-error 1 is no boolean
    memoize(load, { freeze: 1 });
    // @ts-expect-error verify is a share of the hits
    memoize(load, { verify: true });
    // @ts-expect-error "on" is no way to recurse
    memoize(load, { recursion: "on" });
    // @ts-expect-error a receiver is part of the key or not
    memoize(load, { receiver: "yes" });
    // @ts-expect-error a name is a string
    memoize(load, { name: 3 });
    // @ts-expect-error the option is called depthLimit, in the curried form too
    memoize({ depthlimit: 5 });
  });
});

describe("the handle", () => {
  const memoized = memoize((a: string, b?: number): boolean => a.length > (b ?? 0));
  const { cache } = memoized;

  test("takes the arguments of the function and gives its results", () => {
    expectTypeOf(cache.size).toEqualTypeOf<number>();
    expectTypeOf(cache.has).parameters.toEqualTypeOf<[a: string, b?: number | undefined]>();
    expectTypeOf(cache.has("a")).toEqualTypeOf<boolean>();
    expectTypeOf(cache.peek("a", 1)).toEqualTypeOf<boolean | undefined>();
    expectTypeOf(cache.delete("a")).toEqualTypeOf<boolean>();
    expectTypeOf(cache.refresh("a")).toEqualTypeOf<boolean>();
    expectTypeOf(cache.clear()).toEqualTypeOf<void>();
    cache.set(["a", 1], true);
    cache.set(["a"], false);

    // @ts-expect-error a number is no string
    cache.has(1);
    // @ts-expect-error a string is no result
    cache.set(["a"], "yes");
    // @ts-expect-error arguments come as a list
    cache.set("a", true);
    // @ts-expect-error the size is counted, not set
    cache.size = 0;
  });

  test("entries and stats", () => {
    for (const [args, value] of cache.entries()) {
      expectTypeOf(args).toExtend<readonly unknown[]>();
      expectTypeOf(value).toEqualTypeOf<boolean>();
    }
    const stats = cache.stats();
    expectTypeOf(stats).toExtend<{
      readonly hits: number;
      readonly misses: number;
      readonly runs: number;
      readonly reruns: number;
      readonly entries: number;
      readonly runTime: number;
      readonly depth: number;
      readonly pinned: number;
    }>();
  });

  test("of a receiver", () => {
    const area = memoize(function (this: { width: number }, height: number): number {
      return this.width * height;
    });
    expectTypeOf(area.cache.of({ width: 1 }).peek(2)).toEqualTypeOf<number | undefined>();
    expectTypeOf(area.cache.of({ width: 1 }).has).parameters.toEqualTypeOf<[height: number]>();
  });

  test("a promise is a value like any other", () => {
    const load = memoize(async (id: number) => `${id}`);
    expectTypeOf(load.cache.peek(1)).toEqualTypeOf<Promise<string> | undefined>();
  });
});

describe("stale results", () => {
  test("windows are durations, and nothing else", () => {
    memoize((id: string) => id, { ttl: "1m", staleWhileRevalidate: "1h", staleIfError: 5000 });
    // @ts-expect-error "1 hour" is no Duration
    memoize((id: string) => id, { ttl: "1m", staleWhileRevalidate: "1 hour" });
    // @ts-expect-error unlike ttl, it is no function of the result
    memoize((id: string) => id, { ttl: "1m", staleIfError: () => 5 });
  });

  test("hits say whether they are stale, and so does explain", () => {
    const load = memoize((id: string) => id.length, { ttl: "1m", staleWhileRevalidate: "1h" });
    load.cache.on("hit", (event) => expectTypeOf(event.isStale).toEqualTypeOf<boolean>());
    const explanation = load.cache.explain("a");
    if (explanation.outcome === "stale") {
      expectTypeOf(explanation.staleUntil).toEqualTypeOf<number>();
      expectTypeOf(explanation.isRefreshing).toEqualTypeOf<boolean>();
      expectTypeOf(explanation.reason).toEqualTypeOf<"revalidated" | "failed">();
    }
    const { staleHits, refreshes, rescued } = load.cache.stats();
    expectTypeOf([staleHits, refreshes, rescued]).toEqualTypeOf<number[]>();
  });
});

describe("the functions beside memoize", () => {
  test("cacheOf", () => {
    const load = (id: string): number => id.length;
    expectTypeOf(cacheOf(memoize(load)).peek("a")).toEqualTypeOf<number | undefined>();
    // @ts-expect-error text has no cache
    cacheOf("text");
  });

  test("isMemoized takes anything", () => {
    expectTypeOf(isMemoized(5)).toEqualTypeOf<boolean>();
    const load = (id: string): number => id.length;
    const sizeOf = (value: typeof load | Memoized<typeof load>): number =>
      isMemoized(value) ? value.cache.size : 0;
    expectTypeOf(sizeOf(load)).toEqualTypeOf<number>();
  });

  test("tabulate", () => {
    const power = memoize((base: number, exponent: number): bigint => {
      return BigInt(base) ** BigInt(exponent);
    });
    expectTypeOf(tabulate(power, [[2, 3]])).toEqualTypeOf<bigint[]>();
    tabulate(power, new Set<[number, number]>([[1, 1]]));
    // @ts-expect-error one argument is missing
    tabulate(power, [[2]]);
    // @ts-expect-error calls are argument lists
    tabulate(power, [2, 3]);
  });

  test("clearAll and configure", () => {
    expectTypeOf(clearAll()).toEqualTypeOf<void>();
    expectTypeOf(configure({ enabled: false })).toEqualTypeOf<void>();
    // @ts-expect-error enabled is a boolean
    configure({ enabled: "no" });
    // @ts-expect-error there is no such setting
    configure({ on: true });
  });

  test("keySymbol names a method of a class", () => {
    class Money {
      readonly amount: number = 1;
      [keySymbol](): unknown {
        return this.amount;
      }
    }
    expectTypeOf(new Money()[keySymbol]()).toEqualTypeOf<unknown>();
    expectTypeOf(keySymbol).toExtend<symbol>();
  });

  test("RoteError has a code", () => {
    const error = new Error() as unknown;
    if (error instanceof RoteError) {
      expectTypeOf(error).toExtend<Error>();
      expectTypeOf(error.code).toExtend<string>();
      if (error.code === "ERR_CYCLE") expectTypeOf(error.message).toEqualTypeOf<string>();
      // @ts-expect-error there is no such code
      if (error.code === "ERR_NONSENSE") throw error;
    }
  });
});

describe("decorators", () => {
  class Shape {
    width = 1;

    @memoize
    area(height: number): number {
      return this.width * height;
    }

    @memoize({ maxEntries: 10 })
    async load(id: string): Promise<number> {
      await null;
      return id.length;
    }

    parse(text: string): string;
    parse(value: number, radix: number): number;
    @memoize
    parse(value: string | number, _radix?: number): string | number {
      return value;
    }

    @memoize
    first<T>(list: readonly T[]): T | undefined {
      return list[0];
    }

    @memoize
    get half(): number {
      return this.width / 2;
    }

    @memoize
    self(): this {
      return this;
    }

    @memoize
    bound(this: Shape & { extra: string }): string {
      return this.extra;
    }

    @memoize
    static make(width: number): Shape {
      return Object.assign(new Shape(), { width });
    }

    @memoize
    #secret(value: string): number {
      return value.length;
    }
    reveal(): number {
      return this.#secret("a");
    }
  }

  test("a method keeps its type: this, overloads, generics, getters", () => {
    const shape = new Shape();
    expectTypeOf(shape.area).toEqualTypeOf<(height: number) => number>();
    expectTypeOf(shape.load("a")).toEqualTypeOf<Promise<number>>();
    expectTypeOf(shape.parse("a")).toEqualTypeOf<string>();
    expectTypeOf(shape.parse(1, 2)).toEqualTypeOf<number>();
    expectTypeOf(shape.first([1])).toEqualTypeOf<number | undefined>();
    expectTypeOf(shape.half).toEqualTypeOf<number>();
    expectTypeOf(shape.self()).toEqualTypeOf<Shape>();
    expectTypeOf(Shape.make(1)).toEqualTypeOf<Shape>();
    // @ts-expect-error this has no extra
    shape.bound();
    // @ts-expect-error a text is no number
    shape.area("1");
  });

  test("the handle of a method or a getter of an object", () => {
    const shape = new Shape();
    expectTypeOf(cacheOf(shape, "area")).toEqualTypeOf<CacheHandle<(height: number) => number>>();
    expectTypeOf(cacheOf(shape, "half").peek()).toEqualTypeOf<number | undefined>();
    expectTypeOf(cacheOf(Shape, "make").peek(1)).toEqualTypeOf<Shape | undefined>();
    // @ts-expect-error there is no such method
    cacheOf(shape, "aera");
  });

  test("what is no method is a type error", () => {
    class Wrong {
      // @ts-expect-error a field
      @memoize
      field = 1;

      // @ts-expect-error a field that holds a function
      @memoize({})
      arrow = (): number => 1;

      // @ts-expect-error a setter
      @memoize
      set value(_value: number) {}

      // @ts-expect-error an option of the wrong type
      @memoize({ maxEntries: "10" })
      method(): number {
        return 1;
      }
    }
    // @ts-expect-error a class
    @memoize
    class Whole {}
    void [Wrong, Whole];
  });

  test("memoizeMethods knows the names", () => {
    expectTypeOf(memoizeMethods(Shape, { area: true, half: { ttl: 1 }, make: true })).toEqualTypeOf<
      typeof Shape
    >();
    // @ts-expect-error no such method
    memoizeMethods(Shape, { aera: true });
    // @ts-expect-error no such option
    memoizeMethods(Shape, { area: { ttll: 1 } });
    // @ts-expect-error no class
    memoizeMethods({}, {});
  });
});
