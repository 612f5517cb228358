import type { Node } from "./node.ts";

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
  /** The objects that `refs` has. */
  private readonly tracked: WeakSet<WeakKey> = new WeakSet();
  private pruneAt = 64;

  /** Stores the result of a call that ends with `object`. */
  setEnd(object: WeakKey, value: unknown): void {
    if (!this.tracked.has(object)) this.track(object);
    this.ends.set(object, value);
  }

  /** Makes `node` the subtree below `object`. */
  setNode(object: WeakKey, node: Node): void {
    if (!this.tracked.has(object)) this.track(object);
    this.nodes.set(object, node);
  }

  /** The objects that are still there. */
  *objects(): Generator<WeakKey> {
    for (const ref of this.refs) {
      const object = ref.deref();
      if (object !== undefined && (this.ends.has(object) || this.nodes.has(object))) yield object;
    }
  }

  /** Forgets everything, in place. */
  clear(): void {
    for (const ref of this.refs) {
      const object = ref.deref();
      if (object === undefined) continue;
      this.ends.delete(object);
      this.nodes.delete(object);
    }
  }

  private track(object: WeakKey): void {
    if (this.refs.length >= this.pruneAt) {
      this.refs = this.refs.filter((ref) => {
        const live = ref.deref();
        if (live === undefined || this.ends.has(live) || this.nodes.has(live))
          return live !== undefined;
        this.tracked.delete(live);
        return false;
      });
      this.pruneAt = Math.max(64, this.refs.length * 2);
    }
    this.tracked.add(object);
    this.refs.push(new WeakRef(object));
  }
}

/** Whether the engine takes unregistered symbols as weak keys. */
export const canHoldSymbolsWeakly: boolean = (() => {
  try {
    new WeakMap<WeakKey, unknown>().set(Symbol("probe"), 0);
    return true;
  } catch {
    return false;
  }
})();
