import { describe, expect, test } from "vitest";

import type { CacheStats } from "../handle.ts";
import { collected } from "../../../../test/support/collected.ts";
import { type Reported, Tally } from "./tally.ts";

const readings = [
  { isLevel: false, read: ({ hits }: CacheStats) => hits },
  { isLevel: false, read: ({ timeSaved }: CacheStats) => timeSaved },
  { isLevel: true, read: ({ entries }: CacheStats) => entries },
];

/** A function as it is at one moment; what the readings above do not read is left out. */
function reported(
  identity: object,
  name: string,
  stats: { hits?: number; timeSaved?: number; entries?: number },
): Reported {
  return {
    identity,
    name,
    stats: { hits: 0, timeSaved: 0, entries: 0, ...stats } as CacheStats,
  };
}

describe("totals by name", () => {
  test("functions of one name are summed", () => {
    const tally = new Tally(readings);
    const totals = tally.add([
      reported({}, "load", { hits: 3, entries: 1 }),
      reported({}, "load", { hits: 4, entries: 10 }),
      reported({}, "save", { hits: 5 }),
    ]);
    expect([...totals]).toEqual([
      ["load", [7, 0, 11]],
      ["save", [5, 0, 0]],
    ]);
  });

  test("what was read before is not added again", () => {
    const tally = new Tally(readings);
    const load = {};
    tally.add([reported(load, "load", { hits: 3, entries: 2 })]);
    const totals = tally.add([reported(load, "load", { hits: 4, entries: 2 })]);
    expect(totals.get("load")).toEqual([4, 0, 2]);
  });

  test("counts of a function that is gone stay, its levels go", () => {
    const tally = new Tally(readings);
    tally.add([reported({}, "load", { hits: 3, entries: 2 })]);
    expect(tally.add([]).get("load")).toEqual([3, 0, 0]);
    expect(tally.add([reported({}, "load", { hits: 1, entries: 1 })]).get("load")).toEqual([
      4, 0, 1,
    ]);
  });

  test("an estimate that sinks stands still until it is above where it was", () => {
    const tally = new Tally(readings);
    const load = {};
    const saved = (timeSaved: number): number | undefined =>
      tally.add([reported(load, "load", { timeSaved })]).get("load")?.[1];
    expect([10, 6, 8, 11].map(saved)).toEqual([10, 10, 10, 11]);
  });

  test("no function is kept alive", async () => {
    const tally = new Tally(readings);
    const watched = ((): WeakRef<object> => {
      const load = {};
      tally.add([reported(load, "load", { hits: 1 })]);
      return new WeakRef(load);
    })();
    expect(await collected(watched)).toBe(true);
    expect(tally.add([]).get("load")).toEqual([1, 0, 0]);
  });
});
