/**
 * The rows, in the order of the table. A row is one question about speed:
 *
 *   id, title
 *   measures      "hit", "miss", "bounded" (hits and misses of a full cache), "cold" (create and call)
 *                 or "heap" (bytes an entry)
 *   modes         both, unless it says otherwise
 *   shape         what the contenders are told about the function (contenders/index.mjs)
 *   floor         { name, make, peers }: the memo written by hand, and which arguments its nine
 *                 companions of the mixed mode get (measure/companions.mjs); one that needs a package
 *                 has `load` instead of `make`, so that other processes do not load it, and `packageName`
 *   fn, inputs    the function, and a maker of its arguments: equal, and fresh where they can be
 *   pass(f, inputs)       one call for each input, at a call site of its own; the sum of the results
 *   runs          how many runs the inputs are worth
 *   calls, hitRatio       bounded rows, instead of runs: the calls of a pass, and the share of hits that
 *                 rote has to have in the first two, { least, most }
 *   unit(wrap)    cold rows, instead of pass: create, call, return the answer
 *   differ        [what is confused, arguments, other arguments]: calls that must not share an entry
 *   reach, aim    bars: { isolated, mixed }, as ratios to the floor, or bytes for "heap"; a mode may have none
 */
import { bounds } from "./bounds.mjs";
import { content } from "./content.mjs";
import { freshness } from "./freshness.mjs";
import { growth } from "./growth.mjs";
import { identity } from "./identity.mjs";
import { primitive } from "./primitive.mjs";
import { recursion } from "./recursion.mjs";
import { several } from "./several.mjs";

const all = [
  ...primitive,
  ...identity,
  ...several,
  ...content,
  ...growth,
  ...bounds,
  ...freshness,
  ...recursion,
];

const order = [
  "integer",
  "string",
  "fraction",
  "object",
  "integers",
  "primitives",
  "objects",
  "fresh",
  "nested",
  "rest",
  "miss",
  "heap",
  "bounded-hit-1000",
  "bounded-hit-10000",
  "bounded-miss-1000",
  "bounded-miss-10000",
  "bounded-zipf",
  "ttl-hit-integer",
  "ttl-hit-string",
  "ttl-hit-bounded",
  "stale-hit",
  "fib-36",
  "fib-90",
  "fib-1400",
  "edit-distance",
  "chain",
];

export const rows = order.map((id) => all.find((row) => row.id === id));
