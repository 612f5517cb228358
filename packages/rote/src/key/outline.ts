import { ARRAY, KEYED, LOOSE_ARRAY, SYMBOLS } from "./kind.ts";
import { KeySet } from "./shape.ts";
import { IDENTITY, NESTED } from "./token.ts";
import type { Key } from "./trie.ts";

/** Where the properties of an object stand among the tokens of its key. */
export interface Properties {
  readonly keySet: KeySet;
  /** The first value, of those under the names of the key set. */
  readonly values: number;
  readonly symbolCount: number;
  /** The first symbol; each is followed by its value. */
  readonly symbols: number;
  readonly end: number;
}

/** Reads where properties are that begin at `at`. */
export function propertiesAt(tokens: readonly unknown[], at: number): Properties {
  const hasSymbols = tokens[at] === SYMBOLS;
  const start = hasSymbols ? at + 1 : at;
  const keySet = tokens[start] as KeySet;
  const values = start + 1;
  const end = values + keySet.keys.length;
  if (!hasSymbols) return { keySet, values, symbolCount: 0, symbols: end, end };
  const symbolCount = tokens[end] as number;
  return { keySet, values, symbolCount, symbols: end + 1, end: end + 1 + 2 * symbolCount };
}

/**
 * Where the objects of a key are among its tokens: what the order of tokens implies and a walk in any
 * other order has to know.
 */
export class Outline {
  /** Where the tokens of each object begin, in the order in which they were met. */
  readonly starts: readonly number[];
  /** Where each was met: the place of the value that it is. */
  readonly metAt: readonly number[];
  /** For a mark that an object is nested here, which; for one that it is known by identity, which of the key's. */
  readonly ordinals: Int32Array;

  constructor({ count, tokens }: Key) {
    const metAt: number[] = [];
    const ordinals = new Int32Array(tokens.length);
    let identities = 0;
    for (let at = 0; at < tokens.length; at++) {
      const token = tokens[at];
      if (token === NESTED) ordinals[at] = metAt.push(at) - 1;
      else if (token === IDENTITY) ordinals[at] = identities++;
    }
    const starts: number[] = [];
    for (let at = count; starts.length < metAt.length; at = endOfObject(tokens, at))
      starts.push(at);
    this.starts = starts;
    this.metAt = metAt;
    this.ordinals = ordinals;
  }

  /** Which object a token belongs to that stands behind the elements. */
  objectAt(position: number): number {
    const { starts } = this;
    let low = 0;
    for (let high = starts.length; high - low > 1;) {
      const middle = (low + high) >> 1;
      if ((starts[middle] as number) <= position) low = middle;
      else high = middle;
    }
    return low;
  }
}

function endOfObject(tokens: readonly unknown[], at: number): number {
  const token = tokens[at];
  if (token === IDENTITY) return at + 1;
  if (token === KEYED) return at + 3;
  if (token === ARRAY) return at + 2 + (tokens[at + 1] as number);
  if (token === LOOSE_ARRAY) return propertiesAt(tokens, at + 2).end;
  if (token === SYMBOLS || token instanceof KeySet) return propertiesAt(tokens, at).end;
  return propertiesAt(tokens, at + 2 + (tokens[at + 1] as number)).end;
}
