/**
 * Caches as the replay sees them: `access(id)` is true on a hit. Once through the public API, as a user
 * would, and once on the policy alone, for experiments with it.
 */

/** A memoized function with a bound; its own statistics say what was a hit. */
export async function throughMemoize(random) {
  const { memoize } = await import("rote");
  return (policy, maxEntries) => {
    const identity = memoize((id) => id, { maxEntries, policy, random });
    return {
      access: (id) => identity(id),
      hits: () => identity.cache.stats().hits,
    };
  };
}

/** Slots and a Map around a policy. */
export async function throughPolicy(random) {
  const folder = "../../packages/rote/dist/cache/policy";
  const { S3Fifo } = await import(`${folder}/s3-fifo.js`);
  const { Lru } = await import(`${folder}/lru.js`);
  const { WTinyLfu } = await import(`${folder}/w-tinylfu.js`);
  const classes = { "s3-fifo": S3Fifo, lru: Lru, "w-tinylfu": WTinyLfu };

  return (name, maxEntries) => {
    const slots = new Map();
    const ids = [];
    const isLive = [];
    const free = [];
    let hits = 0;
    const release = (slot) => {
      slots.delete(ids[slot]);
      free.push(slot);
    };
    const hooks = {
      evicted(slot, isGhost) {
        isLive[slot] = false;
        if (!isGhost) release(slot);
      },
      forgotten: release,
    };
    const policy = new classes[name]({ maxEntries, maxWeight: Infinity }, hooks, random);
    return {
      access(id) {
        let slot = slots.get(id);
        if (slot !== undefined && isLive[slot]) {
          hits++;
          policy.touch(slot, id);
          return;
        }
        if (slot === undefined) {
          slot = free.pop() ?? ids.length;
          slots.set(id, slot);
          ids[slot] = id;
        }
        policy.admit(slot, 1, id);
        isLive[slot] = true;
      },
      hits: () => hits,
    };
  };
}
