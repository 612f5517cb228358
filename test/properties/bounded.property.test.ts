/**
 * Functions with a bound, a TTL or remembered errors, under any sequence of operations, beside a naive model.
 * With "lru" the model says everything; with the other policies all but who is evicted.
 */
import fc from "fast-check";
import { cacheOf, memoize, memoizeMethods, RoteError } from "rote";
import type { Memoized, MemoizeOptions } from "rote";
import { describe, expect, test } from "vitest";

import { fakeClock } from "../support/fake-clock.ts";
import { NaiveBounded } from "../support/naive-bounded.ts";
import type { Stored } from "../support/naive-bounded.ts";
import { tries } from "../support/tries.ts";

type AnyFunction = (this: unknown, ...args: any[]) => unknown;
type Body = (receiver: unknown, args: readonly unknown[]) => unknown;

/** One call of the universe: written again, it is made of other objects where content counts. */
interface Call {
  readonly receiver?: object;
  readonly args: () => unknown[];
}

interface Shape {
  readonly wrap: (body: Body) => AnyFunction;
  readonly calls: readonly Call[];
  readonly key?: "identity";
  /** Memoized as a method, each of whose receivers has a cache of its own: the calls are on one. */
  readonly isMethod?: true;
  /** Whether keys hold objects, of which nothing may be remembered once they are removed. */
  readonly holdsObjects?: true;
}

const primitives: readonly unknown[] = [0, 1, 2, -1, "1", "", 0.5, null, undefined, -0];
const objects: readonly object[] = Array.from({ length: 10 }, (_, index) => ({
  same: true,
  ...(index % 2 === 0 ? {} : { index: 1 }),
}));
const receivers: readonly object[] = [{ name: "a" }, { name: "b" }, { name: "c" }];

/** Another one for each method. */
let owner: object = {};
const onOwner = (args: () => unknown[]): Call => ({
  get receiver() {
    return owner;
  },
  args,
});

const shapes: Record<string, Shape> = {
  "one argument": {
    wrap: (body) => (a: unknown) => body(undefined, [a]),
    calls: primitives.map((value) => ({ args: () => [value] })),
  },
  "one integer": {
    wrap: (body) => (a: unknown) => body(undefined, [a]),
    calls: primitives.map((_, index) => ({ args: () => [index] })),
  },
  "two arguments": {
    wrap: (body) => (a: unknown, b: unknown) => body(undefined, [a, b]),
    calls: primitives.map((_, index) => ({ args: () => [index % 3, index % 4] })),
  },
  "three arguments": {
    wrap: (body) => (a: unknown, b: unknown, c: unknown) => body(undefined, [a, b, c]),
    calls: primitives.map((value, index) => ({ args: () => [index % 2, value, "last"] })),
  },
  "objects by content": {
    wrap: (body) => (a: unknown) => body(undefined, [a]),
    calls: primitives.map((value, index) => ({
      args: () => [index % 2 === 0 ? { value, list: [index] } : [{ index }, value]],
    })),
  },
  "objects by identity": {
    wrap: (body) => (a: unknown) => body(undefined, [a]),
    calls: objects.map((object) => ({ args: () => [object] })),
    key: "identity",
    holdsObjects: true,
  },
  "an object by identity and a number": {
    wrap: (body) => (a: unknown, b: unknown) => body(undefined, [a, b]),
    calls: primitives.map((_, index) => ({ args: () => [objects[index % 2], index] })),
    key: "identity",
    holdsObjects: true,
  },
  "rest arguments": {
    wrap:
      (body) =>
      (...args: unknown[]) =>
        body(undefined, args),
    calls: [
      [],
      [undefined],
      [1],
      [1, 2],
      [1, 2, 3],
      [1, 2, 3, 4],
      [[1]],
      [[1], 2],
      ["1"],
      [null],
    ].map((args) => ({ args: () => structuredClone(args) })),
  },
  "a method of one argument": {
    wrap: (body) =>
      function (this: unknown, a: unknown) {
        return body(this, [a]);
      },
    calls: primitives.map((value) => onOwner(() => [value])),
    isMethod: true,
  },
  "a method of two arguments": {
    wrap: (body) =>
      function (this: unknown, a: unknown, b: unknown) {
        return body(this, [a, b]);
      },
    calls: primitives.map((_, index) => onOwner(() => [index % 3, { index: index % 4 }])),
    isMethod: true,
  },
  receivers: {
    wrap: (body) =>
      function (this: unknown, a: unknown) {
        return body(this, [a]);
      },
    calls: primitives.map((_, index) => ({
      receiver: receivers[index % receivers.length] as object,
      args: () => [index % 4],
    })),
    holdsObjects: true,
  },
};

