import { rebuild } from "../key/rebuild.ts";
import type { Key } from "../key/trie.ts";
import type { Memo } from "./memo.ts";

/** The arguments of a call again, from its key; with a `key` function, the one thing that it gave. */
export function argumentsOf(memo: Memo, key: Key): unknown[] {
  const elements = rebuild(key);
  if (memo.hasReceiver) elements.shift();
  return elements;
}
