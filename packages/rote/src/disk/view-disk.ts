import { RoteError } from "../errors.ts";
import { builtinModule } from "../tier/builtin.ts";
import { locate } from "./location.ts";
import { checkDiskOptions } from "./options.ts";
import { type Connection, nodePlatform } from "./platform.ts";
import { storeError } from "./problem.ts";
import { DiskView } from "./view.ts";

interface Sqlite {
  DatabaseSync: new (path: string, options: { readOnly: true }) => Connection;
}

/**
 * Opens the file of a disk store to look at it, for tools: entries, their bytes, and whether the file is
 * sound. No entry is made, changed, removed or set aside, and nothing counts as used.
 *
 * It may be used while other processes write; each part of a list is as it was at one instant. SQLite may
 * leave its log beside the file, empty, until the next one who writes closes it.
 *
 * @param path - As for {@link disk}: a file, a directory, or nothing for the default place.
 * @throws {RoteError} `ERR_INVALID_ARGUMENT` for what is no path, `ERR_UNSUPPORTED` where there is no
 * `node:sqlite` (Node before 22.13, browsers), `ERR_STORE` if there is no such file, or it cannot be read, or it is
 * that of a newer rote or of another program.
 *
 * @example
 * ```ts
 * import { mkdtempSync } from "node:fs";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 * import { disk, viewDisk } from "rote/disk";
 *
 * const directory = mkdtempSync(join(tmpdir(), "rote-"));
 * const store = disk(directory);
 * const address = { namespace: "render/3", digest: "00ff" };
 * store.write(address, new Uint8Array([1, 2]), { expiresAt: Infinity, runTime: 5, tags: [] }); //=> true
 *
 * const view = viewDisk(directory);
 * [...view.list()].map(({ namespace, runTime }) => [namespace, runTime]); //=> [["render/3", 5]]
 * view.read(address); //=> new Uint8Array([1, 2])
 * view.check(); //=> []
 * view.close();
 * store.close();
 * ```
 */
export function viewDisk(path?: string): DiskView {
  checkDiskOptions(path, {});
  const platform = nodePlatform();
  const { DatabaseSync } = builtinModule<Sqlite>("node:sqlite") as Sqlite;
  const location = locate(platform, path);
  if (!platform.files.existsSync(location.path)) {
    throw new RoteError(
      "ERR_STORE",
      `disk: there is no store at "${location.path}". Pass the path that was given to disk(), or none for its default place.`,
    );
  }
  let connection: Connection;
  try {
    connection = new DatabaseSync(location.path, { readOnly: true });
  } catch (error) {
    throw storeError("open", location.shown, error);
  }
  try {
    return new DiskView(location, connection);
  } catch (error) {
    connection.close();
    throw error;
  }
}
