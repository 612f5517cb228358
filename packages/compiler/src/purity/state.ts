import { identifier, isNode, type Node } from "../ast.ts";
import type { Effects } from "../fingerprint/effects.ts";
import type { Linker } from "../fingerprint/link.ts";
import { rootOf, targetsOf, writingMethods } from "../fingerprint/writes.ts";
import { isFunction } from "./around.ts";
import { stepOf } from "./program.ts";
import type { Place } from "./value.ts";

/** Whether a variable from outside of a function is written at run time, by others than the function. */
export function isWrittenElsewhere(
  place: Place,
  own: Node,
  linker: Linker,
  effects: Effects,
): boolean {
  if (place.variable !== undefined) {
    const { module, name } = place.variable;
    const { vertex } = linker.local(module, name, []);
    return vertex.kind === "declaration" && effects.lateWrites(vertex).length > 0;
  }
  return place.around !== undefined && writesIn(place.around.node, place.name, own);
}

/** A local of the function around is written in another function, or after the one that reads it. */
function writesIn(node: Node, name: string, own: Node): boolean {
  const pending: { node: Node; isLate: boolean }[] = [{ node, isLate: false }];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    const { node: each, isLate } = at;
    if (each === own) continue;
    if ((isLate || each.start > own.end) && targets(each).some((to) => isNamed(to, name)))
      return true;
    const inner = isLate || (each !== node && isFunction(each));
    for (const value of Object.values(each))
      for (const child of Array.isArray(value) ? value : [value])
        if (isNode(child)) pending.push({ node: child, isLate: inner });
  }
  return false;
}

function targets(node: Node): Node[] {
  if (node.type === "AssignmentExpression") return targetsOf(node["left"] as Node);
  if (node.type === "UpdateExpression") return [node["argument"] as Node];
  const callee = node.type === "CallExpression" ? (node["callee"] as Node) : undefined;
  return callee?.type === "MemberExpression" && writingMethods.has(stepOf(callee))
    ? [callee["object"] as Node]
    : [];
}

function isNamed(target: Node, name: string): boolean {
  return identifier(rootOf(target, false)) === name;
}
