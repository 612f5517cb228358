import type { Memo } from "./cache/memo.ts";
import { RoteError } from "./errors.ts";
import { beginScan, endScan, scanElement, scannedEnd, scannedKey, scanNested } from "./key/scan.ts";
import type { Key } from "./key/trie.ts";
import { describeCall } from "./run/cycle.ts";
import { isSameKey } from "./run/frame.ts";
import { outside } from "./run/stack.ts";

let isVerifying = false;

/** Runs the original again for a share of hits; never inside another verification. */
export function verifying(
  memo: Memo,
  share: number,
): (value: unknown, receiver: unknown, args: readonly unknown[]) => void {
  return (value, receiver, args) => {
    if (isVerifying || Math.random() >= share) return;
    isVerifying = true;
    try {
      outside(() => {
        memo.tally.extraRuns++;
        memo.tally.runs++;
        const again: unknown = Reflect.apply(memo.original, receiver as never, args as never);
        if (Object.is(again, value) || isSameKey(contentOf(again), contentOf(value))) return;
        throw new RoteError(
          "ERR_VERIFY",
          `A repeated run of ${describeCall(memo.name, args)} gave another result than the one kept: the function depends on more than its arguments, ` +
            "or a result was changed after it was returned. Put what it reads into options.key, or set options.freeze to protect results.",
        );
      });
    } finally {
      isVerifying = false;
    }
  };
}

function contentOf(value: unknown): Key {
  const outer = beginScan(false);
  try {
    const from = scannedEnd();
    scanElement(value);
    scanNested();
    return scannedKey(from, 1);
  } finally {
    endScan(outer);
  }
}
