import { Node } from "./node.ts";

/**
 * Children of a node by identity. Results below an object are reached through its `WeakMap` entry
 * alone, so they go when it goes; the weak references exist only so that entries can be listed.
 */
export class WeakChildren {
  /** Results of calls that end here. */
  readonly ends: WeakMap<WeakKey, unknown> = new WeakMap();
  /** Subtrees of calls with further objects, or with content. */
  readonly nodes: WeakMap<WeakKey, Node> = new WeakMap();
  private refs: WeakRef<WeakKey>[] = [];
  private pruneAt = 64;

  /** Stores the result of a call that ends with `object`; true if there was none. */
  setEnd(object: WeakKey, value: unknown): boolean {
    const isNew = this.ends.get(object) === undefined;
    if (isNew && !this.nodes.has(object)) this.track(object);
    this.ends.set(object, value);
    return isNew;
  }

  nodeOf(object: WeakKey): Node {
    let node = this.nodes.get(object);
    if (node === undefined) {
      if (!this.ends.has(object)) this.track(object);
      this.nodes.set(object, (node = new Node()));
    }
    return node;
  }

  /** The objects that are still there. */
  *objects(): Generator<WeakKey> {
    for (const ref of this.refs) {
      const object = ref.deref();
      if (object !== undefined && (this.ends.has(object) || this.nodes.has(object))) yield object;
    }
  }

  private track(object: WeakKey): void {
    if (this.refs.length >= this.pruneAt) {
      const seen = new Set<WeakKey>();
      this.refs = this.refs.filter((ref) => {
        const live = ref.deref();
        return live !== undefined && !seen.has(live) && (seen.add(live), this.ends.has(live) || this.nodes.has(live));
      });
      this.pruneAt = Math.max(64, this.refs.length * 2);
    }
    this.refs.push(new WeakRef(object));
  }
}

/** Whether the engine takes unregistered symbols as weak keys. */
export const canHoldSymbolsWeakly: boolean = (() => {
  try {
    new WeakMap<WeakKey, unknown>().set(Symbol("probe") as unknown as WeakKey, 0);
    return true;
  } catch {
    return false;
  }
})();
