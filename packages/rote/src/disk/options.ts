import { type Duration, DURATION_RULE, toMilliseconds } from "../duration.ts";
import { RoteError } from "../errors.ts";
import { checkEach, type Rule, show } from "../options.ts";

/** What went wrong with a disk store, and what became of it. */
export interface DiskProblem {
  /**
   * `"damaged"`: the file was set aside, a new one begun; `"busy"`: another process kept the file
   * locked; `"failed"`: the system refused to read or write.
   */
  readonly type: "damaged" | "busy" | "failed";
  /** What the store was asked to do. */
  readonly operation: "open" | "read" | "write" | "claim";
  /** The database file. */
  readonly path: string;
  /** Where a damaged file is kept. */
  readonly setAsideAs?: string;
  /** What SQLite or the file system has thrown. */
  readonly cause: unknown;
}

/** How {@link disk} keeps its file. Every option is checked when it is called. */
export interface DiskOptions {
  /**
   * How many bytes of the file entries may take at most, with all that belongs to them; `Infinity` is
   * no bound. The log beside the file, 4 MiB or so, is not counted.
   * @defaultValue 1 GiB
   */
  maxBytes?: number;
  /**
   * How many entries are kept at most, of all functions together.
   * @defaultValue `Infinity`
   */
  maxEntries?: number;
  /**
   * How long an entry is kept at most after it was written.
   * @defaultValue `Infinity`
   */
  maxAge?: Duration;
  /**
   * Told of each problem, after it was counted. What it throws is ignored.
   * @defaultValue none
   */
  onProblem?: (problem: DiskProblem) => void;
}

const rules: { readonly [Option in keyof Required<DiskOptions>]: Rule } = {
  maxBytes: {
    isValid: (value) =>
      value === Infinity || (Number.isInteger(value) && (value as number) >= 65_536),
    rule: "a whole number of bytes, 65536 or more, or Infinity",
    remedy: "Leave it out for 1 GiB.",
  },
  maxEntries: {
    isValid: (value) => value === Infinity || (Number.isInteger(value) && (value as number) >= 1),
    rule: "a whole number, 1 or more, or Infinity",
    remedy: "Leave it out to bound the bytes alone.",
  },
  maxAge: {
    isValid: (value) => toMilliseconds(value) > 0,
    rule: `a duration above 0 (${DURATION_RULE}), or Infinity`,
    remedy: "Leave it out to keep entries until their space is needed.",
  },
  onProblem: {
    isValid: (value) => typeof value === "function",
    rule: "a function of the problem",
    remedy: "Leave it out to have problems counted alone.",
  },
};

export interface Bounds {
  readonly maxBytes: number;
  readonly maxEntries: number;
  readonly maxAge: number;
}

/** Throws for options that are unknown or of the wrong type, and for what is no path. */
export function checkDiskOptions(path: unknown, options: DiskOptions): void {
  if (path !== undefined && !isPath(path)) {
    throw new RoteError(
      "ERR_INVALID_ARGUMENT",
      `disk takes the path of a file or of a directory; received ${show(path)}${path === ":memory:" ? ', ":memory:"' : ""}. ` +
        (typeof path === "object"
          ? "To use the default place, write disk(undefined, options)."
          : "Leave it out for the cache directory of the system."),
      { value: path },
    );
  }
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new RoteError(
      "ERR_INVALID_ARGUMENT",
      `The options of disk must be an object such as { maxBytes: 2 ** 30 }; received ${show(options)}. Leave them out for the defaults.`,
      { value: options },
    );
  }
  checkEach(options, rules, "disk");
}

function isPath(path: unknown): path is string {
  return typeof path === "string" && path !== "" && path !== ":memory:" && !path.includes("\0");
}

export function boundsOf({ maxBytes, maxEntries, maxAge }: DiskOptions): Bounds {
  return {
    maxBytes: maxBytes ?? 2 ** 30,
    maxEntries: maxEntries ?? Infinity,
    maxAge: maxAge === undefined ? Infinity : toMilliseconds(maxAge),
  };
}
