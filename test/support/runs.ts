/**
 * How often a property is tried: `quick` times in `npm test`, `ROTE_RUNS` times in `npm run nightly`.
 */
export function runs(quick: number): number {
  const wanted = process.env["ROTE_RUNS"];
  if (wanted === undefined || wanted === "") return quick;
  const count = Number(wanted);
  if (!Number.isInteger(count) || count < 1) {
    throw new Error(`ROTE_RUNS must be an integer above 0; received "${wanted}".`);
  }
  return count;
}
