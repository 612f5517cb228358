/**
 * The built library's behaviour in plain JavaScript, for engines that the test runner does not run on.
 * It covers what engines differ in: stacks, weak references, built-ins with content. Run by
 * scripts/matrix.mjs under several Nodes; by itself: `node test/matrix/suite.mjs`.
 */
import assert from "node:assert/strict";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import vm from "node:vm";

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
} from "../../packages/rote/dist/index.js";
import { disk } from "../../packages/rote/dist/disk/index.js";
import { observeMetrics, publishEvents } from "../../packages/rote/dist/metrics/index.js";
import { runInScope } from "../../packages/rote/dist/scope/index.js";
import { storeConformance } from "../../packages/rote/dist/testing/index.js";
import { openStored, packFailure, packResult } from "../../packages/rote/dist/tier/stored.js";
import { about, golden } from "../support/golden-envelopes.mjs";

const cases = [];
const test = (name, run) => cases.push({ name, run });

/** Memoizes a function that only counts; `runs()` says how often it ran. */
function counting(options = {}) {
  let count = 0;
  const call = memoize((..._args) => ++count, options);
  return { call, runs: () => count };
}

function sharesAnEntry(first, second, options) {
  const { call, runs } = counting(options);
  call(...first);
  call(...second);
  return runs() === 1;
}

test("fibonacci(36) takes 37 runs", () => {
  const fibonacci = memoize((n) => (n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2)));

  assert.equal(fibonacci(36), 14_930_352);
  const { runs, hits, misses } = fibonacci.cache.stats();
  assert.deepEqual({ runs, calls: hits + misses }, { runs: 37, calls: 71 });
});

test("a chain one million deep ends, within two runs a call", () => {
  let runs = 0;
  const sum = memoize((n) => {
    runs += 1;
    return n === 0 ? 0 : n + sum(n - 1);
  });

  assert.equal(sum(1_000_000), 500_000_500_000);
  assert.ok(runs <= 2_000_002, `${runs} runs`);
  assert.equal(sum(1_000_001), 500_001_500_001);
});

test("a genuine stack overflow from big frames is survived", () => {
  const big = memoize((n) => {
    const locals = Array.from({ length: 50 }, (_, i) => n + i);
    return n === 0 ? 0 : Math.max(...locals.map((_, i) => (i === 0 ? big(n - 1) + 1 : 0)));
  });

  assert.equal(big(50_000), 50_000);
});

test("a call from an already deep stack works", () => {
  const sum = memoize((n) => (n === 0 ? 0 : n + sum(n - 1)));
  const descend = (levels) => (levels === 0 ? sum(20_000) : descend(levels - 1));

  assert.equal(descend(5000), 200_010_000);
});

test("a cycle is an error which names it", () => {
  const f = memoize((n) => g(n - 1), { name: "f" });
  const g = memoize((n) => f(n + 1), { name: "g" });

  assert.throws(
    () => f(3),
    (error) => {
      assert.ok(error instanceof RoteError);
      assert.equal(error.code, "ERR_CYCLE");
      assert.match(error.message, /f\(3\) → g\(2\) → f\(3\)/);
      return true;
    },
  );
});

test("an error of the function reaches the caller unchanged, and is no entry", () => {
  const failure = new RangeError("mine");
  let runs = 0;
  const fail = memoize(() => {
    runs += 1;
    throw failure;
  });

  for (const _ of [1, 2]) assert.throws(fail, (error) => error === failure);
  assert.equal(runs, 2);
});

