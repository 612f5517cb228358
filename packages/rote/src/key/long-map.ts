/** Engines end a Map at 2²⁴ entries. */
export const MAP_LIMIT: number = 2 ** 24 - 8;

/** What a node asks of a map, for more entries than a Map can have: several, all but the last full. */
export class LongMap {
  private readonly maps: Map<unknown, unknown>[];

  constructor(full: Map<unknown, unknown>) {
    this.maps = [full, new Map()];
  }

  get size(): number {
    return this.maps.reduce((sum, { size }) => sum + size, 0);
  }

  get(token: unknown): unknown {
    for (const map of this.maps) {
      const found = map.get(token);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  set(token: unknown, child: unknown): void {
    let last = this.maps.at(-1) as Map<unknown, unknown>;
    const known = this.maps.find((map) => map.has(token));
    if (known === undefined && last.size >= MAP_LIMIT) this.maps.push((last = new Map()));
    (known ?? last).set(token, child);
  }

  delete(token: unknown): boolean {
    return this.maps.some((map) => map.delete(token));
  }

  forEach(visit: (child: unknown, token: unknown) => void): void {
    for (const map of this.maps) map.forEach(visit);
  }
}
