/**
 * Single flight under every order of events. Small stories (two to four callers of one or two keys,
 * and what else may happen meanwhile) are told in all interleavings to a memoized function and to a
 * naive model: which run each caller gets and what it comes to, how many runs there are, which are
 * aborted, what is remembered afterwards, and what the statistics say.
 */
import { isDeepStrictEqual } from "node:util";

import fc from "fast-check";
import { memoize } from "rote";
import { describe, expect, test } from "vitest";

import { deferred, drained, expectNoUnhandledRejections, hops, watch } from "../support/async.ts";
import {
  abort,
  type Bounds,
  call,
  clear,
  expected,
  interleavings,
  type Kind,
  Model,
  type Observation,
  pass,
  refresh,
  reject,
  remove,
  resolve,
  set,
  type Step,
  Subject,
  tell,
  withoutCauses,
} from "../support/flights.ts";
import { tries } from "../support/tries.ts";

expectNoUnhandledRejections();

interface Story {
  readonly name: string;
  readonly threads: readonly (readonly Step[])[];
  readonly bounds?: Bounds;
}

/** Without signals, so for functions of every kind. */
const plainStories: Story[] = [
  {
    name: "three callers of one key share a run that succeeds",
    threads: [[call("a")], [call("b")], [call("c")], [resolve(0)], [resolve(1)]],
  },
  {
    name: "three callers of one key share a run that fails, and who comes later starts another",
    threads: [[call("a")], [call("b")], [call("c")], [reject(0)], [resolve(1)]],
  },
  {
    name: "callers of two keys do not meet",
    threads: [[call("a", 1)], [call("b", 2)], [call("c", 1)], [resolve(0)], [reject(1)]],
  },
  {
    name: "a set during a flight wins over its late result",
    threads: [[call("a"), call("b")], [set()], [resolve(0)], [resolve(1)]],
  },
  {
    name: "a set during a flight wins over its late failure",
    threads: [[call("a"), call("b")], [set()], [reject(0)]],
  },
  {
    name: "a delete during a flight wins over its late result",
    threads: [[call("a"), call("b")], [remove()], [resolve(0)], [resolve(1)]],
  },
  {
    name: "a delete during a flight wins over its late failure",
    threads: [[call("a"), call("b")], [remove()], [reject(0)], [resolve(1)]],
  },
  {
    name: "a clear during flights wins over their late results",
    threads: [[call("a", 1)], [call("b", 2)], [clear], [resolve(0)], [resolve(1)], [call("c", 1)]],
  },
  {
    name: "waiters of a cleared flight get its result, new callers start a new one",
    threads: [[call("a"), clear, call("b")], [call("c")], [resolve(0)], [resolve(1)]],
  },
  {
    name: "two deletes make three flights of one key",
    threads: [
      [call("a"), remove(), call("b"), remove(), call("c")],
      [resolve(0)],
      [reject(1)],
      [resolve(2)],
    ],
  },
  {
    name: "set, delete and clear concern their own key alone",
    threads: [[call("a", 1), remove(1)], [call("b", 2), set(2)], [resolve(0)], [resolve(1)]],
  },
  {
    name: "a set and a delete in any order",
    threads: [[call("a"), call("b")], [set()], [remove()], [resolve(0)], [resolve(1)]],
  },
  {
    name: "a refresh during a flight starts a run of its own, whose promise becomes the entry",
    threads: [[call("a")], [refresh("b")], [call("c")], [resolve(0)], [resolve(1)]],
  },
  {
    name: "a refresh that fails",
    threads: [[call("a")], [refresh("b")], [call("c")], [resolve(0)], [reject(1)]],
  },
  {
    name: "two refreshes",
    threads: [[refresh("a")], [refresh("b")], [resolve(0)], [resolve(1)], [call("c")]],
  },
  {
    name: "a refresh and a delete",
    threads: [[call("a")], [refresh("b")], [remove()], [resolve(0)], [resolve(1)]],
  },
  {
    name: "a refresh and a set",
    threads: [[call("a")], [refresh("b")], [set()], [resolve(0)], [resolve(1)]],
  },
  {
    name: "the TTL counts from when the run settled",
    bounds: { ttl: 10 },
    threads: [[call("a"), call("b"), call("c")], [resolve(0)], [pass(9), pass(1)], [resolve(1)]],
  },
  {
    name: "expiry among clear and delete",
    bounds: { ttl: 10 },
    threads: [[call("a"), call("b")], [resolve(0)], [pass(10)], [remove()], [clear], [resolve(1)]],
  },
  {
    name: "the TTL of what was set counts from the set",
    bounds: { ttl: 10 },
    threads: [[call("a"), call("b")], [set()], [pass(6), pass(6)], [resolve(0)]],
  },
  {
    name: "one entry at most: the flight that settles last stays",
    bounds: { maxEntries: 1 },
    threads: [[call("a", 1)], [call("b", 2)], [resolve(0)], [resolve(1)], [call("c", 1)]],
  },
  {
    name: "one entry at most, and a set",
    bounds: { maxEntries: 1 },
    threads: [[call("a", 1), call("b", 1)], [set(2)], [resolve(0)], [resolve(1)]],
  },
  {
    name: "two entries at most among three keys",
    bounds: { maxEntries: 2 },
    threads: [
      [call("a", 1), call("d", 1)],
      [call("b", 2)],
      [call("c", 3)],
      [resolve(0), resolve(1), resolve(2)],
    ],
  },
  {
    name: "two entries at most, and failures, which take no place",
    bounds: { maxEntries: 2 },
    threads: [
      [call("a", 1), call("b", 2)],
      [call("c", 3), call("d", 1)],
      [resolve(0), resolve(2)],
      [reject(1)],
    ],
  },
  {
    name: "bound and TTL together",
    bounds: { maxEntries: 1, ttl: 10 },
    threads: [[call("a", 1)], [call("b", 2)], [resolve(0), resolve(1)], [pass(10)], [call("c", 1)]],
  },
  {
    name: "each caller's time runs from its own call; the run goes on and its result is kept",
    bounds: { timeout: 10 },
    threads: [[call("a")], [call("b")], [pass(6), pass(6)], [resolve(0)], [call("c")]],
  },
  {
    name: "a run that fails after its callers' time",
    bounds: { timeout: 10 },
    threads: [[call("a")], [call("b")], [pass(10)], [reject(0)], [resolve(1)]],
  },
  {
    name: "a caller's time runs on when the flight is cleared",
    bounds: { timeout: 10 },
    threads: [[call("a")], [clear], [call("b")], [pass(10)], [resolve(0)], [resolve(1)]],
  },
];

