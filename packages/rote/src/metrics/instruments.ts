import type { RemovalCause } from "../cache/removal.ts";
import { type Whole, wholes } from "../cache/whole.ts";
import type { CacheStats } from "../handle.ts";
import type { Rule } from "../options.ts";
import { snapshotOf } from "../snapshot.ts";
import { checkOptionsOf } from "./check.ts";
import {
  checkMeter,
  type MetricAttributes,
  type MetricMeter,
  type MetricObserver,
} from "./meter.ts";
import { type Reading, type Reported, Tally } from "./tally.ts";

/** How {@link observeMetrics} reports. */
export interface ObserveOptions {
  /**
   * What every series carries besides the attributes of rote, to tell its origin for instance.
   * @defaultValue none
   */
  attributes?: Readonly<MetricAttributes>;
}

const rules: { readonly [Option in keyof Required<ObserveOptions>]: Rule } = {
  attributes: {
    isValid: isAttributes,
    rule: "an object of texts, finite numbers and booleans, with no name of rote's own (rote.function.name, rote.call.result, rote.run.kind, rote.removal.cause)",
    remedy: 'To tell two services apart, use { "service.namespace": "shop" }.',
  },
};

const FUNCTION_NAME = "rote.function.name";
const CALL_RESULT = "rote.call.result";
const RUN_KIND = "rote.run.kind";
const REMOVAL_CAUSE = "rote.removal.cause";
const OWN: readonly string[] = [FUNCTION_NAME, CALL_RESULT, RUN_KIND, REMOVAL_CAUSE];

function isAttributes(value: unknown): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return Object.entries(value).every(
    ([name, each]) =>
      name !== "" &&
      !OWN.includes(name) &&
      (typeof each === "string" || typeof each === "boolean" || Number.isFinite(each)),
  );
}

/** One series of an instrument for each function. */
interface Series extends Reading {
  readonly metric: string;
  readonly attributes: MetricAttributes;
  /** Not reported before it has happened. */
  readonly isRare: boolean;
}

/** Instruments by name: unit and description; the levels go up and down, all others only up. */
const METRICS: {
  readonly [metric: string]: { readonly unit: string; readonly description: string };
} = {
  "rote.calls": { unit: "{call}", description: "Calls of memoized functions." },
  "rote.coalesced": {
    unit: "{call}",
    description: "Hits that joined a run in flight rather than find its result.",
  },
  "rote.rescued": {
    unit: "{call}",
    description: "Calls that got a stale result because a run failed or took too long.",
  },
  "rote.runs": { unit: "{run}", description: "Times memoized functions were run." },
  "rote.run.time": {
    unit: "s",
    description: "Time spent in outermost runs, of async functions until they settle.",
  },
  "rote.time_saved": {
    unit: "s",
    description: "What hits saved at least: each a run of mean length.",
  },
  "rote.removals": { unit: "{entry}", description: "Entries that were removed." },
  "rote.oversized": {
    unit: "{entry}",
    description: "Results that were not kept because each weighs more than the bound.",
  },
  "rote.entries": { unit: "{entry}", description: "Entries there are." },
  "rote.weight": { unit: "1", description: "What the entries weigh; without weigh, each 1." },
  "rote.in_flight": { unit: "{run}", description: "Async runs that have not settled." },
};

function count(
  metric: string,
  read: Reading["read"],
  attributes: MetricAttributes = {},
  isRare = false,
): Series {
  return { metric, attributes, isLevel: false, isRare, read };
}

function level(metric: string, read: Reading["read"]): Series {
  return { metric, attributes: {}, isLevel: true, isRare: false, read };
}

const causes: readonly RemovalCause[] = [
  "evicted",
  "expired",
  "deleted",
  "invalidated",
  "replaced",
  "cleared",
  "collected",
];

const otherRuns = ({ runs, misses, reruns }: CacheStats): number => runs - misses - reruns;

