import type { ByteReader } from "./byte-reader.ts";
import { swap } from "./byte-writer.ts";
import { bytesToTexts, type Kind } from "./kind.ts";
import { isLittleEndian, type Layout } from "./layout.ts";

/**
 * Built-ins from the content that bytes say they have. Constructors put many things right on the way,
 * or take something else for it; so what was made has to have the very content that was read.
 */
export function reviveValues(
  reader: ByteReader,
  kind: Kind,
  { name }: Layout,
  parts: readonly unknown[],
): object {
  // What a regular expression's lastIndex is may not be there yet.
  const isRegExp = name === "RegExp";
  let object = revive(reader, kind, isRegExp ? [parts[0], parts[1], 0] : parts);
  if (name === "Temporal.ZonedDateTime") object = atInstant(reader, object, parts[1]);
  checkContent(reader, kind, object, isRegExp ? parts.slice(0, 2) : parts);
  return object;
}

/** The same for buffers, which have a state before their bytes, and what views them. */
export function reviveBytes(
  reader: ByteReader,
  kind: Kind,
  { width, values }: Layout,
  parts: readonly unknown[],
  bytes: Uint8Array<ArrayBuffer>,
): object {
  if (values > 0) checkState(reader, parts[0], bytes.length);
  if (!isLittleEndian && width > 1) swap(bytes, width);
  return revive(reader, kind, [...parts, ...bytesToTexts(bytes.buffer, 0, bytes.length)]);
}

const IMPOSSIBLE = "a built-in has content that it cannot have";

function revive(reader: ByteReader, kind: Kind, parts: readonly unknown[]): object {
  try {
    return kind.revive(parts as never) as object;
  } catch {
    reader.fail(IMPOSSIBLE);
  }
}

/** What a text of a zoned time says is ambiguous where the zone's offsets differ by seconds. */
function atInstant(reader: ByteReader, zoned: object, instant: unknown): object {
  type Zoned = new (instant: unknown, zone: unknown, calendar: unknown) => object;
  const { constructor, timeZoneId, calendarId } = zoned as Record<string, unknown>;
  try {
    return new (constructor as Zoned)(instant, timeZoneId, calendarId);
  } catch {
    reader.fail(IMPOSSIBLE);
  }
}

function checkContent(
  reader: ByteReader,
  kind: Kind,
  object: object,
  parts: readonly unknown[],
): void {
  let again: readonly unknown[] = [];
  try {
    again = kind.read(object as never);
  } catch {
    // Not of that kind at all.
  }
  if (again.length === 0 || parts.some((part, i) => !Object.is(part, again[i])))
    reader.fail(IMPOSSIBLE);
}

/** A buffer is of a fixed length, detached, or says how long it may become. */
function checkState(reader: ByteReader, state: unknown, length: number): void {
  const isPossible =
    typeof state === "number"
      ? Number.isSafeInteger(state) && state >= length && !Object.is(state, -0)
      : state === false || (state === true && length === 0);
  if (!isPossible) reader.fail("a buffer is in a state that it cannot be in");
}
