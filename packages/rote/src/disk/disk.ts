import { attachStore } from "../attach-store.ts";
import { provideStores } from "../store-option.ts";
import { DiskStore } from "./disk-store.ts";
import { BEATS } from "./leases.ts";
import { locate } from "./location.ts";
import { checkDiskOptions, type DiskOptions } from "./options.ts";
import { nodePlatform } from "./platform.ts";

/**
 * Opens a store of results in one file, for any number of processes and threads at once: SQLite in WAL
 * mode, by `node:sqlite`.
 *
 * Its methods are synchronous. They wait for other processes 250 ms at most: a write that does not come
 * about in that time is put off, and done with the next one, by `flush` or by `close`. A method throws
 * when the file system refuses, and the next call may work again. A damaged file is renamed to
 * `….damaged-` and the time, and a new one is begun; a file or directory that was removed is made again.
 * A process that is killed, or ends without `close`, loses what it had put off, and nothing else; a
 * machine that loses its power, perhaps the last seconds. Not for network file systems, on which locks cannot be relied on.
 *
 * @param path - A file, by its ending `.db` or `.sqlite` or because it is one, or a directory, in which it
 * is `rote.db`. By default the directory `rote` where the system keeps caches: `$XDG_CACHE_HOME` or
 * `~/.cache`, `~/Library/Caches`, `%LOCALAPPDATA%`. Directories are made for this user alone, inside a git
 * repository with a `.gitignore`.
 * @param options - See {@link DiskOptions}.
 * @throws {RoteError} `ERR_INVALID_ARGUMENT` and `ERR_INVALID_OPTION` for what is no path or option,
 * `ERR_UNSUPPORTED` where there is no `node:sqlite` (Node before 22.13, browsers), `ERR_STORE` if the file
 * cannot be opened, or is that of a newer rote or of another program, which is left as it is.
 *
 * @example
 * ```ts
 * import { mkdtempSync } from "node:fs";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 * import { memoize } from "rote";
 * import { disk } from "rote/disk";
 *
 * const directory = mkdtempSync(join(tmpdir(), "rote-"));
 * const render = (page: string): string => page.toUpperCase();
 *
 * const store = disk(directory, { maxBytes: 100 * 2 ** 20 });
 * memoize(render, { store, name: "render", version: "3" })("start"); //=> "START"
 * store.close();
 *
 * const later = disk(directory);
 * const again = memoize(render, { store: later, name: "render", version: "3" });
 * again("start"); //=> "START"
 * again.cache.stats().runs; //=> 0
 * later.stats().entries; //=> 1
 * later.close();
 * ```
 */
export function disk(path?: string, options: DiskOptions = {}): DiskStore {
  checkDiskOptions(path, options);
  const platform = nodePlatform();
  provideStores(attachStore);
  return new DiskStore(locate(platform, path), options, platform, BEATS);
}
