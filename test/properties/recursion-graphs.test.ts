/**
 * Random dependency graphs: whatever a recursion looks like, and whatever its bodies do about errors, a memoized
 * function answers as the plain one would, within the 2 N bound.
 */
import fc from "fast-check";
import { memoize } from "rote";
import type { Memoized } from "rote";
import { expect, test } from "vitest";
import { afterwards, expectBound, under } from "../support/recursion.ts";
import { runs } from "../support/runs.ts";

type Mode =
  | "plain"
  | "swallow"
  | "rethrow"
  | "wrap"
  | "finally"
  | "retry"
  | "keep trying"
  | "helpers"
  | "fail";

interface Node {
  /** Which of the memoized functions computes it. */
  readonly by: number;
  /** Nodes with a smaller index, in the order in which they are asked for; repetitions occur. */
  readonly needs: readonly number[];
  readonly mode: Mode;
}

interface Graph {
  readonly nodes: readonly Node[];
  readonly limits: readonly number[];
  readonly starts: readonly number[];
}

function graphs(maxNodes: number, modes: readonly Mode[]): fc.Arbitrary<Graph> {
  return fc.integer({ min: 1, max: maxNodes }).chain((size) =>
    fc.record({
      limits: fc.oneof(
        fc.integer({ min: 2, max: 41 }).map((limit) => [limit]),
        fc.array(fc.integer({ min: 1, max: 41 }), { minLength: 2, maxLength: 4 }),
      ),
      starts: fc.array(fc.nat(size - 1), { minLength: 1, maxLength: 3 }),
      nodes: fc
        .array(
          fc.record({
            by: fc.nat(3),
            // A near one keeps the graph deep; the others make it any shape.
            near: fc.integer({ min: 0, max: 3 }),
            far: fc.array(fc.nat(maxNodes), { maxLength: 6 }),
            nearAt: fc.nat(6),
            mode: fc.constantFrom(...modes),
          }),
          { minLength: size, maxLength: size },
        )
        .map((drafts) =>
          drafts.map(({ by, near, far, nearAt, mode }, index): Node => {
            const needs = index === 0 ? [] : far.map((offset) => offset % index);
            if (near > 0 && index >= near) needs.splice(nearAt, 0, index - near);
            return { by, needs, mode };
          }),
        ),
    }),
  );
}

const MODULUS = 1_000_003;

/** What a node's body does, given a way to ask for another node. */
function evaluate(index: number, node: Node, ask: (index: number) => number): number {
  let sum = index + 1;
  const add = (value: number): void => {
    sum = (sum * 31 + value) % MODULUS;
  };
  switch (node.mode) {
    case "plain":
      for (const need of node.needs) add(ask(need));
      return sum;
    case "helpers":
      for (const value of node.needs.map((need) => under(5, () => ask(need)))) add(value);
      return sum;
    case "fail":
      for (const need of node.needs.slice(0, 1)) add(ask(need));
      throw new Error(`node ${index}`);
    case "swallow":
      for (const need of node.needs) {
        try {
          add(ask(need));
        } catch {
          add(7);
        }
      }
      return sum;
    case "rethrow":
      try {
        for (const need of node.needs) add(ask(need));
      } catch (error) {
        add(0);
        throw error;
      }
      return sum;
    case "wrap":
      try {
        for (const need of node.needs) add(ask(need));
      } catch (error) {
        throw new Error(`${index} < ${(error as Error).message}`, { cause: error });
      }
      return sum;
    case "finally":
      try {
        for (const need of node.needs) add(ask(need));
      } finally {
        sum++;
      }
      return sum;
    case "retry":
      for (const need of node.needs) {
        let value = 9;
        for (let attempt = 0; attempt < 2; attempt++) {
          try {
            value = ask(need);
            break;
          } catch {
            // Once more.
          }
        }
        add(value);
      }
      return sum;
    case "keep trying":
      for (const need of node.needs) {
        let value = 11;
        for (let attempt = 0; attempt < 12; attempt++) {
          try {
            value = ask(need);
            break;
          } catch {
            // Many more times.
          }
        }
        add(value);
      }
      return sum;
  }
}

type Outcome = { readonly value: number } | { readonly failure: string };

function outcomeOf(call: () => number): Outcome {
  try {
    return { value: call() };
  } catch (error) {
    return { failure: (error as Error).message };
  }
}

