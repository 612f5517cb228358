/**
 * `node --import @rote/compiler/register app.ts`: what this process loads is transformed on the way.
 *
 * 1. A file without a mark costs one look at its text. The parser is loaded with the first that has one.
 * 2. The hook passes on the language that it was given: Node, or another hook, strips the types.
 * 3. Packages in node_modules are left alone: what is published has been compiled, unless its package.json says otherwise.
 */
import * as nodeModule from "node:module";
import { fileURLToPath } from "node:url";
import { mayBeMarked, mentions } from "./mentions.ts";

type Apply = typeof import("./load.ts").apply;

const require = nodeModule.createRequire(import.meta.url);
let apply: Apply | undefined;
let isBusy = false;

/** What `code`, loaded from `path`, becomes; or nothing if it stays. */
const change: Apply = (code, path, format) => {
  // The transform itself is being loaded.
  if (isBusy) return undefined;
  isBusy = true;
  try {
    apply ??= (require("./load.js") as { apply: Apply }).apply;
    return apply(code, path, format);
  } finally {
    isBusy = false;
  }
};

const isChanged = /["']rote\/compiled["']/;

function install(): void {
  // Since Node 22.15; the types know nothing of older ones.
  const { registerHooks } = nodeModule as Partial<typeof nodeModule>;
  if (registerHooks === undefined) {
    const { RoteError } = require("rote") as typeof import("rote");
    throw new RoteError(
      "ERR_UNSUPPORTED",
      `@rote/compiler/register needs module.registerHooks, which Node ${process.versions.node} does not have. Use Node 22.15 or newer, or transform the sources when they are built.`,
    );
  }
  registerHooks({
    load(url, context, nextLoad) {
      const result = nextLoad(url, context);
      if (!url.startsWith("file:")) return result;
      const { source } = result;
      if (source === undefined || source === null || !isCode.test(result.format ?? ""))
        return result;
      if (!mentions(typeof source === "string" ? source : bytesOf(source))) return result;
      const text = typeof source === "string" ? source : bytesOf(source).toString("utf8");
      if (!mayBeMarked(text)) return result;
      const isModule = result.format?.startsWith("module") === true;
      const changed = change(text, fileURLToPath(url), isModule ? "module" : "commonjs");
      return changed === undefined ? result : { ...result, source: changed };
    },
  });
  catchCompiled();
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
function catchCompiled(): void {
  const { prototype } = nodeModule.Module as unknown as { prototype: Compiling };
  const compile = prototype._compile;
  prototype._compile = function _compile(code, path, ...rest) {
    const changed =
      typeof code === "string" &&
      // What the hook has changed comes along once more here.
      !isChanged.test(code) &&
      mayBeMarked(code)
        ? change(code, path, "commonjs")
        : undefined;
    return Reflect.apply(compile, this, [changed ?? code, path, ...rest]);
  };
}

install();
