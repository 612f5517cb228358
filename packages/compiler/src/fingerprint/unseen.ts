import { relative, sep } from "node:path";
import type { Effects } from "./effects.ts";
import { type Finding, type FindingCode, textOf } from "./finding.ts";
import type { Linker, Module, Target } from "./link.ts";
import { type Outside, outsideAt } from "./outside.ts";
import type { Step } from "./reach.ts";

/** What was found, and the variables of the environment that are read by name. */
export interface Unseen {
  readonly findings: readonly Finding[];
  readonly env: readonly string[];
}

interface Found extends Outside {
  readonly finding: Finding;
  readonly key: string;
}

/** What single steps read is the same for all functions that reach them. */
const foundIn = new WeakMap<Step, readonly Found[]>();

/** Says what the steps of a fingerprint read that it cannot see. */
export function findUnseen(
  linker: Linker,
  effects: Effects,
  steps: readonly Step[],
  root: string,
  allowedEnv: ReadonlySet<string>,
): Unseen {
  const findings = new Map<string, Finding>();
  const env = new Set<string>();
  for (const step of steps) {
    const known = foundIn.get(step);
    const found = known ?? findIn(linker, effects, step, root);
    if (known === undefined) foundIn.set(step, found);
    for (const { code, variable, finding, key } of found)
      if (code === "ROTE_UNSEEN_ENV" && variable !== undefined && allowedEnv.has(variable))
        env.add(variable);
      else findings.set(key, finding);
  }
  const sorted = [...findings.values()].sort((a, b) =>
    a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line || a.column - b.column,
  );
  return { findings: sorted, env: [...env].sort() };
}

function findIn(linker: Linker, effects: Effects, step: Step, root: string): Found[] {
  const { vertex, module, forms, edges } = step;
  const found: Found[] = [];
  const report = (outside: Outside, at: Module, start: number): void => {
    const { code, variable } = outside;
    const finding: Finding = {
      code,
      ...placeOf(at, start, root),
      ...textOf(code),
      ...(variable !== undefined && { variable }),
    };
    const key = `${finding.file}:${finding.line}:${finding.column}:${finding.code}`;
    found.push({ ...outside, finding, key });
  };
  if (module !== undefined) {
    for (const { sights } of forms) for (const sight of sights) report(sight, module, sight.start);
    for (const { target, reference } of edges) {
      const outside = target === undefined ? undefined : outsideOf(linker, target);
      if (outside !== undefined) report(outside, module, reference?.start ?? 0);
    }
  }
  if (vertex !== undefined)
    for (const write of effects.lateWrites(vertex))
      report({ code: "ROTE_UNSEEN_STATE" }, write.module, write.start);
  return found;
}

const byType: Partial<Record<string, FindingCode>> = {
  native: "ROTE_UNSEEN_NATIVE",
  missing: "ROTE_UNSEEN_IMPORT",
  invalid: "ROTE_UNSEEN_SOURCE",
};

/** What a target leads to outside of the sources, also under another name: `const now = Date.now`. */
function outsideOf(linker: Linker, target: Target): Outside | undefined {
  let { vertex, index, path } = target;
  for (let steps = 0; vertex.kind === "declaration" && steps < 8; steps++) {
    const { module, declaration } = vertex;
    const own = declaration.names[index] ?? "";
    const alias = declaration.forms.find(({ aliases }) => aliases.has(own))?.aliases.get(own);
    const [first, ...rest] = alias ?? [];
    if (first === undefined) return undefined;
    const all = [...rest, ...path];
    if (!module.facts.names.names.has(first)) {
      // Where the other name was given, it has been seen already.
      if (outsideAt([first, ...rest]) !== undefined) return undefined;
      const outside = outsideAt([first, ...all]);
      return outside?.code === "ROTE_UNSEEN_GLOBAL" ? undefined : outside;
    }
    ({ vertex, index, path } = linker.local(module, first, all));
  }
  if (vertex.kind !== "leaf") return undefined;
  if (vertex.type === "builtin") return outsideAt([vertex.text, ...path]);
  const code = byType[vertex.type];
  return code === undefined ? undefined : { code };
}

/** Where an offset is, for people. */
export function placeOf(
  { file: { path, lines } }: Module,
  start: number,
  root: string,
): { file: string; line: number; column: number } {
  let [low, high] = [0, lines.length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((lines[middle] as number) <= start) low = middle;
    else high = middle;
  }
  const file = relative(root, path).split(sep).join("/");
  return { file, line: low + 1, column: start - (lines[low] as number) + 1 };
}
