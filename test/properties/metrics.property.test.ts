/** Counters of metrics, whatever functions come and go between two collections: beside a model that forgets nothing. */
import fc from "fast-check";
import { expect, test } from "vitest";

import type { CacheStats } from "rote";

import { type Reported, Tally } from "../../packages/rote/src/metrics/tally.ts";
import { runs } from "../support/runs.ts";

const readings = [
  { isLevel: false, read: ({ hits }: CacheStats) => hits },
  { isLevel: true, read: ({ entries }: CacheStats) => entries },
];

/** A function as it is at one moment; what the readings above do not read is left out. */
function reported(
  identity: object,
  name: string,
  stats: { hits: number; entries: number },
): Reported {
  return { identity, name, stats: stats as CacheStats };
}

const sum = (list: readonly number[]): number => list.reduce((total, each) => total + each, 0);

/** What happens between two collections: a function is made, does something, or is gone. */
const step = fc.oneof(
  fc.record({ does: fc.constant("make" as const), name: fc.constantFrom("a", "b") }),
  fc.record({
    does: fc.constant("work" as const),
    index: fc.nat(5),
    hits: fc.nat(9),
    entries: fc.nat(9),
  }),
  fc.record({ does: fc.constant("drop" as const), index: fc.nat(5) }),
  fc.record({ does: fc.constant("collect" as const) }),
);

test("counts only rise, and are what was seen of every function there ever was", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const tally = new Tally(readings);
      let alive: { name: string; hits: number; entries: number }[] = [];
      /** Hits at the last collection of each function, also of those that are gone. */
      const seen = new Map<object, { name: string; hits: number }>();
      const before: Record<string, number> = { a: 0, b: 0 };
      for (const each of [...steps, { does: "collect" as const }]) {
        if (each.does === "make") alive.push({ name: each.name, hits: 0, entries: 0 });
        else if (each.does === "drop") alive = alive.filter((_, i) => i !== each.index);
        else if (each.does === "work") {
          const found = alive[each.index];
          if (found === undefined) continue;
          found.hits += each.hits;
          found.entries = each.entries;
        } else {
          for (const one of alive) seen.set(one, { name: one.name, hits: one.hits });
          const totals = tally.add(alive.map((one) => reported(one, one.name, one)));
          for (const name of ["a", "b"]) {
            const [hits = 0, entries = 0] = totals.get(name) ?? [];
            const ofName = (one: { name: string }): boolean => one.name === name;
            expect(hits).toBe(sum([...seen.values()].filter(ofName).map((one) => one.hits)));
            expect(entries).toBe(sum(alive.filter(ofName).map((one) => one.entries)));
            expect(hits).toBeGreaterThanOrEqual(before[name] as number);
            before[name] = hits;
          }
        }
      }
    }),
    { numRuns: runs(300) },
  );
});
