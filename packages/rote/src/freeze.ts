import type { AnyFunction } from "./cache/memo.ts";

function isPlain(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return (
    // Such as Math and module namespaces, which only look like plain objects.
    !Object.hasOwn(value, Symbol.toStringTag) &&
    (prototype === null ||
      prototype === Object.prototype ||
      Object.getPrototypeOf(prototype) === null)
  );
}

/** Adds every plain object and array that `value` leads to through plain objects and arrays. */
function reachPlain(value: unknown, reached: Set<object>): void {
  const pending = [value];
  while (pending.length > 0) {
    const next = pending.pop();
    if (!isPlain(next) || reached.has(next)) continue;
    reached.add(next);
    for (const each of propertiesOf(next)) pending.push(each);
  }
}

/** Adds every object that `value` leads to, through whatever can hold one: what the caller may still change. */
function reachAll(value: unknown, reached: Set<object>): void {
  const pending = [value];
  while (pending.length > 0) {
    const next = pending.pop();
    if (
      (typeof next !== "object" && typeof next !== "function") ||
      next === null ||
      reached.has(next)
    )
      continue;
    reached.add(next);
    pending.push(Object.getPrototypeOf(next));
    // One by one: as arguments of one call, they would all be on the stack.
    for (const each of propertiesOf(next)) pending.push(each);
    if (next instanceof Map) for (const [key, value] of next) pending.push(key, value);
    if (next instanceof Set) for (const each of next) pending.push(each);
  }
}

/** What own properties hold, without running accessors. */
function propertiesOf(object: object): unknown[] {
  if (ArrayBuffer.isView(object)) return [];
  return Reflect.ownKeys(object).map(
    (name) => Object.getOwnPropertyDescriptor(object, name)?.value as unknown,
  );
}

/** `fn` with its results deep-frozen, except for what is reachable from the receiver and the arguments. */
export function freezing(fn: AnyFunction): AnyFunction {
  return function (this: unknown, ...args: unknown[]): unknown {
    const own = new Set<object>();
    reachAll(args, own);
    if (this !== globalThis) reachAll(this, own);
    const value: unknown = Reflect.apply(fn, this as never, args as never);
    return value instanceof Promise
      ? value.then((result: unknown) => freezeResult(result, own))
      : freezeResult(value, own);
  } as AnyFunction;
}

function freezeResult(value: unknown, own: ReadonlySet<object>): unknown {
  if (!isPlain(value)) return value;
  const ofResult = new Set<object>(own);
  reachPlain(value, ofResult);
  for (const object of ofResult) if (!own.has(object)) Object.freeze(object);
  return value;
}