const equal = {
  "plain objects in any order of keys": [[{ a: 1, b: [2] }], [{ b: [2], a: 1 }]],
  NaN: [[NaN], [NaN]],
  dates: [[new Date(5)], [new Date(5)]],
  "regular expressions": [[/a/g], [/a/g]],
  maps: [[new Map([["a", { b: 1 }]])], [new Map([["a", { b: 1 }]])]],
  sets: [[new Set([1, 2])], [new Set([1, 2])]],
  "typed arrays over different buffers": [
    [new Uint8Array([1, 2])],
    [new Uint8Array(new Uint8Array([0, 1, 2]).buffer, 1)],
  ],
  URLs: [[new URL("https://example.org/a")], [new URL("https://example.org/a")]],
  "objects of another realm": [[{ a: 1 }], [vm.runInNewContext("({ a: 1 })")]],
  "boxed primitives": [[Object(1n)], [Object(1n)]],
  "registered symbols": [[Symbol.for("a")], [Symbol.for("a")]],
};
for (const [name, [first, second]] of Object.entries(equal)) {
  test(`equal: ${name}`, () => assert.ok(sharesAnEntry(first, second)));
}

const different = {
  "0 and -0": [[0], [-0]],
  "1 and its text": [[1], ["1"]],
  "1 and 1n": [[1], [1n]],
  "no argument and undefined": [[], [undefined]],
  "a missing and an undefined property": [[{}], [{ a: undefined }]],
  "a hole and undefined": [[Array(1)], [[undefined]]],
  "null prototype and Object.prototype": [[Object.create(null)], [{}]],
  "sets in another order": [[new Set([1, 2])], [new Set([2, 1])]],
  functions: [[() => 1], [() => 1]],
  "symbols of one description": [[Symbol("a")], [Symbol("a")]],
  "instances of a class": [[new (class A {})()], [new (class A {})()]],
  "aliased and separate parts": [[[[], []]], [((part) => [part, part])([])]],
};
for (const [name, [first, second]] of Object.entries(different)) {
  test(`different: ${name}`, () => assert.ok(!sharesAnEntry(first, second)));
}

test("[keySymbol]() says what an instance is equal to", () => {
  class Account {
    constructor(id) {
      this.id = id;
    }
    [keySymbol]() {
      return this.id;
    }
  }

  assert.ok(sharesAnEntry([new Account(1)], [new Account(1)]));
  assert.ok(!sharesAnEntry([new Account(1)], [new Account(2)]));
});

test("arguments nested 100 000 deep are keys", () => {
  const nest = () => {
    let value = [];
    for (let i = 0; i < 100_000; i += 1) value = [value];
    return value;
  };

  assert.ok(sharesAnEntry([nest()], [nest()]));
});

test("methods are memoized per receiver", () => {
  class Circle {
    constructor(radius) {
      this.radius = radius;
    }
  }
  Circle.prototype.area = memoize(function () {
    return this.radius ** 2;
  });

  assert.deepEqual([new Circle(2).area(), new Circle(3).area()], [4, 9]);
});

test("the handle reads and writes entries", () => {
  const { call, runs } = counting();
  call.cache.set([7], "seven");

  assert.equal(call(7), "seven");
  assert.equal(call.cache.has(7), true);
  assert.equal(call.cache.peek(8), undefined);
  assert.equal(call.cache.size, 1);
  assert.deepEqual([...call.cache.entries()], [[[7], "seven"]]);
  assert.equal(call.cache.delete(7), true);
  assert.equal(runs(), 0);
  assert.equal(cacheOf(call).size, 0);
  assert.equal(isMemoized(call), true);
});

test("clearAll empties, configure turns off and on again", () => {
  const { call, runs } = counting();
  call(1);
  clearAll();
  call(1);
  assert.equal(runs(), 2);

  configure({ enabled: false });
  call(1);
  configure({ enabled: true });
  call(1);
  assert.equal(runs(), 3);
});

test("tabulate fills bottom-up", () => {
  const sum = memoize((n) => (n === 0 ? 0 : n + sum(n - 1)));
  const calls = Array.from({ length: 50_000 }, (_, n) => [n]);

  assert.equal(tabulate(sum, calls).at(-1), 1_249_975_000);
  assert.equal(sum.cache.stats().reruns, 0);
});

test("a wrong option is refused with its code", () => {
  assert.throws(
    () => memoize(() => 1, { depthLimit: 0 }),
    (error) => error instanceof RoteError && error.code === "ERR_INVALID_OPTION",
  );
});

