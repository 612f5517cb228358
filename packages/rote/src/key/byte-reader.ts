/** Why bytes are not what they should be, and where. */
export class Malformed extends Error {
  override readonly name: string = "Malformed";
  /** The byte at which it was noticed. */
  readonly at: number;
  constructor(at: number, reason: string) {
    super(`At byte ${at}: ${reason}.`);
    this.at = at;
  }
}

/** So many code units are made a text at once; engines limit how many arguments a call may have. */
const CHUNK = 4096;

/**
 * Reads what a `ByteWriter` has written, and nothing else: a second form of the same content is
 * malformed. It never asks for more memory than the bytes that are there can fill.
 */
export class ByteReader {
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get rest(): number {
    return this.bytes.length - this.at;
  }

  fail(reason: string): never {
    throw new Malformed(this.at, reason);
  }

  byte(): number {
    if (this.rest < 1) this.fail("the bytes end too early");
    return this.bytes[this.at++] as number;
  }

  varint(): number {
    let value = 0;
    let weight = 1;
    for (;;) {
      const byte = this.byte();
      value += (byte & 127) * weight;
      if (value > Number.MAX_SAFE_INTEGER) this.fail("a varint is above 2⁵³ − 1");
      if (byte < 128) {
        if (byte === 0 && weight > 1) this.fail("a varint has more bytes than needed");
        return value;
      }
      weight *= 128;
    }
  }

  /** A varint that counts something of which each takes a byte at least. */
  count(): number {
    const count = this.varint();
    if (count > this.rest) this.fail("there are fewer bytes than announced");
    return count;
  }

  float(): number {
    if (this.rest < 8) this.fail("the bytes end too early");
    const value = this.view.getFloat64(this.at);
    this.at += 8;
    return value;
  }

  /** As many bytes as a count in front says, as a copy. */
  run(): Uint8Array<ArrayBuffer> {
    const length = this.count();
    this.at += length;
    // Not by slice(), which for a Buffer is no copy.
    return new Uint8Array(this.bytes.subarray(this.at - length, this.at));
  }

  magnitude(): bigint {
    const bytes = this.run();
    if (bytes.length === 0) return 0n;
    if (bytes[0] === 0) this.fail("a bigint has more bytes than needed");
    let digits = "0x";
    for (const byte of bytes) digits += byte.toString(16).padStart(2, "0");
    try {
      return BigInt(digits);
    } catch {
      this.fail("a bigint is too large for this engine");
    }
  }

  text(): string {
    const end = this.count() + this.at;
    const { bytes } = this;
    let text = "";
    let units: number[] = [];
    let last = 0;
    const next = (least: number, most = 0xbf): number => {
      const byte = this.at < end ? (bytes[this.at++] as number) : 0;
      if (byte < least || byte > most) this.fail("a text is not in WTF-8");
      return byte & 63;
    };
    while (this.at < end) {
      const byte = bytes[this.at++] as number;
      if (byte < 0x80) {
        last = byte;
      } else if (byte >= 0xc2 && byte < 0xe0) {
        last = ((byte & 31) << 6) | next(0x80);
      } else if (byte >= 0xe0 && byte < 0xf0) {
        const unit = ((byte & 15) << 12) | (next(byte === 0xe0 ? 0xa0 : 0x80) << 6) | next(0x80);
        if (isHigh(last) && isLow(unit)) this.fail("a text has a pair of surrogates in two parts");
        last = unit;
      } else if (byte >= 0xf0 && byte < 0xf5) {
        const high = next(byte === 0xf0 ? 0x90 : 0x80, byte === 0xf4 ? 0x8f : 0xbf);
        const point = ((byte & 7) << 18) | (high << 12) | (next(0x80) << 6) | next(0x80);
        units.push(0xd800 + ((point - 0x10000) >> 10));
        last = 0xdc00 + (point & 0x3ff);
      } else {
        this.fail("a text is not in WTF-8");
      }
      units.push(last);
      if (units.length >= CHUNK) {
        text += String.fromCharCode(...units);
        units = [];
      }
    }
    return text + String.fromCharCode(...units);
  }
}

function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00;
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000;
}
