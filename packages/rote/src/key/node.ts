import { LongMap, MAP_LIMIT } from "./long-map.ts";
import { isSameToken, NESTED } from "./token.ts";
import { WeakChildren } from "./weak.ts";

/**
 * The trie. Rules:
 *
 * 1. A slot holds `undefined` (nothing), a `Node`, a `Tail`, or a stored result. Callers can hold
 *    neither a Node nor a Tail, so the three cannot be mistaken; a result that is `undefined` is
 *    stored as `VOID`.
 * 2. A `Tail` is a subtree with one entry: its remaining tokens and its result, without nodes.
 * 3. A node's `prefix` is what all its entries share from here on; at least one more token follows.
 * 4. An integer is in the window `list` (at `base + i`) or in `map`, never in both.
 */
export class Node {
  readonly isTail: boolean = false;
  declare prefix: readonly unknown[] | null;
  /** Results or subtrees of consecutive integers, from `base` upwards; 0 while there are none. */
  declare list: unknown[];
  declare base: number;
  /** Slots of the window that were left or became empty since it was last looked at: see `shrinkWindow`. */
  declare emptied: number;
  /** The children of `true` and `false`, too few for a map. */
  declare onTrue: unknown;
  declare onFalse: unknown;
  /** Every other token with content. */
  declare map: Map<unknown, unknown> | LongMap | null;
  /** The size of `map` at which its integers may have become dense enough for the window. */
  declare gatherAt: number;
  /** The subtree of `NESTED`, apart from `map` because options objects are what it is for. */
  declare nested: unknown;
  /** Children by identity. */
  weak: WeakChildren | null = null;

  constructor() {
    this.reset();
  }

  /** Forgets everything below, in place: call paths hold on to their root. */
  reset(): void {
    this.prefix = null;
    this.list = NO_LIST;
    this.base = this.emptied = 0;
    this.onTrue = this.onFalse = undefined;
    this.map = null;
    this.gatherAt = FEW;
    this.nested = undefined;
    this.weak?.clear();
  }

  /** The children by identity; the same object as long as the node lives. */
  weakChildren(): WeakChildren {
    return (this.weak ??= new WeakChildren());
  }

  /** The subtree below `object`, made if there is none. */
  nodeBelow(object: WeakKey): Node {
    const weak = this.weakChildren();
    let node = weak.nodes.get(object);
    if (node === undefined) weak.put(weak.nodes, object, (node = new Node()));
    return node;
  }
}

/** One entry: what remains of its tokens, the first one apart so that pairs need no array. */
export class Tail {
  readonly isTail: boolean = true;
  readonly first: unknown;
  readonly rest: readonly unknown[] | null;
  value: unknown;
  constructor(first: unknown, rest: readonly unknown[] | null, value: unknown) {
    this.first = first;
    this.rest = rest;
    this.value = value;
  }
}

/** The stored form of `undefined`, which itself means: nothing here. */
export const VOID: unique symbol = Symbol("void");

/**
 * A list whose elements are of the engine's general kind from the start, whatever is stored, so that
 * all windows of a process share one hidden class and call paths stay monomorphic.
 */
function newList(): unknown[] {
  const list: unknown[] = [VOID];
  list.pop();
  return list;
}

/** Shared by all nodes without a window. */
const NO_LIST: unknown[] = newList();

/** Longer windows risk the engine's limit for arrays; further integers go to the map. */
export const LIST_LIMIT: number = 2 ** 26;
/** A window starts at 0 for the first integer below this; others start in the map. */
const SMALL = 32;
/** How far ahead of its end a window is filled with nothing to reach the next integer. */
const GAP = 32;
/** Slots of a window for one integer in it, at most: it then takes as much memory as a Map that has just grown. */
const SPARSE = 8;
/** So many in a map are worth a look at whether they are dense. */
const FEW = 16;

/** The slot of `token`, or `undefined`. */
export function childOf(node: Node, token: unknown): unknown {
  if (typeof token === "number") {
    const integer = token | 0;
    const i = integer - node.base;
    if (integer === token && i >= 0 && i < node.list.length) {
      const found = node.list[i];
      if (found !== undefined) return found;
    }
  } else if (typeof token === "boolean") {
    return token ? node.onTrue : node.onFalse;
  } else if (typeof token === "object" && token === NESTED) {
    return node.nested;
  }
  return node.map === null ? undefined : node.map.get(token);
}

/** Fills the slot of `token`; true if it was empty. */
export function setChild(node: Node, token: unknown, child: unknown): boolean {
  if (typeof token === "number") {
    const integer = token | 0;
    const i = integer - node.base;
    const { list, map } = node;
    const { length } = list;
    if (integer === token && i >= 0 && (i < length || canExtend(length, i))) {
      const isNew = (i >= length || list[i] === undefined) && (map === null || !map.delete(token));
      if (i < length) list[i] = child;
      else extendWindow(node, i, child);
      return isNew;
    }
  } else if (token === NESTED) {
    const isNew = node.nested === undefined;
    node.nested = child;
    return isNew;
  } else if (typeof token === "boolean") {
    const isNew = (token ? node.onTrue : node.onFalse) === undefined;
    if (token) node.onTrue = child;
    else node.onFalse = child;
    return isNew;
  }
  return setInMap(node, token, child);
}

