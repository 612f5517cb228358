import type { Platform } from "./platform.ts";

/** Where a store is. */
export interface Location {
  /** As it was given, for messages. */
  readonly shown: string;
  /** Absolute: the directory of the process may change. */
  readonly path: string;
}

const FILE = /\.(db|sqlite3?)$/i;

/** Whether a path is by its name that of a database, so that one which is none may be set aside. */
export function isDatabaseName(path: string): boolean {
  return FILE.test(path);
}

/** The file that a path means: itself, or `rote.db` in it. */
export function locate(platform: Platform, given: string | undefined): Location {
  const { files, paths } = platform;
  const shown = given ?? paths.join(cacheDirectory(platform), "rote");
  const path = paths.resolve(shown);
  const isFile =
    FILE.test(path) || files.statSync(path, { throwIfNoEntry: false, bigint: true })?.isFile();
  // A directory may be called so, too.
  return isFile === true && !isDirectory(platform, path)
    ? { shown, path }
    : { shown: paths.join(shown, "rote.db"), path: paths.join(path, "rote.db") };
}

function isDirectory({ files }: Platform, path: string): boolean {
  return files.statSync(path, { throwIfNoEntry: false, bigint: true })?.isFile() === false;
}

/** Where the platform wants caches: by the XDG base directories, or as its own programs do. */
function cacheDirectory({ system, environment, paths, homedir }: Platform): string {
  if (system === "win32")
    return environment["LOCALAPPDATA"] || paths.join(homedir(), "AppData", "Local");
  if (system === "darwin") return paths.join(homedir(), "Library", "Caches");
  const xdg = environment["XDG_CACHE_HOME"];
  // The convention tells programs to ignore what is not absolute.
  return xdg !== undefined && xdg.startsWith("/") ? xdg : paths.join(homedir(), ".cache");
}

/**
 * Makes the directory of a file, for this user alone, and the file, likewise. A directory that is made
 * inside a git repository says that nothing of it belongs there.
 */
export function makeFile({ files, paths }: Platform, path: string): void {
  const directory = paths.dirname(path);
  const isMade = makeDirectory(files, paths, directory);
  if (isMade && isInRepository(files, paths, directory)) {
    try {
      files.writeFileSync(paths.join(directory, ".gitignore"), "*\n", { flag: "wx" });
    } catch {
      // Another process made it, or nobody can: the store works without.
    }
  }
  // Only one that is not there is opened here: closing a file takes the locks from whoever in this
  // process has it open as a database.
  try {
    files.closeSync(files.openSync(path, "wx", 0o600));
  } catch (error) {
    if ((error as { code?: unknown }).code !== "EEXIST") throw error;
    files.accessSync(path, READABLE | WRITABLE);
  }
  // For the log, which comes and goes.
  files.accessSync(directory, WRITABLE);
}

/**
 * Makes what is missing of the way there; whether it did. Step by step: where the system says of a
 * directory that is there that it is not, as in /proc, the recursive form of mkdir never ends.
 */
function makeDirectory(files: Platform["files"], paths: Platform["paths"], path: string): boolean {
  const missing: string[] = [];
  for (
    let each = path;
    !files.existsSync(each) && paths.dirname(each) !== each;
    each = paths.dirname(each)
  )
    missing.push(each);
  for (const each of missing.toReversed()) {
    try {
      files.mkdirSync(each, 0o700);
    } catch (error) {
      // Another process may have been faster.
      if ((error as { code?: unknown }).code !== "EEXIST") throw error;
    }
  }
  return missing.length > 0;
}

const READABLE = 4;
const WRITABLE = 2;

function isInRepository(files: Platform["files"], paths: Platform["paths"], from: string): boolean {
  for (let each = from; ;) {
    if (files.existsSync(paths.join(each, ".git"))) return true;
    const parent = paths.dirname(each);
    if (parent === each) return false;
    each = parent;
  }
}
