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
  private pruneAt = 64;

  /** Stores a result in `ends`, or a subtree in `nodes`. */
  put<Child>(children: WeakMap<WeakKey, Child>, object: WeakKey, child: Child): void {
    if (!this.has(object)) {
      if (this.refs.length >= this.pruneAt) {
        this.refs = [...this.objects()].map((live) => new WeakRef(live));
        this.pruneAt = Math.max(64, this.refs.length * 2);
      }
      this.refs.push(new WeakRef(object));
    }
    children.set(object, child);
  }

  /** The objects that are still there. One that was deleted and came again has two references. */
  objects(): Set<WeakKey> {
    const found = new Set<WeakKey>();
    for (const ref of this.refs) {
      const object = ref.deref();
      if (object !== undefined && this.has(object)) found.add(object);
    }
    return found;
  }

  /** Forgets everything, in place. */
  clear(): void {
    for (const object of this.objects()) {
      this.ends.delete(object);
      this.nodes.delete(object);
    }
    this.refs = [];
  }

  private has(object: WeakKey): boolean {
    return this.ends.has(object) || this.nodes.has(object);
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