/** Whether a window may start with this integer, or reach it over a small gap. */
function canExtend(length: number, i: number): boolean {
  return length === 0 ? i < SMALL : i - length < GAP && i < LIST_LIMIT;
}

function extendWindow(node: Node, i: number, child: unknown): void {
  let { list } = node;
  if (list === NO_LIST) node.list = list = newList();
  for (; list.length < i; node.emptied++) list.push(undefined);
  list.push(child);
}

function setInMap(node: Node, token: unknown, child: unknown): boolean {
  let map = (node.map ??= new Map());
  const before = map.size;
  // Before anything is stored: should the stack overflow on the way, nothing is half done.
  if (before >= node.gatherAt && typeof token === "number" && map instanceof Map) {
    gatherWindow(node, map);
    if (node.map !== map) return setChild(node, token, child);
  }
  if (before >= MAP_LIMIT && map instanceof Map) map = node.map = new LongMap(map);
  map.set(token, child);
  return map.size > before;
}

function isInteger(token: unknown): token is number {
  return typeof token === "number" && (token | 0) === token;
}

/** Moves the integers of the map into the window when at least one in `SPARSE` of it is then used. */
function gatherWindow(node: Node, map: Map<unknown, unknown>): void {
  const old = node.list;
  let count = old.length;
  let low = count === 0 ? Infinity : node.base;
  let high = low + count - 1;
  for (const token of map.keys()) {
    if (!isInteger(token)) continue;
    if (count++ === 0) high = token;
    if (token < low) low = token;
    if (token > high) high = token;
  }
  const span = high - low + 1;
  if (count < FEW || count * SPARSE < span || span > LIST_LIMIT) {
    // The span does not shrink: not before that many more.
    node.gatherAt = map.size + Math.max(map.size >> 2, Math.ceil(span / SPARSE) - count, FEW);
    return;
  }
  // Concatenated, which copies many elements at once.
  let list = newList();
  list.push(undefined);
  while (list.length < span) list = list.concat(list);
  list.length = span;
  for (let i = 0; i < old.length; i++) list[i + node.base - low] = old[i];
  // Either nothing else is in the map, or it is made anew without the integers: thousands of
  // deletions would leave holes behind.
  let others: Map<unknown, unknown> | null = null;
  for (const [token, child] of map) {
    if (isInteger(token)) list[token - low] = child;
    else (others ??= new Map()).set(token, child);
  }
  // In proportion to what is moved, so that falling sequences, which never extend it, stay linear.
  node.gatherAt = FEW + (span >> 2) + (others === null ? 0 : others.size * 2);
  node.list = list;
  node.base = low;
  node.map = others;
}

/** Empties the slot of `token`, which has something in it. */
export function deleteChild(node: Node, token: unknown): void {
  if (typeof token === "number") {
    const { list, base } = node;
    const i = (token | 0) - base;
    // The window first: to look there is cheaper than in the map.
    if (i >= 0 && i < list.length && base + i === token && list[i] !== undefined) {
      list[i] = undefined;
      shrinkWindow(node);
      return;
    }
  }
  if (node.map?.delete(token) !== true) setChild(node, token, undefined);
}

/** After a deletion from the window. */
function shrinkWindow(node: Node): void {
  const { list } = node;
  // Without the empty end of a window, an empty one is seen as such without a search.
  while (list.length > 0 && list[list.length - 1] === undefined) list.pop();
  if (list.length > 0) {
    if (++node.emptied * 2 > list.length + FEW) trimWindow(node);
    return;
  }
  node.list = NO_LIST;
  node.base = node.emptied = 0;
}

/**
 * Lets a window go along with integers that rise for ever while old ones are deleted, and gives its
 * integers to the map where few are left. Once in as many deletions as it takes steps.
 */
function trimWindow(node: Node): void {
  const { list } = node;
  const { length } = list;
  node.emptied = 0;
  let count = 0;
  let first = length;
  for (let i = length - 1; i >= 0; i--) {
    if (list[i] === undefined) continue;
    count++;
    first = i;
  }
  if (count * 2 * SPARSE < length) {
    const { base } = node;
    node.list = NO_LIST;
    node.base = 0;
    // All at once: one by one, they might be gathered again on the way.
    node.gatherAt = Infinity;
    for (let i = first; i < length; i++)
      if (list[i] !== undefined) setInMap(node, base + i, list[i]);
    node.gatherAt = (node.map as Map<unknown, unknown>).size + FEW;
  } else if (first * 4 >= length) {
    node.list = list.slice(first);
    node.base += first;
  }
}

/** Whether nothing is left below. */
function isEmpty({ list, map, nested, onTrue, onFalse, weak }: Node): boolean {
  return (
    list.length === 0 &&
    (map === null || map.size === 0) &&
    nested === undefined &&
    onTrue === undefined &&
    onFalse === undefined &&
    weak === null
  );
}

