/**
 * The rows of the async bench. `make(wrap)` returns a pass: a function that returns a promise of the
 * answer, the same at every pass.
 *
 *   calls         of a pass, by which its time is divided
 *   runs          of all functions in the first two passes, if they are memoized
 */
import { shuffled } from "../rows/shuffle.mjs";

const CALLS = 1000;
const keys = shuffled(CALLS);
const settled = keys.map((key) => Promise.resolve(key));

export const rows = [
  {
    id: "hit",
    title: "a settled hit",
    calls: CALLS,
    runs: CALLS,
    make(wrap) {
      const f = wrap(async (n) => n + 1);
      return async () => {
        let sum = 0;
        for (let i = 0; i < CALLS; i++) sum += await f(keys[i]);
        return sum;
      };
    },
  },
  {
    id: "join",
    title: "a call that joins a flight",
    calls: CALLS,
    runs: 2,
    make(wrap) {
      let gate;
      let key = 0;
      const f = wrap(async (n) => {
        await gate;
        return n + 1;
      });
      return async () => {
        let open;
        gate = new Promise((resolve) => (open = resolve));
        key++;
        const calls = [];
        for (let i = 0; i < CALLS; i++) calls.push(f(key));
        open();
        let sum = 0;
        for (const value of await Promise.all(calls)) sum += value - key;
        return sum;
      };
    },
  },
  {
    id: "miss",
    title: "a miss",
    calls: CALLS,
    runs: 2 * CALLS,
    make: (wrap) => async () => {
      const f = wrap(async (n) => n + 1);
      let sum = 0;
      for (let i = 0; i < CALLS; i++) sum += await f(keys[i]);
      return sum;
    },
  },
  {
    id: "nested-miss",
    title: "a miss that awaits a miss of another function",
    calls: CALLS,
    runs: 4 * CALLS,
    make: (wrap) => async () => {
      const inner = wrap(async (n) => n + 1);
      const outer = wrap(async (n) => (await inner(n)) + 1);
      let sum = 0;
      for (let i = 0; i < CALLS; i++) sum += await outer(keys[i]);
      return sum;
    },
  },
  {
    id: "nested-hit",
    title: "a miss that awaits a settled hit of another function",
    calls: CALLS,
    runs: 3 * CALLS,
    make(wrap) {
      const inner = wrap(async (n) => n + 1);
      return async () => {
        const outer = wrap(async (n) => (await inner(n)) + 1);
        let sum = 0;
        for (let i = 0; i < CALLS; i++) sum += await outer(keys[i]);
        return sum;
      };
    },
  },
];

/** Awaits that have nothing to do with a memoized function: what do they cost once there has been one? */
export const loops = {
  "a settled promise": {
    calls: CALLS,
    async pass() {
      let sum = 0;
      for (let i = 0; i < CALLS; i++) sum += await settled[i];
      return sum;
    },
  },
  "an async function": {
    calls: CALLS,
    async pass() {
      let sum = 0;
      for (let i = 0; i < CALLS; i++) sum += await step(keys[i]);
      return sum;
    },
  },
  "a turn of the event loop": {
    calls: 100,
    async pass() {
      let sum = 0;
      for (let i = 0; i < 100; i++) sum += await turn(keys[i]);
      return sum;
    },
  },
};

const step = async (n) => n + 1;
const turn = async (n) => {
  await new Promise((resolve) => setImmediate(resolve));
  return n + 1;
};