/** With a result that is stale when the story begins to branch: the first thread makes it. */
const fresh = [call("first"), resolve(0), pass(10)] as const;
const staleStories: Story[] = [
  {
    name: "two stale hits share one refresh, before and after its end",
    bounds: { ttl: 10, staleWhileRevalidate: 100 },
    threads: [[...fresh, call("a"), call("b")], [resolve(1)], [call("c")]],
  },
  {
    name: "a refresh that fails leaves the old result",
    bounds: { ttl: 10, staleWhileRevalidate: 100 },
    threads: [[...fresh, call("a"), call("b")], [reject(1)], [resolve(2)]],
  },
  {
    name: "a refresh overtaken by a set is dropped",
    bounds: { ttl: 10, staleWhileRevalidate: 100 },
    threads: [[...fresh, call("a"), call("b")], [resolve(1)], [set()]],
  },
  {
    name: "a refresh that fails and is overtaken by a set is dropped",
    bounds: { ttl: 10, staleWhileRevalidate: 100, staleIfError: 100 },
    threads: [[...fresh, call("a"), call("b")], [reject(1)], [set()]],
  },
  {
    name: "a refresh overtaken by a delete is dropped",
    bounds: { ttl: 10, staleWhileRevalidate: 100 },
    threads: [[...fresh, call("a"), call("b")], [resolve(1)], [remove()], [resolve(2)]],
  },
  {
    name: "a refresh overtaken by a clear is dropped",
    bounds: { ttl: 10, staleWhileRevalidate: 100, staleIfError: 200 },
    threads: [[...fresh, call("a"), call("b")], [reject(1)], [clear], [resolve(2)]],
  },
  {
    name: "a refresh that was asked for overtakes one in the background",
    bounds: { ttl: 10, staleWhileRevalidate: 100 },
    threads: [[...fresh, call("a")], [refresh("b")], [resolve(1)], [resolve(2)], [call("c")]],
  },
  {
    name: "after the window, calls join the refresh in flight",
    bounds: { ttl: 10, staleWhileRevalidate: 20 },
    threads: [[...fresh, call("a"), call("b")], [pass(20), call("c")], [resolve(1)]],
  },
  {
    name: "after the window, a refresh that fails fails those who have joined it",
    bounds: { ttl: 10, staleWhileRevalidate: 20 },
    threads: [[...fresh, call("a"), call("b")], [pass(20), call("c")], [reject(1)]],
  },
  {
    name: "after the window, a refresh in flight may be deleted",
    bounds: { ttl: 10, staleWhileRevalidate: 20 },
    threads: [[...fresh, call("a"), call("b")], [pass(20)], [remove()], [resolve(1)], [resolve(2)]],
  },
  {
    name: "callers wait for a run, and get the old result if it fails",
    bounds: { ttl: 10, staleIfError: 100 },
    threads: [[...fresh, call("a"), call("b")], [reject(1)], [call("c")], [resolve(2)]],
  },
  {
    name: "a failure is for callers once the old result has ended",
    bounds: { ttl: 10, staleIfError: 100 },
    threads: [[...fresh, call("a"), call("b")], [reject(1)], [pass(100)], [resolve(2)]],
  },
  {
    name: "after the pause the function is asked again",
    bounds: { ttl: 10, staleIfError: 5000 },
    threads: [[...fresh, call("a"), call("b")], [reject(1)], [pass(1000), call("c")], [reject(2)]],
  },
  {
    name: "a refresh that fails is for none but who asked for it",
    bounds: { ttl: 10, staleIfError: 100 },
    threads: [[...fresh, refresh("a"), call("b")], [reject(1)], [call("c")], [resolve(2)]],
  },
  {
    name: "past staleWhileRevalidate, those who have joined the refresh get the old result if it fails",
    bounds: { ttl: 10, staleWhileRevalidate: 20, staleIfError: 100 },
    threads: [[...fresh, call("a"), call("b")], [pass(20), call("c")], [reject(1)]],
  },
  {
    name: "who loses patience gets the old result as long as there is one",
    bounds: { ttl: 10, staleIfError: 30, timeout: 15 },
    threads: [[...fresh, call("a"), call("b")], [pass(15), pass(15)], [resolve(1)]],
  },
  {
    name: "who loses patience after a set or a delete gets ERR_TIMEOUT",
    bounds: { ttl: 10, staleIfError: 100, timeout: 15 },
    threads: [[...fresh, call("a")], [pass(15)], [remove()], [set()]],
  },
  {
    name: "an entry that has to go leaves its refresh in flight",
    bounds: { ttl: 10, staleWhileRevalidate: 100, maxEntries: 1 },
    threads: [[...fresh, call("a"), call("b", 1)], [call("c", 2)], [resolve(1)], [resolve(2)]],
  },
];

