/**
 * Who takes part, each in processes of its own: given a class, a name and what kind of member that is,
 * each memoizes the member in place, one cache for each object. The floors are written by hand in the class itself: see rows.mjs.
 */
const contexts = { addInitializer() {}, private: false, static: false, metadata: {} };

/** Puts what a decorator of the standard form returns in the place of the member. */
function standard(decorator) {
  return (type, name, kind) => {
    const descriptor = Object.getOwnPropertyDescriptor(type.prototype, name);
    const slot = kind === "getter" ? "get" : "value";
    const own = decorator(descriptor[slot], { ...contexts, kind, name });
    Object.defineProperty(type.prototype, name, { ...descriptor, [slot]: own });
  };
}

const loaders = {
  rote: async () => {
    const { memoizeMethods } = await import("rote");
    return (type, name) => memoizeMethods(type, { [name]: true });
  },
  memoize: async () => standard((await import("memoize")).memoizeDecorator()),
  "typescript-memoize": async () => {
    const { Memoize } = await import("typescript-memoize");
    return (type, name) => {
      const descriptor = Object.getOwnPropertyDescriptor(type.prototype, name);
      Memoize()(type.prototype, name, descriptor);
      Object.defineProperty(type.prototype, name, descriptor);
    };
  },
  memoizee: async () => {
    const { default: memoizee } = await import("memoizee");
    const { default: methods } = await import("memoizee/methods.js");
    const { default: d } = await import("d");
    return (type, name, kind) => {
      if (kind === "getter") throw new Error("takes no getters");
      const { value } = Object.getOwnPropertyDescriptor(type.prototype, name);
      Object.defineProperties(
        type.prototype,
        methods({ [name]: d(value, { primitive: true, length: value.length }) }, memoizee),
      );
    };
  },
};

export const peers = Object.keys(loaders);
export const loadContender = (name) => loaders[name]();