type Expiry = "never" | "constant" | "function" | "jitter" | "touch" | "touch, jitter, function";

interface Setting {
  readonly bound: "none" | "entries" | "weight" | "both";
  readonly maxEntries: number;
  readonly policy: "s3-fifo" | "lru" | "w-tinylfu" | undefined;
  readonly expiry: Expiry;
  readonly remembers: boolean;
}

const MAX_WEIGHT = 6;
const FAILURE_TTL = 35;
const CONSTANT_TTL = 25;
const JITTERED_TTL = 45;
/** So that every jittered TTL ends in 5, as all others do, while the clock moves on by tens. */
const randoms = [0, 1, 2, 3, 4].map((tens) => (tens * 10) / JITTERED_TTL);

const settings: Setting[] = [
  { bound: "none", maxEntries: Infinity } as const,
  ...[1, 2, 3, 7].map((maxEntries) => ({ bound: "entries", maxEntries }) as const),
  { bound: "weight", maxEntries: Infinity } as const,
  { bound: "both", maxEntries: 3 } as const,
].flatMap((limits) =>
  (limits.bound === "none" ? [undefined] : (["lru", "s3-fifo", "w-tinylfu"] as const)).flatMap(
    (policy) =>
      (
        ["never", "constant", "function", "jitter", "touch", "touch, jitter, function"] as const
      ).flatMap((expiry) =>
        [false, true].map((remembers): Setting => ({ ...limits, policy, expiry, remembers })),
      ),
  ),
);

/** What a run returns or `set` stores, and what `weigh` and `ttl` say of it. */
interface Outcome {
  readonly weight: number;
  readonly ttl: number | `${number}ms`;
  readonly isPlain: boolean;
  readonly throws: boolean;
  /** By how much the clock moves on during the run. */
  readonly takes: number;
  readonly random: number;
}

const kinds = [
  ...Array.from({ length: 10 }, () => "call" as const),
  "set",
  "set",
  "refresh",
  "delete",
  "has",
  "peek",
  "explain",
  "explain",
  "advance",
  "advance",
  "advance",
  "back",
  "resize",
  "clear",
  "clear one receiver",
  "size",
  "entries",
  "stats",
] as const;

interface Operation {
  readonly kind: (typeof kinds)[number];
  readonly at: number;
  readonly outcome: Outcome;
  readonly milliseconds: number;
  readonly maxEntries: number | undefined;
  readonly maxWeight: number | undefined;
}

const operation: fc.Arbitrary<Operation> = fc.record({
  kind: fc.constantFrom(...kinds),
  at: fc.nat(9),
  outcome: fc.record({
    weight: fc.constantFrom(0, 1, 1, 2, 2, 3, 6, 50),
    ttl: fc.constantFrom<Outcome["ttl"]>(0, 5, "25ms", 45, Infinity),
    isPlain: fc.constantFrom(false, false, false, true),
    throws: fc.constantFrom(false, false, false, true),
    takes: fc.constantFrom(0, 0, 0, 0, 10),
    random: fc.constantFrom(...randoms),
  }),
  milliseconds: fc.constantFrom(10, 10, 20, 30, 60, 1000),
  maxEntries: fc.constantFrom(1, 2, 3, 5, 8, Infinity, undefined),
  maxWeight: fc.constantFrom(1, 3, 6, 20, Infinity, undefined),
});

class Failure extends Error {}

