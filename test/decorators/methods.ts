/** Runs in every form of decorators: what `@memoize` does to methods, getters and static members. */
import assert from "node:assert/strict";

import { cacheOf, isMemoized, memoize, memoizeMethods, RoteError } from "rote";
import { runInScope } from "rote/scope";

let runs = 0;

class Shape {
  width: number;
  constructor(width = 3) {
    this.width = width;
  }

  @memoize
  area(height: number): number {
    runs++;
    return this.width * height;
  }

  @memoize
  perimeter(height: number): number {
    runs++;
    return 2 * (this.width + height);
  }

  @memoize
  get half(): number {
    runs++;
    return this.width / 2;
  }
  set half(value: number) {
    this.width = value * 2;
  }

  @memoize({})
  nothing(): undefined {
    runs++;
  }

  @memoize({ maxEntries: 2, policy: "lru" })
  bounded(height: number): number {
    runs++;
    return this.width * height;
  }

  @memoize({ key: (options: { height: number }) => options.height })
  keyed(options: { height: number }): number {
    runs++;
    return this.width * options.height;
  }

  @memoize
  structure(options: { height: number; unit?: string }, scale: number): string {
    runs++;
    return `${this.width * options.height * scale}${options.unit ?? ""}`;
  }

  @memoize
  volume(a: number, b: number, c: number): number {
    runs++;
    return this.width * a * b * c;
  }

  @memoize
  many(a: number, b: number, c: number, d: number): number {
    runs++;
    return this.width * a * b * c * d;
  }

  @memoize
  fib(n: number): number {
    runs++;
    return n < 2 ? n : this.fib(n - 1) + this.fib(n - 2);
  }

  @memoize
  depth(n: number): number {
    return n === 0 ? this.width : this.depth(n - 1) + 1;
  }

  @memoize
  loop(n: number): number {
    return n === 0 ? this.loop(3) : this.loop(n - 1);
  }

  @memoize
  fails(n: number): number {
    runs++;
    throw new Error(`no ${n}`);
  }

  @memoize
  async later(n: number): Promise<number> {
    runs++;
    await null;
    return this.width * n;
  }

  @memoize
  promised(n: number): Promise<number> {
    runs++;
    return Promise.resolve(this.width * n);
  }

  @memoize({ receiver: false })
  shared(n: number): number {
    runs++;
    return n * n;
  }

  @memoize
  plain(n: number): number {
    runs++;
    return n * n;
  }

  @memoize
  self(): this {
    return this;
  }

  @memoize
  static make(width: number): Shape {
    runs++;
    return new this(width);
  }

  @memoize
  static get unit(): string {
    runs++;
    return this.name;
  }
}

class Square extends Shape {
  @memoize
  override area(height: number): number {
    runs++;
    return super.area(height) + 1;
  }
}

const areaOf = (name: string): object =>
  (Object.getOwnPropertyDescriptor(Shape.prototype, name)?.value ?? {}) as object;

function countRuns(body: () => void): number {
  const before = runs;
  body();
  return runs - before;
}

