/**
 * The floor of everything with a bound: the memo that an expert writes by hand around lru-cache. In a file of its own, which
 * only the floor's processes load.
 */
import { LRUCache } from "lru-cache";

export const lruFloor = (max) => (fn) => {
  const cache = new LRUCache({ max });
  return (key) => {
    let value = cache.get(key);
    if (value === undefined) {
      value = fn(key);
      cache.set(key, value);
    }
    return value;
  };
};
