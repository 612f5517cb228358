import { crc32 } from "../tier/crc32.ts";

/** Half of a pair, for which UTF-8 has no bytes: SQLite would make another text of it. */
const HALF = /\p{Surrogate}/u;

/** A name or a tag as a column keeps it: as text, or as its UTF-16 units if UTF-8 cannot have it. */
export function toColumn(text: string): string | Uint8Array {
  return HALF.test(text) ? unitsOf(text) : text;
}

export function fromColumn(value: unknown): string {
  if (typeof value === "string") return value;
  const units = value as Uint8Array;
  let text = "";
  for (let i = 0; i + 1 < units.length; i += 2)
    text += String.fromCharCode((units[i] as number) | ((units[i + 1] as number) << 8));
  return text;
}

function unitsOf(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length * 2);
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    bytes[2 * i] = unit & 0xff;
    bytes[2 * i + 1] = unit >> 8;
  }
  return bytes;
}

/** What begins the seal of every entry of a namespace. */
export function seedOf(namespace: string): number {
  return crc32(unitsOf(namespace));
}

/** What an entry says of itself, so that a damaged index does not lead to another one. */
export function sealOf(seed: number, digest: Uint8Array): number {
  return crc32(digest, seed);
}
