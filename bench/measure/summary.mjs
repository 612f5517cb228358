/** Medians and spreads of samples; a missing sample (a peer sits out a round) is undefined. */
export function summarize(samples) {
  const sorted = samples.filter((sample) => sample !== undefined).sort((a, b) => a - b);
  if (sorted.length === 0) return undefined;
  return {
    median: quantile(sorted, 0.5),
    low: quantile(sorted, 0.25),
    high: quantile(sorted, 0.75),
  };
}

/** Ratios are taken within a round, where both sides met the machine in the same mood. */
export const ratios = (samples, floor) =>
  samples.map((sample, round) =>
    sample === undefined || floor[round] === undefined ? undefined : sample / floor[round],
  );

function quantile(sorted, share) {
  const at = (sorted.length - 1) * share;
  const [below, above] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  return below + (above - below) * (at - Math.floor(at));
}