/** The same with callers that may leave. */
const staleSignalStories: Story[] = [
  {
    name: "the signal of a caller that has the old result is nothing to the refresh",
    bounds: { ttl: 10, staleWhileRevalidate: 100 },
    threads: [[...fresh, call("a", 1, "A"), abort("A")], [resolve(1)], [call("b")]],
  },
  {
    name: "a refresh is not aborted by those who have joined it",
    bounds: { ttl: 10, staleWhileRevalidate: 20, staleIfError: 100 },
    threads: [
      [...fresh, call("a", 1, "A"), pass(20), call("b", 1, "B")],
      [abort("A")],
      [abort("B")],
      [reject(1)],
    ],
  },
  {
    name: "where all have left a run, the old result is back",
    bounds: { ttl: 10, staleIfError: 100 },
    threads: [
      [...fresh, call("a", 1, "A"), abort("A")],
      [call("b", 1, "B"), abort("B")],
      [reject(1)],
      [resolve(2)],
    ],
  },
];

/** For functions that know signals. */
const signalStories: Story[] = [
  {
    name: "one caller's abort never rejects another",
    threads: [[call("a", 1, "A"), abort("A")], [call("b", 1, "B")], [call("c")], [resolve(0)]],
  },
  {
    name: "the run is aborted only when all have left, with the last reason",
    threads: [
      [call("a", 1, "A"), abort("A")],
      [call("b", 1, "B"), abort("B")],
      [resolve(0)],
      [resolve(1)],
    ],
  },
  {
    name: "three callers of whom all leave",
    threads: [
      [call("a", 1, "A"), abort("A")],
      [call("b", 1, "B"), abort("B")],
      [call("c", 1, "C"), abort("C")],
    ],
  },
  {
    name: "a caller without a signal keeps the run alive",
    threads: [[call("a", 1, "A"), abort("A")], [call("b")], [resolve(0)], [reject(1)]],
  },
  {
    name: "after all have left, a new caller starts a new run",
    threads: [
      [call("a", 1, "A"), abort("A"), call("b", 1, "B")],
      [resolve(0)],
      [resolve(1)],
      [call("c")],
    ],
  },
  {
    name: "a signal that fires before, during or after its calls",
    threads: [[abort("A")], [call("a", 1, "A")], [call("b", 1, "A")], [resolve(0)]],
  },
  {
    name: "one signal for several keys",
    threads: [[abort("A")], [call("a", 1, "A")], [call("b", 2, "A")], [call("c", 2)], [resolve(0)]],
  },
  {
    name: "a rejection among aborts",
    threads: [
      [call("a", 1, "A"), abort("A")],
      [call("b", 1, "B"), abort("B")],
      [reject(0)],
      [resolve(1)],
    ],
  },
  {
    name: "an abort and a delete",
    threads: [[call("a", 1, "A"), abort("A")], [remove()], [call("b")], [resolve(0)], [resolve(1)]],
  },
  {
    name: "an abort and a set",
    threads: [[call("a", 1, "A"), abort("A")], [set()], [call("b")], [resolve(0)], [resolve(1)]],
  },
  {
    name: "an abort and a refresh",
    threads: [[call("a", 1, "A"), abort("A")], [refresh("b")], [resolve(0)], [resolve(1)]],
  },
  {
    name: "an abort and the end of a TTL",
    bounds: { ttl: 10 },
    threads: [[call("a", 1, "A"), abort("A")], [pass(10)], [call("b")], [resolve(0)], [resolve(1)]],
  },
  {
    name: "an abort and a bound",
    bounds: { maxEntries: 1 },
    threads: [[call("a", 1, "A"), abort("A")], [call("b", 2)], [resolve(0)], [resolve(1)]],
  },
  {
    name: "a caller that timed out has not left: the run is not aborted",
    bounds: { timeout: 10 },
    threads: [[call("a")], [call("b", 1, "B"), abort("B")], [pass(10)], [resolve(0)]],
  },
];

