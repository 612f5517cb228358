import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import remapping from "@jridgewell/remapping";
import type { SourceMap } from "magic-string";

/** The last comment that names a map. */
const mapComment = /^\/\/# sourceMappingURL=(\S+)\s*$(?![\s\S]*^\/\/# sourceMappingURL=)/m;

/** Whether a source comes from a compiler, and says from what. */
export function hasMap(code: string): boolean {
  return mapComment.test(code);
}

/**
 * The code with its map inline. If it was made of compiled code, which has a map of its own, the two become
 * one that points at what was written.
 */
export function withMap(code: string, map: SourceMap, path: string): string {
  const url = mapComment.exec(code)?.[1];
  const before = url === undefined ? undefined : readMap(url, path);
  const bare = code.replace(mapComment, "");
  return `${bare}\n//# sourceMappingURL=${before === undefined ? map.toUrl() : toUrl(chain(map, before))}\n`;
}

function chain(map: SourceMap, before: string): string {
  return remapping(map.toString(), (_, { depth }) => (depth === 1 ? before : null)).toString();
}

function toUrl(map: string): string {
  return `data:application/json;charset=utf-8;base64,${Buffer.from(map).toString("base64")}`;
}

/** The map that a comment names, inline or in a file; nothing if it cannot be read. */
function readMap(url: string, path: string): string | undefined {
  const inline = /^data:[^,]*?(;base64)?,(.*)$/.exec(url);
  try {
    const text =
      inline === null
        ? readFileSync(resolve(dirname(path), decodeURIComponent(url)), "utf8")
        : inline[1] === undefined
          ? decodeURIComponent(inline[2] as string)
          : Buffer.from(inline[2] as string, "base64").toString("utf8");
    JSON.parse(text);
    return text;
  } catch {
    return undefined;
  }
}
