import type { Revision } from "../cache/meta.ts";
import type { SyncStore } from "./store.ts";

/** What the options say about the store of one function; durations in milliseconds. */
export interface TierRules {
  readonly store: SyncStore;
  /** How the function is called in messages, and by the store. */
  readonly name: string;
  /** Name and version. */
  readonly namespace: string;
  /** What a compiler knows of its code, if that is what the namespace says. */
  readonly revision: Revision | undefined;
  /** How long a call waits for another process that makes the same result. */
  readonly wait: number;
  readonly encode: ((value: unknown) => unknown) | undefined;
  readonly decode: ((value: unknown) => unknown) | undefined;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly life: Lifetime;
  readonly lookEvery: number;
  /** How long past its TTL a result may be returned while a run refreshes it, or because the run has failed. */
  readonly whileRevalidate: number;
  readonly ifError: number;
  readonly events: TierEvents;
}

/** What the options say of a result or a failure that is to be stored. */
export interface Lifetime {
  /** In milliseconds. */
  ttlOf(receiver: unknown, value: unknown, args: readonly unknown[]): number;
  readonly errorTtl: number;
  tagsOf(receiver: unknown, value: unknown, args: readonly unknown[]): readonly string[];
}

/** Who is told of what goes wrong. */
export interface TierEvents {
  missed(args: readonly unknown[], reason: string): void;
  failed(args: readonly unknown[] | undefined, error: unknown): void;
}