function toldTo(kinds: readonly Kind[], stories: readonly Story[]): [Kind, string, Story][] {
  return stories.flatMap((story) =>
    kinds.map((kind): [Kind, string, Story] => [kind, story.name, story]),
  );
}

const stories = [
  ...toldTo(["async", "async: true", "returning a promise"], [...plainStories, ...staleStories]),
  ...toldTo(["async", "async: true"], [...signalStories, ...staleSignalStories]),
];

/**
 * A promise that was set is an entry once it is known to have settled, which takes a microtask: when
 * it takes its place in a bound is open if others settle meanwhile.
 */
const isSet = (step: Step | undefined, bounds: Bounds = { maxEntries: 1 }): boolean =>
  step?.do === "set" && bounds.maxEntries !== undefined;

describe.each(stories)("a function %s: %s", (kind, _name, { threads, bounds = {} }) => {
  const orders = interleavings(threads, bounds);

  test("in every order of its steps, step by step", async () => {
    expect(orders.length).toBeGreaterThan(1);
    for (const steps of orders) {
      const subject = new Subject(kind, bounds);
      const model = new Model(bounds);
      for (const [at, step] of steps.entries()) {
        subject.do(step);
        model.do(step);
        const inBetween = model.observe().stats;
        if (!isSet(step)) same(subject.glance(), inBetween, steps, at, "at once");
        await drained();
        model.drain();
        same(await subject.observe(), model.observe(), steps, at);
      }
      if (Object.values(model.observe().callers).every((outcome) => outcome !== "pending"))
        expect(subject.timers, story(steps, steps.length, "timers")).toBe(0);
    }
  });

  const simplified = (seen: Observation): Observation =>
    bounds.ttl === undefined ? seen : { ...seen, stats: withoutCauses(seen.stats) };

  test("in every order of its steps, with all or none of the microtasks in each gap", async () => {
    for (const steps of orders) {
      const gaps = steps.length - 1;
      // In long stories: microtasks nowhere, or in one place alone.
      const masks =
        2 ** gaps * orders.length <= 1000
          ? Array.from({ length: 2 ** gaps }, (_, mask) => mask)
          : [0, ...Array.from({ length: gaps }, (_, gap) => 1 << gap)];
      for (const mask of masks) {
        const isDrainedAfter = (at: number): boolean =>
          (mask & (1 << at)) !== 0 || isSet(steps[at]) || isSet(steps[at + 1], bounds);
        const seen = await tell(kind, bounds, steps, (at) => (isDrainedAfter(at) ? "all" : "none"));
        const wanted = expected(bounds, steps, isDrainedAfter);
        const gapsTold = `drained after ${mask.toString(2)}`;
        same(simplified(seen), simplified(wanted), steps, steps.length, gapsTold);
      }
    }
  });

  test("with a few microtasks after a run's end, what comes next is before or after it", async () => {
    for (const steps of orders) {
      for (const [gap, step] of steps.slice(0, -1).entries()) {
        if (step.do !== "resolve" && step.do !== "reject") continue;
        const after = simplified(expected(bounds, steps, () => true));
        const before = simplified(expected(bounds, steps, (at) => at !== gap));
        // In long stories some of them.
        const stride = orders.length > 100 ? 2 : 1;
        for (let count = 1; count <= 6; count += stride) {
          const seen = simplified(
            await tell(kind, bounds, steps, (at) => (at === gap ? count : "all")),
          );
          if (isBetween(seen, before, after)) continue;
          same(seen, after, steps, steps.length, `${count} microtasks after step ${gap + 1}`);
        }
      }
    }
  });
});

