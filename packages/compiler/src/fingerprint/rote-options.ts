import { isNode, keyName, type Node, nodes } from "../ast.ts";
import { roteCallee, type RoteNames } from "../rote-names.ts";
import { memberName } from "./writes.ts";

/** Options of `memoize` that have a part in what a caller gets; all others say how long and where it is kept. */
const ofResult = new Set(["decode", "encode", "freeze", "key", "receiver"]);

/** Options without those that change no result, if they are written out. */
export function optionsOfResult(options: Node | undefined): unknown {
  if (options?.type !== "ObjectExpression") return options;
  const kept = nodes(options["properties"]).filter((each) => {
    const name = each.type === "Property" ? keyName(each) : undefined;
    return name === undefined || ofResult.has(name);
  });
  return kept.length === 0 ? undefined : { ...options, properties: kept };
}

/** The package whose functions change no result: a new version of it computes what the old one did. */
export function isRote(specifier: string): boolean {
  return specifier === "rote" || specifier.startsWith("rote/");
}

/** What a call memoizes, if it does: `memoize(fn)`, `memoize(fn, options)`, `memoize(options)(fn)`. */
export function memoizedBy(
  call: unknown,
  isMemoize: (callee: unknown) => boolean,
): Node | undefined {
  if (!isNode(call) || call.type !== "CallExpression" || isOptionsAlone(call)) return undefined;
  const { callee } = call;
  const isCurried = isNode(callee) && callee.type === "CallExpression" && isOptionsAlone(callee);
  if (!isMemoize(isCurried ? callee["callee"] : callee)) return undefined;
  return nodes(call["arguments"])[0];
}

/** Whether a call is given nothing but an object that is written out. */
export function isOptionsAlone(call: Node): boolean {
  const given = nodes(call["arguments"]);
  return given.length === 1 && given[0]?.type === "ObjectExpression";
}

/** The local name by which a callee is `memoize`, or `memoize.batch`. */
export function memoizeName(callee: unknown, names: RoteNames): string | undefined {
  const isBatch =
    isNode(callee) && callee.type === "MemberExpression" && memberName(callee) === "batch";
  return roteCallee(isBatch ? callee["object"] : callee, "memoize", names);
}
