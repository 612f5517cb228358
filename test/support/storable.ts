/** Recipes of arguments that have content alone, which another process could recognise. */
import fc from "fast-check";

import { anyArguments, changeOne } from "./arbitraries.ts";
import { make, plainStyle, randomFrom, variedStyle } from "./recipe.ts";
import type { Hole, Recipe } from "./recipe.ts";

/** The recipe with content in the place of everything that is known by identity. */
export function withContent<R extends Recipe | Hole>(recipe: R): R | Recipe {
  const whole: Recipe | Hole = recipe;
  const inner = (part: Recipe): Recipe => withContent(part);
  const entry = ([name, value]: [PropertyKey, Recipe]): [PropertyKey, Recipe] => [
    typeof name === "symbol" ? registered(name) : name,
    inner(value),
  ];
  switch (whole.kind) {
    case "identity":
      return { kind: "primitive", value: whole.index };
    case "boxed":
      return typeof whole.value === "symbol" ? { ...whole, value: registered(whole.value) } : whole;
    case "object":
      return { ...whole, entries: unique(whole.entries.map(entry)) };
    case "array":
      return {
        ...whole,
        items: whole.items.map((item) => withContent(item)),
        extras: unique(whole.extras.map(entry)),
      };
    case "date":
      return { ...whole, extras: unique(whole.extras.map(entry)) };
    case "map":
      return { ...whole, entries: whole.entries.map(([a, b]) => [inner(a), inner(b)]) };
    case "set":
      return { ...whole, items: whole.items.map(inner) };
    case "keyed":
      return { ...whole, content: inner(whole.content) };
    default:
      return recipe;
  }
}

/** Two different symbols of one description stay different, as one that is well-known and one that is not. */
function registered(symbol: symbol): symbol {
  if (Symbol.keyFor(symbol) !== undefined) return symbol;
  return symbol.description === "x" ? Symbol.species : Symbol.for("another");
}

function unique(entries: [PropertyKey, Recipe][]): [PropertyKey, Recipe][] {
  return [...new Map(entries)];
}

export const storableArguments: fc.Arbitrary<Recipe[]> = anyArguments.map((recipes) =>
  recipes.map((recipe) => withContent(recipe)),
);

/** Two argument lists of content alone: equal, nearly equal, or unrelated. */
export const storablePair: fc.Arbitrary<{ left: unknown[]; right: unknown[] }> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.tuple(storableArguments, fc.nat()).map(([recipes, seed]) => ({
      left: make(recipes, plainStyle()),
      right: make(recipes, variedStyle(seed)),
    })),
  },
  {
    weight: 5,
    arbitrary: fc
      .tuple(storableArguments, fc.nat(), fc.constantFrom(1, 1, 2))
      .map(([recipes, seed, changes]) => {
        const random = randomFrom(seed);
        let changed = recipes;
        for (let count = 0; count < changes; count++) changed = changeOne(changed, random);
        return {
          left: make(recipes, plainStyle()),
          right: make(
            changed.map((recipe) => withContent(recipe)),
            variedStyle(seed),
          ),
        };
      }),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(storableArguments, storableArguments).map(([left, right]) => ({
      left: make(left, plainStyle()),
      right: make(right, plainStyle()),
    })),
  },
);
