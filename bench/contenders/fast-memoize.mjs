/** fast-memoize: its defaults are its fastest (the number itself, or JSON of the arguments, as a property name). */
import memoize from "fast-memoize";

export const packageName = "fast-memoize";

export const wrap = (fn) => memoize(fn);
