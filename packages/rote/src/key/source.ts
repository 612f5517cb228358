/** One look for everything; most functions have none of it. */
const anything = /\b(?:this|super|eval|catch|finally)\b|\[native code\]/;
const receiver = /\b(?:this|super|eval)\b/;
const handler = /(?:^|[^.\w$])(?:catch|finally)\b/;
const native = /\{\s*\[native code\]\s*\}\s*$/;

/**
 * What a function's text tells. It can see `this` if it contains `this`, `super` or `eval`, or is
 * native and not bound; it can catch errors if it contains `catch` or `finally` other than as a
 * method. A comment that says so counts, too: then more care is taken than needed.
 */
export function readSource(
  name: string,
  source: string,
): { readonly seesThis: boolean; readonly catches: boolean } {
  if (!anything.test(source)) return NOTHING;
  return {
    seesThis: receiver.test(source) || (native.test(source) && !name.startsWith("bound ")),
    catches: handler.test(source),
  };
}

const NOTHING = { seesThis: false, catches: false };
