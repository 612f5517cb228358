/** A chain of the depth given on the command line; prints the answer. */
import { memoize } from "../../packages/rote/src/index.ts";

const depth = Number(process.argv[2]);
const count = memoize((n: number): number => (n === 0 ? 0 : count(n - 1) + 1));
console.log(count(depth));
