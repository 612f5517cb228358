import type { AnyFunction } from "./cache/memo.ts";
import { RoteError } from "./errors.ts";

const generatorPrototypes = new Set([
  Object.getPrototypeOf(function* () {}),
  Object.getPrototypeOf(async function* () {}),
]);

/** Whether it is a native async function. */
export function isAsync(fn: AnyFunction, prototype: object | null): boolean {
  return prototype !== Function.prototype && tagOf(fn) === "AsyncFunction";
}

/** Throws for functions whose results cannot be shared. */
export function rejectUnshareable(fn: AnyFunction, prototype: object | null, source: string): void {
  // A method may be called so, but has no prototype of its own.
  const isClass = source.startsWith("class") && Object.hasOwn(fn, "prototype");
  if (!isClass && (prototype === Function.prototype || !isGenerator(fn, prototype))) return;
  const name = fn.name === "" ? "" : ` "${fn.name}"`;
  throw new RoteError(
    "ERR_INVALID_ARGUMENT",
    isClass
      ? `The class${name} cannot be memoized: every new would share one object. Memoize a function that returns an instance: memoize((...args) => new ${fn.name || "Type"}(...args)).`
      : `The generator function${name} cannot be memoized: its callers would share one iterator, which can be read once. Memoize a function that returns an array: memoize((...args) => ${tagOf(fn) === "AsyncGeneratorFunction" ? "Array.fromAsync(" : "[..."}${fn.name || "generate"}(...args)${tagOf(fn) === "AsyncGeneratorFunction" ? ")" : "]"}).`,
    { value: fn },
  );
}

function isGenerator(fn: AnyFunction, prototype: object | null): boolean {
  if (generatorPrototypes.has(prototype)) return true;
  const tag = tagOf(fn);
  return tag === "GeneratorFunction" || tag === "AsyncGeneratorFunction";
}

function tagOf(fn: AnyFunction): unknown {
  return (fn as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag];
}
