import { NESTED } from "./token.ts";
import { deleteChild, find, insert, Node, remove, visitEntries } from "./node.ts";
import { isSameToken } from "./token.ts";

/**
 * What identifies one call: how many arguments it has, the objects it knows by identity, and its
 * tokens. The objects come first in the trie, so that everything about them hangs from them and
 * goes with them.
 */
export class Key {
  readonly count: number;
  readonly objects: readonly WeakKey[] | null;
  readonly tokens: readonly unknown[];
  constructor(count: number, objects: readonly WeakKey[] | null, tokens: readonly unknown[]) {
    this.count = count;
    this.objects = objects;
    this.tokens = tokens;
  }
}

/** Whether two keys of one function are equal. */
export function isSameKey(a: Key, b: Key): boolean {
  const { objects, tokens } = a;
  return (
    a.count === b.count &&
    tokens.length === b.tokens.length &&
    objects?.length === b.objects?.length &&
    (objects === null || objects.every((object, i) => object === b.objects?.[i])) &&
    tokens.every((token, i) => isSameToken(token, b.tokens[i]))
  );
}

/** A key and what is stored for it. */
export interface Stored {
  readonly key: Key;
  readonly value: unknown;
}

/** Leads to the one slot of a root that no key element leads to: `nested`. */
const NOTHING: readonly unknown[] = [NESTED];

/** All entries of one memoized function: a root for every number of arguments. */
export class Trie {
  /** With room for the usual ones: an array that grows takes room for seventeen. */
  private roots: (Node | undefined)[] = [undefined, undefined, undefined, undefined];
  /** Entries that content alone leads to; those under objects go by themselves and are counted by looking. */
  strongSize = 0;

  /** The root for calls with `count` key elements; the same node as long as the trie lives. */
  root(count: number): Node {
    return (this.roots[count] ??= new Node());
  }

  get({ count, objects, tokens }: Key): unknown {
    return this.find(count, objects, tokens, tokens.length);
  }

  /** The same for the parts of a key; the tokens are those before `end`. */
  find(
    count: number,
    objects: readonly WeakKey[] | null,
    tokens: readonly unknown[],
    end: number,
  ): unknown {
    const node = objects === null ? this.root(count) : this.below(count, objects, end === 0);
    if (node === undefined) return undefined;
    if (end > 0) return find(node, tokens, 0, end);
    return objects === null ? node.nested : node.weak?.ends.get(objects.at(-1) as WeakKey);
  }

  set({ count, objects, tokens }: Key, value: unknown): void {
    let node = this.root(count);
    const isEnd = tokens.length === 0;
    if (objects !== null) {
      const last = objects.length - (isEnd ? 1 : 0);
      for (let i = 0; i < last; i++) node = node.nodeBelow(objects[i] as WeakKey);
      if (isEnd) {
        const weak = node.weakChildren();
        weak.put(weak.ends, objects[last] as WeakKey, value);
        return;
      }
    }
    if (insert(node, isEnd ? NOTHING : tokens, value) && objects === null) this.strongSize++;
  }

  delete({ count, objects, tokens }: Key): boolean {
    const isEnd = tokens.length === 0;
    const node = this.below(count, objects ?? [], isEnd && objects !== null);
    if (node === undefined) return false;
    if (isEnd && objects !== null)
      return node.weak?.ends.delete(objects.at(-1) as WeakKey) ?? false;
    if (remove(node, isEnd ? NOTHING : tokens) === undefined) return false;
    if (objects === null) this.strongSize--;
    return true;
  }

  /** The same for a key of one token that is there. */
  deleteSingle(token: unknown): void {
    deleteChild(this.root(1), token);
    this.strongSize--;
  }

  clear(): void {
    this.roots.forEach((root) => root?.reset());
    this.strongSize = 0;
  }

  /** The node below objects known by identity; below all but the last, if that is the end. */
  private below(count: number, objects: readonly WeakKey[], isEnd: boolean): Node | undefined {
    let node: Node | undefined = this.root(count);
    const last = objects.length - (isEnd ? 1 : 0);
    for (let i = 0; i < last && node !== undefined; i++)
      node = node.weak?.nodes.get(objects[i] as WeakKey);
    return node;
  }

  get hasObjects(): boolean {
    return this.roots.some((root) => root !== undefined && root.weak !== null);
  }

  /** Every entry, as it is when asked. */
  entries(): Stored[] {
    const found: Stored[] = [];
    this.roots.forEach((root, count) => {
      if (root !== undefined) collect(root, count, null, found);
    });
    return found;
  }

  /** Every entry of calls whose first object is `object`. */
  entriesBelow(object: WeakKey): Stored[] {
    const found: Stored[] = [];
    this.roots.forEach((root, count) => {
      if (root !== undefined) collectBelow(root, object, count, [object], found);
    });
    return found;
  }
}

function collect(node: Node, count: number, objects: WeakKey[] | null, found: Stored[]): void {
  visitEntries(node, (tokens, value) =>
    found.push({ key: new Key(count, objects, count === 0 ? [] : tokens), value }),
  );
  if (node.weak === null) return;
  for (const object of node.weak.objects())
    collectBelow(node, object, count, [...(objects ?? []), object], found);
}

function collectBelow(
  node: Node,
  object: WeakKey,
  count: number,
  path: WeakKey[],
  found: Stored[],
): void {
  const end = node.weak?.ends.get(object);
  if (end !== undefined) found.push({ key: new Key(count, path, []), value: end });
  const below = node.weak?.nodes.get(object);
  if (below !== undefined) collect(below, count, path, found);
}
