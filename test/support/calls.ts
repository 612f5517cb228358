/** Calls written as source text, as in the golden file: made anew by whoever reads them, in any process. */
import { scanElements, scanWithReceiver } from "../../packages/rote/src/key/scan.ts";
import type { Key } from "../../packages/rote/src/key/trie.ts";

const keySymbol = Symbol.for("rote.key");

class Money {
  readonly cents: number;
  readonly currency: string;
  constructor(cents: number, currency: string) {
    this.cents = cents;
    this.currency = currency;
  }
  [keySymbol](): unknown {
    return [this.cents, this.currency];
  }
}

class Refund extends Money {}

/** `receiver(value)` as the first argument stands for `this`. */
class Receiver {
  readonly value: unknown;
  constructor(value: unknown) {
    this.value = value;
  }
}

const receiver = (value: unknown): Receiver => new Receiver(value);

/** The arguments that a source text says. */
export function argumentsOf(source: string): unknown[] {
  const make = new Function("Money", "Refund", "receiver", `return [${source}];`) as (
    ...names: unknown[]
  ) => unknown[];
  return make(Money, Refund, receiver);
}

/** The key of a call with them. */
export function keyOf(args: readonly unknown[], byIdentity = false): Key {
  const [first, ...others] = args;
  return first instanceof Receiver
    ? scanWithReceiver(byIdentity, others, first.value).toKey()
    : scanElements(byIdentity, args).toKey();
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
