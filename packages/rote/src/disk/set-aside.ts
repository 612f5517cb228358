import type { Location } from "./location.ts";
import type { Platform } from "./platform.ts";

/** How long one process waits for another that does the same, in milliseconds. */
const PATIENCE = 1000;
/** How many damaged files are kept. */
const KEPT = 3;

/**
 * Renames a damaged file, unless another process has done so already. Of several that find the damage,
 * one at a time looks whether the file under the name is still the damaged one: a lock of SQLite on an
 * empty database beside it, which ends with its process, however that ends.
 *
 * @returns The new name, or `undefined` if somebody else was faster.
 */
export function setAside(
  { path }: Location,
  isDamaged: () => boolean,
  platform: Platform,
): string | undefined {
  const { files, clock } = platform;
  const lock = platform.connect(`${path}-repair`);
  try {
    lock.exec(`PRAGMA busy_timeout = ${PATIENCE}; BEGIN EXCLUSIVE`);
    if (!isDamaged()) return undefined;
    const base = `${path}.damaged-${new Date(clock()).toISOString().replaceAll(/[-:.]/g, "")}`;
    let name = base;
    for (let i = 2; files.existsSync(name); i++) name = `${base}-${i}`;
    files.renameSync(path, name);
    // Whatever of the log is left belongs to it.
    for (const suffix of ["-wal", "-shm"])
      if (files.existsSync(path + suffix)) files.renameSync(path + suffix, name + suffix);
    dropOldest(path, platform);
    return name;
  } finally {
    lock.close();
  }
}

/** Names end in the time, so the oldest come first. */
function dropOldest(path: string, { files, paths }: Platform): void {
  const directory = paths.dirname(path);
  const prefix = `${paths.basename(path)}.damaged-`;
  const names = files.readdirSync(directory).filter((name) => name.startsWith(prefix));
  const bases = names.filter((name) => !/-(?:wal|shm)$/.test(name)).sort();
  for (const base of bases.slice(0, -KEPT))
    for (const name of [base, `${base}-wal`, `${base}-shm`])
      if (names.includes(name)) files.unlinkSync(paths.join(directory, name));
}
