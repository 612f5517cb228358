const sees = /\b(?:this|super|eval)\b/;
const isNative = /\{\s*\[native code\]\s*\}\s*$/;

/**
 * Whether a function can see `this`: its text contains `this`, `super` or `eval`, or it is native
 * and not bound. A comment that says "this" counts, too: then the key has one element more than it
 * needs, and results are still right.
 */
export function seesReceiver(name: string, source: string): boolean {
  return sees.test(source) || (isNative.test(source) && !name.startsWith("bound "));
}
