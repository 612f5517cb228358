/** Events on channels, whoever comes and goes: beside a model of who listens to what. */
import { subscribe, unsubscribe } from "node:diagnostics_channel";

import fc from "fast-check";
import { expect, test } from "vitest";

import { memoize } from "rote";
import type { Memoized } from "rote";
import { publishEvents } from "rote/metrics";

import { wholeOf } from "../../packages/rote/src/memoized.ts";
import { stack } from "../../packages/rote/src/run/stack.ts";
import { FakeTime } from "../support/async.ts";
import { runs } from "../support/runs.ts";

const types = ["hit", "miss", "run", "remove", "error"] as const;
type Type = (typeof types)[number];

const step = fc.oneof(
  fc.record({ does: fc.constant("subscribe" as const), type: fc.constantFrom(...types) }),
  fc.record({ does: fc.constant("unsubscribe" as const), type: fc.constantFrom(...types) }),
  fc.record({ does: fc.constant("publish" as const) }),
  fc.record({ does: fc.constant("stop" as const), index: fc.nat(2) }),
  fc.record({ does: fc.constant("memoize" as const), isBounded: fc.boolean() }),
  fc.record({
    does: fc.constantFrom("call" as const, "delete" as const),
    index: fc.nat(3),
    // Below 0, the function throws.
    n: fc.integer({ min: -1, max: 2 }),
  }),
  fc.record({ does: fc.constant("wait" as const) }),
);

interface Modelled {
  readonly fn: Memoized<(n: number) => number>;
  readonly name: string;
  readonly known: Set<number>;
  listening: Set<Type>;
}

/** Has no subscribers itself, and knows when rote looks for some. */
class Model {
  readonly subscribed = new Set<Type>();
  readonly functions: Modelled[] = [];
  publishers = 0;
  told: string[] = [];

  get wanted(): Set<Type> {
    return new Set(this.publishers > 0 ? this.subscribed : []);
  }

  lookAtAll(): void {
    for (const each of this.functions) each.listening = this.wanted;
  }

  happens(modelled: Modelled, type: Type): void {
    if (!modelled.listening.has(type)) return;
    if (this.wanted.has(type)) this.told.push(`${modelled.name} ${type}`);
    else modelled.listening = this.wanted;
  }

  call(modelled: Modelled, n: number): void {
    if (modelled.known.has(n)) {
      this.happens(modelled, "hit");
      return;
    }
    this.happens(modelled, "miss");
    if (n < 0) this.happens(modelled, "error");
    else {
      modelled.known.add(n);
      this.happens(modelled, "run");
    }
  }

  delete(modelled: Modelled, n: number): void {
    if (modelled.known.delete(n)) this.happens(modelled, "remove");
  }
}

test("each event is published once to who has subscribed, and nobody else is listened to", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 80 }), async (steps) => {
      // Of one turn, 64 functions can be found.
      await null;
      const model = new Model();
      const time = new FakeTime();
      const stops: (() => void)[] = [];
      let told: string[] = [];
      const subscribers = Object.fromEntries(
        types.map((type) => [
          type,
          (message: unknown) => {
            const event = message as { name: string; type: Type };
            expect(event.type).toBe(type);
            told.push(`${event.name} ${type}`);
          },
        ]),
      ) as Record<Type, (message: unknown) => void>;
      try {
        for (const each of steps) {
          told = [];
          model.told = [];
          if (each.does === "subscribe" && !model.subscribed.has(each.type)) {
            model.subscribed.add(each.type);
            subscribe(`rote:${each.type}`, subscribers[each.type]);
          } else if (each.does === "unsubscribe" && model.subscribed.delete(each.type)) {
            unsubscribe(`rote:${each.type}`, subscribers[each.type]);
          } else if (each.does === "publish" && stops.length < 3) {
            stops.push(publishEvents({ interval: 1, schedule: time.schedule }));
            model.publishers++;
            model.lookAtAll();
          } else if (each.does === "stop" && each.index < stops.length) {
            stops.splice(each.index, 1)[0]?.();
            if (--model.publishers === 0) model.lookAtAll();
          } else if (each.does === "memoize" && model.functions.length < 4) {
            const name = `f${model.functions.length}`;
            const identity = (n: number): number => {
              if (n < 0) throw new RangeError("below 0");
              return n;
            };
            const fn = memoize(identity, each.isBounded ? { name, maxEntries: 9 } : { name });
            model.functions.push({ fn, name, known: new Set(), listening: model.wanted });
          } else if (each.does === "wait") {
            time.pass(1);
            if (model.publishers > 0) model.lookAtAll();
          } else if (each.does === "call" || each.does === "delete") {
            const modelled = model.functions[each.index];
            if (modelled === undefined) continue;
            model[each.does](modelled, each.n);
            if (each.does === "delete") modelled.fn.cache.delete(each.n);
            else if (each.n < 0) expect(() => modelled.fn(each.n)).toThrow(RangeError);
            else expect(modelled.fn(each.n)).toBe(each.n);
          }
          expect(told).toEqual(model.told);
          expect(time.timers).toBe(model.publishers);
          for (const { fn, listening } of model.functions) {
            const whole = wholeOf(fn);
            const found = types.filter((type) => whole?.listeners?.has(type) === true);
            expect(found).toEqual(types.filter((type) => listening.has(type)));
            expect(whole?.memo.epoch === stack.epoch).toBe(listening.size === 0);
          }
        }
      } finally {
        for (const stop of stops) stop();
        for (const type of model.subscribed) unsubscribe(`rote:${type}`, subscribers[type]);
      }
    }),
    { numRuns: runs(300) },
  );
});
