/**
 * The keys of plain objects. A shape is a sequence of keys in the order in which one object has
 * them; every sequence of the same keys leads to one `KeySet`, which is the token.
 *
 * Shapes are a cache and are dropped when there are too many; key sets are interned weakly, so one
 * lives as long as an entry that uses it.
 */
export class KeySet {
  readonly keys: readonly string[];
  /** `Object.prototype`, or `null`. */
  readonly hasPrototype: boolean;
  /** `"0"` is among the keys: the object may be the `arguments` of a function. */
  readonly isIndexed: boolean;
  constructor(keys: readonly string[], hasPrototype: boolean) {
    this.keys = keys;
    this.hasPrototype = hasPrototype;
    this.isIndexed = keys.includes("0");
  }
}

export class Shape {
  readonly parent: Shape | null;
  readonly key: string;
  /** The most recent next key and where it leads: one comparison for objects made in one place. */
  nextKey: string | undefined = undefined;
  next: Shape | undefined = undefined;
  private following: Shape | undefined = undefined;
  private others: Map<string, Shape> | null = null;
  private keySet: KeySet | undefined = undefined;
  /** Where the i-th key of the key set stands in this sequence; `null` when the orders agree. */
  order: readonly number[] | null = null;

  constructor(parent: Shape | null, key: string) {
    this.parent = parent;
    this.key = key;
  }

  /** The shape with one more key. */
  step(key: string): Shape {
    if (this.nextKey === key) return this.next as Shape;
    let shape = this.others?.get(key);
    if (shape === undefined) {
      shape = new Shape(this, key);
      if (shapeCount >= MAX_SHAPES) return shape;
      shapeCount++;
      (this.others ??= new Map()).set(key, shape);
    }
    this.nextKey = key;
    this.next = shape;
    return shape;
  }

  /** The shape of one key that the object after one of this shape begins with: mostly the same as before. */
  follow(root: Shape, key: string): Shape {
    let shape = this.following;
    if (shape === undefined || shape.key !== key) this.following = shape = root.step(key);
    return shape;
  }

  /** The token of objects with these keys. */
  token(): KeySet {
    return this.keySet ?? this.findKeySet();
  }

  forget(): void {
    this.nextKey = this.next = this.following = undefined;
    this.others = null;
  }

  private findKeySet(): KeySet {
    const keys: string[] = [];
    let shape: Shape = this;
    for (; shape.parent !== null; shape = shape.parent) keys.push(shape.key);
    keys.reverse();
    const keySet = intern(keys, shape === plain);
    if (keySet.keys.some((key, i) => keys[i] !== key)) {
      const positions = new Map(keys.map((key, i) => [key, i]));
      this.order = keySet.keys.map((key) => positions.get(key) as number);
    }
    return (this.keySet = keySet);
  }
}

/** Beyond this, objects are used as dictionaries and shapes are not worth keeping. */
const MAX_SHAPES = 4096;
let shapeCount = 0;

const plain = new Shape(null, "");
const bare = new Shape(null, "");

/** Where the walk over the keys of an object begins: one with `Object.prototype`, or none. */
export function rootShape(hasPrototype: boolean): Shape {
  if (shapeCount >= MAX_SHAPES) forgetShapes();
  return hasPrototype ? plain : bare;
}

function forgetShapes(): void {
  shapeCount = 0;
  plain.forget();
  bare.forget();
}

const interned = new Map<string, WeakRef<KeySet>>();
const dropInterned = new FinalizationRegistry<string>((id) => {
  if (interned.get(id)?.deref() === undefined) interned.delete(id);
});

function intern(keys: string[], hasPrototype: boolean): KeySet {
  const sorted = keys.slice().sort();
  let id = hasPrototype ? "o" : "n";
  for (const key of sorted) id += `${key.length}:${key}`;
  const known = interned.get(id)?.deref();
  if (known !== undefined) return known;
  const keySet = new KeySet(keys, hasPrototype);
  interned.set(id, new WeakRef(keySet));
  dropInterned.register(keySet, id);
  return keySet;
}