export const cases: Record<string, () => void | Promise<void>> = {
  "a method runs once for each receiver and equal arguments"() {
    const [a, b] = [new Shape(2), new Shape(5)];
    assert.equal(
      countRuns(() => {
        for (let i = 0; i < 3; i++) {
          assert.equal(a.area(3), 6);
          assert.equal(b.area(3), 15);
          assert.equal(a.area(4), 8);
        }
      }),
      3,
    );
  },
  "two methods of one object do not meet"() {
    const shape = new Shape(2);
    assert.equal(shape.area(3), 6);
    assert.equal(shape.perimeter(3), 10);
    assert.equal(shape.area(3), 6);
    assert.equal(cacheOf(shape, "area").size, 1);
  },
  "an override and what it calls by super keep apart"() {
    const square = new Square(2);
    assert.equal(square.area(3), 7);
    assert.equal(
      countRuns(() => assert.equal(square.area(3), 7)),
      0,
    );
    assert.equal(
      countRuns(() => assert.equal(Shape.prototype.area.call(square, 3), 6)),
      0,
    );
  },
  "a getter runs once, and again after its setter"() {
    const shape = new Shape(4);
    assert.equal(
      countRuns(() => assert.equal(shape.half + shape.half, 4)),
      1,
    );
    shape.half = 10;
    assert.equal(shape.width, 20);
    assert.equal(
      countRuns(() => assert.equal(shape.half + shape.half, 20)),
      1,
    );
    const other = new Shape(6);
    assert.equal(other.half, 3);
    shape.half = 1;
    assert.equal(
      countRuns(() => assert.equal(other.half, 3)),
      0,
    );
  },
  "a getter whose results are for a request runs again after its setter, too"() {
    class Session {
      user = "ada";
      @memoize({ scope: "request" })
      get name(): string {
        runs++;
        return this.user.toUpperCase();
      }
      set name(name: string) {
        this.user = name;
      }
    }
    const session = new Session();
    runInScope(() => {
      assert.equal(
        countRuns(() => assert.equal(session.name + session.name, "ADAADA")),
        1,
      );
      session.name = "bob";
      assert.equal(session.name, "BOB");
    });
  },
  "a name may be a number, any text, or a symbol"() {
    const symbol = Symbol("symbol");
    class Named {
      @memoize
      5(n: number): number {
        runs++;
        return n;
      }
      @memoize
      "a name"(n: number): number {
        runs++;
        return n;
      }
      @memoize
      [symbol](n: number): number {
        runs++;
        return n;
      }
    }
    const named = new Named();
    assert.equal(
      countRuns(() => {
        for (let i = 0; i < 2; i++) void [named[5](1), named["a name"](1), named[symbol](1)];
      }),
      3,
    );
    assert.deepEqual(
      [cacheOf(named, 5), cacheOf(named, "a name"), cacheOf(named, symbol)].map(({ size }) => size),
      [1, 1, 1],
    );
  },
  "undefined is a result like any other"() {
    const shape = new Shape();
    assert.equal(
      countRuns(() => void [shape.nothing(), shape.nothing()]),
      1,
    );
  },
  "a bound counts for each receiver"() {
    const [a, b] = [new Shape(1), new Shape(2)];
    for (const height of [1, 2, 3]) void [a.bounded(height), b.bounded(height)];
    assert.deepEqual(
      [...cacheOf(a, "bounded").entries()],
      [
        [[2], 2],
        [[3], 3],
      ],
    );
    assert.equal(cacheOf(b, "bounded").size, 2);
    assert.equal(
      countRuns(() => a.bounded(3)),
      0,
    );
    assert.equal(
      countRuns(() => a.bounded(1)),
      1,
    );
  },
  "a key function gives what identifies a call on its receiver"() {
    const [a, b] = [new Shape(1), new Shape(2)];
    assert.equal(a.keyed({ height: 3 }), 3);
    assert.equal(
      countRuns(() => assert.equal(a.keyed({ height: 3 }), 3)),
      0,
    );
    assert.equal(b.keyed({ height: 3 }), 6);
    assert.deepEqual([...cacheOf(b, "keyed").entries()], [[3, 6]]);
  },
  "arguments are compared by content"() {
    const shape = new Shape(2);
    assert.equal(shape.structure({ height: 2, unit: "m" }, 1), "4m");
    assert.equal(
      countRuns(() => assert.equal(shape.structure({ unit: "m", height: 2 }, 1), "4m")),
      0,
    );
  },
  "methods of any number of arguments, and calls with more or fewer"() {
    const shape = new Shape(2);
    assert.equal(
      countRuns(() => assert.equal(shape.volume(1, 2, 3) + shape.volume(1, 2, 3), 24)),
      1,
    );
    assert.equal(
      countRuns(() => assert.equal(shape.many(1, 2, 3, 4) + shape.many(1, 2, 3, 4), 96)),
      1,
    );
    const loose = shape.area as (...args: unknown[]) => number;
    assert.equal(
      countRuns(() => void [loose.call(shape, 9, 8), loose.call(shape, 9, 8)]),
      1,
    );
    assert.equal(
      countRuns(() => void [loose.call(shape), loose.call(shape)]),
      1,
    );
  },
  "recursion memoizes its own calls, as deep as memory goes"() {
    const shape = new Shape(2);
    assert.equal(
      countRuns(() => assert.equal(shape.fib(70), 190392490709135)),
      71,
    );
    assert.equal(shape.depth(100_000), 100_002);
    assert.throws(() => shape.loop(2), { code: "ERR_CYCLE" });
  },
  "an error reaches the caller and is not remembered"() {
    const shape = new Shape();
    assert.equal(
      countRuns(() => {
        assert.throws(() => shape.fails(1), { message: "no 1" });
        assert.throws(() => shape.fails(1), { message: "no 1" });
      }),
      2,
    );
  },
  async "promises are shared while they are in flight, and kept"() {
    const [a, b] = [new Shape(2), new Shape(3)];
    const before = runs;
    assert.deepEqual(await Promise.all([a.later(1), a.later(1), b.later(1)]), [2, 2, 3]);
    assert.deepEqual(await Promise.all([a.promised(1), a.promised(1), b.promised(1)]), [2, 2, 3]);
    assert.equal(await a.promised(1), 2);
    assert.equal(runs - before, 4);
    assert.equal(cacheOf(a, "later").size, 1);
    assert.equal(cacheOf(b, "promised").size, 1);
  },
  "frozen and sealed objects, and a proxy beside its target"() {
    const frozen = Object.freeze(new Shape(2));
    const sealed = Object.seal(new Shape(3));
    assert.equal(
      countRuns(() => assert.equal(frozen.area(1) + frozen.area(1), 4)),
      1,
    );
    assert.equal(
      countRuns(() => assert.equal(sealed.half + sealed.half, 3)),
      1,
    );
    const proxy = new Proxy(frozen, {});
    assert.equal(
      countRuns(() => assert.equal(proxy.area(1) + proxy.area(1), 4)),
      1,
    );
  },
  "nothing is to be seen on an object"() {
    const shape = new Shape(2);
    shape.area(1);
    assert.deepEqual(Reflect.ownKeys(shape), ["width"]);
    assert.deepEqual(structuredClone(Object.assign({}, shape)), { width: 2 });
  },
  "a method without this has a cache for each receiver, too, unless receiver is false"() {
    const [a, b] = [new Shape(), new Shape()];
    assert.equal(
      countRuns(() => void [a.plain(2), b.plain(2)]),
      2,
    );
    assert.equal(
      countRuns(() => void [a.shared(2), b.shared(2)]),
      1,
    );
    assert.equal(cacheOf(a, "shared").size, 1);
  },
  "a method that is called on no object, or on a primitive"() {
    const { plain } = new Shape();
    assert.equal(
      countRuns(() => void [plain(3), plain(3)]),
      1,
    );
    assert.equal(
      countRuns(
        () =>
          void [
            plain.call("a" as never, 3),
            plain.call("a" as never, 3),
            plain.call("b" as never, 3),
          ],
      ),
      2,
    );
  },
  "static methods and getters, each class for itself"() {
    assert.equal(
      countRuns(() => {
        assert.equal(Shape.make(7), Shape.make(7));
        assert.ok(Square.make(7) instanceof Square);
        assert.equal(Shape.unit + Shape.unit + Square.unit, "ShapeShapeSquare");
      }),
      4,
    );
    assert.equal(cacheOf(Square, "make").size, 1);
  },
  "a method keeps its name, length, text and place"() {
    const area = Shape.prototype.area;
    assert.equal(area.name, "area");
    assert.equal(area.length, 1);
    assert.match(String(area), /this\.width \* height/);
    assert.ok(isMemoized(area));
    const { enumerable, writable, configurable } = Object.getOwnPropertyDescriptor(
      Shape.prototype,
      "area",
    ) as PropertyDescriptor;
    assert.deepEqual([enumerable, writable, configurable], [false, true, true]);
    assert.equal(Object.hasOwn(areaOf("area"), "prototype"), false);
    assert.throws(() => Reflect.construct(area, [1]) as unknown, TypeError);
  },
  "the handle of one object, and that of the method"() {
    const [a, b] = [new Shape(2), new Shape(3)];
    void [a.area(1), a.area(2), b.area(1)];
    const handle = cacheOf(a, "area");
    assert.equal(handle.size, 2);
    assert.equal(handle.peek(2), 4);
    assert.ok(handle.delete(2));
    assert.equal(
      countRuns(() => a.area(2)),
      1,
    );
    handle.set([9], 90);
    assert.equal(a.area(9), 90);
    assert.equal(handle.explain(9).outcome, "hit");
    handle.clear();
    assert.equal(handle.size, 0);
    assert.equal(cacheOf(b, "area").size, 1);
    assert.equal(handle.refresh(1), 2);
    assert.equal(
      countRuns(() => a.area(1)),
      0,
    );

    const whole = cacheOf(Shape.prototype.area);
    assert.equal(whole.of(b).size, 1);
    assert.throws(() => whole.peek(1), {
      code: "ERR_INVALID_ARGUMENT",
      message:
        /"area" is a method, and each object .* peek\(…\) needs one of them\. Say which: cacheOf\(object, "area"\)/,
    });
    whole.clear();
    assert.equal(
      countRuns(() => void [a.area(1), b.area(1)]),
      2,
    );
    const told: unknown[] = [];
    const off = whole.on("hit", ({ args, value }) => told.push([...args, value]));
    void [a.area(1), b.area(1)];
    off();
    b.area(1);
    assert.deepEqual(told, [
      [1, 2],
      [1, 3],
    ]);
    const { hits, misses } = whole.stats();
    assert.ok(hits >= 3 && misses >= 5);
  },
  "a handle does not run a getter"() {
    const shape = new Shape();
    assert.equal(
      countRuns(() => assert.equal(cacheOf(shape, "half").size, 0)),
      0,
    );
    assert.throws(() => cacheOf(shape, "width"), { code: "ERR_NOT_MEMOIZED" });
  },
  "results may be the object itself, which can still be collected"() {
    const shape = new Shape();
    assert.equal(shape.self(), shape);
  },
  "what is no method is refused"() {
    const refuses = (name: string, descriptor: unknown, message: RegExp): void => {
      assert.throws(
        () => (memoize as unknown as (...args: unknown[]) => void)({}, name, descriptor),
        (error) => error instanceof RoteError && message.test(error.message),
      );
    };
    refuses(
      "x",
      undefined,
      /"x" is a field\. Decorate a method, or memoize a function in the field/,
    );
    refuses("x", { set() {} }, /"x" is a setter\. Decorate the getter/);
    refuses("x", 0, /"x" is a parameter/);
    for (const kind of ["field", "class", "setter"]) {
      assert.throws(
        () =>
          (memoize as unknown as (...args: unknown[]) => void)(undefined, {
            kind,
            name: "x",
            addInitializer() {},
          }),
        { code: "ERR_INVALID_ARGUMENT", message: new RegExp(`"x" is a ${kind}\\.`) },
      );
    }
  },
  "memoizeMethods does the same without the syntax"() {
    let made = 0;
    class Circle {
      radius = 2;
      area(digits: number): string {
        made++;
        return (3 * this.radius ** 2).toFixed(digits);
      }
      get double(): number {
        made++;
        return this.radius * 2;
      }
      set double(value: number) {
        this.radius = value / 2;
      }
      static unit(): string {
        made++;
        return "m";
      }
    }
    assert.equal(
      memoizeMethods(Circle, { area: { maxEntries: 1 }, double: true, unit: true }),
      Circle,
    );
    assert.equal(made, 0);
    const circle = new Circle();
    assert.equal(circle.area(1) + circle.area(1), "12.012.0");
    assert.equal(circle.double + circle.double, 8);
    circle.double = 6;
    assert.equal(circle.double, 6);
    assert.equal(Circle.unit() + Circle.unit(), "mm");
    assert.equal(made, 4);
    circle.area(2);
    assert.equal(cacheOf(circle, "area").size, 1);
  },
};
