/** Hits between two readings of the clock in one turn of the event loop; a power of two. */
export const STRIDE = 256;

/** Ticks are small integers. */
const MANY = 2 ** 30 - 1;

const { now: nowAtLoad } = Date;
/** The platform's own `Date.now`, unless fake timers were there first. */
const platformNow: (() => number) | undefined = /\[native code\]\s*\}$/.test(
  Function.prototype.toString.call(nowAtLoad),
)
  ? nowAtLoad
  : undefined;

/**
 * Time as entries know it: milliseconds that only ever move on. A clock that goes back adds
 * nothing, so what was fresh for another minute still is, and no longer.
 *
 * Reading the platform's clock costs more than a hit. It is read by the first hit of a turn, after
 * every run, and every `STRIDE` hits: within one turn that blocks, an entry may be returned past its
 * TTL. Clocks that are injected are read every time, and so are those of fake timers from the next turn on.
 */
export class Clock {
  /** As last read; the clock's own reading as long as it never went back. */
  time: number;
  /** Another number whenever the time is another, and in every turn: what was fresh in a tick is fresh for all of it. */
  tick = 0;
  /** Hits that may do without a reading. */
  left = 0;
  private reading: number;
  private readonly source: (() => number) | undefined;
  private isTurnWatched = false;

  constructor(source: (() => number) | undefined) {
    this.source = source;
    const reading = source === undefined ? Date.now() : source();
    this.time = this.reading = Number.isFinite(reading) ? reading : 0;
  }

  /** Reads the clock. */
  read(): number {
    const reading = this.source === undefined ? Date.now() : this.source();
    if (reading > this.reading) {
      this.time += reading - this.reading;
      this.tick = (this.tick + 1) & MANY;
    }
    // What is no time has not passed.
    if (Number.isFinite(reading)) this.reading = reading;
    return this.time;
  }

  /** What was found fresh has to be looked at again. */
  nextTick(): void {
    this.tick = (this.tick + 1) & MANY;
  }

  /** Whether a reading is good for further hits of the same turn: not one that tests control. */
  get isCoarse(): boolean {
    return this.source === undefined && Date.now === platformNow;
  }

  /** The time, as exactly as hits need it. */
  now(): number {
    if (!this.isCoarse) return this.read();
    if (--this.left >= 0) return this.time;
    this.left = STRIDE;
    this.watchTurn();
    return this.read();
  }

  /** An instant of this clock as the clock itself would show it. */
  toInstant(time: number): number {
    return time + (this.reading - this.time);
  }

  private watchTurn(): void {
    if (this.isTurnWatched) return;
    this.isTurnWatched = true;
    void Promise.resolve().then(() => {
      this.left = 0;
      this.tick = (this.tick + 1) & MANY;
      this.isTurnWatched = false;
    });
  }
}

/** For all functions without a clock of their own. Made late, so that nothing happens on import. */
export function sharedClock(): Clock {
  return (shared ??= new Clock(undefined));
}

let shared: Clock | undefined;
