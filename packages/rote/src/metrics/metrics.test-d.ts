import { subscribe } from "node:diagnostics_channel";

import { type Meter, metrics } from "@opentelemetry/api";
import { MeterProvider } from "@opentelemetry/sdk-metrics";
import { describe, expectTypeOf, test } from "vitest";

import { type ChannelMessages, type MetricMeter, observeMetrics, publishEvents } from "./index.ts";

describe("observeMetrics", () => {
  test("takes the Meter of the API and of the SDK", () => {
    expectTypeOf<Meter>().toExtend<MetricMeter>();
    expectTypeOf(observeMetrics).toBeCallableWith(metrics.getMeter("app"));
    expectTypeOf(observeMetrics).toBeCallableWith(new MeterProvider().getMeter("app"));
    expectTypeOf(observeMetrics(metrics.getMeter("app"))).toEqualTypeOf<() => void>();
  });

  test("refuses what is no meter", () => {
    // @ts-expect-error the API itself
    observeMetrics(metrics);
    // @ts-expect-error a provider
    observeMetrics(new MeterProvider());
    // @ts-expect-error nothing
    observeMetrics();
  });

  test("options", () => {
    const meter = metrics.getMeter("app");
    observeMetrics(meter, { attributes: { "app.part": "search", replica: 3, main: true } });
    // @ts-expect-error no option
    observeMetrics(meter, { prefix: "app" });
    // @ts-expect-error an attribute is no object
    observeMetrics(meter, { attributes: { part: {} } });
  });
});

describe("publishEvents", () => {
  test("options", () => {
    expectTypeOf(publishEvents()).toEqualTypeOf<() => void>();
    publishEvents({ interval: "5s" });
    publishEvents({ interval: 5000, schedule: (callback) => (callback(), () => {}) });
    // @ts-expect-error no duration
    publishEvents({ interval: "5 seconds" });
    // @ts-expect-error returns nothing that calls it off
    publishEvents({ schedule: (callback: () => void) => callback() });
  });

  test("messages are events with a name", () => {
    subscribe("rote:run", (message) => {
      const { type, name, args, value, duration } = message as ChannelMessages["run"];
      expectTypeOf(type).toEqualTypeOf<"run">();
      expectTypeOf(name).toEqualTypeOf<string>();
      expectTypeOf(args).toEqualTypeOf<readonly unknown[]>();
      expectTypeOf(value).toEqualTypeOf<unknown>();
      expectTypeOf(duration).toEqualTypeOf<number>();
    });
    expectTypeOf<keyof ChannelMessages>().toEqualTypeOf<
      "hit" | "miss" | "run" | "remove" | "error" | "storeMiss" | "storeError"
    >();
    // @ts-expect-error hits have no duration
    expectTypeOf<ChannelMessages["hit"]>().toHaveProperty("duration");
  });
});