test("an object that was let go of is collected", async () => {
  if (globalThis.gc === undefined) return;
  const { call } = counting();
  const reference = (() => {
    const key = new (class Key {})();
    call(key);
    return new WeakRef(key);
  })();

  for (let i = 0; i < 10 && reference.deref() !== undefined; i += 1) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    globalThis.gc();
  }
  assert.equal(reference.deref(), undefined);
});

test("a bound holds, and a recursion wider than it ends", () => {
  for (const policy of ["s3-fifo", "lru", "w-tinylfu"]) {
    const paths = memoize((i, j) => (i === 0 || j === 0 ? 1 : paths(i - 1, j) + paths(i, j - 1)), {
      maxEntries: 10,
      policy,
    });
    assert.equal(paths(12, 12), 2_704_156);
    assert.equal(paths.cache.size, 10);
    assert.equal(paths.cache.stats().pinned, 0);
  }
});

test("a lifetime ends", () => {
  let time = 0;
  const { call, runs } = counting({ ttl: "1s", clock: () => time });
  call(1);
  time = 999;
  call(1);
  assert.equal(runs(), 1);
  time = 1000;
  call(1);
  assert.equal(runs(), 2);
});

test("callers share a run, and leave it one by one", async () => {
  const reasons = [];
  const load = memoize(
    async (_id, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => {
          reasons.push(signal.reason);
          reject(signal.reason);
        });
      }),
  );
  const [first, second] = [new AbortController(), new AbortController()];
  const waiting = Promise.allSettled([load(1, first.signal), load(1, second.signal)]);
  first.abort("one");
  assert.deepEqual(reasons, []);
  second.abort("two");
  assert.deepEqual(reasons, ["two"]);
  assert.deepEqual(
    (await waiting).map(({ reason }) => reason),
    ["one", "two"],
  );
});

test("calls of one tick, and of its promise jobs, are one batch, outside of promise jobs, too", async () => {
  const batches = [];
  const load = memoize.batch(async (keys) => {
    batches.push([...keys]);
    return keys.map((key) => (key < 0 ? new RangeError(`no ${key}`) : key));
  });
  const outcomes = await new Promise((resolve) => {
    setImmediate(() => {
      const later = Promise.resolve().then(() => load(3));
      resolve(Promise.allSettled([load(1), load(-2), load(1), later]));
    });
  });
  assert.deepEqual(batches, [[1, -2, 3]]);
  assert.deepEqual(
    outcomes.map(({ value, reason }) => value ?? reason.message),
    [1, "no -2", 1, 3],
  );
});

test("a batch that waits for itself gets an error", async () => {
  const load = memoize.batch(async (keys) => {
    await null;
    return [await load(keys[0])];
  });
  await assert.rejects(load(1), { code: "ERR_CYCLE" });
});

test("async functions that wait for each other get an error, across awaits", async () => {
  const f = memoize(async (n) => {
    await null;
    return (await Promise.all([g(n)]))[0];
  });
  const g = memoize(async (n) => {
    await null;
    return f(n);
  });
  await assert.rejects(f(1), { code: "ERR_CYCLE" });
  await assert.rejects(g(1), { code: "ERR_CYCLE" });
});

test("async recursion is as deep as it likes", async () => {
  const depth = memoize(async (n) => (n === 0 ? 0 : 1 + (await depth(n - 1))));
  assert.equal(await depth(20_000), 20_000);
});

