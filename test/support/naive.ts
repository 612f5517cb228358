/** The naive model of a memoized function's cache: a list, searched with the reference equality. */
import { equalArguments } from "./equality.ts";
import type { EqualityMode } from "./equality.ts";

export class NaiveCache {
  readonly mode: EqualityMode;
  readonly list: [args: readonly unknown[], value: unknown][] = [];

  constructor(mode: EqualityMode) {
    this.mode = mode;
  }

  find(args: readonly unknown[]): { value: unknown } | undefined {
    const entry = this.list.find(([known]) => equalArguments(known, args, this.mode));
    return entry && { value: entry[1] };
  }

  set(args: readonly unknown[], value: unknown): void {
    const entry = this.list.find(([known]) => equalArguments(known, args, this.mode));
    if (entry === undefined) this.list.push([args, value]);
    else entry[1] = value;
  }

  delete(args: readonly unknown[]): boolean {
    const index = this.list.findIndex(([known]) => equalArguments(known, args, this.mode));
    if (index >= 0) this.list.splice(index, 1);
    return index >= 0;
  }

  clear(): void {
    this.list.length = 0;
  }

  get size(): number {
    return this.list.length;
  }
}