/** A result that says what it weighs and how long it is to be kept. */
class Result {
  readonly id: number;
  readonly weight: number;
  readonly ttl: Outcome["ttl"];
  constructor(id: number, weight: number, ttl: Outcome["ttl"]) {
    this.id = id;
    this.weight = weight;
    this.ttl = ttl;
  }
}

const weightOf = (value: unknown): number => (value instanceof Result ? value.weight : 1);
const ttlOf = (value: unknown): Outcome["ttl"] => (value instanceof Result ? value.ttl : 25);

/** What a remembered failure weighs is for the library to say: see the test of it below. */
const FAILURE_WEIGHT = ((): number => {
  const fn = memoize(
    () => {
      throw new Failure();
    },
    { maxWeight: 100, weigh: () => 1, rememberErrors: 1000 },
  );
  expect(() => fn()).toThrow(Failure);
  return fn.cache.stats().weight ?? 0;
})();

/** A method of a new owner, called like a function, with the handle of the owner. */
function asMethod(
  method: AnyFunction,
  options: MemoizeOptions<AnyFunction>,
): Memoized<AnyFunction> {
  class Owner {
    declare method: AnyFunction;
  }
  Object.defineProperty(Owner.prototype, "method", { value: method, configurable: true });
  memoizeMethods(Owner, { method: options });
  const own = new Owner();
  owner = own;
  const call = (...args: unknown[]): unknown => own.method(...args);
  return Object.assign(call, { cache: cacheOf(own, "method"), original: method });
}

/** A memoized function with its model, both seen through operations of the same calls. */
class Pair {
  readonly setting: Setting;
  readonly shape: Shape;
  readonly clock = fakeClock();
  readonly model: NaiveBounded;
  readonly fn: Memoized<AnyFunction>;
  /** What the next run does. */
  next: { outcome: Outcome; value: unknown; error: Failure } | undefined;
  runs = 0;
  hits = 0;
  misses = 0;
  drawn: number | undefined;
  hasGoneBack = 0;
  removeEvents: Record<string, number> = {};
  private ids = 0;

  constructor(setting: Setting, shape: Shape, listens: boolean) {
    this.setting = setting;
    this.shape = shape;
    const { bound, maxEntries, policy, expiry, remembers } = setting;
    const isWeighed = bound === "weight" || bound === "both";
    this.model = new NaiveBounded(
      { maxEntries, maxWeight: isWeighed ? MAX_WEIGHT : Infinity },
      policy === "lru",
    );
    const checked = <T>(give: (value: unknown) => T) => {
      const { current } = this;
      const expectCall = (receiver: unknown, args: unknown[]): void => {
        const call = current();
        expect(args).toEqual(call.args());
        expect(receiver).toBe(call.receiver);
      };
      return function (this: unknown, value: unknown, ...args: unknown[]): T {
        expectCall(this, args);
        return give(value);
      };
    };
    const options: MemoizeOptions<AnyFunction> = {
      clock: this.clock.read,
      ...(shape.key === undefined ? {} : { key: shape.key }),
      ...(bound === "entries" || bound === "both" ? { maxEntries } : {}),
      ...(isWeighed ? { maxWeight: MAX_WEIGHT, weigh: checked(weightOf) } : {}),
      ...(policy === undefined ? {} : { policy }),
      ...(remembers ? { rememberErrors: `${FAILURE_TTL}ms` } : {}),
    };
    if (expiry === "constant" || expiry === "touch") options.ttl = CONSTANT_TTL;
    if (expiry === "function") options.ttl = checked(ttlOf);
    if (expiry === "jitter") options.ttl = JITTERED_TTL;
    if (expiry === "touch, jitter, function") {
      const ttl = checked((value) => (ttlOf(value) === Infinity ? Infinity : JITTERED_TTL));
      options.ttl = ttl;
    }
    if (expiry.includes("touch")) options.touch = true;
    if (expiry.includes("jitter")) {
      options.jitter = 1;
      options.random = () => (this.drawn = this.next?.outcome.random ?? 0);
    }
    const wrapped = shape.wrap((receiver, args) => this.run(receiver, args));
    this.fn = shape.isMethod === true ? asMethod(wrapped, options) : memoize(wrapped, options);
    if (listens) {
      this.fn.cache.on("remove", ({ cause }) => {
        this.removeEvents[cause] = (this.removeEvents[cause] ?? 0) + 1;
      });
    }
  }

