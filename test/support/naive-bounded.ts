/**
 * The naive model of a memoized function with a bound and a TTL: a list, the most recently used entry first.
 *
 * For "lru" it says which entries are evicted. For other policies it says only that something must be,
 * and is told what it was.
 */

export const causes = [
  "evicted",
  "expired",
  "deleted",
  "invalidated",
  "replaced",
  "cleared",
  "collected",
] as const;

export type Cause = (typeof causes)[number];

export interface Stored {
  /** Which call, of those that there are. */
  readonly key: number;
  readonly kind: "result" | "failure";
  /** The result or the error. */
  readonly value: unknown;
  readonly weight: number;
  readonly ttl: number;
  expiresAt: number;
}

/** What has become of the last entry of a call. */
interface Departure {
  readonly cause: Cause;
  readonly at: number;
  /** How many entries were removed before it. */
  readonly index: number;
  /** Whether nothing has happened since that might have made it be forgotten. */
  isCertain: boolean;
}

export interface Limits {
  maxEntries: number;
  maxWeight: number;
}

export class NaiveBounded {
  /** Replaced, never changed: a loop over it may remove. */
  list: Stored[] = [];
  readonly limits: Limits;
  readonly isExact: boolean;
  readonly removals: Record<Cause, number> = Object.fromEntries(
    causes.map((cause) => [cause, 0]),
  ) as Record<Cause, number>;
  readonly departures = new Map<number, Departure>();
  admitted = 0;
  oversized = 0;
  removed = 0;

  constructor(limits: Limits, isExact: boolean) {
    this.limits = limits;
    this.isExact = isExact;
  }

  find(key: number): Stored | undefined {
    return this.list.find((entry) => entry.key === key);
  }

  get weight(): number {
    return this.list.reduce((sum, entry) => sum + entry.weight, 0);
  }

  /** Removes what has expired; to be called before anything that looks. */
  expire(now: number): void {
    for (const entry of this.list) if (now >= entry.expiresAt) this.remove(entry, "expired", now);
  }

  hit(entry: Stored, now: number, touches: boolean): void {
    this.list = [entry, ...this.list.filter((other) => other !== entry)];
    if (touches && entry.kind === "result") entry.expiresAt = now + entry.ttl;
  }

  /** A run that is over, or `set`. */
  store(entry: Omit<Stored, "expiresAt">, now: number): void {
    const old = this.find(entry.key);
    if (old !== undefined) this.remove(old, "replaced", now);
    const departure = this.departures.get(entry.key);
    if (departure !== undefined) departure.isCertain = false;
    if (entry.ttl === 0) return;
    if (entry.weight > this.limits.maxWeight) {
      this.oversized++;
      return;
    }
    this.admitted++;
    this.departures.delete(entry.key);
    this.list = [{ ...entry, expiresAt: now + entry.ttl }, ...this.list];
  }

  /** A run that left nothing behind. */
  lose(key: number): void {
    const departure = this.departures.get(key);
    if (departure !== undefined) departure.isCertain = false;
  }

  remove(entry: Stored, cause: Cause, now: number): void {
    this.list = this.list.filter((other) => other !== entry);
    this.removals[cause]++;
    this.departures.set(entry.key, {
      cause,
      at: now,
      index: this.removed++,
      isCertain: cause !== "replaced",
    });
  }

  get isOver(): boolean {
    const { maxEntries, maxWeight } = this.limits;
    return this.list.length > maxEntries || this.weight > maxWeight;
  }

  /** Evicts until the bound is kept; `isThere` says what a policy that is not exact has left. */
  evict(now: number, isThere: (key: number) => boolean): void {
    if (!this.isOver) return;
    if (this.isExact) {
      while (this.isOver) this.remove(this.list.at(-1) as Stored, "evicted", now);
      return;
    }
    for (const entry of this.list) if (!isThere(entry.key)) this.remove(entry, "evicted", now);
  }
}