/**
 * Whether all is as before or as after, but for each caller: the entry is there a microtask before
 * those hear of it who wait.
 */
function isBetween(seen: Observation, before: Observation, after: Observation): boolean {
  const { callers, ...others } = seen;
  const isEither = ([who, outcome]: [string, string]): boolean =>
    outcome === before.callers[who] || outcome === after.callers[who];
  return (
    Object.entries(callers).every(isEither) &&
    [before, after].some(({ callers: _, ...wanted }) => isDeepStrictEqual(others, wanted))
  );
}

/** As `expect(seen).toEqual(wanted)`, which takes longer than the story. */
function same(
  seen: unknown,
  wanted: unknown,
  steps: readonly Step[],
  at: number,
  more?: string,
): void {
  if (!isDeepStrictEqual(seen, wanted)) expect(seen, story(steps, at, more)).toEqual(wanted);
}

function story(steps: readonly Step[], at: number, more = ""): string {
  const told = steps
    .slice(0, at + 1)
    .map((step) => Object.values(step).join(" "))
    .join(", ");
  return more === "" ? told : `${told} (${more})`;
}

/** Longer stories than can be told in every order. */
describe.each<[Kind, boolean]>([
  ["async", true],
  ["async: true", true],
  ["returning a promise", false],
])("a function %s", (kind, knowsSignals) => {
  const key = fc.constantFrom(1, 1, 2, 3);
  const signal = knowsSignals
    ? fc.constantFrom(undefined, undefined, "A", "B", "C", "D")
    : fc.constant(undefined);
  const step = (who: number): fc.Arbitrary<Step> =>
    fc.oneof(
      { weight: 6, arbitrary: fc.tuple(key, signal).map(([k, s]) => call(`caller ${who}`, k, s)) },
      { weight: 3, arbitrary: fc.nat(9).map(resolve) },
      { weight: 2, arbitrary: fc.nat(9).map(reject) },
      { weight: 2, arbitrary: fc.constantFrom("A", "B", "C", "D").map(abort) },
      { weight: 1, arbitrary: key.map(remove) },
      { weight: 1, arbitrary: key.map(set) },
      { weight: 1, arbitrary: key.map((k) => refresh(`caller ${who}`, k)) },
      { weight: 1, arbitrary: fc.constant(clear) },
      { weight: 2, arbitrary: fc.nat(8).map(pass) },
      { weight: 1, arbitrary: fc.constantFrom(1, 1000).map(pass) },
    );
  const steps = fc
    .array(fc.nat(), { minLength: 1, maxLength: 40 })
    .chain((list) => fc.tuple(...list.map((_, at) => fc.tuple(step(at), fc.boolean()))));
  const bounds = fc.record(
    { ttl: fc.constantFrom(1, 10), maxEntries: fc.constantFrom(1, 2), timeout: fc.constant(10) },
    { requiredKeys: [] },
  );
  const windows = fc.record(
    {
      ttl: fc.constantFrom(1, 5),
      staleWhileRevalidate: fc.constantFrom(0, 5, 20, 2000),
      staleIfError: fc.constantFrom(0, 5, 20, 2000),
      maxEntries: fc.constantFrom(1, 2),
      timeout: fc.constant(10),
    },
    { requiredKeys: ["ttl", "staleWhileRevalidate", "staleIfError"] },
  );

  test.each([
    ["without stale results", bounds],
    ["with stale results", windows],
  ])("behaves as the model in long stories %s, whatever the gaps", async (_, limitsOf) => {
    await fc.assert(
      fc.asyncProperty(steps, limitsOf as fc.Arbitrary<Bounds>, async (told, limits) => {
        const model = new Model(limits);
        const subject = new Subject(kind, limits);
        for (const [next, isDrained] of told) {
          if (!model.canDo(next)) continue;
          if (isSet(next, limits)) {
            await drained();
            model.drain();
          }
          subject.do(next);
          model.do(next);
          if (isDrained || isSet(next)) {
            await drained();
            model.drain();
          }
          expect(withoutCauses(subject.glance())).toEqual(withoutCauses(model.observe().stats));
        }
        await drained();
        model.drain();
        const { stats: seen, ...others } = await subject.observe();
        const { stats: wanted, ...othersWanted } = model.observe();
        expect(others).toEqual(othersWanted);
        // Of an entry that has expired and has to make room at once, either may be said.
        const isOpen = limits.ttl !== undefined && limits.maxEntries !== undefined;
        if (isOpen) expect(withoutCauses(seen)).toEqual(withoutCauses(wanted));
        else expect(seen).toEqual(wanted);
      }),
      { numRuns: tries(400, 200) },
    );
  });
});

