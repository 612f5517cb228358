import type { Memo } from "../cache/memo.ts";
import { RoteError } from "../errors.ts";
import { canonicalBytes, Unstorable } from "../key/canonical.ts";
import { nameProblem, ownName } from "../key/class-name.ts";
import { KEYED } from "../key/kind.ts";
import { placeOf } from "../key/place.ts";
import { IDENTITY } from "../key/token.ts";
import type { Key } from "../key/trie.ts";

/**
 * The canonical bytes of a call, by which stores know it.
 *
 * @throws {RoteError} `ERR_NOT_STORABLE` if it holds something that no other process could recognise:
 * the sentence says where, what, and what to do, and shows nothing of the arguments but types, names
 * of classes and of properties that look like names, and indices.
 */
export function argumentBytes(memo: Memo, key: Key): Uint8Array<ArrayBuffer> {
  const { whole } = memo;
  // Where each receiver has a cache of its own, keys do not say which it is.
  if (whole.receivers !== null && memo !== whole.memo)
    throw notStorable(`The receiver of "${whole.name}"`, receiverProblem(memo.receiver));
  const bytes = canonicalBytes(key);
  if (!(bytes instanceof Unstorable)) return bytes;
  throw refusal(memo, bytes);
}

/** What is wrong, and what to do about it. */
interface Problem {
  readonly what: string;
  readonly why: string;
  readonly remedy: string;
}

function notStorable(where: string, { what, why, remedy }: Problem): RoteError {
  return new RoteError(
    "ERR_NOT_STORABLE",
    `${where} is ${what}: ${why}, so this call cannot be stored. ${remedy}`,
  );
}

function refusal(memo: Memo, refused: Unstorable): RoteError {
  const { name, keyOf } = memo.whole;
  const { element, path } = placeOf(refused);
  const at = path === "" ? "" : `, at ${path},`;
  const isReceiver = memo.hasReceiver && element === 0;
  if (isReceiver)
    return notStorable(`The receiver of "${name}"`, receiverProblem(valueAt(refused)));
  const number = element + (memo.hasReceiver ? 0 : 1);
  const where = keyOf === undefined ? `Argument ${number} of "${name}"` : `The key of "${name}"`;
  return notStorable(`${where}${at}`, problemOf(memo, refused));
}

/** What is known by identity at the refused place, or is a symbol; `undefined` for a built-in. */
function valueAt({ key, outline, position }: Unstorable): unknown {
  const token = key.tokens[position];
  if (token === IDENTITY) return key.objects?.[outline.ordinals[position] as number];
  return typeof token === "symbol" ? token : undefined;
}

const NO_CONTENT = "it has no content that another process could recognise";

function receiverProblem(receiver: unknown): Problem {
  return {
    what: describe(receiver).what,
    why: "receivers are known by identity, which ends with the process",
    remedy:
      "Memoize a function that takes what it needs of this as an argument, or, if it needs nothing of it, with { receiver: false }.",
  };
}

function problemOf({ whole }: Memo, refused: Unstorable): Problem {
  const { key, position } = refused;
  const value = valueAt(refused);
  const isKey = whole.keyOf !== undefined;
  const sayKey = isKey
    ? "Let options.key return what identifies the call by content."
    : "Let options.key say what identifies the call.";
  const orKey = isKey
    ? "or let options.key return something else."
    : "or options.key to say what identifies the call.";
  if (key.tokens[position - 1] === KEYED) return classProblem(value as object);
  if (typeof value === "symbol")
    return {
      what: "a symbol that is not registered",
      why: NO_CONTENT,
      remedy: `Make it with Symbol.for(). ${sayKey.replace("Let", "Or let")}`,
    };
  if (value === undefined)
    return {
      what: "a built-in that the format of stored keys does not know",
      why: NO_CONTENT,
      remedy: sayKey,
    };
  const { what, className } = describe(value);
  if (whole.byIdentity && typeof value === "object")
    return {
      what,
      why: `with key: "identity" it is known by identity, which ends with the process`,
      remedy:
        'Memoize without key: "identity", or with a function of the arguments as options.key.',
    };
  return {
    what,
    why: NO_CONTENT,
    remedy: className === "" ? sayKey : `Give ${className} a [keySymbol]() method, ${orKey}`,
  };
}

/** Of the class of an object with `[keySymbol]()`. */
function classProblem(prototype: object): Problem {
  const name = ownName(prototype);
  if (nameProblem(prototype) === "nameless")
    return {
      what: "an instance of a class without a name",
      why: "another process could not recognise the class",
      remedy: 'Give the class a name, as in static name = "Account".',
    };
  return {
    what: `an instance of a second class named ${name}`,
    why: "another process could not tell the classes apart",
    remedy: `Rename one of them, or give it a name of its own, as in static name = "Other${name}".`,
  };
}

/** What something is, without a word of its content; and its class, if a user has written it. */
function describe(value: unknown): { readonly what: string; readonly className: string } {
  if (typeof value === "function") return { what: "a function", className: "" };
  try {
    if (Array.isArray(value)) return { what: "an array", className: "" };
    const prototype = Object.getPrototypeOf(value) as object | null;
    const name = prototype === null ? "" : ownName(prototype);
    if (prototype === null || name === "" || name === "Object")
      return { what: "an object", className: "" };
    const isNative = /\[native code\]\s*\}$/.test(
      Function.prototype.toString.call(prototype.constructor),
    );
    return { what: `an instance of ${name}`, className: isNative ? "" : name };
  } catch {
    // A proxy that does not want to be looked at.
    return { what: "an object", className: "" };
  }
}
