/** Something that a function can reach, as `@rote/compiler` knows it. Plain data: a list of these is what is kept of a fingerprint. */
export interface Reached {
  readonly kind: "function" | "declaration" | "statement" | "module" | "package" | "data";
  /** `priceTable`, `zod@4.1.2`, `rates.json#eur`. */
  readonly name: string;
  /** From the root of the project, or nothing for what has no file. */
  readonly file: string | undefined;
  readonly line: number | undefined;
  readonly column: number | undefined;
  /** Of its own text, without what it uses. */
  readonly digest: string;
  /** Of what it uses directly, in order. */
  readonly uses: string;
}

/** What makes one fingerprint of a function differ from another. */
export interface Change {
  readonly kind: "changed" | "added" | "removed";
  readonly name: string;
  /** For people: `priceTable in rates.ts:14 changed`. */
  readonly text: string;
  /** Where it is now; where it was, if it is gone. */
  readonly at: Reached;
}