describe("waiters that try again in their catch", () => {
  test.each([2, 3, 10, 100])(
    "start exactly one new run between the %i of them, however often it fails",
    async (waiters) => {
      let runs = 0;
      const failures = 5;
      const load = memoize(async (_key: number): Promise<number> => {
        runs++;
        await null;
        if (runs <= failures) throw new Error("not yet");
        return runs;
      });
      const persistent = async (): Promise<number> => {
        for (let attempt = 0; attempt < 2 * failures; attempt++) {
          try {
            return await load(1);
          } catch {
            // Again.
          }
        }
        throw new Error("the same failure over and over");
      };
      const all = watch(Promise.all(Array.from({ length: waiters }, persistent)));
      await drained();
      expect(all.outcome).toEqual({
        state: "fulfilled",
        value: Array.from({ length: waiters }, () => failures + 1),
      });
      expect(load.cache.stats()).toMatchObject({
        runs: failures + 1,
        misses: failures + 1,
        coalesced: (failures + 1) * (waiters - 1),
        hits: (failures + 1) * (waiters - 1),
        entries: 1,
        inFlight: 0,
      });
    },
  );

  const ways: [string, (promise: Promise<number>, again: () => void) => void][] = [
    ["catch", (promise, again) => void promise.catch(again)],
    ["then", (promise, again) => void promise.then(null, again)],
    ["finally", (promise, again) => void promise.finally(again).catch(() => undefined)],
    [
      "await",
      (promise, again) =>
        void (async () => {
          try {
            await promise;
          } catch {
            again();
          }
        })(),
    ],
    [
      "Promise.allSettled",
      (promise, again) => void Promise.allSettled([promise]).then(() => again()),
    ],
  ];
  test.each(ways)("never meet the run that has failed (%s)", async (_way, whenFailed) => {
    const ends = [deferred<number>(), deferred<number>()];
    let runs = 0;
    const load = memoize(async (_key: number) => ends[runs++]?.promise as Promise<number>);
    const seen: unknown[] = [];
    for (let waiter = 0; waiter < 3; waiter++) {
      whenFailed(load(1), () => {
        seen.push(load.cache.has(1) === seen.length > 0, watch(load(1)));
      });
    }
    ends[0]?.reject(new Error("first"));
    await drained();
    expect(runs).toBe(2);
    ends[1]?.resolve(2);
    await drained();
    const second = { outcome: { state: "fulfilled", value: 2 } };
    expect(seen).toEqual([true, second, true, second, true, second]);
  });

  test("also when the rejection is handled in the very turn of the call", async () => {
    let runs = 0;
    const load = memoize((_key: number): Promise<number> => {
      runs++;
      return runs === 1 ? Promise.reject(new Error("first")) : Promise.resolve(runs);
    });
    const results = await Promise.all(
      Array.from({ length: 4 }, () => load(1).catch(() => load(1))),
    );
    expect(results).toEqual([2, 2, 2, 2]);
    expect(runs).toBe(2);
  });
});