  /** The call that is being made or set. */
  private at = 0;
  private readonly current = (): Call => this.shape.calls[this.at] as Call;

  private run(receiver: unknown, args: readonly unknown[]): unknown {
    const call = this.current();
    expect(args).toEqual(call.args());
    expect(receiver).toBe(call.receiver);
    const next = this.next ?? expect.unreachable("a run that no operation wants");
    this.runs++;
    if (next.outcome.takes > 0) {
      this.clock.advance(next.outcome.takes);
      // So that what expired meanwhile is gone before the result comes in.
      void this.fn.cache.size;
    }
    if (next.outcome.throws) throw next.error;
    return next.value;
  }

  private handle(call: Call): Memoized<AnyFunction>["cache"] {
    return call.receiver === undefined || this.shape.isMethod
      ? this.fn.cache
      : this.fn.cache.of(call.receiver);
  }

  has(key: number): boolean {
    const call = this.shape.calls[key] as Call;
    return this.handle(call).has(...call.args());
  }

  private ttlOf(value: unknown): number {
    const { expiry } = this.setting;
    if (expiry === "never") return Infinity;
    if (expiry === "constant" || expiry === "touch") return CONSTANT_TTL;
    if (expiry === "function") {
      const ttl = ttlOf(value);
      return typeof ttl === "number" ? ttl : Number.parseFloat(ttl);
    }
    if (expiry === "touch, jitter, function" && ttlOf(value) === Infinity) return Infinity;
    const { drawn } = this;
    if (drawn === undefined) return expect.unreachable("no random number was drawn");
    return JITTERED_TTL * (1 - drawn);
  }

  private isWeighed(): boolean {
    return this.setting.bound === "weight" || this.setting.bound === "both";
  }

  private storeResult(value: unknown): void {
    this.settle({
      key: this.at,
      kind: "result",
      value,
      weight: this.isWeighed() ? weightOf(value) : 1,
      ttl: this.ttlOf(value),
    });
  }

  private storeFailure(error: unknown): void {
    if (!this.setting.remembers) {
      this.model.lose(this.at);
      return;
    }
    this.settle({
      key: this.at,
      kind: "failure",
      value: error,
      weight: this.isWeighed() ? FAILURE_WEIGHT : 1,
      ttl: FAILURE_TTL,
    });
  }

  private settle(entry: Omit<Stored, "expiresAt">): void {
    this.model.expire(this.clock.now);
    const before = this.model.list.filter(({ key }) => key !== entry.key).length;
    this.model.store(entry, this.clock.now);
    this.evict();
    // One comes in, one goes: a bound on entries is used in full.
    const { maxEntries, maxWeight } = this.model.limits;
    if (entry.ttl > 0 && maxWeight === Infinity)
      expect(this.model.list.length).toBe(Math.min(before + 1, maxEntries));
  }

  private evict(): void {
    this.model.evict(this.clock.now, (key) => this.has(key));
    expect(this.model.isOver).toBe(false);
  }

