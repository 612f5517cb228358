/** Words of 32 bits in a block: 64 bytes, a line of the processor's cache, so a key costs one access to memory. */
const BLOCK_WORDS = 16;
/** A counter has four bits: eight of them fit in a word. */
const MOST = 15;
/** Counters for one entry, all rows together. Below about ten, estimates begin to suffer. */
const WORDS_PER_ENTRY = 2;
/** Additions for one entry, on average, after which all counters are halved. Recommended by the authors. */
const SAMPLE = 10;

/**
 * How often keys were used of late, roughly: a count-min sketch (Cormode and Muthukrishnan, 2005) with
 * counters of four bits, halved now and then so that the past fades (Einziger, Friedman and Manes,
 * "TinyLFU: a highly efficient cache admission policy", 2017).
 *
 * An estimate is never below the true number of uses since, except for what halving takes away, and for
 * numbers above 15. Which keys share counters depends on a seed, so nobody can prepare keys that do.
 */
export class Sketch {
  /** Entries for which there are counters. */
  private room = BLOCK_WORDS / WORDS_PER_ENTRY;
  private words: Int32Array = new Int32Array(BLOCK_WORDS);
  private blockMask = 0;
  private additions = 0;
  private sample = 0;
  private readonly seed: number;

  constructor(random: () => number) {
    this.seed = Math.floor(random() * 2 ** 32) | 0;
  }

  /** Makes room for so many entries. */
  makeRoom(entries: number): void {
    if (SAMPLE * entries > this.sample) this.sample = SAMPLE * entries;
    while (this.room < entries) {
      // Where there was one block there are two, and both know what the one knew.
      const wider = new Int32Array(this.words.length * 2);
      wider.set(this.words);
      wider.set(this.words, this.words.length);
      this.words = wider;
      this.room *= 2;
      this.blockMask = this.blockMask * 2 + 1;
    }
  }

  clear(): void {
    this.words.fill(0);
    this.additions = 0;
  }

  estimate(hash: number): number {
    const { words } = this;
    const first = scatter(hash ^ this.seed);
    const bits = scatter(first);
    const block = (first & this.blockMask) * BLOCK_WORDS;
    let least = MOST;
    // Each row has four of the block's words, and a byte of `bits` to pick one of their counters.
    for (let row = 0; row < 4; row++) {
      const pick = bits >>> (row * 8);
      const word = words[block + row * 4 + (pick & 3)] as number;
      const counter = (word >>> (pick & 28)) & MOST;
      if (counter < least) least = counter;
    }
    return least;
  }

  add(hash: number): void {
    const { words } = this;
    const first = scatter(hash ^ this.seed);
    const bits = scatter(first);
    const block = (first & this.blockMask) * BLOCK_WORDS;
    let isAdded = false;
    for (let row = 0; row < 4; row++) {
      const pick = bits >>> (row * 8);
      const at = block + row * 4 + (pick & 3);
      const word = words[at] as number;
      if (((word >>> (pick & 28)) & MOST) < MOST) {
        words[at] = word + (1 << (pick & 28));
        isAdded = true;
      }
    }
    if (isAdded && ++this.additions >= this.sample) this.halve();
  }

  private halve(): void {
    const { words } = this;
    for (let at = 0; at < words.length; at++) {
      words[at] = ((words[at] as number) >>> 1) & 0x7777_7777;
    }
    this.additions >>>= 1;
  }
}

/** Every bit of the result depends on every bit of the number (multipliers found by C. Wellons). */
function scatter(number: number): number {
  const half = Math.imul(number ^ (number >>> 16), 0x21f0_aaad);
  const mixed = Math.imul(half ^ (half >>> 15), 0xd35a_2d97);
  return mixed ^ (mixed >>> 15);
}