describe("the very same promise", () => {
  test("is what callers without signal and timeout get, from the first call to the last hit", async () => {
    const end = deferred<number>();
    const load = memoize(async (_key: number) => end.promise);
    const first = load(1);
    expect(load(1)).toBe(first);
    expect(load.cache.peek(1)).toBe(first);
    end.resolve(1);
    await drained();
    expect(load(1)).toBe(first);
    expect(load.cache.peek(1)).toBe(first);
    expect([...load.cache.entries()]).toEqual([[[1], first]]);
    expect([...load.cache.entries()][0]?.[1]).toBe(first);
  });

  test("is not disturbed by callers with a signal that leave", async () => {
    const end = deferred<number>();
    const load = memoize(async (_key: number, _signal?: AbortSignal) => end.promise);
    const first = load(1);
    const controller = new AbortController();
    const other = watch(load(1, controller.signal));
    controller.abort("bored");
    expect(load(1)).toBe(first);
    end.resolve(1);
    await expect(first).resolves.toBe(1);
    expect(other.outcome).toEqual({ state: "rejected", reason: "bored" });
  });

  test("is a promise like any other", async () => {
    const load = memoize(async (key: number) => key);
    const promise = load(1);
    expect(promise).toBeInstanceOf(Promise);
    expect(promise.constructor).toBe(Promise);
    expect(Object.getPrototypeOf(promise)).toBe(Promise.prototype);
    // What Node 20 puts on every promise once there is an AsyncLocalStorage has symbols for names.
    expect(Object.getOwnPropertyNames(promise)).toEqual([]);
    await promise;
  });
});

test("a flight is seen by peek, has and explain, but not by size and entries", async () => {
  let now = 1000;
  const end = deferred<number>();
  const load = memoize(async (_key: number) => end.promise, { clock: () => now, ttl: 50 });
  const promise = load(1);
  now = 1007;
  expect(load.cache.has(1)).toBe(true);
  expect(load.cache.peek(1)).toBe(promise);
  expect(load.cache.size).toBe(0);
  expect([...load.cache.entries()]).toEqual([]);
  expect(load.cache.stats()).toMatchObject({ entries: 0, inFlight: 1 });
  const waiting = load.cache.explain(1);
  expect(waiting).toMatchObject({ outcome: "wait", reason: "in flight", duration: 7 });
  expect(Object.values(waiting)).toContain(1000);
  end.resolve(1);
  await drained();
  expect(load.cache.size).toBe(1);
  expect([...load.cache.entries()].map(([args]) => args)).toEqual([[1]]);
  expect(load.cache.stats()).toMatchObject({ entries: 1, inFlight: 0 });
  expect(load.cache.explain(1)).toMatchObject({
    outcome: "hit",
    reason: "fresh",
    freshUntil: 1057,
  });
});

test("events tell the same story: a miss, a run or an error once settled, a hit for each that joins", async () => {
  const told: string[] = [];
  const ends = [deferred<number>(), deferred<number>()];
  let runs = 0;
  const load = memoize(async (_key: number) => ends[runs++]?.promise as Promise<number>);
  for (const type of ["hit", "miss", "run", "error", "remove"] as const) {
    load.cache.on(type, (event) => {
      told.push(`${event.type} ${String(event.args?.[0])}`);
    });
  }
  const first = watch(load(1));
  const second = watch(load(1));
  expect(told).toEqual(["miss 1", "hit 1"]);
  ends[0]?.reject(new Error("first"));
  await drained();
  expect(told.splice(0)).toEqual(["miss 1", "hit 1", "error 1"]);
  watch(load(1));
  ends[1]?.resolve(5);
  await drained();
  load.cache.delete(1);
  expect(told).toEqual(["miss 1", "run 1", "remove 1"]);
  expect([first, second].map(({ outcome }) => outcome.state)).toEqual(["rejected", "rejected"]);
});

test("a listener of a rejected run's error sees it gone", async () => {
  const seen: boolean[] = [];
  const load = memoize(async (_key: number): Promise<number> => {
    await null;
    throw new Error("no");
  });
  load.cache.on("error", () => {
    seen.push(load.cache.has(1));
  });
  watch(load(1));
  await hops(20);
  expect(seen).toEqual([false]);
});
