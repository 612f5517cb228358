import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { parse, type Tree } from "../ast.ts";
import { type ModuleFacts, readModule } from "./module.ts";

/** A file as it was read. */
export interface SourceFile {
  readonly path: string;
  readonly size: number;
  readonly modifiedAt: number;
  /** SHA-256 of its bytes. */
  readonly hash: string;
  /** Where its lines begin. */
  readonly lines: readonly number[];
  readonly content:
    | { readonly kind: "module"; readonly facts: ModuleFacts; readonly tree: WeakRef<Tree> }
    | { readonly kind: "json"; readonly value: unknown }
    | { readonly kind: "native" | "asset" | "invalid" };
}

/** Reads every file once, until it changes. */
export class Files {
  private readonly known = new Map<string, SourceFile>();
  /** How many files have been read, to see that unchanged ones are not. */
  reads = 0;

  /** The file, or nothing if it cannot be read. */
  read(path: string): SourceFile | undefined {
    const known = this.known.get(path);
    if (known !== undefined) return known;
    try {
      const { size, mtimeMs } = statSync(path);
      const file = toFile(path, readFileSync(path), { size, modifiedAt: mtimeMs });
      this.reads++;
      this.known.set(path, file);
      return file;
    } catch {
      return undefined;
    }
  }

  /** Forgets files that have changed. */
  refresh(): void {
    for (const [path, file] of this.known) {
      const now = statSync(path, { throwIfNoEntry: false });
      if (now?.size === file.size && now.mtimeMs === file.modifiedAt) continue;
      if (now === undefined) {
        this.known.delete(path);
        continue;
      }
      const bytes = readFileSync(path);
      this.reads++;
      const stamp = { size: now.size, modifiedAt: now.mtimeMs };
      // It may have been written again as it was, by a checkout, say.
      const isSame = hashOf(bytes) === file.hash;
      this.known.set(path, isSame ? { ...file, ...stamp } : toFile(path, bytes, stamp));
    }
  }
}

/** The tree of a module: kept as long as there is room for it, or read again. */
export function treeOf(file: SourceFile): Tree | undefined {
  const known = file.content.kind === "module" ? file.content.tree.deref() : undefined;
  return known ?? parse(readFileSync(file.path, "utf8"), file.path, undefined);
}

function hashOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

const sources = /\.[mc]?[jt]sx?$/;

function toFile(
  path: string,
  bytes: Buffer,
  stamp: { readonly size: number; readonly modifiedAt: number },
): SourceFile {
  const text = sources.test(path) || path.endsWith(".json") ? bytes.toString("utf8") : "";
  const lines = [0];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) lines.push(at + 1);
  return { path, ...stamp, hash: hashOf(bytes), lines, content: contentOf(path, text) };
}

function contentOf(path: string, text: string): SourceFile["content"] {
  if (/\.(?:node|wasm)$/.test(path)) return { kind: "native" };
  if (path.endsWith(".json")) {
    try {
      return { kind: "json", value: JSON.parse(text) };
    } catch {
      return { kind: "invalid" };
    }
  }
  if (!sources.test(path)) return { kind: "asset" };
  try {
    const tree = parse(text, path, undefined);
    if (tree === undefined) return { kind: "invalid" };
    return { kind: "module", facts: readModule(tree), tree: new WeakRef(tree) };
  } catch (error) {
    // Deeper than the stack: what machines write, as a rule.
    if (error instanceof RangeError) return { kind: "invalid" };
    throw error;
  }
}
