/** The canonical form of arguments: equal bytes for equal calls, and for no others. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { types } from "node:util";

import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { Malformed } from "../../packages/rote/src/key/byte-reader.ts";
import { canonicalBytes, Unstorable } from "../../packages/rote/src/key/canonical.ts";
import { argumentsFromBytes } from "../../packages/rote/src/key/canonical-reader.ts";
import { KeyedContent } from "../../packages/rote/src/key/keyed-content.ts";
import { isSameKey } from "../../packages/rote/src/key/trie.ts";
import { anyArguments, anyPair } from "../support/arbitraries.ts";
import { keyOf, toHex } from "../support/calls.ts";
import { equalArguments } from "../support/equality.ts";
import {
  DerivedKeyed,
  FreshlyKeyed,
  Keyed,
  make,
  OtherKeyed,
  plainStyle,
  randomFrom,
} from "../support/recipe.ts";
import type { Random } from "../support/recipe.ts";
import { storableArguments, storablePair } from "../support/storable.ts";
import { tries } from "../support/tries.ts";

function bytesOf(args: readonly unknown[]): Uint8Array<ArrayBuffer> {
  const bytes = canonicalBytes(keyOf(args));
  if (bytes instanceof Unstorable) throw new Error(`refused at token ${bytes.position}`);
  return bytes;
}

function decode(bytes: Uint8Array): unknown[] {
  const args = argumentsFromBytes(bytes);
  if (args instanceof Malformed) throw args;
  return args;
}

describe("bytes", () => {
  test("are equal exactly if the reference says that the arguments are, and begin no others'", () => {
    let equal = 0;
    let different = 0;
    fc.assert(
      fc.property(storablePair, ({ left, right }) => {
        const isEqual = equalArguments(left, right, "value");
        const [a, b] = [toHex(bytesOf(left)), toHex(bytesOf(right))];
        expect(a === b).toBe(isEqual);
        expect(isSameKey(keyOf(left), keyOf(right))).toBe(isEqual);
        if (!isEqual) expect(a.startsWith(b) || b.startsWith(a)).toBe(false);
        if (isEqual) equal++;
        else different++;
      }),
      { numRuns: tries(6000, 2) },
    );
    expect(Math.min(equal, different)).toBeGreaterThan(1000);
  });

  test("are equal exactly if keys are, also where objects of one call are in the other", () => {
    let compared = 0;
    fc.assert(
      fc.property(anyPair, ({ left, right }) => {
        const [a, b] = [keyOf(left), keyOf(right)];
        const [bytes, others] = [canonicalBytes(a), canonicalBytes(b)];
        if (bytes instanceof Unstorable || others instanceof Unstorable) {
          // Keys that are equal are both refused, or neither is.
          if (isSameKey(a, b)) expect(bytes.constructor).toBe(others.constructor);
          return;
        }
        compared++;
        expect(toHex(bytes) === toHex(others)).toBe(isSameKey(a, b));
      }),
      { numRuns: tries(3000, 4) },
    );
    expect(compared).toBeGreaterThan(800);
  });

  test("of many calls begin none of the others", () => {
    const calls = fc.sample(storableArguments, { numRuns: 4000, seed: 7 });
    const all = [...new Set(calls.map((recipes) => toHex(bytesOf(make(recipes, plainStyle())))))];
    expect(all.length).toBeGreaterThan(2000);
    const sorted = all.sort();
    expect(sorted.filter((hex, i) => sorted[i + 1]?.startsWith(hex))).toEqual([]);
  });

  test("are not changed by what was written before, or is being written", () => {
    fc.assert(
      fc.property(storableArguments, storableArguments, (first, second) => {
        const args = make(first, plainStyle());
        const before = bytesOf(args);
        const hex = toHex(before);
        bytesOf(make(second, plainStyle()));
        expect(toHex(before)).toBe(hex);
        expect(toHex(bytesOf(args))).toBe(hex);
      }),
      { numRuns: tries(300, 20) },
    );
  });

  test("are the same in a process that met the same calls backwards, and made them in other ways", () => {
    const count = 1500;
    const url = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);
    const child = spawnSync(
      process.execPath,
      [
        "--input-type=module",
        "-e",
        `import fc from "fast-check";
         import { createHash } from "node:crypto";
         import { canonicalBytes } from ${url("../../packages/rote/src/key/canonical.ts")};
         import { keyOf } from ${url("../support/calls.ts")};
         import { make, variedStyle } from ${url("../support/recipe.ts")};
         import { storableArguments } from ${url("../support/storable.ts")};
         const calls = fc.sample(storableArguments, { numRuns: ${count}, seed: 11 });
         const digests = calls.map((recipes, i) => [recipes, i]).reverse().map(([recipes, i]) =>
           createHash("sha256").update(canonicalBytes(keyOf(make(recipes, variedStyle(i))))).digest("hex"));
         console.log(JSON.stringify(digests.reverse()));`,
      ],
      { encoding: "utf8", timeout: 60_000, maxBuffer: 2 ** 24 },
    );
    expect(child.stderr).toBe("");
    const calls = fc.sample(storableArguments, { numRuns: count, seed: 11 });
    const digests = calls.map((recipes) =>
      createHash("sha256")
        .update(bytesOf(make(recipes, plainStyle())))
        .digest("hex"),
    );
    expect(JSON.parse(child.stdout)).toEqual(digests);
  });
});

/** Every object below `value` that is a `KeyedContent`, and whether there are buffers. */
function survey(value: unknown): { keyed: Set<KeyedContent>; hasBuffer: boolean } {
  const keyed = new Set<KeyedContent>();
  let hasBuffer = false;
  const pending: unknown[] = [value];
  const seen = new Set<unknown>();
  for (const each of pending) {
    if (typeof each !== "object" || each === null || seen.has(each)) continue;
    seen.add(each);
    if (each instanceof KeyedContent) keyed.add(each);
    if (types.isArrayBuffer(each)) hasBuffer = true;
    if (types.isMap(each)) pending.push(...[...each].flat());
    if (types.isSet(each)) pending.push(...each);
    if (ArrayBuffer.isView(each)) continue;
    for (const key of Reflect.ownKeys(each)) pending.push(Reflect.get(each, key));
  }
  return { keyed, hasBuffer };
}

