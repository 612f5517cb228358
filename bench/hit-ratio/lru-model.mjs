/** Hits of an exact LRU, from its definition: the order of a Map's keys is the order of the last uses. */
export function countLruHits(trace, capacity) {
  const used = new Set();
  let hits = 0;
  for (const id of trace) {
    if (used.delete(id)) hits++;
    else if (used.size >= capacity) used.delete(used.values().next().value);
    used.add(id);
  }
  return hits;
}
