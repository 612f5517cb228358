/** How much of the whole the window is at first: little, which suits most loads (from the paper). */
const FIRST_SHARE = 0.01;
/** The main part keeps a fifth, so that what it could do is still seen. */
const MOST_SHARE = 0.8;
/** The first step, and the one after the load has changed (from Caffeine, like the two below). */
const STEP = 0.0625;
/** A hit ratio that differs by so much means that the load has changed. */
const RESTART = 0.05;
/** Steps get shorter, so that in the end a good share is kept. */
const DECAY = 0.98;
/** Accesses for one entry, on average, from one step to the next. */
const SAMPLE = 10;

/** Finds the share of the window by trying: as long as the hit ratio rises it goes on, otherwise it turns back. */
export class Climber {
  /** Of the weight of all entries, what the window has. */
  share: number = FIRST_SHARE;
  /** Since the last step; the owner counts. */
  hits = 0;
  private misses = 0;
  private ratio = 0;
  private step = -STEP;

  /** Counts a miss while so many entries live; true if the share has changed. */
  miss(entries: number): boolean {
    this.misses++;
    if (this.hits + this.misses < SAMPLE * entries) return false;
    const ratio = this.hits / (this.hits + this.misses);
    const change = ratio - this.ratio;
    if (change < 0) this.step = -this.step;
    this.share = Math.min(MOST_SHARE, Math.max(0, this.share + this.step));
    this.step = Math.abs(change) >= RESTART ? Math.sign(this.step) * STEP : this.step * DECAY;
    this.ratio = ratio;
    this.hits = this.misses = 0;
    return true;
  }

  reset(): void {
    this.share = FIRST_SHARE;
    this.step = -STEP;
    this.hits = this.misses = this.ratio = 0;
  }
}
