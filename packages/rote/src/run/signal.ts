/** What rote needs of an AbortSignal: the platform's types are not everywhere. */
export interface Signal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/** A call with signals among its arguments. */
export interface Caller {
  /** The caller leaves when one of these fires. */
  readonly signals: readonly Signal[];
  /** The arguments without signals: what identifies the call. */
  readonly keyArgs: readonly unknown[];
  /** The arguments with another signal in the place of each. */
  replace(signal: unknown): unknown[];
}

const { getOwnPropertyDescriptor, getOwnPropertyDescriptors, getPrototypeOf } = Object;

interface Platform {
  AbortSignal?: new () => Signal;
}

/** A signal of the platform, looked up late. An object that only says that it is one is an argument like any other. */
export function isSignal(value: unknown): value is Signal {
  const { AbortSignal } = globalThis as Platform;
  if (AbortSignal === undefined || !(value instanceof AbortSignal)) return false;
  try {
    // Objects made with its prototype are none.
    return typeof value.aborted === "boolean";
  } catch {
    return false;
  }
}

/** A plain object's `signal`, if it has one that is a signal or says that there is none. */
function optionOf(value: unknown): PropertyDescriptor | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const prototype = getPrototypeOf(value) as object | null;
  if (prototype !== null && getPrototypeOf(prototype) !== null) return undefined;
  const descriptor = getOwnPropertyDescriptor(value, "signal");
  if (descriptor === undefined || !("value" in descriptor) || !descriptor.enumerable)
    return undefined;
  return descriptor.value === undefined || isSignal(descriptor.value) ? descriptor : undefined;
}

/**
 * Finds the signals among the arguments: as an argument of its own, or as `signal` in a plain
 * options object (known by identity, that is the key with its signal). `undefined` if there are
 * none, which is seen without making anything.
 */
export function readCaller(args: readonly unknown[], byIdentity: boolean): Caller | undefined {
  let isAny = false;
  for (let i = 0; i < args.length && !isAny; i++) {
    const arg = args[i];
    if (typeof arg === "object" && arg !== null)
      isAny = isSignal(arg) || optionOf(arg) !== undefined;
  }
  if (!isAny) return undefined;
  const signals: Signal[] = [];
  const keyArgs = args.map((arg) => {
    if (isSignal(arg)) {
      signals.push(arg);
      return undefined;
    }
    const option = optionOf(arg);
    if (option === undefined) return arg;
    if (option.value !== undefined) signals.push(option.value as Signal);
    return byIdentity ? arg : withSignal(arg as object, undefined);
  });
  // At the end, it is as if it had not been passed.
  for (let last = args.length; last > 0 && isSignal(args[last - 1]); last--) keyArgs.pop();
  return {
    signals,
    keyArgs,
    replace: (signal) =>
      args.map((arg) => {
        if (isSignal(arg)) return signal;
        return optionOf(arg)?.value === undefined ? arg : withSignal(arg as object, signal);
      }),
  };
}

/** A copy of options with another signal, or none. */
function withSignal(options: object, signal: unknown): object {
  const { signal: own, ...others } = getOwnPropertyDescriptors<PropertyDescriptorMap>(
    options as never,
  );
  const copy = Object.create(getPrototypeOf(options) as object | null, others) as object;
  return signal === undefined
    ? copy
    : Object.defineProperty(copy, "signal", { ...own, value: signal });
}
