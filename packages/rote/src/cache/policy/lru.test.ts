import fc from "fast-check";
import { expect, test } from "vitest";
import { tries } from "../../../../../test/support/tries.ts";
import { Lru } from "./lru.ts";

/** The order of a Map's keys, oldest first, is the whole model. */
test("what goes is exactly what was used longest ago", () => {
  const steps = fc.array(fc.tuple(fc.nat(30), fc.boolean()), { maxLength: 400, size: "max" });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 12 }), steps, (maxEntries, uses) => {
      const model = new Map<number, true>();
      const expected: number[] = [];
      const evicted: number[] = [];
      const lru = new Lru(
        { maxEntries, maxWeight: Infinity },
        { evicted: (slot) => evicted.push(slot), forgotten: () => expect.unreachable() },
      );
      for (const [slot, isRemoval] of uses) {
        if (isRemoval) {
          lru.remove(slot);
          model.delete(slot);
        } else {
          if (model.has(slot)) lru.touch(slot);
          else lru.admit(slot, 1);
          model.delete(slot);
          model.set(slot, true);
          if (model.size > maxEntries) {
            const [oldest] = model.keys();
            model.delete(oldest as number);
            expected.push(oldest as number);
          }
        }
        expect(evicted).toEqual(expected);
        expect(lru.count).toBe(model.size);
      }
    }),
    { numRuns: tries(200, 100) },
  );
});
