import { MAP_LIMIT } from "./long-map.ts";
import { childOf, LIST_LIMIT, type Node, setChild, type Tail, VOID } from "./node.ts";
import { isSameToken } from "./token.ts";
import { Key, type Trie } from "./trie.ts";

/**
 * Looking up and storing calls whose arguments are all tokens as they stand, without turning them
 * into tokens first: what most calls are, and what the call paths are made of.
 */

/** A token as it stands: a primitive other than -0 and symbols. */
export function isDirect(value: unknown): boolean {
  if (typeof value === "number") return value !== 0 || 1 / value > 0;
  return typeof value === "string" || isOtherDirect(value);
}

function isOtherDirect(value: unknown): boolean {
  return (
    value === null ||
    (typeof value !== "object" && typeof value !== "function" && typeof value !== "symbol")
  );
}

export function areDirect(values: readonly unknown[]): boolean {
  for (let i = 0; i < values.length; i++) if (!isDirect(values[i])) return false;
  return true;
}

/**
 * Not a slot: the value is no token as it stands and has to be scanned. A symbol, like `VOID`: call
 * paths ask for the type of what they have found, which is cheaper than to compare with both.
 */
export const SCAN: unique symbol = Symbol("scan");

/** The slot under `node` that an argument leads to, if the argument is a token as it stands. */
export function slotOf(node: Node, value: unknown): unknown {
  if (typeof value === "number") {
    // An integer from the start, so that functions of fractions do not make this a float's business.
    const integer = value | 0;
    if (integer === value) {
      if (integer === 0 && 1 / value < 0) return SCAN;
      const { list } = node;
      const i = integer - node.base;
      if (i >= 0 && i < list.length) {
        const found = list[i];
        if (found !== undefined) return found;
      }
    }
  } else if (typeof value !== "string") {
    return slotOfOther(node, value);
  }
  const { map } = node;
  return map === null ? undefined : map.get(value);
}

function slotOfOther(node: Node, value: unknown): unknown {
  if (typeof value === "boolean") return value ? node.onTrue : node.onFalse;
  if (!isOtherDirect(value)) return SCAN;
  return node.map === null ? undefined : node.map.get(value);
}

/** The result at the end of a tail with one more token, which is `last`. */
function endOfTail(tail: Tail, last: unknown): unknown {
  return tail.rest === null && isToken(tail.first, last) ? tail.value : undefined;
}

/** Whether an argument is this token: the same, and not -0, which is another one. */
function isToken(token: unknown, value: unknown): boolean {
  if (typeof value === "number")
    return token === value ? value !== 0 || 1 / value > 0 : value !== value && token !== token;
  return isSameToken(token, value);
}

/**
 * The result that `last` leads to from a slot before it, which holds a subtree, or nothing. (Or
 * `SCAN`, which is no tail and has no prefix that is `null`: to ask for that first costs a nanosecond.)
 */
export function endBelow(slot: unknown, last: unknown): unknown {
  if (slot === undefined) return undefined;
  if ((slot as Node | Tail).isTail) return endOfTail(slot as Tail, last);
  // With a prefix, every call that gets here has further tokens.
  return (slot as Node).prefix === null ? slotOf(slot as Node, last) : undefined;
}

/** The result of three arguments; `SCAN` where only the full walk can tell. */
export function endOfThree(root: Node, a: unknown, b: unknown, c: unknown): unknown {
  const next = slotOf(root, a);
  if (next === undefined) return undefined;
  if ((next as Node | Tail).isTail) return endOfLongTail(next as Tail, b, c);
  return (next as Node).prefix === null ? endBelow(slotOf(next as Node, b), c) : SCAN;
}

/** The result of any number of arguments; `undefined` or a symbol where only the full walk can tell. */
export function endOf(root: Node, args: readonly unknown[]): unknown {
  let node = root;
  const last = args.length - 1;
  for (let i = 0; i < last; i++) {
    if (node.prefix !== null) return undefined;
    const slot = slotOf(node, args[i]);
    if (slot === undefined) return undefined;
    if ((slot as Node | Tail).isTail) return endOfAnyTail(slot as Tail, args, i + 1);
    node = slot as Node;
  }
  return node.prefix === null && last >= 0 ? slotOf(node, args[last]) : undefined;
}

function endOfAnyTail(
  { first, rest, value }: Tail,
  args: readonly unknown[],
  from: number,
): unknown {
  const count = args.length - from - 1;
  if (!isToken(first, args[from]) || (rest === null ? count > 0 : rest.length !== count))
    return undefined;
  for (let i = 0; i < count; i++)
    if (!isToken((rest as readonly unknown[])[i], args[from + 1 + i])) return undefined;
  return value;
}

/** The result at the end of a tail with two more tokens. */
function endOfLongTail({ first, rest, value }: Tail, b: unknown, c: unknown): unknown {
  return rest !== null && rest.length === 1 && isToken(first, b) && isToken(rest[0], c)
    ? value
    : undefined;
}

/** Stores the result of a call that ends below `node` with a token as it stands. */
export function storeDirect(trie: Trie, node: Node, last: unknown, value: unknown): void {
  const stored = value === undefined ? VOID : value;
  if (typeof last === "number") {
    // The next integer, the most frequent case of all, without a call.
    const integer = last | 0;
    const { list } = node;
    const { length } = list;
    if (integer - node.base === length && integer === last && length > 0 && node.map === null) {
      if (length < LIST_LIMIT) {
        list.push(stored);
        trie.strongSize++;
        return;
      }
    }
  }
  if (setChild(node, last, stored)) trie.strongSize++;
}

/** The same for a token that is known to have nothing; where most keys are strings, straight to the map. */
export function addDirect(trie: Trie, node: Node, last: unknown, value: unknown): void {
  const { map } = node;
  if (typeof last !== "string" || !(map instanceof Map) || map.size >= MAP_LIMIT) {
    storeDirect(trie, node, last, value);
    return;
  }
  map.set(last, value);
  trie.strongSize++;
}

/** The same for a call without arguments. */
export function storeNone(trie: Trie, root: Node, value: unknown): void {
  if (root.nested === undefined) trie.strongSize++;
  root.nested = value === undefined ? VOID : value;
}

/** The same for a call of two arguments. */
export function storePair(trie: Trie, root: Node, a: unknown, b: unknown, value: unknown): void {
  const below = childOf(root, a);
  if (below !== undefined && !(below as Node | Tail).isTail && (below as Node).prefix === null)
    storeDirect(trie, below as Node, b, value);
  else trie.set(new Key(2, null, [a, b]), value === undefined ? VOID : value);
}

/** The same for a call of three. */
export function storeThree(trie: Trie, a: unknown, b: unknown, c: unknown, value: unknown): void {
  trie.set(new Key(3, null, [a, b, c]), value === undefined ? VOID : value);
}
