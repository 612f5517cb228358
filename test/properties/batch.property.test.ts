/** Batches against a naive model, under random steps, and their laws under every order of events. */
import fc from "fast-check";
import { memoize } from "rote";
import { expect, test } from "vitest";

import { drained, expectNoUnhandledRejections } from "../support/async.ts";
import { BatchModel, type BatchStep, BatchSubject } from "../support/batches.ts";
import { tries } from "../support/tries.ts";

expectNoUnhandledRejections();

const key = fc.integer({ min: 1, max: 5 });
const signal = fc.constantFrom("A", "B", "C", "D");

const step: fc.Arbitrary<BatchStep> = fc.oneof(
  { weight: 8, arbitrary: key.map((key): BatchStep => ({ do: "call", key })) },
  {
    weight: 5,
    arbitrary: fc
      .tuple(key, signal)
      .map(([key, signal]): BatchStep => ({ do: "call", key, signal })),
  },
  { weight: 2, arbitrary: signal.map((signal): BatchStep => ({ do: "abort", signal })) },
  { weight: 2, arbitrary: key.map((key): BatchStep => ({ do: "refresh", key })) },
  { weight: 3, arbitrary: key.map((key): BatchStep => ({ do: "delete", key })) },
  { weight: 1, arbitrary: key.map((key): BatchStep => ({ do: "set", key })) },
  { weight: 1, arbitrary: fc.constant<BatchStep>({ do: "clear" }) },
  { weight: 5, arbitrary: fc.constant<BatchStep>({ do: "dispatch" }) },
  {
    weight: 5,
    arbitrary: fc
      .tuple(
        fc.nat(5),
        fc.constantFrom("results", "results", "results", "rejection", "too few"),
        fc.constantFrom(2, 3, 9),
      )
      .map(([batch, ending, failing]): BatchStep => ({
        do: "settle",
        batch,
        ending: ending as "results",
        failing,
      })),
  },
);
const maxBatch = fc.constantFrom(1, 2, 3, Infinity);

test("batches behave as the model in long stories, with and without microtasks in between", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(step, fc.boolean()), { maxLength: 60, size: "max" }),
      maxBatch,
      async (told, limit) => {
        const model = new BatchModel(limit);
        const subject = new BatchSubject(limit);
        const tell = async (next: BatchStep, isDrained: boolean): Promise<void> => {
          subject.do(next);
          model.do(next);
          // What settles, or is set, is noticed in microtasks.
          if (!isDrained && next.do !== "settle" && next.do !== "set") return;
          await drained();
          expect(await subject.seen()).toEqual(model.seen());
        };
        for (const [next, isDrained] of told) {
          if (next.do !== "settle") {
            await tell(next, isDrained);
            continue;
          }
          // Any of those that can be.
          const { unsettled } = model;
          const batch = unsettled[next.batch % Math.max(1, unsettled.length)];
          if (batch !== undefined) await tell({ ...next, batch }, isDrained);
        }
        await tell({ do: "dispatch" }, true);
        for (const batch of model.unsettled)
          await tell({ do: "settle", batch, ending: "results", failing: 9 }, true);

        const { batches, inFlight, outcomes } = await subject.seen();
        expect(inFlight).toBe(0);
        expect(outcomes).not.toContain("pending");
        for (const keys of batches) {
          expect(keys.length).toBeLessThanOrEqual(limit);
          expect(new Set(keys).size).toBe(keys.length);
        }
      },
    ),
    { numRuns: tries(600, 100) },
  );
});

test("whatever the order of calls, dispatches and results, each key is loaded once and each caller gets its own", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(fc.array(fc.nat(12), { maxLength: 8, size: "max" }), { maxLength: 6, size: "max" }),
      maxBatch,
      async (scheduler, callers, limit) => {
        const loaded: number[] = [];
        const load = memoize.batch(
          async (keys: readonly number[]) => {
            loaded.push(...keys);
            expect(keys.length).toBeLessThanOrEqual(limit);
            await scheduler.schedule(Promise.resolve(), `load ${keys.join()}`);
            return keys.map((key) => (key % 3 === 0 ? new Error(`no ${key}`) : `value ${key}`));
          },
          {
            maxBatch: limit,
            rememberErrors: Infinity,
            scheduleBatch: (dispatch) =>
              scheduler.schedule(Promise.resolve(), "dispatch").then(dispatch),
          },
        );
        const outcomes = callers.map(async (keys) => {
          const told: string[] = [];
          for (const key of keys) {
            await scheduler.schedule(Promise.resolve(), `call ${key}`);
            told.push(await load(key).catch((error: Error) => error.message));
          }
          return told;
        });
        await scheduler.waitFor(Promise.all(outcomes));

        for (const [at, keys] of callers.entries())
          expect(await outcomes[at]).toEqual(
            keys.map((key) => (key % 3 === 0 ? `no ${key}` : `value ${key}`)),
          );
        expect(loaded.toSorted((a, b) => a - b)).toEqual(
          [...new Set(callers.flat())].toSorted((a, b) => a - b),
        );
        expect(load.cache.stats()).toMatchObject({ inFlight: 0, entries: loaded.length });
      },
    ),
    { numRuns: tries(300, 100) },
  );
});
