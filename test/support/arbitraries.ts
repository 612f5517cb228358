/** Argument lists of every kind, and pairs of them that are equal, nearly equal, or unrelated. */
import fc from "fast-check";

import {
  hasTemporal,
  identities,
  make,
  plainStyle,
  randomFrom,
  temporalCount,
  variedStyle,
  viewNames,
} from "./recipe.ts";
import type { Hole, Random, Recipe, ViewName } from "./recipe.ts";

const registered = Symbol.for("registered");
const keySymbols = [Symbol("x"), Symbol.for("x")];

/** Few enough that independent choices collide, odd enough to catch a careless comparison. */
const primitives: readonly unknown[] = [
  undefined,
  null,
  true,
  false,
  0,
  -0,
  1,
  -1,
  2,
  7,
  0.5,
  NaN,
  Infinity,
  -Infinity,
  1e9,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  0n,
  1n,
  -1n,
  2n ** 64n,
  "",
  "0",
  "1",
  "a",
  "b",
  "a,b",
  "undefined",
  "null",
  "NaN",
  "-0",
  "[object Object]",
  "\u0000",
  "\ud800",
  registered,
];

const keys: readonly PropertyKey[] = [
  "a",
  "b",
  "c",
  "length2",
  "0",
  "1",
  "-1",
  "__proto__",
  "constructor",
  "toJSON",
  "",
  ...keySymbols,
];

const primitive: fc.Arbitrary<Recipe> = fc
  .oneof(
    { weight: 6, arbitrary: fc.constantFrom(...primitives) },
    { weight: 1, arbitrary: fc.integer() },
    { weight: 1, arbitrary: fc.double() },
    { weight: 1, arbitrary: fc.string({ maxLength: 3 }) },
    { weight: 1, arbitrary: fc.bigInt({ min: -3n, max: 3n }) },
  )
  .map((value): Recipe => ({ kind: "primitive", value }));

const identity: fc.Arbitrary<Recipe> = fc
  .nat(identities.length - 1)
  .map((index): Recipe => ({ kind: "identity", index }));

const shared: fc.Arbitrary<Recipe> = fc.nat(6).map((index): Recipe => ({ kind: "shared", index }));

const key = fc.constantFrom(...keys);

function propertiesOf(
  value: fc.Arbitrary<Recipe>,
  maxLength: number,
): fc.Arbitrary<[PropertyKey, Recipe][]> {
  return fc.uniqueArray(fc.tuple(key, value), { maxLength, selector: ([name]) => name });
}

const time = fc.constantFrom(0, 1, -1, 1e12, 8.64e15, NaN);

const bytes: fc.Arbitrary<Recipe> = fc
  .tuple(
    fc.constantFrom<ViewName>(...viewNames),
    fc.nat(1),
    fc.constantFrom<number[]>(
      [],
      [0, 0, 0, 0, 0, 0, 0, 0],
      [0, 0, 0, 0, 0, 0, 0, 0x80],
      [0, 0, 0, 0, 0, 0, 0xf8, 0x7f],
      [1, 0, 0, 0, 0, 0, 0xf8, 0x7f],
      [1, 2, 3, 4, 5, 6, 7, 8],
      [1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0],
    ),
  )
  .map(([view, offset, content]): Recipe => ({ kind: "bytes", view, offset, bytes: content }));

const leaf: fc.Arbitrary<Recipe> = fc.oneof(
  { weight: 12, arbitrary: primitive },
  { weight: 3, arbitrary: identity },
  { weight: 3, arbitrary: shared },
  {
    weight: 1,
    arbitrary: fc
      .tuple(time, propertiesOf(primitive, 1))
      .map(([at, extras]): Recipe => ({ kind: "date", time: at, extras })),
  },
  {
    weight: 1,
    arbitrary: fc
      .record({
        source: fc.constantFrom("a", "b", ""),
        flags: fc.constantFrom("", "g", "i", "gi", "y"),
        lastIndex: fc.constantFrom(0, 1),
      })
      .map((content): Recipe => ({ kind: "regexp", ...content })),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom("http://a/", "http://a", "http://a/#", "http://a/?b", "http://A/", "blob:a")
      .map((href): Recipe => ({ kind: "url", href })),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(0, -0, 1, NaN, "", "1", "ab", true, false, 0n, 1n, registered, keySymbols[0])
      .map((value): Recipe => ({ kind: "boxed", value: value as string })),
  },
  { weight: 1, arbitrary: bytes },
  ...(hasTemporal
    ? [
        {
          weight: 1,
          arbitrary: fc
            .nat(temporalCount - 1)
            .map((index): Recipe => ({ kind: "temporal", index })),
        },
      ]
    : []),
);

