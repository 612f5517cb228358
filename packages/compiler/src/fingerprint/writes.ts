import { identifier, isNode, type Node, nodes, unwrap } from "../ast.ts";

/**
 * How sure it is that code changes what a name stands for: `"written"` by an assignment or by what is known to
 * change its object; `"called"` a method that nothing is known of; `"passed"` to a function; `"given"` to a method that is
 * called like one of the language, and these change nothing that they are given.
 */
export type WriteKind = "written" | "called" | "passed" | "given";

/** The name of a member that is written out: `a.b`, `a["b"]`. */
export function memberName(node: Node): string | undefined {
  const property = node["property"] as Node;
  if (node["computed"] !== true)
    return property.type === "PrivateIdentifier" ? undefined : identifier(property);
  const key = unwrap(property);
  return key.type === "Literal" && typeof key["value"] === "string" ? key["value"] : undefined;
}

/** The identifier that an expression leads back to: `a` in `a.b[c].d` and, through calls, in `a.get(b).c`. */
export function rootOf(node: Node, throughCalls = true): Node | undefined {
  let at = unwrap(node);
  for (;;) {
    if (at.type === "Identifier") return at;
    const next =
      at.type === "MemberExpression"
        ? at["object"]
        : at.type === "ChainExpression"
          ? at["expression"]
          : at.type === "CallExpression" && throughCalls
            ? at["callee"]
            : undefined;
    if (!isNode(next)) return undefined;
    at = unwrap(next);
  }
}

/** The targets of an assignment, those in a pattern, too. */
export function targetsOf(left: Node): Node[] {
  const target = unwrap(left);
  switch (target.type) {
    case "ObjectPattern":
      return nodes(target["properties"]).flatMap((each) =>
        targetsOf((each.type === "Property" ? each["value"] : each["argument"]) as Node),
      );
    case "ArrayPattern":
      return nodes(target["elements"]).flatMap(targetsOf);
    case "AssignmentPattern":
      return targetsOf(target["left"] as Node);
    case "RestElement":
      return targetsOf(target["argument"] as Node);
    default:
      return [target];
  }
}

/** Functions of the language that change their first argument. */
export const writers: ReadonlySet<string> = new Set([
  "Object.assign",
  "Object.defineProperties",
  "Object.defineProperty",
  "Object.freeze",
  "Object.preventExtensions",
  "Object.seal",
  "Object.setPrototypeOf",
  "Reflect.defineProperty",
  "Reflect.deleteProperty",
  "Reflect.set",
  "Reflect.setPrototypeOf",
]);

/** Methods of the language that change their receiver. */
export const writingMethods: ReadonlySet<string> = new Set(
  `add append clear copyWithin delete fill pop push reverse set setDate setFullYear setHours
  setMilliseconds setMinutes setMonth setSeconds setTime setUTCDate setUTCFullYear setUTCHours
  setUTCMilliseconds setUTCMinutes setUTCMonth setUTCSeconds shift sort splice unshift`.split(
    /\s+/,
  ),
);

/** Methods of the language that leave their receiver as it is. */
export const readingMethods: ReadonlySet<string> = new Set(
  `apply at bind call charAt charCodeAt codePointAt concat endsWith entries every filter find findIndex
  findLast findLastIndex flat flatMap forEach get getTime has hasOwnProperty includes indexOf join keys
  lastIndexOf localeCompare map match matchAll normalize padEnd padStart reduce reduceRight repeat replace
  replaceAll slice some split startsWith substring then toFixed toISOString toLowerCase toReversed
  toSorted toSpliced toString toUpperCase trim trimEnd trimStart valueOf values with`.split(/\s+/),
);

/** Those of them that pass on what they are given, to a function that may change it. */
export const appliers: ReadonlySet<string> = new Set(["apply", "bind", "call"]);

/** Methods that call their argument before they return. */
export const callingMethods: ReadonlySet<string> = new Set(
  `apply call every filter find findIndex findLast findLastIndex flatMap forEach from map reduce reduceRight
  replace replaceAll some sort toSorted`.split(/\s+/),
);