test("methods have a cache for each receiver, frozen ones too, and recurse deep", () => {
  let runs = 0;
  class Shape {
    constructor(width) {
      this.width = width;
    }
    area(height) {
      runs++;
      return this.width * height;
    }
    get half() {
      runs++;
      return this.width / 2;
    }
    set half(value) {
      this.width = value * 2;
    }
    depth(n) {
      return n === 0 ? this.width : this.depth(n - 1) + 1;
    }
  }
  memoizeMethods(Shape, { area: true, half: { ttl: "1h" }, depth: { maxEntries: 10 } });
  const [a, b] = [new Shape(2), Object.freeze(new Shape(3))];
  for (let i = 0; i < 3; i++) assert.deepEqual([a.area(2), b.area(2), a.half], [4, 6, 1]);
  assert.equal(runs, 3);
  a.half = 4;
  assert.equal(a.half, 4);
  assert.equal(a.depth(20_000), 20_008);
  assert.equal(cacheOf(b, "area").size, 1);
  assert.deepEqual(Reflect.ownKeys(a), ["width"]);
  for (let i = 0; i < 3000; i++) a.area(2);
  assert.equal(new Shape(5).area(2), 10);
  assert.throws(() => Shape.prototype.area.call(undefined, 1), TypeError);
});

test("results of a scope end with it", async () => {
  let runs = 0;
  const load = memoize(
    async (id) => {
      runs++;
      await null;
      return { id };
    },
    { scope: "request" },
  );
  const handle = async () => {
    const [a, b] = await Promise.all([load(1), load(1)]);
    await new Promise((resolve) => setTimeout(resolve, 1));
    assert.equal(a, b);
    assert.equal(await load(1), a);
    return a;
  };
  const [a, b] = await Promise.all([runInScope(handle), runInScope(handle)]);
  assert.notEqual(a, b);
  assert.equal(runs, 2);
});