const hole: fc.Arbitrary<Hole> = fc.constant({ kind: "hole" });

function nested(inner: fc.Arbitrary<Recipe>): fc.Arbitrary<Recipe> {
  return fc.oneof(
    { weight: 4, arbitrary: leaf },
    {
      weight: 4,
      arbitrary: fc
        .tuple(fc.constantFrom(false, false, false, true), propertiesOf(inner, 4))
        .map(([bare, entries]): Recipe => ({ kind: "object", bare, entries })),
    },
    {
      weight: 3,
      arbitrary: fc
        .tuple(
          fc.array(fc.oneof({ weight: 8, arbitrary: inner }, { weight: 1, arbitrary: hole }), {
            maxLength: 4,
          }),
          fc.oneof(
            { weight: 5, arbitrary: fc.constant<[PropertyKey, Recipe][]>([]) },
            { weight: 1, arbitrary: propertiesOf(primitive, 2).map(withoutIndices) },
          ),
        )
        .map(([items, extras]): Recipe => ({ kind: "array", items, extras })),
    },
    {
      weight: 1,
      arbitrary: fc
        .array(fc.tuple(inner, inner), { maxLength: 3 })
        .map((entries): Recipe => ({ kind: "map", entries })),
    },
    {
      weight: 1,
      arbitrary: fc.array(inner, { maxLength: 3 }).map((items): Recipe => ({ kind: "set", items })),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.nat(3), inner)
        .map(([index, content]): Recipe => ({ kind: "keyed", index, content })),
    },
  );
}

function withoutIndices(entries: [PropertyKey, Recipe][]): [PropertyKey, Recipe][] {
  return entries.filter(([name]) => name !== "0" && name !== "1");
}

/** One value of any kind. */
export const anyRecipe: fc.Arbitrary<Recipe> = nested(nested(nested(leaf)));

/** An argument list: mostly short, as calls are. */
export const anyArguments: fc.Arbitrary<Recipe[]> = fc.oneof(
  { weight: 4, arbitrary: fc.array(anyRecipe, { maxLength: 3 }) },
  { weight: 2, arbitrary: fc.array(primitive, { maxLength: 4 }) },
  { weight: 1, arbitrary: fc.array(anyRecipe, { minLength: 4, maxLength: 6 }) },
  {
    weight: 1,
    arbitrary: fc
      .array(primitive, { minLength: 20, maxLength: 80 })
      .map((items): Recipe[] => [{ kind: "array", items, extras: [] }]),
  },
);

/** Only what holds its own content strongly or is a primitive: nothing compared by identity. */
export const smallArguments: fc.Arbitrary<Recipe[]> = fc.array(nested(leaf), { maxLength: 3 });

export interface Pair {
  readonly left: unknown[];
  readonly right: unknown[];
}

/** Two argument lists that are the same call, by construction. */
export const equalPair: fc.Arbitrary<Pair> = fc
  .tuple(anyArguments, fc.nat())
  .map(([recipes, seed]) => ({
    left: make(recipes, plainStyle()),
    right: make(recipes, variedStyle(seed)),
  }));

/** Two argument lists that differ in one or two places, or in sharing alone, or not at all. */
export const nearPair: fc.Arbitrary<Pair> = fc
  .tuple(anyArguments, fc.nat(), fc.constantFrom(1, 1, 1, 2))
  .map(([recipes, seed, changes]) => {
    const random = randomFrom(seed);
    let changed = recipes;
    for (let count = 0; count < changes; count++) changed = changeOne(changed, random);
    return { left: make(recipes, plainStyle()), right: make(changed, variedStyle(seed)) };
  });

/** Two argument lists that share some of their objects, so that a quick `===` is tempting. */
export const mixedPair: fc.Arbitrary<Pair> = fc
  .tuple(anyArguments, fc.nat())
  .map(([recipes, seed]) => {
    const random = randomFrom(seed);
    const left = make(recipes, plainStyle());
    const again = make(recipes, variedStyle(seed));
    const part = partOf(left[0], random);
    const partAgain = partOf(again[0], randomFrom(seed));
    return {
      left: [...left, part],
      right: [
        ...left.map((value, index) => (random(2) === 0 ? value : again[index])),
        random(2) === 0 ? part : partAgain,
      ],
    };
  });

