import { warnOnce } from "../development.ts";
import type { RemovalCause } from "./removal.ts";

/** What listeners of a memoized function are told. Durations are in milliseconds. */
export interface CacheEvents<Args = readonly unknown[], Result = unknown> {
  /** A call was answered from an entry; of a remembered failure, the value is `undefined`. */
  hit: {
    readonly type: "hit";
    readonly args: Args;
    readonly value: Result;
    /** Whether the entry was past its TTL. */
    readonly isStale: boolean;
  };
  /** A call found nothing usable: the function is about to run. */
  miss: { readonly type: "miss"; readonly args: Args };
  /** A run has returned; that of an async function has settled. */
  run: {
    readonly type: "run";
    readonly args: Args;
    /** What it has returned, or what its promise was fulfilled with. */
    readonly value: Awaited<Result>;
    readonly duration: number;
  };
  /** An entry is not there any more. `args` are made anew from the key, and missing if that was collected. */
  remove: {
    readonly type: "remove";
    readonly args: Args | undefined;
    readonly value: Result | undefined;
    readonly cause: RemovalCause;
  };
  /** A run has thrown, or its promise was rejected. */
  error: {
    readonly type: "error";
    readonly args: Args;
    readonly error: unknown;
    readonly duration: number;
  };
  /** The store had something for a call that could not be used, and why; what it had nothing for is not told. */
  storeMiss: { readonly type: "storeMiss"; readonly args: Args; readonly reason: string };
  /** The store, `encode` or `decode` has failed, or a result could not be stored. The call went on without. */
  storeError: {
    readonly type: "storeError";
    readonly args: Args | undefined;
    readonly error: unknown;
  };
}

export type CacheEventType = keyof CacheEvents;

type AnyEvent = CacheEvents[CacheEventType];

export const EVENT_TYPES: readonly CacheEventType[] = [
  "hit",
  "miss",
  "run",
  "remove",
  "error",
  "storeMiss",
  "storeError",
];

/** The listeners of one function. */
export class Listeners {
  /** Lists are replaced, never changed: whoever is being told keeps the one it began with. */
  private readonly lists: Record<CacheEventType, readonly ((event: never) => void)[]> = {
    hit: [],
    miss: [],
    run: [],
    remove: [],
    error: [],
    storeMiss: [],
    storeError: [],
  };
  private readonly name: string;
  private readonly outside: (callback: () => void) => void;

  /** `outside` runs what is not part of any run. */
  constructor(name: string, outside: (callback: () => void) => void) {
    this.name = name;
    this.outside = outside;
  }

  has(type: CacheEventType): boolean {
    return this.lists[type].length > 0;
  }

  get isEmpty(): boolean {
    return EVENT_TYPES.every((type) => !this.has(type));
  }

  add(type: CacheEventType, listener: (event: never) => void): () => void {
    // Each addition is one of its own, also of a listener that is there already.
    const own = (event: never): void => listener(event);
    this.lists[type] = [...this.lists[type], own];
    return () => {
      this.lists[type] = this.lists[type].filter((each) => each !== own);
    };
  }

  emit(event: AnyEvent): void {
    for (const listener of this.lists[event.type]) {
      try {
        this.outside(() => listener(event as never));
      } catch (error) {
        warnOnce(
          "ROTE_LISTENER",
          `A listener for "${event.type}" of "${this.name}" has thrown, which is ignored: ${error instanceof Error ? error.name : typeof error}. Handle errors inside the listener.`,
        );
      }
    }
  }
}
