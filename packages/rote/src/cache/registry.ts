/** What a registry has to know of each. */
export interface Registered {
  /** The turn in which it was made. */
  readonly bornIn: number;
  isRegistered: boolean;
}

/** Counts turns, if only those in which something was noted; what ends one is the next microtask. */
export let turn = 0;
/** So many are held until the turn ends. */
const MANY = 64;

/**
 * How memoized functions, and the caches of their receivers, are found again; none is held alive.
 *
 * Both are often made in great numbers in one turn of the event loop, and a WeakRef keeps its target
 * until the turn ends. So making one only notes it until then, and not more than `MANY` of
 * them: further ones are found when they are used in a later turn.
 */
export class Registry<Item extends Registered> {
  private refs: WeakRef<Item>[] = [];
  private pruneAt = 256;
  /** Those of this turn. */
  private born: Item[] = [];
  private hearer: ((item: Item) => void) | null = null;

  /** From now on `hearer`, and nobody else, hears of every one that is made. */
  hear(hearer: ((item: Item) => void) | null): void {
    this.hearer = hearer;
  }

  /** Called when one has been made: whoever hears of it may change it. */
  noteBirth(item: Item): void {
    const { born } = this;
    if (born.length === 0) {
      void Promise.resolve().then(() => {
        turn++;
        this.born = [];
        for (const each of born) this.register(each);
      });
    }
    if (born.length < MANY) born.push(item);
    if (this.hearer !== null) this.hearer(item);
  }

  /** Called now and then when one is used. */
  register(item: Item): void {
    if (item.isRegistered || item.bornIn === turn) return;
    item.isRegistered = true;
    if (this.refs.length >= this.pruneAt) {
      this.refs = this.refs.filter((ref) => ref.deref() !== undefined);
      this.pruneAt = Math.max(256, this.refs.length * 2);
    }
    this.refs.push(new WeakRef(item));
  }

  /** Every one that can be found. */
  find(): Item[] {
    const found = new Set(this.born);
    for (const ref of this.refs) {
      const item = ref.deref();
      if (item !== undefined) found.add(item);
    }
    return [...found];
  }
}