const SERIES: readonly Series[] = [
  count("rote.calls", ({ hits, staleHits }) => hits - staleHits, { [CALL_RESULT]: "hit" }),
  count("rote.calls", ({ staleHits }) => staleHits, { [CALL_RESULT]: "stale" }, true),
  count("rote.calls", ({ misses }) => misses, { [CALL_RESULT]: "miss" }),
  count("rote.coalesced", ({ coalesced }) => coalesced),
  count("rote.rescued", ({ rescued }) => rescued, {}, true),
  count("rote.runs", ({ misses }) => misses, { [RUN_KIND]: "miss" }),
  count("rote.runs", ({ reruns }) => reruns, { [RUN_KIND]: "rerun" }, true),
  count("rote.runs", otherRuns, { [RUN_KIND]: "other" }, true),
  count("rote.run.time", ({ runTime }) => runTime / 1000),
  count("rote.time_saved", ({ timeSaved }) => timeSaved / 1000),
  ...causes.map((cause) =>
    count("rote.removals", ({ removals }) => removals[cause], { [REMOVAL_CAUSE]: cause }, true),
  ),
  count("rote.oversized", ({ oversized }) => oversized, {}, true),
  level("rote.entries", ({ entries }) => entries),
  level("rote.weight", ({ weight }) => weight),
  level("rote.in_flight", ({ inFlight }) => inFlight),
];

/** One for the process: what was counted once stays counted, whoever observes it and how often they begin. */
const tally = new Tally(SERIES);

/** As OpenTelemetry numbers them. */
const INTEGER = 0;
const DOUBLE = 1;

/**
 * Reports what every memoized function of the process has done as OpenTelemetry metrics, until the
 * function that is returned is called.
 *
 * Nothing is counted for it: whenever the meter's reader collects, the statistics of
 * {@link snapshot} are read once and summed by function name. A call pays nothing. Counts begin with what
 * was counted before, and never go back, also when functions are collected; what one that is collected did
 * after the last collection is lost. To observe twice reports the same figures twice, not their double.
 *
 * @param meter - An OpenTelemetry `Meter`, from a provider that is set up already: one that is taken
 * from `metrics.getMeter` before reports nothing.
 * @param options - See {@link ObserveOptions}.
 * @returns What ends it; a reader may go on to report the last figures.
 * @throws {RoteError} `ERR_INVALID_ARGUMENT` for what is no meter, `ERR_INVALID_OPTION` for options.
 *
 * @example
 * ```ts
 * import { ConsoleMetricExporter, MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
 * import { memoize } from "rote";
 * import { observeMetrics } from "rote/metrics";
 *
 * const reader = new PeriodicExportingMetricReader({ exporter: new ConsoleMetricExporter() });
 * const provider = new MeterProvider({ readers: [reader] });
 * const stop = observeMetrics(provider.getMeter("app"));
 *
 * const square = memoize((n: number) => n * n, { name: "square" });
 * square(3) + square(3); //=> 18
 * const { resourceMetrics } = await reader.collect();
 * resourceMetrics.scopeMetrics[0]?.metrics.map(({ descriptor }) => descriptor.name); //=> ["rote.calls", …]
 * stop();
 * ```
 */
export function observeMetrics(meter: MetricMeter, options: ObserveOptions = {}): () => void {
  checkMeter(meter);
  checkOptionsOf("observeMetrics", options, rules, '{ attributes: { "app.part": "search" } }');
  const extra = { ...options.attributes };
  const instruments = new Map<string, object>();
  for (const [metric, { unit, description }] of Object.entries(METRICS)) {
    const isLevel = SERIES.some((each) => each.metric === metric && each.isLevel);
    const valueType = unit.startsWith("{") ? INTEGER : DOUBLE;
    const about = { unit, description, valueType };
    instruments.set(
      metric,
      isLevel
        ? meter.createObservableUpDownCounter(metric, about)
        : meter.createObservableCounter(metric, about),
    );
  }
  const observe = (observer: MetricObserver): void => {
    for (const [name, totals] of tally.add(wholes.find().flatMap(report))) {
      SERIES.forEach(({ metric, attributes, isRare }, i) => {
        const total = totals[i] as number;
        // Weights may add up to more than numbers can say.
        if ((isRare && total === 0) || total === Infinity) return;
        const all = { ...extra, [FUNCTION_NAME]: name, ...attributes };
        observer.observe(instruments.get(metric) as object, total, all);
      });
    }
  };
  const all = [...instruments.values()];
  meter.addBatchObservableCallback(observe, all);
  return () => meter.removeBatchObservableCallback(observe, all);
}

/** Nothing for a function whose `clock` fails, as its calls do: the others are there all the same. */
function report(whole: Whole): Reported[] {
  try {
    return [{ identity: whole, ...snapshotOf(whole) }];
  } catch {
    return [];
  }
}
