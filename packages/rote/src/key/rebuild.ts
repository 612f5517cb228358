import {
  ARRAY,
  ARRAY_WITH_PROPERTIES,
  BARE,
  KEYED,
  Kind,
  PLAIN,
  PROPERTIES,
  SPARSE_ARRAY,
} from "./kind.ts";
import { KeySet, SymbolicKeySet } from "./shape.ts";
import { Alias, HOLE, IDENTITY, Mark, NEGATIVE_ZERO, NESTED, NO_RECEIVER } from "./token.ts";
import type { Key } from "./trie.ts";

/** An object of the key that is not there yet. */
class Later {
  readonly index: number;
  constructor(index: number) {
    this.index = index;
  }
}

/** What one object is made of, some of it still to come. */
interface Parts {
  readonly kind: Mark;
  readonly content: unknown[];
  readonly properties: [PropertyKey, unknown][];
}

/** The key elements again, from a key: content anew, what is known by identity as it was. */
export function rebuild(key: Key): unknown[] {
  const { count, objects } = key;
  if (key.tokens.length === 0) return objects === null ? [] : [...objects];
  let at = 0;
  let nextObject = 0;
  let nested = 0;
  const take = (): unknown => key.tokens[at++];
  const read = (): unknown => {
    const token = take();
    if (!(token instanceof Mark)) return token;
    if (token === NESTED) return new Later(nested++);
    if (token === IDENTITY) return objects?.[nextObject++];
    if (token === NEGATIVE_ZERO) return -0;
    if (token instanceof Alias) return new Later(token.index);
    return token === NO_RECEIVER ? undefined : token;
  };
  const readMany = (length: number): unknown[] => Array.from({ length }, read);
  const readProperties = (): { hasPrototype: boolean; properties: [PropertyKey, unknown][] } => {
    const token = take();
    const { keys, hasPrototype } =
      token instanceof SymbolicKeySet ? token.strings : (token as KeySet);
    const properties = keys.map((name): [PropertyKey, unknown] => [name, read()]);
    if (token instanceof SymbolicKeySet) {
      for (let rest = take() as number; rest > 0; rest--)
        properties.push([read() as symbol, read()]);
    }
    return { hasPrototype, properties };
  };
  const readObject = (): Parts => {
    let token = key.tokens[at];
    if (token instanceof KeySet || token instanceof SymbolicKeySet) {
      const { hasPrototype, properties } = readProperties();
      return { kind: hasPrototype ? PLAIN : BARE, content: [], properties };
    }
    at++;
    // An object without any content of its own.
    if (token === IDENTITY)
      return { kind: IDENTITY, content: [objects?.[nextObject++]], properties: [] };
    if (token === KEYED) {
      read();
      return { kind: KEYED, content: [read()], properties: [] };
    }
    const hasProperties = token === ARRAY_WITH_PROPERTIES;
    if (hasProperties) token = take();
    if (token === ARRAY || token === SPARSE_ARRAY) {
      const content = [take()];
      if (token === ARRAY) content.push(...readMany(content[0] as number).entries());
      else for (let rest = take() as number; rest > 0; rest--) content.push([take(), read()]);
      return { kind: ARRAY, content, properties: hasProperties ? readProperties().properties : [] };
    }
    const content = readMany(take() as number);
    return {
      kind: token as Mark,
      content,
      properties: take() === PROPERTIES ? readProperties().properties : [],
    };
  };

  const elements = readMany(count);
  const all: Parts[] = [];
  while (all.length < nested) all.push(readObject());
  const built = all.map(begin);
  const settle = (value: unknown): unknown => (value instanceof Later ? built[value.index] : value);
  all.forEach((parts, i) => complete(parts, built[i], settle));
  // What a class's [keySymbol]() returned stands for the instance.
  all.forEach((parts, i) => {
    if (parts.kind === KEYED) built[i] = settle(parts.content[0]);
  });
  return elements.map(settle);
}

/** The object itself, empty where its content may lead back to it. */
function begin({ kind, content }: Parts): unknown {
  if (kind === PLAIN) return {};
  if (kind === BARE) return Object.create(null);
  if (kind === ARRAY) return [];
  if (kind === IDENTITY || kind === KEYED) return content[0];
  if (kind.label === "Map") return new Map();
  if (kind.label === "Set") return new Set();
  return (kind as Kind).revive(content);
}

function complete(
  { kind, content, properties }: Parts,
  object: unknown,
  settle: (value: unknown) => unknown,
): void {
  if (kind === ARRAY) {
    const array = object as unknown[];
    array.length = content[0] as number;
    for (const [index, value] of content.slice(1) as [number, unknown][])
      if (value !== HOLE) array[index] = settle(value);
  } else if (kind.label === "Map") {
    for (let i = 1; i < content.length; i += 2)
      (object as Map<unknown, unknown>).set(settle(content[i]), settle(content[i + 1]));
  } else if (kind.label === "Set") {
    for (let i = 1; i < content.length; i++) (object as Set<unknown>).add(settle(content[i]));
  }
  for (const [name, value] of properties) {
    Object.defineProperty(object, name, {
      value: settle(value),
      writable: true,
      enumerable: true,
      configurable: true,
    });
  }
}
