import { identifier, isNode, type Node, nodes } from "../ast.ts";

/** What is known of the language's own functions and types, beyond writes.ts. */

const list = (names: string): ReadonlySet<string> => new Set(names.split(/\s+/));

/** Classes of the language whose instances hold what others can see through them. */
const collections = list(
  `Array ReadonlyArray Map ReadonlyMap Set ReadonlySet WeakMap WeakSet Int8Array Uint8Array Uint8ClampedArray
  Int16Array Uint16Array Int32Array Uint32Array Float16Array Float32Array Float64Array BigInt64Array BigUint64Array
  Date URLSearchParams FormData Headers`,
);

const primitiveTypes = list(
  `TSNumberKeyword TSStringKeyword TSBooleanKeyword TSBigIntKeyword TSSymbolKeyword TSNullKeyword
  TSUndefinedKeyword TSVoidKeyword TSNeverKeyword TSLiteralType TSTemplateLiteralType`,
);

/** Methods that change a collection, and of another class may as well return a new object: `price.add(tax)`. */
export const maybeWritingMethods: ReadonlySet<string> = list("add append set");

/** Methods that return one of the elements. */
export const takingMethods: ReadonlySet<string> = list(
  "pop shift at find findLast get deref next return",
);

/** Methods that return their receiver. */
export const chainingMethods: ReadonlySet<string> = list(
  "add set sort reverse fill copyWithin valueOf",
);

/** Methods that return something new which holds what their receiver holds. */
export const copyingMethods: ReadonlySet<string> = list(
  `concat entries filter flat keys slice splice toReversed toSorted toSpliced values with drop take toArray
  union intersection difference symmetricDifference`,
);

/** Methods that put their arguments into their receiver. */
export const fillingMethods: ReadonlySet<string> = list("add append fill push set unshift");

/** Functions that return something new which holds what their arguments hold. */
export const copyingFunctions: ReadonlySet<string> = list(
  `Array.from Array.of Iterator.from Map.groupBy Object.entries Object.fromEntries
  Object.groupBy Object.values Promise.all Promise.allSettled Promise.any Promise.race Promise.resolve Array Map Set WeakMap WeakSet Array.fromAsync`,
);

/** Functions that return their first argument. */
export const passingFunctions: ReadonlySet<string> = list(
  "Object Object.assign Object.defineProperty Object.defineProperties Object.freeze Object.preventExtensions Object.seal Object.setPrototypeOf Proxy",
);

/** What further functions write to, by the number of the argument. */
export const furtherWriters: ReadonlyMap<string, number> = new Map([
  ["Atomics.add", 0],
  ["Atomics.and", 0],
  ["Atomics.compareExchange", 0],
  ["Atomics.exchange", 0],
  ["Atomics.or", 0],
  ["Atomics.store", 0],
  ["Atomics.sub", 0],
  ["Atomics.xor", 0],
  ["crypto.getRandomValues", 0],
  ["node:crypto.randomFillSync", 0],
]);

/** Whether an expression makes a collection of the language. */
export function shapeOfInit(init: Node): "collection" | undefined {
  if (init.type === "ArrayExpression") return "collection";
  const name = init.type === "NewExpression" ? identifier(init["callee"]) : undefined;
  return name !== undefined && collections.has(name) ? "collection" : undefined;
}

/** What a type annotation says: a primitive, a collection, or the name of something else. */
export function shapeOfType(
  annotation: unknown,
): "primitive" | "collection" | { readonly name: string } | undefined {
  if (!isNode(annotation)) return undefined;
  if (primitiveTypes.has(annotation.type)) return "primitive";
  switch (annotation.type) {
    case "TSTypeAnnotation":
      return shapeOfType(annotation["typeAnnotation"]);
    case "TSArrayType":
    case "TSTupleType":
      return "collection";
    case "TSTypeOperator":
      return annotation["operator"] === "readonly"
        ? shapeOfType(annotation["typeAnnotation"])
        : undefined;
    case "TSParenthesizedType":
      return shapeOfType(annotation["typeAnnotation"]);
    case "TSUnionType": {
      const shapes = nodes(annotation["types"]).map(shapeOfType);
      const others = shapes.filter((each) => each !== "primitive");
      return others.length === 0 ? "primitive" : others.length === 1 ? others[0] : undefined;
    }
    case "TSTypeReference": {
      const name = identifier(annotation["typeName"]);
      if (name === undefined) return undefined;
      return collections.has(name) ? "collection" : { name };
    }
    default:
      return undefined;
  }
}
