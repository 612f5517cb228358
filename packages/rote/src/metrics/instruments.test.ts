import { metrics } from "@opentelemetry/api";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  InstrumentType,
  MeterProvider,
  type MetricData,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { memoize, RoteError } from "rote";
import { observeMetrics } from "rote/metrics";
import type { MetricMeter, MetricObserver } from "rote/metrics";
import { afterEach, describe, expect, test, vi } from "vitest";

import { collected } from "../../../../test/support/collected.ts";
import { deferred } from "../../../../test/support/async.ts";
import { thrownBy } from "../../../../test/support/recursion.ts";

/** The SDK itself, collecting when told. */
class Telemetry {
  readonly #exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  readonly #reader = new PeriodicExportingMetricReader({ exporter: this.#exporter });
  readonly provider: MeterProvider = new MeterProvider({ readers: [this.#reader] });

  /** The metrics of the newest collection. */
  async collect(): Promise<MetricData[]> {
    this.#exporter.reset();
    await this.#reader.forceFlush();
    return this.#exporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics));
  }

  /** Of one function, every series as `metric attribute… = value`. */
  async seriesOf(name: string): Promise<Record<string, unknown>> {
    const series: Record<string, unknown> = {};
    for (const { descriptor, dataPoints } of await this.collect()) {
      for (const { attributes, value } of dataPoints) {
        const { "rote.function.name": of, ...others } = attributes;
        if (of === name) series[[descriptor.name, ...Object.values(others)].join(" ")] = value;
      }
    }
    return series;
  }
}

const open: (() => unknown)[] = [];
function observed(options?: Parameters<typeof observeMetrics>[1]): {
  telemetry: Telemetry;
  stop: () => void;
} {
  const telemetry = new Telemetry();
  const stop = observeMetrics(telemetry.provider.getMeter("test"), options);
  open.push(stop, () => telemetry.provider.shutdown());
  return { telemetry, stop };
}
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

describe("with the OpenTelemetry SDK", () => {
  test("the statistics of a function arrive", async () => {
    const { telemetry } = observed();
    let time = 0;
    const clock = vi.spyOn(performance, "now").mockImplementation(() => time);
    const square = memoize(
      (n: number) => {
        time += 500;
        return n * n;
      },
      { name: "square", maxWeight: 10, weigh: (value) => value },
    );
    square(1);
    square(1);
    square(2);
    square(4);
    square.cache.delete(1);
    square.cache.refresh(2);
    clock.mockRestore();
    expect(await telemetry.seriesOf("square")).toEqual({
      "rote.calls hit": 1,
      "rote.calls miss": 3,
      "rote.coalesced": 0,
      "rote.runs miss": 3,
      "rote.runs other": 1,
      "rote.run.time": 2,
      "rote.time_saved": 0.5,
      "rote.removals deleted": 1,
      "rote.removals replaced": 1,
      "rote.oversized": 1,
      "rote.entries": 1,
      "rote.weight": 4,
      "rote.in_flight": 0,
    });
  });

  test("runs in flight and calls that joined them arrive", async () => {
    const { telemetry } = observed();
    const { promise, resolve } = deferred();
    const load = memoize(async (_id: number) => promise, { name: "in flight" });
    const calls = [load(1), load(1), load(2)];
    expect(await telemetry.seriesOf("in flight")).toMatchObject({
      "rote.in_flight": 2,
      "rote.coalesced": 1,
      "rote.calls hit": 1,
      "rote.entries": 0,
    });
    resolve(0);
    await Promise.all(calls);
    expect(await telemetry.seriesOf("in flight")).toMatchObject({
      "rote.in_flight": 0,
      "rote.entries": 2,
    });
  });

  test("stale hits, their refreshes and rescued calls arrive", async () => {
    const { telemetry } = observed();
    let time = 0;
    let refresh = (): void => {};
    let fails = false;
    const fn = memoize(
      (n: number) => {
        if (fails) throw new Error("down");
        return n;
      },
      {
        name: "stale",
        ttl: 10,
        staleWhileRevalidate: 10,
        staleIfError: 30,
        clock: () => time,
        schedule: (callback) => {
          refresh = callback;
          return () => {};
        },
      },
    );
    fn(1);
    time = 15;
    fn(1);
    refresh();
    time = 40;
    fails = true;
    expect(fn(1)).toBe(1);
    expect(await telemetry.seriesOf("stale")).toMatchObject({
      "rote.calls stale": 1,
      "rote.calls hit": 0,
      "rote.calls miss": 2,
      "rote.runs other": 1,
      "rote.rescued": 1,
    });
  });

  test("reruns of a deep recursion arrive", async () => {
    const { telemetry } = observed();
    const sum = memoize((n: number): number => (n === 0 ? 0 : n + sum(n - 1)), {
      name: "deep",
      depthLimit: 10,
    });
    sum(50);
    const { reruns } = sum.cache.stats();
    expect(reruns).toBeGreaterThan(0);
    expect(await telemetry.seriesOf("deep")).toMatchObject({
      "rote.runs miss": 51,
      "rote.runs rerun": reruns,
    });
  });

  test("names, units and kinds are those of the conventions", async () => {
    const { telemetry } = observed();
    const fn = memoize((n: number) => n, { name: "kinds", maxWeight: 1, weigh: () => 2 });
    fn(1);
    const list = await telemetry.collect();
    const shown = list.map(({ descriptor, ...data }) => [
      descriptor.name,
      descriptor.unit,
      "isMonotonic" in data && data.isMonotonic,
    ]);
    // What goes up and down is no counter. Rare ones are not there before they have happened.
    expect(shown).toEqual([
      ["rote.calls", "{call}", true],
      ["rote.coalesced", "{call}", true],
      ["rote.rescued", "{call}", true],
      ["rote.runs", "{run}", true],
      ["rote.run.time", "s", true],
      ["rote.time_saved", "s", true],
      ["rote.removals", "{entry}", true],
      ["rote.oversized", "{entry}", true],
      ["rote.entries", "{entry}", false],
      ["rote.weight", "1", false],
      ["rote.in_flight", "{run}", false],
    ]);
    for (const { descriptor, dataPoints } of list) {
      expect(descriptor.name).toMatch(/^rote(\.[a-z]+(_[a-z]+)*)+$/);
      expect(descriptor.name).not.toMatch(/total|count/);
      expect(descriptor.description).toMatch(/^[A-Z].*\.$/);
      for (const { attributes } of dataPoints)
        for (const name of Object.keys(attributes)) expect(name).toMatch(/^rote(\.[a-z]+){2}$/);
    }
    // No name is the namespace of another.
    const names = list.map(({ descriptor }) => descriptor.name);
    for (const name of names)
      expect(names.some((other) => other.startsWith(`${name}.`))).toBe(false);
  });

  test("functions of one name are one series", async () => {
    const { telemetry } = observed();
    const make = (): ((n: number) => number) => memoize((n: number) => n, { name: "twice" });
    const [one, other] = [make(), make()];
    one(1);
    other(1);
    other(2);
    other(2);
    expect(await telemetry.seriesOf("twice")).toMatchObject({
      "rote.calls miss": 3,
      "rote.calls hit": 1,
      "rote.entries": 3,
    });
  });

  test("counters never go back, also when a function is collected", async () => {
    const { telemetry } = observed();
    let fn: { (n: number): number } | undefined = memoize((n: number) => n, { name: "gone" });
    fn(1);
    fn(1);
    const watched = new WeakRef(fn);
    expect(await telemetry.seriesOf("gone")).toMatchObject({
      "rote.calls hit": 1,
      "rote.entries": 1,
    });
    fn = undefined;
    expect(await collected(watched)).toBe(true);
    expect(await telemetry.seriesOf("gone")).toMatchObject({
      "rote.calls hit": 1,
      "rote.entries": 0,
    });
    const next = memoize((n: number) => n, { name: "gone" });
    next(1);
    next(1);
    expect(await telemetry.seriesOf("gone")).toMatchObject({
      "rote.calls hit": 2,
      "rote.entries": 1,
    });
  });

  test("a function whose clock fails, and weights beyond all numbers, keep no other series from arriving", async () => {
    const { telemetry } = observed();
    let isBroken = false;
    const clock = (): number => {
      if (isBroken) throw new Error("no clock");
      return 0;
    };
    const failing = memoize((n: number) => n, { name: "failing clock", ttl: 10, clock });
    const heavy = memoize((n: number) => n, {
      name: "heavy",
      maxWeight: Infinity,
      weigh: () => Number.MAX_VALUE,
    });
    for (const n of [1, 2]) [failing(n), heavy(n)];
    isBroken = true;
    const series = await telemetry.seriesOf("heavy");
    expect(series).toMatchObject({ "rote.calls miss": 2, "rote.entries": 2 });
    expect(series).not.toHaveProperty("rote.weight");
    isBroken = false;
    expect(await telemetry.seriesOf("failing clock")).toMatchObject({ "rote.calls miss": 2 });
  });

  test("attributes are added to every series", async () => {
    const { telemetry } = observed({
      attributes: { "app.part": "search", replica: 3, main: true },
    });
    memoize((n: number) => n, { name: "with attributes" })(1);
    const points = (await telemetry.collect()).flatMap(
      ({ dataPoints }) => dataPoints as { attributes: object }[],
    );
    expect(points.length).toBeGreaterThan(9);
    for (const { attributes } of points)
      expect(attributes).toMatchObject({ "app.part": "search", replica: 3, main: true });
  });

  test("changing the options afterwards changes nothing", async () => {
    const attributes: Record<string, string> = { "app.part": "search" };
    const { telemetry } = observed({ attributes });
    attributes["app.part"] = "other";
    memoize((n: number) => n, { name: "copied" })(1);
    expect(Object.keys(await telemetry.seriesOf("copied"))).toContain("rote.entries search");
  });

  test("after it has ended nothing new arrives, and once begun again counters go on from where they were", async () => {
    const { telemetry, stop } = observed();
    const fn = memoize((n: number) => n, { name: "stopped" });
    fn(1);
    expect(await telemetry.seriesOf("stopped")).toMatchObject({ "rote.calls miss": 1 });
    stop();
    stop();
    fn(2);
    // The SDK repeats the last figures of what nobody observes any more.
    expect(await telemetry.seriesOf("stopped")).toMatchObject({ "rote.calls miss": 1 });
    open.push(observeMetrics(telemetry.provider.getMeter("test")));
    expect(await telemetry.seriesOf("stopped")).toMatchObject({ "rote.calls miss": 2 });
  });

  test("two observers report the same figures, not their double", async () => {
    const { telemetry } = observed();
    const other = observed();
    open.push(observeMetrics(telemetry.provider.getMeter("test")));
    const fn = memoize((n: number) => n, { name: "observed twice" });
    fn(1);
    for (const each of [telemetry, other.telemetry, telemetry])
      expect(await each.seriesOf("observed twice")).toMatchObject({
        "rote.calls miss": 1,
        "rote.entries": 1,
      });
  });

  test("without a provider nothing fails", () => {
    const stop = observeMetrics(metrics.getMeter("nothing behind it"));
    expect(stop()).toBeUndefined();
  });
});

/** A meter that notes what is asked of it. */
function fakeMeter(): {
  meter: MetricMeter;
  callbacks: Set<(observer: MetricObserver) => void>;
  kinds: string[];
} {
  const callbacks = new Set<(observer: MetricObserver) => void>();
  const kinds: string[] = [];
  const make = (kind: string) => (name: string) => {
    kinds.push(kind);
    return { name };
  };
  return {
    callbacks,
    kinds,
    meter: {
      createObservableCounter: make(InstrumentType.OBSERVABLE_COUNTER),
      createObservableUpDownCounter: make(InstrumentType.OBSERVABLE_UP_DOWN_COUNTER),
      addBatchObservableCallback: (callback) => void callbacks.add(callback),
      removeBatchObservableCallback: (callback) => void callbacks.delete(callback),
    },
  };
}

describe("what is asked of the meter", () => {
  test("one callback for all instruments, and it is taken back", () => {
    const { meter, callbacks, kinds } = fakeMeter();
    const stop = observeMetrics(meter);
    expect(callbacks.size).toBe(1);
    expect(kinds.length).toBe(11);
    stop();
    expect(callbacks.size).toBe(0);
  });

  test("in one collection each series is told once", () => {
    const { meter, callbacks } = fakeMeter();
    open.push(observeMetrics(meter));
    const make = (): ((n: number) => number) => memoize((n: number) => n, { name: "once" });
    const fns = [make(), make()];
    for (const fn of fns) fn(1);
    const told: string[] = [];
    const observer: MetricObserver = {
      observe: (instrument, _value, attributes) =>
        void told.push(JSON.stringify([instrument, attributes])),
    };
    for (const callback of callbacks) callback(observer);
    expect(told.length).toBeGreaterThan(0);
    expect(new Set(told).size).toBe(told.length);
  });
});

describe("what is refused", () => {
  const { meter } = fakeMeter();
  test.each([
    [undefined, "received undefined"],
    ["app", "received a text of 3 characters"],
    [{}, "received an object without createObservableCounter"],
    [
      { ...meter, removeBatchObservableCallback: 1 },
      "received an object without removeBatchObservableCallback",
    ],
    [metrics, "of which getMeter has not been called"],
    [new MeterProvider(), "a MeterProvider"],
  ])("%o is no meter", (value, part) => {
    const error = thrownBy(() => observeMetrics(value as never)) as RoteError;
    expect(error).toBeInstanceOf(RoteError);
    expect(error.code).toBe("ERR_INVALID_ARGUMENT");
    expect(error.message).toContain('metrics.getMeter("app")');
    expect(error.message).toContain(part);
    expect(error.value).toBe(value);
  });

  test.each([
    [null, "ERR_INVALID_ARGUMENT", "must be an object such as"],
    [[], "ERR_INVALID_ARGUMENT", "received an array"],
    [{ prefix: "app" }, "ERR_INVALID_OPTION", "Known options: attributes."],
    [{ attributes: "app" }, "ERR_INVALID_OPTION", "attributes must be an object of texts"],
    [{ attributes: ["app"] }, "ERR_INVALID_OPTION", "received an array"],
    [{ attributes: { part: {} } }, "ERR_INVALID_OPTION", "attributes must be"],
    [{ attributes: { part: Number.NaN } }, "ERR_INVALID_OPTION", "attributes must be"],
    [{ attributes: { "": "a" } }, "ERR_INVALID_OPTION", "attributes must be"],
    [{ attributes: { "rote.function.name": "a" } }, "ERR_INVALID_OPTION", "no name of rote's own"],
  ])("options %o", (options, code, part) => {
    const { meter: untouched, kinds } = fakeMeter();
    const error = thrownBy(() => observeMetrics(untouched, options as never)) as RoteError;
    expect(error.code).toBe(code);
    expect(error.message).toContain(part);
    expect(kinds).toEqual([]);
  });
});
