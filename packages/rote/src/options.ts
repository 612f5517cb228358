import type { AnyFunction, Callable, ParametersOf } from "./cache/memo.ts";
import { RoteError } from "./errors.ts";

/** How a memoized function behaves. Every option is checked when wrapping. */
export interface MemoizeOptions<Fn extends Callable = AnyFunction> {
  /**
   * What identifies a call: `"value"` compares plain data and built-ins by content, `"identity"`
   * compares every object by identity, a function of the arguments gives what is compared by value.
   * @defaultValue `"value"`
   */
  key?:
    | "value"
    | "identity"
    | ((this: ThisParameterType<Fn>, ...args: ParametersOf<Fn>) => unknown);
  /**
   * Whether `this` is part of what identifies a call.
   * @defaultValue by the function's text: if it contains `this`, `super` or `eval`, or is native and not bound
   */
  receiver?: boolean;
  /**
   * Whether recursion deeper than the stack is restarted from the heap (`"restart"`), or left to the engine (`"off"`).
   * @defaultValue `"restart"`
   */
  recursion?: "restart" | "off";
  /**
   * How many memoized runs may lie on the stack before a restart; that of the outermost call counts.
   * @defaultValue 1800, less for a drive in which the engine overflows earlier
   */
  depthLimit?: number;
  /**
   * Deep-freezes plain objects and arrays in results, but nothing that is reachable from the arguments.
   * @defaultValue `false`
   */
  freeze?: boolean;
  /**
   * The share of hits, from 0 to 1, that run the function again and compare the results by content.
   * @defaultValue `0`
   */
  verify?: number;
  /**
   * Measures every run rather than outermost ones only; `stats().runTime` is then their sum.
   * @defaultValue `false`
   */
  timing?: boolean;
  /**
   * What the function is called in messages and statistics.
   * @defaultValue the function's own name
   */
  name?: string;
}

/** One rule of the option table: what is valid, and what to do about a value that is not. */
interface Rule {
  readonly isValid: (value: unknown) => boolean;
  readonly rule: string;
  readonly remedy: string;
}

const isBoolean = (value: unknown): boolean => typeof value === "boolean";

const rules: { readonly [Option in keyof Required<MemoizeOptions>]: Rule } = {
  key: {
    isValid: (value) => value === "value" || value === "identity" || typeof value === "function",
    rule: '"value", "identity", or a function of the arguments',
    remedy: "Leave it out to compare arguments by content.",
  },
  receiver: {
    isValid: isBoolean,
    rule: "true or false",
    remedy: "Leave it out to decide by the function's text.",
  },
  recursion: {
    isValid: (value) => value === "restart" || value === "off",
    rule: '"restart" or "off"',
    remedy: "Leave it out for recursion of any depth.",
  },
  depthLimit: {
    isValid: (value) => Number.isInteger(value) && (value as number) >= 1,
    rule: "a whole number of runs, 1 or more",
    remedy: 'To leave recursion to the engine, use recursion: "off".',
  },
  freeze: {
    isValid: isBoolean,
    rule: "true or false",
    remedy: "Leave it out to share results as they are.",
  },
  verify: {
    isValid: (value) => typeof value === "number" && value >= 0 && value <= 1,
    rule: "a share of hits between 0 and 1",
    remedy: "To verify one hit in a hundred, use 0.01.",
  },
  timing: {
    isValid: isBoolean,
    rule: "true or false",
    remedy: "Leave it out to time outermost runs only.",
  },
  name: {
    isValid: (value) => typeof value === "string" && value !== "",
    rule: "a text that is not empty",
    remedy: "Leave it out to use the function's own name.",
  },
};

/** Shows the refused value of an option: short texts quoted, all else as an argument is shown. */
function showOption(value: unknown): string {
  return typeof value === "string" && value.length <= 40 ? JSON.stringify(value) : show(value);
}

/** Shows a refused argument: numbers and the like as they are, all else by type, since messages end up in logs. */
export function show(value: unknown): string {
  if (typeof value === "string") return `a text of ${value.length} characters`;
  if (typeof value === "bigint") return `${value}n`;
  if (value === null || ["number", "boolean", "undefined"].includes(typeof value))
    return Object.is(value, -0) ? "-0" : String(value);
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** Throws for options that are unknown, of the wrong type, or contradict each other. */
export function checkOptions(options: MemoizeOptions): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new RoteError(
      "ERR_INVALID_ARGUMENT",
      `options must be an object such as { key: "identity" }; received ${show(options)}.` +
        (typeof options === "function" ? " A function that gives the key is { key: … }." : ""),
      { value: options },
    );
  }
  for (const name of Reflect.ownKeys(options)) {
    const option = String(name);
    const value: unknown = options[name as keyof MemoizeOptions];
    const known =
      typeof name === "string" &&
      Object.hasOwn(rules, option) &&
      rules[option as keyof MemoizeOptions];
    if (known === false) {
      throw new RoteError(
        "ERR_INVALID_OPTION",
        `"${option}" is not an option of memoize. Known options: ${Object.keys(rules).join(", ")}.`,
        { option, value },
      );
    }
    if (value !== undefined && !known.isValid(value)) {
      throw new RoteError(
        "ERR_INVALID_OPTION",
        `${option} must be ${known.rule}; received ${showOption(value)}. ${known.remedy}`,
        { option, value },
      );
    }
  }
  if (options.recursion === "off" && options.depthLimit !== undefined) {
    throw new RoteError(
      "ERR_INVALID_OPTION",
      'depthLimit says when a recursion is restarted, and recursion: "off" says never. Leave out one of them.',
      { option: "depthLimit", value: options.depthLimit },
    );
  }
}