/** Two argument lists that know nothing of each other. */
export const unrelatedPair: fc.Arbitrary<Pair> = fc
  .tuple(smallArguments, smallArguments)
  .map(([left, right]) => ({ left: make(left, plainStyle()), right: make(right, plainStyle()) }));

export const anyPair: fc.Arbitrary<Pair> = fc.oneof(
  { weight: 3, arbitrary: equalPair },
  { weight: 4, arbitrary: nearPair },
  { weight: 2, arbitrary: mixedPair },
  { weight: 1, arbitrary: unrelatedPair },
);

function partOf(value: unknown, random: Random): unknown {
  if (Array.isArray(value) && value.length > 0) return value[random(value.length)] as unknown;
  if (typeof value === "object" && value !== null) {
    const names = Object.keys(value).sort();
    const name = names[random(Math.max(names.length, 1))];
    return name === undefined ? value : Reflect.get(value, name);
  }
  return value;
}

/** The recipes with one place changed. The change may turn out to make no difference. */
export function changeOne(recipes: readonly Recipe[], random: Random): Recipe[] {
  if (recipes.length === 0) return [{ kind: "primitive", value: undefined }];
  const count = recipes.reduce((sum, recipe) => sum + size(recipe), 0);
  if (random(12) === 0) return changeList(recipes, random);
  let at = random(count);
  return recipes.map((recipe) => {
    const here = at;
    at -= size(recipe);
    return here >= 0 && here < size(recipe) ? changeAt(recipe, here, random) : recipe;
  });
}

function changeList(recipes: readonly Recipe[], random: Random): Recipe[] {
  const last = recipes.at(-1);
  switch (random(4)) {
    case 0:
      return [...recipes, { kind: "primitive", value: undefined }];
    case 1:
      return recipes.slice(0, -1);
    case 2:
      return [...recipes].reverse();
    default:
      return last === undefined ? [] : [...recipes, last];
  }
}

function parts(recipe: Recipe | Hole): (Recipe | Hole)[] {
  switch (recipe.kind) {
    case "object":
      return recipe.entries.map(([, value]) => value);
    case "array":
      return [...recipe.items, ...recipe.extras.map(([, value]) => value)];
    case "map":
      return recipe.entries.flat();
    case "set":
      return recipe.items;
    case "date":
      return recipe.extras.map(([, value]) => value);
    case "keyed":
      return [recipe.content];
    default:
      return [];
  }
}

function size(recipe: Recipe | Hole): number {
  return parts(recipe).reduce((sum, part) => sum + size(part), 1);
}

/** Changes the `at`-th recipe in the order of walking, which is the recipe itself for 0. */
function changeAt<R extends Recipe | Hole>(recipe: R, at: number, random: Random): Recipe {
  if (at === 0) return changeHere(recipe, random);
  let left = at - 1;
  const visit = <P extends Recipe | Hole>(part: P): P | Recipe => {
    const here = left;
    left -= size(part);
    return here >= 0 && here < size(part) ? changeAt(part, here, random) : part;
  };
  const solid = (part: Recipe): Recipe => visit(part);
  const property = ([name, value]: [PropertyKey, Recipe]): [PropertyKey, Recipe] => [
    name,
    solid(value),
  ];
  const whole: Recipe | Hole = recipe;
  switch (whole.kind) {
    case "object":
      return { ...whole, entries: whole.entries.map(property) };
    case "array":
      return {
        ...whole,
        items: whole.items.map((item) => visit(item)),
        extras: whole.extras.map(property),
      };
    case "map":
      return {
        ...whole,
        entries: whole.entries.map(([name, value]): [Recipe, Recipe] => [
          solid(name),
          solid(value),
        ]),
      };
    case "set":
      return { ...whole, items: whole.items.map(solid) };
    case "date":
      return { ...whole, extras: whole.extras.map(property) };
    case "keyed":
      return { ...whole, content: solid(whole.content) };
    default:
      return changeHere(whole, random);
  }
}

const undefinedRecipe: Recipe = { kind: "primitive", value: undefined };

/** Values that a careless comparison takes for each other. */
const lookalikes = new Map<unknown, readonly unknown[]>([
  [0, [-0, "0", 0n, false, null]],
  [-0, [0, "-0"]],
  [1, ["1", 1n, true, 2]],
  ["1", [1, 1n]],
  [1n, [1, "1"]],
  [true, [1, "true", false]],
  [undefined, [null, "undefined", NaN]],
  [null, [undefined, "null"]],
  [NaN, [undefined, "NaN", 0]],
  ["", [undefined, false, 0]],
]);

