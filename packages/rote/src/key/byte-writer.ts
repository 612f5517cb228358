/** Longer texts are worth a call of the platform's encoder. */
const LONG = 48;
const INITIAL = 256;

interface Platform {
  TextEncoder?: new () => {
    encodeInto(text: string, bytes: Uint8Array): { readonly written: number };
  };
}

/** ES2024; without it, every text is encoded here. */
type MaybeWellFormed = string & { isWellFormed?(): boolean };

const { TextEncoder } = globalThis as Platform;
const encoder = TextEncoder === undefined ? undefined : new TextEncoder();

/**
 * A growing list of bytes, which is used for one call after the other. The forms that it writes are
 * specified in docs/design/0012-canonical-arguments.md: change both together.
 */
export class ByteWriter {
  private bytes: Uint8Array<ArrayBuffer> = new Uint8Array(INITIAL);
  private view: DataView<ArrayBuffer> = new DataView(this.bytes.buffer);
  end = 0;

  get capacity(): number {
    return this.bytes.length;
  }

  /** What was written, as a copy. */
  copy(): Uint8Array<ArrayBuffer> {
    return this.bytes.slice(0, this.end);
  }

  byte(value: number): void {
    if (this.end === this.bytes.length) this.reserve(1);
    this.bytes[this.end++] = value;
  }

  /** An unsigned integer below 2⁵³. */
  varint(value: number): void {
    this.reserve(8);
    let rest = value;
    // Shifts end at 32 bits.
    for (; rest >= 2 ** 31; rest = Math.floor(rest / 128))
      this.bytes[this.end++] = (rest % 128) | 128;
    for (; rest >= 128; rest >>>= 7) this.bytes[this.end++] = (rest & 127) | 128;
    this.bytes[this.end++] = rest;
  }

  float(value: number): void {
    this.reserve(8);
    this.view.setFloat64(this.end, value);
    this.end += 8;
  }

  /** How many bytes its magnitude has, and those, highest first. */
  magnitude(value: bigint): void {
    // Linear, because sixteen is a power of two.
    let digits = value === 0n ? "" : value.toString(16);
    if (digits.length % 2 === 1) digits = `0${digits}`;
    this.varint(digits.length / 2);
    this.reserve(digits.length / 2);
    for (let i = 0; i < digits.length; i += 2)
      this.bytes[this.end++] = Number.parseInt(digits.slice(i, i + 2), 16);
  }

  /** How many bytes it has in WTF-8, and those. */
  text(text: string): void {
    const { length } = text;
    if (length >= LONG && this.longText(text)) return;
    const start = this.end;
    this.varint(length);
    this.reserve(length);
    const { bytes } = this;
    let at = this.end;
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i);
      if (unit >= 0x80) {
        this.end = start;
        this.wideText(text);
        return;
      }
      bytes[at++] = unit;
    }
    this.end = at;
  }

  /** How many bytes there are, and the bytes of texts whose characters are bytes; where these begin. */
  latin1(texts: readonly string[]): number {
    const length = texts.reduce((sum, text) => sum + text.length, 0);
    this.varint(length);
    this.reserve(length);
    const { bytes, end: start } = this;
    let at = start;
    for (const text of texts)
      for (let i = 0; i < text.length; i++) bytes[at++] = text.charCodeAt(i);
    this.end = at;
    return start;
  }

  /** Bytes as they are. */
  append(bytes: Uint8Array): void {
    const { length } = bytes;
    this.reserve(length);
    if (length > 32) this.bytes.set(bytes, this.end);
    else for (let i = 0; i < length; i++) this.bytes[this.end + i] = bytes[i] as number;
    this.end += length;
  }

  /** Turns the elements of `width` bytes that were written from `start` on to the other order of bytes. */
  swapFrom(start: number, width: number): void {
    swap(this.bytes.subarray(start, this.end), width);
  }

  /** By the platform, which knows neither how long it will be nor surrogates that are not in pairs. */
  private longText(text: MaybeWellFormed): boolean {
    if (encoder === undefined || text.isWellFormed?.() !== true) return false;
    const start = this.end;
    this.varint(text.length);
    // An engine's texts end long before this would be too much for a number.
    this.reserve(text.length * 3 + 8);
    const { written } = encoder.encodeInto(text, this.bytes.subarray(this.end));
    if (written !== text.length) {
      // The count may be longer now, so the text makes room for it first.
      const from = this.end;
      this.bytes.copyWithin(start + sizeOfVarint(written), from, from + written);
      this.end = start;
      this.varint(written);
    }
    this.end += written;
    return true;
  }

  private wideText(text: string): void {
    const { length } = text;
    let size = length;
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i);
      // Two halves of a pair have four bytes together.
      if (unit >= 0x80) size += unit < 0x800 ? 1 : isPair(text, i) || isPair(text, i - 1) ? 1 : 2;
    }
    this.varint(size);
    this.reserve(size);
    const { bytes } = this;
    let at = this.end;
    for (let i = 0; i < length; i++) {
      const point = text.codePointAt(i) as number;
      if (point < 0x80) {
        bytes[at++] = point;
      } else if (point < 0x800) {
        bytes[at++] = 0xc0 | (point >> 6);
        bytes[at++] = 0x80 | (point & 63);
      } else {
        if (point < 0x10000) {
          bytes[at++] = 0xe0 | (point >> 12);
        } else {
          bytes[at++] = 0xf0 | (point >> 18);
          bytes[at++] = 0x80 | ((point >> 12) & 63);
          i++;
        }
        bytes[at++] = 0x80 | ((point >> 6) & 63);
        bytes[at++] = 0x80 | (point & 63);
      }
    }
    this.end = at;
  }

  /** Makes room for so many bytes more. */
  private reserve(count: number): void {
    const needed = this.end + count;
    if (needed <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, this.bytes.length * 2));
    larger.set(this.bytes.subarray(0, this.end));
    this.bytes = larger;
    this.view = new DataView(larger.buffer);
  }
}

/** Turns elements of `width` bytes to the other order of bytes. */
export function swap(bytes: Uint8Array, width: number): void {
  for (let at = 0; at + width <= bytes.length; at += width)
    bytes.subarray(at, at + width).reverse();
}

function sizeOfVarint(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size++;
  return size;
}

function isPair(text: string, i: number): boolean {
  return i >= 0 && (text.codePointAt(i) ?? 0) >= 0x10000;
}