const classes: Record<string, { prototype: object }> = {
  Keyed,
  OtherKeyed,
  DerivedKeyed,
  FreshlyKeyed,
};

/** Makes instances of their classes of what stands for them. */
function reinstate(args: unknown[]): unknown[] {
  for (const each of survey(args).keyed) {
    const type = classes[each.className];
    if (type === undefined) throw new Error(`no class ${each.className}`);
    if (type === FreshlyKeyed) each.content = Reflect.get(each.content as object, "content");
    Object.setPrototypeOf(each, type.prototype);
  }
  return args;
}

describe("arguments that are read from bytes", () => {
  test("equal those that were written, by the reference", () => {
    fc.assert(
      fc.property(storableArguments, (recipes) => {
        const args = make(recipes, plainStyle());
        const bytes = bytesOf(args);
        const read = reinstate(decode(bytes));
        expect(equalArguments(read, args, "value")).toBe(true);
        expect(toHex(bytesOf(read))).toBe(toHex(bytes));
      }),
      { numRuns: tries(3000, 4) },
    );
  });

  test("hold nothing that was known by identity: such a call is refused", () => {
    let refused = 0;
    fc.assert(
      fc.property(anyArguments, (recipes) => {
        const args = make(recipes, plainStyle());
        const bytes = canonicalBytes(keyOf(args));
        if (bytes instanceof Unstorable) refused++;
        else expect(equalArguments(reinstate(decode(bytes)), args, "value")).toBe(true);
      }),
      { numRuns: tries(2000, 4) },
    );
    expect(refused).toBeGreaterThan(200);
  });
});

/** Damages bytes in one or more places, as a disk or a stranger would. */
function damage(bytes: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  let damaged = [...bytes];
  for (let times = random(3) + 1; times > 0; times--) {
    const at = random(damaged.length + 1);
    const kind = random(6);
    if (kind === 0) damaged = damaged.slice(0, at);
    else if (kind === 1) damaged.splice(at, 0, random(256));
    else if (kind === 2) damaged.splice(at, random(4));
    else if (kind === 3) damaged.splice(at, random(8), ...other.slice(random(other.length)));
    // Mostly by little, which leaves more of the rest readable.
    else if (at < damaged.length)
      damaged[at] = (damaged[at] as number) ^ (1 << random(kind === 4 ? 8 : 3));
  }
  return Uint8Array.from(damaged);
}

describe("bytes that nobody has written", () => {
  test("are malformed, or the one form of some call; nothing is thrown", () => {
    const calls = fc.sample(storableArguments, { numRuns: 500, seed: 3 });
    const all = calls.map((recipes) => bytesOf(make(recipes, plainStyle())));
    const random = randomFrom(5);
    let malformed = 0;
    let formed = 0;
    for (let round = 0; round < tries(20_000, 1); round++) {
      const pick = (): Uint8Array => all[random(all.length)] as Uint8Array;
      const bytes = damage(pick(), pick(), random);
      const args = argumentsFromBytes(bytes);
      if (args instanceof Malformed) {
        malformed++;
        expect(args.at).toBeLessThanOrEqual(bytes.length);
        continue;
      }
      formed++;
      const { keyed, hasBuffer } = survey(args);
      if (keyed.size > 0 || hasBuffer) continue;
      // Without its receiver, it is another call.
      if (bytes[2] !== 0x0f) expect(toHex(bytesOf(args))).toBe(toHex(bytes));
    }
    expect(malformed).toBeGreaterThan(5000);
    expect(formed).toBeGreaterThan(1000);
  });

  test("are malformed if they are any bytes at all", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const args = argumentsFromBytes(Uint8Array.of(1, ...bytes));
        expect(args instanceof Malformed || Array.isArray(args)).toBe(true);
      }),
      { numRuns: tries(5000, 4) },
    );
  });
});
