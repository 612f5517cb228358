// A user's file: compiled against the packed package by every supported TypeScript.
import { isMemoized, memoize, RoteError } from "rote";
import {
  type ChannelMessages,
  type MetricMeter,
  observeMetrics,
  publishEvents,
} from "rote/metrics";

const fibonacci = memoize((n: number): number => (n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2)));
export const answer: number = fibonacci(36);
export const hits: number = fibonacci.cache.stats().hits;
export const plain: (n: number) => number = fibonacci.original;

const isText = memoize((value: unknown): value is string => typeof value === "string");
export function length(value: unknown): number {
  return isText(value) ? value.length : 0;
}

export const identity = memoize({ key: "identity" })((value: object): string => typeof value);

// @ts-expect-error "content" is no key
memoize((n: number) => n, { key: "content" });

// @ts-expect-error the memoized function keeps its parameters
fibonacci("36");

const user = memoize.batch(
  async (ids: readonly number[]) =>
    ids.map((id): { id: number } | Error => (id > 0 ? { id } : new Error("no such user"))),
  { maxBatch: 100, key: (id) => id, ttl: "1m" },
);
export const one: Promise<{ id: number }> = user(1);

// @ts-expect-error a text is no key
void user("1");

export const found: boolean = isMemoized(fibonacci) && !(fibonacci instanceof RoteError);

export function watch(meter: MetricMeter): () => void {
  const stops = [
    observeMetrics(meter, { attributes: { part: "search" } }),
    publishEvents({ interval: "5s" }),
  ];
  return () => stops.forEach((stop) => stop());
}
export const nameOf = (message: ChannelMessages["run"]): string =>
  `${message.name} ${message.duration}`;

// @ts-expect-error "5 seconds" is no Duration
publishEvents({ interval: "5 seconds" });
