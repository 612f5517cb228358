export type { AnyFunction, Callable, ParametersOf, ResultOf } from "./cache/memo.ts";
export { RoteError, type RoteErrorCode, type RoteErrorFields } from "./errors.ts";
export type { CacheHandle, CacheStats } from "./handle.ts";
export { keySymbol } from "./key/scan.ts";
export { cacheOf, isMemoized, memoize, type Memoized } from "./memoize.ts";
export type { MemoizeOptions } from "./options.ts";
export { clearAll, configure } from "./configure.ts";
export { tabulate } from "./tabulate.ts";
