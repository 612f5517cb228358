/** reselect's weakMapMemoize: a tree of Maps and WeakMaps by identity. It has no way to compare content. */
import { weakMapMemoize } from "reselect";

export const packageName = "reselect";

export const wrap = (fn) => weakMapMemoize(fn);
