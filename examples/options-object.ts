/**
 * A function that takes an options object, called with a fresh one each time, as one does. Arguments are
 * compared by their contents, whatever the order of the keys: equal options share one run.
 *
 * Alone:     node examples/options-object.ts
 * Compared:  npx rote compare examples/options-object.ts countPrimes '{"below":200000,"ending":{"digits":[1,7]}}'
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { memoize } from "rote";

export interface PrimeOptions {
  readonly below: number;
  /** Count only primes whose last digit is one of these. */
  readonly ending?: { readonly digits: readonly number[] };
}

export const countPrimes = memoize(({ below, ending }: PrimeOptions): number => {
  const isComposite = new Uint8Array(below);
  let count = 0;
  for (let n = 2; n < below; n += 1) {
    if (isComposite[n]) continue;
    for (let multiple = n * n; multiple < below; multiple += n) isComposite[multiple] = 1;
    if (ending === undefined || ending.digits.includes(n % 10)) count += 1;
  }
  return count;
});

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const first = countPrimes({ below: 100_000, ending: { digits: [1, 7] } });
  const again = countPrimes({ ending: { digits: [1, 7] }, below: 100_000 });
  const other = countPrimes({ below: 100_000, ending: { digits: [7, 1] } });
  console.log(`${first} primes below 100 000 end in 1 or 7`);
  assert.equal(again, first);
  assert.equal(other, first);

  const { hits, runs } = countPrimes.cache.stats();
  console.log(
    `3 calls: ${runs} runs and ${hits} hit (the order of the digits is content, that of the keys is not)`,
  );
  assert.equal(hits, 1);
  assert.equal(runs, 2);
}
