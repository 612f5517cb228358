/**
 * node scripts/setup.mjs bench/watching.mjs [--rounds 7]
 *
 * What being watched through `rote/metrics` costs a call, and what a collection of metrics takes. Every
 * figure comes from a process of its own, the states taking turns. Prints a table.
 */
import { channel, subscribe, unsubscribe } from "node:diagnostics_channel";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { memoize, snapshot } from "rote";
import { observeMetrics, publishEvents } from "rote/metrics";

import { timePass } from "./measure/batches.mjs";
import { runWorker } from "./measure/process.mjs";
import { ratios, summarize } from "./measure/summary.mjs";

const types = ["hit", "miss", "run", "remove", "error"];
const CALLS = 1000;

let told = 0;
const subscriber = () => {
  told++;
};
const subscribeToAll = () => types.forEach((type) => subscribe(`rote:${type}`, subscriber));

/** A meter that takes what it is told. */
const sink = () => {
  const callbacks = [];
  return {
    createObservableCounter: (name) => ({ name }),
    createObservableUpDownCounter: (name) => ({ name }),
    addBatchObservableCallback: (callback) => callbacks.push(callback),
    removeBatchObservableCallback: () => {},
    collect: () => callbacks.forEach((callback) => callback({ observe: subscriber })),
  };
};

/** What is done before and after functions are memoized. */
const states = {
  alone: {},
  observed: { before: () => void observeMetrics(sink()) },
  published: { before: () => void publishEvents() },
  subscribed: {
    before: () => {
      subscribeToAll();
      publishEvents();
    },
  },
  left: {
    before: () => {
      subscribeToAll();
      publishEvents({ interval: 1 });
    },
    after: async (fns) => {
      for (const fn of fns) for (let i = 0; i < 3 * CALLS; i++) fn(i % CALLS);
      types.forEach((type) => unsubscribe(`rote:${type}`, subscriber));
      await new Promise((resolve) => setTimeout(resolve, 50));
      if (told === 0) throw new Error("nothing was told");
    },
  },
  // What it would cost to listen always, and to ask for subscribers at each event.
  asking: {
    after: (fns) => {
      for (const fn of fns) {
        for (const type of types) {
          const own = channel(`rote:${type}`);
          fn.cache.on(type, (event) => {
            if (own.hasSubscribers) own.publish(event);
          });
        }
      }
    },
  },
};

const rows = {
  hit: () => {
    const fn = memoize((n) => n + 1);
    for (let i = 0; i < CALLS; i++) fn(i);
    let sum = 0;
    return {
      fns: [fn],
      pass: () => {
        for (let i = 0; i < CALLS; i++) sum += fn(i);
        if (sum < 0) throw new Error("wrong");
      },
    };
  },
  miss: () => {
    const fn = memoize((n) => n + 1, { maxEntries: CALLS });
    let next = 0;
    return {
      fns: [fn],
      pass: () => {
        for (let i = 0; i < CALLS; i++) if (fn(next) !== ++next) throw new Error("wrong");
      },
    };
  },
};

const [row, state] = process.argv.slice(2);
if (row in rows || row === "collect") {
  process.stdout.write(`${JSON.stringify({ value: await time() })}\n`);
  process.exit();
}

async function time() {
  const { before, after } = states[state] ?? {};
  before?.();
  if (row === "collect") {
    const meter = sink();
    observeMetrics(meter);
    const fns = [];
    for (let i = 0; i < Number(state); i++) {
      fns.push(memoize((n) => n, { name: `f${i}` }));
      fns[i](1);
      // Not more of one turn can be found.
      if (i % 64 === 63) await Promise.resolve();
    }
    if (snapshot().length !== fns.length) throw new Error("not all are found");
    return timePass(() => meter.collect(), { warmUpMs: 200 }) / 1000;
  }
  const { fns, pass } = rows[row]();
  await after?.(fns);
  return timePass(pass, { warmUpMs: 300 }) / CALLS;
}

const { values: options } = parseArgs({ options: { rounds: { type: "string", default: "7" } } });
const worker = fileURLToPath(import.meta.url);
const sample = async (...args) => {
  const { value, failure } = await runWorker(worker, args);
  if (failure !== undefined) throw new Error(`${args.join(" ")}: ${failure}`);
  return value;
};

for (const name of Object.keys(rows)) {
  const samples = Object.fromEntries(Object.keys(states).map((each) => [each, []]));
  for (let round = 0; round < Number(options.rounds); round++)
    for (const each of Object.keys(states)) samples[each].push(await sample(name, each));
  for (const [each, list] of Object.entries(samples)) {
    const { median } = summarize(list);
    const ratio = summarize(ratios(list, samples.alone));
    console.log(
      `${name.padEnd(8)}${each.padEnd(12)}${median.toFixed(1).padStart(8)} ns   ${ratio.median.toFixed(2)} × (${ratio.low.toFixed(2)}–${ratio.high.toFixed(2)})`,
    );
  }
}
for (const count of [1, 100, 1000]) {
  const list = [];
  for (let round = 0; round < 3; round++) list.push(await sample("collect", String(count)));
  console.log(
    `collect ${String(count).padEnd(5)} functions ${summarize(list).median.toFixed(1).padStart(8)} µs`,
  );
}
