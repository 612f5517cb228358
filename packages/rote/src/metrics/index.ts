export { type ChannelMessages, publishEvents, type PublishOptions } from "./channels.ts";
export { observeMetrics, type ObserveOptions } from "./instruments.ts";
export type {
  MetricAttributes,
  MetricInstrument,
  MetricInstrumentOptions,
  MetricMeter,
  MetricObserver,
} from "./meter.ts";