/** The plain function, each node evaluated once in ascending order. */
function expectedOutcomes({ nodes }: Graph): Outcome[] {
  const outcomes: Outcome[] = [];
  for (const [index, node] of nodes.entries()) {
    outcomes.push(
      outcomeOf(() =>
        evaluate(index, node, (need) => {
          const outcome = outcomes[need]!;
          if ("failure" in outcome) throw new Error(outcome.failure);
          return outcome.value;
        }),
      ),
    );
  }
  return outcomes;
}

function memoizedGraph({ nodes, limits }: Graph) {
  let bodies = 0;
  const functions: Memoized<(index: number) => number>[] = limits.map((depthLimit) =>
    memoize(
      (index: number): number => {
        bodies++;
        if (bodies > 1_000_000) throw new Error("it spins");
        return evaluate(index, nodes[index]!, ask);
      },
      { depthLimit },
    ),
  );
  const ask = (index: number): number => functions[nodes[index]!.by % functions.length]!(index);
  return { ask, functions, bodies: () => bodies };
}

function check(graph: Graph, bounded: boolean): void {
  const expected = expectedOutcomes(graph);
  const { ask, functions, bodies } = memoizedGraph(graph);
  for (const start of graph.starts) {
    expect(outcomeOf(() => ask(start))).toEqual(expected[start]);
  }
  for (const f of functions) {
    for (const [[index], value] of f.cache.entries()) expect({ value }).toEqual(expected[index]);
    expect(f.cache.stats().pinned).toBe(0);
  }
  if (bounded) expectBound(bodies(), ...functions);
}

test("random graphs are answered right in at most 2 N runs", () => {
  fc.assert(
    fc.property(graphs(60, ["plain", "plain", "helpers"]), (graph) => check(graph, true)),
    { numRuns: runs(2000) },
  );
  afterwards();
});

test("random graphs whose bodies catch, wrap and swallow stay within the bound", () => {
  const modes: Mode[] = ["plain", "swallow", "rethrow", "wrap", "finally", "helpers"];
  fc.assert(
    fc.property(graphs(60, modes), (graph) => check(graph, true)),
    { numRuns: runs(2000) },
  );
  afterwards();
});

test("random graphs whose bodies retry are answered right", () => {
  const modes: Mode[] = ["plain", "swallow", "retry", "keep trying"];
  fc.assert(
    fc.property(graphs(60, modes), (graph) => check(graph, false)),
    { numRuns: runs(1000) },
  );
  afterwards();
});

test("random graphs with failing nodes fail and recover where the plain function does", () => {
  const modes: Mode[] = [
    "plain",
    "plain",
    "swallow",
    "rethrow",
    "wrap",
    "finally",
    "retry",
    "keep trying",
    "helpers",
    "fail",
  ];
  fc.assert(
    fc.property(graphs(60, modes), (graph) => check(graph, false)),
    { numRuns: runs(2000) },
  );
  afterwards();
});

/** Nodes by index, as counterexamples name them; those in between are not asked for. */
function graphOf(limit: number, start: number, nodes: Record<number, [Mode, ...number[]]>): Graph {
  return {
    limits: [limit],
    starts: [start],
    nodes: Array.from({ length: start + 1 }, (_, index): Node => {
      const [mode, ...needs] = nodes[index] ?? ["plain"];
      return { by: 0, mode, needs };
    }),
  };
}

test("a pending call that stood where the next one comes to stand is no cycle (seed 1816254547)", () => {
  check(graphOf(1, 4, { 4: ["plain", 2], 2: ["plain", 1, 0] }), true);
});

test("two branches under one pending call stay within the bound (seed 1995689395)", () => {
  const nodes: Record<number, [Mode, ...number[]]> = {
    25: ["plain", 24],
    24: ["plain", 23, 21],
    23: ["plain", 6],
    21: ["plain", 20],
    20: ["plain", 0],
  };
  check(graphOf(2, 25, nodes), true);
});

test("what is run there and then does not wait for the calls being unwound (seed 1107373713)", () => {
  const nodes: Record<number, [Mode, ...number[]]> = {
    27: ["plain", 20],
    20: ["retry", 4, 17],
    4: ["keep trying", 2],
    2: ["plain", 0],
    17: ["retry", 14],
    14: ["keep trying", 13],
    13: ["plain", 11],
    11: ["plain", 10],
  };
  check(graphOf(4, 27, nodes), false);
});

test("a failure that is tried again and again stays that failure (seed 373551790)", () => {
  const nodes: Record<number, [Mode, ...number[]]> = {
    24: ["plain", 23, 9],
    23: ["plain", 18],
    18: ["keep trying", 9, 16, 9],
    16: ["fail"],
    9: ["plain", 2],
    2: ["fail"],
  };
  check(graphOf(2, 24, nodes), false);
});
