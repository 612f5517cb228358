/**
 * Finds the function in the user's module, together with the rote that memoized it. One that the module
 * has not memoized is memoized while it is loaded, so that its calls of itself are as well.
 */
import { readFileSync, realpathSync } from "node:fs";
import * as nodeModule from "node:module";
import { basename, dirname, extname, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { inspect } from "node:util";
import type { Diagnostic } from "@rote/compiler";
import { Failure } from "../failure.ts";

/** As much of "rote" as the comparison uses. The user's module may have brought another version than ours. */
export interface Rote {
  isMemoized(value: unknown): boolean;
  cacheOf(fn: unknown): Handle;
  clearAll(): void;
  tabulate(fn: unknown, calls: Iterable<readonly unknown[]>): unknown[];
}

export interface Handle {
  stats(): { hits: number; misses: number; runs: number; reruns: number; depth: number };
  entries(): Iterable<readonly [key: unknown, value: unknown]>;
}

export interface Loaded {
  readonly rote: Rote;
  readonly fn: (...args: readonly unknown[]) => unknown;
  readonly handle: Handle;
  /** Every memoized export of the module, the function among them: whatever it calls is counted with it. */
  readonly memoized: ReadonlyMap<string, Handle>;
}

export async function load(path: string, name: string): Promise<Loaded> {
  // As Node sees it, which looks for packages from there.
  const file = realpathSync(path);
  await memoizeWhileLoading(file, name);
  const exported = await importModule(file);
  const rote = await importRote(file);
  const value = exported.get(name);
  if (!rote.isMemoized(value)) {
    const diagnostic = await whyNot(file, name);
    throw diagnostic === undefined
      ? explainMissing(file, name, exported, rote)
      : explainDiagnostic(file, name, diagnostic);
  }
  const handle = rote.cacheOf(value);
  return { rote, fn: value as Loaded["fn"], handle, memoized: memoizedExports(exported, rote) };
}

async function memoizeWhileLoading(file: string, name: string): Promise<void> {
  // An older Node compares what the module has memoized itself.
  if (!("registerHooks" in nodeModule)) return;
  const { installHooks } = await import("@rote/compiler/hooks");
  // What else is marked in the file is nobody's question here.
  const onDiagnostic = (): void => {};
  installHooks({ entry: { file, functions: [name], onDiagnostic }, fallback: import.meta.url });
}

/** What keeps the function from being memoized, if it is written in the file and cannot be. */
async function whyNot(file: string, name: string): Promise<Diagnostic | undefined> {
  const { transform } = await import("@rote/compiler");
  const code = readFileSync(file, "utf8");
  const of = (functions: readonly string[]): readonly Diagnostic[] =>
    transform(code, file, { functions })?.diagnostics ?? [];
  const others = new Set(of([]).map(({ line, column }) => `${line}:${column}`));
  return of([name]).find(({ line, column }) => !others.has(`${line}:${column}`));
}

/** By one name each, should a function be exported under several. */
function memoizedExports(exported: ReadonlyMap<string, unknown>, rote: Rote): Map<string, Handle> {
  const names = new Map<unknown, string>();
  for (const [name, value] of exported) {
    if (rote.isMemoized(value)) names.set(value, name);
  }
  return new Map(Array.from(names, ([value, name]) => [name, rote.cacheOf(value)]));
}

/** The exports by name; those of a CommonJS module are also the properties of its `module.exports`. */
async function importModule(file: string): Promise<Map<string, unknown>> {
  let namespace: Record<string, unknown>;
  try {
    namespace = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  } catch (error) {
    throw explainImport(file, error);
  }
  const standard = namespace["default"];
  const properties = typeof standard === "object" && standard !== null ? standard : {};
  return new Map<string, unknown>([...Object.entries(properties), ...Object.entries(namespace)]);
}

/** The very copy of rote that the user's module imports: another one would not know its functions. */
async function importRote(file: string): Promise<Rote> {
  let url: string;
  try {
    url = pathToFileURL(nodeModule.createRequire(file).resolve("rote")).href;
  } catch {
    url = import.meta.resolve("rote");
  }
  return (await import(url)) as Rote;
}

function explainImport(file: string, error: unknown): Failure {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  const shown = basename(file);
  if (code === "ERR_UNKNOWN_FILE_EXTENSION" && /^\.[cm]?ts$/.test(extname(file))) {
    return new Failure(
      `Node ${process.versions.node} cannot load TypeScript, and ${shown} is written in it`,
      `Use Node 22.18 or newer, or compile the module and compare the JavaScript.`,
    );
  }
  if (code === "ERR_MODULE_NOT_FOUND" && /'rote'/.test(String(message))) {
    return new Failure(`${shown} imports "rote", which is not installed there`, `npm install rote`);
  }
  if (code === "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX") {
    return new Failure(
      `${shown} has TypeScript syntax that Node cannot strip: ${String(message)}`,
      `Compile the module and compare the JavaScript.`,
    );
  }
  const text = error instanceof Error ? stackWithoutLoader(error) : inspect(error);
  return new Failure(
    `${shown} throws when it is loaded\n${indent(text)}`,
    `See that this works first: node ${relative(process.cwd(), file)}`,
  );
}

function explainDiagnostic(
  file: string,
  name: string,
  { line, column, reason, remedy }: Diagnostic,
): Failure {
  return new Failure(
    `${name} cannot be memoized: ${basename(file)}:${line}:${column}: ${reason}`,
    remedy,
  );
}

function explainMissing(
  file: string,
  name: string,
  exported: ReadonlyMap<string, unknown>,
  rote: Rote,
): Failure {
  const value = exported.get(name);
  const memoized = [...memoizedExports(exported, rote).keys()];
  const others =
    memoized.length === 0
      ? `Nothing that ${basename(file)} exports is memoized: export const ${asIdentifier(name)} = memoize(…)`
      : `Its memoized exports: ${memoized.join(", ")}.`;
  if (!exported.has(name)) {
    return new Failure(`${basename(file)} has no export named ${name}`, others);
  }
  if (typeof value !== "function") {
    return new Failure(`${name} in ${basename(file)} is not a function`, others);
  }
  if (isMemoizedElsewhere(value)) {
    return new Failure(
      `${name} in ${basename(file)} was memoized by another copy of rote than the one installed beside it`,
      `Find the copies with: npm ls rote`,
    );
  }
  return new Failure(
    `${name} in ${basename(file)} is not memoized`,
    `import { memoize } from "rote"; export const ${asIdentifier(name)} = memoize((…) => …), calling ${asIdentifier(name)} itself inside.`,
  );
}

function isMemoizedElsewhere(fn: object): boolean {
  const { cache, original } = fn as { cache?: { stats?: unknown }; original?: unknown };
  return typeof cache?.stats === "function" && typeof original === "function";
}

function asIdentifier(name: string): string {
  return name === "default" ? "name" : name;
}

/** The frames below are Node's loading of the module, and ours. */
function stackWithoutLoader(error: Error): string {
  const lines = (error.stack ?? String(error)).split("\n");
  return lines
    .filter((line) => !/^\s+at /.test(line) || !/node:internal|importModule/.test(line))
    .filter((line) => !line.includes(dirname(import.meta.url)))
    .join("\n");
}

function indent(text: string): string {
  return text.replace(/^/gm, "  ");
}
