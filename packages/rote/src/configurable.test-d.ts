import { assertMemoized, configureMemoized, type Memoized } from "rote";
import { expectTypeOf, test } from "vitest";

function rate(currency: string, amount = 1): number {
  return currency.length * amount;
}

test("options are those of the function", () => {
  configureMemoized(rate, {
    ttl: "5m",
    weigh: (value, currency) => value + currency.length,
    maxWeight: 9,
  });
  // @ts-expect-error the first argument is a text
  configureMemoized(rate, { key: (currency: number) => currency });
  // @ts-expect-error "5 minutes" is no Duration
  configureMemoized(rate, { ttl: "5 minutes" });
});

test("a function that was asserted has its cache", () => {
  expectTypeOf(assertMemoized(rate)).toEqualTypeOf<Memoized<typeof rate>>();
});
