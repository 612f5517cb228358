/** What `stats().removals` says of a function from which nothing was removed. */
export const nothingRemoved = {
  evicted: 0,
  expired: 0,
  deleted: 0,
  invalidated: 0,
  replaced: 0,
  cleared: 0,
  collected: 0,
};