  apply(step: Operation): void {
    const { model, fn, clock } = this;
    const key = step.at % this.shape.calls.length;
    this.at = key;
    this.drawn = undefined;
    const call = this.current();
    const cache = this.handle(call);
    const args = call.args();
    const known = model.find(key);
    // What is not kept and what weighs too much is not said to be counted twice.
    const weight = step.outcome.ttl === 0 ? 1 : step.outcome.weight;
    this.next = {
      outcome: step.outcome,
      value: step.outcome.isPlain ? undefined : new Result(++this.ids, weight, step.outcome.ttl),
      error: new Failure(`of ${++this.ids}`),
    };
    const before = this.runs;
    let mayRun = false;
    switch (step.kind) {
      case "call": {
        mayRun = known === undefined;
        this.call(known);
        break;
      }
      case "set": {
        cache.set(args, this.next.value);
        this.storeResult(this.next.value);
        break;
      }
      case "refresh": {
        mayRun = true;
        this.refresh(known);
        break;
      }
      case "delete":
        expect(cache.delete(...args)).toBe(known !== undefined);
        if (known !== undefined) model.remove(known, "deleted", clock.now);
        break;
      case "clear":
        fn.cache.clear();
        for (const entry of model.list) model.remove(entry, "cleared", clock.now);
        expect(fn.cache.size).toBe(0);
        break;
      case "clear one receiver":
        if (call.receiver === undefined) break;
        cache.clear();
        for (const entry of model.list) {
          if (this.shape.calls[entry.key]?.receiver === call.receiver)
            model.remove(entry, "cleared", clock.now);
        }
        break;
      case "has":
        expect(cache.has(...args)).toBe(known !== undefined);
        break;
      case "peek":
        expect(cache.peek(...args)).toBe(known?.kind === "result" ? known.value : undefined);
        break;
      case "explain":
        mayRun = this.explainAndCall(known);
        break;
      case "advance":
        clock.advance(step.milliseconds);
        break;
      case "back":
        // So little, all in all, that nothing expires because of it.
        if (this.hasGoneBack < 4) {
          this.hasGoneBack++;
          clock.advance(-1);
        }
        break;
      case "resize":
        this.resize(step);
        break;
      case "size":
        expect(fn.cache.size).toBe(model.list.length);
        break;
      case "entries":
        this.expectEntries();
        break;
      case "stats":
        this.expectStats();
        break;
    }
    expect(this.runs - before).toBe(mayRun ? 1 : 0);
    model.expire(clock.now);
  }

  private call(known: Stored | undefined): void {
    const { outcome, value, error } = this.next ?? expect.unreachable();
    const call = this.current();
    const made = (): unknown => this.fn.apply(call.receiver, call.args());
    if (known !== undefined) {
      if (known.kind === "result") expect(made()).toBe(known.value);
      else expect(thrownBy(made)).toBe(known.value);
      this.hits++;
      this.model.hit(known, this.clock.now, this.setting.expiry.includes("touch"));
      return;
    }
    this.misses++;
    if (outcome.throws) {
      expect(thrownBy(made)).toBe(error);
      this.storeFailure(error);
    } else {
      expect(made()).toBe(value);
      this.storeResult(value);
    }
  }

  private refresh(known: Stored | undefined): void {
    const next = this.next ?? expect.unreachable();
    const call = this.current();
    // What a failing refresh does to anything but a result is not said.
    const throws = next.outcome.throws && (known?.kind === "result" || !this.setting.remembers);
    this.next = { ...next, outcome: { ...next.outcome, throws, takes: 0 } };
    const made = (): unknown => this.handle(call).refresh(...call.args());
    if (throws) {
      expect(thrownBy(made)).toBe(next.error);
      this.model.lose(this.at);
    } else {
      expect(made()).toBe(next.value);
      this.storeResult(next.value);
    }
  }

  private resize({ maxEntries, maxWeight }: Operation): void {
    const { fn, model } = this;
    const limits = {
      ...(maxEntries === undefined ? {} : { maxEntries }),
      ...(maxWeight === undefined || !this.isWeighed() ? {} : { maxWeight }),
    };
    if (this.setting.bound === "none") {
      const error = thrownBy(() => fn.cache.resize({ maxEntries: 5 }));
      expect(error).toBeInstanceOf(RoteError);
      expect(error).toMatchObject({ code: "ERR_INVALID_ARGUMENT" });
      return;
    }
    // A bound that was never given is left alone.
    if (this.setting.bound === "weight") delete limits.maxEntries;
    if (Object.keys(limits).length === 0) return;
    expect(fn.cache.resize(limits)).toBe(undefined);
    Object.assign(model.limits, limits);
    this.evict();
  }

