/** memoizerific: a tree of Maps by identity; a limit of 0 keeps everything. It cannot compare content. */
import memoizerific from "memoizerific";

export const packageName = "memoizerific";

export const wrap = (fn) => memoizerific(0)(fn);
