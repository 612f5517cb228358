import { createHash } from "node:crypto";
import { relative, sep } from "node:path";
import type { Reached } from "rote";
import type { Vertex } from "./link.ts";
import type { Step } from "./reach.ts";
import { placeOf } from "./unseen.ts";

/** What the steps of a fingerprint have reached. */
export function reachedBy(
  steps: readonly Step[],
  own: { file: string; line: number; column: number },
  name: string,
  root: string,
): Reached[] {
  const digests = new Map<Vertex | undefined, string>();
  for (const { vertex, digest } of steps) digests.set(vertex, digest);
  const all = steps.map((step): Reached => {
    const { vertex, digest, edges } = step;
    const used = edges.map(({ to, what }) => `${digests.get(to)}${what}`).join(" ");
    const uses = createHash("sha256").update(used).digest("hex");
    const said =
      vertex === undefined ? { kind: "function" as const, ...own, name } : about(vertex, root);
    return { ...said, digest, uses };
  });
  // A function that is a declaration is not said twice.
  const [first, second] = steps;
  return first?.forms.length === 0 && second?.vertex?.kind === "declaration"
    ? all.slice(1).map((each, index) => (index === 0 ? { ...each, kind: "function" } : each))
    : all;
}

type Said = Omit<Reached, "digest" | "uses">;

function about(vertex: Vertex, root: string): Said {
  if (vertex.kind === "leaf") {
    const { type, label, path } = vertex;
    const isFile = type === "json" || type === "asset" || type === "native" || type === "invalid";
    const file = path === undefined ? undefined : relative(root, path).split(sep).join("/");
    const name = isFile && path !== undefined ? (file ?? "") + label.slice(path.length) : label;
    const kind = isFile ? "data" : "package";
    return { kind, name, file: isFile ? file : undefined, line: undefined, column: undefined };
  }
  if (vertex.kind === "whole") {
    const { file } = placeOf(vertex.module, 0, root);
    return { kind: "module", name: file, file, line: 1, column: 1 };
  }
  const { module, declaration } = vertex;
  const place = placeOf(module, declaration.places[0]?.start ?? 0, root);
  const name = declaration.names.join(", ").replace("*default*", "default");
  return name === ""
    ? { kind: "statement", name: "statement", ...place }
    : { kind: "declaration", name, ...place };
}
