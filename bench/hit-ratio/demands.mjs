/** What every row has to reach, and which of it was missed. */

/** How far, in points, the default policy may be behind LRU on any trace. */
const BEHIND_LRU = 4;
/** A loop a little longer than the cache: nearly all of it can be kept, if the policy holds on. */
const LONG_LOOP = { trace: "lirs-loop", capacity: 1000, floor: 95 };

/** The capacity at which only W-TinyLFU has a demand, beside those with a floor. */
export const extraCapacities = (trace) => (trace === LONG_LOOP.trace ? [LONG_LOOP.capacity] : []);

/** Sentences, one for every demand that was missed. */
export function findMisses({ trace, capacity, floor, ratios, lruHits, hits }) {
  const missed = [];
  const demand = (policy, least, why) => {
    if (ratios[policy] >= least) return;
    const reached = ratios[policy].toFixed(2);
    missed.push(
      `${trace} ${capacity}: ${policy} ${reached} %, wanted ${least.toFixed(2)} %: ${why}`,
    );
  };
  if (floor !== undefined) {
    demand("s3-fifo", floor, "the floor");
    demand("s3-fifo", ratios.model - BEHIND_LRU, `${BEHIND_LRU} points below LRU`);
  }
  if (trace === LONG_LOOP.trace && capacity === LONG_LOOP.capacity) {
    demand("w-tinylfu", LONG_LOOP.floor, "a loop must not wear it down");
  }
  if (hits.lru !== lruHits) {
    missed.push(`${trace} ${capacity}: lru has ${hits.lru} hits, the model ${lruHits}`);
  }
  return missed;
}
