import type { AnyFunction } from "./cache/memo.ts";
import { canOwn } from "./cache/receivers.ts";
import type { Whole } from "./cache/whole.ts";
import { memoizeMethod } from "./define.ts";
import { RoteError } from "./errors.ts";
import { handleFor, wholeOf } from "./memoized.ts";
import { checkOptions, type MemoizeOptions, show } from "./options.ts";
import { forgetAll } from "./run/forget.ts";

/** What standard decorators are told. */
export interface DecoratorContext {
  readonly kind: string;
  readonly name: string | symbol;
  readonly private?: boolean;
}

/** Whether it is what standard decorators get as their second argument. */
export function isContext(value: unknown): value is DecoratorContext {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as { kind?: unknown }).kind === "string" &&
    typeof (value as { addInitializer?: unknown }).addInitializer === "function"
  );
}

/** `@memoize` in the standard form: what takes the place of `value`. */
export function decorate(
  value: unknown,
  { kind, name, private: isPrivate }: DecoratorContext,
  options: MemoizeOptions | undefined,
): unknown {
  if (kind === "method") return memoizeMethod(value as AnyFunction, name, options);
  if (kind === "getter") {
    const getter = memoizeMethod(value as AnyFunction, name, options);
    // The decorator is not told of a setter: it is looked for on the first object of the class.
    const whole = isPrivate === true ? undefined : wholeOf(getter);
    if (whole !== undefined) whole.onMeeting = (receiver) => watchSetter(receiver, name, getter);
    return getter;
  }
  if (kind === "accessor") {
    const { get, set } = value as { get: AnyFunction; set: AnyFunction };
    const getter = memoizeMethod(get, name, options);
    return { get: getter, set: forgetting(set, getter) };
  }
  throw notDecoratable(kind, name);
}

/** `@memoize` under `experimentalDecorators`: the descriptor that takes the place of this one. */
export function decorateProperty(
  name: string | symbol,
  descriptor: PropertyDescriptor | undefined,
  options: MemoizeOptions | undefined,
  memoize: typeof memoizeMethod = memoizeMethod,
): PropertyDescriptor {
  if (typeof descriptor === "number") throw notDecoratable("parameter", name);
  if (descriptor === undefined || ("value" in descriptor && typeof descriptor.value !== "function"))
    throw notDecoratable("field", name);
  const { value, get, set } = descriptor;
  if (value !== undefined)
    return { ...descriptor, value: memoize(value as AnyFunction, name, options) };
  if (get === undefined) throw notDecoratable("setter", name);
  const getter = memoize(get, name, options);
  if (set === undefined) return { ...descriptor, get: getter };
  return { ...descriptor, get: getter, set: forgetting(set, getter) };
}

/**
 * A setter after which the getter of the same property is run anew: what it was set to may be what
 * that returns.
 */
function forgetting(set: AnyFunction, getter: AnyFunction): (value: unknown) => void {
  const whole = wholeOf(getter);
  const setter = Object.getOwnPropertyDescriptor(
    {
      set property(value: unknown) {
        try {
          Reflect.apply(set, this as never, [value] as never);
        } finally {
          // Also what has failed may have changed something.
          if (whole !== undefined) forget(whole, this);
        }
      },
    },
    "property",
  )?.set as AnyFunction;
  return Object.defineProperty(setter, "name", { value: set.name });
}

/** Forgets what a getter has for `receiver`. */
function forget(whole: Whole, receiver: unknown): void {
  const { receivers, memo } = whole;
  if (receivers === null) {
    const handle = handleFor(whole);
    (memo.hasReceiver ? handle.of(receiver) : handle).clear();
    return;
  }
  const own = canOwn(receiver) ? receivers.find(receiver) : memo;
  if (own !== undefined) forgetAll(own);
}

/** Sees to it that the setter beside a getter makes that forget; whether the getter was found. */
function watchSetter(receiver: object, name: string | symbol, getter: AnyFunction): boolean {
  try {
    for (let at: object | null = receiver; at !== null; at = Object.getPrototypeOf(at) as object) {
      const descriptor = Object.getOwnPropertyDescriptor(at, name);
      if (descriptor?.get !== getter) continue;
      const { set, configurable } = descriptor;
      if (set !== undefined && configurable === true)
        Object.defineProperty(at, name, { ...descriptor, set: forgetting(set, getter) });
      return true;
    }
  } catch {
    // A proxy that does not let itself be looked through.
  }
  return false;
}

