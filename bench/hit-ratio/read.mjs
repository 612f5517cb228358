/** Traces from files: gzip of little-endian 32-bit numbers, one key id for each access. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

/** Undefined if the folder does not have it. */
export function readTrace(folder, name) {
  const path = join(folder, `${name}.u32.gz`);
  if (!existsSync(path)) return undefined;
  const bytes = gunzipSync(readFileSync(path));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Uint32Array.from({ length: bytes.byteLength / 4 }, (_, i) => view.getUint32(i * 4, true));
}

/** From trace and capacity to per cent, or undefined if the folder has no floors. */
export function readFloors(folder) {
  const path = join(folder, "floors.json");
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : undefined;
}
