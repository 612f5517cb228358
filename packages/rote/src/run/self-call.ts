import type { Memo } from "../cache/memo.ts";
import { warnOnce } from "../development.ts";

/** Runs of a self-naming function that are watched for one memoized call inside. */
const WATCHED_RUNS = 5;

/** How many runs to watch: none unless the function's text calls its own name. */
export function selfCallWatch(name: string, source: string): number {
  if (name === "") return 0;
  const call = `${name}(`;
  let at = source.indexOf(call);
  // `function fib(n)` names it once without calling it. In a method, its bare name means something else.
  const header = /^(?:async\s+)?(function\s)?\s*$/.exec(source.slice(0, Math.max(at, 0)));
  if (at >= 0 && header !== null) at = header[1] === undefined ? -1 : source.indexOf(call, at + 1);
  // A name within a longer name, or a method of something else, is another name.
  while (at > 0 && /[\w$.]/.test(source[at - 1] as string)) at = source.indexOf(call, at + 1);
  return at < 0 ? 0 : WATCHED_RUNS;
}

/**
 * Of a function that calls itself by name, no memoized call was seen in several runs: it calls the
 * original, not what `memoize` returned. The text alone could not tell.
 *
 * @param before - Calls counted when the run began.
 */
export function warnAboutSelfCalls(memo: Memo, before: number): void {
  // The run itself is one of them.
  if (memo.whole.hits + memo.whole.runs - before > 1) {
    memo.whole.selfCallWatch = 0;
    return;
  }
  if (--memo.whole.selfCallWatch > 0) return;
  const { name } = memo.whole;
  warnOnce(
    "ROTE_SELF_CALL",
    `"${name}" calls itself by name, but none of those calls reached the memoized function: inside, "${name}" still means the original. ` +
      `Give the memoized function the name that the body calls: const ${name} = memoize((…) => … ${name}(…) …), ` +
      `or, for a function declaration in JavaScript, ${name} = memoize(${name}).`,
  );
}