function notDecoratable(kind: string, name: string | symbol | undefined): RoteError {
  const remedies: Record<string, string> = {
    field: "Decorate a method, or memoize a function in the field itself: area = memoize(() => …).",
    setter: "Decorate the getter: what it remembers is forgotten when the property is set.",
    class: "Every new would share one object. Decorate its methods.",
    parameter: "Decorate the method.",
  };
  return new RoteError(
    "ERR_INVALID_ARGUMENT",
    `@memoize is for methods, getters and accessors; "${String(name)}" is a ${kind}. ${remedies[kind] ?? "Decorate a method."}`,
  );
}

/** What is memoized of a class, by name: `true`, or options. */
export type MethodOptions<Target> = {
  readonly [Name in keyof Target]?: MemoizeOptions | boolean;
};

/**
 * Memoizes methods, getters and static methods of a class, as `@memoize` does, where a tool does not
 * take that syntax: Node's type stripping, for instance. Each object that a method is called on has
 * a cache of its own, and all options count for each.
 *
 * To be called before the class is used; getters are not run. A name is looked for among
 * the instances' properties first, then among static ones.
 *
 * @param type - The class; its own properties are replaced, those of a base class are not.
 * @param methods - For each name `true`, or its options.
 * @returns The class.
 * @throws {RoteError} `ERR_INVALID_ARGUMENT` for what is no class, no own property, or neither
 * method nor getter; `ERR_INVALID_OPTION` for options.
 *
 * @example
 * ```ts
 * import { cacheOf, memoizeMethods } from "rote";
 *
 * class Circle {
 *   readonly radius: number;
 *   constructor(radius: number) {
 *     this.radius = radius;
 *   }
 *   area(digits: number): string {
 *     return (Math.PI * this.radius ** 2).toFixed(digits);
 *   }
 * }
 * memoizeMethods(Circle, { area: { maxEntries: 10 } });
 *
 * const circle = new Circle(2);
 * circle.area(2); //=> "12.57"
 * cacheOf(circle, "area").size; //=> 1
 * ```
 */
export function memoizeMethods<Type extends abstract new (...args: never) => object>(
  type: Type,
  methods: MethodOptions<InstanceType<Type> & Omit<Type, "prototype">>,
): Type {
  const prototype: unknown = typeof type === "function" ? type.prototype : undefined;
  if (!canOwn(prototype)) {
    throw new RoteError(
      "ERR_INVALID_ARGUMENT",
      `memoizeMethods takes a class first; received ${show(type)}. For a function, use memoize.`,
      { value: type },
    );
  }
  if (typeof methods !== "object" || methods === null || Array.isArray(methods)) {
    throw new RoteError(
      "ERR_INVALID_ARGUMENT",
      `memoizeMethods takes names with options second, such as { area: true } or { area: { ttl: "1m" } }; received ${show(methods)}.`,
      { value: methods },
    );
  }
  // All are looked at before any is replaced.
  const replaced = Reflect.ownKeys(methods).flatMap((name) => {
    const options = (methods as Record<PropertyKey, unknown>)[name];
    if (options === undefined || options === false) return [];
    if (options !== true) checkMethodOptions(name, options);
    const owner = [prototype, type].find((each) => Object.hasOwn(each, name));
    if (owner === undefined) throw noSuchMethod(type, name, name in prototype || name in type);
    const descriptor = Object.getOwnPropertyDescriptor(owner, name) as PropertyDescriptor;
    if (descriptor.configurable === false) throw notConfigurable(type, name);
    const own = options === true ? undefined : (options as MemoizeOptions);
    return [{ owner, name, descriptor: decorateProperty(name, descriptor, own) }];
  });
  for (const { owner, name, descriptor } of replaced)
    Object.defineProperty(owner, name, descriptor);
  return type;
}

function checkMethodOptions(name: string | symbol, options: unknown): void {
  if (typeof options === "object" && options !== null) {
    checkOptions(options as MemoizeOptions);
    return;
  }
  throw new RoteError(
    "ERR_INVALID_ARGUMENT",
    `memoizeMethods takes true or options for each name; received ${show(options)} for "${String(name)}". Write { ${String(name)}: true }.`,
    { value: options },
  );
}

function notConfigurable(type: unknown, name: string | symbol): RoteError {
  return new RoteError(
    "ERR_INVALID_ARGUMENT",
    `"${String(name)}" of ${(type as AnyFunction).name || "the class"} cannot be replaced: it is not configurable, as in a class that is frozen. Memoize before freezing.`,
  );
}

function noSuchMethod(type: unknown, name: string | symbol, isInherited: boolean): RoteError {
  const { name: className } = type as AnyFunction;
  return new RoteError(
    "ERR_INVALID_ARGUMENT",
    `"${String(name)}" is no method or getter that ${className || "the class"} itself has. ` +
      (isInherited
        ? "It is inherited: memoize it on the class that has it."
        : "Check the spelling; fields and private methods cannot be reached from outside."),
  );
}
