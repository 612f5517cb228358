import { Memo } from "./cache/memo.ts";
import { environment } from "./development.ts";
import { RoteError } from "./errors.ts";
import { Trie } from "./key/trie.ts";
import { show } from "./options.ts";
import { keepForDrives } from "./run/run.ts";
import { CLOSED, stack } from "./run/stack.ts";

/** Every memoized function there is, held weakly. */
let memos: WeakRef<Memo>[] = [];
let pruneAt = 256;

export function register(memo: Memo): void {
  if (memos.length >= pruneAt) {
    memos = memos.filter((ref) => ref.deref() !== undefined);
    pruneAt = Math.max(256, memos.length * 2);
  }
  memos.push(new WeakRef(memo));
}

function eachMemo(visit: (memo: Memo) => void): void {
  for (const ref of memos) {
    const memo = ref.deref();
    if (memo !== undefined) visit(memo);
  }
}

/** Forgets every entry of one memoized function. */
export function clearMemo(memo: Memo): void {
  keepForDrives(memo, () => memo.trie.entries());
  memo.trie.clear();
  memo.parked?.clear();
}

/**
 * Forgets every entry of every memoized function of this copy of rote.
 *
 * @example
 * ```ts
 * import { clearAll, memoize } from "rote";
 *
 * const square = memoize((n: number) => n * n);
 * square(3); //=> 9
 * clearAll();
 * square.cache.size; //=> 0
 * ```
 */
export function clearAll(): void {
  eachMemo(clearMemo);
}

/** What `ROTE` says: `"off"`, `"bare"`, or nothing. Read when the first function is memoized. */
export function roteMode(): "on" | "off" | "bare" {
  if (mode === undefined) {
    const value = environment("ROTE");
    mode = value === "off" || value === "bare" ? value : "on";
    if (mode === "off") stack.isEnabled = false;
  }
  return mode;
}

let mode: "on" | "off" | "bare" | undefined;

/**
 * Settings of the whole process.
 *
 * `enabled: false` turns every memoized function into a pass-through: nothing is looked up, nothing
 * kept, every call runs the original. Entries are set aside and are back after `enabled: true`. The
 * environment variable `ROTE=off` starts a process that way.
 *
 * @throws {RoteError} `ERR_INVALID_OPTION` for an unknown setting or one of the wrong type.
 *
 * @example
 * ```ts
 * import { configure, memoize } from "rote";
 *
 * let runs = 0;
 * const next = memoize(() => ++runs);
 * next(); //=> 1
 * configure({ enabled: false });
 * next(); //=> 2
 * configure({ enabled: true });
 * next(); //=> 1
 * ```
 */
export function configure(settings: { enabled?: boolean }): void {
  if (typeof settings !== "object" || settings === null) {
    throw new RoteError("ERR_INVALID_ARGUMENT", `configure takes an object such as { enabled: false }; received ${show(settings)}.`, { value: settings });
  }
  for (const [option, value] of Object.entries(settings)) {
    if (option !== "enabled") {
      throw new RoteError("ERR_INVALID_OPTION", `"${option}" is not a setting of configure. Known settings: enabled.`, { option, value });
    }
    if (value !== undefined && typeof value !== "boolean") {
      throw new RoteError("ERR_INVALID_OPTION", `enabled must be true or false; received ${show(value)}. Leave it out to change nothing.`, { option, value });
    }
  }
  roteMode();
  if (settings.enabled === undefined || settings.enabled === stack.isEnabled) return;
  stack.isEnabled = settings.enabled;
  if (settings.enabled) {
    eachMemo((memo) => {
      if (memo.parked === null) return;
      memo.trie.clear();
      memo.parked.moveTo(memo.trie);
      memo.parked = null;
    });
  } else {
    // Empty tries send every call the long way, where the switch is looked at: hits pay nothing for it.
    eachMemo((memo) => memo.trie.moveTo((memo.parked = new Trie())));
    stack.ceiling = CLOSED;
  }
}
