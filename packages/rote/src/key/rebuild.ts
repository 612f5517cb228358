import { ARRAY, KEYED, type Kind, LOOSE_ARRAY, SYMBOLS } from "./kind.ts";
import { KeySet } from "./shape.ts";
import { IDENTITY, Mark, NEGATIVE_ZERO, NESTED, NO_RECEIVER } from "./token.ts";
import type { Key } from "./trie.ts";

/** An object of the key that may not be there yet. */
class Later {
  readonly index: number;
  constructor(index: number) {
    this.index = index;
  }
}

/** The key elements again, from a key: content anew, what is known by identity as it was. */
export function rebuild({ count, objects, tokens }: Key): unknown[] {
  if (tokens.length === 0) return [...(objects ?? [])];
  let at = 0;
  let identities = 0;
  let nested = 0;
  const built: unknown[] = [];
  /** What is left to do when every object is there. */
  const fillings: (() => void)[] = [];

  const take = (): unknown => tokens[at++];
  const read = (): unknown => {
    const token = take();
    if (!(token instanceof Mark)) return token;
    if (token === NESTED) return new Later(nested++);
    if (token === IDENTITY) return objects?.[identities++];
    if (token === NEGATIVE_ZERO) return -0;
    if (token.alias >= 0) return new Later(token.alias);
    return token === NO_RECEIVER ? undefined : token;
  };
  const readMany = (): unknown[] => Array.from({ length: take() as number }, read);
  const settle = (value: unknown): unknown => {
    // What a class's [keySymbol]() returned stands for the instance, and may be one of these again.
    for (let i = 0; value instanceof Later && i <= nested; i++) value = built[value.index];
    return value instanceof Later ? undefined : value;
  };
  const fill = (values: unknown[], put: (index: number, value: unknown) => void): void => {
    fillings.push(() => values.forEach((value, i) => put(i, settle(value))));
  };
  const readProperties = (object?: object): unknown => {
    const hasSymbols = tokens[at] === SYMBOLS;
    if (hasSymbols) at++;
    const { keys, hasPrototype } = take() as KeySet;
    const names: PropertyKey[] = [...keys];
    const values = names.map(read);
    if (hasSymbols) {
      for (let rest = take() as number; rest > 0; rest--) {
        names.push(read() as symbol);
        values.push(read());
      }
    }
    const target = object ?? (hasPrototype ? {} : (Object.create(null) as object));
    fill(values, (i, value) =>
      Object.defineProperty(target, names[i] as PropertyKey, {
        value,
        writable: true,
        enumerable: true,
        configurable: true,
      }),
    );
    return target;
  };
  const readObject = (): unknown => {
    const token = tokens[at];
    if (token === SYMBOLS || token instanceof KeySet) return readProperties();
    // An object without any content of its own.
    if (token === IDENTITY) return read();
    at++;
    if (token === KEYED) {
      read();
      return read();
    }
    if (token === ARRAY) {
      const array: unknown[] = [];
      fill(readMany(), (i, value) => (array[i] = value));
      return array;
    }
    if (token === LOOSE_ARRAY) return readProperties(new Array(take() as number));
    const parts = readMany();
    const object = (token as Kind).revive(parts as never);
    if (object instanceof Map)
      fill(parts, (i) => i % 2 === 1 && object.set(settle(parts[i]), settle(parts[i + 1])));
    if (object instanceof Set) fill(parts, (i, value) => i > 0 && object.add(value));
    return readProperties(object as object);
  };

  const elements = Array.from({ length: count }, read);
  while (built.length < nested) built.push(readObject());
  fillings.forEach((filling) => filling());
  return elements.map(settle);
}
