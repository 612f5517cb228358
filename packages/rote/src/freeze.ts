import type { AnyFunction } from "./cache/memo.ts";

function isPlain(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return (
    prototype === null ||
    prototype === Object.prototype ||
    Object.getPrototypeOf(prototype) === null
  );
}

/** Adds `value` and every plain object and array that it leads to. */
function reach(value: unknown, reached: Set<object>): void {
  const pending = [value];
  while (pending.length > 0) {
    const next = pending.pop();
    if (!isPlain(next) || reached.has(next)) continue;
    reached.add(next);
    for (const name of Reflect.ownKeys(next)) {
      const property = Object.getOwnPropertyDescriptor(next, name);
      if (property !== undefined && "value" in property) pending.push(property.value);
    }
  }
}

/** `fn` with its results deep-frozen, except for what is reachable from the receiver and the arguments. */
export function freezing(fn: AnyFunction): AnyFunction {
  return function (this: unknown, ...args: unknown[]): unknown {
    const own = new Set<object>();
    reach(args, own);
    reach(this, own);
    const value: unknown = Reflect.apply(fn, this as never, args as never);
    if (!isPlain(value)) return value;
    const ofResult = new Set<object>(own);
    reach(value, ofResult);
    for (const object of ofResult) if (!own.has(object)) Object.freeze(object);
    return value;
  } as AnyFunction;
}
