/**
 * Draws ranks from 0 with a probability in proportion to 1 / (rank + 1) ** exponent: from the table of
 * cumulated weights, so that it is exact.
 */
export function createZipf(count, exponent, random) {
  const cumulated = new Float64Array(count);
  let sum = 0;
  for (let rank = 0; rank < count; rank++) {
    sum += 1 / (rank + 1) ** exponent;
    cumulated[rank] = sum;
  }
  return () => {
    const wanted = random() * sum;
    let low = 0;
    let high = count - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (cumulated[middle] > wanted) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}