  /** Whether the call that follows has to run is what `explain` says. */
  private explainAndCall(known: Stored | undefined): boolean {
    const call = this.current();
    const stats = this.fn.cache.stats();
    const explained = this.handle(call).explain(...call.args());
    expect(this.fn.cache.stats()).toEqual(stats);
    expect(typeof explained.message).toBe("string");
    const { now } = this.clock;
    const near = (instant: unknown, wanted: number): void => {
      if (wanted === Infinity) expect(instant).toBe(Infinity);
      else expect(Math.abs((instant as number) - wanted)).toBeLessThan(5);
    };
    if (known !== undefined) {
      if (known.kind === "result") {
        expect(explained).toMatchObject({ outcome: "hit", reason: "fresh" });
      } else {
        expect(explained).toMatchObject({ outcome: "throw", reason: "failed" });
        expect((explained as { error: unknown }).error).toBe(known.value);
      }
      near((explained as { freshUntil: number }).freshUntil, known.expiresAt);
    } else {
      expect(explained.outcome).toBe("run");
      const departure = this.model.departures.get(this.at);
      const mayBeForgotten =
        departure === undefined ||
        !departure.isCertain ||
        this.shape.holdsObjects === true ||
        this.model.removed - departure.index > 24;
      const reasons: string[] = mayBeForgotten ? ["never seen"] : [];
      if (departure !== undefined && departure.cause !== "replaced") reasons.push(departure.cause);
      // An entry before the one that was replaced by nothing.
      if (departure?.cause === "replaced") reasons.push("evicted", "expired", "deleted", "cleared");
      expect(reasons).toContain(explained.reason);
      if (explained.reason !== "never seen" && departure?.cause === explained.reason) {
        const at = (explained as { removedAt?: number }).removedAt as number;
        if (departure.isCertain && departure.cause !== "expired") near(at, departure.at);
        expect(at).toBeLessThan(now + 5);
      }
    }
    this.call(known);
    return known === undefined;
  }

  /** What must hold after every operation. */
  check(): void {
    this.expectStats();
    const { calls } = this.shape;
    const there = [...calls.keys()].filter((key) => this.has(key));
    const known = [...calls.keys()].filter((key) => this.model.find(key) !== undefined);
    expect(there).toEqual(known);
    this.expectEntries();
  }

  private expectStats(): void {
    const { fn, model } = this;
    model.expire(this.clock.now);
    const stats = fn.cache.stats();
    expect(fn.cache.size).toBe(stats.entries);
    expect(stats).toMatchObject({
      entries: model.list.length,
      hits: this.hits,
      misses: this.misses,
      runs: this.runs,
      reruns: 0,
      pinned: 0,
      inFlight: 0,
      coalesced: 0,
      oversized: model.oversized,
      removals: model.removals,
    });
    if (this.isWeighed()) expect(stats.weight).toBe(model.weight);
    const removed = Object.values(stats.removals).reduce((sum, count) => sum + count, 0);
    expect(stats.entries + removed).toBe(model.admitted);
  }

  expectRemoveEvents(): void {
    for (const [cause, count] of Object.entries(this.fn.cache.stats().removals))
      expect([cause, this.removeEvents[cause] ?? 0]).toEqual([cause, count]);
  }

  private expectEntries(): void {
    const results = this.model.list.filter(({ kind }) => kind === "result");
    const byReceiver = new Map<object | undefined, Stored[]>();
    for (const entry of results) {
      const { receiver } = this.shape.calls[entry.key] as Call;
      byReceiver.set(receiver, [...(byReceiver.get(receiver) ?? []), entry]);
    }
    expect([...this.fn.cache.entries()].length).toBe(results.length);
    for (const [receiver, expected] of byReceiver) {
      const { cache } = this.fn;
      const found = [...(receiver === undefined ? cache : cache.of(receiver)).entries()];
      expect(found.length).toBe(expected.length);
      const missing = [...expected];
      for (const [args, value] of found) {
        const index = missing.findIndex((entry) => {
          const call = this.shape.calls[entry.key] as Call;
          return Object.is(entry.value, value) && isSameList(args, call.args());
        });
        if (index < 0) expect.unreachable(`an entry that nobody stored: ${String(args)}`);
        missing.splice(index, 1);
      }
    }
  }

