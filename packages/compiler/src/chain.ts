import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import remapping from "@jridgewell/remapping";
import type { SourceMap } from "magic-string";

/** The last comment that names a map, behind all code: further up, it may be part of a text. */
const mapComment =
  /^\/\/# sourceMappingURL=(\S+)[^\S\n]*$(?=(?:\s*\/\/(?!# sourceMappingURL=).*)*\s*$(?![\s\S]))/m;

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
  return `${bare}\n//# sourceMappingURL=${chain(map, before) ?? map.toUrl()}\n`;
}

/** Both maps in one, as a URL; nothing if there is no other, or if it is none. */
function chain(map: SourceMap, before: string | undefined): string | undefined {
  if (before === undefined) return undefined;
  try {
    return toUrl(
      remapping(map.toString(), (_, { depth }) => (depth === 1 ? before : null)).toString(),
    );
  } catch {
    return undefined;
  }
}

function toUrl(map: string): string {
  return `data:application/json;charset=utf-8;base64,${Buffer.from(map).toString("base64")}`;
}

/** The map that a comment names, inline or in a file; nothing if it cannot be read. */
function readMap(url: string, path: string): string | undefined {
  const inline = /^data:[^,]*?(;base64)?,(.*)$/.exec(url);
  try {
    if (inline === null)
      return readFileSync(resolve(dirname(path), decodeURIComponent(url)), "utf8");
    return inline[1] === undefined
      ? decodeURIComponent(inline[2] as string)
      : Buffer.from(inline[2] as string, "base64").toString("utf8");
  } catch {
    return undefined;
  }
}