test("events are published while somebody has subscribed, also by functions that were there before", async () => {
  const before = memoize((n) => n * n, { name: "matrix before" });
  const stop = publishEvents({ interval: 1 });
  const told = [];
  const note = ({ name, type }) => {
    if (name.startsWith("matrix")) told.push(`${name} ${type}`);
  };
  subscribe("rote:run", note);
  subscribe("rote:hit", note);
  const after = memoize((n) => n * n, { name: "matrix after" });
  assert.equal(after(3) + after(3), 18);
  assert.deepEqual(told, ["matrix after run", "matrix after hit"]);
  for (let n = 0; told.length === 2 && n < 2000; n++) {
    before(n);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assert.equal(told[2], "matrix before run");
  unsubscribe("rote:run", note);
  unsubscribe("rote:hit", note);
  after(4);
  assert.equal(told.length, 3);
  subscribe("rote:run", note);
  stop();
  before(-1);
  after(-1);
  unsubscribe("rote:run", note);
  assert.equal(told.length, 3);
});

test("metrics are read when a meter collects", () => {
  const told = new Map();
  let collect;
  const stop = observeMetrics({
    createObservableCounter: (name) => ({ name }),
    createObservableUpDownCounter: (name) => ({ name }),
    addBatchObservableCallback: (callback) => {
      collect = () =>
        callback({
          observe: ({ name }, value, attributes) => {
            if (attributes["rote.function.name"] !== "matrix") return;
            const result = attributes["rote.call.result"];
            told.set(result === undefined ? name : `${name} ${result}`, value);
          },
        });
    },
    removeBatchObservableCallback: () => {
      collect = undefined;
    },
  });
  const square = memoize((n) => n * n, { name: "matrix" });
  square(3);
  square(3);
  collect();
  assert.equal(told.get("rote.calls hit"), 1);
  assert.equal(told.get("rote.calls miss"), 1);
  assert.equal(told.get("rote.entries"), 1);
  stop();
  assert.equal(collect, undefined);
});

const envelopes = readFileSync(
  new URL("../../docs/design/0013-envelope.golden.txt", import.meta.url),
  "utf8",
);

for (const [name, value, how, more] of golden) {
  test(`a stored entry is read as it was written elsewhere: ${name}`, () => {
    const [, hex] = envelopes
      .split("\n")
      .find((line) => line.startsWith(`${name}: `))
      .split(": ");
    const all = { ...about, ...more };
    const bytes = Buffer.from(hex, "hex");
    const stored = openStored(bytes, all.argumentBytes, 0, how === "encoded");
    const { value: read, ...rest } = stored;
    assert.deepStrictEqual(rest, { isFailure: how === "failure", isPromised: false, ...all });
    // As text, because to the assertions of older Nodes no two invalid dates are equal.
    assert.equal(inspect(read, { depth: Infinity }), inspect(value, { depth: Infinity }));
    const again =
      how === "failure" ? packFailure(value, all) : packResult(value, all, how === "encoded");
    assert.equal(Buffer.from(again).toString("hex"), hex);
  });
}

test("what can be stored is read as it was, to the deepest", () => {
  const deepest = (wrap) => {
    let value = 1;
    for (let i = 0; i < 500; i++) value = wrap(value);
    return value;
  };
  const values = [
    deepest((a) => ({ a })),
    deepest((a) => Object.assign([], { 50: a })),
    deepest((a) => Object.assign([], { a })),
    deepest((a) => new Map([[1, a]])),
    Array.from({ length: 1000 }, (_, i) => ({ i })),
    Object.assign(
      Array.from({ length: 100 }, (_, i) => i / 3),
      { extra: new Set([1]) },
    ),
    Uint8Array.from({ length: 1000 }, (_, i) => i),
    new Float64Array(100).fill(NaN),
    Buffer.from("text".repeat(100)),
  ];
  for (const value of values) {
    const stored = openStored(packResult(value, about), about.argumentBytes, 0);
    assert.deepStrictEqual(stored.value, value);
  }
});

test("what would come back different is not stored", () => {
  class User {}
  const values = [
    new User(),
    new URL("http://a/"),
    new Blob(["a"]),
    new Error("a"),
    new DOMException("a", "AbortError"),
    Object.create(null),
    Object.assign(/a/g, { lastIndex: 1 }),
    Object.assign(new Uint8Array(500), { extra: 1 }),
    Object.assign(
      Array.from({ length: 500 }, () => 1),
      { [Symbol("a")]: 1 },
    ),
    Object.defineProperty(
      Array.from({ length: 500 }, () => 1),
      7,
      { get: () => 1 },
    ),
    new Uint8Array(new SharedArrayBuffer(1)),
    Object.setPrototypeOf(new Map(), Object.prototype),
    Object.setPrototypeOf(new Error("a"), Object.prototype),
    [1].values(),
    new Proxy({}, {}),
    Promise.resolve(),
  ];
  for (const value of values)
    assert.throws(() => packResult([value], about), { code: "ERR_NOT_STORABLE" });
});

test("errors are stored with what is their own, and with their stacks", () => {
  const cause = Object.assign(new RangeError("why"), { code: "ERR_WHY" });
  const error = new TypeError("no", { cause });
  cause.cause = error;
  const { value } = openStored(packFailure(error, about), about.argumentBytes, 0);
  assert.ok(value instanceof TypeError && value.cause instanceof RangeError);
  assert.equal(value.stack, error.stack);
  assert.equal(value.cause.code, "ERR_WHY");
  assert.equal(value.cause.cause, value);
});

// 22.13 is the first that has it without a flag.
const hasSqlite = process.getBuiltinModule?.("node:sqlite") !== undefined;

if (hasSqlite) {
  storeConformance(
    "disk",
    () => {
      const directory = mkdtempSync(join(tmpdir(), "rote-matrix-"));
      return {
        store: disk(directory),
        again: () => disk(directory),
        end: () => rmSync(directory, { recursive: true }),
      };
    },
    { test },
  );
}

test("a disk store is there from Node 22.13 on, and before that disk says what it needs", () => {
  const [major, minor] = process.versions.node.split(".").map(Number);
  assert.equal(hasSqlite, major > 22 || (major === 22 && minor >= 13));
  if (!hasSqlite)
    assert.throws(() => disk("cache"), { code: "ERR_UNSUPPORTED", message: /22\.13/ });
});

let failed = 0;
for (const { name, run } of cases) {
  try {
    await run();
  } catch (error) {
    failed += 1;
    console.error(`✗ ${name}\n  ${error.stack.replaceAll("\n", "\n  ")}`);
  }
}
console.log(`${cases.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