  /** With "lru": takes room away entry by entry, and sees who goes. */
  expectOrder(): void {
    const { fn, model } = this;
    if (!model.isExact || this.setting.bound === "weight") return;
    while (model.list.length > 1) {
      model.limits.maxEntries = model.list.length - 1;
      fn.cache.resize({ maxEntries: model.limits.maxEntries });
      this.evict();
      this.check();
    }
  }
}

/** The same call: objects of identity are the very same, all else is equal. */
function isSameList(args: readonly unknown[], wanted: readonly unknown[]): boolean {
  if (args.length !== wanted.length) return false;
  return args.every((value, index) => {
    const other = wanted[index];
    if (objects.includes(other as object)) return value === other;
    if (typeof other !== "object" || other === null) return Object.is(value, other);
    return JSON.stringify(value) === JSON.stringify(other);
  });
}

function thrownBy(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return undefined;
}

function nameOf({ bound, maxEntries, policy, remembers }: Setting): string {
  const limits = {
    none: "no bound",
    entries: `at most ${maxEntries} entries`,
    weight: `a weight of at most ${MAX_WEIGHT}`,
    both: `at most ${maxEntries} entries and a weight of ${MAX_WEIGHT}`,
  }[bound];
  return `${limits}${policy === undefined ? "" : `, ${policy}`}${remembers ? ", errors remembered" : ""}`;
}

const anyShape = fc.constantFrom(...Object.keys(shapes));

describe.each([...new Set(settings.map(({ expiry }) => expiry))])("TTL: %s", (expiry) => {
  test.each(
    settings
      .filter((setting) => setting.expiry === expiry)
      .map((setting): [string, Setting] => [nameOf(setting), setting]),
  )("%s: a function behaves as the model does", (_name, setting) => {
    fc.assert(
      fc.property(
        anyShape,
        fc.boolean(),
        fc.array(operation, { maxLength: 60, size: "max" }),
        (shape, listens, operations) => {
          const pair = new Pair(setting, shapes[shape] as Shape, listens);
          for (const step of operations) {
            pair.apply(step);
            pair.check();
          }
          if (listens) pair.expectRemoveEvents();
          pair.expectOrder();
        },
      ),
      { numRuns: tries(6, 2000) },
    );
  });
});

/**
 * Without a look in between, nothing is swept but by calls themselves. What is there is then known from runs alone:
 * a call that does not run returns the last value that was stored, and that is still fresh.
 */
class Unwatched {
  readonly clock = fakeClock();
  readonly fn: Memoized<AnyFunction>;
  readonly stored = new Map<number, { value: unknown; expiresAt: number; weight: number }>();
  readonly limits: { maxEntries: number; maxWeight: number };
  readonly isBounded: boolean;
  next: Result = new Result(0, 1, 25);
  runs = 0;
  hits = 0;
  /** Results that came in. */
  admitted = 0;
  private readonly touches: boolean;

  constructor({ bound, maxEntries, policy, expiry }: Setting, shape: Shape) {
    const isWeighed = bound === "weight" || bound === "both";
    this.isBounded = bound !== "none";
    this.touches = expiry === "touch";
    this.limits = { maxEntries, maxWeight: isWeighed ? MAX_WEIGHT : Infinity };
    this.fn = memoize(
      shape.wrap(() => {
        this.runs++;
        return this.next;
      }),
      {
        clock: this.clock.read,
        ...(shape.key === undefined ? {} : { key: shape.key }),
        ...(bound === "entries" || bound === "both" ? { maxEntries } : {}),
        ...(isWeighed ? { maxWeight: MAX_WEIGHT, weigh: weightOf } : {}),
        ...(policy === undefined ? {} : { policy }),
        ...(expiry === "never" ? {} : { ttl: expiry === "function" ? ttlOf : CONSTANT_TTL }),
        ...(this.touches ? { touch: true } : {}),
      },
    );
    this.hasTtl = expiry !== "never";
    this.readsTtl = expiry === "function";
  }

  private readonly hasTtl: boolean;
  private readonly readsTtl: boolean;

