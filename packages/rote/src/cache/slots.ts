import type { Entry } from "./entry.ts";

/** The place of an entry whose key has objects: it goes when they do. */
class WeakHold {
  readonly ref: WeakRef<Entry>;
  /** Whether it counts; a ghost does not. */
  isLive = true;
  constructor(entry: Entry) {
    this.ref = new WeakRef(entry);
  }
}

/**
 * The places of entries that are swept or evicted: by slot, everything that a hit does not read of
 * the entry itself.
 */
export abstract class Slots {
  /** By slot, the time from which on an entry is not fresh any more; of a ghost, when it was evicted. */
  times: Float64Array = new Float64Array(0);
  protected held: (Entry | undefined)[] = [];
  /** Those of them that their keys' objects alone may keep alive. */
  protected weaklyHeld: (WeakHold | undefined)[] = [];
  private free: number[] = [];
  /** By slot, how long an entry was to be fresh, for hits that start that again. */
  protected lifetimes: Float64Array = new Float64Array(0);
  private registry: FinalizationRegistry<number> | undefined;

  private readonly hasLifetimes: boolean;

  constructor(hasLifetimes: boolean) {
    this.hasLifetimes = hasLifetimes;
  }

  /** Notes whether an entry that is held weakly counts; the entry, if it is still there. */
  protected markWeak(slot: number, isLive: boolean): Entry | undefined {
    const held = this.weaklyHeld[slot];
    if (held === undefined) return undefined;
    held.isLive = isLive;
    return held.ref.deref();
  }

  protected takeSlot(entry: Entry): void {
    const { free, held } = this;
    const slot = free.length > 0 ? (free.pop() as number) : held.length;
    entry.slot = slot;
    if (slot >= this.times.length) this.grow();
    if (entry.longKey === null || entry.longKey.objects === null) {
      held[slot] = entry;
      return;
    }
    held[slot] = undefined;
    this.weaklyHeld[slot] = new WeakHold(entry);
    this.registry ??= new FinalizationRegistry((gone) => {
      this.check(gone);
      this.tell();
    });
    this.registry.register(entry, slot);
  }

  private grow(): void {
    const size = Math.max(16, this.times.length * 2);
    const { times, lifetimes } = this;
    (this.times = new Float64Array(size)).set(times);
    if (this.hasLifetimes) (this.lifetimes = new Float64Array(size)).set(lifetimes);
  }

  protected freeSlot(entry: Entry): void {
    this.release(entry.slot);
    entry.slot = -1;
  }

  protected release(slot: number): void {
    this.held[slot] = undefined;
    if (this.weaklyHeld.length > 0) this.weaklyHeld[slot] = undefined;
    this.free.push(slot);
  }

  protected clearSlots(): void {
    this.held = [];
    this.weaklyHeld = [];
    this.free = [];
  }

  /** Looks whether the entry of a slot is still there, and has not expired. */
  protected abstract check(slot: number): void;

  /** Called when what was lost may be told. */
  protected abstract tell(): void;
}
