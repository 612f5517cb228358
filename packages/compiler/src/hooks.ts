/**
 * The transform as hooks of Node: what this process loads is transformed on the way.
 *
 * 1. A file without a mark costs one look at its text. The parser is loaded with the first that has one.
 * 2. The hook passes on the language that it was given: Node, or another hook, strips the types.
 * 3. Packages in node_modules are left alone: what is published has been compiled, unless its package.json says otherwise.
 */
import * as nodeModule from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Diagnostic } from "./diagnostic.ts";
import { mayBeMarked, mentions } from "./mentions.ts";

/** Options of {@link installHooks}. */
export interface HookOptions {
  /** One file in which functions are memoized that are not marked. */
  entry?: {
    /** Its absolute path. */
    readonly file: string;
    /** The names of its exports that are meant. */
    readonly functions: readonly string[];
    /** Is told what cannot be memoized in it, rather than that be a warning of the process. */
    onDiagnostic?(diagnostic: Diagnostic): void;
  };
  /**
   * The URL of a module whose copy of rote is used where a program with marked functions has none.
   * @defaultValue none: it has to be installed
   */
  fallback?: string;
}

type Apply = typeof import("./load.ts").apply;

const require = nodeModule.createRequire(import.meta.url);
let apply: Apply | undefined;
let isBusy = false;

/** What `code`, loaded from `path`, becomes; or nothing if it stays. */
const change: Apply = (code, path, format, entry) => {
  // The transform itself is being loaded.
  if (isBusy) return undefined;
  isBusy = true;
  try {
    apply ??= (require("./load.js") as { apply: Apply }).apply;
    return apply(code, path, format, entry);
  } finally {
    isBusy = false;
  }
};

const isChanged = /["']rote\/compiled["']/;

/**
 * Transforms what this thread loads from now on, as `--import @rote/compiler/register` does from its start.
 *
 * @param options - See {@link HookOptions}.
 * @throws {RoteError} `ERR_UNSUPPORTED` before Node 22.15.
 */
export function installHooks({ entry, fallback }: HookOptions = {}): void {
  // Since Node 22.15; the types know nothing of older ones.
  const { registerHooks } = nodeModule as Partial<typeof nodeModule>;
  if (registerHooks === undefined) {
    const { RoteError } = require("rote") as typeof import("rote");
    throw new RoteError(
      "ERR_UNSUPPORTED",
      `The hooks of @rote/compiler need module.registerHooks, which Node ${process.versions.node} does not have. Use Node 22.15 or newer, or transform the sources when they are built.`,
    );
  }
  registerHooks({
    load(url, context, nextLoad) {
      const result = nextLoad(url, context);
      const { source } = result;
      if (source === undefined || source === null) return result;
      const isEntry =
        entry !== undefined && url.startsWith("file:") && fileURLToPath(url) === entry.file;
      // The text first: a thousand files pass here that say no.
      if (!isEntry && !mentions(source instanceof ArrayBuffer ? new Uint8Array(source) : source))
        return result;
      return url.startsWith("file:") && isCode.test(result.format ?? "")
        ? replaced(result, url, isEntry ? entry : undefined)
        : result;
    },
  });
  if (fallback !== undefined) registerHooks({ resolve: resolveWith(fallback) });
  catchCompiled(entry);
}

type Entry = NonNullable<HookOptions["entry"]>;

/** What was loaded, transformed if anything in it is meant. */
function replaced(
  result: nodeModule.LoadFnOutput,
  url: string,
  entry?: Entry,
): nodeModule.LoadFnOutput {
  const source = result.source as string | ArrayBuffer | NodeJS.TypedArray;
  const text = typeof source === "string" ? source : bytesOf(source).toString("utf8");
  if (entry === undefined && !mayBeMarked(text)) return result;
  const isModule = result.format?.startsWith("module") === true;
  const changed = change(text, fileURLToPath(url), isModule ? "module" : "commonjs", entry);
  return changed === undefined ? result : { ...result, source: changed };
}

/** Finds what transformed code imports where the program itself would not. */
function resolveWith(fallback: string): nodeModule.ResolveHookSync {
  // Not by the next hook: to `require`, another parent makes no difference.
  const path = nodeModule.createRequire(fallback).resolve("rote/compiled");
  const found = { url: pathToFileURL(path).href, format: "module", shortCircuit: true };
  return (specifier, context, nextResolve) => {
    if (specifier !== "rote/compiled") return nextResolve(specifier, context);
    try {
      return nextResolve(specifier, context);
    } catch {
      return found;
    }
  };
}

function bytesOf(source: ArrayBuffer | NodeJS.TypedArray): Buffer {
  return ArrayBuffer.isView(source)
    ? Buffer.from(source.buffer, source.byteOffset, source.byteLength)
    : Buffer.from(source);
}

const isCode = /^(?:module|commonjs|typescript)/;

interface Compiling {
  _compile(code: unknown, path: string, ...rest: unknown[]): unknown;
}

/** What others have compiled for `require`, as tsx does, is in no hook: it is given to the module itself. */
function catchCompiled(entry: Entry | undefined): void {
  const { prototype } = nodeModule.Module as unknown as { prototype: Compiling };
  const compile = prototype._compile;
  prototype._compile = function _compile(code, path, ...rest) {
    const own = path === entry?.file ? entry : undefined;
    const changed =
      typeof code === "string" &&
      // What the hook has changed comes along once more here.
      !isChanged.test(code) &&
      (own !== undefined || mayBeMarked(code))
        ? change(code, path, "commonjs", own)
        : undefined;
    return Reflect.apply(compile, this, [changed ?? code, path, ...rest]);
  };
}
