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
  prefix: readonly unknown[] | null = null;
  /** Results or subtrees of consecutive integers, from `base` upwards. */
  list: unknown[] = NO_LIST;
  base = 0;
  /** The children of `true` and `false`, too few for a map. */
  onTrue: unknown = undefined;
  onFalse: unknown = undefined;
  /** Every other token with content. */
  map: Map<unknown, unknown> | LongMap | null = null;
  /** The size of `map` at which its integers may have become dense enough for the window. */
  gatherAt: number = FEW;
  /** The subtree of `NESTED`, apart from `map` because options objects are what it is for. */
  nested: unknown = undefined;
  /** Children by identity. */
  weak: WeakChildren | null = null;

  /** Forgets everything below, in place: call paths hold on to their root. */
  reset(): void {
    this.prefix = null;
    this.list = NO_LIST;
    this.base = 0;
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
    if (node === undefined) weak.setNode(object, (node = new Node()));
    return node;
  }

  /** Moves everything that has content into another node. */
  moveTo(other: Node): void {
    other.prefix = this.prefix;
    other.list = this.list;
    other.base = this.base;
    other.onTrue = this.onTrue;
    other.onFalse = this.onFalse;
    other.map = this.map;
    other.gatherAt = this.gatherAt;
    other.nested = this.nested;
    this.reset();
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

/** Shared by all nodes without a window. Made by `pop` so that its elements are of the general kind, like every window's. */
const NO_LIST: unknown[] = [VOID];
NO_LIST.pop();

/** Longer windows risk the engine's limit for arrays; further integers go to the map. */
export const LIST_LIMIT: number = 2 ** 26;
/** A window starts at 0 for the first integer below this; others start in the map. */
const SMALL = 32;
/** How far ahead of its end a window is filled with nothing to reach the next integer. */
const GAP = 32;
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
    const { list } = node;
    if (integer === token && i >= 0) {
      if (i < list.length) {
        const isNew = list[i] === undefined && (node.map === null || !node.map.delete(token));
        list[i] = child;
        return isNew;
      }
      if ((i === list.length && i !== 0 && i < LIST_LIMIT) || canExtend(node, i)) {
        const isNew = node.map === null || !node.map.delete(token);
        if (i === list.length && i !== 0) list.push(child);
        else extendWindow(node, i, child);
        return isNew;
      }
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
function canExtend(node: Node, i: number): boolean {
  const { length } = node.list;
  return length === 0 ? node.base === 0 && i < SMALL : i - length < GAP && i < LIST_LIMIT;
}

function extendWindow(node: Node, i: number, child: unknown): void {
  const list = node.list.length === 0 ? newList() : node.list;
  while (list.length < i) list.push(undefined);
  list.push(child);
  node.list = list;
}

function newList(): unknown[] {
  // The symbol makes the array one for general elements from the start, so that all windows of a
  // process share one hidden class and call paths stay monomorphic whatever is stored.
  const list: unknown[] = [VOID];
  list.pop();
  return list;
}

/** A window of that length with nothing in it: concatenated, which copies many elements at once. */
function emptyList(length: number): unknown[] {
  let list = newList();
  list.push(undefined);
  while (list.length < length) list = list.concat(list);
  list.length = length;
  return list;
}

function setInMap(node: Node, token: unknown, child: unknown): boolean {
  let map = (node.map ??= new Map());
  const before = map.size;
  if (before >= MAP_LIMIT && map instanceof Map) map = node.map = new LongMap(map);
  map.set(token, child);
  const { size } = map;
  if (size === before) return false;
  if (size >= node.gatherAt && typeof token === "number" && map instanceof Map)
    gatherWindow(node, map);
  return true;
}

/** Moves the integers of the map into the window when at least a quarter of it is then used. */
function gatherWindow(node: Node, map: Map<unknown, unknown>): void {
  const old = node.list;
  let low = old.length === 0 ? Infinity : node.base;
  let high = old.length === 0 ? -Infinity : node.base + old.length - 1;
  let count = old.length;
  let below = 0;
  for (const token of map.keys()) {
    if (typeof token !== "number" || (token | 0) !== token) continue;
    count++;
    if (token < node.base) below++;
    if (token < low) low = token;
    if (token > high) high = token;
  }
  const span = high - low + 1;
  if (count < FEW || count * 4 < span || span > LIST_LIMIT) {
    // The span does not shrink: not before that many more.
    node.gatherAt = map.size + Math.max(map.size >> 2, Math.ceil(span / 4) - count);
    return;
  }
  // Keys that arrive in falling order find room below the window.
  const slack =
    below * 2 > count - old.length && (old.length > 0 || firstKey(map) === high)
      ? Math.min(span, low - -(2 ** 31))
      : 0;
  const base = low >= 0 ? Math.max(0, low - slack) : low - slack;
  const list = emptyList(high - base + 1);
  for (let i = 0; i < old.length; i++) list[i + node.base - base] = old[i];
  // Either nothing else is in the map, or it is made anew without the integers: thousands of
  // deletions would leave holes behind.
  let others: Map<unknown, unknown> | null = null;
  for (const [token, child] of map) {
    if (typeof token === "number" && (token | 0) === token) list[token - base] = child;
    else (others ??= new Map()).set(token, child);
  }
  node.gatherAt = FEW + (others === null ? 0 : others.size * 2);
  node.list = list;
  node.base = base;
  node.map = others;
}

function firstKey(map: Map<unknown, unknown>): unknown {
  for (const key of map.keys()) return key;
  return undefined;
}

/** Empties the slot of `token`. */
export function deleteChild(node: Node, token: unknown): void {
  if (token === NESTED || typeof token === "boolean") {
    setChild(node, token, undefined);
    return;
  }
  if (typeof token === "number") {
    const i = token - node.base;
    if (i >>> 0 === i && i < node.list.length && node.list[i] !== undefined) {
      node.list[i] = undefined;
      trimWindow(node);
      return;
    }
  }
  node.map?.delete(token);
}

/** Drops the empty end of a window, so that an empty one is seen as such without a search. */
function trimWindow(node: Node): void {
  const list = node.list;
  while (list.length > 0 && list[list.length - 1] === undefined) list.pop();
  if (list.length > 0) return;
  node.list = NO_LIST;
  node.base = 0;
}

/** Whether nothing is left below. */
export function isEmpty(node: Node): boolean {
  if (node.nested !== undefined || node.weak !== null) return false;
  if (node.onTrue !== undefined || node.onFalse !== undefined) return false;
  return node.list.length === 0 && (node.map === null || node.map.size === 0);
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
    const lower = new Node();
    node.moveTo(lower);
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
  const nodes: Node[] = [];
  const steps: unknown[] = [];
  let node = root;
  let i = 0;
  for (;;) {
    if (node.prefix !== null) {
      for (const token of node.prefix) if (!isSameToken(token, tokens[i++])) return undefined;
    }
    const token = tokens[i++];
    const next = childOf(node, token);
    if (next === undefined) return undefined;
    nodes.push(node);
    steps.push(token);
    if (i === tokens.length || (next as Node | Tail).isTail) {
      if (i < tokens.length && !tailMatches(next as Tail, tokens, i, tokens.length))
        return undefined;
      for (let k = nodes.length - 1; k >= 0; k--) {
        deleteChild(nodes[k] as Node, steps[k]);
        if (k > 0 && !isEmpty(nodes[k] as Node)) break;
      }
      if (isEmpty(root)) root.reset();
      return i < tokens.length ? (next as Tail).value : next;
    }
    node = next as Node;
  }
}

/** Calls `visit` with the tokens and the result of every entry below that content leads to. */
export function visitEntries(root: Node, visit: (tokens: unknown[], value: unknown) => void): void {
  const pending: { node: Node; tokens: unknown[] }[] = [{ node: root, tokens: [] }];
  for (let top = pending.pop(); top !== undefined; top = pending.pop()) {
    const node = top.node;
    const path = node.prefix === null ? top.tokens : [...top.tokens, ...node.prefix];
    const below: { node: Node; tokens: unknown[] }[] = [];
    const see = (token: unknown, slot: unknown): void => {
      if (slot === undefined) return;
      if (slot instanceof Node) below.push({ node: slot, tokens: [...path, token] });
      else if (slot instanceof Tail)
        visit([...path, token, slot.first, ...(slot.rest ?? [])], slot.value);
      else visit([...path, token], slot);
    };
    node.list.forEach((slot, i) => see(node.base + i, slot));
    node.map?.forEach((slot: unknown, token: unknown) => see(token, slot));
    see(true, node.onTrue);
    see(false, node.onFalse);
    see(NESTED, node.nested);
    while (below.length > 0) pending.push(below.pop() as { node: Node; tokens: unknown[] });
  }
}
