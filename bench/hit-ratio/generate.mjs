/**
 * The traces that are made, not read: one million accesses each (the loop: 200 000), the same on every machine.
 * A trace is a Uint32Array of key ids, one per access, numbered by first occurrence.
 */
import { createRandom } from "./random.mjs";
import { createZipf } from "./zipf.mjs";

const ACCESSES = 1_000_000;
const KEYS = 100_000;

/** Keys drawn by rank, the most frequent one n times as often as the n-th. */
function* zipf() {
  const rank = createZipf(KEYS, 1, createRandom(1));
  for (let i = 0; i < ACCESSES; i++) yield rank();
}

/** 80 000 draws, then 20 000 keys that never come back, in turn. */
function* zipfWithScans() {
  const rank = createZipf(KEYS, 1, createRandom(2));
  let fresh = KEYS;
  for (let i = 0; i < ACCESSES; i++) yield i % 100_000 < 80_000 ? rank() : fresh++;
}

/** A loop a fifth longer than the larger of its two caches: the worst case of LRU. */
function* loop() {
  for (let i = 0; i < 200_000; i++) yield i % 1200;
}

/** What is popular changes: every 100 000 accesses the ranking rotates by a tenth. */
function* shift() {
  const rank = createZipf(KEYS, 1, createRandom(4));
  for (let i = 0; i < ACCESSES; i++) {
    yield (rank() + Math.floor(i / 100_000) * (KEYS / 10)) % KEYS;
  }
}

/**
 * Every second access belongs to a key that is used exactly twice, with a hundred other such keys
 * in between: one visit in a small queue looks like popularity, and the second use is the last.
 */
function* usedTwice() {
  const rank = createZipf(KEYS, 0.9, createRandom(5));
  const APART = 100;
  let fresh = KEYS;
  const due = [];
  for (let i = 0; i < ACCESSES; i++) {
    if (i % 2 === 0) yield rank();
    else if (due.length > APART) yield due.shift();
    else {
      due.push(fresh);
      yield fresh++;
    }
  }
}

/**
 * Two loads in turn, 100 000 accesses each, which want opposite things of a cache. First what is recent:
 * a fifth of the accesses are to new keys, the others to one of the last 1000, each as likely. Then a loop
 * over 1500 keys and a ranking, half and half.
 *
 * The numbers were chosen so that LRU, SIEVE and S3-FIFO without adaptation come near their published
 * hit ratios on a trace of this description.
 */
function* mixed() {
  const RANKED = 80_000;
  const LOOP = 1500;
  const RECENT = 1000;
  const random = createRandom(6);
  const rank = createZipf(RANKED, 1.02, random);
  let fresh = RANKED + LOOP;
  let position = 0;
  for (let i = 0; i < ACCESSES; i++) {
    const isRecencyPhase = Math.floor(i / 100_000) % 2 === 0;
    if (!isRecencyPhase) yield random() < 0.5 ? RANKED + (position++ % LOOP) : rank();
    else if (random() < 0.195) yield fresh++;
    else yield Math.max(RANKED + LOOP, fresh - 1 - Math.floor(random() * RECENT));
  }
}

const generators = {
  "zipf:1.0": zipf,
  "zipfscan:1.0": zipfWithScans,
  "loop:1200": loop,
  "shift:1.0": shift,
  sievebad: usedTwice,
  mixed,
};

export const generatedNames = Object.keys(generators);

export function generateTrace(name) {
  const numbers = new Map();
  return Uint32Array.from(generators[name](), (key) => {
    let number = numbers.get(key);
    if (number === undefined) numbers.set(key, (number = numbers.size));
    return number;
  });
}

/** The least hit ratios of the default policy on these traces, in per cent, by capacity. */
export const generatedFloors = {
  "zipf:1.0": { 100: 40.1, 1000: 58.8, 10_000: 76.8 },
  "zipfscan:1.0": { 100: 31.9, 1000: 46.8, 10_000: 61.1 },
  "loop:1200": { 100: 0, 1000: 0.4 },
  "shift:1.0": { 100: 39.8, 1000: 56.7, 10_000: 69.9 },
  sievebad: { 100: 12.7, 1000: 43.8, 10_000: 55.2 },
  mixed: { 100: 14.4, 1000: 45.3, 10_000: 80.4 },
};
