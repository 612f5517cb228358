import { RoteError } from "../errors.ts";
import { show } from "../options.ts";

/** What tells one series of a metric from the others. */
export interface MetricAttributes {
  [name: string]: string | number | boolean;
}

/** What a {@link MetricMeter} has made, and is given back when something is observed. */
export type MetricInstrument = object;

/** How an instrument is described to a {@link MetricMeter}. */
export interface MetricInstrumentOptions {
  description?: string;
  /** By the Unified Code for Units of Measure: `"s"`, or `"{call}"` for what is counted. */
  unit?: string;
  /** 0 for whole numbers, 1 for others. */
  valueType?: number;
}

/** What is told in one collection. */
export interface MetricObserver {
  observe(instrument: MetricInstrument, value: number, attributes?: MetricAttributes): void;
}

/**
 * What rote needs of a meter. That of `@opentelemetry/api`, 1.3 or newer, has it; so rote depends on
 * no version of it.
 */
export interface MetricMeter {
  createObservableCounter(name: string, options?: MetricInstrumentOptions): MetricInstrument;
  createObservableUpDownCounter(name: string, options?: MetricInstrumentOptions): MetricInstrument;
  addBatchObservableCallback(
    callback: (observer: MetricObserver) => void,
    instruments: MetricInstrument[],
  ): void;
  removeBatchObservableCallback(
    callback: (observer: MetricObserver) => void,
    instruments: MetricInstrument[],
  ): void;
}

const METHODS: readonly (keyof MetricMeter)[] = [
  "createObservableCounter",
  "createObservableUpDownCounter",
  "addBatchObservableCallback",
  "removeBatchObservableCallback",
];

/** Throws for anything but a meter. */
export function checkMeter(meter: unknown): void {
  const found = meter as { [method: string]: unknown } | null | undefined;
  const isObject = (typeof found === "object" && found !== null) || typeof found === "function";
  const lacking = isObject
    ? METHODS.find((method) => typeof found[method] !== "function")
    : METHODS[0];
  if (lacking === undefined) return;
  const received = !isObject
    ? show(meter)
    : typeof found["getMeter"] === "function"
      ? "a MeterProvider, or the metrics API itself, of which getMeter has not been called"
      : `${show(meter)} without ${lacking}`;
  throw new RoteError(
    "ERR_INVALID_ARGUMENT",
    `observeMetrics takes an OpenTelemetry Meter, as metrics.getMeter("app") of @opentelemetry/api gives; received ${received}. Pass a meter of @opentelemetry/api 1.3 or newer.`,
    { value: meter },
  );
}