function changeHere(recipe: Recipe | Hole, random: Random): Recipe {
  if (random(5) === 0) return replacement(recipe, random);
  switch (recipe.kind) {
    case "hole":
      return undefinedRecipe;
    case "primitive": {
      const options = Object.is(recipe.value, -0)
        ? [0]
        : (lookalikes.get(recipe.value) ?? primitives);
      return { kind: "primitive", value: options[random(options.length)] };
    }
    case "identity":
      return { kind: "identity", index: recipe.index + 1 };
    case "object":
      return changeObject(recipe, random);
    case "array":
      return changeArray(recipe, random);
    case "map": {
      if (random(3) === 0) return { kind: "set", items: recipe.entries.flat() };
      return { ...recipe, entries: [...recipe.entries].reverse() };
    }
    case "set": {
      if (random(3) === 0) return { kind: "array", items: recipe.items, extras: [] };
      return { ...recipe, items: [...recipe.items].reverse() };
    }
    case "date":
      if (random(3) === 0) return { ...recipe, extras: [["a", undefinedRecipe]] };
      return { ...recipe, time: recipe.time === 0 ? NaN : recipe.time - 1 };
    case "regexp":
      return random(2) === 0
        ? { ...recipe, lastIndex: 1 - recipe.lastIndex }
        : { ...recipe, flags: recipe.flags === "g" ? "y" : "g" };
    case "url":
      return random(2) === 0
        ? { kind: "url", href: `${recipe.href}#b` }
        : { kind: "primitive", value: recipe.href };
    case "boxed":
      return Object.is(recipe.value, 0)
        ? { kind: "boxed", value: -0 }
        : { kind: "primitive", value: recipe.value };
    case "bytes": {
      if (random(2) === 0) {
        return { ...recipe, view: viewNames[random(viewNames.length)] ?? "DataView" };
      }
      const [first = 0, ...rest] = recipe.bytes;
      return { ...recipe, bytes: recipe.bytes.length === 0 ? [] : [first ^ 1, ...rest] };
    }
    case "temporal":
      return { kind: "temporal", index: recipe.index + 1 };
    case "keyed":
      return random(2) === 0 ? { ...recipe, index: recipe.index + 1 } : recipe.content;
    case "shared":
      return { kind: "shared", index: recipe.index + 1 };
  }
}

function replacement(recipe: Recipe | Hole, random: Random): Recipe {
  switch (random(4)) {
    case 0:
      return { kind: "shared", index: random(6) };
    case 1:
      return undefinedRecipe;
    case 2:
      return { kind: "array", items: [recipe], extras: [] };
    default:
      return { kind: "object", bare: false, entries: [] };
  }
}

function changeObject(recipe: Extract<Recipe, { kind: "object" }>, random: Random): Recipe {
  const entries = recipe.entries;
  const at = random(Math.max(entries.length, 1));
  switch (random(6)) {
    case 0:
      return { ...recipe, bare: !recipe.bare };
    case 1:
      return { ...recipe, entries: entries.filter((_, index) => index !== at) };
    case 2: {
      const name = keys[random(keys.length)] ?? "a";
      return entries.some(([known]) => known === name)
        ? recipe
        : { ...recipe, entries: [...entries, [name, undefinedRecipe]] };
    }
    case 3: {
      const swapped = entries.map(([name], index): [PropertyKey, Recipe] => [
        name,
        entries[(index + 1) % entries.length]?.[1] ?? undefinedRecipe,
      ]);
      return { ...recipe, entries: swapped };
    }
    case 4:
      return { kind: "array", items: entries.map(([, value]) => value), extras: [] };
    default:
      return { kind: "keyed", index: 0, content: recipe };
  }
}

function changeArray(recipe: Extract<Recipe, { kind: "array" }>, random: Random): Recipe {
  const items = recipe.items;
  const at = random(Math.max(items.length, 1));
  switch (random(6)) {
    case 0:
      return { ...recipe, items: [...items, { kind: "hole" }] };
    case 1:
      return {
        ...recipe,
        items: items.map((item, index): Recipe | Hole => (index === at ? { kind: "hole" } : item)),
      };
    case 2:
      return { ...recipe, extras: [["a", undefinedRecipe]] };
    case 3:
      return { ...recipe, items: [...items].reverse() };
    case 4:
      return { ...recipe, items: items.slice(0, -1) };
    default: {
      const entries = items.flatMap((item, index): [PropertyKey, Recipe][] =>
        item.kind === "hole" ? [] : [[String(index), item]],
      );
      return { kind: "object", bare: false, entries };
    }
  }
}
