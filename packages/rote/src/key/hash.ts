import type { Key } from "./trie.ts";

/** Of longer texts, so many characters count at each end. */
const CHARACTERS = 32;

const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);

/** What is compared by identity is numbered as it is met. */
const numbers = new WeakMap<WeakKey, number>();
let numbered = 0;

/** A 32-bit hash of a key, for policies that count how often keys are asked for; equal keys, equal hashes. */
export function hashOf({ count, objects, tokens }: Key): number {
  let hash = count | 0;
  if (objects !== null) for (const object of objects) hash = mix(hash, numberOf(object));
  for (const token of tokens) hash = mix(hash, hashOne(token));
  return hash;
}

/** The same for a key that is one token. */
export function hashOfToken(token: unknown): number {
  return mix(1, hashOne(token));
}

/** One round of MurmurHash3 (Appleby, 2008). */
function mix(hash: number, value: number): number {
  let bits = Math.imul(value, 0xcc9e2d51);
  bits = Math.imul((bits << 15) | (bits >>> 17), 0x1b873593);
  const mixed = hash ^ bits;
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
}

function hashOne(token: unknown): number {
  switch (typeof token) {
    case "number":
      if ((token | 0) === token) return token;
      float[0] = token;
      return mix(words[0] as number, words[1] as number);
    case "string":
      return hashOfText(token);
    case "bigint":
      return hashOfText(String(token));
    case "symbol": {
      // A registered symbol is known by its name and cannot be held weakly.
      const name = Symbol.keyFor(token);
      return name === undefined ? numberOf(token) : hashOfText(name);
    }
    case "object":
    case "function":
      return token === null ? 1 : numberOf(token);
    default:
      return token === true ? 2 : token === false ? 3 : 4;
  }
}

function hashOfText(text: string): number {
  const { length } = text;
  let hash = length;
  for (let i = Math.min(length, CHARACTERS); --i >= 0;) hash = mix(hash, text.charCodeAt(i));
  for (let i = Math.max(length - CHARACTERS, CHARACTERS); i < length; i++)
    hash = mix(hash, text.charCodeAt(i));
  return hash;
}

function numberOf(object: WeakKey): number {
  try {
    let number = numbers.get(object);
    if (number === undefined) numbers.set(object, (number = ++numbered));
    return number;
  } catch {
    // Engines that cannot hold symbols weakly.
    return 5;
  }
}
