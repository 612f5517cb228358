import { find, insert, Node, remove, visitEntries } from "./node.ts";

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

/** A key and the stored result of its call. */
export interface Entry {
  readonly key: Key;
  readonly value: unknown;
}

/** All entries of one memoized function: a root for every number of arguments. */
export class Trie {
  private roots: (Node | undefined)[] = [];
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
    let node: Node | undefined = this.root(count);
    if (objects !== null) {
      const last = objects.length - 1;
      for (let i = 0; i < last; i++) {
        node = node.weak?.nodes.get(objects[i] as WeakKey);
        if (node === undefined) return undefined;
      }
      const object = objects[last] as WeakKey;
      if (end === 0) return node.weak?.ends.get(object);
      node = node.weak?.nodes.get(object);
      if (node === undefined) return undefined;
    }
    return end === 0 ? node.nested : find(node, tokens, 0, end);
  }

  set(key: Key, value: unknown): void {
    const objects = key.objects;
    let node = this.root(key.count);
    if (objects !== null) {
      const last = objects.length - 1;
      for (let i = 0; i <= last; i++) {
        const object = objects[i] as WeakKey;
        if (i === last && key.tokens.length === 0) {
          node.weakChildren().setEnd(object, value);
          return;
        }
        node = node.nodeBelow(object);
      }
      insert(node, key.tokens, value);
    } else if (key.tokens.length === 0) {
      // No key element at all: the root itself is the end, and `nested` its only slot.
      if (node.nested === undefined) this.strongSize++;
      node.nested = value;
    } else if (insert(node, key.tokens, value)) {
      this.strongSize++;
    }
  }

  delete(key: Key): boolean {
    const objects = key.objects;
    let node: Node | undefined = this.root(key.count);
    if (objects === null) {
      let found: unknown;
      if (key.tokens.length === 0) {
        found = node.nested;
        node.nested = undefined;
      } else {
        found = remove(node, key.tokens);
      }
      if (found === undefined) return false;
      this.strongSize--;
      return true;
    }
    const last = objects.length - 1;
    for (let i = 0; i < last; i++) {
      node = node.weak?.nodes.get(objects[i] as WeakKey);
      if (node === undefined) return false;
    }
    const object = objects[last] as WeakKey;
    if (key.tokens.length === 0) return node.weak?.ends.delete(object) ?? false;
    node = node.weak?.nodes.get(object);
    return node !== undefined && remove(node, key.tokens) !== undefined;
  }

  clear(): void {
    this.roots.forEach((root) => root?.reset());
    this.strongSize = 0;
  }

  get hasObjects(): boolean {
    return this.roots.some((root) => root !== undefined && root.weak !== null);
  }

  /** Every entry, as it is when asked. */
  entries(): Entry[] {
    const found: Entry[] = [];
    this.roots.forEach((root, count) => {
      if (root === undefined) return;
      if (count > 0) collect(root, count, null, found);
      else if (root.nested !== undefined)
        found.push({ key: new Key(0, null, []), value: root.nested });
    });
    return found;
  }

  /** Every entry of calls whose first object is `object`. */
  entriesBelow(object: WeakKey): Entry[] {
    const found: Entry[] = [];
    this.roots.forEach((root, count) => {
      if (root !== undefined) collectBelow(root, object, count, [object], found);
    });
    return found;
  }
}

function collect(node: Node, count: number, objects: WeakKey[] | null, found: Entry[]): void {
  visitEntries(node, (tokens, value) =>
    found.push({ key: new Key(count, objects, tokens), value }),
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
  found: Entry[],
): void {
  const end = node.weak?.ends.get(object);
  if (end !== undefined) found.push({ key: new Key(count, path, []), value: end });
  const below = node.weak?.nodes.get(object);
  if (below !== undefined) collect(below, count, path, found);
}