  private keep(key: number): void {
    const { next, clock, limits } = this;
    const ttl = !this.hasTtl
      ? Infinity
      : this.readsTtl
        ? Number.parseFloat(String(next.ttl))
        : CONSTANT_TTL;
    const weight = limits.maxWeight === Infinity ? 1 : next.weight;
    this.stored.delete(key);
    if (ttl === 0 || weight > limits.maxWeight) return;
    this.admitted++;
    this.stored.set(key, { value: next, expiresAt: clock.now + ttl, weight });
  }

  apply({ kind, at, outcome, milliseconds }: Operation, shape: Shape): void {
    const { fn, clock } = this;
    const call = shape.calls[at] as Call;
    const cache = call.receiver === undefined ? fn.cache : fn.cache.of(call.receiver);
    this.next = new Result(++this.ids, outcome.weight, outcome.ttl);
    const known = this.stored.get(at);
    const isFresh = known !== undefined && clock.now < known.expiresAt;
    switch (kind) {
      case "advance":
        clock.advance(milliseconds);
        break;
      case "delete": {
        const deleted = cache.delete(...call.args());
        if (!isFresh || !this.isBounded) expect(deleted).toBe(isFresh);
        this.stored.delete(at);
        break;
      }
      case "clear":
        fn.cache.clear();
        this.stored.clear();
        break;
      case "set":
        cache.set(call.args(), this.next);
        this.keep(at);
        break;
      case "has":
      case "peek": {
        const value = cache.peek(...call.args());
        expect(value === undefined || (isFresh && value === known.value)).toBe(true);
        if (isFresh && !this.isBounded) expect(value).toBe(known.value);
        break;
      }
      default: {
        const before = this.runs;
        const value = fn.apply(call.receiver, call.args());
        if (this.runs > before) {
          expect(this.runs).toBe(before + 1);
          expect(value).toBe(this.next);
          if (!this.isBounded) expect(isFresh).toBe(false);
          this.keep(at);
          break;
        }
        this.hits++;
        expect(value).toBe(known?.value);
        expect(isFresh).toBe(true);
        if (this.touches && known !== undefined) known.expiresAt = clock.now + CONSTANT_TTL;
      }
    }
  }

  private ids = 0;

  finish(): void {
    const { hits, runs, misses, entries, weight, removals } = this.fn.cache.stats();
    expect({ hits, runs, misses }).toEqual({ hits: this.hits, runs: this.runs, misses: this.runs });
    expect(entries).toBeLessThanOrEqual(this.limits.maxEntries);
    if (this.limits.maxWeight < Infinity) {
      let sum = 0;
      for (const [, value] of this.fn.cache.entries()) sum += weightOf(value);
      expect(weight).toBe(sum);
      expect(weight).toBeLessThanOrEqual(this.limits.maxWeight);
    }
    const removed = Object.values(removals).reduce((sum, count) => sum + count, 0);
    expect(entries + removed).toBe(this.admitted);
  }
}

describe("without a look in between", () => {
  test.each(
    settings
      .filter(({ expiry, remembers }) => !remembers && !expiry.includes("jitter"))
      .map((setting): [string, string, Setting] => [nameOf(setting), setting.expiry, setting]),
  )("%s, TTL: %s: a hit is the last value stored, and fresh", (_name, _expiry, setting) => {
    fc.assert(
      fc.property(
        anyShape,
        fc.array(operation, { maxLength: 150, size: "max" }),
        (shape, operations) => {
          const unwatched = new Unwatched(setting, shapes[shape] as Shape);
          for (const step of operations) unwatched.apply(step, shapes[shape] as Shape);
          unwatched.finish();
        },
      ),
      { numRuns: tries(6, 2000) },
    );
  });
});

test("a remembered failure weighs something, so that a bound on weight bounds failures too", () => {
  expect(FAILURE_WEIGHT).toBeGreaterThan(0);
  const fn = memoize(
    (_n: number) => {
      throw new Failure();
    },
    { maxWeight: 3, weigh: () => 1, rememberErrors: 1000, policy: "lru" },
  );
  for (let n = 0; n < 100; n++) expect(() => fn(n)).toThrow(Failure);
  expect(fn.cache.size).toBeLessThanOrEqual(3 / FAILURE_WEIGHT);
});
