/** Who takes part, each in processes of its own: loaded by name, so that none is in the memory of another. */
const loaders = {
  plain: async () => (fn) => fn,
  floor: async () => promiseFloor,
  rote: async () => (await import("rote")).memoize,
  "p-memoize": async () => {
    const { default: pMemoize } = await import("p-memoize");
    return (fn) => pMemoize(fn);
  },
};

export const contenders = Object.keys(loaders);
export const loadWrap = (name) => loaders[name]();

/** What an expert writes by hand: a Map of promises, which forgets those that are rejected. */
function promiseFloor(fn) {
  const map = new Map();
  return (key) => {
    let promise = map.get(key);
    if (promise === undefined) {
      promise = fn(key);
      map.set(key, promise);
      promise.catch(() => map.delete(key));
    }
    return promise;
  };
}
