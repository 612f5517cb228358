/** Runs in the standard form of decorators alone: private members and auto-accessors. */
import assert from "node:assert/strict";

import { cacheOf, memoize } from "rote";

let runs = 0;

class Account {
  readonly rate: number;
  constructor(rate: number) {
    this.rate = rate;
  }

  @memoize
  #interest(years: number): number {
    runs++;
    return this.rate * years;
  }

  @memoize({ maxEntries: 1 })
  get #double(): number {
    runs++;
    return this.rate * 2;
  }

  @memoize
  static #make(rate: number): Account {
    runs++;
    return new this(rate);
  }

  @memoize
  accessor label = "first";

  interest(years: number): number {
    return this.#interest(years);
  }
  double(): number {
    return this.#double;
  }
  static make(rate: number): Account {
    return Account.#make(rate);
  }
  get remembered(): number {
    return cacheOf(this.#interest).of(this).size;
  }
}

export const cases: Record<string, () => void | Promise<void>> = {
  "private methods, getters and static methods"() {
    const before = runs;
    const account = new Account(2);
    assert.equal(account.interest(3) + account.interest(3), 12);
    assert.equal(account.double() + account.double(), 8);
    assert.equal(Account.make(1), Account.make(1));
    assert.equal(runs - before, 3);
    assert.equal(account.remembered, 1);
  },
  "what an auto-accessor is set to is seen"() {
    const account = new Account(2);
    assert.equal(account.label, "first");
    account.label = "second";
    assert.equal(account.label + account.label, "secondsecond");
    assert.equal(cacheOf(account, "label").size, 1);
    assert.equal(new Account(1).label, "first");
  },
  "a private member cannot be reached by name, and says how"() {
    assert.throws(() => cacheOf(new Account(1), "#interest" as never), {
      code: "ERR_NOT_MEMOIZED",
      message: /inside its class only: this\.#interest\.cache\.of\(this\)/,
    });
  },
};
