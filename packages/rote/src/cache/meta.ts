import type { Reached } from "./reached.ts";

/** What `@rote/compiler` says of a function, because its text alone does not. */
export interface Meta {
  /** Where the function is, the same on every machine: `shop/src/rates.ts#price`. What a store calls it unless the option `name` says otherwise. */
  readonly id: string;
  /** What it is called in the source. */
  readonly name: string;
  /** It is made in a function, a loop or a class field: there may be many of this id, which differ in what they see around them. */
  readonly isOneOfMany?: boolean;
  /** Which revision of the function and of everything that it reaches this is; a function where that is worked out when it is needed. */
  readonly fingerprint?: Revision | (() => Revision | undefined);
}

/** A fingerprint of `@rote/compiler`. */
export interface Revision {
  readonly digest: string;
  /** What it does not see, each as a line for people; and the variable of the environment, if it is one. */
  readonly unseen?: readonly (readonly [text: string, variable?: string | undefined])[];
  /** What the function can reach, itself first; in a build, if it was asked for, in the form of a manifest: tier/manifest.ts. */
  readonly reached?: object | (() => readonly Reached[]);
}

/** What a call of `memoize` has been given by a compiler, if anything. */
export function toMeta(value: unknown): Meta | undefined {
  return typeof (value as Partial<Meta> | null | undefined)?.id === "string"
    ? (value as Meta)
    : undefined;
}

/** What a compiler knows of the code of a function, asked for when it is needed. */
export function revisionOf(meta: Meta | undefined): Revision | undefined {
  const known = meta?.fingerprint;
  return typeof known === "function" ? known() : known;
}