/** The result stored for `tokens[from…to)`, or `undefined`. */
export function find(root: Node, tokens: readonly unknown[], from: number, to: number): unknown {
  let node = root;
  let i = from;
  for (;;) {
    const prefix = node.prefix;
    if (prefix !== null) {
      for (let j = 0; j < prefix.length; j++, i++) {
        if (!isSameToken(prefix[j], tokens[i])) return undefined;
      }
    }
    const next = childOf(node, tokens[i++]);
    if (i === to || next === undefined) return next;
    if (!(next as Node | Tail).isTail) node = next as Node;
    else
      return (next as Tail).value !== undefined && tailMatches(next as Tail, tokens, i, to)
        ? (next as Tail).value
        : undefined;
  }
}

function tailMatches(tail: Tail, tokens: readonly unknown[], from: number, to: number): boolean {
  if (!isSameToken(tail.first, tokens[from])) return false;
  const rest = tail.rest;
  if (rest === null) return to - from === 1;
  if (to - from - 1 !== rest.length) return false;
  for (let j = 0; j < rest.length; j++) {
    if (!isSameToken(rest[j], tokens[from + 1 + j])) return false;
  }
  return true;
}

function tailOf(tokens: readonly unknown[], from: number, value: unknown): Tail {
  return new Tail(tokens[from], tokens.length - from === 1 ? null : tokens.slice(from + 1), value);
}

/** Stores `value` for `tokens`; true if they had none before. */
export function insert(root: Node, tokens: readonly unknown[], value: unknown): boolean {
  let node = root;
  let i = 0;
  for (;;) {
    if (node.prefix !== null) i += matchOrSplit(node, node.prefix, tokens, i);
    const token = tokens[i++];
    const next = childOf(node, token);
    if (i === tokens.length) {
      setChild(node, token, value);
      return next === undefined;
    }
    if (next === undefined) {
      setChild(node, token, tailOf(tokens, i, value));
      return true;
    }
    if (!(next as Node | Tail).isTail) {
      node = next as Node;
      continue;
    }
    const tail = next as Tail;
    if (tailMatches(tail, tokens, i, tokens.length)) {
      tail.value = value;
      return false;
    }
    const branch = branchAt(tail, tokens, i);
    setChild(node, token, branch);
    node = branch;
  }
}

/** How far the prefix goes along with the tokens; where it does not to its end, the node is split there. */
function matchOrSplit(
  node: Node,
  prefix: readonly unknown[],
  tokens: readonly unknown[],
  from: number,
): number {
  let j = 0;
  while (j < prefix.length && isSameToken(prefix[j], tokens[from + j])) j++;
  if (j < prefix.length) {
    const lower = Object.assign(new Node(), node);
    lower.weak = null;
    node.reset();
    lower.prefix = j + 1 < prefix.length ? prefix.slice(j + 1) : null;
    node.prefix = j > 0 ? prefix.slice(0, j) : null;
    setChild(node, prefix[j], lower);
  }
  return j;
}

/** A node in the place of `tail`, branching where the tokens part from it. */
function branchAt(tail: Tail, tokens: readonly unknown[], from: number): Node {
  const all = tail.rest === null ? [tail.first] : [tail.first, ...tail.rest];
  let j = 0;
  while (isSameToken(all[j], tokens[from + j])) j++;
  const branch = new Node();
  if (j > 0) branch.prefix = all.slice(0, j);
  setChild(branch, all[j], j + 1 === all.length ? tail.value : tailOf(all, j + 1, tail.value));
  return branch;
}

/** Removes the result of `tokens`, and the nodes that then lead nowhere; the result, or `undefined`. */
export function remove(root: Node, tokens: readonly unknown[]): unknown {
  const found = find(root, tokens, 0, tokens.length);
  if (found === undefined) return undefined;
  const path: [Node, unknown][] = [];
  let i = 0;
  for (let node = root; ;) {
    i += node.prefix?.length ?? 0;
    const token = tokens[i++];
    path.push([node, token]);
    const next = childOf(node, token) as Node | Tail;
    if (i === tokens.length || next.isTail) break;
    node = next as Node;
  }
  do {
    const [node, token] = path.pop() as [Node, unknown];
    deleteChild(node, token);
    if (!isEmpty(node)) return found;
  } while (path.length > 0);
  root.reset();
  return found;
}

/** Calls `visit` with the tokens and the result of every entry below that content leads to. */
export function visitEntries(root: Node, visit: (tokens: unknown[], value: unknown) => void): void {
  const pending: [Node, unknown[]][] = [[root, []]];
  for (const [node, above] of pending) {
    const path = [...above, ...(node.prefix ?? [])];
    const see = (slot: unknown, token: unknown): void => {
      if (slot instanceof Node) pending.push([slot, [...path, token]]);
      else if (slot instanceof Tail)
        visit([...path, token, slot.first, ...(slot.rest ?? [])], slot.value);
      else if (slot !== undefined) visit([...path, token], slot);
    };
    node.list.forEach((slot, i) => see(slot, node.base + i));
    node.map?.forEach(see);
    see(node.onTrue, true);
    see(node.onFalse, false);
    see(node.nested, NESTED);
  }
}
