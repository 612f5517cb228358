/**
 * What is in docs/design/0013-envelope.golden.txt, line by line. Plain JavaScript, so that
 * test/matrix/suite.mjs can read it under every Node.
 */

/** Epoch milliseconds, as everywhere; each line may have others. */
export const about = {
  createdAt: 1_700_000_000_000,
  expiresAt: 1_700_000_060_000,
  runTime: 12.5,
  tags: ["users"],
  argumentBytes: Uint8Array.of(1, 2, 3),
};

const shared = { id: 7 };
const cycle = { shared: [shared, shared] };
cycle.self = cycle;

function thrown(error, changes = {}) {
  return Object.assign(error, { stack: `${error.name}: ${error.message}\n    at here` }, changes);
}

const missing = thrown(new Error("no such file", { cause: thrown(new TypeError("why")) }), {
  code: "ENOENT",
  errno: -2,
});
const all = thrown(new AggregateError([missing, 7], "all failed"));

/** The name, the value, whether it was returned, encoded or thrown, and what is different about it. */
export const golden = [
  ["undefined", undefined, "result"],
  ["a number", 0.1, "result"],
  ["minus zero", -0, "result"],
  ["a big integer", -(2n ** 70n), "result"],
  ["latin text", "grün", "result"],
  ["other text", "\u{1f600} \ud800", "result"],
  [
    "a plain object",
    { b: 1, a: [true, false, null, undefined, 1.5, -7], ["__proto__"]: "x" },
    "result",
  ],
  [
    "arrays",
    // oxlint-disable-next-line no-sparse-arrays
    [[, 1, ,], Object.assign([1], { extra: 2 }), Object.assign([], { 1000: 1 })],
    "result",
  ],
  ["collections", new Map([[new Set([1, "a"]), { a: new Map() }]]), "result"],
  ["dates and expressions", [new Date(0), new Date(NaN), /a(?<b>c)/giu], "result"],
  ["boxes", [1, -0, "text", false, 5n].map(Object), "result"],
  ["sharing and a cycle", cycle, "result"],
  [
    "views",
    [
      Buffer.of(1, 2),
      ...[
        Int8Array,
        Uint8Array,
        Uint8ClampedArray,
        Int16Array,
        Uint16Array,
        Int32Array,
        Uint32Array,
        Float32Array,
        Float64Array,
      ].map((View) => View.of(1, 2)),
      BigInt64Array.of(1n),
      BigUint64Array.of(2n),
      new DataView(Uint8Array.of(7, 8, 9).buffer),
      Uint8Array.of(4, 5).buffer,
    ],
    "result",
  ],
  ["never expires, not measured", 1, "result", { expiresAt: Infinity, runTime: undefined }],
  ["no tags, no arguments", 1, "result", { tags: [], argumentBytes: new Uint8Array(0) }],
  ["odd tags", 1, "result", { tags: ["", "\ud800", "é\u{1f600}"] }],
  ["encoded", "text", "encoded"],
  ["a failure that is no error", { code: 404 }, "failure"],
  ["an error", missing, "failure"],
  ["errors in an error", all, "failure"],
];
