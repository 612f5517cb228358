import { isSameKey } from "./key/trie.ts";
import type { Whole } from "./cache/whole.ts";
import { warnOnce } from "./development.ts";
import { RoteError } from "./errors.ts";
import { scanElements } from "./key/scan.ts";
import { describeCall } from "./run/cycle.ts";
import { outside } from "./run/stack.ts";

let isVerifying = false;

/** Runs the original again for a share of hits; never inside another verification. */
export function verifying(
  whole: Whole,
  share: number,
  random: () => number,
): (value: unknown, receiver: unknown, args: readonly unknown[]) => void {
  return (value, receiver, args) => {
    if (isVerifying || random() >= share) return;
    isVerifying = true;
    try {
      outside(() => {
        whole.extraRuns++;
        whole.runs++;
        const again: unknown = Reflect.apply(whole.original, receiver as never, args as never);
        if (again instanceof Promise && value instanceof Promise) {
          void Promise.all([again, value])
            .then(([second, first]) => {
              if (!outside(() => isSame(second, first)))
                warnOnce("ROTE_VERIFY", verifyMessage(whole, args));
            })
            // A rejection is the callers' to handle, and no result can be compared that does not let itself be read.
            .catch(() => {});
        } else if (!isSame(again, value)) {
          throw new RoteError("ERR_VERIFY", verifyMessage(whole, args));
        }
      });
    } finally {
      isVerifying = false;
    }
  };
}

function isSame(a: unknown, b: unknown): boolean {
  return (
    Object.is(a, b) || isSameKey(scanElements(false, [a]).toKey(), scanElements(false, [b]).toKey())
  );
}

function verifyMessage(whole: Whole, args: readonly unknown[]): string {
  return (
    `A repeated run of ${describeCall(whole.name, args)} gave another result than the one kept: the function depends on more than its arguments, ` +
    "or a result was changed after it was returned. Put what it reads into options.key, or set options.freeze to protect results. " +
    "If the results are instances of a class, give it a [keySymbol]() method: without one, they are compared by identity."
  );
}
